/* device.c - read a device, and find the driver double. */
#include "sim/cli/device.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/* The environment names a library, unless it did so already. */
static int name_library(const char *variable, const char *folder, const char *library, struct error *err)
{
    const char *named = getenv(variable);
    char path[PATH + 64];

    if (named != NULL && *named != '\0')
        return GS_OK;
    snprintf(path, sizeof path, "%s/%s", folder, library);
    if (access(path, R_OK) != 0)
        return error_set(
            err, GS_NO_DEVICE,
            "the driver double is not there, which would be '%s'; it is built with the tests, where the CUDA "
            "headers are, and never installed",
            path);
    return setenv(variable, path, 1) == 0 ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");
}

static int find_double(struct error *err)
{
    char program[PATH - 16], folder[PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    int rc;

    program[length > 0 ? length : 0] = '\0';
    if (strrchr(program, '/') != NULL)
        *strrchr(program, '/') = '\0';
    snprintf(folder, sizeof folder, "%s/double", program);
    if ((rc = name_library("GPUSWAP_LIBCUDA", folder, "libcuda.so.1", err)) == GS_OK)
        rc = name_library("GPUSWAP_LIBNVML", folder, "libnvidia-ml.so.1", err);
    return rc;
}

int device_parse(struct device *device, const char *text, struct error *err)
{
    const char *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    char why[UNITS_WHY];
    int64_t ordinal = 0;

    *device = (struct device){.is_double = length == 6 && strncmp(text, "double", length) == 0};
    if ((!device->is_double && (length != 4 || strncmp(text, "cuda", length) != 0)) ||
        (colon != NULL && (units_integer(colon + 1, &ordinal, why) != GS_OK || ordinal < 0 || ordinal > 999)))
        return error_set(err, GS_USAGE, "--device '%s': a device is 'cuda:0', 'cuda:1' and so on, or 'double'", text);
    device->ordinal = (int)ordinal;
    snprintf(device->text, sizeof device->text, "%s:%d", device->is_double ? "double" : "cuda", device->ordinal);
    return device->is_double ? find_double(err) : GS_OK;
}
