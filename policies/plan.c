/* plan.c - what the prefetch policy wants done with a workload while it is idle: write its copy, swap it out, bring it back. */
#include "state.h"

static gs_ns planned(struct controller *ctl, uint32_t workload,
                     gs_ns (*after)(const struct gs_self *self, uint32_t workload))
{
    if (after == NULL)
        return GS_NEVER;
    gs_ns wait = answer_time(ctl, GS_SLOT_PREFETCH, after(&ctl->prefetch, workload), GS_NEVER);
    return wait == GS_NEVER ? GS_NEVER : ctl->view.now_ns + wait;
}

static void arm(struct controller *ctl, uint32_t workload)
{
    const gs_ns *plan = ctl->seat[workload].plan_ns;
    gs_ns at = GS_NEVER;

    for (int i = 0; i < PLANS; i++)
        at = plan[i] < at ? plan[i] : at;
    if (at == GS_NEVER)
        return;
    struct gs_command *command = emit(ctl, GS_TIMER_SET, workload, GS_BECAUSE_IDLE);
    command->timer = ctl->view.gpus + workload;
    command->at_ns = at;
}

void plan_forget(struct controller *ctl, uint32_t workload)
{
    for (int i = 0; i < PLANS; i++)
        ctl->seat[workload].plan_ns[i] = GS_NEVER;
}

void plan_idle(struct controller *ctl, uint32_t workload)
{
    const struct gs_prefetch_policy *policy = ctl->setup->policies.prefetch;
    struct seat *seat = &ctl->seat[workload];
    uint8_t state = ctl->workload[workload].state;

    if (!ctl->plans)
        return;
    plan_forget(ctl, workload);
    if (state == GS_RESIDENT) {
        seat->plan_ns[PLAN_CLEAN] = planned(ctl, workload, policy->clean_after);
        seat->plan_ns[PLAN_LEAVE] = planned(ctl, workload, policy->leave_after);
    } else if (state == GS_HOST || state == GS_DISK) {
        seat->plan_ns[PLAN_RETURN] = planned(ctl, workload, policy->return_after);
    }
    arm(ctl, workload);
}

static bool may_move(const struct controller *ctl, uint32_t workload)
{
    return memory_swaps(ctl, ctl->workload[workload].gpu) && may_leave(&ctl->workload[workload], &ctl->seat[workload]);
}

static bool due(struct controller *ctl, uint32_t workload, enum plan plan)
{
    gs_ns *at = &ctl->seat[workload].plan_ns[plan];

    if (ctl->view.now_ns < *at)
        return false;
    *at = GS_NEVER;
    return true;
}

void plan_due(struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    if (w->wants || ctl->seat[workload].leaving)
        return; /* rang for an idle spell that is over */
    if (due(ctl, workload, PLAN_CLEAN) && may_move(ctl, workload) && w->state == GS_RESIDENT && !w->clean &&
        !ctl->seat[workload].cleaning)
        host_clean(ctl, workload);
    if (due(ctl, workload, PLAN_LEAVE) && may_move(ctl, workload)) {
        ctl->seat[workload].leave_bytes = w->gpu_bytes;
        if (host_book(ctl, workload, GS_NONE))
            memory_swap_out(ctl, workload, GS_NONE, GS_BECAUSE_IDLE);
    }
    if (due(ctl, workload, PLAN_RETURN))
        memory_bring(ctl, workload);
    if (w->state != GS_ABSENT)
        arm(ctl, workload);
}
