/* without.c - what a program says that was built without the CUDA headers. */
#include "backend/cuda/probe.h"

int cuda_built_with(void)
{
    return 0;
}

bool cuda_has_binaries(void)
{
    return false;
}

int cuda_probe(struct cuda_probe *probe, struct error *err)
{
    *probe = (struct cuda_probe){0};
    return error_set(err, GS_NO_DEVICE,
                     "this program was built without the CUDA headers; install the CUDA toolkit, 12.8 or newer, and "
                     "build again");
}
