/* replay.c - workloads that do what a trace recorded.
 *
 * In a closed loop a burst becomes ready its recorded think time after the one before it ended here, so a slow GPU slows the
 * user down as it would have; the first one is ready when it was recorded.  In an open loop bursts and requests are ready
 * when they were recorded, however far behind the GPU is. */
#include "sim/load/sources.h"
#include "sim/base/exact.h"
#include "traces/replay.h"

#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
    const struct recorded *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->member != y->member)
        return x->member < y->member ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static bool sort_recorded(struct replay *replay, struct arena *arena)
{
    const struct trace *trace = &replay->trace;
    size_t count = 0;

    for (size_t i = 0; i < trace->workloads; i++)
        count += trace->workload[i].requests + (trace->workload[i].closed ? 0 : trace->workload[i].bursts);
    replay->recorded = arena_array(arena, count, sizeof *replay->recorded);
    if (replay->recorded == NULL)
        return false;
    for (uint32_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        for (uint32_t k = 0; !w->closed && k < w->bursts; k++)
            replay->recorded[replay->count++] = (struct recorded){w->burst[k].ready_ns, i, k};
        for (uint32_t k = 0; k < w->requests; k++)
            replay->recorded[replay->count++] = (struct recorded){w->request[k].ready_ns, i, (uint32_t)w->bursts + k};
    }
    qsort(replay->recorded, replay->count, sizeof *replay->recorded, by_time);
    return true;
}

/* What the native format can say and this version cannot simulate. */
static int refuse_unknown(const struct trace *trace, const char *file, struct error *err)
{
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        bool keeps = false;
        for (size_t k = 0; k < w->bursts; k++)
            keeps |= w->burst[k].keep_bytes != 0;
        if (w->resizes > 0 || keeps)
            return error_set(err, GS_BAD_INPUT,
                             "%s: workload '%s' changes its memory for good (M records or a B record's "
                             "'keep'), which is not available in this version",
                             file, w->name);
        if (w->runs > 1 || (w->runs > 0 && w->bursts + w->requests > 0))
            return error_set(err, GS_BAD_INPUT,
                             "%s: workload '%s' has more than one T record, or T beside B or R records, "
                             "which is not available in this version",
                             file, w->name);
    }
    if (trace->updates_ignored > 0)
        return error_set(err, GS_BAD_INPUT, "%s: U records are not available in this version", file);
    return GS_OK;
}

int load_read_traces(struct load_traces **out, const struct scenario *scenario, struct arena *arena, struct error *err)
{
    struct load_traces *traces = arena_alloc(arena, sizeof *traces);

    if (traces == NULL || (traces->replay = arena_array(arena, scenario->traces, sizeof *traces->replay)) == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the traces");
    traces->count = scenario->traces;
    for (size_t i = 0; i < scenario->traces; i++) {
        const struct trace_source *source = &scenario->trace[i];
        struct trace_options options;
        trace_options_init(&options);
        options.file = source->file;
        options.format = source->format;
        options.import = source->options;
        options.from_ns = source->from;
        options.to_ns = source->to;
        options.scale_time = source->scale_time;
        options.sample = source->sample;
        options.memory = source->has_memory ? &source->memory : NULL;
        options.single = true;
        int rc = trace_load(&traces->replay[i].trace, &options, scenario->seed, arena, err);
        if (rc == GS_OK)
            rc = refuse_unknown(&traces->replay[i].trace, source->file, err);
        if (rc != GS_OK)
            return rc;
        for (size_t k = 0; source->loop >= 0 && k < traces->replay[i].trace.workloads; k++)
            traces->replay[i].trace.workload[k].closed = source->loop == 0;
        if (!sort_recorded(&traces->replay[i], arena))
            return error_set(err, GS_SYSTEM, "%s: out of memory for the trace; use 'from', 'to' or 'sample'",
                             source->file);
    }
    *out = traces;
    return GS_OK;
}

uint64_t load_traces_left_out(const struct load_traces *traces)
{
    uint64_t left_out = 0;

    for (size_t i = 0; i < traces->count; i++)
        left_out += traces->replay[i].trace.multi_gpu_dropped;
    return left_out;
}

/* The trace's word counts where it says something; else the scenario's. */
void replay_declare(struct gs_workload_spec *spec, const struct scenario *scenario, size_t trace,
                    const struct trace_workload *recorded, uint32_t id)
{
    const struct trace_source *source = &scenario->trace[trace];
    struct stream memory;

    stream_init(&memory, scenario->seed, 0, id, PURPOSE_MEMORY); /* the same users in every replication */
    if (!source->has_class)
        spec->class = recorded->class == GST_INFERENCE  ? GS_INFERENCE
                      : recorded->class == GST_TRAINING ? GS_TRAINING
                                                        : GS_NOTEBOOK;
    if (recorded->memory_bytes >= 0)
        spec->bytes = recorded->memory_bytes;
    else
        spec->bytes = dist_draw_integer(&source->memory, &memory);
    if (recorded->context_bytes >= 0)
        spec->context_bytes = recorded->context_bytes;
    if (recorded->priority >= 0)
        spec->priority = (uint8_t)recorded->priority;
    if (recorded->limit_share > 0.0)
        spec->limit = recorded->limit_share;
    spec->request = recorded->request_share;
    spec->swappable = recorded->swappable;
    spec->regular_fraction =
        recorded->limit_share > 0.0 && recorded->request_share >= recorded->limit_share && !recorded->swappable;
    spec->never_on_swap_node = false;
    spec->initial = spec->class == GS_INFERENCE ? GS_HOST : GS_NEW;
}

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
            load->cursor[load->cursors++] = (struct cursor){&traces->replay[trace], 0, id};
        s->replay = &traces->replay[trace].trace.workload[id - load->cursor[load->cursors - 1].first_workload];
        s->finite = s->replay->detach_ns < TRACE_NEVER || s->replay->runs + s->replay->bursts + s->replay->requests > 0;
        load->finite_left += s->finite;
        s->left = s->replay->runs > 0 ? s->replay->run[0].iters : 0;
        load_schedule(load, s->replay->attach_ns, id);
        if (s->replay->detach_ns < TRACE_NEVER)
            load_schedule_detach(load, s->replay->detach_ns, id);
    }
    return true;
}

void replay_attach(struct load *load, uint32_t workload)
{
    const struct trace_workload *r = load->source[workload].replay;

    if (r->runs > 0)
        load_schedule(load, r->run[0].ready_ns, workload);
    else if (r->closed && r->bursts > 0)
        load_schedule(load, r->burst[0].ready_ns, workload);
}

/* Jitter of an iteration: lognormal with mean 1 and the recorded coefficient of variation; a draw an iteration. */
static gs_ns iteration_ns(struct source *s)
{
    const struct trace_run *run = &s->replay->run[0];
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

    if (s->replay->runs > 0) {
        load_burst(load, workload, iteration_ns(s), 0, event);
        return;
    }
    const struct trace_burst *burst = &s->replay->burst[s->cursor++];
    load_burst(load, workload, burst->work_ns, burst->grow_bytes, event);
}

/* Of a workload that was not recorded to leave: all that it asked for was done. */
static bool served_all(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    return r->detach_ns >= TRACE_NEVER && s->pending == 0 && s->bursts == r->bursts + r->requests;
}

/* After its last burst a closed-loop user leaves when it was recorded to have left, but not before.  One in an open loop keeps
 * its memory, as a service does, but the run need not go on for it. */
void replay_ended(struct load *load, uint32_t workload, gs_ns now_ns)
{
    struct source *s = &load->source[workload];
    const struct trace_workload *r = s->replay;

    if (r->runs > 0) {
        if (--s->left > 0)
            load_schedule(load, now_ns + r->run[0].gap_ns, workload);
        else
            load_finish(load, workload, now_ns);
    } else if (r->closed && s->cursor < r->bursts) {
        load_schedule(load, now_ns + r->burst[s->cursor].think_ns, workload);
    } else if (s->leaves ? s->pending == 0 : served_all(s)) {
        if (s->leaves || r->closed)
            load_finish(load, workload, now_ns);
        else
            load_settled(load, workload, now_ns);
    }
}

void replay_detach(struct load *load, uint32_t workload, gs_ns now_ns)
{
    struct source *s = &load->source[workload];
    bool more = s->pending > 0 || (s->replay->closed && s->cursor < s->replay->bursts) || s->left > 0;

    if (s->replay->why == GST_WHY_END && more)
        s->leaves = true;
    else
        load_finish(load, workload, now_ns);
}

struct cursor *replay_earliest(const struct load *load)
{
    struct cursor *best = NULL;

    for (size_t i = 0; i < load->cursors; i++) {
        struct cursor *c = &load->cursor[i];
        if (c->next < c->replay->count &&
            (best == NULL || c->replay->recorded[c->next].at_ns < best->replay->recorded[best->next].at_ns))
            best = c;
    }
    return best;
}

void replay_take(struct load *load, struct cursor *cursor, struct load_event *event)
{
    const struct recorded *r = &cursor->replay->recorded[cursor->next++];
    const struct trace_workload *w = &cursor->replay->trace.workload[r->member];

    event->at_ns = r->at_ns;
    event->workload = cursor->first_workload + r->member;
    if (load->source[event->workload].status == STATUS_GONE)
        return;
    if (r->item < w->bursts)
        load_burst(load, event->workload, w->burst[r->item].work_ns, w->burst[r->item].grow_bytes, event);
    else
        load_burst(load, event->workload, w->request[r->item - w->bursts].work_ns, 0, event);
}
