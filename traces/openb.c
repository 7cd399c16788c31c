/* openb.c - the pods of Alibaba's GPU-sharing cluster of 2023: lives and shares, to which activity is made up. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/jobs.h"
#include "sim/base/dist.h"
#include <string.h>

enum column { NAME, NUM_GPU, GPU_MILLI, GPU_SPEC, QOS, POD_PHASE, CREATION, DELETION, SCHEDULED, COLUMNS };
static const char *const column_name[COLUMNS] = {"name",      "num_gpu",       "gpu_milli",     "gpu_spec",      "qos",
                                                 "pod_phase", "creation_time", "deletion_time", "scheduled_time"};

enum option { START, SHARE, GPU_MEMORY, THINK, BURST, ITERATION, GAP };
static const char *const start_name[] = {"creation", "scheduled", NULL};
static const char *const share_name[] = {"request", "limit", "both", NULL};
enum share { SHARE_REQUEST, SHARE_LIMIT, SHARE_BOTH };

#define SECONDS_MAX (GST_TIME_MAX / 1000000)
#define SECOND_NS INT64_C(1000000000)
enum { REQUESTS_MAX = 10000000 };

static const struct {
    const char *name;
    int priority;
} qos[] = {{"LS", 8}, {"Guaranteed", 6}, {"Burstable", 4}, {"BE", 1}};
enum { QOS_LS, QOS_KINDS = sizeof qos / sizeof *qos };

struct pod { /* a row */
    int64_t gpus, milli, creation, deletion, scheduled;
    int qos;
    bool failed;
};

struct reading {
    struct import *in;
    struct csv csv;
    struct gst_rules known;
    uint64_t requests;
    uint64_t pending, no_gpu, empty; /* left out */
};

static int read_pod(struct reading *r, struct pod *pod, bool *skip, struct error *err)
{
    const struct csv *csv = &r->csv;
    const char *phase = csv_text(csv, POD_PHASE);
    int code = csv_integer(csv, NUM_GPU, 0, 1024, &pod->gpus, err);
    if (!code)
        code = csv_integer(csv, CREATION, 0, SECONDS_MAX, &pod->creation, err);
    while (pod->qos < QOS_KINDS && strcmp(csv_text(csv, QOS), qos[pod->qos].name) != 0)
        pod->qos++;
    if (!code && pod->qos == QOS_KINDS)
        code = import_fail(r->in, err, "column 'qos': must be LS, Guaranteed, Burstable or BE, not '%.40s'",
                           csv_text(csv, QOS));
    if (code)
        return code;
    *skip = true;
    if (!pod->gpus)
        return r->no_gpu++, GS_OK;
    if (!strcmp(phase, "Pending") || !*csv_text(csv, SCHEDULED))
        return r->pending++, GS_OK;
    pod->failed = !strcmp(phase, "Failed");
    code = csv_integer(csv, GPU_MILLI, 1, 1000, &pod->milli, err);
    if (!code)
        code = csv_integer(csv, SCHEDULED, pod->creation, SECONDS_MAX, &pod->scheduled, err);
    if (!code)
        code = csv_integer(csv, DELETION, pod->scheduled, SECONDS_MAX, &pod->deletion, err);
    *skip = !code && pod->deletion == pod->scheduled;
    r->empty += *skip;
    return code;
}

/* On for a burst, off for a think, from the start to `end_ns`. */
static int add_requests(struct reading *r, struct trace_workload *w, int64_t end_ns, struct error *err)
{
    struct import *in = r->in;
    struct stream stream;
    stream_init(&stream, in->seed, 0, (uint32_t)(in->trace->workloads - 1), PURPOSE_TRACE);
    int64_t t = w->attach_ns;
    for (;;) {
        t += import_ns(dist_draw(in->value[THINK].dist, &stream), 1);
        int64_t work = import_ns(dist_draw(in->value[BURST].dist, &stream), 1);
        if (work < 1000)
            work = 1000;
        if (t >= end_ns)
            return GS_OK;
        if (work > end_ns - t)
            work = end_ns - t;
        if (r->requests++ == REQUESTS_MAX)
            return import_fail(in, err, "more than %d requests so far; a longer 'think' or 'burst' makes fewer",
                               REQUESTS_MAX);
        struct trace_request *request = trace_add_request(w, in->arena);
        if (!request)
            return import_no_memory(in, err);
        *request = (struct trace_request){.ready_ns = t, .work_ns = work, .has_work = true};
        t += work;
    }
}

static int add_service(struct reading *r, const char *name, int64_t start_ns, int64_t run_ns, struct error *err)
{
    struct trace_workload *w = import_workload(r->in, name, GST_INFERENCE, start_ns);
    return w ? add_requests(r, w, start_ns + run_ns, err) : import_no_memory(r->in, err);
}

/* As many iterations as fit. */
static int add_training(struct reading *r, const char *name, int64_t start_ns, int64_t run_ns, struct error *err)
{
    const union import_value *value = r->in->value;
    struct job job = {.name = name, .start_ns = start_ns};
    job.work_ns = import_ns((double)value[ITERATION].i, 1);
    job.gap_ns = import_ns((double)value[GAP].i, 1);
    if (job.work_ns > run_ns)
        job.work_ns = run_ns;
    job.iters = (run_ns + job.gap_ns) / (job.work_ns + job.gap_ns);
    if (job.iters * (job.work_ns + job.gap_ns) > run_ns)
        job.iters -= job.iters > 1;
    return jobs_add(r->in, &job, err) ? GS_OK : err->code;
}

static int add_row(struct reading *r, struct error *err)
{
    struct import *in = r->in;
    struct pod pod = {0};
    bool skip;
    int code = read_pod(r, &pod, &skip, err);
    if (code || skip)
        return code;
    const char *name = jobs_id(in, &r->known, column_name[NAME], csv_text(&r->csv, NAME), err);
    if (!name)
        return err->code;
    int64_t start = (in->value[START].i ? pod.scheduled : pod.creation) * SECOND_NS;
    int64_t run = (pod.deletion - pod.scheduled) * SECOND_NS;
    code = (pod.qos == QOS_LS ? add_service : add_training)(r, name, start, run, err);
    if (code)
        return code;
    struct trace_workload *w = &in->trace->workload[in->trace->workloads - 1];
    double share = (double)pod.milli / 1000;
    const char *spec = csv_text(&r->csv, GPU_SPEC);
    w->gpus = pod.gpus;
    w->priority = qos[pod.qos].priority;
    w->detach_ns = pod.deletion * SECOND_NS;
    w->why = pod.failed || pod.qos == QOS_LS ? GST_WHY_KILL : GST_WHY_END;
    if (in->value[SHARE].i != SHARE_LIMIT)
        w->request_share = share;
    if (in->value[SHARE].i != SHARE_REQUEST)
        w->limit_share = share;
    if (in->value[GPU_MEMORY].i)
        w->memory_bytes = pod.gpus * (int64_t)(share * (double)in->value[GPU_MEMORY].i);
    w->group = *spec ? import_id(in, spec) : "";
    return w->group ? GS_OK : import_no_memory(in, err);
}

static bool assume(const struct reading *r)
{
    struct import *in = r->in;
    const union import_value *value = in->value;
    const char *lim = value[SHARE].i == SHARE_REQUEST ? "req" : value[SHARE].i == SHARE_LIMIT ? "lim" : "req and lim";
    return import_assume(in, "W", "left out: %llu pods that never ran; %llu without GPU; %llu of no length",
                         (unsigned long long)r->pending, (unsigned long long)r->no_gpu, (unsigned long long)r->empty) &&
           import_assume(in, "class", "LS pods are inference; others training") &&
           import_assume(in, "share", "gpu_milli; a share of compute; as %s of memory", lim) &&
           import_assume(in, "R", "LS pods: made up; on for a burst of mean %.5g s; off for a think of mean %.5g s",
                         dist_mean(value[BURST].dist) / 1e9, dist_mean(value[THINK].dist) / 1e9) &&
           import_assume(in, "T", "other pods: made up; iterations of %g s and %g s off the GPU",
                         (double)value[ITERATION].i / 1e9, (double)value[GAP].i / 1e9) &&
           (!value[GPU_MEMORY].i ||
            import_assume(in, "mem", "gpu_milli of %lld bytes", (long long)value[GPU_MEMORY].i));
}

static int read_openb(struct import *in, struct error *err)
{
    struct reading r = {.in = in};
    bool more;
    int code = csv_open(&r.csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&r.csv, &more, err)) && more)
        code = add_row(&r, err);
    gst_rules_fini(&r.known);
    return code || (jobs_from_first(in) && assume(&r)) ? code : import_no_memory(in, err);
}

static bool is_openb(const char *head)
{
    return csv_header_has(head, "name,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time");
}

/* Thinks like the idle times of cloud functions (p50 4 min, p90 10 min), bursts like image generation (p50 23 s, p90
 * 53 s); iterations as in philly.c. */
static const struct import_option options[] = {{.key = "start",
                                                .kind = IMPORT_CHOICE,
                                                .fallback = "creation",
                                                .choice = start_name,
                                                .help = "a pod arrives when it was created, or when it was scheduled"},
                                               {.key = "share",
                                                .kind = IMPORT_CHOICE,
                                                .fallback = "request",
                                                .choice = share_name,
                                                .help = "what gpu_milli becomes of a workload's share of memory"},
                                               {.key = "gpu_memory",
                                                .kind = IMPORT_SIZE,
                                                .fallback = "0",
                                                .max = 0x1p60,
                                                .help = "memory is gpu_milli of so much, of each GPU; 0: by --mem"},
                                               {.key = "think",
                                                .kind = IMPORT_TIME_DIST,
                                                .fallback = "lognormal(4m,0.7)",
                                                .help = "LS pods: time between two requests"},
                                               {.key = "burst",
                                                .kind = IMPORT_TIME_DIST,
                                                .fallback = "lognormal(23s,0.65)",
                                                .help = "LS pods: GPU work of a request"},
                                               {.key = "iteration",
                                                .kind = IMPORT_TIME,
                                                .fallback = "100ms",
                                                .min = 1e3,
                                                .max = 3.6e12,
                                                .help = "other pods: GPU work of an iteration"},
                                               {.key = "gap",
                                                .kind = IMPORT_TIME,
                                                .fallback = "0",
                                                .max = 3.6e12,
                                                .help = "other pods: time off the GPU after each iteration"},
                                               {0}};

const struct importer import_openb = {.name = "openb",
                                      .help = "pods of Alibaba's GPU-sharing cluster, 2023: lives and GPU shares",
                                      .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                      .option = options,
                                      .guess = is_openb,
                                      .read = read_openb};
