/* live.c - the backends of live mode, as they are listed; `gpuswap-sim live` runs them (backend/live/). */
#include "backend/backend.h"
#include "backend/cuda/probe.h"
#include "backend/device.h"

#include <stdio.h>

static bool tell(int rc, const struct error *err, char why[BACKEND_WHY])
{
    snprintf(why, BACKEND_WHY, "%.*s", BACKEND_WHY - 1, rc == GS_OK ? "" : err->text);
    return rc == GS_OK;
}

static bool probe_cuda(char why[BACKEND_WHY])
{
    static struct cuda_probe probe;
    static struct error err;

    err = (struct error){0};
    return tell(cuda_probe(&probe, &err), &err, why);
}

static bool probe_double(char why[BACKEND_WHY])
{
    static char path[DEVICE_PATH];
    static struct error err;

    err = (struct error){0};
    return tell(device_double_path(path, "libcuda.so.1", &err), &err, why);
}

static int open_live(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    (void)setup;
    *be = NULL;
    return error_set(err, GS_USAGE, "this command simulates; a GPU and the driver double are for 'gpuswap-sim live'");
}

const struct backend_ops backend_cuda = {
    .name = "cuda", .help = "'live': workloads on GPUs of this machine", .probe = probe_cuda, .open = open_live};

const struct backend_ops backend_double = {.name = "double",
                                           .help = "'live': a CUDA driver without a GPU, which notices misuse",
                                           .probe = probe_double,
                                           .open = open_live};
