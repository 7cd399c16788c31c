/* test_turns.c - turns of known length: round robin with a switch cost inside and outside of the quantum, sharing, and a
 * notebook that cuts in on a training job.  No chance anywhere: exact to the nanosecond. */
#include "tests/truth/truth.h"

#include <math.h>

static const char two_jobs[] = "[scenario]\n"
                               "[node]\ngpu_memory = 80GiB\n"
                               "[policy]\nslicer = rr\nslicer.quantum = 2s\nslicer.switch_cost = 500ms\n"
                               "[workload.A]\nclass = training\nmemory = 1GiB\ngpu_work = 10s\n"
                               "[workload.B]\nclass = training\nmemory = 1GiB\ngpu_work = 4s\n";

/* A 0-2, B 2.5-4.5, A 5-7, B 7.5-9.5 ends; A 10-16 ends.  Switches count as swap-in, B waits 0-2 for its first turn. */
static void test_round_robin_with_the_switch_outside_of_the_quantum(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 1, .start = 2.5, .end = 9.5, .queue = 2, .swap_in = 1, .preempted = 2.5},
        {.workload = 0, .end = 16, .swap_in = 1, .preempted = 5},
    };
    (void)unused;
    TRUTH_TIMELINE(two_jobs, NULL, due);
}

/* A 0-2, then turns of 0.5 + 1.5: B 2.5-4, A 4.5-6, B 6.5-8, A 8.5-10, B 10.5-11.5 ends; A 12-17 ends. */
static void test_round_robin_with_the_switch_inside_of_the_quantum(void **unused)
{
    static const char *const set[] = {"policy.slicer.swap_in_quantum=yes", NULL};
    static const struct truth_burst due[] = {
        {.workload = 1, .start = 2.5, .end = 11.5, .queue = 2, .swap_in = 1.5, .preempted = 4},
        {.workload = 0, .end = 17, .swap_in = 1.5, .preempted = 5.5},
    };
    (void)unused;
    TRUTH_TIMELINE(two_jobs, set, due);
}

static void test_sharing(void **unused)
{
    static const char text[] = "[scenario]\n"
                               "[node]\ngpu_memory = 80GiB\n"
                               "[workload.A]\nclass = training\nmemory = 1GiB\ngpu_work = 10s\n"
                               "[workload.B]\nclass = training\nmemory = 1GiB\ngpu_work = 4s\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .end = 8, .queue = 4},
        {.workload = 0, .end = 14, .queue = 4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Two requests are served together; the slice ends at 4, and the turn with the two that run then: at 7 and at 8.  Those that
 * wait meanwhile have the next turn, 10-18. */
static void test_a_slice_ends_with_the_requests_that_are_being_served(void **unused)
{
    static const char text[] = "[scenario]\nduration = 30s\n"
                               "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                               "[policy]\nslicer = gandiva\nslicer.quantum = 4s\n"
                               "[workload.I]\nclass = inference\nmemory = 1GiB\nstate = gpu\nslots = 2\n"
                               "arrival = schedule(0s 1s 2s 3s)\nservice = 4s\n"
                               "[workload.T]\nclass = training\nmemory = 1GiB\nstart = 2s\ngpu_work = 2s\n";
    static const struct truth_burst due[] = {
        {.ready = 0, .start = 0, .end = 7, .queue = 3},
        {.ready = 1, .start = 1, .end = 8, .queue = 3},
        {.workload = 1, .ready = 2, .start = 8, .end = 10, .queue = 6},
        {.ready = 2, .start = 10, .end = 18, .queue = 12},
        {.ready = 3, .start = 10, .end = 18, .queue = 11},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The notebook thinks 120 s, computes 10 s; the GPU holds one of the two (20 GB each, 0.8 s each way at 25 GB/s).  It waits
 * for 0.8 s out and 0.8 s in, so its cycle is 131.6 s.  The training job loses 0.8 + 0.8 + 10, the time until the GPU is
 * found idle, and 0.8 + 0.8 to come back. */
static const char notebook_over_training[] =
    "[scenario]\nduration = 1436s\nwarmup = 120s\n"
    "[node]\ngpu_memory = 20GB\ngpu_reserved = 0GB\nidle_detect = 5s\n"
    "[policy]\nslicer = priority\n"
    "[workload.N]\nclass = notebook\nstate = host\nmemory = 20GB\nthink = 120s\nburst = 10s\n"
    "[workload.T]\nclass = training\nmemory = 20GB\ngpu_work = 1000h\n";

static void check_share(const char *set, double lost)
{
    const char *const with[] = {set, NULL}, *const longer[] = {set, "scenario.duration=2095s", "scenario.warmup=0s",
                                                               NULL};
    struct truth t;

    /* Ten cycles from the first wish, at 120 s: the limit itself. */
    truth_run(&t, notebook_over_training, with);
    print_message("training under a notebook: share %.9f, closed form %.9f\n", truth_share(t.outcome.tally[0], 1),
                  1.0 - lost / 131.6);
    assert_true(fabs(truth_share(t.outcome.tally[0], 1) - (1.0 - lost / 131.6)) < 1e-12);
    assert_true(t.outcome.tally[0]->group[0].completed == 10);
    assert_true(fabs(truth_mean(t.outcome.tally[0], 0) - 11.6) < 1e-12);
    truth_end(&t);
    /* From the start: 120 s alone, 15 cycles, 1 s of waiting in the 16th, for 1.6 s of exchange has just begun. */
    truth_run(&t, notebook_over_training, longer);
    assert_true(fabs(truth_share(t.outcome.tally[0], 1) - (1.0 - (15 * lost + 1.0) / 2095.0)) < 1e-12);
    truth_end(&t);
}

static void test_training_under_a_notebook(void **unused)
{
    (void)unused;
    assert_true(fabs(1.0 - (1.6 + 10 + 5 + 1.6) / 131.6 - .861702) < 1e-6);
    check_share("node.idle_detect=5s", 1.6 + 10 + 5 + 1.6);
    assert_true(fabs(1.0 - (1.6 + 10 + 1.6) / 131.6 - .899696) < 1e-6);
    check_share("node.idle_detect=0s", 1.6 + 10 + 1.6);
}

/* B is stopped at 12 in the middle of its burst, A has been idle since 2: A makes room for C, not B, whose bursts ended
 * longer ago, since it has had none. */
static void test_who_was_stopped_was_used_last(void **unused)
{
    static const char text[] =
        "[scenario]\n"
        "[node]\ngpu_memory = 62GiB\nh2d = 30GiB/s\nd2h = 30GiB/s\n"
        "[policy]\nslicer = rr\nslicer.quantum = 10s\n"
        "[workload.A]\nclass = training\nmemory = 30GiB\niterations = 2\niteration = 2s\ngap = 100s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\ngpu_work = 25s\n"
        "[workload.C]\nclass = training\nmemory = 30GiB\nstart = 5s\ngpu_work = 5s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 2},
        {.workload = 2, .ready = 5, .start = 13, .end = 18, .queue = 7, .swap_out = 1},
        {.workload = 1, .start = 2, .end = 33, .queue = 2, .preempted = 6},
        {.workload = 0, .ready = 102, .start = 103, .end = 105, .swap_in = 1},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_was_stopped_was_used_last),
        cmocka_unit_test(test_round_robin_with_the_switch_outside_of_the_quantum),
        cmocka_unit_test(test_round_robin_with_the_switch_inside_of_the_quantum),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_a_slice_ends_with_the_requests_that_are_being_served),
        cmocka_unit_test(test_training_under_a_notebook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
