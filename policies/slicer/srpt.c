/* srpt.c - the burst with the least work left runs, and stops whoever has more left.  Knows the future. */
#include "policies/policy.h"

static double rank(const struct gs_self *self, uint32_t workload)
{
    return (double)self->view->oracle->left_ns(self->view->oracle->self, workload);
}

static bool preempts(const struct gs_self *self, uint32_t holder, uint32_t newcomer)
{
    return rank(self, newcomer) < rank(self, holder);
}

const struct gs_slicer_policy slicer_srpt = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_ORACLE,
    .name = "srpt",
    .help = "one at a time, the least remaining work first, preemptive; knows the future",
    .source = "Schrage, Operations Research 16(3), 1968",
    .when =
        "A yardstick for the others: without swaps no schedule has a smaller mean response. Swaps are not weighed, and "
        "long bursts may starve. A choice looks at everybody who waits.",
    .rank = rank,
    .preempts = preempts,
    .starves = "long bursts, without bound",
};
