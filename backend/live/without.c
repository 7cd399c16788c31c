/* without.c - what stands in for live mode in a program that was built without the CUDA headers. */
#include "backend/cuda/probe.h"
#include "backend/device.h"
#include "backend/live/node.h"

int device_open(struct live_device *device, struct error *err)
{
    struct cuda_probe probe;

    (void)device;
    return cuda_probe(&probe, err); /* says so */
}

static int open_node(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    struct cuda_probe probe;

    (void)setup;
    *be = NULL;
    return cuda_probe(&probe, err);
}

const struct backend_ops live_node = {.name = "live", .help = "workloads on a GPU", .open = open_node};
