/* recorder.c - charge every nanosecond of every burst to a cause, and check that the sums come out even. */
#include "sim/run/recorder_state.h"

#include <string.h>

/* --- phases: why a workload is not running --- */

static gs_ns held_ns(struct recorder *rec, uint32_t workload)
{
    uint32_t gpu = rec->setup.view->workload[workload].gpu;
    struct gpu_usage usage;

    if (!rec->lingering || gpu == GS_NONE)
        return 0;
    rec->setup.ops->usage(rec->setup.backend, gpu, &usage);
    return usage.held_ns;
}

/* Charge the time since the last change to the present phase.  While others kept a GPU that they did not use, waiting for a
 * turn was waiting for that to be noticed. */
static __attribute__((noinline)) void charge_stall(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];
    gs_ns spent = now_ns - w->phase_ns, held = 0;

    w->stalled = true;
    if (w->phase == PHASE_SWITCH) {
        w->stall_ns[STALL_SWAP_IN] += (now_ns < w->switched_ns ? now_ns : w->switched_ns) - w->phase_ns;
        w->phase = now_ns >= w->switched_ns ? PHASE_RUN : PHASE_SWITCH;
        return;
    }
    if (rec->lingering && (w->phase == STALL_QUEUE || w->phase == STALL_PREEMPTED)) {
        gs_ns clock = held_ns(rec, workload);
        held = clock - w->held_ns < spent ? clock - w->held_ns : spent;
        w->held_ns = clock;
    }
    w->stall_ns[STALL_DETECT] += held;
    if (w->phase != STALL_QUEUE)
        w->stall_ns[w->phase] += spent - held;
}

static inline void charge(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    if (now_ns != w->phase_ns && w->phase != PHASE_RUN && w->phase != PHASE_AWAY &&
        (w->phase != STALL_QUEUE || rec->lingering))
        charge_stall(rec, workload, now_ns);
    w->phase_ns = now_ns;
}

static inline void set_phase(struct recorder *rec, uint32_t workload, int phase, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    charge(rec, workload, now_ns);
    w->phase = (uint8_t)phase;
    if (rec->lingering && (phase == STALL_QUEUE || phase == STALL_PREEMPTED))
        w->held_ns = held_ns(rec, workload);
}

/* Waiting for a turn: its first, or after it was stopped. */
static int waiting_phase(const struct watch *w)
{
    return w->stopped ? STALL_PREEMPTED : STALL_QUEUE;
}

/* Stalls are counted from when the workload last had nothing to do; most bursts have none but queueing. */
static void note_stalls(struct watch *w, struct job *job)
{
    if (w->stalled && w->pending == 0) {
        memset(w->stall_ns, 0, sizeof w->stall_ns);
        w->stalled = false;
    }
    job->unstalled = !w->stalled;
    if (w->stalled)
        memcpy(job->stall_ns, w->stall_ns, sizeof job->stall_ns);
}

static uint32_t width_of(const struct recorder *rec, uint32_t workload)
{
    uint32_t gpus = rec->setup.setup->workload[workload].gpus;

    return gpus > 1 ? gpus : 1;
}

void recorder_ready(struct recorder *rec, struct job *job)
{
    struct watch *w = &rec->watch[job->workload];
    uint8_t state = rec->setup.view->workload[job->workload].state;

    rec->tally.events++;
    job->served = state == GS_DISK                               ? SERVED_COLD
                  : state == GS_HOST || state == GS_SWAPPING_OUT ? SERVED_WARM
                                                                 : SERVED_HOT;
    if (w->pending == 0 && w->phase == PHASE_AWAY)
        set_phase(rec, job->workload, STALL_QUEUE, job->ready_ns);
    else
        charge(rec, job->workload, job->ready_ns);
    note_stalls(w, job);
    w->in_system_ns += (uint64_t)(job->ready_ns - w->pending_ns) * w->pending;
    w->pending_ns = job->ready_ns;
    w->pending++;
    w->job = job;
    if (job->ready_ns <= w->premature_by_ns) {
        group_of(rec, w)->evicted_premature++;
        w->premature_by_ns = -1;
    }
    if (job->ready_ns < rec->setup.warmup_ns)
        return;
    w->arrived++;
    if (rec->bounded)
        job->ticket = bound_arrive(&rec->bound, job->ready_ns, job->work_ns, width_of(rec, job->workload));
}

/* What remains of the response when work and the known causes are taken off is time for which others had the GPU. */
static void split(struct recorder *rec, const struct job *job, gs_ns response_ns, gs_ns alone_ns,
                  gs_ns stall_ns[STALLS])
{
    const struct watch *w = &rec->watch[job->workload];
    gs_ns rest = response_ns - alone_ns;

    memset(stall_ns, 0, STALLS * sizeof *stall_ns);
    for (int s = 0; w->stalled && s < STALLS; s++) {
        stall_ns[s] = w->stall_ns[s] - (job->unstalled ? 0 : job->stall_ns[s]);
        rest -= stall_ns[s];
        if (stall_ns[s] < 0)
            rec->unbalanced = "a cause took off from a burst's delay";
    }
    stall_ns[STALL_QUEUE] = rest;
    if (rest < 0)
        rec->unbalanced = "the causes of a burst's delay add up to more than the delay";
}

static void count_done(struct recorder *rec, struct watch *w, const struct job *job, gs_ns response_ns,
                       const gs_ns *stall_ns)
{
    struct group_tally *g = group_of(rec, w);
    struct group_sums *sums = w->sums;
    double slowdown = job->alone_ns > 0 ? (double)response_ns / (double)job->alone_ns : 1.0;

    w->done++;
    g->completed++;
    g->served[job->served]++;
    sums->served_bytes[job->served] += (double)job->bytes;
    sums->response_ns += (double)response_ns;
    sums->alone_ns += (double)job->alone_ns;
    if (w->stalled)
        for (int s = STALL_QUEUE + 1; s < STALLS; s++)
            sums->stall_ns[s] += (double)stall_ns[s];
    sums->stall_ns[STALL_QUEUE] += (double)stall_ns[STALL_QUEUE];
    if (!sketch_add(&g->response, (uint64_t)response_ns) ||
        !sketch_add(&g->slowdown, (uint64_t)(int64_t)(slowdown < 0x1p40 ? slowdown * SLOWDOWN_ONE + 0.5 : 0x1p60)))
        rec->out_of_memory = true;
    if (g->batches != NULL)
        batches_add(g->batches, (uint64_t)response_ns);
    if (g->promised && !sketch_add(&g->alone, (uint64_t)job->alone_ns))
        rec->out_of_memory = true;
}

/* Of those that ended, and of those that still may: the first token of what was refused or killed is worth nothing. */
static void count_token(struct recorder *rec, struct group_tally *g, const struct job *job, gs_ns at_ns)
{
    bool told = job->first_ns >= 0;

    if ((told || job->token_ns > 0) &&
        !sketch_add(told ? &g->ttft : &g->untold, (uint64_t)((told ? job->first_ns : at_ns) - job->ready_ns)))
        rec->out_of_memory = true;
}

static void count_lost(struct group_tally *g, enum outcome outcome)
{
    g->rejected += outcome == OUTCOME_REJECTED;
    g->oom_kills += outcome == OUTCOME_OOM;
    g->lost += outcome == OUTCOME_OOM || outcome == OUTCOME_KILLED;
    g->censored += outcome == OUTCOME_CENSORED;
}

static void end_of_work(struct watch *w, gs_ns at_ns)
{
    w->in_system_ns += (uint64_t)(at_ns - w->pending_ns) * w->pending;
    w->pending_ns = at_ns;
    w->pending--;
}

/* By the GPU's clock it had worked for longer than ours says there was time: no two clocks go alike.  What counts is ours. */
static gs_ns by_our_clock(const struct recorder *rec, const struct job *job, gs_ns response_ns, gs_ns alone_ns)
{
    const struct watch *w = &rec->watch[job->workload];

    for (int s = 0; w->stalled && s < STALLS; s++)
        response_ns -= w->stall_ns[s] - (job->unstalled ? 0 : job->stall_ns[s]);
    return response_ns < 0 ? 0 : response_ns < alone_ns ? response_ns : alone_ns;
}

void recorder_ended(struct recorder *rec, struct job *job, gs_ns at_ns, enum outcome outcome)
{
    struct watch *w = &rec->watch[job->workload];
    bool done = outcome == OUTCOME_DONE;
    gs_ns response_ns = at_ns - job->ready_ns, alone_ns = done ? job->alone_ns : job->done_ns;
    gs_ns stall_ns[STALLS];

    charge(rec, job->workload, at_ns);
    if (rec->setup.is_live)
        *(done ? &job->alone_ns : &job->done_ns) = alone_ns = by_our_clock(rec, job, response_ns, alone_ns);
    split(rec, job, response_ns, alone_ns, stall_ns);
    w->lost_ns += (double)(response_ns - alone_ns);
    w->response_ns += (uint64_t)response_ns;
    if (outcome == OUTCOME_CENSORED)
        recorder_unended(rec, job, at_ns, stall_ns);
    end_of_work(w, at_ns);
    if (w->pending == 0)
        w->phase = done ? PHASE_RUN : PHASE_AWAY;
    w->stopped = w->capped = false;
    if (done) {
        rec->tally.events++;
        if (rec->setup.mser != NULL)
            mser_add(rec->setup.mser, at_ns, (double)response_ns);
        if (rec->setup.part != NULL && rec->setup.part->ends)
            part_ended(rec, w->group, at_ns, response_ns, job->ready_ns >= rec->setup.warmup_ns);
    }
    if (job->ready_ns < rec->setup.warmup_ns)
        return;
    if (rec->bounded)
        bound_settle(&rec->bound, job->ticket, done);
    if (done)
        count_done(rec, w, job, response_ns, stall_ns);
    else
        count_lost(group_of(rec, w), outcome);
    if (done || outcome == OUTCOME_CENSORED)
        count_token(rec, group_of(rec, w), job, at_ns);
    if (rec->rows.bursts)
        rows_burst(rec, job, at_ns, alone_ns, stall_ns, outcome);
}

/* --- events and commands --- */

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
    if (c->reason != GS_BECAUSE_MOVED)
        w->attached_ns = now_ns;
}

void recorder_command(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    if (c->kind == GS_RUN)
        run_command(rec, c, now_ns);
    else if (c->kind == GS_SWAP_IN || c->kind == GS_SWAP_OUT)
        swap_command(rec, c, now_ns);
    else if (c->kind == GS_CLEAN)
        clean_command(rec, c, now_ns);
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
    case GS_DETACH:
        state = rec->setup.view->workload[id].state;
        if (state == GS_ABSENT)
            recorder_left_gpu(rec, id, 0, e->at_ns);
        rec->watch[id].left_ns = e->at_ns;
        rec->watch[id].left = true;
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
