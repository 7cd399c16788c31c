/* scenario.h - scenario.ini, parsed and checked: every value in base units, every default filled in.
 *
 * Reading is all or nothing: unknown sections and keys, repeated keys, bad values and contradictions are all reported
 * together with file and line, and nothing runs.  keys.c holds the one table of keys.
 */
#ifndef GS_SCENARIO_H
#define GS_SCENARIO_H

#include "sim/base/arena.h"
#include "sim/base/dist.h"
#include "sim/base/error.h"
#include "policies/policy.h"
#include "policies/table.h"

enum record { RECORD_SUMMARY, RECORD_BURSTS, RECORD_EVENTS };
enum calibrated { CALIBRATED_NO, CALIBRATED_CUDA, CALIBRATED_DOUBLE };
enum transfer { TRANSFER_SERIAL, TRANSFER_OVERLAPPED };
enum link_discipline { LINK_PS, LINK_FCFS };
enum sharing { SHARING_CONCURRENT, SHARING_EXCLUSIVE };
enum fraction { FRACTION_DYNAMIC, FRACTION_REGULAR };
enum arrival_kind { ARRIVAL_POISSON, ARRIVAL_GAMMA, ARRIVAL_ONOFF, ARRIVAL_SCHEDULE, ARRIVAL_USERS };
enum initial_state { INITIAL_BY_CLASS, INITIAL_NEW, INITIAL_GPU, INITIAL_HOST, INITIAL_DISK };

enum unload { UNLOAD_SWAP, UNLOAD_STOP };

enum { WARMUP_AUTO = -1 };

/* Where a value was written: file and line, or the command line (file "--set", line 0), or nowhere (default, file NULL). */
struct place {
    const char *file;
    int line;
};

struct node_group { /* [node] or [node.NAME] */
    const char *name;
    struct place place;
    int64_t count, gpus;
    int64_t gpu_memory, gpu_reserved, gpu_reserved_per_workload;
    double gpu_speed;
    bool swap;
    int64_t swap_file, pinned; /* pinned: INT64_MAX = all of it */
    double pageable;           /* bytes per second */
    gs_ns pin_cost;            /* per GiB */
    double h2d, d2h;           /* bytes per second */
    int transfer;              /* enum transfer */
    double duplex;             /* 0.5 .. 1 */
    double host_bandwidth;     /* INFINITY = unlimited */
    int link_discipline;
    gs_ns swap_overhead;
    int64_t chunk;
    double disk;
    int sharing;
    gs_ns idle_detect;
    bool node_level_scheduler;
    int64_t max_workloads_per_gpu; /* INT64_MAX = none */
    bool regular_fraction_freezes_gpu;
    int calibrated;   /* enum calibrated */
    int time_slicing; /* 0 timesharing, 1 strict, 2 fair */
};

struct arrival {
    enum arrival_kind kind;
    double rate_per_s;              /* poisson, gamma, and the on-rate of onoff */
    double cv;                      /* gamma */
    double on_mean_ns, off_mean_ns; /* onoff: exponential spells */
    const gs_ns *time;              /* schedule, ascending */
    uint32_t times;
    int64_t users; /* each thinks for an exponential time of mean think_ns, and waits for the end of his request */
    double think_ns;
};

enum router_kind {
    ROUTER_EACH, /* none: each has its own arrivals */
    ROUTER_RANDOM,
    ROUTER_ROUND_ROBIN,
    ROUTER_LEAST_LOADED,
    ROUTER_HOT_FIRST,
    ROUTER_ZIPF,
};

struct router {
    enum router_kind kind;
    double s; /* zipf: the k-th workload of the group gets a share of k^-s */
};

struct pool {       /* where workloads may be placed */
    const char *of; /* those of this group of the trace; NULL: all others */
    bool *node;     /* by index of the node group */
};

struct workload_group { /* [workload.NAME] */
    const char *name;
    struct place place;
    int class; /* enum gs_class */
    int64_t count;
    struct dist memory;
    int64_t context;
    double dirty;
    bool keep_host_copy;
    double request, limit; /* request < 0: not given (= memory) */
    int fraction;
    bool swappable;
    int64_t gpus_per_workload;
    int64_t priority;
    struct dist start;
    struct dist think, burst, grow; /* notebook; grow constant 0 by default */
    bool iterates;                  /* training with iterations; else cpu_work and gpu_work */
    struct dist cpu_work, gpu_work; /* training */
    int64_t iterations;
    struct dist iteration, gap;
    struct arrival arrival; /* inference */
    struct router router;
    struct dist service;
    bool has_tokens; /* instead of a service */
    struct dist input_tokens, output_tokens;
    gs_ns prefill_per_token, decode_per_token, first_token_overhead;
    int64_t slots, max_waiting; /* beyond the slots; INT64_MAX = none is refused */
    int state;                  /* enum initial_state */
    gs_ns cold_start, warm_start;
    int64_t kv_cache;  /* of memory */
    int unload;        /* enum unload */
    const char *nodes; /* as written; NULL: anywhere */
    struct pool *pool;
    size_t pools;
    int trace; /* index of the [trace.NAME] it stands for, -1 */
};

struct trace_source { /* [trace.NAME]: the file replayed; its class, memory, ... fill what the trace lacks */
    const char *name;
    struct place place;
    const char *file;    /* path, resolved against the scenario's folder */
    const char *format;  /* NULL: told by the beginning of the file */
    const char *options; /* of the importer, "KEY=VALUE, ..." or NULL */
    int class;
    bool has_class, has_memory;
    struct dist memory;
    int64_t context;
    double dirty;
    bool keep_host_copy;
    int64_t priority; /* also in the workload group that stands for the trace */
    int loop;         /* -1 as the trace says, 0 closed, 1 open */
    gs_ns from, to;   /* window of the trace; GS_NEVER = to its end */
    double scale_time;
    int64_t sample; /* keep this many workloads, 0 = all */
    bool single;    /* only its workloads of one GPU */
    bool stream;    /* read it from disk while it is replayed */
    const char *nodes;
};

enum sla_metric {
    SLA_RESPONSE_P50,
    SLA_RESPONSE_P95,
    SLA_RESPONSE_P99,
    SLA_RESPONSE_MEAN,
    SLA_SLOWDOWN_P50,
    SLA_SLOWDOWN_P95,
    SLA_SLOWDOWN_P99,
    SLA_SLOWDOWN_MEAN,
    SLA_TTFT_P50,
    SLA_TTFT_P95,
    SLA_TTFT_P99,
    SLA_THROUGHPUT_SHARE,
    SLA_OOM_KILLS,
    SLA_METRICS
};

struct sla { /* one row for each metric of a [sla.NAME] */
    const char *name;
    struct place place;
    int32_t group; /* index of a workload group, or -1: all of `class` */
    int class;
    enum sla_metric metric;
    double target; /* seconds, ratio, share or count */
};

struct policy_choice {
    const struct gs_policy_head *policy;
    union gs_value *param; /* in the order of its table */
    struct place place;
    const char *plugin, *hash; /* "mine@./mine.so" and what its file holds; NULL: built in */
};

/* What reports call it: "lru", "mine@./mine.so". */
const char *policy_choice_name(const struct policy_choice *choice);

struct setting { /* a resolved key, for the record */
    const char *section, *key, *value;
};

struct scenario {
    struct arena *arena;
    const char *file; /* as given; "-" for standard input */
    const char *text; /* the files as read, for the record */
    const char *name;
    gs_ns duration; /* GS_NEVER: until every workload is finished */
    gs_ns warmup;   /* or WARMUP_AUTO */
    uint64_t seed;
    int64_t replications, threads;
    double precision; /* relative error at which no more replications are added; 0: none are */
    int64_t max_replications;
    int record;
    int64_t record_limit; /* bytes of the database from which on it takes no more rows of `record`; 0: any */
    bool served;          /* its load is programs that come and go: it is not drawn, and ends when somebody ends it */
    bool allow_synthetic; /* nodes with CALIBRATED_DOUBLE are not refused */
    struct node_group *node;
    size_t nodes;
    struct workload_group *workload;
    size_t workloads;
    struct trace_source *trace;
    size_t traces;
    struct sla *sla;
    size_t slas;
    struct policy_choice policy[GS_SLOTS];
    struct setting *setting; /* every key that was given, resolved, in order of the file */
    size_t settings;
    const struct sweep *sweep; /* sweep.h: what [sweep] varies; NULL: there is none */
};

/* What the command line adds: `--set section.key=value` texts, in order (later wins, all override the file). */
struct overrides {
    const char *const *set;
    size_t sets;
};

/* A recorded trace as the whole load of a scenario, as its group REPLAY_GROUP. */
#define REPLAY_GROUP "trace"
struct replay_load {
    const char *trace, *format, *options; /* as of [trace.NAME]; NULL: not given */
    size_t groups, slas;                  /* set: those of the scenario that were left out */
};

/* Read and check `file` ("-" = standard input).  All memory from `arena`.  On failure `err` lists up to 20 lines
 * "FILE:LINE: message".  Codes: GS_BAD_INPUT, GS_NO_INPUT (cannot open), GS_UNSATISFIABLE (well formed but impossible). */
int scenario_read(struct scenario *scenario, const char *file, const struct overrides *overrides, struct arena *arena,
                  struct error *err);

/* The same from memory, for tests and fuzzing; includes and empirical files are looked up in `folder`. */
int scenario_parse(struct scenario *scenario, const char *text, size_t length, const char *file, const char *folder,
                   const struct overrides *overrides, struct arena *arena, struct error *err);

/* The same with `replay` for its load: other workloads and traces of `file` (NULL: one GPU of 80 GiB) are left out, and
 * what was promised to them; a [trace.trace] in it says what the trace lacks. */
int scenario_replay(struct scenario *scenario, const char *file, struct replay_load *replay,
                    const struct overrides *overrides, struct arena *arena, struct error *err);

/* The same as scenario_read, with the values of a point of its sweep (sweep.h) over everything else. */
struct sweep_choice;
int scenario_read_point(struct scenario *scenario, const char *file, const struct overrides *overrides,
                        const struct sweep_choice *choice, size_t choices, struct arena *arena, struct error *err);

/* By node group, where workloads of `group` may be placed that are of the trace's group `of` (NULL: of none); NULL: anywhere. */
const bool *scenario_pool(const struct workload_group *group, const char *of);
/* May any workload of `group` be placed on the nodes of that index? */
bool scenario_may_use(const struct workload_group *group, size_t node);

/* Expectation of the metric's name as written in the file, and whether greater is better. */
const char *sla_metric_name(enum sla_metric metric);
bool sla_metric_is_floor(enum sla_metric metric);
bool sla_concerns(const struct scenario *scenario, const struct sla *sla, size_t group);

#endif
