/* device.h - which device a command runs on: a GPU that the driver shows, or the driver double. */
#ifndef GS_DEVICE_H
#define GS_DEVICE_H

#include "sim/base/error.h"

#include <stdbool.h>

struct device {
    bool is_double;
    int ordinal;
    char text[16]; /* "cuda:0", "double:0" */
};

/* "cuda:N", "cuda", "double:N", "double".  The double is looked for beside the program, in double/, unless GPUSWAP_LIBCUDA
 * says where it is.  GS_USAGE, or GS_NO_DEVICE where there is no double. */
int device_parse(struct device *device, const char *text, struct error *err);

#endif
