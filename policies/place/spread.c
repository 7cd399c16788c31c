/* spread.c - a newcomer goes to the GPU with the fewest workloads. */
#include "policies/policy.h"

static double score(const struct gs_self *self, uint32_t gpu, uint32_t workload)
{
    (void)workload;
    return (double)self->view->gpu[gpu].attached;
}

const struct gs_place_policy place_spread = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY | GS_NEEDS_GPU_ONLY,
    .name = "spread",
    .help = "to the GPU with the fewest workloads",
    .source = "Run:ai documentation, node level scheduler (spreads workloads over the GPUs of a node)",
    .when = "The default, and right where workloads are alike. Where sizes differ see `least_loaded`. Costs nothing.",
    .score = score,
};
