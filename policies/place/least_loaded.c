/* least_loaded.c - a newcomer goes to the GPU that then has the least to hold for its memory and speed. */
#include "policies/policy.h"

static double score(const struct gs_self *self, uint32_t gpu, uint32_t workload)
{
    const struct gs_gpu *g = &self->view->gpu[gpu];
    double bytes = (double)(g->attached_bytes + self->view->workload[workload].base_bytes);

    return bytes / ((double)g->capacity_bytes * g->speed);
}

const struct gs_place_policy place_least_loaded = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "least_loaded",
    .help = "to the GPU whose workloads have the fewest bytes for its memory and speed",
    .source = "list scheduling, Graham, SIAM J. Applied Mathematics 17(2), 1969, with bytes for times",
    .when =
        "Better than `spread` where workloads or GPUs differ in size: swapping begins as late as possible everywhere. "
        "It knows nothing of how busy workloads are: see `balance`. Costs nothing.",
    .score = score,
};
