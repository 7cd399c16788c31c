/* fifo.c - evict the workload that has been on the GPU longest, used or not. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    return (double)self->view->workload[workload].resident_ns;
}

const struct gs_victim_policy victim_fifo = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "fifo",
    .help = "evict the workload that has been resident longest",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .when = "Of use for comparison: it ignores use altogether, so that the busiest leaves as often as the others. A "
            "decision costs next to nothing.",
    .keep = keep,
};
