/* scenario_text.h - scenarios that the tests of the reader start from, and how they call it. */
#ifndef GS_TEST_SCENARIO_TEXT_H
#define GS_TEST_SCENARIO_TEXT_H

#include "sim/scenario/scenario.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* One of each section; lines 1 to 30. */
#define EVERYTHING                                                                                                     \
    "[scenario]\nduration = 8h\n"                                                                                      \
    "[node]\ngpu_memory = 80GiB\n"                                                                                     \
    "[policy]\nslicer = rr\n"                                                                                          \
    "[workload.N]\nclass = notebook\nmemory = 20GiB\nthink = 60s\nburst = 10s\n"                                       \
    "[workload.T]\nclass = training\nmemory = 30GiB\ngpu_work = 1h\n"                                                  \
    "[workload.J]\nclass = training\nmemory = 30GiB\niterations = 10\niteration = 2s\n"                                \
    "[workload.I]\nclass = inference\nmemory = 16GiB\narrival = poisson(0.1/s)\nservice = 2s\n"                        \
    "[trace.R]\nfile = load.gst\n"                                                                                     \
    "[sla.S]\ngroup = N\nresponse_p95 = 60s\n"

/* Every key but those that no value makes available. */
#define COMPLETE                                                                                                       \
    "[scenario]\nname = all of it\nduration = 8h\nwarmup = 10m\nseed = 7\nreplications = 20\nthreads = 2\nrecord = "   \
    "events\n"                                                                                                         \
    "[node.A]\ncount = 2\ngpus = 4\ngpu_memory = 80GiB\ngpu_reserved = 3GiB\ngpu_reserved_per_workload = 1GiB\n"       \
    "gpu_speed = 1.5\nswap = yes\nswap_file = 200GiB\nh2d = 24GB/s\nd2h = 20GB/s\ntransfer = overlapped\nduplex = "    \
    "60%\n"                                                                                                            \
    "pinned = 50GiB\npageable = 3GB/s\npin_cost = 20ms\n"                                                              \
    "host_bandwidth = 90GB/s\nlink_discipline = fcfs\nswap_overhead = 5ms\nchunk = 32MiB\ndisk = 3GB/s\n"              \
    "sharing = exclusive\nidle_detect = 1s\nnode_level_scheduler = no\nmax_workloads_per_gpu = 12\n"                   \
    "regular_fraction_freezes_gpu = yes\ntime_slicing = timesharing\n"                                                 \
    "[node]\ngpu_memory = 40GiB\nswap = no\n"                                                                          \
    "[policy]\nvictim = mru\nslicer = nvshare\nslicer.quantum = 10s\nslicer.swap_in_quantum = no\ncap = static\n"      \
    "prefetch = none\nplace = pack\n"                                                                                  \
    "[workload.N]\nclass = notebook\ncount = 3\nmemory = 20GiB\ncontext = 300MiB\ndirty = 0.5\nkeep_host_copy = yes\n" \
    "request = 0.25\nlimit = 50%\nfraction = dynamic\nswappable = yes\ngpus_per_workload = 1\npriority = 9\n"          \
    "start = exp(5s)\nthink = exp(60s)\nburst = 10s\ngrow = 1GiB\nstate = disk\nnodes = A node\n"                      \
    "[workload.T]\nclass = training\nmemory = 30GiB\ngpu_work = 1h\ncpu_work = 2m\nfraction = regular\nswappable = "   \
    "no\n"                                                                                                             \
    "[trace.R]\nfile = load.gst\nformat = adobe-notebooks\nclass = training\nmemory = 8GiB\ncontext = 1MiB\ndirty = "  \
    "0.25\n"                                                                                                           \
    "keep_host_copy = yes\npriority = 5\nloop = open\nfrom = 1h\nto = 2h\nscale_time = 0.5\nsample = 100\nnodes = "    \
    "team:A node\n"                                                                                                    \
    "[workload.J]\nclass = training\nmemory = 30GiB\niterations = 10\niteration = 2s\ngap = 1s\n"                      \
    "[workload.I]\nclass = inference\nmemory = 16GiB\narrival = gamma(2,0.5/s)\nservice = 2s\nslots = 4\nstate = "     \
    "gpu\n"                                                                                                            \
    "cold_start = 30s\nrouter = each\n"                                                                                \
    "[sla.S]\ngroup = I\nresponse_p50 = 1s\nresponse_p95 = 1500ms\nresponse_p99 = 3s\nresponse_mean = "                \
    "4s\nslowdown_p50 "                                                                                                \
    "= 2\n"                                                                                                            \
    "slowdown_p95 = 3\nslowdown_p99 = 4\nslowdown_mean = 5\nthroughput_share = 90%\noom_kills = 0\n"                   \
    "[sla.Q]\nclass = training\nslowdown_mean = 3\n"

enum { SETS_MAX = 8 };

/* What one call of the reader gave. */
struct outcome {
    int code;
    struct scenario scenario;
    struct arena arena;
    struct error err;
};

static inline int outcome_parse(struct outcome *out, const char *text, size_t length, const char *const set[SETS_MAX])
{
    struct overrides overrides = {.set = set};
    while (set && overrides.sets < SETS_MAX && set[overrides.sets])
        overrides.sets++;
    memset(out, 0, sizeof *out);
    out->code = scenario_parse(&out->scenario, text, length, "dir/a.ini", "dir", &overrides, &out->arena, &out->err);
    return out->code;
}

static inline void outcome_expect(struct outcome *out, const char *text, const char *const set[SETS_MAX], int code,
                                  const char *message)
{
    outcome_parse(out, text, strlen(text), set);
    if (out->code != code || !strstr(out->err.text, message))
        print_error("expected %d with: %s\n---\ngot %d with: %s\n", code, message, out->code, out->err.text);
    assert_int_equal(out->code, code);
    assert_non_null(strstr(out->err.text, message));
}

static inline void outcome_fini(struct outcome *out)
{
    arena_fini(&out->arena);
}

#endif
