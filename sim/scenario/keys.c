/* keys.c - the table of scenario keys: name, type, default, bounds, and the field each one fills. */
#include "sim/scenario/keys.h"
#include "sim/scenario/build.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/sweep.h"
#include <math.h>
#include <string.h>

#define COUNT_MAX 10e6
#define NEVER ((double)GS_NEVER)
#define TOKEN_TIME_MAX 60e9 /* so that the work of a request can be counted */

/* One row; `...` holds .help and whatever else the row needs. */
#define ROW(section_, name_, type_, fallback_, classes_, kind_, offset_, min_, max_, ...)                              \
    {                                                                                                                  \
        .section = section_, .name = name_, .type = type_, .fallback = fallback_, .classes = classes_, .kind = kind_,  \
        .offset = offset_, .min = min_, .max = max_, __VA_ARGS__                                                       \
    }
#define SCENARIO(name, type, fallback, kind, field, min, max, ...)                                                     \
    ROW("scenario", name, type, fallback, "all", kind, offsetof(struct scenario, field), min, max, __VA_ARGS__)
#define NODE(name, type, fallback, kind, field, min, max, ...)                                                         \
    ROW("node", name, type, fallback, "all", kind, offsetof(struct node_group, field), min, max, __VA_ARGS__)
#define POLICY(name, fallback, ...)                                                                                    \
    ROW("policy", name, "policy", fallback, "all", KEY_POLICY, KEY_NO_FIELD, 0, 0, __VA_ARGS__)
#define WORKLOAD(name, type, fallback, classes, kind, field, min, max, ...)                                            \
    ROW("workload", name, type, fallback, classes, kind, offsetof(struct workload_group, field), min, max, __VA_ARGS__)
#define TRACE(name, type, fallback, kind, field, min, max, ...)                                                        \
    ROW("trace", name, type, fallback, "all", kind, offsetof(struct trace_source, field), min, max, __VA_ARGS__)
#define SLA(name, type, kind, field, min, max, ...)                                                                    \
    ROW("sla", name, type, "", "all", kind, offsetof(struct sla_keys, field), min, max, __VA_ARGS__)
#define SLA_TIME(name, metric, ...)                                                                                    \
    SLA(name, "time", KEY_SECONDS, target[metric], 0, INFINITY, .above = true, __VA_ARGS__)
#define SWEEP(name, type, fallback, kind, field, min, max, ...)                                                        \
    ROW("sweep", name, type, fallback, "all", kind, offsetof(struct sweep, field), min, max, __VA_ARGS__)
#define SLA_RATIO(name, metric, ...) SLA(name, "number", KEY_NUMBER, target[metric], 1, INFINITY, __VA_ARGS__)

static const struct key table[] = {
    SCENARIO("name", "text", "", KEY_TEXT, name, 0, 0, .help = "name in reports; without it, the name of the file"),
    SCENARIO("duration", "time", "", KEY_TIME, duration, 0, NEVER, .above = true,
             .help = "simulated time; needed unless every workload is finite (training, trace)"),
    SCENARIO("warmup", "time | auto", "0", KEY_TIME, warmup, 0, NEVER, .word = WARMUP_AUTO,
             .help = "deleted from the statistics; 'auto' finds it by MSER-5"),
    SCENARIO("seed", "integer", "1", KEY_INTEGER, seed, 0, NEVER, .help = "seed of all random streams"),
    SCENARIO("replications", "integer", "1", KEY_INTEGER, replications, 1, 1e5,
             .help = "independent repetitions; intervals over them need at least 2"),
    SCENARIO("precision", "share | off", "off", KEY_SHARE, precision, 0, 0.5, .above = true, .word = 0,
             .help = "adds replications, ten at a time, until mean responses and SLA metrics are known to that share"),
    SCENARIO("max_replications", "integer", "1000", KEY_INTEGER, max_replications, 2, 1e5,
             .help = "'precision' adds no more than that; the report says if it was not enough"),
    SCENARIO("threads", "integer | all cores", "all cores", KEY_INTEGER, threads, 1, 4096, .word = 0,
             .help = "replications run side by side; the result does not depend on it"),
    SCENARIO("record", "summary | bursts | events", "summary", KEY_CHOICE, record, 0, 0,
             .help = "rows in the database: totals, a row a burst, or every event and command too"),
    SCENARIO("record_limit", "size", "0", KEY_SIZE, record_limit, 0, INFINITY,
             .help = "a database that is as large takes no more rows of bursts and events, and totals only; with it a "
                     "run has one "
                     "thread; 0: no limit"),
    SCENARIO("allow_synthetic", "yes | no", "no", KEY_BOOLEAN, allow_synthetic, 0, 0,
             .help = "nodes may have the figures of the driver double, which no GPU has (node.calibrated)"),

    NODE("count", "integer", "1", KEY_INTEGER, count, 1, 1e6, .help = "identical nodes"),
    NODE("gpus", "integer", "1", KEY_INTEGER, gpus, 1, 1024, .help = "GPUs in the node"),
    NODE("gpu_memory", "size", NULL, KEY_SIZE, gpu_memory, 0, INFINITY, .above = true,
         .help = "physical memory of each GPU"),
    NODE("gpu_reserved", "size", "2GiB", KEY_SIZE, gpu_reserved, 0, INFINITY,
         .help = "of each GPU, kept for what cannot be swapped; workloads do not see it"),
    NODE("gpu_reserved_per_workload", "size", "0", KEY_SIZE, gpu_reserved_per_workload, 0, INFINITY,
         .help = "the same again for each workload attached to the GPU (a rule of the product's draft)"),
    NODE("gpu_speed", "number", "1.0", KEY_NUMBER, gpu_speed, 0, 1e6, .above = true,
         .help = "relative to the reference GPU on which work is stated"),
    NODE("swap", "yes | no", "yes", KEY_BOOLEAN, swap, 0, 0, .help = "the node may swap (label run.ai/swap-enabled)"),
    NODE("swap_file", "size", "100GiB", KEY_SIZE, swap_file, 0, INFINITY,
         .help = "cap of the swap file in CPU memory, one for all GPUs of the node"),
    NODE("h2d", "rate", "25GB/s", KEY_RATE, h2d, 0, INFINITY, .above = true, .help = "link rate of each GPU, swap-in"),
    NODE("d2h", "rate", "25GB/s", KEY_RATE, d2h, 0, INFINITY, .above = true, .help = "link rate of each GPU, swap-out"),
    NODE("pinned", "size | all", "all", KEY_SIZE, pinned, 0, INFINITY, .word = NEVER,
         .help = "page-locked part of the swap file; copies take it first come, first served"),
    NODE("pageable", "rate", "2GB/s", KEY_RATE, pageable, 0, INFINITY, .above = true,
         .help = "rate of swaps to and from the rest of the file; never above 'h2d' and 'd2h'"),
    NODE("pin_cost", "time", "0", KEY_TIME, pin_cost, 0, 60e9,
         .help = "for each GiB that a swap-out finds not yet page-locked; it stays so"),
    NODE("transfer", "serial | overlapped", "serial", KEY_CHOICE, transfer, 0, 0,
         .help = "serial: a swap-in starts when its victims are out; overlapped: chunk by chunk, both ways at once"),
    NODE("duplex", "share", "1.0", KEY_SHARE, duplex, 0.5, 1,
         .help = "rate of each direction while both are busy, as a share of its rate alone; 0.5 is one link shared"),
    NODE("host_bandwidth", "rate | unlimited", "unlimited", KEY_RATE, host_bandwidth, 0, INFINITY, .above = true,
         .word = INFINITY, .help = "pool that all transfers of the node share"),
    NODE("link_discipline", "ps | fcfs", "ps", KEY_CHOICE, link_discipline, 0, 0,
         .help = "concurrent transfers share the link evenly, or go one after the other"),
    NODE("swap_overhead", "time", "0", KEY_TIME, swap_overhead, 0, NEVER,
         .help = "fixed time of each swap, each direction (drain, map, bookkeeping)"),
    NODE("chunk", "size", "64MiB", KEY_SIZE, chunk, 4096, INFINITY,
         .help = "granularity of transfer; the step of an overlapped one"),
    NODE("disk", "rate", "2GB/s", KEY_RATE, disk, 0, INFINITY, .above = true, .help = "rate of cold loads"),
    NODE("sharing", "concurrent | exclusive", "concurrent", KEY_CHOICE, sharing, 0, 0,
         .help = "several resident active workloads on one GPU: processor sharing, or one at a time"),
    NODE("idle_detect", "time", "0", KEY_TIME, idle_detect, 0, NEVER,
         .help = "time after the end of a burst before the scheduler knows it"),
    NODE("node_level_scheduler", "yes | no", "no", KEY_BOOLEAN, node_level_scheduler, 0, 0,
         .help =
             "when the swap file is full, an idle notebook with a limit above its request may go to another GPU of the "
             "node; its GPU process ends and begins anew there"),
    NODE("max_workloads_per_gpu", "integer | none", "none", KEY_INTEGER, max_workloads_per_gpu, 1, COUNT_MAX,
         .word = NEVER, .help = "greatest number of workloads attached to one GPU"),
    NODE("regular_fraction_freezes_gpu", "yes | no", "no", KEY_BOOLEAN, regular_fraction_freezes_gpu, 0, 0,
         .help = "one workload with 'fraction = regular' stops swapping on its GPU (a rule of the product's draft)"),
    NODE("calibrated", "no | cuda | double", "no", KEY_CHOICE, calibrated, 0, 0,
         .help = "what 'calibrate' measured these figures on; those of the double need --allow-synthetic"),
    NODE("time_slicing", "timesharing | strict | fair", "timesharing", KEY_CHOICE, time_slicing, 0, 0,
         .help = "compute mode; swap excludes strict and fair, which are not available in this version"),

    POLICY("victim", "lru", .help = "which idle workload leaves the GPU"),
    POLICY("slicer", "",
           .help = "who runs, and for how long; fcfs where every node has 'sharing = exclusive', else ps"),
    POLICY("cap", "static", .help = "what may enter the swap file"),
    POLICY("prefetch", "none", .help = "what moves before it is asked for"),
    POLICY("place", "spread", .help = "which GPU a newcomer gets"),

    WORKLOAD("class", "notebook | training | inference", NULL, "all", KEY_CHOICE, class, 0, 0,
             .help = "who it is: a closed loop of think and burst, a finite job, or open-loop requests"),
    WORKLOAD("count", "integer", "1", "all", KEY_INTEGER, count, 1, COUNT_MAX, .help = "like workloads in the group"),
    WORKLOAD("memory", "dist of size", NULL, "all", KEY_DIST_SIZE, memory, 0, INFINITY, .above = true,
             .help = "swappable bytes of each workload"),
    WORKLOAD("context", "size", "0", "all", KEY_SIZE, context, 0, INFINITY,
             .help = "bytes that stay on the GPU while swapped out; they count against the reserve"),
    WORKLOAD("dirty", "share", "1.0", "all", KEY_SHARE, dirty, 0, 1,
             .help = "share of memory written on swap-out when a host copy exists; 0 = read-only weights"),
    WORKLOAD("keep_host_copy", "yes | no", "no", "all", KEY_BOOLEAN, keep_host_copy, 0, 0,
             .help = "the swap file keeps its copy after swap-in"),
    WORKLOAD("request", "share | memory", "memory", "all", KEY_SHARE, request, 0, 1, .above = true, .word = -1,
             .help = "guaranteed share of one GPU; 'memory' = as much as its memory"),
    WORKLOAD("limit", "share", "1.0", "all", KEY_SHARE, limit, 0, 1, .above = true,
             .help = "greatest share of one GPU"),
    WORKLOAD("fraction", "dynamic | regular", "dynamic", "all", KEY_CHOICE, fraction, 0, 0,
             .help = "dynamic fractions can be swapped, regular ones cannot"),
    WORKLOAD("swappable", "yes | no", "yes", "all", KEY_BOOLEAN, swappable, 0, 0,
             .help = "no: anti-affinity, never on a node that swaps, never swapped"),
    WORKLOAD("gpus_per_workload", "integer", "1", "all", KEY_INTEGER, gpus_per_workload, 1, 1024,
             .help = "GPUs of one node that each workload uses at once; swapped together, at the same time"),
    WORKLOAD("nodes", "NAME ...", "", "all", KEY_TEXT, nodes, 0, 0,
             .help = "the [node.NAME] that it may be placed on, its node pool; without it, all"),
    WORKLOAD("priority", "integer | by class", "by class", "all", KEY_INTEGER, priority, 0, 255, .word = -1,
             .help = "0 to 255, greater wins; by class: inference 192, notebook 128, training 64"),
    WORKLOAD("start", "dist of time", "0s", "all", KEY_DIST_TIME, start, 0, INFINITY,
             .help = "arrival of the workload"),
    WORKLOAD("think", "dist of time", NULL, "notebook", KEY_DIST_TIME, think, 0, INFINITY,
             .help = "time between the end of a burst and the wish for the next"),
    WORKLOAD("burst", "dist of time", NULL, "notebook", KEY_DIST_TIME, burst, 0, INFINITY, .above = true,
             .help = "GPU work of a burst, alone on the reference GPU"),
    WORKLOAD("grow", "dist of size", "0", "notebook", KEY_DIST_SIZE, grow, 0, INFINITY,
             .help = "further bytes allocated for the length of a burst"),
    WORKLOAD("gpu_work", "dist of time", "", "training", KEY_DIST_TIME, gpu_work, 0, INFINITY, .above = true,
             .help = "GPU work of the job, alone on the reference GPU; alternative: 'iterations' and 'iteration'"),
    WORKLOAD("cpu_work", "dist of time", "0", "training", KEY_DIST_TIME, cpu_work, 0, INFINITY,
             .help = "CPU phase before 'gpu_work'"),
    WORKLOAD("iterations", "integer", "", "training", KEY_INTEGER, iterations, 1, 1e9,
             .help = "number of iterations of the job"),
    WORKLOAD("iteration", "dist of time", "", "training", KEY_DIST_TIME, iteration, 0, INFINITY, .above = true,
             .help = "GPU work of one iteration"),
    WORKLOAD("gap", "dist of time", "0", "training", KEY_DIST_TIME, gap, 0, INFINITY,
             .help = "time without GPU between iterations"),
    WORKLOAD("arrival", "arrivals", NULL, "inference", KEY_ARRIVAL, arrival, 0, 0,
             .help = "of each workload, or with a 'router' of the group: poisson(rate), gamma(cv,rate), "
                     "onoff(on,off,rate), schedule(t1 ...), users(n,think)"),
    WORKLOAD("service", "dist of time", "", "inference", KEY_DIST_TIME, service, 0, INFINITY, .above = true,
             .help = "GPU work of a request, alone on the reference GPU; alternative: tokens"),
    WORKLOAD("input_tokens", "dist of number", "", "inference", KEY_DIST_NUMBER, input_tokens, 0, INFINITY,
             .help = "tokens of a request's prompt"),
    WORKLOAD("output_tokens", "dist of number", "", "inference", KEY_DIST_NUMBER, output_tokens, 0, INFINITY,
             .above = true, .help = "tokens of a request's answer, at least one; instead of 'service'"),
    WORKLOAD("prefill_per_token", "time", "", "inference", KEY_TIME, prefill_per_token, 0, TOKEN_TIME_MAX,
             .help = "GPU work of each prompt token"),
    WORKLOAD("decode_per_token", "time", "", "inference", KEY_TIME, decode_per_token, 0, TOKEN_TIME_MAX,
             .help = "GPU work of each answer token"),
    WORKLOAD("first_token_overhead", "time", "", "inference", KEY_TIME, first_token_overhead, 0, 60 * TOKEN_TIME_MAX,
             .help = "fixed GPU work before the first token"),
    WORKLOAD("slots", "integer", "1", "inference", KEY_INTEGER, slots, 1, 65536, .help = "requests served together"),
    WORKLOAD("max_waiting", "integer | none", "none", "inference", KEY_INTEGER, max_waiting, 0, COUNT_MAX,
             .word = NEVER,
             .help = "requests that may wait besides those in the slots; a further one is refused when it comes"),
    WORKLOAD("state", "by class | new | gpu | host | disk", "by class", "all", KEY_CHOICE, state, 0, 0,
             .help = "at start; new: the first residency moves no bytes; by class: inference host, others new"),
    WORKLOAD("cold_start", "time", "0", "inference", KEY_TIME, cold_start, 0, NEVER,
             .help = "initialisation on a cold load, besides the bytes from disk"),
    WORKLOAD("warm_start", "time", "0", "inference", KEY_TIME, warm_start, 0, NEVER,
             .help = "what a swap-in takes besides the bytes, such as a slow first request after it"),
    WORKLOAD("kv_cache", "size", "0", "inference", KEY_SIZE, kv_cache, 0, INFINITY,
             .help = "part of 'memory' that a swap-out gives up and a swap-in leaves empty"),
    WORKLOAD("unload", "swap | stop", "swap", "inference", KEY_CHOICE, unload, 0, 0,
             .help = "when it has to leave the GPU; stop: the process ends, and the next request loads it from disk"),
    WORKLOAD("router", "each | random | round_robin | least_loaded | hot_first | zipf(s)", "each", "inference",
             KEY_ROUTER, router, 0, 0,
             .help = "load balancer: 'arrival' is of the whole group, and each request goes to one workload; each: a "
                     "workload has its own arrivals"),

    TRACE("file", "file", NULL, KEY_TEXT, file, 0, 0, .help = "recorded trace, relative to the scenario's folder"),
    TRACE("format", "format | by content", "", KEY_TEXT, format, 0, 0,
          .help = "format of the file, as `gpuswap-sim trace formats` lists them; without it, told by its beginning"),
    TRACE("options", "KEY=VALUE, ...", "", KEY_TEXT, options, 0, 0,
          .help = "options of that format, as `gpuswap-sim trace formats NAME` lists them"),
    TRACE("class", "notebook | training | inference", "", KEY_CHOICE, class, 0, 0,
          .help = "class of workloads for which the trace names none; without it, notebook"),
    TRACE("memory", "dist of size", "", KEY_DIST_SIZE, memory, 0, INFINITY, .above = true,
          .help = "swappable bytes of workloads for which the trace has none"),
    TRACE("context", "size", "0", KEY_SIZE, context, 0, INFINITY,
          .help = "bytes that stay on the GPU while swapped out"),
    TRACE("dirty", "share", "1.0", KEY_SHARE, dirty, 0, 1,
          .help = "share of memory written on swap-out when a host copy exists"),
    TRACE("keep_host_copy", "yes | no", "no", KEY_BOOLEAN, keep_host_copy, 0, 0,
          .help = "the swap file keeps its copy after swap-in"),
    TRACE("priority", "integer | by class", "by class", KEY_INTEGER, priority, 0, 255, .word = -1,
          .help = "0 to 255, greater wins; by class: inference 192, notebook 128, training 64"),
    TRACE("loop", "as recorded | closed | open", "as recorded", KEY_CHOICE, loop, 0, 0,
          .help = "closed: think times are kept, open: arrival times are kept"),
    TRACE("from", "time", "0", KEY_TIME, from, 0, NEVER, .help = "start of the window of the trace that is replayed"),
    TRACE("to", "time | end", "end", KEY_TIME, to, 0, NEVER, .above = true, .word = NEVER,
          .help = "end of that window"),
    TRACE("scale_time", "number", "1.0", KEY_NUMBER, scale_time, 0, 1e9, .above = true,
          .help = "factor on all times of the trace"),
    TRACE("sample", "integer | all", "all", KEY_INTEGER, sample, 1, COUNT_MAX, .word = 0,
          .help = "keep so many workloads, drawn with the scenario's seed"),
    TRACE("single", "yes | no", "no", KEY_BOOLEAN, single, 0, 0, .help = "only its workloads of one GPU"),
    TRACE("nodes", "[GROUP:]NAME ...", "", KEY_TEXT, nodes, 0, 0,
          .help =
              "the [node.NAME] that its workloads may be placed on, or those of a 'group' of the trace; without it, "
              "all"),
    TRACE("stream", "yes | no", "no", KEY_BOOLEAN, stream, 0, 0,
          .help = "for native traces that do not fit into memory: the file is laid out by workload on disk, in TMPDIR "
                  "or /var/tmp, with about 20 bytes a record; the results are the same"),

    SLA("group", "text", KEY_TEXT, group, 0, 0, .help = "the [workload.NAME] or [trace.NAME] it is promised to"),
    SLA("class", "notebook | training | inference", KEY_CHOICE, class, 0, 0,
        .help = "instead of 'group': all workloads of the class"),
    SLA_TIME("response_p50", SLA_RESPONSE_P50, .help = "median of the response time, at most"),
    SLA_TIME("response_p95", SLA_RESPONSE_P95, .help = "95th percentile of the response time, at most"),
    SLA_TIME("response_p99", SLA_RESPONSE_P99, .help = "99th percentile of the response time, at most"),
    SLA_TIME("response_mean", SLA_RESPONSE_MEAN, .help = "mean response time, at most"),
    SLA_RATIO("slowdown_p50", SLA_SLOWDOWN_P50, .help = "median of response over time alone, at most"),
    SLA_RATIO("slowdown_p95", SLA_SLOWDOWN_P95, .help = "95th percentile of response over time alone, at most"),
    SLA_RATIO("slowdown_p99", SLA_SLOWDOWN_P99, .help = "99th percentile of response over time alone, at most"),
    SLA_RATIO("slowdown_mean", SLA_SLOWDOWN_MEAN, .help = "mean response over mean time alone, at most"),
    SLA_TIME("ttft_p50", SLA_TTFT_P50, .help = "median of the time to the first token, at most"),
    SLA_TIME("ttft_p95", SLA_TTFT_P95, .help = "95th percentile of the time to the first token, at most"),
    SLA_TIME("ttft_p99", SLA_TTFT_P99, .help = "99th percentile of the time to the first token, at most"),
    SLA("throughput_share", "share", KEY_SHARE, target[SLA_THROUGHPUT_SHARE], 0, 1, .above = true,
        .help = "share of the speed alone, at least"),
    SLA("oom_kills", "number", KEY_NUMBER, target[SLA_OOM_KILLS], 0, INFINITY,
        .help = "workloads killed for memory, at most"),

    SWEEP("design", "grid | latin", "grid", KEY_CHOICE, design, 0, 0,
          .help = "grid: every combination of the values; latin: a Latin hypercube, each range evenly covered"),
    SWEEP("points", "integer", "100", KEY_INTEGER, points, 1, SWEEP_POINTS_MAX,
          .help = "points of a Latin hypercube; a grid has as many as its values make"),
    SWEEP("seed", "integer", "1", KEY_INTEGER, seed, 0, NEVER,
          .help = "seed of a Latin hypercube; the simulations of all points use that of [scenario]"),
};

enum { KEYS = sizeof table / sizeof table[0] };

const struct key *keys_at(size_t i)
{
    return i < KEYS ? &table[i] : NULL;
}

const struct key *keys_find(const char *section, const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(table[i].section, section) == 0 && strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
