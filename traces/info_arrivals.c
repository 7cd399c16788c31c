/* info_arrivals.c - how requests arrive: which models they go to, in which gaps, how bunched. */
#include "traces/info_parts.h"
#include <math.h>
#include <stdlib.h>

enum { WINDOW_S = 600, WINDOWS_LEAST = 10 };

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Least squares of log(requests) over log(rank). */
static double rank_size_slope(const double *requests, size_t n)
{
    double x = 0, y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        double u = log((double)(i + 1)), v = log(requests[i]);
        x += u / (double)n;
        y += v / (double)n;
        xx += u * u / (double)n;
        xy += u * v / (double)n;
    }
    return n < 3 ? NAN : -(xy - x * y) / (xx - x * x);
}

static bool popularity(struct trace_arrivals *a, const struct trace *trace, size_t requests)
{
    double *count = heap_resize(NULL, (trace->workloads + 1) * sizeof *count), sum = 0;
    if (!count)
        return false;
    for (size_t i = 0; i < trace->workloads; i++)
        if (trace->workload[i].requests)
            count[a->models++] = (double)trace->workload[i].requests;
    qsort(count, a->models, sizeof *count, falling);
    for (size_t i = 0; i < a->models; i++) {
        sum += count[i] / (double)requests;
        if (i < 1)
            a->top1 = sum;
        if (i < 5)
            a->top5 = sum;
        if (i < 10)
            a->top10 = sum;
    }
    a->slope = rank_size_slope(count, a->models);
    heap_free(count);
    return true;
}

/* Variance over mean of the numbers of arrivals in windows of `length_ns` from the start to the end.  The last one
 * counts though it may be incomplete: so it does in published figures, with which these are compared. */
static double dispersion(const int64_t *at, size_t n, int64_t length_ns, int64_t end_ns)
{
    int64_t windows = end_ns / length_ns + 1;
    double sum = 0, square = 0;
    if (windows < WINDOWS_LEAST)
        return NAN;
    for (size_t i = 0; i < n;) {
        int64_t window = at[i] / length_ns;
        size_t from = i;
        while (i < n && at[i] / length_ns == window)
            i++;
        sum += (double)(i - from);
        square += (double)(i - from) * (double)(i - from);
    }
    double mean = sum / (double)windows;
    return (square / (double)windows - mean * mean) / mean;
}

/* All requests as one stream. */
static bool pooled(struct trace_arrivals *a, const struct trace *trace, size_t requests, int64_t end_ns,
                   struct arena *arena)
{
    static const int64_t length_s[] = {1, 10, 60};
    int64_t *at = heap_resize(NULL, (requests + 1) * sizeof *at);
    struct info_sample gap = {.value = arena_array(arena, requests, sizeof(double))};
    size_t n = 0;
    bool ok = at && gap.value;
    for (size_t i = 0; ok && i < trace->workloads; i++)
        for (size_t j = 0; j < trace->workload[i].requests; j++)
            at[n++] = trace->workload[i].request[j].ready_ns;
    if (ok) {
        qsort(at, n, sizeof *at, by_time);
        for (size_t i = 1; i < n; i++)
            info_add(&gap, (double)(at[i] - at[i - 1]) / 1e9);
        a->gap_s = info_summarise(&gap);
        for (int i = 0; i < 3; i++)
            a->dispersion[i] = dispersion(at, n, length_s[i] * 1000000000, end_ns);
    }
    heap_free(at);
    return ok;
}

/* Share of the windows from the start to the end that hold a request. */
static double traffic(const struct trace_workload *w, int64_t end_ns)
{
    const int64_t length_ns = (int64_t)WINDOW_S * 1000000000;
    int64_t windows = (end_ns + length_ns - 1) / length_ns, last = -1, with = 0;
    for (size_t i = 0; i < w->requests; i++) {
        int64_t window = w->request[i].ready_ns / length_ns;
        with += window != last;
        last = window;
    }
    return windows < 1 ? 1 : fmin(1, (double)with / (double)windows);
}

static bool each_model(struct trace_arrivals *a, const struct trace *trace, size_t requests, int64_t end_ns,
                       struct arena *arena)
{
    struct info_sample all = {.value = arena_array(arena, requests, sizeof(double))},
                       own = {.value = heap_resize(NULL, (requests + 1) * sizeof(double))},
                       p50 = {.value = arena_array(arena, a->models, sizeof(double))},
                       cv = {.value = arena_array(arena, a->models, sizeof(double))},
                       share = {.value = arena_array(arena, a->models, sizeof(double))};
    bool ok = all.value && own.value && p50.value && cv.value && share.value;
    for (size_t i = 0; ok && i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        if (!w->requests)
            continue;
        own.n = 0;
        for (size_t j = 1; j < w->requests; j++) {
            double gap = (double)(w->request[j].ready_ns - w->request[j - 1].ready_ns) / 1e9;
            info_add(&own, gap);
            info_add(&all, gap);
        }
        info_add(&share, traffic(w, end_ns));
        if (own.n < 2)
            continue;
        struct trace_quantiles q = info_summarise(&own);
        info_add(&p50, q.p50);
        info_add(&cv, q.cv);
    }
    if (ok) {
        a->model_gap_s = info_summarise(&all);
        a->model_gap_p50_s = info_summarise(&p50);
        a->model_gap_cv = info_summarise(&cv);
        a->model_traffic = info_summarise(&share);
    }
    heap_free(own.value);
    return ok;
}

bool info_arrivals(struct trace_info *info, const struct trace *trace, struct arena *arena)
{
    struct trace_arrivals *a = &info->arrivals;
    if (!info->requests)
        return true;
    return popularity(a, trace, info->requests) && pooled(a, trace, info->requests, info->end_ns, arena) &&
           each_model(a, trace, info->requests, info->end_ns, arena);
}
