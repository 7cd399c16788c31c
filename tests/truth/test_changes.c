/* test_changes.c - workloads that change while they are there, and what happens in one instant, worked out by hand to the
 * nanosecond.  Links of 25 GB/s: 10 GB take 0.4 s, 20 GB take 0.8 s. */
#include "tests/truth/truth.h"

#define NODE "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\n"

/* A burst of a keeps the 10 GB that it grew by: a and b fill the GPU, c must send a away, and a comes back with 20 GB. */
static void test_what_a_burst_keeps(void **unused)
{
    static const char text[] = "[scenario]\n" NODE "[trace.T]\nfile = tests/data/keeps.gst\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 5, .start = 5, .end = 5.5},
        {.workload = 2, .ready = 6, .start = 6.8, .end = 7.8, .swap_out = .8},
        {.workload = 0, .ready = 10, .start = 11.6, .end = 12.6, .swap_out = .8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Until it shrinks at 5 a cannot be sent away for b.  At 6 it may be, and goes at 7 for c: 10 GB. */
static void test_a_workload_that_shrinks_and_becomes_swappable(void **unused)
{
    static const char text[] = "[scenario]\n" NODE "[trace.T]\nfile = tests/data/changes.gst\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 3, .start = 5, .end = 6, .queue = 2},
        {.workload = 2, .ready = 7, .start = 7.4, .end = 8.4, .swap_out = .4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

static void test_runs_of_iterations_one_after_the_other(void **unused)
{
    static const char text[] = "[scenario]\n" NODE "[trace.T]\nfile = tests/data/runs.gst\n";
    static const struct truth_burst due[] = {
        {.ready = 1, .start = 1, .end = 2},    {.ready = 2.5, .start = 2.5, .end = 3.5},
        {.ready = 4, .start = 4, .end = 5},    {.ready = 10, .start = 10, .end = 12},
        {.ready = 12, .start = 12, .end = 14},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Two of three are served together, at half speed each, and the third after them. */
static void test_a_trace_tells_how_many_are_served_together(void **unused)
{
    static const char text[] = "[scenario]\n" NODE "[trace.T]\nfile = tests/data/slots.gst\n";
    static const struct truth_burst due[] = {
        {.ready = 1, .start = 1.4, .first = 3.4, .end = 3.4, .queue = 1, .swap_in = .4},
        {.ready = 1, .start = 1.4, .first = 3.4, .end = 3.4, .queue = 1, .swap_in = .4},
        {.ready = 1, .start = 3.4, .first = 4.4, .end = 4.4, .queue = 2, .swap_in = .4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* LO's burst ends when HI wishes for the GPU, and LO's next one is ready at once: HI stops LO between the two. */
static void test_stopped_between_two_bursts(void **unused)
{
    static const char text[] = "[scenario]\nduration = 30s\n" NODE "[policy]\nslicer = priority\n"
                               "[workload.HI]\nclass = notebook\nmemory = 10GB\nthink = 10s\nburst = 1s\n"
                               "[workload.LO]\nclass = training\nmemory = 10GB\niterations = 200\niteration = 10s\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 0, .start = 0, .end = 10},
        {.workload = 0, .ready = 10, .start = 10, .end = 11},
        {.workload = 1, .ready = 10, .start = 11, .end = 21, .queue = 1},
        {.workload = 0, .ready = 21, .start = 21, .end = 22},
        {.workload = 1, .ready = 21, .start = 22, .end = 30, .queue = 1, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The same, and lo's second burst does not grow as the first did: with hi's 10 GB and lo's 10 GB, c's 30 GB fit. */
static void test_stopped_between_bursts_of_different_size(void **unused)
{
    static const char text[] = "[scenario]\n[node]\ngpu_memory = 50GB\ngpu_reserved = 0GB\n"
                               "[policy]\nslicer = priority\n[trace.T]\nfile = tests/data/same-instant.gst\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 0, .start = 0, .end = 10},
        {.workload = 0, .ready = 10, .start = 10, .end = 11},
        {.workload = 2, .ready = 11.5, .start = 11.5, .end = 12.5},
        {.workload = 1, .ready = 10, .start = 11, .end = 22, .queue = 1, .preempted = 1},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Swap file of 60 GiB, links of 10 GiB/s.  C sends B (20 GiB) and, when its quantum is over at 10, A (30 GiB) away, and A
 * comes back at 18 + 2 + 3.  Its burst over at 28, A's copy shrinks to 20 GiB: room for D, on the other GPU, to send one
 * away that holds 20. */
static void test_a_copy_that_shrinks_makes_room(void **unused)
{
    static const char text[] = "[scenario]\n[node]\ngpus = 2\ngpu_memory = 34GiB\nswap_file = 60GiB\nh2d = 10GiB/s\n"
                               "d2h = 10GiB/s\n[policy]\nslicer = rr\nslicer.quantum = 10s\n"
                               "[trace.T]\nfile = tests/data/cap-wakes.gst\nkeep_host_copy = yes\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 0, .start = 0, .end = 5},
        {.workload = 2, .ready = 1, .start = 13, .end = 18, .queue = 9, .swap_out = 3},
        {.workload = 0, .ready = 0, .start = 0, .end = 28, .preempted = 8, .swap_out = 2, .swap_in = 3},
        {.workload = 3, .ready = 20, .start = 30, .end = 35, .cap = 8, .swap_out = 2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Products of work and sharers beyond 2^64 units. */
static void test_a_thousand_days(void **unused)
{
    static const char text[] = "[scenario]\nduration = 4000d\n" NODE
                               "[workload.J]\nclass = training\nmemory = 1GB\ncount = 5\ngpu_work = 200d\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 86400e3, .queue = 69120e3}, {.workload = 1, .end = 86400e3, .queue = 69120e3},
        {.workload = 2, .end = 86400e3, .queue = 69120e3}, {.workload = 3, .end = 86400e3, .queue = 69120e3},
        {.workload = 4, .end = 86400e3, .queue = 69120e3},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* One request a second is served, two come: after three days 260,000 wait, and all bursts together have waited for more
 * than the 292 years that 64 bits can count in nanoseconds.  The mean is that of a queue that grows from 0 to 1.5 d. */
static void test_sums_of_centuries(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 3d\n" NODE "[workload.Q]\nclass = inference\nmemory = 1GB\nstate = gpu\n"
        "arrival = poisson(2/s)\nservice = 1s\n";
    struct truth t;
    (void)unused;
    truth_run(&t, text, NULL);
    double mean = truth_mean(t.outcome.tally[0], 0);
    if (!(mean > 0.24 * 259200 && mean < 0.26 * 259200))
        fail_msg("the mean response is %g s", mean);
    truth_end(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_burst_keeps),
        cmocka_unit_test(test_a_workload_that_shrinks_and_becomes_swappable),
        cmocka_unit_test(test_runs_of_iterations_one_after_the_other),
        cmocka_unit_test(test_a_trace_tells_how_many_are_served_together),
        cmocka_unit_test(test_stopped_between_two_bursts),
        cmocka_unit_test(test_stopped_between_bursts_of_different_size),
        cmocka_unit_test(test_a_copy_that_shrinks_makes_room),
        cmocka_unit_test(test_a_thousand_days),
        cmocka_unit_test(test_sums_of_centuries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
