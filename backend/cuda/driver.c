/* driver.c - find the CUDA driver, fill its table, and say in plain words what is wrong with it. */
#include "backend/cuda/driver.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(CUDA_VERSION >= 12080, "the CUDA headers are older than 12.8");

/* That what the header declares is what the table calls. */
#define CHECK(field, function, symbol, abi, feature)                                                                   \
    _Static_assert(__builtin_types_compatible_p(__typeof__(&function), PFN_##function##_v##abi),                       \
                   #function " is not what the table takes it for");
DRIVER_ENTRIES(CHECK)

const struct driver_entry *driver_entry_at(unsigned i)
{
#define ROW(field, function, symbol, abi, feature) {#symbol, abi, DRIVER_##feature, offsetof(struct driver, field)},
    static const struct driver_entry table[] = {DRIVER_ENTRIES(ROW)};

    return i < sizeof table / sizeof *table ? &table[i] : NULL;
}

static int open_library(struct driver *driver, struct error *err)
{
    const char *named = getenv("GPUSWAP_LIBCUDA");

    driver->path = named != NULL && *named != '\0' ? named : "libcuda.so.1";
    driver->library = dlopen(driver->path, RTLD_NOW | RTLD_LOCAL);
    if (driver->library != NULL)
        return GS_OK;
    if (driver->path == named)
        return error_set(err, GS_NO_DEVICE, "'%s', which GPUSWAP_LIBCUDA names, cannot be loaded: %s", named,
                         dlerror());
    return error_set(err, GS_NO_DEVICE,
                     "no NVIDIA driver: 'libcuda.so.1' cannot be loaded; install the driver, or set GPUSWAP_LIBCUDA to "
                     "where it lies");
}

static void fill(struct driver *driver)
{
    const struct driver_entry *entry;

    for (unsigned i = 0; (entry = driver_entry_at(i)) != NULL; i++) {
        void *address = dlsym(driver->library, entry->symbol);
        memcpy((char *)driver + entry->offset, &address, sizeof address);
    }
}

static bool has(const struct driver *driver, const struct driver_entry *entry)
{
    static const char nothing[sizeof(void *)];

    return memcmp((const char *)driver + entry->offset, nothing, sizeof nothing) != 0;
}

static int check_version(struct driver *driver, struct error *err)
{
    CUresult result = CUDA_ERROR_UNKNOWN;

    if (driver->driver_version == NULL)
        return error_set(err, GS_NO_DEVICE, "'%s' is no CUDA driver: it lacks 'cuDriverGetVersion'", driver->path);
    result = driver->driver_version(&driver->version);
    if (result == CUDA_ERROR_STUB_LIBRARY)
        return error_set(err, GS_NO_DEVICE,
                         "'%s' is the toolkit's stub and no driver; take the folder 'stubs' out of LD_LIBRARY_PATH",
                         driver->path);
    if (result != CUDA_SUCCESS)
        return driver_fail(driver, result, "cuDriverGetVersion", err);
    if (driver->version < DRIVER_OLDEST)
        return error_set(
            err, GS_NO_DEVICE, "the NVIDIA driver knows CUDA %d.%d and must know %d.%d; install driver 470 or newer",
            driver->version / 1000, driver->version % 1000 / 10, DRIVER_OLDEST / 1000, DRIVER_OLDEST % 1000 / 10);
    return GS_OK;
}

static int check_entries(struct driver *driver, struct error *err)
{
    const struct driver_entry *entry;

    driver->features = DRIVER_CHECKPOINT;
    for (unsigned i = 0; (entry = driver_entry_at(i)) != NULL; i++) {
        if (has(driver, entry) && entry->abi <= driver->version)
            continue;
        if (entry->feature == DRIVER_ALWAYS)
            return error_set(err, GS_NO_DEVICE, "'%s' lacks '%s', though it says that it knows CUDA %d.%d",
                             driver->path, entry->symbol, driver->version / 1000, driver->version % 1000 / 10);
        driver->features &= ~entry->feature;
        memset((char *)driver + entry->offset, 0, sizeof(void *));
    }
    return GS_OK;
}

int driver_load(struct driver *driver, struct error *err)
{
    int rc;

    memset(driver, 0, sizeof *driver);
    if ((rc = open_library(driver, err)) != GS_OK)
        return rc;
    fill(driver);
    if ((rc = check_version(driver, err)) == GS_OK)
        rc = check_entries(driver, err);
    if (rc != GS_OK)
        driver_close(driver);
    return rc;
}

static int initialise(struct driver *driver, struct error *err)
{
    CUresult result = driver->init(0);
    const char *name = NULL, *text = NULL;
    int count = 0;

    if (result == CUDA_SUCCESS)
        result = driver->device_count(&count);
    if (result == CUDA_ERROR_NO_DEVICE || (result == CUDA_SUCCESS && count == 0))
        return error_set(
            err, GS_NO_DEVICE,
            "the NVIDIA driver finds no GPU; is one there, is it passed into this container, and what does "
            "CUDA_VISIBLE_DEVICES say?");
    if (result == CUDA_SUCCESS)
        return GS_OK;
    /* Newly installed and not loaded yet, of another version than the kernel's module, ...: no GPU to be had. */
    if (driver->error_name(result, &name) != CUDA_SUCCESS || name == NULL)
        name = "CUresult";
    if (driver->error_string(result, &text) != CUDA_SUCCESS || text == NULL)
        text = "";
    return error_set(err, GS_NO_DEVICE,
                     "the NVIDIA driver does not begin: 'cuInit' says %s (%d)%s%s; see what 'nvidia-smi' says, and "
                     "reboot if the driver was renewed since",
                     name, (int)result, *text != '\0' ? ": " : "", text);
}

int driver_open(struct driver *driver, struct error *err)
{
    int rc = driver_load(driver, err);

    if (rc == GS_OK && (rc = initialise(driver, err)) != GS_OK)
        driver_close(driver);
    return rc;
}

void driver_close(struct driver *driver)
{
    if (driver->library != NULL)
        dlclose(driver->library);
    memset(driver, 0, sizeof *driver);
}

enum driver_verdict driver_judge(CUresult result)
{
    switch (result) {
    case CUDA_SUCCESS:
        return DRIVER_FINE;
    case CUDA_ERROR_OUT_OF_MEMORY:
    case CUDA_ERROR_NOT_READY:
        return DRIVER_LATER;
    case CUDA_ERROR_INVALID_VALUE:
    case CUDA_ERROR_INVALID_CONTEXT:
    case CUDA_ERROR_INVALID_HANDLE:
    case CUDA_ERROR_NOT_INITIALIZED:
    case CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED:
    case CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED:
        return DRIVER_OURS;
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
    case CUDA_ERROR_SYSTEM_NOT_READY:
    case CUDA_ERROR_NO_DEVICE:
    case CUDA_ERROR_INVALID_DEVICE:
        return DRIVER_GONE;
    default:
        return DRIVER_BROKEN; /* what is not known is not built on */
    }
}

int driver_fail(const struct driver *driver, CUresult result, const char *subject, struct error *err)
{
    static const int code[] = {[DRIVER_FINE] = GS_BUG,
                               [DRIVER_LATER] = GS_BUSY,
                               [DRIVER_BROKEN] = GS_IO,
                               [DRIVER_GONE] = GS_NO_DEVICE,
                               [DRIVER_OURS] = GS_BUG};
    const char *name = NULL, *text = NULL;

    if (driver->error_name != NULL && driver->error_name(result, &name) != CUDA_SUCCESS)
        name = NULL;
    if (driver->error_string != NULL && driver->error_string(result, &text) != CUDA_SUCCESS)
        text = NULL;
    return error_set(err, code[driver_judge(result)], "'%s': %s (%s, %d)", subject,
                     text != NULL ? text : "an error that the driver has no text for", name != NULL ? name : "CUresult",
                     (int)result);
}
