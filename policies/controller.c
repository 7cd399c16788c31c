/* controller.c - an event goes in, commands come out: the dispatch. */
#include "state.h"

#include <assert.h>
#include <string.h>

struct gs_command *emit(struct controller *ctl, uint8_t kind, uint32_t workload, uint8_t reason)
{
    /* The buffer holds every command that one step can give; the last place takes what would be one of our bugs. */
    assert(ctl->out.count < ctl->commands_max - 1);
    uint32_t at = ctl->out.count < ctl->commands_max - 1 ? ctl->out.count++ : ctl->commands_max - 1;
    struct gs_command *command = &ctl->out.item[at];

    memset(command, 0, sizeof *command);
    command->kind = kind;
    command->reason = reason;
    command->workload = workload;
    command->requester = GS_NONE;
    command->timer = GS_NONE;
    command->gpu = workload == GS_NONE ? GS_NONE : ctl->workload[workload].gpu;
    return command;
}

void tell_wait(struct controller *ctl, uint32_t workload, uint8_t reason)
{
    struct seat *seat = &ctl->seat[workload];

    if (seat->wait_reason == reason)
        return;
    seat->wait_reason = reason;
    emit(ctl, GS_WAIT, workload, reason);
}

static void tell_wish(struct controller *ctl, uint32_t workload)
{
    const struct gs_policies *p = &ctl->setup->policies;

    if (p->victim->wanted != NULL)
        p->victim->wanted(&ctl->victim, workload);
    if (p->slicer->wanted != NULL)
        p->slicer->wanted(&ctl->slicer, workload);
    if (p->prefetch->wanted != NULL)
        p->prefetch->wanted(&ctl->prefetch, workload);
}

static void tell_swapped(struct controller *ctl, uint32_t workload)
{
    const struct gs_slicer_policy *slicer = ctl->setup->policies.slicer;

    if (slicer->swapped != NULL)
        slicer->swapped(&ctl->slicer, workload);
}

/* Its next burst waits since `since_ns`, for `bytes`. */
static void begin_want(struct controller *ctl, uint32_t workload, gs_ns since_ns, int64_t bytes)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    w->wants = true;
    w->since_ns = since_ns;
    seat->want_bytes = bytes;
    seat->wait_reason = GS_BECAUSE_TURN;
    seat->failures = 0;
    plan_forget(ctl, workload);
    w->burst_ns = 0;
    tell_wish(ctl, workload);
    if (bytes != w->base_bytes && bytes > memory_ceiling(ctl, workload))
        run_refuse(ctl, workload, GS_BECAUSE_TOO_LARGE);
    else if (ctl->shares && fits(ctl, workload) && lane_of(ctl, workload)->waiting.head == GS_NONE)
        run_start(ctl, workload); /* nobody to stand behind */
    else
        run_queue(ctl, workload);
}

static void want(struct controller *ctl, const struct gs_event *event)
{
    const struct gs_workload *w = &ctl->workload[event->workload];

    if (w->state != GS_ABSENT && !w->wants && !ctl->seat[event->workload].leaving)
        begin_want(ctl, event->workload, event->since_ns, event->bytes);
}

static void idle(struct controller *ctl, uint32_t workload, gs_ns since_ns, int64_t bytes)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (!w->granted)
        return;
    ctl->seat[workload].stopping = false; /* it may have been told to stop here */
    run_end(ctl, workload);
    w->wants = false;
    w->since_ns = GS_NEVER;
    w->last_end_ns = ctl->view.now_ns;
    w->turns++;
    if (w->state == GS_RESIDENT) /* else the rest of it is still on its way */
        memory_shrink(ctl, workload);
    if (lane_of(ctl, workload)->claims.head != GS_NONE)
        memory_settle(ctl, w->gpu);
    if (since_ns != GS_NEVER)
        begin_want(ctl, workload, since_ns, bytes);
    else
        plan_idle(ctl, workload);
}

static void stopped(struct controller *ctl, const struct gs_event *event)
{
    struct gs_workload *w = &ctl->workload[event->workload];
    struct seat *seat = &ctl->seat[event->workload];

    if (!seat->stopping)
        return;
    seat->stopping = false;
    if (event->since_ns == GS_NEVER || event->bytes != 0) {
        idle(ctl, event->workload, event->since_ns, event->bytes);
    } else if (w->granted) {
        run_end(ctl, event->workload);
        w->since_ns = event->since_ns;
        run_queue(ctl, event->workload);
    }
}

/* What has come in so far is enough to begin with. */
static __attribute__((noinline)) void ready(struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    if (w->state == GS_SWAPPING_IN && !ctl->seat[workload].queued && !w->granted)
        run_start(ctl, workload);
}

static void came_in(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    w->state = GS_RESIDENT;
    w->resident_ns = ctl->view.now_ns;
    ctl->seat[workload].failures = 0;
    ctl->seat[workload].spilled = false;
    tell_swapped(ctl, workload);
    if (!w->keeps_host_copy)
        host_leave(ctl, workload);
    else if (ctl->seat[workload].lent_bytes > 0 || ctl->seat[workload].borrowed_bytes > 0)
        host_drop(ctl, workload, GS_BECAUSE_CAP);
    w->clean = w->has_host_copy && !ctl->seat[workload].soiled;
    ctl->seat[workload].soiled = false;
    if (ctl->seat[workload].leaving) {
        detach_moved(ctl, workload);
        return;
    }
    if (!w->wants && w->bytes > w->base_bytes)
        memory_resize(ctl, workload, w->base_bytes); /* it shrank on its way */
    if (ctl->setup->policies.victim->swapped_in != NULL)
        ctl->setup->policies.victim->swapped_in(&ctl->victim, workload);
    if (!ctl->seat[workload].queued && !w->granted)
        run_start(ctl, workload); /* it was brought in to run; else its turn may come now */
    if (!w->wants)
        plan_idle(ctl, workload);
}

static void went_out(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    int64_t left = ctl->seat[workload].leave_bytes;

    ctl->lane[w->gpu].freeing_bytes -= left;
    ctl->gpu[w->gpu].free_bytes += left;
    w->gpu_bytes -= left;
    if (w->gpu_bytes == 0)
        memory_vacate(ctl, workload);
    ctl->seat[workload].booked_bytes = 0;
    ctl->seat[workload].booked = false;
    tell_swapped(ctl, workload);
    if (ctl->seat[workload].to_disk)
        host_leave(ctl, workload);
    else
        w->has_host_copy = w->gpu_bytes == 0;
    w->clean = false;
    ctl->seat[workload].spilled = ctl->seat[workload].to_disk && !ctl->setup->workload[workload].stops;
    w->state = ctl->seat[workload].to_disk ? GS_DISK : GS_HOST;
    ctl->seat[workload].to_disk = false;
    if (!w->wants)
        memory_shrink(ctl, workload);
    if (!w->wants && !ctl->seat[workload].leaving)
        plan_idle(ctl, workload);
    if (ctl->seat[workload].leaving)
        detach_moved(ctl, workload);
    else
        memory_settle(ctl, w->gpu);
}

/* It does not leave after all. */
static void stay(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    ctl->lane[w->gpu].freeing_bytes -= ctl->seat[workload].leave_bytes;
    host_unbook(ctl, workload);
    ctl->room_freed = true;
    ctl->seat[workload].deferred = false;
    memory_undo_swap(ctl, workload);
    w->state = w->gpu_bytes == w->bytes ? GS_RESIDENT : GS_HOST;
}

static void swap_out_failed(struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    stay(ctl, workload);
    ctl->seat[workload].barred = ctl->lane[w->gpu].barred = true;
    if (ctl->setup->policies.victim->kept != NULL)
        ctl->setup->policies.victim->kept(&ctl->victim, workload);
    if (ctl->seat[workload].stays < FAILURES_MAX)
        ctl->seat[workload].stays++;
    if (ctl->seat[workload].leaving) {
        detach_moved(ctl, workload);
        return;
    }
    memory_repair(ctl, w->gpu);
    memory_retract(ctl, w->gpu);
}

static void kill_failed(struct controller *ctl, uint32_t workload)
{
    ctl->seat[workload].dying = false;
    swap_out_failed(ctl, workload);
}

static void swap_in_failed(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    int64_t part = ctl->seat[workload].part_bytes;
    bool away = w->has_host_copy || part > 0;

    ctl->seat[workload].soiled = ctl->seat[workload].stopping = false;
    if (w->granted)
        run_end(ctl, workload);

    ctl->gpu[w->gpu].free_bytes += w->gpu_bytes - part;
    w->gpu_bytes = part;
    if (part == 0)
        memory_vacate(ctl, workload);
    host_call_in(ctl, workload);
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    w->bytes = away ? w->host_bytes + part + spec->drop_bytes : w->base_bytes;
    bool on_disk = ctl->seat[workload].spilled || spec->initial == GS_DISK || (spec->stops && spec->initial != GS_NEW);
    memory_undo_swap(ctl, workload);
    w->state = away ? GS_HOST : on_disk ? GS_DISK : GS_NEW;
    if (ctl->seat[workload].leaving)
        detach_moved(ctl, workload);
    else if (ctl->seat[workload].queued)
        ctl->seat[workload].failures++; /* it was brought ahead: not again, before its turn */
    else
        run_again(ctl, workload);
    memory_settle(ctl, w->gpu);
}

static bool comes(const struct controller *ctl, uint32_t workload)
{
    return workload != GS_NONE && (ctl->seat[workload].claiming || ctl->workload[workload].state == GS_SWAPPING_IN);
}

/* The copy of a resident workload is written, or could not be. */
static void cleaned(struct controller *ctl, uint32_t workload, bool ok)
{
    const struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    host_cleaned(ctl, workload, ok);
    if (seat->leaving) { /* its memory comes free as it is: nobody needs a swap-out */
        if (seat->deferred)
            stay(ctl, workload);
        detach_moved(ctl, workload);
        return;
    }
    if (seat->deferred && !ok) {
        host_unbook(ctl, workload);
        seat->deferred = host_book(ctl, workload, comes(ctl, seat->requester) ? seat->requester : GS_NONE);
        if (!seat->deferred) {
            swap_out_failed(ctl, workload);
            return;
        }
    }
    if (seat->deferred)
        memory_send_out(ctl, workload);
    else if (!w->wants && w->bytes > w->base_bytes)
        memory_resize(ctl, workload, w->base_bytes); /* it shrank meanwhile */
}

/* Not inlined, as the rest of the rare: the common step then saves fewer registers. */
static __attribute__((noinline)) void completed(struct controller *ctl, const struct gs_event *event)
{
    bool ok = event->kind == GS_DONE;
    uint8_t state = ctl->workload[event->workload].state;

    if (event->command == GS_STOP)
        stopped(ctl, event);
    else if (event->command == GS_SWAP_IN && state == GS_SWAPPING_IN)
        (ok ? came_in : swap_in_failed)(ctl, event->workload);
    else if (event->command == GS_SWAP_OUT && state == GS_SWAPPING_OUT && !ctl->seat[event->workload].dying)
        (ok ? went_out : swap_out_failed)(ctl, event->workload);
    else if (event->command == GS_KILL && ctl->seat[event->workload].dying)
        (ok ? kill_done : kill_failed)(ctl, event->workload);
    else if (event->command == GS_CLEAN && ctl->seat[event->workload].cleaning)
        cleaned(ctl, event->workload, ok);
}

static __attribute__((noinline)) void change(struct controller *ctl, const struct gs_event *event)
{
    struct gs_workload *w = &ctl->workload[event->workload];

    if (w->state == GS_ABSENT || ctl->seat[event->workload].leaving)
        return;
    if (event->kind == GS_RESIZE)
        memory_resize(ctl, event->workload, event->bytes);
    else if (event->command == GS_FIELD_PRIORITY)
        w->priority = (uint8_t)event->bytes;
    else if (event->command == GS_FIELD_SWAPPABLE)
        w->swappable = event->bytes != 0;
    else if (event->command == GS_FIELD_LIMIT)
        ctl->seat[event->workload].limit = (double)event->bytes / 1e6;
}

/* Room in the swap file of a node came free: let those try that wait for it. */
static __attribute__((noinline)) void wake_node(struct controller *ctl, uint32_t node)
{
    const struct gs_node *n = &ctl->node[node];

    ctl->room_freed = false;
    for (uint32_t gpu = n->first_gpu; gpu < n->first_gpu + n->gpus; gpu++) {
        if (!ctl->lane[gpu].cap_blocked)
            continue;
        ctl->lane[gpu].cap_blocked = false;
        run_schedule(ctl, gpu);
    }
}

const struct gs_commands *controller_step(struct controller *ctl, const struct gs_event *event)
{
    bool of_gpu = event->kind == GS_TIMER && event->timer < ctl->view.gpus;
    uint32_t workload = of_gpu ? GS_NONE : event->kind == GS_TIMER ? event->timer - ctl->view.gpus : event->workload;

    ctl->view.now_ns = event->at_ns;
    ctl->out.count = ctl->out.candidates = 0;
    switch (event->kind) {
    case GS_ATTACH:
        attach(ctl, workload);
        break;
    case GS_DETACH:
        detach(ctl, workload);
        break;
    case GS_WANT:
        want(ctl, event);
        break;
    case GS_IDLE:
        idle(ctl, workload, event->since_ns, event->bytes);
        break;
    case GS_DONE:
    case GS_FAILED:
        completed(ctl, event);
        break;
    case GS_RESIZE:
    case GS_UPDATE:
        change(ctl, event);
        break;
    case GS_READY:
        ready(ctl, workload);
        break;
    case GS_TIMER:
        if (of_gpu)
            turns_expire(ctl, event->timer);
        else
            plan_due(ctl, workload);
        break;
    default:
        break;
    }
    uint32_t gpu = of_gpu ? event->timer : ctl->workload[workload].gpu;
    if (gpu != GS_NONE) {
        if (ctl->lane[gpu].overdrawn)
            memory_repair(ctl, gpu);
        if (ctl->lane[gpu].waiting.head != GS_NONE)
            run_schedule(ctl, gpu);
        if (ctl->room_freed)
            wake_node(ctl, ctl->gpu[gpu].node);
    }
    return &ctl->out;
}

const struct gs_view *controller_view(const struct controller *ctl)
{
    return &ctl->view;
}
