/* info.h - what is in a trace: counts and percentiles for `trace info`, a validation for `trace check`. */
#ifndef GS_TRACES_INFO_H
#define GS_TRACES_INFO_H

#include "traces/trace.h"

/* Percentiles by nearest rank; all zero when n = 0. */
struct trace_quantiles {
    size_t n;
    double mean, cv; /* cv: standard deviation over mean */
    double p25, p50, p75, p90, p95, p99, max;
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
};

/* Memory from `arena`; GS_SYSTEM when there is none. */
int trace_info(struct trace_info *info, const struct trace *trace, struct arena *arena, struct error *err);

struct trace_counts {
    uint64_t lines, records[GST_KINDS], extensions;
    uint64_t live;            /* workloads without a D record */
    uint64_t too_large;       /* workloads that hold more than lim x ref_gpu at some time and could never run there */
    uint32_t first_too_large; /* line of the first such record, 0 = none */
};

/* Read a native file through, holding every line to the rules; memory O(workloads). */
int trace_check(struct trace_counts *counts, const char *file, struct arena *arena, struct error *err);

#endif
