/* adobe.c - rows of GPU activity, written session by session, become notebook workloads with closed-loop bursts. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "sim/base/random.h"
#include <stdio.h>
#include <string.h>

enum column { NUM_GPU, SUBMIT_TIME, DURATION, COLUMNS };
static const char *const column_name[COLUMNS] = {"num_gpu", "submit_time", "duration"};

#define MINUTE_NS INT64_C(60000000000)
#define MINUTES_MAX (GST_TIME_MAX / 60000000 / 4) /* start plus duration stay far inside the format's range */

struct reading {
    struct import *in;
    bool split_gpus;
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
    uint32_t index = (uint32_t)r->in->trace->workloads;
    char name[24];
    snprintf(name, sizeof name, "nb%u", index + 1);
    r->session = import_workload(r->in, name, GST_NOTEBOOK, -1);
    if (!r->session)
        return false;
    r->session->gpus = gpus;
    r->session->detach_ns = -1;
    stream_init(&r->stream, r->in->seed, 0, index, PURPOSE_TRACE);
    return true;
}

static bool add_row(struct reading *r, int64_t submit, int64_t gpus, int64_t duration)
{
    bool first = !r->session || submit < r->submit || (r->split_gpus && gpus != r->gpus);
    if (first && !start_session(r, gpus))
        return false;
    struct trace_workload *w = r->session;
    struct trace_burst *burst = trace_add_burst(w, r->in->arena);
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

static bool assume(const struct reading *r)
{
    struct import *in = r->in;
    return import_assume(in, "session", "new where submit_time decreases%s",
                         r->split_gpus ? " or num_gpu changes" : "") &&
           import_assume(in, "t", "uniform within 30 s of the recorded minute") &&
           import_assume(in, "work", "recorded minutes at full use of the GPU") &&
           import_assume(in, "think", "from the end of the burst before; %llu overlaps clipped to 0",
                         (unsigned long long)r->overlaps) &&
           (!r->changes || import_assume(in, "gpus", "those of the session's first row; %llu changes passed over",
                                         (unsigned long long)r->changes));
}

static int read_adobe(struct import *in, struct error *err)
{
    struct csv csv;
    struct reading r = {.in = in, .split_gpus = in->value[0].i};
    bool more;
    int64_t submit, gpus, duration;
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more) {
        code = csv_integer(&csv, NUM_GPU, 1, 1024, &gpus, err);
        if (!code)
            code = csv_integer(&csv, SUBMIT_TIME, 0, MINUTES_MAX, &submit, err);
        if (!code)
            code = csv_integer(&csv, DURATION, 1, MINUTES_MAX, &duration, err);
        if (!code && !add_row(&r, submit, gpus, duration))
            code = import_no_memory(in, err);
    }
    return code || assume(&r) ? code : import_no_memory(in, err);
}

/* Tiresias' own table, in seconds, has the same header; only notebooks have no iterations (the fourth column). */
static bool is_adobe(const char *head)
{
    int rows = 0;
    if (!csv_header_is(head, "job_id,num_gpu,submit_time,iterations,model_name,duration,interval"))
        return false;
    for (head = strchr(head, '\n'); head && strchr(head + 1, '\n'); head = strchr(head + 1, '\n')) {
        for (int commas = 0; commas < 3 && head; commas++)
            head = strchr(head + 1, ',');
        if (!head || strncmp(head, ",0,", 3) != 0)
            return false;
        rows++;
    }
    return rows > 0;
}

static const struct import_option options[] = {{.key = "split_gpus",
                                                .kind = IMPORT_BOOLEAN,
                                                .fallback = "no",
                                                .help = "a change of num_gpu starts a new session, too"},
                                               {0}};

/* The recording has no memory column.  The default gives p50 3.8, p75 5.7, p90 8.6, p95 11 GiB: close to the memory of
 * common single-GPU training jobs as measured in the Lucid study (2.0 GiB least; 2.9, 4.0, 8.4, 11.7 GiB). */
const struct importer import_adobe = {.name = "adobe-notebooks",
                                      .help = "notebook sessions, Tiresias CSV in minutes: one row a burst of GPU use",
                                      .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                      .option = options,
                                      .guess = is_adobe,
                                      .read = read_adobe};
