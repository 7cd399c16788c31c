/* test_each_swap.c - of each kind of swap the first, the second, ... fails, alone or with others after it: nobody is lost,
 * the books balance (debug builds check them after every step), and one failure alone refuses nobody. */
#include "backend/fault.h"
#include "sim/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { SWAPS = 30 }; /* every scenario has at least so many of each kind */

#define JOBS "[workload.J]\nclass = training\ncount = 3\nmemory = 20GiB\niterations = 20\niteration = 3s\ngap = 1s\n"
#define TURNS "slicer = rr\nslicer.quantum = 2s\n"

static const struct {
    const char *name, *text;
} scenarios[] = {
    {"turns", "[node]\ngpu_memory = 30GiB\n[policy]\n" TURNS JOBS},
    {"turns, swaps overlap", "[node]\ngpu_memory = 30GiB\ntransfer = overlapped\nchunk = 1GiB\n[policy]\n" TURNS JOBS},
    {"turns, two fit", "[node]\ngpu_memory = 50GiB\ntransfer = overlapped\n[policy]\nvictim = mru\n" TURNS JOBS},
    {"swapped out when idle", "[node]\ngpu_memory = 50GiB\n[policy]\nprefetch = eager\nprefetch.after = 100ms\n" JOBS},
    {"a swap file that is nearly full", "[node]\ngpu_memory = 30GiB\nswap_file = 41GiB\n[policy]\n" TURNS JOBS},
    {"two GPUs", "[node]\ngpus = 2\ngpu_memory = 30GiB\n[policy]\nplace = spread\n" TURNS
                 "[workload.J]\nclass = training\ncount = 5\nmemory = 20GiB\niterations = 20\niteration = 3s\n"},
    {"notebooks that grow",
     "[scenario]\nduration = 2h\n[node]\ngpu_memory = 40GiB\n[policy]\n" TURNS
     "[workload.N]\nclass = notebook\ncount = 4\nmemory = 16GiB\nthink = exp(30s)\nburst = exp(4s)\n"
     "grow = exp(1GiB)\n"},
    {"requests", "[scenario]\nduration = 1h\n[node]\ngpu_memory = 40GiB\ntransfer = overlapped\n[policy]\n"
                 "[workload.I]\nclass = inference\ncount = 3\nmemory = 16GiB\nslots = 2\narrival = poisson(0.05/s)\n"
                 "service = exp(2s)\nkeep_host_copy = yes\ndirty = 0.3\n"},
};

struct counts {
    uint64_t arrived, completed, rejected, unended; /* bursts */
    uint64_t failed;                                /* swaps */
};

static uint64_t failed;

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = backend_fault.wait(be, until_ns, event, err);

    failed += rc == GS_OK && (*event)->kind == BACKEND_EVENT && (*event)->event.kind == GS_FAILED;
    return rc;
}

static struct counts run(const char *name, const char *text, struct fault_plan plan)
{
    struct arena arena = {0};
    struct error err = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct backend_ops ops = backend_fault;
    struct run_options options = {.backend = &ops};
    struct run_outcome outcome;
    struct load_traces *traces;

    ops.wait = wait;
    failed = 0;
    fault_set(plan);
    if (scenario_parse(&scenario, text, strlen(text), "each.ini", NULL, &none, &arena, &err) != GS_OK ||
        load_read_traces(&traces, &scenario, &arena, &err) != GS_OK ||
        run_scenario(&scenario, &options, traces, &outcome, &arena, &err) != GS_OK)
        fail_msg("%s, '%s' from number %llu, every %llu: %s", name, gs_command_name(plan.command),
                 (unsigned long long)plan.first, (unsigned long long)plan.every, err.text);
    const struct group_tally *t = &outcome.tally[0]->group[0];
    struct counts counts = {t->arrived, t->completed, t->rejected, t->censored, failed};
    assert_int_equal(t->oom_kills, 0);
    assert_int_equal(t->arrived, t->completed + t->rejected + t->censored);
    run_fini(&outcome);
    arena_fini(&arena);
    return counts;
}

/* Every `every`-th fails from the n-th on; 0: only the n-th. */
static void fail_from_each(uint64_t every)
{
    static const uint8_t kind[] = {GS_SWAP_IN, GS_SWAP_OUT};

    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct counts good = run(scenarios[i].name, scenarios[i].text, (struct fault_plan){GS_COMMAND_KINDS, 0, 0});
        assert_int_equal(good.rejected, 0);
        for (uint64_t n = 1; n <= SWAPS; n++)
            for (size_t k = 0; k < sizeof kind; k++) {
                struct counts c = run(scenarios[i].name, scenarios[i].text, (struct fault_plan){kind[k], n, every});
                bool whole = every != 0 ? c.failed >= 1 : c.failed == 1 && c.rejected == 0;
                if (good.unended == 0 && (c.arrived != good.arrived || c.unended != 0))
                    whole = false;
                if (!whole)
                    fail_msg(
                        "%s, '%s' number %llu: %llu failed; of %llu bursts (%llu without) %llu refused, %llu not ended",
                        scenarios[i].name, gs_command_name(kind[k]), (unsigned long long)n,
                        (unsigned long long)c.failed, (unsigned long long)c.arrived, (unsigned long long)good.arrived,
                        (unsigned long long)c.rejected, (unsigned long long)c.unended);
            }
    }
}

static void one_alone(void **state)
{
    (void)state;
    fail_from_each(0);
}

static void one_and_every_seventh_after_it(void **state)
{
    (void)state;
    fail_from_each(7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_alone), cmocka_unit_test(one_and_every_seventh_after_it)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
