/* run.c - what both kinds of slicers share: the queue, the way to memory, the grant and its end. */
#include "state.h"

void run_queue(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct lane *lane = &ctl->lane[w->gpu];

    w->queued_ns = ctl->view.now_ns;
    ctl->seat[workload].queued = true;
    if (ctl->by_wish)
        line_insert_by_wish(ctl, &lane->waiting, workload);
    else
        line_append(ctl, &lane->waiting, workload);
}

void run_leave_queue(struct controller *ctl, uint32_t workload)
{
    if (!ctl->seat[workload].queued)
        return;
    line_remove(ctl, &lane_of(ctl, workload)->waiting, workload);
    ctl->seat[workload].queued = false;
}

void run_refuse(struct controller *ctl, uint32_t workload, uint8_t reason)
{
    struct gs_workload *w = &ctl->workload[workload];

    run_leave_queue(ctl, workload);
    turns_release(ctl, workload);
    w->wants = false;
    w->since_ns = GS_NEVER;
    ctl->seat[workload].failures = 0;
    ctl->seat[workload].wait_reason = GS_BECAUSE_TURN;
    emit(ctl, GS_REJECT, workload, reason);
}

/* Try again from the end of the queue, a few times; then give the burst up. */
void run_again(struct controller *ctl, uint32_t workload)
{
    turns_release(ctl, workload);
    if (!ctl->workload[workload].wants)
        return;
    if (++ctl->seat[workload].failures >= FAILURES_MAX)
        run_refuse(ctl, workload, GS_BECAUSE_FAILURE);
    else
        run_queue(ctl, workload);
}

enum gs_when_full run_when_full(struct controller *ctl, uint32_t workload)
{
    const struct gs_cap_policy *cap = ctl->setup->policies.cap;
    int answer = cap->when_full == NULL ? (int)GS_FULL_BLOCK : (int)cap->when_full(&ctl->cap, workload);

    if (answer == (int)GS_FULL_BLOCK || answer == (int)GS_FULL_REJECT || answer == (int)GS_FULL_KILL)
        return (enum gs_when_full)answer;
    nonsense(ctl, GS_SLOT_CAP);
    return GS_FULL_BLOCK;
}

bool run_admits(struct controller *ctl, uint32_t workload)
{
    const struct gs_slicer_policy *slicer = ctl->setup->policies.slicer;

    return slicer->admits == NULL || slicer->admits(&ctl->slicer, workload);
}

enum run_try run_acquire(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    bool coming = w->state == GS_SWAPPING_IN;

    switch (memory_acquire(ctl, workload)) {
    case ACQUIRED:
        memory_settle(ctl, w->gpu);
        if (ctl->seat[workload].claiming)
            tell_wait(ctl, workload, GS_BECAUSE_VICTIMS);
        else if (coming)
            tell_wait(ctl, workload, GS_BECAUSE_AHEAD);
        return RUN_TAKEN;
    case ACQUIRE_LATER:
        tell_wait(ctl, workload, w->state == GS_SWAPPING_OUT ? GS_BECAUSE_VICTIMS : GS_BECAUSE_TURN);
        return RUN_BLOCKED;
    case ACQUIRE_CAP:
        if (run_when_full(ctl, workload) == GS_FULL_REJECT) {
            run_refuse(ctl, workload, GS_BECAUSE_CAP);
        } else {
            tell_wait(ctl, workload, GS_BECAUSE_CAP);
            ctl->lane[w->gpu].cap_blocked = true;
        }
        return RUN_PASSED;
    case ACQUIRE_NEVER:
        break;
    }
    run_refuse(ctl, workload, GS_BECAUSE_TOO_LARGE);
    return RUN_PASSED;
}

void run_schedule(struct controller *ctl, uint32_t gpu)
{
    if (ctl->shares)
        share_schedule(ctl, gpu);
    else
        turns_schedule(ctl, gpu);
}

void run_start(struct controller *ctl, uint32_t workload)
{
    const struct gs_slicer_policy *slicer = ctl->setup->policies.slicer;
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    if (!w->wants || (!ctl->shares && !w->holding))
        return; /* made resident for later */
    w->granted = true;
    w->granted_ns = ctl->view.now_ns;
    ctl->gpu[w->gpu].running++;
    seat->barred = false;
    seat->stays = 0;
    seat->wait_reason = GS_BECAUSE_TURN;
    seat->pinned_ns = GS_NEVER;
    if (w->state == GS_SWAPPING_IN)
        seat->soiled = true; /* what copy it has is needed until all of it is there */
    else if (w->has_host_copy || seat->cleaning)
        host_soil(ctl, workload);
    gs_ns delay_ns = ctl->shares ? 0 : turns_start(ctl, workload);
    seat->run_ns = ctl->view.now_ns + delay_ns;
    struct gs_command *command = emit(ctl, GS_RUN, workload, GS_BECAUSE_NOTHING);
    command->bytes = w->bytes;
    command->delay_ns = delay_ns;
    command->linger_ns =
        slicer->linger == NULL ? 0 : answer_time(ctl, GS_SLOT_SLICER, slicer->linger(&ctl->slicer, workload), 0);
    command->yield = ctl->by_wish;
}

void run_end(struct controller *ctl, uint32_t workload)
{
    const struct gs_slicer_policy *slicer = ctl->setup->policies.slicer;
    struct gs_workload *w = &ctl->workload[workload];

    if (w->granted) {
        gs_ns ran_ns = ctl->view.now_ns - ctl->seat[workload].run_ns;
        ran_ns = ran_ns > 0 ? ran_ns : 0; /* stopped before the switch was over */
        w->granted = false;
        w->last_use_ns = ctl->view.now_ns;
        w->burst_ns += ran_ns;
        w->used_ns += ran_ns;
        ctl->gpu[w->gpu].running--;
        if (slicer->ran != NULL)
            slicer->ran(&ctl->slicer, workload, ran_ns);
    }
    turns_release(ctl, workload);
}
