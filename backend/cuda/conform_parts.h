/* conform_parts.h - what the checks share. */
#ifndef GS_CUDA_CONFORM_PARTS_H
#define GS_CUDA_CONFORM_PARTS_H

#include "backend/cuda/conform.h"
#include "backend/cuda/gpu.h"

struct conform {
    struct driver driver; /* of conform_open */
    const struct driver *cu;
    int ordinal;
    int64_t budget_bytes;           /* of GPU memory, at most */
    int64_t (*now_ns)(void);        /* the host's clock */
    void (*nap)(const void *clock); /* as of struct gpu_options */
    bool hangs;                     /* it was seen to, and is asked for nothing any more */
    /* of the check under way */
    struct gpu gpu;
    struct conform_result *result;
};

struct conform_check {
    const char *name, *proves;
    bool (*run)(struct conform *conform);
};

/* The check has failed, for this reason, unless it had before: false.  So is what follows, where something has gone wrong. */
bool conform_fail(struct conform *conform, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool conform_try(struct conform *conform, CUresult result, const char *call);
bool conform_done(struct conform *conform, int rc, const struct error *err);
/* For all of the stream, or for the event if there is one.  Who finds that the GPU hangs (gpu.hangs) leaves all as it is. */
bool conform_wait(struct conform *conform, CUstream stream, CUevent event);
void conform_figure(struct conform *conform, const char *name, double value);

bool conform_kernels(struct conform *conform);
bool conform_ptx(struct conform *conform);
bool conform_busy(struct conform *conform);
bool conform_events(struct conform *conform);
bool conform_priorities(struct conform *conform);
bool conform_granularity(struct conform *conform);
bool conform_remap(struct conform *conform);
bool conform_free(struct conform *conform);
bool conform_out_of_memory(struct conform *conform);
bool conform_swap(struct conform *conform);
bool conform_exchange(struct conform *conform);
bool conform_duplex(struct conform *conform);

#endif
