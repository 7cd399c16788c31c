/* jobs.c - training jobs as workloads with one run of iterations. */
#include "traces/jobs.h"
#include <string.h>

struct trace_workload *jobs_add(struct import *in, const struct job *job, struct error *err)
{
    int64_t work = job->work_ns > 1000 ? job->work_ns : 1000;
    int64_t left = GST_TIME_MAX * 1000 - job->start_ns;
    if (job->gap_ns > left - work || job->iters > left / (work + job->gap_ns)) {
        import_fail(in, err, "the job ends after more than 100 years; is the unit of its times right?");
        return NULL;
    }
    struct trace_workload *w = import_workload(in, job->name, GST_TRAINING, job->start_ns);
    struct trace_run *run = w ? trace_add_run(w, in->arena) : NULL;
    if (!run) {
        import_no_memory(in, err);
        return NULL;
    }
    *run = (struct trace_run){
        .ready_ns = job->start_ns, .iters = job->iters, .work_ns = work, .gap_ns = job->gap_ns, .jitter = job->jitter};
    w->gpus = job->gpus;
    w->detach_ns = job->start_ns + job->iters * (work + job->gap_ns);
    return w;
}

const char *jobs_id(struct import *in, struct gst_rules *known, const char *column, const char *text, struct error *err)
{
    uint32_t number;
    const char *id = import_id(in, text);
    if (id && gst_rules_find(known, id, strlen(id)) != GST_NO_ID) {
        import_fail(in, err, "column '%s': '%s' was there before; each row needs an id of its own", column, id);
        return NULL;
    }
    if (!id || gst_rules_declare(known, id, strlen(id), &number)) {
        import_no_memory(in, err);
        return NULL;
    }
    return id;
}

bool jobs_from_first(struct import *in)
{
    struct trace *trace = in->trace;
    int64_t first = TRACE_NEVER;
    for (size_t i = 0; i < trace->workloads; i++)
        if (trace->workload[i].attach_ns < first)
            first = trace->workload[i].attach_ns;
    if (!trace->workloads || !first)
        return true;
    for (size_t i = 0; i < trace->workloads; i++) {
        struct trace_workload *w = &trace->workload[i];
        w->attach_ns -= first;
        w->detach_ns -= first;
        for (size_t j = 0; j < w->runs; j++)
            w->run[j].ready_ns -= first;
        for (size_t j = 0; j < w->requests; j++)
            w->request[j].ready_ns -= first;
    }
    return trace_add_note(trace, in->arena, false, "origin", "%lld us", (long long)first / 1000);
}
