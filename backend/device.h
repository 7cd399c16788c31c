/* device.h - the GPUs of a live run: which, by which clock, and what the driver says of them.
 *
 * Live time is the scenario's.  At `time_scale` X it runs X times as fast as the device's: think times, arrivals, bursts
 * and the policies' quanta take 1/X of what the scenario says.  Transfers and calls of the driver cannot be hurried, and
 * so count X times as long. */
#ifndef GS_DEVICE_H
#define GS_DEVICE_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { DEVICE_GPUS = 16, DEVICE_DOUBLE_GPUS = 8, DEVICE_TEXT = 1024, DEVICE_PATH = 4096 };

struct device_operation { /* a call of the driver, or a piece of work on a GPU */
    const char *kind;     /* create map access unmap release d2h h2d drain burst verify */
    int64_t at_ns;        /* of the scenario's time, when it was issued */
    int64_t took_ns;      /* of the device's, which is not scaled */
    int64_t bytes;
    uint32_t gpu;
    uint32_t pieces; /* quanta of a burst */
};

struct live_device {
    unsigned ordinal[DEVICE_GPUS]; /* of the driver, in the order of the scenario's GPUs */
    unsigned ordinals;
    double time_scale;
    bool is_double;  /* the driver double, begun anew with `options`; else NVIDIA's driver */
    bool real_clock; /* of the double; GPUs know no other */
    bool verify;     /* every word, after each swap-in */
    const char *options;
    void (*take)(void *context, const struct device_operation *operation); /* NULL: nothing is timed */
    void (*note)(void *context,
                 const char *text); /* at the end: what happened that the report does not tell; may be NULL */
    void *context;
    char text[DEVICE_TEXT]; /* names, ids, versions, for people; device_open fills it in */
};

/* Is the driver there, and all of these GPUs; ask it for `text`.  A double that nobody asked for is refused: what ran on it
 * must not pass for a measurement.  GS_NO_DEVICE. */
int device_open(struct live_device *device, struct error *err);

/* Where the driver double lies: beside the program in its build folder, or where it was installed to.  GS_NO_DEVICE. */
int device_double_path(char path[DEVICE_PATH], const char *library, struct error *err);

/* Both libraries are the double's from now on, for this process and its children; nothing is loaded yet. */
int device_use_double(struct error *err);

/* What says that it is the driver double: a symbol that no driver has. */
#define DEVICE_DOUBLE_SYMBOL "gpuswap_double_control"

#endif
