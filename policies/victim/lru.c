/* lru.c - evict the workload that has been idle longest. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    return (double)self->view->workload[workload].last_end_ns;
}

const struct gs_victim_policy victim_lru = {
    .abi = GS_POLICY_ABI,
    .name = "lru",
    .help = "evict the workload that has been idle longest",
    .source = "Mattson et al., IBM Systems Journal 9(2), 1970",
    .keep = keep,
};
