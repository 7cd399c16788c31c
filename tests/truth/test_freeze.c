/* test_freeze.c - a regular fraction on a GPU stops swapping there (a rule of the draft) for as long as it stays: a timeline by
 * hand, exact to the nanosecond. */
#include "tests/truth/truth.h"

/* A and B, 40 GiB each of 60, would change places at 9; but R is there from 8 to 29.  Nobody leaves: B waits, while A, which is
 * on the GPU, goes on.  When R is gone A leaves, 29-33. */
static const char text[] =
    "[scenario]\nduration = 35s\n"
    "[node]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\nregular_fraction_freezes_gpu = yes\n"
    "[workload.A]\nclass = notebook\nmemory = 40GiB\nthink = 5s\nburst = 2s\n"
    "[workload.B]\nclass = notebook\nmemory = 40GiB\nthink = 9s\nburst = 2s\n"
    "[workload.R]\nclass = training\nmemory = 1GiB\nfraction = regular\nstart = 8s\niterations = 2\n"
    "iteration = 500ms\ngap = 20s\n";

static void test_frozen_while_it_is_there(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 2, .ready = 8, .start = 8, .end = 8.5},
        {.workload = 0, .ready = 12, .start = 12, .end = 14},
        {.workload = 0, .ready = 19, .start = 19, .end = 21},
        {.workload = 0, .ready = 26, .start = 26, .end = 28},
        {.workload = 2, .ready = 28.5, .start = 28.5, .end = 29},
        {.workload = 1, .ready = 9, .start = 33, .end = 35, .queue = 20, .swap_out = 4},
        {.workload = 0, .ready = 33, .start = -1, .end = 35, .queue = 2, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The same without the rule, and R swaps no more than before: A leaves at 9. */
static void test_not_frozen_without_the_rule(void **unused)
{
    static const char *const off[] = {"node.regular_fraction_freezes_gpu=no", "scenario.duration=25s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 2, .ready = 8, .start = 8, .end = 8.5},
        {.workload = 1, .ready = 9, .start = 13, .end = 15, .swap_out = 4},
        {.workload = 0, .ready = 12, .start = 23, .end = 25, .queue = 2, .swap_out = 5, .swap_in = 4},
        {.workload = 1, .ready = 24, .start = -1, .end = 25, .queue = 1, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, off, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frozen_while_it_is_there),
        cmocka_unit_test(test_not_frozen_without_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
