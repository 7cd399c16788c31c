/* belady_size.c - evict the greatest bytes x time until it is wanted again. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    const struct gs_oracle *oracle = self->view->oracle;
    gs_ns next = w->wants ? w->queued_ns : oracle->next_want_ns(oracle->self, workload);

    return -(double)w->bytes * ((double)next - (double)self->view->now_ns);
}

const struct gs_victim_policy victim_belady_size = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_ORACLE,
    .name = "belady_size",
    .help = "evict the greatest bytes x time to its next burst (knows the future)",
    .source = "folklore; BeladySize.c of libCacheSim",
    .when =
        "A yardstick, in the simulator only, where sizes differ. A rule of thumb, not an optimum: the best choice for "
        "different sizes is NP-hard.",
    .keep = keep,
};
