/* recorder.c - what each event and command means for the books. */
#include "sim/run/recorder_state.h"

/* --- commands --- */

static __attribute__((noinline)) void swap_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    struct watch *w = &rec->watch[c->workload];
    bool out = c->kind == GS_SWAP_OUT;

    rec->moved = true;
    recorder_gpu_until(rec, c->gpu, now_ns);
    rec->gpu[c->gpu].resident_bytes += out ? 0 : c->bytes - w->gpu_bytes;
    w->stay_bytes = out ? w->gpu_bytes - c->bytes : w->gpu_bytes;
    w->gpu_bytes = out ? w->gpu_bytes : c->bytes;
    w->gpu = c->gpu;
    if (out)
        recorder_evicted(rec, c, now_ns);
    recorder_moved(rec, c, now_ns);
    rows_state(rec, c->workload, out ? GS_SWAPPING_OUT : GS_SWAPPING_IN, now_ns);
    if (!out && rec->watch[c->workload].pending > 0 && c->reason != GS_BECAUSE_AHEAD)
        set_phase(rec, c->workload, gs_by_disk(c->reason) ? STALL_COLD : STALL_SWAP_IN, now_ns);
}

static void clean_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    rec->moved = true;
    recorder_moved(rec, c, now_ns);
}

static __attribute__((noinline)) void wait_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    struct watch *w = &rec->watch[c->workload];
    int phase = c->reason == GS_BECAUSE_CAP       ? STALL_CAP
                : c->reason == GS_BECAUSE_AHEAD   ? STALL_SWAP_IN
                : c->reason == GS_BECAUSE_VICTIMS ? STALL_SWAP_OUT
                                                  : waiting_phase(w);

    if (c->reason == GS_BECAUSE_CAP && !w->capped) { /* once a burst, however often it is tried again */
        w->capped = true;
        rec->tally.node[rec->setup.view->workload[c->workload].node].refused_bytes +=
            rec->setup.view->workload[c->workload].bytes;
    }
    if (w->pending > 0)
        set_phase(rec, c->workload, phase, now_ns);
}

static __attribute__((noinline)) void kill_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    struct group_tally *g = group_of(rec, &rec->watch[c->workload]);

    rec->moved = true;
    rec->bounded &= c->reason == GS_BECAUSE_MOVED; /* else a job may begin again: its arrivals depend on the policy */
    if (now_ns >= rec->setup.warmup_ns)
        *(c->reason == GS_BECAUSE_MOVED ? &g->migrations : &g->oom_kills) += 1;
    rows_running(rec, c->workload, false, now_ns);
}

/* Refused for want of room in the swap file: that counts there, too. */
static void reject_command(struct recorder *rec, const struct gs_command *c)
{
    const struct gs_workload *w = &rec->setup.view->workload[c->workload];

    if (c->reason == GS_BECAUSE_CAP && w->node != GS_NONE)
        rec->tally.node[w->node].refused_bytes += w->bytes;
}

static __attribute__((noinline)) void hold_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    const struct gs_workload *w = &rec->setup.view->workload[c->workload];

    rec->watch[c->workload].base_bytes = c->bytes;
    if (w->state == GS_RESIDENT && !w->granted && !w->wants && w->bytes <= c->bytes) /* not while its copy is written */
        recorder_shrunk(rec, c->workload, now_ns);
}

static void run_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    struct watch *w = &rec->watch[c->workload];

    rec->lingering |= c->linger_ns > 0;
    set_phase(rec, c->workload, c->delay_ns > 0 ? PHASE_SWITCH : PHASE_RUN, now_ns);
    w->switched_ns = now_ns + c->delay_ns;
    if (c->bytes != w->gpu_bytes) {
        recorder_gpu_until(rec, c->gpu, now_ns);
        rec->gpu[c->gpu].resident_bytes += c->bytes - w->gpu_bytes;
        w->gpu_bytes = c->bytes;
    }
    if (rec->rows.bursts)
        rows_running(rec, c->workload, true, now_ns);
}

static __attribute__((noinline)) void place_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    recorder_placed(rec, c->gpu, now_ns);
    struct watch *w = &rec->watch[c->workload];
    w->sums = recorder_sums(rec, rec->setup.view->gpu[c->gpu].node) + w->group;
    if (c->reason == GS_BECAUSE_MOVED)
        return;
    w->attached_ns = now_ns;
    w->left = w->refused = false; /* that was another program, which had its place before */
}

void recorder_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    if (c->kind == GS_RUN)
        run_command(rec, c, now_ns);
    else if (c->kind == GS_SWAP_IN || c->kind == GS_SWAP_OUT)
        swap_command(rec, c, now_ns);
    else if (c->kind == GS_CLEAN)
        clean_command(rec, c, now_ns);
    else if (c->kind == GS_DROP)
        rec->moved |= c->reason == GS_BECAUSE_SPILL; /* off the file, whether or not somebody moves */
    else if (c->kind == GS_WAIT)
        wait_command(rec, c, now_ns);
    else if (c->kind == GS_REJECT)
        reject_command(rec, c);
    else if (c->kind == GS_KILL)
        kill_command(rec, c, now_ns);
    else if (c->kind == GS_PLACE)
        place_command(rec, c, now_ns);
    else if (c->kind == GS_HOLD)
        hold_command(rec, c, now_ns);
}

/* --- events --- */

static void left_while_cleaning(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    if (rec->setup.view->workload[workload].state == GS_ABSENT)
        recorder_left_gpu(rec, workload, 0, now_ns);
}

/* The state that an event leaves behind, before the commands that follow from it. */
static __attribute__((noinline)) void rare_event(struct recorder *rec, const struct gs_event *e)
{
    uint32_t id = e->workload;
    uint8_t state;

    switch (e->kind) {
    case GS_DONE:
        rec->tally.events++;
        if (e->command == GS_STOP) {
            bool wants = e->since_ns != GS_NEVER, cut_short = wants && e->bytes == 0;
            rec->watch[id].stopped = cut_short;
            rec->watch[id].stopped_ns = e->at_ns;
            if (!cut_short)
                recorder_shrunk(rec, id, e->at_ns);
            set_phase(rec, id, cut_short ? STALL_PREEMPTED : wants ? STALL_QUEUE : PHASE_AWAY, e->at_ns);
            rows_running(rec, id, false, e->at_ns);
        } else if (e->command == GS_SWAP_OUT) {
            state = rec->setup.view->workload[id].state; /* absent: the rest of it went, too */
            recorder_left_gpu(rec, id, state == GS_ABSENT ? 0 : rec->watch[id].stay_bytes, e->at_ns);
        } else if (e->command == GS_KILL) {
            recorder_left_gpu(rec, id, 0, e->at_ns);
        } else if (e->command == GS_CLEAN) {
            left_while_cleaning(rec, id, e->at_ns);
        } else if (e->command == GS_SWAP_IN) {
            state = rec->setup.view->workload[id].state;
            if (rec->watch[id].pending > 0 && rec->watch[id].phase < PHASE_RUN) /* else it runs already */
                set_phase(rec, id, waiting_phase(&rec->watch[id]), e->at_ns);
            if (state == GS_ABSENT)
                recorder_left_gpu(rec, id, 0, e->at_ns);
            else
                rows_state(rec, id, GS_RESIDENT, e->at_ns);
        }
        break;
    case GS_FAILED:
        rec->tally.events++;
        if (e->command == GS_SWAP_IN)
            recorder_left_gpu(rec, id, rec->watch[id].stay_bytes, e->at_ns);
        else if (e->command == GS_SWAP_OUT && rec->setup.view->workload[id].state != GS_ABSENT)
            rows_state(rec, id, GS_RESIDENT, e->at_ns);
        else /* it left meanwhile, with all that it had there */
            left_while_cleaning(rec, id, e->at_ns);
        break;
    case GS_ATTACH:
        group_of(rec, &rec->watch[id])->workloads += rec->setup.scenario->served;
        break;
    case GS_DETACH:
        state = rec->setup.view->workload[id].state;
        if (state == GS_ABSENT)
            recorder_left_gpu(rec, id, 0, e->at_ns);
        rec->watch[id].left_ns = e->at_ns;
        rec->watch[id].left = true;
        if (rec->setup.scenario->served)
            recorder_left_place(rec, id);
        break;
    case GS_TIMER:
        rec->tally.events++;
        break;
    default:
        break;
    }
}

static inline void event_seen(struct recorder *rec, const struct gs_event *e)
{
    if (e->kind == GS_WANT)
        return;
    if (e->kind != GS_IDLE) {
        rare_event(rec, e);
        return;
    }
    struct watch *w = &rec->watch[e->workload];
    if (w->gpu_bytes > w->base_bytes)
        recorder_shrunk(rec, e->workload, e->at_ns);
    set_phase(rec, e->workload, w->pending > 0 ? STALL_QUEUE : PHASE_AWAY, e->at_ns);
    if (rec->rows.bursts)
        rows_running(rec, e->workload, false, e->at_ns);
}

/* --- the clock --- */

/* The end of the warm-up: forget what was summed, keep what is going on. */
static void warm_up_over(struct recorder *rec)
{
    gs_ns at = rec->setup.warmup_ns;

    rec->warm = true;
    for (uint32_t i = 0; i < rec->tally.gpus; i++) {
        recorder_gpu_until(rec, i, at);
        rec->tally.gpu[i] = (struct gpu_tally){0};
        rec->setup.ops->usage(rec->setup.backend, i, &rec->gpu[i].before);
    }
    for (uint32_t i = 0; i < rec->tally.nodes; i++) {
        recorder_node_until(rec, i, at);
        rec->tally.node[i] = (struct node_tally){.peak_bytes = rec->node[i].used_bytes};
    }
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++)
        rec->watch[i].lost_before_ns = recorder_lost_ns(rec, i, at);
}

static void set_mark(struct recorder *rec)
{
    gs_ns sample = series_next_sample_ns(rec);

    rec->mark_ns = !rec->warm && rec->setup.warmup_ns < sample ? rec->setup.warmup_ns : sample;
}

const struct tally *recorder_counted(const struct recorder *rec)
{
    return &rec->tally;
}

gs_ns recorder_mark_ns(const struct recorder *rec)
{
    return rec->mark_ns;
}

void recorder_until(struct recorder *rec, gs_ns at_ns)
{
    if (at_ns < rec->mark_ns)
        return;
    if (!rec->warm && at_ns >= rec->setup.warmup_ns)
        warm_up_over(rec);
    if (at_ns >= series_next_sample_ns(rec))
        series_sample(rec, at_ns);
    set_mark(rec);
}

int recorder_event(struct recorder *rec, const struct gs_event *event, const struct gs_commands *commands,
                   struct error *err)
{
    rec->moved = event->kind != GS_WANT && event->kind != GS_IDLE;
    event_seen(rec, event);
    if (!rec->rows.bursts && !rec->out_of_memory)
        return GS_OK;
    if (rec->rows.events)
        rows_event(rec, event, commands);
    return rows_flush_if_full(rec, err);
}

void recorder_settle(struct recorder *rec, const struct gs_event *event)
{
    if (!rec->moved)
        return;
    uint32_t workload = event->kind == GS_TIMER ? event->timer - rec->tally.gpus : event->workload;
    if (workload < rec->setup.setup->workloads && rec->setup.view->workload[workload].node != GS_NONE)
        recorder_node_changed(rec, rec->setup.view->workload[workload].node, event->at_ns);
}
