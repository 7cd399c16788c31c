/* storage.h - a process' memory is saved by this program, and not by the driver: custom storage, as CUDA 13.4 calls it.
 *
 * The driver maps all that a quiet process has on a GPU into this process, in one piece; this program copies it to where it
 * likes, says that it has, and the driver drops it.  The way back is the same.  A step that was begun cannot be taken back:
 * what is not copied by its end is lost.  Whoever begins one has retained the primary contexts of the process' GPUs.
 *
 * The headers that this is built with may be older, so the layouts are declared here, under names of our own, after NVIDIA's
 * reference of the driver's interface, 13.4: CUcheckpointCheckpointArgs, CUcheckpointRestoreArgs, CUcheckpointCustomStorageInfo,
 * CUcheckpointCustomStoragePerDeviceData, CUDA Checkpointing (docs.nvidia.com/cuda/cuda-driver-api).  How it is found, and that
 * the driver allocates what it tells: ai-dynamo/dynamo, pull requests 11584 and 12488. */
#ifndef GS_CUDA_STORAGE_H
#define GS_CUDA_STORAGE_H

#include "backend/cuda/driver.h"

#include <stddef.h>

enum { STORAGE_VERSION = 13040 };

struct storage_device { /* CUcheckpointCustomStoragePerDeviceData */
    CUdeviceptr at;
    size_t bytes;
    CUstream stream; /* of that GPU's primary context; the driver waits for its end before it completes the step */
};
struct storage_info { /* CUcheckpointCustomStorageInfo: the driver's, until the step is completed */
    void *handle;
    struct storage_device *device;
    unsigned devices;
};
struct storage_save_args { /* CUcheckpointCheckpointArgs */
    struct storage_info **info;
    char reserved[56];
};
struct storage_load_args { /* CUcheckpointRestoreArgs */
    void *gpu_pairs;
    unsigned gpu_pairs_count, padding;
    struct storage_info **info;
    char reserved[40];
};
_Static_assert(sizeof(struct storage_device) == 24 && offsetof(struct storage_device, stream) == 16, "13.4");
_Static_assert(sizeof(struct storage_info) == 24 && offsetof(struct storage_info, devices) == 16, "13.4");
_Static_assert(sizeof(struct storage_save_args) == 64, "13.4");
_Static_assert(sizeof(struct storage_load_args) == 64 && offsetof(struct storage_load_args, info) == 16, "13.4");
_Static_assert(sizeof(struct storage_save_args) == sizeof(CUcheckpointCheckpointArgs), "as large as before");
_Static_assert(sizeof(struct storage_load_args) == sizeof(CUcheckpointRestoreArgs), "as large as before");

typedef CUresult storage_complete_function(void *handle);

/* The call that only such drivers have.  GS_UNSATISFIABLE: this one cannot (which one can, in words). */
int storage_probe(const struct driver *driver, storage_complete_function **complete, struct error *err);

/* From quiet, and from away: the process' memory is there to be copied.  An error leaves it as it was, or lost: ask. */
int storage_save(const struct driver *driver, int pid, struct storage_info **info, struct error *err);
int storage_load(const struct driver *driver, int pid, struct storage_info **info, struct error *err);
/* It has been copied: now it is away, or quiet. */
int storage_complete(const struct driver *driver, storage_complete_function *complete, const struct storage_info *info,
                     int pid, struct error *err);

#endif
