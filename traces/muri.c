/* muri.c - a row a training job, with its iterations and the length of one: Muri's cuts of Philly, Tiresias' tables. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/jobs.h"

enum column { JOB_ID, NUM_GPU, SUBMIT_TIME, ITERATIONS, COLUMNS };
static const char *const column_name[COLUMNS] = {"job_id", "num_gpu", "submit_time", "iterations"};

enum option { UNIT, GPU_PART, PRIORITY, MERGE };
enum gpu_part { WHOLE_ITERATION, RESOURCE_TIME };
static const double unit_ns[] = {1e6, 1e9, 60e9};
static const char *const unit_name[] = {"ms", "s", "min", NULL};
static const char *const gpu_part_name[] = {"iteration", "resource_time", NULL};

struct reading {
    struct import *in;
    struct csv csv;
    struct gst_rules known;
    int iteration_time, duration, gpu_time, priority; /* optional columns, -1 = missing */
    double unit_ns, most;                             /* the unit; 100 years in it */
    uint64_t overlaps;                                /* jobs whose GPU part is longer than the iteration */
};

static int open_table(struct reading *r, struct error *err)
{
    struct import *in = r->in;
    int code = csv_open(&r->csv, in->lines, column_name, COLUMNS, err);
    if (code)
        return code;
    r->iteration_time = csv_optional(&r->csv, "iteration_time");
    r->duration = csv_optional(&r->csv, "duration");
    r->gpu_time = csv_optional(&r->csv, "resource_time_1");
    r->priority = csv_optional(&r->csv, "priority");
    if (r->iteration_time < 0 && r->duration < 0)
        return import_fail(in, err, "neither column 'iteration_time' nor 'duration' is there; one of them is needed");
    if (in->value[GPU_PART].i == WHOLE_ITERATION)
        r->gpu_time = -1;
    else if (r->gpu_time < 0)
        return import_fail(in, err, "column 'resource_time_1' is missing; 'gpu_part=resource_time' needs it");
    if (!in->value[PRIORITY].i)
        r->priority = -1;
    r->unit_ns = unit_ns[in->value[UNIT].i];
    r->most = (double)GST_TIME_MAX * 1e3 / r->unit_ns;
    return GS_OK;
}

/* The length of one iteration, in the unit of the table. */
static int read_iteration(const struct reading *r, int64_t iters, double *length, struct error *err)
{
    if (r->iteration_time >= 0)
        return csv_number(&r->csv, r->iteration_time, 0, r->most, length, err);
    int code = csv_number(&r->csv, r->duration, 0, r->most, length, err);
    *length /= (double)iters;
    return code;
}

/* Take `count` iterations as one: the work stays but for half of a new iteration at most. */
static int merge(struct job *job, int64_t count)
{
    if (count > job->iters)
        count = job->iters;
    if (job->work_ns + job->gap_ns > GST_TIME_MAX * 1000 / count)
        return GS_BAD_INPUT;
    job->iters = (job->iters + count / 2) / count;
    job->work_ns *= count;
    job->gap_ns *= count;
    return GS_OK;
}

static int add_row(struct reading *r, struct error *err)
{
    struct job job = {0};
    double submit, length, gpu;
    int64_t priority = -1;
    int code = csv_integer(&r->csv, NUM_GPU, 1, 1024, &job.gpus, err);
    if (!code)
        code = csv_number(&r->csv, SUBMIT_TIME, 0, r->most, &submit, err);
    if (!code)
        code = csv_integer(&r->csv, ITERATIONS, 1, GST_TIME_MAX, &job.iters, err);
    if (!code)
        code = read_iteration(r, job.iters, &length, err);
    if (!code) {
        gpu = length;
        if (r->gpu_time >= 0)
            code = csv_number(&r->csv, r->gpu_time, 0, r->most, &gpu, err);
    }
    if (!code && r->priority >= 0)
        code = csv_integer(&r->csv, r->priority, 0, 255, &priority, err);
    if (code)
        return code;
    const char *name = arena_printf(r->in->arena, "job%.60s", csv_text(&r->csv, JOB_ID));
    job.name = name ? jobs_id(r->in, &r->known, column_name[JOB_ID], name, err) : NULL;
    if (!job.name)
        return name ? err->code : import_no_memory(r->in, err);
    /* Stages of several iterations run side by side; what the GPU does is never more than the whole. */
    r->overlaps += gpu > length;
    job.start_ns = import_ns(submit, r->unit_ns);
    job.work_ns = import_ns(gpu < length ? gpu : length, r->unit_ns);
    job.gap_ns = import_ns(length, r->unit_ns) - job.work_ns;
    if (merge(&job, r->in->value[MERGE].i))
        return import_fail(r->in, err, "'merge' makes iterations of more than 100 years");
    struct trace_workload *w = jobs_add(r->in, &job, err);
    if (w)
        w->priority = (int)priority;
    return err->code;
}

static bool assume(const struct reading *r)
{
    struct import *in = r->in;
    return import_assume(in, "t", "times of the table in %s", unit_name[in->value[UNIT].i]) &&
           import_assume(in, "iter_work", "%s%s",
                         r->iteration_time >= 0 ? "iteration_time" : "duration over iterations",
                         r->gpu_time >= 0 ? "; resource_time_1 of it on the GPU" : "; all of it on the GPU") &&
           (in->value[MERGE].i == 1 ||
            import_assume(in, "iters", "%lld iterations as one", (long long)in->value[MERGE].i)) &&
           (!r->overlaps || import_assume(in, "gap", "0 for %llu jobs whose GPU part is longer than the iteration",
                                          (unsigned long long)r->overlaps));
}

static int read_muri(struct import *in, struct error *err)
{
    struct reading r = {.in = in};
    bool more;
    int code = open_table(&r, err);
    while (!code && !(code = csv_next(&r.csv, &more, err)) && more)
        code = add_row(&r, err);
    gst_rules_fini(&r.known);
    return code || assume(&r) ? code : import_no_memory(in, err);
}

static bool is_muri(const char *head)
{
    return csv_header_has(head, "job_id,num_gpu,submit_time,iterations,iteration_time,resource_time_0");
}

static const struct import_option options[] = {
    {.key = "unit",
     .kind = IMPORT_CHOICE,
     .fallback = "ms",
     .choice = unit_name,
     .help = "of all times in the table: ms as Muri, s as Tiresias, min"},
    {.key = "gpu_part",
     .kind = IMPORT_CHOICE,
     .fallback = "iteration",
     .choice = gpu_part_name,
     .help = "what of an iteration the GPU works: all of it, or the stage resource_time_1"},
    {.key = "priority", .kind = IMPORT_BOOLEAN, .fallback = "yes", .help = "take the priority column, if there is one"},
    {.key = "merge",
     .kind = IMPORT_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 1e9,
     .help = "take so many iterations as one, for a faster replay"},
    {0}};

/* Memory of deep-learning jobs on one GPU, as in adobe.c. */
const struct importer import_muri = {.name = "muri",
                                     .help = "training jobs, Tiresias or Muri CSV: one row a job with its iterations",
                                     .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                     .option = options,
                                     .guess = is_muri,
                                     .read = read_muri};
