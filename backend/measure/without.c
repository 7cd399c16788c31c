/* without.c - what a program measures that was built without the CUDA headers: nothing. */
#include "backend/cuda/probe.h"
#include "backend/measure/measure.h"

int measure_gpu(const struct measure_options *options, struct measured *out, struct error *err)
{
    struct cuda_probe probe;

    (void)options;
    (void)out;
    return cuda_probe(&probe, err);
}
