/* live.c - live mode as far as it stands: its backends are listed, and refuse to run. */
#include "backend/backend.h"
#include "backend/cuda/probe.h"

#include <stdio.h>

static const char unfinished[] = "live mode is in preparation: this version runs simulations only";

static bool probe_cuda(char why[BACKEND_WHY])
{
    static struct cuda_probe probe;
    static struct error err;

    err = (struct error){0};
    if (cuda_probe(&probe, &err) == GS_OK)
        snprintf(why, BACKEND_WHY, "%s", unfinished);
    else
        snprintf(why, BACKEND_WHY, "%.*s", BACKEND_WHY - 1, err.text);
    return false;
}

static bool probe_double(char why[BACKEND_WHY])
{
    snprintf(why, BACKEND_WHY, "%s", unfinished);
    return false;
}

static int open_live(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    (void)setup;
    *be = NULL;
    return error_set(err, GS_NO_DEVICE, "%s", unfinished);
}

const struct backend_ops backend_cuda = {
    .name = "cuda", .help = "live mode: workloads on GPUs of this machine", .probe = probe_cuda, .open = open_live};

const struct backend_ops backend_double = {.name = "double",
                                           .help = "live mode on a CUDA driver without a GPU, which notices misuse",
                                           .probe = probe_double,
                                           .open = open_live};
