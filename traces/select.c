/* select.c - cut a window out of a trace, keep some of its workloads, stretch its times. */
#include "traces/trace.h"
#include "sim/base/random.h"
#include <stdio.h>
#include <stdlib.h>

/* Bytes held at `from_ns` beyond those at attach: the last M before it and what the bursts since have kept. */
static void advance_memory(struct trace_workload *w, int64_t from_ns)
{
    size_t m = 0;
    bool known = w->memory_bytes >= 0;
    for (size_t b = 0; b <= w->bursts; b++) {
        int64_t t = b < w->bursts && w->burst[b].ready_ns < from_ns ? w->burst[b].ready_ns : from_ns;
        for (; m < w->resizes && w->resize[m].at_ns < from_ns && w->resize[m].at_ns <= t; m++) {
            w->memory_bytes = w->resize[m].bytes, w->memory_draw = 0;
            known = true;
        }
        if (t == from_ns)
            break;
        if (known)
            w->memory_bytes += w->burst[b].keep_bytes;
    }
}

/* Keep the items whose time lies in the window, counted from its start. */
#define CUT(item, count, time)                                                                                         \
    do {                                                                                                               \
        size_t kept = 0;                                                                                               \
        for (size_t i = 0; i < (count); i++)                                                                           \
            if ((item)[i].time >= from && (item)[i].time < to) {                                                       \
                (item)[kept] = (item)[i];                                                                              \
                (item)[kept++].time -= from;                                                                           \
            }                                                                                                          \
        (count) = kept;                                                                                                \
    } while (0)

/* A run of iterations that began before the window goes on with what was left of it, had it run alone. */
static void advance_runs(struct trace_workload *w, int64_t from)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->runs; i++) {
        struct trace_run run = w->run[i];
        if (run.ready_ns < from) {
            int64_t done = (from - run.ready_ns) / (run.work_ns + run.gap_ns);
            if (done >= run.iters)
                continue;
            run.iters -= done;
            run.ready_ns = from;
        }
        w->run[kept++] = run;
    }
    w->runs = kept;
}

void trace_apply_update(struct trace_workload *w, const struct trace_update *u)
{
    if (u->field == GST_UPDATE_PRIO)
        w->priority = (int)u->value;
    else if (u->field == GST_UPDATE_SWAP)
        w->swappable = u->value != 0;
    else if (u->field == GST_UPDATE_LIM)
        w->limit_share = (double)u->value / (double)GST_PPM;
    else
        w->request_share = (double)u->value / (double)GST_PPM;
}

/* What it was told before the window holds from its arrival on. */
static void advance_updates(struct trace_workload *w, int64_t from)
{
    for (size_t i = 0; i < w->updates && w->update[i].at_ns < from; i++)
        trace_apply_update(w, &w->update[i]);
}

static bool cut_workload(struct trace_workload *w, int64_t from, int64_t to)
{
    if (w->attach_ns >= to || (w->detach_ns <= from && w->attach_ns < from))
        return false;
    advance_memory(w, from);
    advance_runs(w, from);
    CUT(w->burst, w->bursts, ready_ns);
    CUT(w->run, w->runs, ready_ns);
    CUT(w->request, w->requests, ready_ns);
    CUT(w->resize, w->resizes, at_ns);
    advance_updates(w, from);
    CUT(w->update, w->updates, at_ns);
    w->attach_ns = w->attach_ns > from ? w->attach_ns - from : 0;
    if (w->detach_ns != TRACE_NEVER && w->detach_ns > to) {
        w->detach_ns = to;
        w->why = GST_WHY_TRUNC;
    }
    if (w->detach_ns != TRACE_NEVER)
        w->detach_ns -= from;
    if (w->bursts)
        w->burst[0].think_ns = 0; /* what it followed is gone; it comes at its recorded time */
    return true;
}

static void cut(struct trace *trace, int64_t from, int64_t to)
{
    size_t kept = 0;
    for (size_t i = 0; i < trace->workloads; i++) {
        struct trace_workload w = trace->workload[i];
        if (cut_workload(&w, from, to))
            trace->workload[kept++] = w;
    }
    trace->workloads = kept;
    if (to != TRACE_NEVER && (trace->horizon_ns == TRACE_NEVER || trace->horizon_ns > to))
        trace->horizon_ns = to;
    if (trace->horizon_ns != TRACE_NEVER)
        trace->horizon_ns = trace->horizon_ns > from ? trace->horizon_ns - from : 0;
}

static void drop_multi_gpu(struct trace *trace)
{
    size_t kept = 0;
    for (size_t i = 0; i < trace->workloads; i++)
        if (trace->workload[i].gpus == 1)
            trace->workload[kept++] = trace->workload[i];
    trace->multi_gpu_dropped += trace->workloads - kept;
    trace->workloads = kept;
}

struct lot {
    uint64_t number;
    size_t index;
};

static int by_number(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* Every workload draws a lot; the `sample` least stay, in their order. */
static int sample(struct trace *trace, size_t count, uint64_t seed, struct arena *arena, struct error *err)
{
    struct lot *lot = arena_array(arena, trace->workloads, sizeof *lot);
    struct stream stream;
    if (!lot)
        return error_set(err, GS_SYSTEM, "out of memory for a sample of %zu workloads", count);
    stream_init(&stream, seed, 1, 0, PURPOSE_TRACE);
    for (size_t i = 0; i < trace->workloads; i++)
        lot[i] = (struct lot){stream_bits(&stream), i};
    qsort(lot, trace->workloads, sizeof *lot, by_number);
    qsort(lot, count, sizeof *lot, by_index);
    for (size_t i = 0; i < count; i++)
        trace->workload[i] = trace->workload[lot[i].index];
    trace->workloads = count;
    return GS_OK;
}

int64_t trace_scaled(int64_t ns, double factor)
{
    double us = (double)ns / 1e3 * factor;
    return us < (double)GST_TIME_MAX ? (int64_t)(us + 0.5) * 1000 : GST_TIME_MAX * 1000;
}

static void scale(struct trace *trace, double factor)
{
    for (size_t i = 0; i < trace->workloads; i++) {
        struct trace_workload *w = &trace->workload[i];
        w->attach_ns = trace_scaled(w->attach_ns, factor);
        if (w->detach_ns != TRACE_NEVER)
            w->detach_ns = trace_scaled(w->detach_ns, factor);
        for (size_t j = 0; j < w->bursts; j++) {
            w->burst[j].ready_ns = trace_scaled(w->burst[j].ready_ns, factor);
            w->burst[j].think_ns = trace_scaled(w->burst[j].think_ns, factor);
        }
        for (size_t j = 0; j < w->runs; j++) {
            w->run[j].ready_ns = trace_scaled(w->run[j].ready_ns, factor);
            w->run[j].gap_ns = trace_scaled(w->run[j].gap_ns, factor);
        }
        for (size_t j = 0; j < w->requests; j++)
            w->request[j].ready_ns = trace_scaled(w->request[j].ready_ns, factor);
        for (size_t j = 0; j < w->resizes; j++)
            w->resize[j].at_ns = trace_scaled(w->resize[j].at_ns, factor);
        for (size_t j = 0; j < w->updates; j++)
            w->update[j].at_ns = trace_scaled(w->update[j].at_ns, factor);
    }
    if (trace->horizon_ns != TRACE_NEVER)
        trace->horizon_ns = trace_scaled(trace->horizon_ns, factor);
}

/* One header line that says what was selected. */
static bool describe(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena)
{
    char text[300];
    size_t n = 0;
    if (options->from_ns)
        n += (size_t)snprintf(text + n, sizeof text - n, ";from_us=%lld", (long long)options->from_ns / 1000);
    if (options->to_ns != TRACE_NEVER)
        n += (size_t)snprintf(text + n, sizeof text - n, ";to_us=%lld", (long long)options->to_ns / 1000);
    if (options->single)
        n += (size_t)snprintf(text + n, sizeof text - n, ";single");
    if (options->sample > 0)
        n += (size_t)snprintf(text + n, sizeof text - n, ";sample=%lld;seed=%llu", (long long)options->sample,
                              (unsigned long long)seed);
    if (options->scale_time < 1 || options->scale_time > 1)
        n += (size_t)snprintf(text + n, sizeof text - n, ";scale_time=%g", options->scale_time);
    return !n || trace_add_note(trace, arena, false, "select", "%s", text + 1);
}

void trace_window(const struct trace_options *options, int64_t *from_ns, int64_t *to_ns)
{
    *from_ns = options->from_ns / 1000 * 1000;
    *to_ns = options->to_ns == TRACE_NEVER ? TRACE_NEVER : (options->to_ns + 999) / 1000 * 1000;
}

int trace_select(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
                 struct error *err)
{
    const char *file = options->file ? options->file : "trace";
    if (options->from_ns < 0 || options->to_ns <= options->from_ns)
        return error_set(err, GS_BAD_INPUT, "'%s': the window is empty; 'to' must lie after 'from'", file);
    if (!(options->scale_time > 0 && options->scale_time <= 1e9))
        return error_set(err, GS_BAD_INPUT, "'%s': scale_time must be greater than 0 and at most 1e9", file);
    int64_t from, to;
    trace_window(options, &from, &to);
    if (from || to != TRACE_NEVER)
        cut(trace, from, to);
    if (options->single)
        drop_multi_gpu(trace);
    if (!trace->workloads)
        return error_set(err, GS_BAD_INPUT, "'%s': no workload is left of it%s", file,
                         options->single ? "; without 'single' those of several GPUs stay" : "; widen 'from' and 'to'");
    if (options->sample > 0 && (uint64_t)options->sample < trace->workloads) {
        int code = sample(trace, (size_t)options->sample, seed, arena, err);
        if (code)
            return code;
    }
    if (options->scale_time < 1 || options->scale_time > 1)
        scale(trace, options->scale_time);
    trace->multi_gpu = 0;
    for (size_t i = 0; i < trace->workloads; i++)
        trace->multi_gpu += trace->workload[i].gpus > 1;
    return describe(trace, options, seed, arena) ? GS_OK : error_set(err, GS_SYSTEM, "'%s': out of memory", file);
}
