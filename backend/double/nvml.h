/* nvml.h - what the two files of the management library's double share. */
#ifndef GS_DOUBLE_NVML_H
#define GS_DOUBLE_NVML_H

#include "backend/cuda/nvml.h"
#include "backend/double/state.h"

#define EXPORT(field, symbol, arguments) __attribute__((visibility("default"))) int symbol arguments;
NVML_ENTRIES(EXPORT)
NVML_OPTIONAL_ENTRIES(EXPORT)
#undef EXPORT

const struct options *nvml_like(void);

/* The GPU that is meant, or what the call is to fail with. */
int nvml_gpu_of(const char *call, nvml_device device, unsigned *gpu);

#endif
