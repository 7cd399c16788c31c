/* priority.c - one at a time, the greatest priority first; a greater one may stop a lesser one in mid-burst. */
#include "policies/policy.h"

enum { PREEMPT, SWITCH_COST };

static const struct gs_param params[] = {
    {"preempt", GS_BOOLEAN, "yes", 0, 0, NULL, "a greater priority stops a lesser one in the middle of its burst"},
    {"switch_cost", GS_TIME, "0s", 0, 1e18, NULL, "time lost when another workload than the last one runs"},
    {NULL, GS_TIME, NULL, 0, 0, NULL, NULL},
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    return -(double)self->view->workload[workload].priority;
}

static bool preempts(const struct gs_self *self, uint32_t holder, uint32_t newcomer)
{
    const struct gs_workload *workload = self->view->workload;

    return self->param[PREEMPT].i != 0 && workload[newcomer].priority > workload[holder].priority;
}

static gs_ns switch_cost(const struct gs_self *self)
{
    return self->param[SWITCH_COST].i;
}

const struct gs_slicer_policy slicer_priority = {
    .abi = GS_POLICY_ABI,
    .name = "priority",
    .help = "one at a time, the greatest priority first, preemptive unless told otherwise",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (head of the line, preemptive resume)",
    .param = params,
    .rank = rank,
    .preempts = preempts,
    .switch_cost = switch_cost,
};
