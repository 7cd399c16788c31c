/* affinity.c - round robin in which those whose memory is on the GPU may go before those that must be swapped in, as
 * long as these have not waited much longer. */
#include "policies/policy.h"

enum { QUANTUM, SLACK };

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    {"slack", GS_TIME, "30s", 0, 3e17, NULL,
     "how much longer than a resident one another has to have waited to go first"},
    GS_PARAM_END,
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return (double)(w->queued_ns - (w->state == GS_RESIDENT ? self->param[SLACK].i : 0));
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[QUANTUM].i;
}

/* Whoever queues later than the slack after it is behind it, on the GPU or not. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    (void)waiting;
    (void)other;
    return (struct gs_bound){.waited_ns = self->param[SLACK].i, .turns = 1};
}

const struct gs_slicer_policy slicer_affinity = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "affinity",
    .help = "one at a time, a quantum each; whoever is on the GPU already goes first, within limits",
    .source = "Squillante & Lazowska, IEEE TPDS 4(2), 1993 (cache affinity), within a slack",
    .when = "Where some fit together and others do not: a swap then serves several turns. Nobody waits longer than "
            "with rr by more than the slack for each turn that was put before. A choice looks at everybody who waits.",
    .param = params,
    .starves = "nobody: once it has waited for the slack, each other has at most one turn before it",
    .overtakes = overtakes,
    .rank = rank,
    .quantum = quantum,
};
