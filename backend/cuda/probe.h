/* probe.h - what the CUDA driver says of this machine, without the CUDA headers, for `doctor` and `backends`. */
#ifndef GS_CUDA_PROBE_H
#define GS_CUDA_PROBE_H

#include "sim/base/error.h"

#include <stdint.h>

enum { PROBE_GPUS = 16 };

struct probe_gpu {
    char name[96];
    char pci[16]; /* 0000:3B:00.0 */
    int64_t total_bytes;
    int processors;    /* streaming multiprocessors */
    int copy_engines;  /* 1: it cannot copy both ways at once */
    bool chunks;       /* memory can be mapped piece by piece, as swapping needs */
    bool integrated;   /* shares the host's memory: swapping moves nothing away */
    bool kernel_limit; /* long kernels are killed, as it draws a display */
};

struct cuda_probe {
    int cuda_version; /* the driver's, as 13000 */
    bool checkpoint;  /* other processes can be taken off the GPU */
    unsigned gpus;    /* up to PROBE_GPUS */
    struct probe_gpu gpu[PROBE_GPUS];
};

/* The version of the CUDA headers that this program was built with, as 13000; 0: without. */
int cuda_built_with(void);
/* Were the kernels compiled with it, too? */
bool cuda_has_binaries(void);

/* GS_NO_DEVICE with what is missing and what to do. */
int cuda_probe(struct cuda_probe *probe, struct error *err);

#endif
