/* usage.c - how the GPUs spend their time; those of a set are as busy as the first of it. */
#include "backend/live/state.h"

void live_account(struct backend *be, uint32_t gpu)
{
    struct device *lead = &be->device[be->device[gpu].lead];
    gs_ns spent_ns = be->clock.now_ns - lead->accounted_ns;

    if (spent_ns <= 0)
        return;
    for (struct device *d = lead; d < lead + lead->width; d++) {
        d->accounted_ns = be->clock.now_ns;
        if (lead->executing > 0)
            d->usage.useful_ns += spent_ns;
        else if (lead->switching > 0)
            d->usage.switching_ns += spent_ns;
        else if (lead->lingering > 0)
            d->usage.held_ns += spent_ns;
    }
}

/* `gpu` gets a workload of `width` GPUs.  A set stands until a workload is placed that it is not for: by then it is empty. */
void live_gather(struct backend *be, uint32_t gpu, uint32_t width)
{
    if (be->device[gpu].width == width)
        return;
    for (uint32_t i = gpu; i < gpu + width; i++) {
        uint32_t lead = be->device[i].lead, end = lead + be->device[lead].width;

        live_account(be, i);
        for (uint32_t k = lead; k < end; k++) {
            be->device[k].lead = k;
            be->device[k].width = 1;
        }
    }
    for (uint32_t i = gpu; i < gpu + width; i++) {
        be->device[i].lead = gpu;
        be->device[i].width = i == gpu ? width : 0;
    }
}

void live_usage(struct backend *be, uint32_t gpu, struct gpu_usage *usage)
{
    live_account(be, gpu);
    *usage = be->device[gpu].usage;
}
