/* gpu.h - a GPU in live mode: one context, two streams for copies, our kernels, and an account of its memory.
 *
 * All of this program's workloads share the context; that of a GPU is made current in each thread that uses it. */
#ifndef GS_CUDA_GPU_H
#define GS_CUDA_GPU_H

#include "backend/cuda/driver.h"
#include "backend/cuda/mix.h"

#include <stdint.h>

struct gpu_options {
    int ordinal;
    int64_t chunk_bytes;   /* wanted; rounded up to what the GPU maps */
    int64_t reserve_bytes; /* of its memory, left free */
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
};

/* GS_NO_DEVICE if the GPU cannot map memory piece by piece. */
int gpu_open(struct gpu *gpu, const struct driver *driver, const struct gpu_options *options, struct error *err);
void gpu_close(struct gpu *gpu); /* takes one that was not opened, if it is zero */

/* GS_OK, or what the driver's result means, told of `call`. */
int gpu_try(const struct gpu *gpu, CUresult result, const char *call, struct error *err);

/* Physical memory for a chunk, with whatever it holds: a spare one, unless `fresh`; else the driver's.  And its end as a
 * part of a workload: it is spare, and the GPU's own again only when the spares are released. */
CUresult gpu_take_chunk(struct gpu *gpu, bool fresh, CUmemGenericAllocationHandle *handle);
void gpu_spare_chunk(struct gpu *gpu, CUmemGenericAllocationHandle handle);
CUresult gpu_release_spares(struct gpu *gpu);

/* Queue a kernel.  The parameters go packed, so that the driver checks their size. */
CUresult gpu_launch(const struct gpu *gpu, CUfunction kernel, CUstream stream, const uint64_t *parameter,
                    unsigned parameters);

#endif
