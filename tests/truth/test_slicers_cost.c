/* test_slicers_cost.c - slicer and victim `cost` against round robin of 30 s and lru, on notebooks whose memory is 1.5
 * to 3 times that of the GPU: mean and p95 of the response are less, by paired intervals over replications with the
 * same draws.  No closed form here; what is held is a claim of the manual. */
#include "tests/truth/truth.h"

#include <stdio.h>

#define LOAD(count, memory, think, burst)                                                                              \
    "[scenario]\nduration = 24h\nwarmup = 30m\nreplications = 100\n"                                                   \
    "[node]\ngpu_memory = 80GiB\nswap_file = 600GiB\n[policy]\nslicer = rr\nslicer.quantum = 30s\n"                    \
    "[workload.N]\nclass = notebook\ncount = " count "\nmemory = " memory "\nthink = " think "\nburst = " burst "\n"
#define TRAINING "[workload.T]\nclass = training\nmemory = 60GiB\ngpu_work = 1000h\n"

static void test_less_than_round_robin(void **unused)
{
    static const struct {
        const char *what, *load;
    } row[] = {
        {"1.5 x, short bursts", LOAD("6", "20GiB", "lognormal(1m, 1.2)", "lognormal(5s, 0.9)")},
        {"2.3 x, short bursts", LOAD("6", "30GiB", "lognormal(1m, 1.2)", "lognormal(5s, 0.9)")},
        {"3 x, short bursts", LOAD("8", "30GiB", "lognormal(1m, 1.2)", "lognormal(5s, 0.9)")},
        {"2 x, exponential bursts", LOAD("8", "20GiB", "exp(2m)", "exp(10s)")},
        {"2.3 x, a few long bursts", LOAD("6", "uniform(20GiB, 40GiB)", "mix(0.8:exp(20s), 0.2:exp(10m))",
                                          "mix(0.9:lognormal(3s, 1), 0.1:lognormal(2m, 1))")},
        {"2 x, over training", LOAD("4", "25GiB", "lognormal(1m, 1.2)", "lognormal(5s, 0.9)") TRAINING},
    };
    static const char *const cost[] = {"policy.slicer=cost", "policy.victim=cost", NULL};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct truth turns, priced;
        truth_run(&turns, row[i].load, NULL);
        truth_run(&priced, row[i].load, cost);
        struct interval mean = truth_difference(&priced, &turns, truth_mean, 0);
        struct interval p95 = truth_difference(&priced, &turns, truth_p95, 0);
        print_message("%-26s mean %.2f s %+.2f [%.2f, %.2f], p95 %.2f s %+.2f [%.2f, %.2f]\n", row[i].what,
                      truth_interval(&turns, truth_mean, 0).value, mean.value, mean.low, mean.high,
                      truth_interval(&turns, truth_p95, 0).value, p95.value, p95.low, p95.high);
        assert_true(mean.high < 0.0 && p95.high < 0.0);
        truth_end(&priced);
        truth_end(&turns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_less_than_round_robin)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
