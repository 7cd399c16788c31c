/* adobe.c - rows of GPU activity, written session by session, become notebook workloads with closed-loop bursts. */
#include "traces/adobe.h"
#include "traces/csv.h"
#include "sim/base/random.h"
#include <stdlib.h>
#include <string.h>

enum column { NUM_GPU, SUBMIT_TIME, DURATION, COLUMNS };
static const char *const column_name[COLUMNS] = {"num_gpu", "submit_time", "duration"};

#define MINUTE_NS INT64_C(60000000000)
#define MINUTES_MAX (GST_TIME_MAX / 60000000 / 4) /* start plus duration stay far inside the format's range */

struct reading {
    struct trace *trace;
    struct arena *arena;
    uint64_t seed;
    struct trace_workload *session; /* the present one; moves when the array grows */
    struct stream stream;           /* its jitter */
    int64_t submit, gpus;           /* of the row before */
    int64_t end_minute;             /* of the row before, as recorded */
    int64_t end_ns;                 /* the same with jitter */
    uint64_t overlaps, changes;     /* clipped; rows whose num_gpu differs from the row before in the session */
};

/* Where in its minute a burst started is not recorded: uniform within half a minute either side, whole microseconds. */
static int64_t jittered(struct reading *r, int64_t minute)
{
    int64_t us = (int64_t)(stream_uniform(&r->stream) * 60e6) - 30000000;
    int64_t ns = minute * MINUTE_NS + us * 1000;
    return ns > 0 ? ns : 0;
}

static bool start_session(struct reading *r, int64_t gpus)
{
    uint32_t index = (uint32_t)r->trace->workloads;
    r->session = trace_add_workload(r->trace, r->arena);
    if (!r->session)
        return false;
    *r->session = (struct trace_workload){
        .name = arena_printf(r->arena, "nb%u", index + 1),
        .group = "",
        .class = GST_NOTEBOOK,
        .closed = true,
        .swappable = true,
        .gpus = gpus,
        .memory_bytes = -1,
        .context_bytes = -1,
        .request_share = -1,
        .limit_share = -1,
        .priority = -1,
        .attach_ns = -1,
    };
    stream_init(&r->stream, r->seed, 0, index, PURPOSE_TRACE);
    return r->session->name != NULL;
}

static bool add_row(struct reading *r, int64_t submit, int64_t gpus, int64_t duration, bool split_gpus)
{
    bool first = !r->session || submit < r->submit || (split_gpus && gpus != r->gpus);
    if (first && !start_session(r, gpus))
        return false;
    struct trace_workload *w = r->session;
    struct trace_burst *burst = trace_add_burst(w, r->arena);
    if (!burst)
        return false;
    int64_t ready = jittered(r, submit), work = duration * MINUTE_NS, think = 0;
    if (first) {
        w->attach_ns = ready;
    } else {
        /* A closed loop has one burst at a time: what overlaps follows at once. */
        think = ready - r->end_ns;
        r->overlaps += submit < r->end_minute;
        if (think < 0)
            think = 0;
        if (ready < burst[-1].ready_ns)
            ready = burst[-1].ready_ns;
        r->changes += gpus != r->gpus;
    }
    *burst = (struct trace_burst){.ready_ns = ready, .think_ns = think, .work_ns = work};
    r->end_ns = ready + work;
    r->end_minute = submit + duration;
    if (w->detach_ns < r->end_ns)
        w->detach_ns = r->end_ns;
    r->submit = submit;
    r->gpus = gpus;
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

static int sort_sessions(struct trace *trace, struct arena *arena)
{
    struct order *order = arena_array(arena, trace->workloads, sizeof *order);
    struct trace_workload *sorted = arena_array(arena, trace->workloads, sizeof *sorted);
    if (!order || !sorted)
        return GS_SYSTEM;
    for (size_t i = 0; i < trace->workloads; i++)
        order[i] = (struct order){trace->workload[i].attach_ns, i};
    qsort(order, trace->workloads, sizeof *order, by_attach);
    for (size_t i = 0; i < trace->workloads; i++)
        sorted[i] = trace->workload[order[i].index];
    trace->workload = sorted;
    trace->workload_capacity = trace->workloads;
    return GS_OK;
}

/* The name of the file without folder and ending, as far as it fits into a header line. */
static bool describe(const struct reading *r, const char *file, bool split_gpus)
{
    const char *base = strrchr(file, '/');
    char name[GST_ID_MAX + 1] = "";
    base = base ? base + 1 : file;
    for (size_t n = 0; base[n] && n < GST_ID_MAX; n++)
        name[n] = base[n] > ' ' && base[n] <= '~' ? base[n] : '_';
    bool ok =
        trace_add_note(r->trace, r->arena, false, "name", "adobe-notebooks") &&
        trace_add_note(r->trace, r->arena, false, "source", "%s", name) &&
        trace_add_note(r->trace, r->arena, false, "importer", "adobe-notebooks,1,seed=%llu",
                       (unsigned long long)r->seed) &&
        trace_add_note(r->trace, r->arena, true, "session", "new where submit_time decreases%s",
                       split_gpus ? " or num_gpu changes" : "") &&
        trace_add_note(r->trace, r->arena, true, "t", "uniform within 30 s of the recorded minute") &&
        trace_add_note(r->trace, r->arena, true, "work", "recorded minutes at full use of the GPU") &&
        trace_add_note(r->trace, r->arena, true, "think",
                       "from the end of the burst before; %llu overlaps clipped to 0", (unsigned long long)r->overlaps);
    return ok && (!r->changes || trace_add_note(r->trace, r->arena, true, "gpus",
                                                "those of the session's first row; %llu changes passed over",
                                                (unsigned long long)r->changes));
}

int adobe_read_lines(struct trace *trace, struct lines *lines, const struct trace_options *options, uint64_t seed,
                     struct arena *arena, struct error *err)
{
    struct csv csv;
    struct reading r = {.trace = trace, .arena = arena, .seed = seed};
    bool more;
    int64_t submit, gpus, duration;
    int code = csv_open(&csv, lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more) {
        code = csv_integer(&csv, NUM_GPU, 1, 1024, &gpus, err);
        if (!code)
            code = csv_integer(&csv, SUBMIT_TIME, 0, MINUTES_MAX, &submit, err);
        if (!code)
            code = csv_integer(&csv, DURATION, 1, MINUTES_MAX, &duration, err);
        if (!code && !add_row(&r, submit, gpus, duration, options->split_gpus))
            code = error_set(err, GS_SYSTEM, "'%s': out of memory", lines_file(lines));
    }
    if (!code && !trace->workloads)
        code = error_set(err, GS_BAD_INPUT, "%s: table has no rows", lines_file(lines));
    if (!code && (sort_sessions(trace, arena) || !describe(&r, lines_file(lines), options->split_gpus)))
        code = error_set(err, GS_SYSTEM, "'%s': out of memory", lines_file(lines));
    return code;
}

int adobe_read(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
               struct error *err)
{
    struct lines *lines;
    int code = lines_open(&lines, options->file, 4096, err);
    if (code)
        return code;
    code = adobe_read_lines(trace, lines, options, seed, arena, err);
    lines_close(lines);
    return code;
}
