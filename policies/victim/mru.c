/* mru.c - evict the workload that had the GPU last: optimal when workloads take turns in a circle. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    return -(double)self->view->workload[workload].last_use_ns;
}

const struct gs_victim_policy victim_mru = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "mru",
    .help = "evict the workload that had the GPU last (best for cyclic use)",
    .source = "Chou and DeWitt, VLDB 1985",
    .when =
        "For workloads that take turns in a circle, such as training jobs under rr: most stay, one place is used in "
        "turns. Bad for people, whose next burst often follows soon. A decision costs next to nothing.",
    .keep = keep,
};
