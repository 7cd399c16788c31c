/* las.c - least attained service: the burst that has had the least GPU time so far goes first; those level with it
 * share by turns.  A newcomer stops a burst that is a quantum ahead of it. */
#include "policies/policy.h"

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "10s", 1, 3e17, NULL, "length of a turn, and the lead at which a burst is stopped"},
    GS_PARAM_END,
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return (double)(w->burst_ns + (w->granted ? self->view->now_ns - w->granted_ns : 0));
}

static bool preempts(const struct gs_self *self, uint32_t holder, uint32_t newcomer)
{
    return rank(self, newcomer) + (double)self->param[0].i <= rank(self, holder);
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[0].i;
}

const struct gs_slicer_policy slicer_las = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "las",
    .help = "one at a time, first the burst that has had the least GPU time, preemptive",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (foreground-background); Gu et al., Tiresias, NSDI 2019",
    .when = "Where a few bursts are far longer than the rest and nobody knows which: short ones pass them by. Not "
            "where all are about equal, nor with a quantum near the time of a swap. Long ones may starve.",
    .param = params,
    .starves = "long bursts, without bound",
    .rank = rank,
    .preempts = preempts,
    .quantum = quantum,
};
