/* replay.c - workloads that do what a trace recorded.
 *
 * In a closed loop a burst becomes ready its recorded think time after the one before it ended here, so a slow GPU slows the
 * user down as it would have; the first one is ready when it was recorded.  In an open loop bursts and requests are ready
 * when they were recorded, however far behind the GPU is. */
#include "sim/load/sources.h"
#include "sim/base/exact.h"

bool replay_open(struct load *load, const struct load_traces *traces, const struct gs_workload_spec *spec,
                 const struct scenario *scenario)
{
    load->cursor = arena_array(load->arena, traces->count, sizeof *load->cursor);
    if (load->cursor == NULL)
        return false;
    for (uint32_t id = 0; id < load->count; id++) {
        struct source *s = &load->source[id];
        int trace = scenario->workload[spec[id].group].trace;
        if (trace < 0)
            continue;
        bool new = load->cursors == 0 || load->cursor[load->cursors - 1].replay != &traces->replay[trace];
        if (new)
            load->cursor[load->cursors++] = (struct cursor){.replay = &traces->replay[trace], .first_workload = id};
        s->replay = &traces->replay[trace].trace.workload[id - load->cursor[load->cursors - 1].first_workload];
        if (traces->replay[trace].stored != NULL)
            s->stored = &traces->replay[trace].stored->workload[s->replay - traces->replay[trace].trace.workload];
        s->finite = s->replay->detach_ns < TRACE_NEVER || s->replay->runs + s->replay->bursts + s->replay->requests > 0;
        load->finite_left += s->finite;
        s->left = 0;
        load_schedule(load, s->replay->attach_ns, id);
        if (s->replay->detach_ns < TRACE_NEVER)
            load_schedule_detach(load, s->replay->detach_ns, id);
    }
    return true;
}

static gs_ns next_change_ns(const struct source *s)
{
    const struct trace_resize *resize = replay_resize(s);
    const struct trace_update *update = replay_update(s);
    gs_ns resize_ns = resize != NULL ? resize->at_ns : GS_NEVER;
    gs_ns update_ns = update != NULL ? update->at_ns : GS_NEVER;

    return update_ns <= resize_ns ? update_ns : resize_ns;
}

/* The paced part of a replay: bursts of a closed loop and runs of iterations, one after the other as they were recorded.
 * True: a run comes next. */
static bool run_is_next(const struct source *s)
{
    const struct trace_run *run = replay_run(s);
    const struct trace_burst *burst = replay_burst(s);

    return run != NULL && (burst == NULL || run->ready_ns < burst->ready_ns);
}

static bool paced_left(const struct source *s)
{
    return replay_run(s) != NULL || replay_burst(s) != NULL;
}

void replay_attach(struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];

    replay_come(load, workload);
    if (run_is_next(s))
        load_schedule(load, replay_run(s)->ready_ns, workload);
    else if (paced_left(s))
        load_schedule(load, replay_burst(s)->ready_ns, workload);
    if (next_change_ns(s) < GS_NEVER)
        load_schedule_change(load, next_change_ns(s), workload);
}

/* Jitter of an iteration: lognormal with mean 1 and the recorded coefficient of variation; a draw an iteration. */
static gs_ns iteration_ns(struct source *s)
{
    const struct trace_run *run = replay_run(s);
    struct dist work = {.kind = DIST_LOGNORMAL};

    if (run->jitter <= 0.0)
        return run->work_ns;
    double variance = run->jitter * run->jitter;
    work.a = (double)run->work_ns / __builtin_sqrt(1.0 + variance); /* median */
    work.b = __builtin_sqrt(exact_log(1.0 + variance));
    return dist_draw_integer(&work, &s->burst);
}

void replay_ready(struct load *load, uint32_t workload, struct load_event *event)
{
    struct source *s = &load->source[workload];

    s->running = run_is_next(s);
    if (s->running) {
        if (s->left == 0)
            s->left = replay_run(s)->iters;
        load_burst(load, workload, iteration_ns(s), 0, event);
        return;
    }
    const struct trace_burst *burst = replay_burst(s);
    load_burst(load, workload, burst->work_ns, burst->grow_bytes, event);
    if (event->kind == LOAD_BURST)
        event->job->keep_bytes = burst->keep_bytes;
    replay_pass(load, s, STORED_BURSTS);
}

/* Of a workload that was not recorded to leave: all that it asked for was done. */
static bool served_all(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    return r->detach_ns >= TRACE_NEVER && s->pending == 0 && !paced_left(s) &&
           s->open == r->requests + (r->closed ? 0 : r->bursts);
}

/* What follows the end of a paced burst or iteration; false: nothing is left. */
static bool go_on(struct load *load, uint32_t workload, gs_ns now_ns)
{
    struct source *s = &load->source[workload];

    if (s->left > 0 && --s->left > 0) {
        load_schedule(load, now_ns + replay_run(s)->gap_ns, workload);
        return true;
    }
    if (s->running)
        replay_pass(load, s, STORED_RUNS);
    if (!paced_left(s))
        return false;
    if (run_is_next(s))
        load_schedule(load, replay_run(s)->ready_ns > now_ns ? replay_run(s)->ready_ns : now_ns, workload);
    else
        load_schedule(load, now_ns + replay_burst(s)->think_ns, workload);
    return true;
}

/* What a burst was recorded to keep remains, however it ended. */
static void keep(struct load *load, const struct job *job, gs_ns now_ns)
{
    struct source *s = &load->source[job->workload];

    if (job->keep_bytes == 0)
        return;
    s->base_bytes += job->keep_bytes;
    s->kept = true;
    load_schedule_change(load, now_ns, job->workload);
}

/* After its last burst a closed-loop user leaves when it was recorded to have left, but not before.  One in an open loop keeps
 * its memory, as a service does, but the run need not go on for it. */
void replay_ended(struct load *load, const struct job *job, gs_ns now_ns)
{
    uint32_t workload = job->workload;
    struct source *s = &load->source[workload];

    keep(load, job, now_ns);
    if (job->paced && go_on(load, workload, now_ns))
        return;
    if (s->leaves ? s->pending == 0 && !paced_left(s) : served_all(s)) {
        if (s->leaves || s->replay->closed || s->replay->runs > 0)
            load_finish(load, workload, now_ns);
        else
            load_settled(load, workload, now_ns);
    }
}

void replay_change(struct load *load, uint32_t workload, struct load_event *event)
{
    static const uint8_t field[] = {[GST_UPDATE_PRIO] = GS_FIELD_PRIORITY,
                                    [GST_UPDATE_SWAP] = GS_FIELD_SWAPPABLE,
                                    [GST_UPDATE_LIM] = GS_FIELD_LIMIT};
    struct source *s = &load->source[workload];
    const struct trace_update *update;

    if (s->status == STATUS_GONE) {
        s->change_ns = GS_NEVER;
        return;
    }
    update = replay_update(s);
    event->kind = LOAD_RESIZE;
    if (s->kept) {
        s->kept = false;
    } else if (update != NULL && update->at_ns <= event->at_ns) {
        event->kind = LOAD_UPDATE;
        event->field = field[update->field];
        event->value = update->value;
        replay_pass(load, s, STORED_UPDATES);
    } else {
        s->base_bytes = replay_resize(s)->bytes;
        replay_pass(load, s, STORED_RESIZES);
    }
    if (event->kind == LOAD_RESIZE)
        event->value = s->base_bytes;
    s->change_ns = next_change_ns(s);
}

void replay_detach(struct load *load, uint32_t workload, gs_ns now_ns)
{
    struct source *s = &load->source[workload];
    bool more = s->pending > 0 || paced_left(s);

    if (s->replay->why == GST_WHY_END && more)
        s->leaves = true;
    else
        load_finish(load, workload, now_ns);
    s->cut = s->replay->why == GST_WHY_TRUNC;
}

uint64_t load_recorded(const struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];
    const struct trace_workload *w = s->replay;
    uint64_t count = s->stored != NULL ? s->stored->iterations : 0;

    if (w == NULL)
        return 0;
    for (size_t i = 0; s->stored == NULL && i < w->runs; i++)
        count += trace_iterations(w, &w->run[i]);
    return count + w->bursts + w->requests;
}

gs_ns load_leaves_ns(const struct load *load, uint32_t workload)
{
    const struct trace_workload *r = load->source[workload].replay;

    return r == NULL || r->detach_ns >= TRACE_NEVER ? GS_NEVER : r->detach_ns;
}

uint64_t load_unreached(const struct load *load, uint32_t workload)
{
    uint64_t recorded = load_recorded(load, workload), begun = load->source[workload].bursts;

    return recorded > begun ? recorded - begun : 0;
}
