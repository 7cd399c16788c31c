/* device.c - find the GPUs of a live run and ask their driver what they are. */
#include "backend/device.h"
#include "backend/cuda/driver.h"
#include "backend/cuda/nvml.h"
#include "backend/double/double.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOL_SIZE = sizeof(DEVICE_DOUBLE_SYMBOL) };
_Static_assert((int)DOUBLE_GPUS == (int)DEVICE_DOUBLE_GPUS, "one bound, two names for it");
_Static_assert(sizeof(DOUBLE_CONTROL) == SYMBOL_SIZE, "one symbol, two names for it");

/* The double is loaded from its place and nowhere else; it lives in this process until the end. */
static int begin_double(const char *options, struct error *err)
{
    char path[DEVICE_PATH], why[DOUBLE_WHY] = "";
    const struct double_control *control;
    void *library;
    int rc = device_double_path(path, "libcuda.so.1", err);

    if (rc != GS_OK)
        return rc;
    setenv("GPUSWAP_LIBCUDA", path, 1); /* every table is loaded from there from now on */
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    control = library != NULL ? dlsym(library, DOUBLE_CONTROL) : NULL;
    if (control == NULL)
        return error_set(err, GS_NO_DEVICE, "'%s' is not the driver double; install gpuswap-sim again", path);
    if (control->reset(options, why) != 0)
        return error_set(err, GS_USAGE, "%s", why);
    return GS_OK;
}

/* "580.65.06", or "" where the management library is not there to tell. */
static void ask_version(char *out, unsigned length)
{
    static struct error ignored;
    struct nvml nvml;

    out[0] = '\0';
    if (nvml_open(&nvml, &ignored) != GS_OK)
        return;
    if (nvml.driver_version(out, length) != NVML_SUCCESS)
        out[0] = '\0';
    nvml_close(&nvml);
}

static int ask_gpu(const struct driver *driver, unsigned ordinal, char *out, size_t size, struct error *err)
{
    CUdevice gpu = 0;
    CUuuid uuid;
    char name[96] = "";
    CUresult result;
    int count = 0, n;

    if ((result = driver->device_count(&count)) == CUDA_SUCCESS && ordinal >= (unsigned)count)
        return error_set(err, GS_NO_DEVICE, "there is no GPU %u: the driver shows %d, counted from 0", ordinal, count);
    if (result == CUDA_SUCCESS)
        result = driver->device_get(&gpu, (int)ordinal);
    if (result == CUDA_SUCCESS)
        result = driver->device_name(name, sizeof name, gpu);
    if (result == CUDA_SUCCESS)
        result = driver->device_uuid(&uuid, gpu);
    if (result != CUDA_SUCCESS)
        return driver_fail(driver, result, "asking for the GPUs", err);
    n = snprintf(out, size, "%s GPU-", name);
    for (int i = 0; i < 16 && n < (int)size; i++)
        n += snprintf(out + n, size - (size_t)n, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                      (unsigned)(unsigned char)uuid.bytes[i]);
    return GS_OK;
}

static int ask(struct live_device *device, const struct driver *driver, struct error *err)
{
    char version[96] = "";
    size_t n = 0;
    int rc = GS_OK;

    for (unsigned i = 0; i < device->ordinals && rc == GS_OK; i++) {
        n += (size_t)snprintf(device->text + n, sizeof device->text - n, "%s", i > 0 ? "; " : "");
        rc = ask_gpu(driver, device->ordinal[i], device->text + n, sizeof device->text - n, err);
        n = strlen(device->text);
    }
    if (!device->is_double)
        ask_version(version, sizeof version);
    snprintf(device->text + n, sizeof device->text - n, "; %s%s%sCUDA %d.%d, %s clock, time scale %g",
             version[0] != '\0' ? "driver " : "", version, version[0] != '\0' ? ", " : "", driver->version / 1000,
             driver->version % 1000 / 10, device->is_double && !device->real_clock ? "virtual" : "real",
             device->time_scale);
    return rc;
}

int device_open(struct live_device *device, struct error *err)
{
    struct driver driver;
    int rc = GS_OK;

    device->text[0] = '\0';
    if (device->is_double)
        rc = begin_double(device->options, err);
    if (rc != GS_OK || (rc = driver_open(&driver, err)) != GS_OK)
        return rc;
    if (!device->is_double && dlsym(driver.library, DOUBLE_CONTROL) != NULL)
        rc = error_set(err, GS_NO_DEVICE,
                       "'%s' is the driver double and no GPU; say '--device double', or unset GPUSWAP_LIBCUDA",
                       driver.path);
    else
        rc = ask(device, &driver, err);
    driver_close(&driver);
    return rc;
}
