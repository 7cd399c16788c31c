/* belady.c - evict the workload that is wanted again last: the fewest swaps there can be for equal sizes and a given
 * order of bursts.  Of those that wait already, the last in the queue. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    const struct gs_oracle *oracle = self->view->oracle;

    return -(double)(w->wants ? w->queued_ns : oracle->next_want_ns(oracle->self, workload));
}

const struct gs_victim_policy victim_belady = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_ORACLE,
    .name = "belady",
    .help = "evict the one wanted again last (knows the future)",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .when =
        "A yardstick, in the simulator only. Where sizes differ it has the fewest misses, not the fewest bytes, and "
        "response times can be better with others.",
    .keep = keep,
};
