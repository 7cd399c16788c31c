/* jobs.h - what importers of training jobs share. */
#ifndef GS_TRACES_JOBS_H
#define GS_TRACES_JOBS_H

#include "traces/gst_rules.h"
#include "traces/import.h"

struct job {
    const char *name; /* a valid id, used by no other */
    int64_t start_ns, gpus;
    int64_t iters, work_ns, gap_ns; /* of one iteration; work of less than 1 us counts as 1 us */
    double jitter;
};

/* A training workload that runs the job's iterations and leaves when they are done; NULL with the error set (the job
 * ends after more than 100 years, no memory). */
struct trace_workload *jobs_add(struct import *in, const struct job *job, struct error *err);

/* The id made of the present row's `column`, which must not be among those `known` (zeroed at first, given back with
 * gst_rules_fini); NULL with the error set. */
const char *jobs_id(struct import *in, struct gst_rules *known, const char *column, const char *text,
                    struct error *err);

/* Let times count from the first arrival, which a `#meta,origin` line keeps; false when there is no memory. */
bool jobs_from_first(struct import *in);

#endif
