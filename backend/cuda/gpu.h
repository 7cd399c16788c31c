/* gpu.h - a GPU in live mode: one context, two streams for copies, our kernels, and an account of its memory.
 *
 * All of this program's workloads on it share the context.  Whoever calls the driver for a GPU makes its context current
 * before, by gpu_use; what takes a struct gpu or memory does so by itself. */
#ifndef GS_CUDA_GPU_H
#define GS_CUDA_GPU_H

#include "backend/cuda/driver.h"
#include "backend/cuda/mix.h"

#include <stdbool.h>
#include <stdint.h>

/* What takes longer hangs: the longest piece of work that is ever issued takes milliseconds. */
#define GPU_PATIENCE_NS INT64_C(30000000000)
#define GPU_NAP_NS INT64_C(50000)

struct gpu_options {
    int ordinal;
    int64_t chunk_bytes;   /* wanted; rounded up to what the GPU maps */
    int64_t reserve_bytes; /* of its memory, left free */
    int64_t most_bytes;    /* for workloads, however much there is; 0: all */
    int64_t patience_ns;   /* 0: GPU_PATIENCE_NS */
    double time_scale;     /* how much faster the clock of who asks runs; 0: 1 */
    /* Let GPU_NAP_NS pass, by the clock of the driver, that of `clock`; NULL: sleep. */
    void (*nap)(const void *clock);
    const void *clock;
};

struct gpu {
    const struct driver *cu;
    CUdevice device;
    CUcontext context;
    CUstream in, out; /* copies */
    CUmodule module;
    CUfunction fill, touch, check, busy;
    int64_t chunk_bytes;
    int64_t free_bytes;                  /* for workloads: what the account says, not the driver */
    CUmemGenericAllocationHandle *spare; /* physical chunks that left one workload and may go to the next: free, too */
    uint32_t spares;
    CUdeviceptr found; /* a struct mix_found */
    struct mix_found *found_host;
    char pci[16];
    int numa;            /* node of the host's memory that it hangs on; -1: not known, or it makes no difference */
    uint32_t moves;      /* swaps under way, for which spare chunks are kept */
    uint32_t awaited;    /* swap-outs that are about to begin, for which who comes in may wait already */
    int64_t patience_ns; /* by its own clock */
    int64_t limit_ns;    /* the same by the clock of who asks */
    void (*nap)(const void *clock);
    const void *clock;
    CUresult refused; /* by what the driver last gave no chunk, or did not map it, and by which call */
    const char *refused_call;
    uint32_t refusals; /* swap-ins that had no effect for that */
    bool hangs;        /* it was seen to: nothing is asked of it any more, not even to clean up */
};

/* GS_NO_DEVICE if the GPU cannot map memory piece by piece. */
int gpu_open(struct gpu *gpu, const struct driver *driver, const struct gpu_options *options, struct error *err);
void gpu_close(struct gpu *gpu); /* takes one that was not opened, if it is zero */

/* Make its context current in this thread; cheap where it is already. */
CUresult gpu_use(const struct gpu *gpu);

/* GS_OK, or what the driver's result means, told of `call`: where the context is lost, of which GPU, and what to do. */
int gpu_try(const struct gpu *gpu, CUresult result, const char *call, struct error *err);
/* The same of a call that makes room on the GPU: true if it failed and yet nothing else is lost by that. */
bool gpu_refuses(const struct gpu *gpu, CUresult result);
/* `call` gave no chunk, with that result, which is returned: remembered for who has to tell why nothing goes on. */
CUresult gpu_refused(struct gpu *gpu, const char *call, CUresult result);
/* With what the driver last refused a chunk: "'cuMemCreate': out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2), for a chunk of 64 KiB". */
enum { GPU_REFUSAL = 320 };
const char *gpu_refusal(const struct gpu *gpu, char out[GPU_REFUSAL]);
/* `what` has not ended for longer than it should. */
int gpu_give_up(struct gpu *gpu, const char *what, struct error *err);
/* Wait for the end of what is in the stream; CUDA_ERROR_NOT_READY: it hangs. */
CUresult gpu_wait(const struct gpu *gpu, CUstream stream);
CUresult gpu_wait_event(const struct gpu *gpu, CUevent event);

/* Physical memory for a chunk, with whatever it holds: a spare one, unless `fresh`; else the driver's.  And its end as a
 * part of a workload: it is spare, and the GPU's own again only when the spares are released, and no swap is under way. */
CUresult gpu_take_chunk(struct gpu *gpu, bool fresh, CUmemGenericAllocationHandle *handle);
void gpu_spare_chunk(struct gpu *gpu, CUmemGenericAllocationHandle handle);
CUresult gpu_release_spares(struct gpu *gpu);

/* Queue a kernel.  The parameters go packed, so that the driver checks their size. */
CUresult gpu_launch(const struct gpu *gpu, CUfunction kernel, CUstream stream, const uint64_t *parameter,
                    unsigned parameters);

#endif
