/* sets.c - workloads of several GPUs: neighbouring GPUs of a node form a set while such workloads are attached.
 *
 * To all else a set is one GPU, that which leads it: with the memory of all, the links of all, and one run queue.  The others
 * have neither memory nor workloads as long as it stands.  Sets are aligned blocks, as those that are wired together. */
#include "state.h"

uint32_t set_width(const struct controller *ctl, uint32_t workload)
{
    uint32_t gpus = ctl->setup->workload[workload].gpus;

    return gpus > 1 ? gpus : 1;
}

void set_join(struct controller *ctl, uint32_t gpu, uint32_t lead, uint32_t width)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    const struct gs_node_spec *spec = &ctl->setup->node[g->node];
    double links = width > 1 ? (double)width : 1.0;

    g->lead = lead;
    g->width = width;
    g->swap_in_ns_per_byte = 1e9 / spec->h2d_bytes_per_s / links;
    g->swap_out_ns_per_byte = 1e9 / spec->d2h_bytes_per_s / links;
    ctl->lane[gpu].physical_bytes = spec->gpu_bytes * (int64_t)width;
    memory_capacity(ctl, gpu);
    rank_update(ctl, gpu);
}

bool set_form(struct controller *ctl, uint32_t gpu, uint32_t width)
{
    const struct gs_node *node = &ctl->node[ctl->gpu[gpu].node];
    uint32_t place = gpu - node->first_gpu;

    if (width == 1 || ctl->gpu[gpu].width == width || place % width != 0 || width > node->gpus - place)
        return false;
    for (uint32_t i = gpu; i < gpu + width; i++)
        if (ctl->gpu[i].width != 1 || ctl->gpu[i].attached > 0)
            return false;
    for (uint32_t i = gpu; i < gpu + width; i++)
        set_join(ctl, i, gpu, i == gpu ? width : 0);
    return true;
}

void set_dissolve(struct controller *ctl, uint32_t gpu)
{
    uint32_t width = ctl->gpu[gpu].width;

    for (uint32_t i = gpu; width > 1 && i < gpu + width; i++)
        set_join(ctl, i, i, 1);
}
