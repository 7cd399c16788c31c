/* test_live_node.c - all that a node can be asked for, on the driver double: several GPUs, workloads of several GPUs, bursts
 * side by side, processes that end for memory, workloads that leave in part or run while they come in.  The words on the
 * GPUs are right after each swap, and bursts, the GPUs' time and the swap file are as on the simulated node. */
#include "live_fixture.h"

#include <math.h>

#define DOUBLE "memory=10MiB context=1MiB granularity=64KiB in=20MB/s out=20MB/s latency=0 "
#define RATES "h2d = 20MB/s\nd2h = 20MB/s\nduplex = 0.8\nswap_overhead = 0s\n"
#define NODE(duration, further)                                                                                        \
    "[scenario]\nduration = " duration "\nwarmup = 0s\n[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\n"                 \
    "chunk = 128KiB\ntransfer = overlapped\n" RATES further "\n"
#define NOTEBOOK(name, count, memory, further)                                                                         \
    "[workload." name "]\nclass = notebook\ncount = " count "\nmemory = " memory                                       \
    "\ncontext = 0B\nthink = exp(4s)\nburst = exp(1s)\n" further "\n"
#define MODEL(name, count, memory, further)                                                                            \
    "[workload." name "]\nclass = inference\nstate = new\ncount = " count "\nmemory = " memory                         \
    "\ncontext = 0B\n" further "\n"
#define JOB(name, memory, start, work, further)                                                                        \
    "[workload." name "]\nclass = training\nmemory = " memory "\ncontext = 0B\nstart = " start "\ngpu_work = " work    \
    "\n" further "\n"

enum { SWAPS, NONE, KILLS, READY };

static const struct {
    const char *name, *text, *options;
    int seen;   /* what must happen at least once */
    bool quick; /* little is left to chance: a few runs tell */
} cases[] = {
    {"two GPUs, each full, one swap file",
     NODE("90s", "gpus = 2\nswap_file = 20MiB") NOTEBOOK("NB", "7", "3840KiB", ""), "gpus=2", SWAPS, false},
    {"five GPUs, and sizes that are no multiples of a chunk",
     NODE("60s", "gpus = 5\nswap_file = 40MiB") NOTEBOOK("A", "9", "3001KiB", "") NOTEBOOK("B", "6", "6123KiB", ""),
     "gpus=5", SWAPS, false},
    {"workloads of two GPUs beside those of one",
     NODE("90s", "gpus = 4\nswap_file = 60MiB") NOTEBOOK("A", "1", "9MiB", "gpus_per_workload = 2")
         NOTEBOOK("B", "4", "5MiB", ""),
     "gpus=4", SWAPS, true},
    {"all GPUs of the node change places",
     NODE("60s", "gpus = 4\nswap_file = 80MiB\n")
         MODEL("A", "3", "20MiB", "gpus_per_workload = 4\narrival = poisson(6/min)\nservice = exp(500ms)"),
     "gpus=4", SWAPS, true},
    {"a set dissolves when those who made it have left",
     NODE("100s", "gpus = 2\nswap_file = 40MiB") JOB("A", "10MiB", "0s", "10s", "gpus_per_workload = 2")
         JOB("B", "5MiB", "20s", "5s", "") JOB("C", "5MiB", "20s", "5s", "")
             JOB("D", "10MiB", "30s", "4s", "gpus_per_workload = 2"),
     "gpus=2", NONE, true},
    {"requests side by side",
     NODE("60s", "swap_file = 20MiB")
         MODEL("IN", "2", "6MiB", "slots = 4\narrival = poisson(40/min)\nservice = exp(400ms)"),
     "", SWAPS, true},
    {"tokens",
     NODE("60s", "swap_file = 20MiB")
         MODEL("IN", "2", "6MiB",
               "slots = 8\narrival = poisson(20/min)\ninput_tokens = 1000\noutput_tokens = uniform(1,20)\n"
               "first_token_overhead = 10ms\nprefill_per_token = 100us\ndecode_per_token = 20ms"),
     "", SWAPS, true},
    {"a slower GPU", NODE("60s", "gpu_speed = 0.5\nswap_file = 20MiB") NOTEBOOK("NB", "3", "3840KiB", ""), "", SWAPS,
     false},
    {"several share a GPU", NODE("60s", "swap_file = 20MiB\nsharing = concurrent") NOTEBOOK("NB", "4", "3MiB", ""), "",
     SWAPS, false},
    {"killed for memory above its request, and back",
     NODE("60s", "swap = no") "[policy]\ncap.when_full = oom\n" NOTEBOOK("A", "1", "5MiB", "request = 0.2")
         MODEL("B", "1", "5MiB", "request = 0.7\narrival = poisson(6/min)\nservice = exp(2s)"),
     "", KILLS, true},
    {"moved to another GPU, as the swap file is full",
     NODE("90s", "gpus = 2\nswap_file = 1MiB\nnode_level_scheduler = yes") "[policy]\ncap.when_full = "
                                                                           "migrate\n" NOTEBOOK("A", "3", "4500KiB",
                                                                                                "request = 0.2"),
     "gpus=2", KILLS, true},
    {"leaving in part",
     NODE("90s", "swap_file = 20MiB") "[policy]\nvictim = partial\nvictim.chunk = 256KiB\n" NOTEBOOK("NB", "4",
                                                                                                     "3900KiB", ""),
     "", SWAPS, false},
    {"leaving in part, of sets",
     NODE("60s", "gpus = 2\nswap_file = 40MiB") "[policy]\nvictim = partial\nvictim.chunk = 128KiB\n" NOTEBOOK(
         "NB", "3", "7900KiB", "gpus_per_workload = 2"),
     "gpus=2", SWAPS, false},
    {"running while it comes in",
     NODE("90s", "swap_file = 20MiB") "[policy]\nprefetch = pipeline\n" MODEL(
         "IN", "4", "3900KiB", "arrival = poisson(6/min)\nservice = exp(400ms)"),
     "", READY, true},
    {"running while it comes in on two GPUs",
     NODE("90s", "gpus = 2\nswap_file = 40MiB") "[policy]\nprefetch = pipeline\n" MODEL(
         "IN", "4", "7800KiB", "gpus_per_workload = 2\narrival = poisson(6/min)\nservice = exp(400ms)\ndirty = 30%"),
     "gpus=2", READY, true},
    {"a cache that is given up, and a server that ends",
     NODE("60s", "swap_file = 20MiB")
         MODEL("A", "2", "3MiB", "kv_cache = 1MiB\narrival = poisson(6/min)\nservice = exp(400ms)")
             MODEL("B", "2", "3MiB", "unload = stop\ncold_start = 1s\narrival = poisson(6/min)\nservice = exp(400ms)"),
     "", SWAPS, false},
    {"growing, on several GPUs, while others have had the last word on theirs",
     NODE("60s", "gpus = 3\nswap_file = 40MiB") NOTEBOOK("NB", "9", "3001KiB", "grow = uniform(1KiB, 2MiB)"), "gpus=3",
     SWAPS, false},
};
enum { CASES = sizeof cases / sizeof *cases };

static bool all;

static void must_have_seen(int i)
{
    assert_true(cases[i].seen != SWAPS || (seen.swap_ins > 1 && seen.swap_outs > 0));
    assert_true(cases[i].seen != KILLS || seen.commands[GS_KILL] > 0);
    assert_true(cases[i].seen != READY || seen.events[GS_READY] > 0);
}

static void test_every_word(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        char options[300];
        struct figures figures;

        print_message("%s\n", cases[i].name);
        snprintf(options, sizeof options, DOUBLE "%s", cases[i].options);
        figures = run_live(cases[i].text, options, true);
        assert_true(figures.completed > 3);
        must_have_seen(i);
    }
}

/* Random delays of all that nothing orders. */
static void test_chaos(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i += 2) {
        char options[300];

        snprintf(options, sizeof options, DOUBLE "%s chaos=%d", cases[i].options, i + 1);
        run_live(cases[i].text, options, true);
        must_have_seen(i);
    }
}

/* Mean and 95th percentile within 1 %, as in tests/truth/test_live_as_simulated.c, which says why many runs.  Of the GPUs' time
 * the useful part, too; what they spend on switching is longer by what a swap is late: a chunk's turn, a look. */
static void test_as_simulated(void **state)
{
    unsigned wrong = 0, runs = all ? 60 : 2;

    (void)state;
    without_sanitizers();
    for (int i = 0; i < CASES; i++) {
        double useful[2] = {0, 0}, switching[2] = {0, 0};
        struct figures live, simulated;
        char options[300];

        if (!cases[i].quick && !all)
            continue;
        print_message("%s\n", cases[i].name);
        snprintf(options, sizeof options, DOUBLE "%s", cases[i].options);
        double_reset(options);
        live = run_often(cases[i].text, runs, &live_node);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
        simulated = run_often(cases[i].text, runs, &backend_sim);
        wrong += responses_off(&live, &simulated, 0.01);
        for (int g = 0; g < 8; g++) {
            useful[0] += live.useful_s[g], useful[1] += simulated.useful_s[g];
            switching[0] += live.switching_s[g], switching[1] += simulated.switching_s[g];
        }
        print_message("    useful %.3f and %.3f s, switching %.3f and %.3f s: %.4f %.4f\n", useful[0], useful[1],
                      switching[0], switching[1], useful[0] / useful[1], switching[0] / switching[1]);
        wrong += fabs(useful[0] / useful[1] - 1) > 0.01;
        wrong += fabs(switching[0] - switching[1]) > 0.05 * switching[1] + 0.1;
    }
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word),
        cmocka_unit_test(test_chaos),
        cmocka_unit_test(test_as_simulated),
    };
    const struct CMUnitTest compared[] = {cmocka_unit_test(test_as_simulated)};

    all = argc > 1 && strcmp(argv[1], "all") == 0;
    return all ? cmocka_run_group_tests(compared, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
