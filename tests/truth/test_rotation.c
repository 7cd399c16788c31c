/* test_rotation.c - jobs that take turns in a circle, half of which fit: who looks at the queue swaps as little as can be.
 *
 * Of N in rotation C fit.  The best evicts whoever has just had his turn (Belady's rule, as the queue is the future), and
 * then (N - C) / (N - 1) of the turns need a swap. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static const char jobs[] = "[scenario]\n"
                           "[node]\ngpu_memory = 80GB\ngpu_reserved = 0GB\nswap_file = 1TB\n"
                           "[policy]\nslicer = rr\nslicer.quantum = 10s\n"
                           "[workload.J]\nclass = training\ncount = 6\nmemory = 24GB\ngpu_work = 1h\n";

/* Swaps in, by the time that they took: 0.96 s each, and as much for the victim. */
static double swaps(const char *victim)
{
    char choice[64];
    const char *set[] = {choice, NULL};
    struct truth t;

    snprintf(choice, sizeof choice, "policy.victim=%s", victim);
    truth_run(&t, jobs, set);
    double makespan = (double)t.outcome.tally[0]->makespan_ns * 1e-9;
    truth_end(&t);
    return (makespan - 6 * 3600) / (2 * 0.96);
}

static void test_fewest_swaps(void **unused)
{
    const char *const victim[] = {"cost", "predict"};
    double turns = 6 * 3600 / 10.0, best = turns * (6 - 3) / (6 - 1);

    (void)unused;
    for (size_t i = 0; i < sizeof victim / sizeof victim[0]; i++) {
        double is = swaps(victim[i]);
        print_message("%s: %.1f swaps, closed form %.1f\n", victim[i], is, best);
        assert_true(fabs(is - best) <= 0.01 * best);
    }
    assert_true(swaps("fifo") > 1.05 * best);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fewest_swaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
