/* depot.h - where what a process has on the GPU goes: into its own memory, which the driver does, or into the daemon's swap
 * file, which this does.  The steps are the same, and so are the process' states. */
#ifndef GS_SERVE_DEPOT_H
#define GS_SERVE_DEPOT_H

#include "backend/cuda/checkpoint.h"
#include "backend/cuda/nvml.h"
#include "backend/cuda/storage.h"
#include "backend/serve/swapfile.h"

enum { DEPOT_GPUS = 16 };

struct depot {
    struct driver *driver;
    struct nvml *nvml;
    struct swapfile *file; /* NULL: the driver keeps everything */
    storage_complete_function *complete;
    CUdevice device[DEPOT_GPUS]; /* whose primary contexts are retained */
    unsigned devices;
    bool registered;
    bool fresh; /* nobody had anything in the file when it was opened */
};

struct stored { /* a process, and what is known of it */
    int pid;
    uint64_t start;
    uint64_t bytes; /* that it may have, where the driver does not tell */
};

struct depot_options {
    const char *path;
    int64_t bytes;
    char (*uuid)[48]; /* of the GPUs */
    unsigned gpus;
};

/* GS_UNSATISFIABLE: this driver keeps everything itself.  Takes a context on each GPU. */
int depot_open(struct depot *depot, const struct depot_options *options, struct error *err);
void depot_close(struct depot *depot); /* takes one that was not opened, if it is zero */

/* As checkpoint_state, and lost is who is away and whose bytes are nowhere. */
int depot_state(const struct depot *depot, const struct stored *process, enum checkpoint_state *state,
                struct error *err);
/* From quiet to away.  An error leaves it quiet, or lost: ask. */
int depot_save(const struct depot *depot, const struct stored *process, struct error *err);
/* From away to quiet; the same. */
int depot_load(const struct depot *depot, const struct stored *process, struct error *err);

#endif
