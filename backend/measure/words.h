/* words.h - what is copied while a GPU is measured, and whether it has arrived. */
#ifndef GS_MEASURE_WORDS_H
#define GS_MEASURE_WORDS_H

#include "backend/cuda/gpu.h"

/* The words of mix.h from byte `from` of a sequence on. */
void words_fill(unsigned char *host, int64_t bytes, uint64_t seed, int64_t from);
/* Are they still there?  GS_IO: not all of them. */
int words_check(const unsigned char *host, int64_t bytes, uint64_t seed, int64_t from, struct error *err);
/* The same on the GPU, from the first one on. */
int words_check_device(struct gpu *gpu, CUdeviceptr device, int64_t bytes, uint64_t seed, struct error *err);

#endif
