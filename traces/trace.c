/* trace.c - build a trace in memory. */
#include "traces/trace.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void trace_options_init(struct trace_options *options)
{
    *options = (struct trace_options){.to_ns = TRACE_NEVER, .scale_time = 1};
}

/* Grow `array` of `count` items by one; the new item or NULL. */
#define APPEND(arena, array, count, capacity)                                                                          \
    void *grown = arena_grow(arena, array, &(capacity), (count) + 1, sizeof *(array));                                 \
    if (!grown)                                                                                                        \
        return NULL;                                                                                                   \
    (array) = grown;                                                                                                   \
    return &(array)[(count)++]

struct trace_workload *trace_add_workload(struct trace *trace, struct arena *arena)
{
    APPEND(arena, trace->workload, trace->workloads, trace->workload_capacity);
}

struct trace_burst *trace_add_burst(struct trace_workload *workload, struct arena *arena)
{
    APPEND(arena, workload->burst, workload->bursts, workload->burst_capacity);
}

struct trace_run *trace_add_run(struct trace_workload *workload, struct arena *arena)
{
    APPEND(arena, workload->run, workload->runs, workload->run_capacity);
}

struct trace_request *trace_add_request(struct trace_workload *workload, struct arena *arena)
{
    APPEND(arena, workload->request, workload->requests, workload->request_capacity);
}

struct trace_resize *trace_add_resize(struct trace_workload *workload, struct arena *arena)
{
    APPEND(arena, workload->resize, workload->resizes, workload->resize_capacity);
}

struct trace_update *trace_add_update(struct trace_workload *workload, struct arena *arena)
{
    APPEND(arena, workload->update, workload->updates, workload->update_capacity);
}

bool trace_add_note(struct trace *trace, struct arena *arena, bool assume, const char *key, const char *format, ...)
{
    char text[GST_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *value = arena_strdup(arena, text);
    void *grown = arena_grow(arena, trace->note, &trace->note_capacity, trace->notes + 1, sizeof *trace->note);
    if (!value || !grown)
        return false;
    trace->note = grown;
    trace->note[trace->notes++] = (struct gst_note){assume, key, value};
    return true;
}

struct order {
    int64_t attach_ns;
    size_t index;
};

static int by_attach(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->attach_ns != y->attach_ns)
        return x->attach_ns < y->attach_ns ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

bool trace_sort(struct trace *trace, struct arena *arena)
{
    struct order *order = arena_array(arena, trace->workloads, sizeof *order);
    struct trace_workload *sorted = arena_array(arena, trace->workloads, sizeof *sorted);
    if (!order || !sorted)
        return false;
    for (size_t i = 0; i < trace->workloads; i++)
        order[i] = (struct order){trace->workload[i].attach_ns, i};
    qsort(order, trace->workloads, sizeof *order, by_attach);
    for (size_t i = 0; i < trace->workloads; i++)
        sorted[i] = trace->workload[order[i].index];
    trace->workload = sorted;
    trace->workload_capacity = trace->workloads;
    return true;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t trace_end_ns(const struct trace *trace)
{
    int64_t end = trace->horizon_ns == TRACE_NEVER ? 0 : trace->horizon_ns;
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        end = later(end, w->detach_ns == TRACE_NEVER ? w->attach_ns : w->detach_ns);
        if (w->bursts)
            end = later(end, w->burst[w->bursts - 1].ready_ns);
        if (w->runs)
            end = later(end, w->run[w->runs - 1].ready_ns);
        if (w->requests)
            end = later(end, w->request[w->requests - 1].ready_ns);
        if (w->resizes)
            end = later(end, w->resize[w->resizes - 1].at_ns);
        if (w->updates)
            end = later(end, w->update[w->updates - 1].at_ns);
    }
    return end;
}

uint64_t trace_iterations(const struct trace_workload *w, const struct trace_run *run)
{
    int64_t each_ns = run->work_ns + run->gap_ns, room_ns = w->detach_ns - run->ready_ns;
    uint64_t all = (uint64_t)run->iters, fit;
    if (w->why != GST_WHY_TRUNC || each_ns <= 0)
        return all;
    fit = room_ns > 0 ? (uint64_t)((room_ns + each_ns - 1) / each_ns) : 0;
    return fit < all ? fit : all;
}

void trace_serve(const struct trace_workload *w, struct trace_request *request)
{
    int64_t prompt_ns = w->service.fixed_ns + request->in * w->service.in_ns;
    request->work_ns = prompt_ns + request->out * w->service.out_ns;
    request->first_ns = request->out > 0 ? prompt_ns + w->service.out_ns : 0;
}
