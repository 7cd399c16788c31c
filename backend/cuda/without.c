/* without.c - what a program says that was built without the CUDA headers. */
#include "backend/cuda/conform.h"
#include "backend/cuda/probe.h"

#include <stddef.h>

int cuda_built_with(void)
{
    return 0;
}

bool cuda_has_binaries(void)
{
    return false;
}

static int refuse(struct error *err)
{
    return error_set(err, GS_NO_DEVICE,
                     "this program was built without the CUDA headers; install the CUDA toolkit, 12.8 or newer, and "
                     "build again");
}

int cuda_probe(struct cuda_probe *probe, struct error *err)
{
    *probe = (struct cuda_probe){0};
    return refuse(err);
}

const struct conform_check *conform_at(unsigned i)
{
    (void)i;
    return NULL;
}

const char *conform_name(const struct conform_check *check)
{
    (void)check;
    return "";
}

const char *conform_proves(const struct conform_check *check)
{
    (void)check;
    return "";
}

int conform_open(struct conform **conform, const struct conform_options *options, struct conform_gpu *gpu,
                 struct error *err)
{
    (void)options;
    *gpu = (struct conform_gpu){0};
    *conform = NULL;
    return refuse(err);
}

void conform_close(struct conform *conform)
{
    (void)conform;
}

void conform_run(struct conform *conform, const struct conform_check *check, struct conform_result *result)
{
    (void)conform;
    (void)check;
    *result = (struct conform_result){0};
}
