/* priority.c - one at a time, the greatest priority first; a greater one may stop a lesser one in mid-burst. */
#include "policies/bounds.h"
#include <math.h>

enum { PREEMPT, SWITCH_COST, HOLD };

static const struct gs_param params[] = {
    {"preempt", GS_BOOLEAN, "yes", 0, 0, NULL, "a greater priority stops a lesser one in the middle of its burst"},
    {"switch_cost", GS_TIME, "0s", 0, 3e17, NULL, "time lost when another workload than the last one runs"},
    {"hold", GS_NUMBER, "0", 0, 1e6, NULL,
     "the GPU is kept after a burst for so many times its own swap-in and swap-out"},
    GS_PARAM_END,
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

/* Kept for as long as coming back would cost, the GPU loses at most twice what it would with knowledge of the next
 * burst (ski rental).  Where all fit together there is nothing to come back from. */
static gs_ns linger(const struct gs_self *self, uint32_t workload)
{
    const struct gs_gpu *gpu = &self->view->gpu[self->view->workload[workload].gpu];

    if (gpu->attached_bytes <= gpu->capacity_bytes)
        return 0;
    double swaps_ns = gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
    return (gs_ns)fmin(self->param[HOLD].d * swaps_ns, 3e17);
}

static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    const struct gs_workload *all = self->view->workload;

    if (all[other].priority == all[waiting].priority)
        return bound_by_wish(self, waiting, other);
    return all[other].priority > all[waiting].priority ? bound_none() : bound_turns(0);
}

const struct gs_slicer_policy slicer_priority = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "priority",
    .help = "one at a time, the greatest priority first, preemptive unless told otherwise",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (head of the line, preemptive resume)",
    .when = "Where people wait for some workloads and not for others: notebooks and requests in front, training "
            "behind. With hold = 1 training does not come back between two cells run in a row. The least priority "
            "may starve.",
    .param = params,
    .starves = "lesser priorities, without bound; among equals only who asked before goes first",
    .overtakes = overtakes,
    .rank = rank,
    .preempts = preempts,
    .switch_cost = switch_cost,
    .linger = linger,
};
