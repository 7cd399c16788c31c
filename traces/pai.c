/* pai.c - mini-batch times of the workers of one training job, which have a shape but no unit. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/jobs.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum column { WORKER, GPU, TIME, NORM, COLUMNS };
static const char *const column_name[COLUMNS] = {"worker", "gpu", "time", "batch_time_norm"};

enum option { ITERATION, AS };
enum as { AS_BURSTS, AS_JITTER };
static const char *const as_name[] = {"bursts", "jitter", NULL};

struct worker {
    const char *name;
    double share; /* of a GPU */
    int64_t time; /* of its last row */
    double *norm;
    size_t count, capacity;
};

struct reading {
    struct import *in;
    struct csv csv;
    struct gst_rules known; /* names of workers, in order */
    struct worker *worker;
    size_t capacity;
    double mean; /* over all rows */
};

static struct worker *find_worker(struct reading *r, struct error *err)
{
    struct arena *arena = r->in->arena;
    const char *name = arena_printf(arena, "worker%.50s", csv_text(&r->csv, WORKER));
    const char *id = name ? import_id(r->in, name) : NULL;
    uint32_t i = id ? gst_rules_find(&r->known, id, strlen(id)) : GST_NO_ID;
    if (i != GST_NO_ID)
        return &r->worker[i];
    struct worker *grown = arena_grow(arena, r->worker, &r->capacity, r->known.count + 1, sizeof *grown);
    if (grown)
        r->worker = grown;
    if (!id || !grown || gst_rules_declare(&r->known, id, strlen(id), &i)) {
        import_no_memory(r->in, err);
        return NULL;
    }
    r->worker[i] = (struct worker){.name = id, .time = -1};
    return &r->worker[i];
}

static int add_row(struct reading *r, struct error *err)
{
    double percent, norm;
    int64_t time;
    int code = csv_number(&r->csv, GPU, 1, 100, &percent, err);
    if (!code)
        code = csv_integer(&r->csv, TIME, 0, INT64_MAX, &time, err);
    if (!code)
        code = csv_number(&r->csv, NORM, 0, 1e9, &norm, err);
    struct worker *w = code ? NULL : find_worker(r, err);
    if (!w)
        return err->code;
    if (time < w->time)
        return import_fail(r->in, err, "column 'time': %lld follows %lld of the same worker; sort the rows by 'time'",
                           (long long)time, (long long)w->time);
    if (!w->count)
        w->share = percent / 100;
    double *grown = arena_grow(r->in->arena, w->norm, &w->capacity, w->count + 1, sizeof *grown);
    if (!grown)
        return import_no_memory(r->in, err);
    w->norm = grown;
    w->norm[w->count++] = norm;
    w->time = time;
    return GS_OK;
}

/* One run of iterations with the mean and the variation of the worker's. */
static struct trace_workload *add_run(struct reading *r, const struct worker *from, struct error *err)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < from->count; i++)
        mean += from->norm[i] / (double)from->count;
    for (size_t i = 0; i < from->count; i++)
        square += (from->norm[i] - mean) * (from->norm[i] - mean) / (double)from->count;
    double jitter = mean > 0 ? sqrt(square) / mean : 0;
    struct job job = {.name = from->name, .gpus = 1, .iters = (int64_t)from->count};
    job.work_ns = import_ns(mean / r->mean * (double)r->in->value[ITERATION].i, 1);
    job.jitter = jitter < 10 ? jitter : 10;
    return jobs_add(r->in, &job, err);
}

/* One burst an iteration, each at once after the one before. */
static struct trace_workload *add_bursts(struct reading *r, const struct worker *from, struct error *err)
{
    struct import *in = r->in;
    struct trace_workload *w = import_workload(in, from->name, GST_TRAINING, 0);
    int64_t t = 0;
    for (size_t i = 0; w && i < from->count; i++) {
        int64_t work = import_ns(from->norm[i] / r->mean * (double)in->value[ITERATION].i, 1);
        struct trace_burst *burst = trace_add_burst(w, in->arena);
        if (!burst) {
            w = NULL;
            break;
        }
        work = work > 1000 ? work : 1000;
        if (work > GST_TIME_MAX * 1000 - t) {
            import_fail(in, err, "the job takes more than 100 years; choose a shorter 'iteration'");
            return NULL;
        }
        *burst = (struct trace_burst){.ready_ns = t, .work_ns = work};
        t += work;
    }
    if (w) {
        w->closed = true;
        w->detach_ns = t;
    } else {
        import_no_memory(in, err);
    }
    return w;
}

static int finish(struct reading *r, struct error *err)
{
    struct import *in = r->in;
    double sum = 0, count = 0;
    for (size_t i = 0; i < r->known.count; i++) {
        count += (double)r->worker[i].count;
        for (size_t j = 0; j < r->worker[i].count; j++)
            sum += r->worker[i].norm[j];
    }
    if (!(count > 0))
        return GS_OK;
    if (!(sum > 0))
        return error_set(err, GS_BAD_INPUT, "'%s': all of batch_time_norm is 0; it has no shape", in->file);
    r->mean = sum / count;
    for (size_t i = 0; i < r->known.count; i++) {
        struct trace_workload *w = (in->value[AS].i == AS_JITTER ? add_run : add_bursts)(r, &r->worker[i], err);
        if (!w)
            return err->code;
        w->request_share = r->worker[i].share;
    }
    bool told = import_assume(in, "work", "batch_time_norm over its mean of %.6g times %g s; all on the GPU", r->mean,
                              (double)in->value[ITERATION].i / 1e9) &&
                import_assume(in, "share", "percent of a GPU; a share of compute; as req of memory") &&
                import_assume(in, "W", "workers of one job; none waits for another");
    return told ? GS_OK : import_no_memory(in, err);
}

static int read_pai(struct import *in, struct error *err)
{
    struct reading r = {.in = in};
    bool more;
    int code = csv_open(&r.csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&r.csv, &more, err)) && more)
        code = add_row(&r, err);
    if (!code)
        code = finish(&r, err);
    gst_rules_fini(&r.known);
    return code;
}

static bool is_pai(const char *head)
{
    return csv_header_is(head, ",worker,gpu,time,batch_time_norm");
}

static const struct import_option options[] = {{.key = "iteration",
                                                .kind = IMPORT_TIME,
                                                .min = 1e3,
                                                .max = 3.6e12,
                                                .help = "mean length of an iteration over all workers, as 200ms"},
                                               {.key = "as",
                                                .kind = IMPORT_CHOICE,
                                                .fallback = "bursts",
                                                .choice = as_name,
                                                .help = "each iteration as recorded, or a run with their jitter"},
                                               {0}};

const struct importer import_pai = {.name = "pai-minibatch",
                                    .help = "mini-batch times of a job's workers at Alibaba PAI, without unit",
                                    .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                    .option = options,
                                    .guess = is_pai,
                                    .read = read_pai};
