/* lru.c - evict the workload that has not had the GPU for longest. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    return (double)self->view->workload[workload].last_use_ns;
}

const struct gs_victim_policy victim_lru = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "lru",
    .help = "evict the workload that has not had the GPU for longest",
    .source = "Mattson et al., IBM Systems Journal 9(2), 1970",
    .when = "The default: good where who was used last is used next, as with people at notebooks. Bad where workloads "
            "take turns in a circle that does not fit: then every burst swaps. A decision costs next to nothing.",
    .keep = keep,
};
