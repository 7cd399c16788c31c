/* info.h - what is in a trace: counts and percentiles for `trace info`, a validation for `trace check`. */
#ifndef GS_TRACES_INFO_H
#define GS_TRACES_INFO_H

#include "traces/trace.h"

/* Percentiles by nearest rank; all zero when n = 0. */
struct trace_quantiles {
    size_t n;
    const double *value; /* all of them, rising */
    double mean, cv;     /* cv: standard deviation over mean */
    double p25, p50, p75, p90, p95, p99, max;
};

/* How many at a time, weighted by time from the first arrival to the end of the trace. */
struct trace_levels {
    double mean, p5, p50, p95, max;
};

/* Of requests, model by model and as one stream. */
struct trace_arrivals {
    size_t models;                   /* with requests */
    double top1, top5, top10, slope; /* shares of the requests; -d log(requests) / d log(rank), NAN of less than 3 */
    struct trace_quantiles gap_s;    /* between requests to whatever model */
    struct trace_quantiles model_gap_s, model_gap_p50_s,
        model_gap_cv;                     /* of one model; over models with 2 gaps or more */
    struct trace_quantiles model_traffic; /* over models: share of the windows of 600 s that have a request */
    double dispersion[3];                 /* variance over mean of requests in windows of 1, 10, 60 s; NAN: too few */
};

struct trace_info {
    size_t workloads, by_class[4]; /* in order of enum gst_class */
    size_t bursts, runs, requests, resizes;
    int64_t first_ns, end_ns; /* first attach; last recorded time */
    double work_s;            /* GPU time asked for, alone, over all workloads; of a multi-GPU one counted once */
    struct trace_quantiles burst_s, think_s, gap_s;     /* gap: start to start */
    struct trace_quantiles bursts_per_workload, life_s; /* life: attach to detach (or the end of the trace) */
    struct trace_quantiles busy_share;                  /* work over life, of workloads with bursts or runs */
    struct trace_quantiles request_work_s, request_in, request_out;
    struct trace_quantiles memory_bytes;
    struct trace_levels present, in_service; /* workloads; bursts, iteration runs and requests */
    struct trace_arrivals arrivals;          /* models = 0: no requests */
};

/* Memory from `arena`; GS_SYSTEM when there is none. */
int trace_info(struct trace_info *info, const struct trace *trace, struct arena *arena, struct error *err);

/* The same over time: `n` bins of equal length from the first arrival to the end. */
struct trace_bin {
    double from_s, present, in_service, in_service_peak; /* means but for the peak */
};
struct trace_bin *trace_bins(const struct trace *trace, size_t n, struct arena *arena);

struct trace_counts {
    uint64_t lines, records[GST_KINDS], extensions;
    uint64_t live;            /* workloads without a D record */
    uint64_t too_large;       /* workloads that hold more than lim x ref_gpu at some time and could never run there */
    uint32_t first_too_large; /* line of the first such record, 0 = none */
};

/* Read a native file through, holding every line to the rules; memory O(workloads). */
int trace_check(struct trace_counts *counts, const char *file, struct arena *arena, struct error *err);

#endif
