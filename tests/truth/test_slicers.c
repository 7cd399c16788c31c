/* test_slicers.c - slicers on whole runs without chance: hand-made timelines, shares, and how much of the time swaps
 * take.
 *
 * A and B of 20 GB in a GPU of 20 GB change places in 0.8 s out and 0.8 s in (25 GB/s). */
#include "tests/truth/truth.h"

#include <math.h>
#include <inttypes.h>

#define FIT "[node]\ngpu_memory = 80GiB\n"
#define FIT_NOT "[node]\ngpu_memory = 20GB\ngpu_reserved = 0GB\nswap_file = 100GB\n"
#define JOB(name, gb, key, value) "[workload." name "]\nclass = training\nmemory = " gb "\n" key " = " value "\n"

/* Work 10 s at 0, 4 s at 2 s, 1 s at 3 s: the mean response is 7 s by least remaining work, 34/3 s in order. */
static const char three_jobs[] = "[scenario]\n" FIT "[policy]\nslicer = srpt\n" JOB("A", "1GiB", "gpu_work", "10s")
    JOB("B", "1GiB", "gpu_work", "4s") "start = 2s\n" JOB("C", "1GiB", "gpu_work", "1s") "start = 3s\n";

static void test_least_remaining_work(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 2, .ready = 3, .start = 3, .end = 4},
        {.workload = 1, .ready = 2, .start = 2, .end = 7, .preempted = 1},
        {.workload = 0, .end = 15, .preempted = 5},
    };
    (void)unused;
    TRUTH_TIMELINE(three_jobs, NULL, due);
}

static void test_first_come_first_served(void **unused)
{
    static const char *const set[] = {"policy.slicer=fcfs", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 10},
        {.workload = 1, .ready = 2, .start = 10, .end = 14, .queue = 8},
        {.workload = 2, .ready = 3, .start = 14, .end = 15, .queue = 11},
    };
    (void)unused;
    TRUTH_TIMELINE(three_jobs, set, due);
}

/* q = 1 s.  A 0-2; B, new, stops it, 2-3; C stops that, 3-4, ends; B 4-5 catches A up, and being level they go on in
 * turn: A 5-6, B 6-7, A 7-8, B 8-9 ends; A 9-15. */
static void test_least_attained_service(void **unused)
{
    static const char *const set[] = {"policy.slicer=las", "policy.slicer.quantum=1s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 2, .ready = 3, .start = 3, .end = 4},
        {.workload = 1, .ready = 2, .start = 2, .end = 9, .preempted = 3},
        {.workload = 0, .end = 15, .preempted = 5},
    };
    (void)unused;
    TRUTH_TIMELINE(three_jobs, set, due);
}

/* Levels of 2, 4 and 8 s.  A 0-2, alone, and on to the end of its second quantum at 4, since B comes at 2 and C at 3;
 * it sinks.  B 4-6 sinks, C 6-7 ends.  On the second level A 7-11 sinks, B 11-13 ends; A 13-15. */
static void test_feedback_queues(void **unused)
{
    static const char *const set[] = {"policy.slicer=mlfq", NULL};
    static const struct truth_burst due[] = {
        {.workload = 2, .ready = 3, .start = 6, .end = 7, .queue = 3},
        {.workload = 1, .ready = 2, .start = 4, .end = 13, .queue = 2, .preempted = 5},
        {.workload = 0, .end = 15, .preempted = 5},
    };
    (void)unused;
    TRUTH_TIMELINE(three_jobs, set, due);
}

/* Iterations of 7 s, slices of 10 s: each slice goes on to the end of its second iteration. */
static void test_slices_end_between_iterations(void **unused)
{
    static const char text[] = "[scenario]\n" FIT "[policy]\nslicer = gandiva\nslicer.quantum = 10s\n" JOB(
        "A", "1GiB", "iterations", "3") "iteration = 7s\n" JOB("B", "1GiB", "iterations", "3") "iteration = 7s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 7},
        {.workload = 0, .ready = 7, .start = 7, .end = 14},
        {.workload = 1, .start = 14, .end = 21, .queue = 14},
        {.workload = 1, .ready = 21, .start = 21, .end = 28},
        {.workload = 0, .ready = 14, .start = 28, .end = 35, .queue = 14},
        {.workload = 1, .ready = 28, .start = 35, .end = 42, .queue = 7},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Two turns at once on a GPU that shares its time: as without turns. */
static void test_round_robin_of_width_two_is_sharing(void **unused)
{
    static const char text[] = "[scenario]\n" FIT "[policy]\nslicer = rr\nslicer.quantum = 1s\nslicer.width = 2\n" JOB(
        "A", "1GiB", "gpu_work", "10s") JOB("B", "1GiB", "gpu_work", "4s");
    static const struct truth_burst due[] = {
        {.workload = 1, .end = 8, .queue = 4},
        {.workload = 0, .end = 14, .queue = 4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A notebook of 20 GB in front of training of 20 GB; its user pauses for 1 s between two cells of 10 s.  Held for the
 * 1.6 s of a swap in and out, nothing moves.  Held for 0.8 s, it is on its way out when the next cell asks 0.2 s
 * later: 0.6 s to get out, 0.8 s for the training to come in, which is stopped at once, 0.8 s out and 0.8 s in. */
static void test_priority_holds_over_a_pause(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 1000s\nwarmup = 100s\n" FIT_NOT "[policy]\nslicer = priority\n"
        "[workload.N]\nclass = notebook\nstate = host\nmemory = 20GB\nthink = 1s\nburst = 10s\n" JOB(
            "T", "20GB", "gpu_work", "1000h");
    static const struct {
        const char *set;
        double wait;
    } row[] = {{"policy.slicer.hold=1", 0.0}, {"policy.slicer.hold=0.5", 3.0}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *set[] = {row[i].set, NULL};
        struct truth t;
        truth_run(&t, text, set);
        print_message("%s: wait %.9f s\n", row[i].set, truth_wait(t.outcome.tally[0], 0));
        assert_true(fabs(truth_wait(t.outcome.tally[0], 0) - row[i].wait) < 1e-9);
        truth_end(&t);
    }
}

/* Priorities 3, 2 and 1, turns of a second, an hour. */
static void test_shares(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 1h\n" FIT JOB("A", "1GiB", "gpu_work", "100h") "priority = 3\n" JOB(
            "B", "1GiB", "gpu_work", "100h") "priority = 2\n" JOB("C", "1GiB", "gpu_work", "100h") "priority = 1\n";
    static const struct {
        const char *set[4];
        double share[3], bound; /* seconds of the hour */
    } row[] = {
        {{"policy.slicer=stride", "policy.slicer.quantum=1s"}, {1800, 1200, 600}, 1},
        {{"policy.slicer=fair", "policy.slicer.quantum=1s", "policy.slicer.weight=priority"}, {1800, 1200, 600}, 1},
        {{"policy.slicer=fair", "policy.slicer.quantum=1s"}, {1200, 1200, 1200}, 1},
        {{"policy.slicer=drr", "policy.slicer.weight=priority", "policy.slicer.at_boundary=no"}, {1800, 1200, 600}, 3},
        /* four standard deviations of the number of turns, at most 4 sqrt(3600 / 4) */
        {{"policy.slicer=lottery", "policy.slicer.quantum=1s"}, {1800, 1200, 600}, 120},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct truth t;
        truth_run(&t, text, row[i].set);
        for (uint32_t g = 0; g < 3; g++) {
            double had = truth_share(t.outcome.tally[0], g) * 3600;
            print_message("%-24s %u: %.3f of %.0f +- %.0f s\n", row[i].set[0], g, had, row[i].share[g], row[i].bound);
            assert_true(fabs(had - row[i].share[g]) <= row[i].bound + 1e-6);
        }
        truth_end(&t);
    }
}

/* Bursts of 5 s and of 1 s, one after the other: both get the same, to within a turn and, where they are not cut, a
 * burst. */
static void test_the_length_of_bursts_does_not_matter(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 1h\n" FIT JOB("A", "1GiB", "iterations", "100000") "iteration = 5s\n" JOB(
            "B", "1GiB", "iterations", "100000") "iteration = 1s\n";
    static const struct {
        const char *set[4];
        double bound;
    } row[] = {{{"policy.slicer=drr"}, 6},
               {{"policy.slicer=drr", "policy.slicer.at_boundary=no"}, 1},
               {{"policy.slicer=fair", "policy.slicer.quantum=3s"}, 3},
               {{"policy.slicer=stride", "policy.slicer.quantum=3s"}, 3}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct truth t;
        truth_run(&t, text, row[i].set);
        double a = truth_share(t.outcome.tally[0], 0) * 3600, b = truth_share(t.outcome.tally[0], 1) * 3600;
        print_message("%s: bursts of 5 s %.3f s, of 1 s %.3f s\n", row[i].set[0], a, b);
        assert_true(fabs(a - b) <= row[i].bound + 1e-6 && fabs(a + b - 3600) < 1e-6);
        truth_end(&t);
    }
}

/* Swap-outs and swap-ins of the GPU, and its time by use, in seconds. */
struct use {
    double useful, switching;
    uint64_t swaps;
};

static struct use use_of(const char *text, const char *const *set)
{
    struct truth t;

    truth_run(&t, text, set);
    const struct gpu_tally *gpu = &t.outcome.tally[0]->gpu[0];
    struct use use = {(double)gpu->useful_ns * 1e-9, (double)gpu->switching_ns * 1e-9, gpu->swaps};
    truth_end(&t);
    print_message("%-28s useful %.3f s, switching %.3f s, %" PRIu64 " swaps\n", set[0], use.useful, use.switching,
                  use.swaps);
    return use;
}

/* 600 s each, turns of 30 s: 40 turns, 39 changes.  The first finds B new, so that A's way out is all; the last finds
 * A gone; 37 take both ways.  With load control B waits outside until A has ended. */
static const char two_that_do_not_fit[] =
    "[scenario]\n" FIT_NOT "[policy]\nslicer = rr\n" JOB("A", "20GB", "gpu_work", "600s")
        JOB("B", "20GB", "gpu_work", "600s");

static void test_load_control_of_two(void **unused)
{
    static const char *const rr[] = {"policy.slicer=rr", NULL};
    static const char *const control[] = {"policy.slicer=loadcontrol", "policy.slicer.patience=1h", NULL};

    (void)unused;
    struct use turns = use_of(two_that_do_not_fit, rr), controlled = use_of(two_that_do_not_fit, control);
    assert_int_equal(turns.swaps, 1 + 2 * 37 + 1);
    assert_true(fabs(turns.switching - 0.8 * (1 + 2 * 37 + 1)) < 1e-6);
    assert_int_equal(controlled.swaps, 0);
    assert_true(fabs(controlled.useful - 1200) < 1e-6 && controlled.switching <= 0);
}

/* Patience of 100 s, turns of 30 s: B comes in at the end of the turn in which its patience does, 120 s; from then on
 * each waits outside for 120 s while the other has its turns.  600 s are 5 such stays: 10 stays, 9 changes. */
static void test_load_control_lets_the_patient_in(void **unused)
{
    static const char *const set[] = {"policy.slicer=loadcontrol", "policy.slicer.patience=100s", NULL};

    (void)unused;
    assert_int_equal(use_of(two_that_do_not_fit, set).swaps, 1 + 2 * 7 + 1);
}

/* Four of 10 GB in 20 GB: any two fit, three do not.  In a circle each of them finds its place taken; two and two do
 * not. */
static void test_load_control_of_two_sets(void **unused)
{
    static const char text[] = "[scenario]\n" FIT_NOT "[policy]\nvictim = fifo\n" JOB("A", "10GB", "gpu_work", "300s")
        JOB("B", "10GB", "gpu_work", "300s") JOB("C", "10GB", "gpu_work", "300s") JOB("D", "10GB", "gpu_work", "300s");
    static const char *const rr[] = {"policy.slicer=rr", NULL};
    static const char *const control[] = {"policy.slicer=loadcontrol", "policy.slicer.patience=1h", NULL};

    (void)unused;
    /* 40 turns.  In the third and fourth C and D are new: a way out each.  From then on each takes both ways, up to A's
     * last, the 37th.  B and C then find the room of A and B, who are gone: a way in each; and D is still there. */
    assert_int_equal(use_of(text, rr).swaps, 2 + 2 * 33 + 2);
    assert_int_equal(use_of(text, control).swaps, 0);
}

/* Endless work.  A turn of q costs 1.6 s of swaps: index 1.6 / q.  Above 1 it is found after the first window, and
 * turns take a minute; below 1 it never is. */
static void test_antithrash_switches_at_its_index(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 2h\nwarmup = 1h\n" FIT_NOT
        "[policy]\nslicer = antithrash\n" JOB("A", "20GB", "gpu_work", "100h") JOB("B", "20GB", "gpu_work", "100h");
    static const struct {
        const char *set[3];
        double turn;
    } row[] = {{{"policy.slicer.quantum=1.5s"}, 60},
               {{"policy.slicer.quantum=1.7s"}, 1.7},
               {{"policy.slicer.quantum=1.7s", "policy.slicer.high=0.9"}, 60},
               {{"policy.slicer.quantum=9s"}, 9}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct use use = use_of(text, row[i].set);
        assert_true(fabs(use.switching / 3600 - 1.6 / (1.6 + row[i].turn)) < 1.6 / 3600);
    }
}

/* A turn is alpha times 1.6 s, so that swaps take 1 / (1 + alpha) of the time. */
static void test_cost_bounds_the_time_of_swaps(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 5h\nwarmup = 1h\n" FIT_NOT
        "[policy]\nslicer = cost\n" JOB("A", "20GB", "gpu_work", "100h") JOB("B", "20GB", "gpu_work", "100h");
    static const struct {
        const char *set[2];
        double alpha;
    } row[] = {{{"policy.slicer.alpha=10"}, 10}, {{"policy.slicer.alpha=1"}, 1}, {{"policy.slicer.alpha=100"}, 100}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double bound = 1 / (1 + row[i].alpha), share = use_of(text, row[i].set).switching / (4 * 3600);
        assert_true(share <= bound + 1.6 / 14400 && share >= bound / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_remaining_work),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_least_attained_service),
        cmocka_unit_test(test_feedback_queues),
        cmocka_unit_test(test_slices_end_between_iterations),
        cmocka_unit_test(test_round_robin_of_width_two_is_sharing),
        cmocka_unit_test(test_priority_holds_over_a_pause),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_the_length_of_bursts_does_not_matter),
        cmocka_unit_test(test_load_control_of_two),
        cmocka_unit_test(test_load_control_lets_the_patient_in),
        cmocka_unit_test(test_load_control_of_two_sets),
        cmocka_unit_test(test_antithrash_switches_at_its_index),
        cmocka_unit_test(test_cost_bounds_the_time_of_swaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
