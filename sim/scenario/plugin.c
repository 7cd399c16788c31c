/* plugin.c - load a policy from a shared object: read it, try it in a child process, then take it in. */
#include "sim/scenario/plugin.h"

#include "sim/base/hash.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 5000, LAST_NAPS = 100, NAP_MS = 10, FILE_MOST = 256 << 20, READ_BYTES = 1 << 16 };

static const size_t descriptor_size[GS_SLOTS] = {
    [GS_SLOT_VICTIM] = sizeof(struct gs_victim_policy),     [GS_SLOT_SLICER] = sizeof(struct gs_slicer_policy),
    [GS_SLOT_CAP] = sizeof(struct gs_cap_policy),           [GS_SLOT_PLACE] = sizeof(struct gs_place_policy),
    [GS_SLOT_PREFETCH] = sizeof(struct gs_prefetch_policy),
};

bool plugin_is_path(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

static int hash_of(int fd, char hash[PLUGIN_HASH])
{
    unsigned char bytes[READ_BYTES];
    uint64_t sum = HASH_START;
    ssize_t got;

    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        sum = hash_bytes(sum, bytes, (size_t)got);
    snprintf(hash, PLUGIN_HASH, "%016llx", (unsigned long long)sum);
    return got < 0 ? GS_NO_INPUT : GS_OK;
}

static int file_read(const char *path, char hash[PLUGIN_HASH], char why[PLUGIN_WHY])
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code = GS_BAD_INPUT; /* a pipe must not keep us waiting */

    if (fd < 0 || fstat(fd, &is) != 0) {
        snprintf(why, PLUGIN_WHY, "cannot read '%.200s': %s", path, strerror(errno));
        code = GS_NO_INPUT;
    } else if (!S_ISREG(is.st_mode)) {
        snprintf(why, PLUGIN_WHY, "'%.200s' is no file; name the shared object", path);
    } else if (is.st_size > FILE_MOST) {
        snprintf(why, PLUGIN_WHY, "'%.200s' is larger than 256 MiB, too large for a policy", path);
    } else if ((code = hash_of(fd, hash)) != GS_OK) {
        snprintf(why, PLUGIN_WHY, "cannot read '%.200s': %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return code;
}

/* Is it an object of the right size?  Its number of policy.h, which comes first, is looked at before that. */
static bool symbol_fault(enum gs_slot slot, const struct gs_policy_head *policy, char why[PLUGIN_WHY])
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;

    if (dladdr1(policy, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 || !symbol ||
        ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_size < sizeof *policy ||
        (uintptr_t)policy % _Alignof(struct gs_policy_head) != 0) {
        snprintf(why, PLUGIN_WHY, "it must be a 'const struct gs_%s_policy'", gs_slot_name(slot));
        return true;
    }
    if (policy->abi != GS_POLICY_ABI || symbol->st_size == descriptor_size[slot])
        return false;
    snprintf(why, PLUGIN_WHY, "it has %zu bytes, and a 'struct gs_%s_policy' has %zu", (size_t)symbol->st_size,
             gs_slot_name(slot), descriptor_size[slot]);
    return true;
}

/* Load it and look at all that it offers. */
static int take(struct plugin *plugin, const char *path, void **handle, char why[PLUGIN_WHY])
{
    char symbol[32], fault[PLUGIN_WHY];
    size_t length = strlen(path), found = 0;

    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*handle) {
        const char *said = dlerror();
        if (said && strncmp(said, path, length) == 0 && strncmp(said + length, ": ", 2) == 0)
            said += length + 2;
        snprintf(why, PLUGIN_WHY, "it cannot be loaded: %.200s; build it with 'cc -shared -fPIC'",
                 said ? said : "no reason given");
        return GS_BAD_INPUT;
    }
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        snprintf(symbol, sizeof symbol, "gs_%s", gs_slot_name((enum gs_slot)slot));
        const struct gs_policy_head *policy = plugin->policy[slot] = dlsym(*handle, symbol);
        found += policy != NULL;
        if (policy &&
            (symbol_fault((enum gs_slot)slot, policy, fault) || plugin_fault((enum gs_slot)slot, policy, fault))) {
            snprintf(why, PLUGIN_WHY, "%s: %.350s", symbol, fault);
            return GS_BAD_INPUT;
        }
    }
    if (found > 0)
        return GS_OK;
    snprintf(why, PLUGIN_WHY, "it defines none of gs_victim, gs_slicer, gs_cap, gs_prefetch and gs_place");
    return GS_BAD_INPUT;
}

struct answer {
    int code;
    char why[PLUGIN_WHY];
};

/* In the child: whatever happens to it here does not happen to us.  What it prints is not our output. */
static void try_here(const char *path, int to)
{
    static const int crash[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct answer answer = {0};
    struct plugin plugin;
    void *handle;
    int nowhere = open("/dev/null", O_WRONLY);

    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
    for (size_t i = 0; i < sizeof crash / sizeof crash[0]; i++)
        signal(crash[i], SIG_DFL); /* sanitizers have handlers of their own */
    answer.code = take(&plugin, path, &handle, answer.why);
    if (handle)
        dlclose(handle); /* destructors are on trial, too */
    _exit(write(to, &answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 1);
}

/* Its end, within a second; else it is put to one. */
static bool reap(pid_t child, int *status)
{
    for (int i = 0; i < LAST_NAPS; i++) {
        if (waitpid(child, status, WNOHANG) == child)
            return true;
        poll(NULL, 0, NAP_MS);
    }
    kill(child, SIGKILL);
    waitpid(child, status, 0);
    return false;
}

/* The child has not answered. */
static int died(pid_t child, bool in_time, char why[PLUGIN_WHY])
{
    int status = 0;

    if (!in_time)
        kill(child, SIGKILL);
    if (!reap(child, &status) || !in_time)
        snprintf(why, PLUGIN_WHY, "to load it took longer than %d s; look at its constructors and destructors",
                 LIMIT_MS / 1000);
    else if (WIFSIGNALED(status))
        snprintf(why, PLUGIN_WHY,
                 "it crashed while it was loaded and looked at, by SIG%s; look at its constructors "
                 "and at the pointers in its descriptor",
                 sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(why, PLUGIN_WHY, "it ended the program while it was loaded; look at its constructors");
    return GS_BAD_INPUT;
}

static int try_in_child(const char *path, char why[PLUGIN_WHY])
{
    int ends[2] = {-1, -1}, status, ready = -1;
    struct answer answer;
    pid_t child = -1;

    if (pipe2(ends, O_CLOEXEC) == 0 && (child = fork()) == 0)
        try_here(path, ends[1]);
    if (child < 0) {
        snprintf(why, PLUGIN_WHY, "no process to try it in: %s", strerror(errno));
        if (ends[0] >= 0) {
            close(ends[0]);
            close(ends[1]);
        }
        return GS_SYSTEM;
    }
    close(ends[1]);
    struct pollfd from = {.fd = ends[0], .events = POLLIN};
    do
        ready = poll(&from, 1, LIMIT_MS);
    while (ready < 0 && errno == EINTR);
    bool answered = ready > 0 && read(ends[0], &answer, sizeof answer) == (ssize_t)sizeof answer;
    close(ends[0]);
    if (!answered)
        return died(child, ready > 0, why);
    reap(child, &status);
    if (answer.code != GS_OK)
        snprintf(why, PLUGIN_WHY, "%s", answer.why);
    return answer.code;
}

int plugin_load(struct plugin *plugin, const char *file, const char *hash, char why[PLUGIN_WHY])
{
    char path[PATH_MAX];
    void *handle;
    int code;

    *plugin = (struct plugin){0};
    /* Without a slash it would be looked for where libraries are. */
    if (snprintf(path, sizeof path, "%s%s", strchr(file, '/') ? "" : "./", file) >= (int)sizeof path) {
        snprintf(why, PLUGIN_WHY, "its path is too long");
        return GS_BAD_INPUT;
    }
    if ((code = file_read(path, plugin->hash, why)) != GS_OK)
        return code;
    if (hash && strcmp(hash, plugin->hash) != 0) {
        snprintf(why, PLUGIN_WHY, "its file has the hash %s, and '%.32s' is asked for; it has changed since",
                 plugin->hash, hash);
        return GS_BAD_INPUT;
    }
    if ((code = try_in_child(path, why)) != GS_OK)
        return code;
    return take(plugin, path, &handle, why);
}
