/* report.h - what a run found out, ready to be printed: built from the tallies of its replications, or read back from
 * the database, and the same in both cases.
 *
 * How the numbers of R replications become one:
 *   counts and bytes      sums over the replications; `workloads` and caps are as in the scenario, peaks the greatest
 *   means, shares, rates  ratio of the sums (mean response = sum of responses / bursts), so that a mean response is the
 *                         mean time alone plus the mean stall parts; interval: ratio estimator over replications
 *   quantiles             average of the replications' quantiles; interval: Student t.  A replication in which a group
 *                         completed nothing contributes nothing to its quantiles: `n` tells how many did
 *   makespans             average, if every replication has one
 *   refused workloads     sum, by what kept them out; `rejected` counts them and the bursts that were refused
 *   stuck workloads       sum: those that waited at the end for longer than STUCK_RESPONSES 99th percentiles and for
 *                         more than STUCK_SHARE of the run (docs/statistics.md)
 *   fairness              average of the replications' indices, least and greatest shares; interval: Student t
 * Intervals are at 95 % and need two replications; a single one that is long has those of its mean response and of its
 * quantiles from batches of its bursts (sim/stats/batches.h).  As no number here can be negative, they end at 0 at the latest.  What does not exist is NAN, and null in JSON and SQL.
 */
#ifndef GS_REPORT_H
#define GS_REPORT_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/results/tally.h"
#include "sim/results/text.h"
#include "sim/scenario/scenario.h"
#include "sim/stats/interval.h"

enum report_stat { STAT_MEAN, STAT_P50, STAT_P95, STAT_P99, STAT_MAX, STATS };

/* Of struct interval, `n` is the number of replications behind the value. */
struct report_group {
    const char *name, *class;
    struct interval workloads, arrived, completed, censored, rejected, oom_kills, lost, migrations;
    struct interval response[STATS], slowdown[STATS], ttft[STATS]; /* seconds, ratio, seconds */
    struct interval alone, stall[STALLS];                          /* mean seconds a completed burst */
    struct interval throughput_per_s, throughput_share, makespan;
    struct interval served[SERVEDS], served_bytes[SERVEDS];
    struct interval evicted_idle, evicted_premature, evicted_waiting; /* workloads sent off the GPU (tally.h) */
    struct interval premature;                                        /* share of those idle */
    struct interval jain, share_least, share_most;                    /* of the workloads' shares of the speed alone */
    struct interval batches, batch_size, batch_correlation; /* behind the intervals of a single replication, if any */
    struct interval unended_p50, unended_max, unended_stall[STALLS]; /* seconds a censored burst, up to the end */
    struct interval stuck, waiting_max, waiting[STALLS]; /* workloads; the longest wait; all waits by their cause, s */
    struct interval waiting_memory;                      /* of waiting[STALL_QUEUE]: on GPUs that nobody leaves */
    struct interval refused, refused_by[REFUSALS];       /* workloads, on arrival */
    struct interval recorded, unreached;                 /* bursts of a trace; those to which it never came */
};

struct report_gpu {
    const char *id;                          /* "node-0/gpu-0" */
    struct interval useful, switching, idle; /* shares of time, sum 1 */
    struct interval swap_in_bytes, swap_out_bytes, swaps, resident_bytes;
    struct interval thrash; /* switching / useful; NAN where nothing useful was done but swaps were */
    struct interval memory; /* bytes that workloads may use */
};

struct report_node {
    const char *id; /* "node-0" */
    struct interval cap_bytes, peak_bytes, mean_bytes, refused_bytes;
};

struct report_sla {
    const char *name;
    const char *group; /* NULL: all groups of `class` */
    const char *class;
    const char *metric;
    double target;
    struct interval value;
    double attainment; /* share within the target of the bursts that ended, were refused, or are late; NAN: no metric */
    struct interval goodput_per_s; /* bursts within the target; NAN like attainment */
    double counted, late; /* bursts behind that share; of them those that are outside without having a response */
    double alone;         /* of a response: the same of the times alone, below which nothing brings it; else NAN */
    const char *missed;   /* why: "value", "share", "stuck", "refused"; NULL if it is met */
    bool met, is_floor;
};

struct report_run {
    struct interval replications, simulated, warmup, elapsed, makespan, events,
        wall;                                    /* seconds; elapsed: all, measured */
    struct interval precision, max_replications; /* as the scenario wants them; NAN: it does not */
    struct interval faults[GS_SLOTS];            /* answers of each policy that were none */
    struct interval response_lower;              /* seconds: no policy has a smaller mean response of these bursts */
    struct interval regret;                      /* by which share of that the mean response is longer */
};

struct report {
    const char *scenario, *version, *provenance;
    const char *victim, *slicer, *cap, *prefetch, *place;
    const char *parameters;    /* of the policies: the inside of a JSON object */
    const char *policy;        /* for people: "lru + nvshare(30s)" */
    const char *length;        /* for people: "8 h x 10" */
    const char *limits, *next; /* what limits, and a command to try next */
    const char *device;        /* of a live run, what its driver says; else NULL */
    bool interrupted;          /* a live run, up to where somebody ended it */
    uint64_t seed;
    int64_t number; /* of the run in the database, where it was read from one; else 0 */
    bool is_random; /* something in the load is drawn: replications differ */
    struct report_run run;
    struct report_group *group;
    struct report_gpu *gpu;
    struct report_node *node;
    struct report_sla *sla;
    size_t groups, gpus, nodes, slas;
};

struct report_about {
    const char *version, *provenance; /* provenance: "sim", "double", "cuda" */
    const char *command;              /* how to run this again, for advice; NULL: "gpuswap-sim run FILE" */
    double wall_s;                    /* reported to 0.01 s */
    const char *device;               /* of a live run; else NULL */
};

/* Build the report of `count` replications (interrupted ones are left out; sketches are sorted in place).  Strings of
 * the scenario are shared, the rest is in `arena`.  Fails only for want of memory or of any replication. */
int report_build(struct report *report, const struct scenario *scenario, struct tally *const *tally, size_t count,
                 const struct report_about *about, struct arena *arena, struct error *err);

/* What the stuck workloads of a group waited for, or, if there are none, its unended bursts: a stall, or one of these. */
enum { CAUSE_RUNNING = STALLS, CAUSE_MEMORY, CAUSES }; /* had the GPU for most of the time; GPUs full for good */
int report_cause(const struct report_group *group);
/* What kept most of a group's refused workloads out. */
enum refusal report_refusal(const struct report_group *group);
/* Bursts refused, without the workloads that were. */
double report_refused_bursts(const struct report_group *group);
/* For people: "no room in the swap file"; of `all` replications together, "5 of 7 notebooks WHAT". */
const char *report_cause_text(int cause);
void report_who_text(char *out, size_t size, const struct report *report, const struct report_group *group, double all,
                     const char *what);
/* Why a promise is missed, where its value does not show it: "4 of 6 stuck", "91.3 % within"; else "". */
void report_missed_text(char *out, size_t size, const struct report *report, const struct report_sla *sla);

/* How well a report's headline numbers are known: the mean response of each group and the value of each SLA.  A number
 * without a value does not count; one without an interval is not known at all. */
struct report_precision {
    double half_width;  /* the greatest relative one: half of the interval over the value; NAN: there is no number */
    const char *name;   /* of its group or SLA */
    const char *metric; /* "response_mean" */
    bool met; /* half_width <= g / (1 + g), so that the value is within g of the truth, g = wanted precision */
};
struct report_precision report_precision(const struct report *report);

/* Answers of all policies that were none, and that safe ones took the place of. */
double report_faults(const struct report *report);

/* The name of the policy in a slot. */
const char *report_policy(const struct report *report, enum gs_slot slot);

/* Of a promise whose value is a ratio of sums over replications, what a replication's sum is divided by; else NAN. */
double report_sla_weight(const struct scenario *scenario, const struct sla *sla, const struct tally *tally);
/* Somebody to whom it is promised was refused on arrival, or was stuck at the end: "refused", "stuck"; NULL: nobody. */
const char *report_sla_without(const struct report *report, const struct scenario *scenario, const struct sla *sla);

/* True if every SLA is met; so, too, if there is none. */
bool report_sla_met(const struct report *report);

/* A time as reports show it: three significant digits and one unit, "41.2 s"; "-" if it is NAN. */
enum { REPORT_CELL = 48 };
const char *report_time(char out[REPORT_CELL], double s);

/* The three forms.  A text that ran out of memory says so in `out->failed`. */
void report_json(struct text *out, const struct report *report);
void report_json_policy(struct text *out, const char *comma, const struct report *report); /* its "policy" alone */
void report_text(struct text *out, const struct report *report);
void report_csv(struct text *out, const struct report *report);

/* Every number of a report but the SLAs, in a fixed order: scope ("run", "group", "gpu", "node"), its name ("" for the
 * run), metric.  Stops at the first `visit` that does not return GS_OK and returns that. */
int report_each(struct report *report,
                int (*visit)(void *context, const char *scope, const char *name, const char *metric,
                             struct interval *value),
                void *context);

/* Name of the i-th number of a scope, NULL past the last. */
const char *report_metric(const char *scope, size_t i);

#endif
