/* info.c - counts and percentiles of a trace. */
#include "traces/info_parts.h"
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rank(const struct info_sample *s, double share)
{
    double position = ceil(share * (double)s->n);
    return s->value[position < 1 ? 0 : (size_t)position - 1];
}

struct trace_quantiles info_summarise(struct info_sample *s)
{
    struct trace_quantiles q = {.n = s->n, .value = s->value};
    double square = 0;
    if (!s->n)
        return q;
    qsort(s->value, s->n, sizeof *s->value, by_value);
    for (size_t i = 0; i < s->n; i++)
        q.mean += s->value[i] / (double)s->n;
    for (size_t i = 0; i < s->n; i++)
        square += (s->value[i] - q.mean) * (s->value[i] - q.mean) / (double)s->n;
    q.cv = q.mean > 0 ? sqrt(square) / q.mean : 0;
    q.p25 = rank(s, 0.25);
    q.p50 = rank(s, 0.50);
    q.p75 = rank(s, 0.75);
    q.p90 = rank(s, 0.90);
    q.p95 = rank(s, 0.95);
    q.p99 = rank(s, 0.99);
    q.max = s->value[s->n - 1];
    return q;
}

void info_add(struct info_sample *s, double value)
{
    s->value[s->n++] = value;
}

/* The samples that are collected while going over the workloads once. */
enum { BURST, THINK, GAP, PER_WORKLOAD, LIFE, BUSY, WORK, IN, OUT, MEMORY, SAMPLES };

static void collect(struct trace_info *info, const struct trace_workload *w, struct info_sample *s)
{
    double work = 0, life;
    for (size_t j = 0; j < w->bursts; j++) {
        const struct trace_burst *b = &w->burst[j];
        work += (double)b->work_ns / 1e9;
        info_add(&s[BURST], (double)b->work_ns / 1e9);
        if (j) {
            info_add(&s[THINK], (double)b->think_ns / 1e9);
            info_add(&s[GAP], (double)(b->ready_ns - b[-1].ready_ns) / 1e9);
        }
    }
    for (size_t j = 0; j < w->runs; j++)
        work += (double)w->run[j].iters * (double)w->run[j].work_ns / 1e9;
    for (size_t j = 0; j < w->requests; j++) {
        work += (double)w->request[j].work_ns / 1e9;
        info_add(&s[WORK], (double)w->request[j].work_ns / 1e9);
        info_add(&s[IN], (double)w->request[j].in);
        info_add(&s[OUT], (double)w->request[j].out);
    }
    life = (double)((w->detach_ns == TRACE_NEVER ? info->end_ns : w->detach_ns) - w->attach_ns) / 1e9;
    if (w->bursts)
        info_add(&s[PER_WORKLOAD], (double)w->bursts);
    info_add(&s[LIFE], life);
    if ((w->bursts || w->runs) && life > 0)
        info_add(&s[BUSY], fmin(1, work / life)); /* what a window cuts off may be more than fits */
    if (trace_most_held(w) >= 0)
        info_add(&s[MEMORY], (double)trace_most_held(w));
    info->work_s += work;
    info->by_class[w->class]++;
    info->runs += w->runs;
    info->resizes += w->resizes;
}

int trace_info(struct trace_info *info, const struct trace *trace, struct arena *arena, struct error *err)
{
    struct info_sample s[SAMPLES] = {0};
    *info = (struct trace_info){.workloads = trace->workloads, .end_ns = trace_end_ns(trace)};
    for (size_t i = 0; i < trace->workloads; i++) {
        info->bursts += trace->workload[i].bursts;
        info->requests += trace->workload[i].requests;
    }
    for (int i = 0; i < SAMPLES; i++) {
        size_t n = i <= GAP ? info->bursts : i >= WORK && i <= OUT ? info->requests : info->workloads;
        s[i].value = arena_array(arena, n, sizeof(double));
        if (!s[i].value)
            return error_set(err, GS_SYSTEM, "out of memory for the statistics of %zu bursts", info->bursts);
    }
    info->first_ns = trace->workloads ? trace->workload[0].attach_ns : 0;
    for (size_t i = 0; i < trace->workloads; i++)
        collect(info, &trace->workload[i], s);
    info->burst_s = info_summarise(&s[BURST]);
    info->think_s = info_summarise(&s[THINK]);
    info->gap_s = info_summarise(&s[GAP]);
    info->bursts_per_workload = info_summarise(&s[PER_WORKLOAD]);
    info->life_s = info_summarise(&s[LIFE]);
    info->busy_share = info_summarise(&s[BUSY]);
    info->request_work_s = info_summarise(&s[WORK]);
    info->request_in = info_summarise(&s[IN]);
    info->request_out = info_summarise(&s[OUT]);
    info->memory_bytes = info_summarise(&s[MEMORY]);
    if (!info_levels(info, trace) || !info_arrivals(info, trace, arena))
        return error_set(err, GS_SYSTEM, "out of memory for the statistics of %zu bursts and %zu requests",
                         info->bursts, info->requests);
    return GS_OK;
}

/* --- trace check ------------------------------------------------------------------------------------------------- */

struct holding {
    int64_t bytes, most_bytes; /* held now; lim x ref_gpu */
    bool live, too_large;
};

static void hold(struct trace_counts *counts, struct holding *holding, int64_t bytes, uint64_t line)
{
    if (bytes <= holding->most_bytes || holding->too_large)
        return;
    holding->too_large = true;
    if (!counts->too_large++)
        counts->first_too_large = (uint32_t)line;
}

static void account(struct trace_counts *counts, struct holding *h, const struct gst_record *record, int64_t ref_bytes,
                    uint64_t line)
{
    switch (record->kind) {
    case GST_WORKLOAD:
        h->live = true;
        h->bytes = record->w.mem < 0 ? 0 : record->w.mem;
        h->most_bytes =
            ref_bytes < 0 ? INT64_MAX : (int64_t)((double)ref_bytes * (double)record->w.lim / (double)GST_PPM);
        hold(counts, h, h->bytes, line);
        break;
    case GST_BURST:
        hold(counts, h, h->bytes + record->b.grow, line);
        h->bytes += record->b.keep;
        hold(counts, h, h->bytes, line);
        break;
    case GST_MEMORY:
        h->bytes = record->m.bytes;
        hold(counts, h, h->bytes, line);
        break;
    case GST_DEPART:
        h->live = false;
        break;
    default:
        break;
    }
}

int trace_check(struct trace_counts *counts, const char *file, struct arena *arena, struct error *err)
{
    struct gst *gst;
    struct gst_record record;
    struct holding *holding = NULL;
    size_t capacity = 0;
    *counts = (struct trace_counts){0};
    int code = gst_open(&gst, file, err);
    if (code)
        return code;
    while (!(code = gst_next(gst, &record, err)) && record.kind != GST_END) {
        struct holding *grown = holding;
        if (gst_ids(gst) > capacity)
            grown = arena_grow(arena, holding, &capacity, gst_ids(gst), sizeof *holding);
        if (!grown) {
            code = error_set(err, GS_SYSTEM, "'%s': out of memory", file);
            break;
        }
        holding = grown;
        counts->records[record.kind]++;
        account(counts, &holding[record.id], &record, gst_header(gst)->ref_gpu_bytes, gst_line(gst));
    }
    for (uint32_t i = 0; !code && i < gst_ids(gst); i++)
        counts->live += holding[i].live;
    counts->lines = gst_line(gst);
    counts->extensions = gst_skipped(gst);
    gst_close(gst);
    return code;
}
