/* real.c - the driver behind the gate: found without its name, as that is ours, and its calls in a table. */
#include "backend/gate/gate.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void (*gate_real[REALS])(void);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char path[4096];
static bool found[REALS];

static unsigned missing(void)
{
    return CU_NOT_FOUND;
}

static unsigned no_driver(void)
{
    return CU_NO_DEVICE;
}

/* A file, and not the gate itself. */
static bool fits(const char *candidate)
{
    struct stat file, self;
    Dl_info info;

    if (stat(candidate, &file) != 0)
        return false;
    return dladdr((const void *)gate_real, &info) == 0 || stat(info.dli_fname, &self) != 0 ||
           self.st_dev != file.st_dev || self.st_ino != file.st_ino;
}

static bool in_folder(const char *folder, size_t length)
{
    snprintf(path, sizeof path, "%.*s/libcuda.so.1", (int)length, folder);
    return length > 0 && fits(path);
}

static bool find(void)
{
    static const char *const usual[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/nvidia/lib64",
                                        "/usr/lib/wsl/lib", "/usr/lib"};
    const char *named = secure_getenv("GPUSWAP_LIBCUDA"), *folders = secure_getenv("LD_LIBRARY_PATH");

    if (named != NULL && *named != '\0') {
        snprintf(path, sizeof path, "%s", named);
        return true;
    }
    for (size_t length; folders != NULL && *folders != '\0'; folders += length + (folders[length] != '\0')) {
        length = strcspn(folders, ":;");
        if (in_folder(folders, length))
            return true;
    }
    if (cache_find("libcuda.so.1", fits, path, sizeof path))
        return true;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (in_folder(usual[i], strlen(usual[i])))
            return true;
    path[0] = '\0';
    return false;
}

void real_direct(bool direct)
{
    for (unsigned i = 0; i < REALS; i++)
        __atomic_store_n(&gate_jump[i], direct ? gate_real[i] : gate_first, __ATOMIC_RELEASE);
}

static void load(void)
{
#define NAME(symbol) #symbol,
    static const char *const name[] = {GATE_SYMBOLS(NAME)};
    void (*otherwise)(void) = (void (*)(void))missing;
    void *library = NULL;

    if (find())
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        dprintf(STDERR_FILENO, "gpuswap gate: there is no NVIDIA driver behind it%s%s\n", *path != '\0' ? ": " : "",
                *path != '\0' ? dlerror() : "");
        path[0] = '\0';
        otherwise = (void (*)(void))no_driver;
    }
    for (unsigned i = 0; i < REALS; i++) {
        void *address = library != NULL ? dlsym(library, name[i]) : NULL;
        void (*function)(void) = otherwise;

        found[i] = address != NULL;
        if (found[i])
            memcpy(&function, &address, sizeof function);
        gate_real[i] = function;
    }
    real_direct(true);
}

void real_begin(void)
{
    pthread_once(&once, load);
}

void (*gate_resolve(unsigned index))(void)
{
    real_begin();
    service_notice();
    return gate_real[index];
}

bool real_has(unsigned index)
{
    real_begin();
    return found[index];
}

const char *real_path(void)
{
    real_begin();
    return *path != '\0' ? path : NULL;
}
