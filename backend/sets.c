/* sets.c - GPUs that serve workloads of several GPUs: the first of a set does the work of all, with the memory and the links
 * of all; the others are as busy as it is.
 *
 * A set stands until a workload is placed that it is not for: by then it is empty. */
#include "backend/sim_state.h"

void usage_add(struct gpu_usage *to, const struct gpu_usage *from, int sign)
{
    to->useful_ns += sign * from->useful_ns;
    to->switching_ns += sign * from->switching_ns;
    to->held_ns += sign * from->held_ns;
}

static void lead(struct backend *be, uint32_t gpu, uint32_t width)
{
    be->device[gpu].width = be->link[2 * gpu].width = be->link[2 * gpu + 1].width = width;
}

static void dissolve(struct backend *be, uint32_t first)
{
    uint32_t width = be->device[first].width;
    int64_t free_bytes = be->device[first].free_bytes / width;

    device_account(be, &be->device[first]);
    for (uint32_t gpu = first; gpu < first + width; gpu++) {
        struct device *device = &be->device[gpu];
        if (gpu != first)
            usage_add(&device->usage, &be->device[first].usage, 1);
        device->free_bytes = free_bytes;
        device->lead = gpu;
        lead(be, gpu, 1);
    }
}

void device_gather(struct backend *be, uint32_t gpu, uint32_t width)
{
    struct device *first = &be->device[gpu];

    width = width > 1 ? width : 1;
    if (first->width == width)
        return;
    for (uint32_t i = gpu; i < gpu + width; i++)
        dissolve(be, be->device[i].lead);
    device_account(be, first);
    for (uint32_t i = gpu + 1; i < gpu + width; i++) {
        struct device *device = &be->device[i];
        device_account(be, device);
        usage_add(&device->usage, &first->usage, -1);
        first->free_bytes += device->free_bytes;
        device->free_bytes = 0;
        device->lead = gpu;
        lead(be, i, 0);
    }
    lead(be, gpu, width);
}
