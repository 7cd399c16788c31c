/* philly.c - a row a training job, with its length only: the Philly cluster's jobs in one table. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/jobs.h"
#include <stdio.h>

enum column { TIMESTAMP, DURATION, NUM_GPUS, CLUSTER, COLUMNS };
static const char *const column_name[COLUMNS] = {"timestamp", "duration", "num_gpus", "cluster"};

enum option { ITERATION, GPU_SHARE };
#define SECONDS_MAX ((double)GST_TIME_MAX / 1e6)

struct reading {
    struct import *in;
    struct csv csv;
    uint64_t rows;
    uint64_t empty, no_gpu; /* left out */
};

static int add_row(struct reading *r, struct error *err)
{
    struct import *in = r->in;
    struct job job = {0};
    char name[32];
    double start, duration;
    int code = csv_number(&r->csv, TIMESTAMP, 0, SECONDS_MAX, &start, err);
    if (!code)
        code = csv_number(&r->csv, DURATION, 0, SECONDS_MAX, &duration, err);
    if (!code)
        code = csv_integer(&r->csv, NUM_GPUS, 0, 1024, &job.gpus, err);
    if (code)
        return code;
    snprintf(name, sizeof name, "job%llu", (unsigned long long)++r->rows);
    int64_t length = import_ns(duration, 1e9), iteration = in->value[ITERATION].i;
    if (!job.gpus || !length) {
        *(job.gpus ? &r->empty : &r->no_gpu) += 1;
        return GS_OK;
    }
    /* The nearest number of whole iterations; a job that is shorter than one is one. */
    if (iteration > length)
        iteration = length;
    job.name = name;
    job.start_ns = import_ns(start, 1e9);
    job.iters = (length + iteration / 2) / iteration;
    job.work_ns = import_ns((double)iteration * in->value[GPU_SHARE].d, 1);
    job.gap_ns = iteration / 1000 * 1000 - job.work_ns;
    struct trace_workload *w = jobs_add(in, &job, err);
    if (w && !(w->group = *csv_text(&r->csv, CLUSTER) ? import_id(in, csv_text(&r->csv, CLUSTER)) : ""))
        return import_no_memory(in, err);
    return err->code;
}

static bool assume(const struct reading *r)
{
    struct import *in = r->in;
    return import_assume(in, "iter_work", "the same for all jobs: iterations of %g s; %g of each on the GPU",
                         (double)in->value[ITERATION].i / 1e9, in->value[GPU_SHARE].d) &&
           (!r->empty || import_assume(in, "W", "%llu jobs of no length left out", (unsigned long long)r->empty)) &&
           (!r->no_gpu || import_assume(in, "W", "%llu jobs without GPU left out", (unsigned long long)r->no_gpu));
}

static int read_philly(struct import *in, struct error *err)
{
    struct reading r = {.in = in};
    bool more;
    int code = csv_open(&r.csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&r.csv, &more, err)) && more)
        code = add_row(&r, err);
    return code || (jobs_from_first(in) && assume(&r)) ? code : import_no_memory(in, err);
}

static bool is_philly(const char *head)
{
    return csv_header_is(head, "timestamp,duration,num_gpus,gpu_time,cluster");
}

/* Iterations: p50 of Gavel's 26 kinds of jobs on a V100 is 94 ms. */
static const struct import_option options[] = {{.key = "iteration",
                                                .kind = IMPORT_TIME,
                                                .fallback = "100ms",
                                                .min = 1e3,
                                                .max = 3.6e12,
                                                .help = "length of an iteration of every job"},
                                               {.key = "gpu_share",
                                                .kind = IMPORT_SHARE,
                                                .fallback = "1.0",
                                                .min = 0.001,
                                                .max = 1,
                                                .help = "what of an iteration the GPU works"},
                                               {0}};

const struct importer import_philly = {.name = "philly",
                                       .help = "training jobs of Philly: timestamp, duration, num_gpus, cluster",
                                       .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                       .option = options,
                                       .guess = is_philly,
                                       .read = read_philly};
