/* double_path.c - where the driver double lies.  It has the name of NVIDIA's library, so it stands where no loader looks,
 * and is taken from nowhere else. */
#include "backend/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef DOUBLE_INSTALLED
#define DOUBLE_INSTALLED "../lib/gpuswap-sim/double"
#endif

int device_double_path(char path[DEVICE_PATH], const char *library, struct error *err)
{
    static const char *const place[] = {DOUBLE_INSTALLED, "double"};
    char program[DEVICE_PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    const char *name;

    if (length <= 0)
        return error_set(err, GS_SYSTEM, "'/proc/self/exe' does not tell where this program lies; mount /proc");
    program[length] = '\0';
    name = strrchr(program, '/');
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        int n = snprintf(path, DEVICE_PATH, "%.*s/%s/%s", (int)(name - program), program, place[i], library);

        if (n < DEVICE_PATH && access(path, R_OK) == 0)
            return GS_OK;
    }
    return error_set(err, GS_NO_DEVICE,
                     "the driver double is not here: this program was built without the CUDA headers, or '%s' was not "
                     "installed with it",
                     library);
}

int device_use_double(struct error *err)
{
    static const char *const library[] = {"libcuda.so.1", "libnvidia-ml.so.1"};
    static const char *const variable[] = {"GPUSWAP_LIBCUDA", "GPUSWAP_LIBNVML"};
    char path[DEVICE_PATH];

    for (size_t i = 0; i < sizeof library / sizeof *library; i++) {
        int rc = device_double_path(path, library[i], err);

        if (rc != GS_OK)
            return rc;
        if (setenv(variable[i], path, 1) != 0)
            return error_set(err, GS_SYSTEM, "out of memory");
    }
    return GS_OK;
}
