/* run_fixture.h - a small scenario and hand-made tallies for the tests of reports and of the database. */
#ifndef GS_TEST_RUN_FIXTURE_H
#define GS_TEST_RUN_FIXTURE_H

#include "policies/controller.h"
#include "sim/results/rows.h"
#include "sim/results/tally.h"
#include "sim/scenario/scenario.h"

#include <string.h>

enum { FIXTURE_BURSTS = 100 };
static const gs_ns FIXTURE_SECOND = 1000000000;

static const char fixture_text[] =
    "[scenario]\nname = six\nduration = 8h\nreplications = 3\nrecord = bursts\n"
    "[node]\ngpus = 2\ngpu_memory = 80GiB\nswap_file = 128GiB\n"
    "[policy]\nvictim = lru\nslicer = nvshare\nslicer.quantum = 30s\n"
    "[workload.NB]\nclass = notebook\ncount = 6\nmemory = 30GiB\nthink = exp(90s)\nburst = exp(10s)\n"
    "[workload.TR]\nclass = training\ncount = 1\nmemory = 10GiB\ngpu_work = 1h\n"
    "[sla.NB]\ngroup = NB\nresponse_p95 = 30s\nthroughput_share = 0.5\n"
    "[sla.TR]\nclass = training\nslowdown_mean = 2\n";

static inline void fixture_scenario(struct scenario *scenario, struct arena *arena)
{
    struct error err = {0};
    struct overrides none = {0};
    if (scenario_parse(scenario, fixture_text, strlen(fixture_text), "six.ini", NULL, &none, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

/* One burst of a notebook: alone 10 s, and k = 1 .. 100 times (3 + replication) * 0.1 s of stall, two thirds of it
 * in the queue, one third on its way in.  Responses in order are 10 + 0.1 (3 + replication) k seconds. */
static inline struct burst_row fixture_burst(uint32_t replication, uint32_t i)
{
    gs_ns stall = (gs_ns)((i * 37 + replication * 11) % 100 + 1) * (gs_ns)(3 + replication) * FIXTURE_SECOND / 10;
    struct burst_row b = {
        .ready_ns = (gs_ns)i * 250 * FIXTURE_SECOND,
        .workload = i % 6,
        .index = i / 6,
        .alone_ns = 10 * FIXTURE_SECOND,
        .served = (uint8_t)(i % 3 ? SERVED_WARM : SERVED_HOT),
        .outcome = OUTCOME_DONE,
    };
    b.stall_ns[STALL_SWAP_IN] = stall / 3;
    b.stall_ns[STALL_QUEUE] = stall - stall / 3;
    b.start_ns = b.ready_ns + stall;
    b.end_ns = b.start_ns + b.alone_ns;
    return b;
}

/* Replication `r`; its sketches are the caller's to free (fixture_tally_fini). */
static inline struct tally *fixture_tally(uint32_t r, struct arena *arena)
{
    struct tally *t = arena_alloc(arena, sizeof *t);
    *t = (struct tally){.replication = r,
                        .groups = 2,
                        .gpus = 2,
                        .nodes = 1,
                        .to_ns = 28800 * FIXTURE_SECOND,
                        .makespan_ns = -1,
                        .events = 1000 + r};
    t->group = arena_array(arena, t->groups, sizeof *t->group);
    t->gpu = arena_array(arena, t->gpus, sizeof *t->gpu);
    t->node = arena_array(arena, t->nodes, sizeof *t->node);
    for (uint32_t g = 0; g < t->groups; g++)
        group_tally_init(&t->group[g]);
    struct group_tally *nb = &t->group[0];
    nb->workloads = 6;
    nb->arrived = FIXTURE_BURSTS + 2;
    nb->censored = 2;
    for (uint32_t i = 0; i < FIXTURE_BURSTS; i++) {
        struct burst_row b = fixture_burst(r, i);
        gs_ns response = b.end_ns - b.ready_ns;
        nb->completed++;
        nb->response_ns += (double)response;
        nb->alone_ns += (double)b.alone_ns;
        nb->served[b.served]++;
        for (int s = 0; s < STALLS; s++)
            nb->stall_ns[s] += (double)b.stall_ns[s];
        sketch_add(&nb->response, (uint64_t)response);
        sketch_add(&nb->slowdown, (uint64_t)(response * SLOWDOWN_ONE / b.alone_ns));
    }
    nb->progress_ns = 0.8e9 * (100 + r);
    nb->present_ns = 1e9 * (100 + r);
    t->group[1].workloads = 1;
    for (uint32_t g = 0; g < t->gpus; g++) {
        gs_ns useful = (gs_ns)(12000 + 1000 * r) * FIXTURE_SECOND * (1 - g), switching = useful / 8;
        t->gpu[g] = (struct gpu_tally){useful,
                                       switching,
                                       t->to_ns - useful - switching,
                                       5000000000000 * (1 - g),
                                       4900000000000 * (1 - g),
                                       (1 - g) * 3296,
                                       6e10 * 28800e9};
    }
    t->node[0] = (struct node_tally){.peak_bytes = (INT64_C(84) << 30) + r, .used_byte_ns = 5e10 * 28800e9};
    return t;
}

static inline void fixture_tally_fini(struct tally *t)
{
    tally_fini(t);
}

#endif
