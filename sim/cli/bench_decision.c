/* bench_decision.c - how long a choice of victims takes. */
#include "policies/state.h"
#include "sim/cli/bench.h"
#include "sim/load/load.h"
#include "sim/run/setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One GPU that holds `candidates` workloads, and one workload more: for whoever was evicted last somebody leaves next. */
static struct controller *crowded(const char *victim, uint32_t candidates, struct arena *arena)
{
    struct gs_setup *setup = arena_alloc(arena, sizeof *setup);
    struct scenario *scenario = arena_alloc(arena, sizeof *scenario);
    struct load_traces *traces;
    struct gs_workload_spec *spec;
    struct error err = {0};
    uint32_t workloads;
    char text[400];

    snprintf(text, sizeof text,
             "[scenario]\nduration = 1h\n[policy]\nvictim = %s\n[node]\ngpu_memory = %uMiB\ngpu_reserved = 0\n"
             "swap_file = 1TiB\n[workload.W]\nclass = training\ncount = %u\nmemory = 1MiB\ngpu_work = 1s\n",
             victim, candidates, candidates + 1);
    if (setup == NULL || scenario == NULL ||
        scenario_parse(scenario, text, strlen(text), "bench", NULL, NULL, arena, &err) != GS_OK ||
        setup_needs_oracle(scenario) != NULL || load_read_traces(&traces, scenario, arena, &err) != GS_OK ||
        load_specs(scenario, traces, 0, &spec, &workloads, arena, &err) != GS_OK ||
        setup_make(setup, scenario, spec, workloads, arena, &err) != GS_OK)
        return NULL;
    return setup_controller(setup, arena);
}

static void tell(struct controller *ctl, gs_ns at_ns, uint8_t kind, uint8_t command, uint32_t workload)
{
    struct gs_event event = {.at_ns = at_ns,
                             .since_ns = kind == GS_WANT ? at_ns : GS_NEVER,
                             .bytes = (int64_t)1 << 20,
                             .workload = workload,
                             .timer = GS_NONE,
                             .kind = kind,
                             .command = command};

    controller_step(ctl, &event);
}

/* Who leaves for `requester`; GS_NONE: nobody could. */
static uint32_t choose(struct controller *ctl, uint32_t requester)
{
    bool cap_refused = false;

    ctl->out.count = ctl->out.candidates = 0;
    return evict_for(ctl, 0, requester, (int64_t)1 << 20, &cap_refused) ? ctl->out.item[0].workload : GS_NONE;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

enum { ROUNDS = 2000 };

/* The mean of the middle half: a clock may tick every ten nanoseconds only, and a round in which another program had the
 * processor says nothing. */
static double middle_mean(double value[ROUNDS])
{
    double sum = 0.0;

    qsort(value, ROUNDS, sizeof *value, by_value);
    for (int i = ROUNDS / 4; i < ROUNDS - ROUNDS / 4; i++)
        sum += value[i];
    return sum / (ROUNDS - ROUNDS / 4 * 2);
}

double bench_decision(const char *victim, uint32_t candidates)
{
    struct arena arena = {0};
    struct controller *ctl = crowded(victim, candidates, &arena);
    gs_ns at_ns = 0;
    double spent[ROUNDS], empty[ROUNDS];

    for (uint32_t i = 0; ctl != NULL && i <= candidates; i++) {
        tell(ctl, ++at_ns, GS_ATTACH, 0, i);
        if (i == candidates)
            break; /* the last one stays outside */
        tell(ctl, ++at_ns, GS_WANT, 0, i);
        tell(ctl, ++at_ns, GS_DONE, GS_SWAP_IN, i);
        tell(ctl, ++at_ns, GS_IDLE, 0, i);
    }
    uint32_t outside = candidates, chosen = 0;
    for (int round = 0; ctl != NULL && round < ROUNDS; round++) {
        double start = bench_now_s();
        double middle = bench_now_s();
        chosen = choose(ctl, outside);
        double end = bench_now_s();
        empty[round] = middle - start;
        spent[round] = end - middle;
        if (chosen == GS_NONE)
            break;
        tell(ctl, ++at_ns, GS_DONE, GS_SWAP_OUT, chosen);
        tell(ctl, ++at_ns, GS_WANT, 0, outside);
        tell(ctl, ++at_ns, GS_DONE, GS_SWAP_IN, outside);
        tell(ctl, ++at_ns, GS_IDLE, 0, outside);
        outside = chosen;
    }
    arena_fini(&arena);
    return ctl == NULL || chosen == GS_NONE ? NAN : (middle_mean(spent) - middle_mean(empty)) * 1e9;
}
