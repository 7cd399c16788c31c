/* test_waiting.c - small scenarios worked out by hand, to the nanosecond: what a burst waits for, and what its waiting is
 * called.  Links of 25 GB/s: 20 GB take 0.8 s, 40 GB take 1.6 s. */
#include "tests/truth/truth.h"

#define WORKLOAD(name, state, size, arrivals, further)                                                                 \
    "[workload." name "]\nclass = inference\nstate = " state "\nmemory = " size "\narrival = schedule(" arrivals       \
    ")\n" further "\n"

static const char one_at_a_time[] =
    "[scenario]\nduration = 60s\n[node]\ngpu_memory = 80GB\nsharing = exclusive\n" WORKLOAD(
        "A", "gpu", "20GB", "1s", "service = 1s") WORKLOAD("B", "gpu", "20GB", "1500ms", "service = 1s");

/* A ends at 2, which is noticed at 4: B waits 0.5 s for A and 2 s for the notice. */
static void test_an_end_that_is_noticed_late(void **unused)
{
    static const char *const set[] = {"node.idle_detect=2s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 1.5, .start = 4, .end = 5, .queue = .5, .detect = 2},
    };
    (void)unused;
    TRUTH_TIMELINE(one_at_a_time, set, due);
}

/* A keeps the lock for 5 s after its end at 2; or until its quantum of 4 s, which began at 1, is over. */
static void test_a_lock_that_lingers(void **unused)
{
    static const char *const early[] = {"policy.slicer=nvshare", "policy.slicer.early_release=5s", NULL};
    static const struct truth_burst due_early[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 1.5, .start = 7, .end = 8, .queue = .5, .detect = 5},
    };
    static const char *const quantum[] = {"policy.slicer=nvshare", "policy.slicer.early_release=5s",
                                          "policy.slicer.quantum=4s", NULL};
    static const struct truth_burst due_quantum[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 1.5, .start = 5, .end = 6, .queue = .5, .detect = 3},
    };
    (void)unused;
    TRUTH_TIMELINE(one_at_a_time, early, due_early);
    TRUTH_TIMELINE(one_at_a_time, quantum, due_quantum);
}

/* A's second request comes while its end is not yet noticed: it has the GPU still, and B waits on. */
static void test_who_has_the_lock_goes_on(void **unused)
{
    static const char *const set[] = {"policy.slicer=nvshare", "policy.slicer.early_release=5s",
                                      "workload.A.arrival=schedule(1s 4s)", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 4, .start = 4, .end = 5},
        {.workload = 1, .ready = 1.5, .start = 10, .end = 11, .queue = 1.5, .detect = 7},
    };
    (void)unused;
    TRUTH_TIMELINE(one_at_a_time, set, due);
}

/* Memory goes to those who wait in their order.  B (40 GB) cannot have it while A runs; C (10 GB) would fit and waits all
 * the same.  At 20 A leaves for B, until 21.6; then B and C share the link: C is in after 0.8 s, B after 0.8 + 1.2. */
static void test_nobody_passes_one_who_waits_for_memory(void **unused)
{
    static const char text[] = "[scenario]\nduration = 60s\n[node]\ngpu_memory = 60GB\ngpu_reserved = 0GB\n" WORKLOAD(
        "A", "gpu", "40GB", "10s", "service = 10s") WORKLOAD("B", "host", "40GB", "12s", "service = 1s")
        WORKLOAD("C", "host", "10GB", "13s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 10, .end = 20},
        {.workload = 2, .ready = 13, .start = 22.4, .end = 23.4, .queue = 7, .swap_out = 1.6, .swap_in = .8},
        {.workload = 1, .ready = 12, .start = 23.6, .end = 24.6, .queue = 8, .swap_out = 1.6, .swap_in = 2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* 3 s of initialisation, and 20 GB from disk at 2 GB/s; B's loads share the disk: 10 GB each in 10 s, then 10 in 5 s. */
static void test_cold_loads_share_the_disk(void **unused)
{
    static const char text[] = "[scenario]\nduration = 60s\n[node]\ngpu_memory = 60GB\ngpu_reserved = 0GB\n" WORKLOAD(
        "A", "disk", "20GB", "10s", "service = 1s\ncold_start = 3s")
        WORKLOAD("B", "disk", "10GB", "10s", "service = 1s\ncold_start = 3s");
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 23, .end = 24, .cold = 13},
        {.workload = 0, .ready = 10, .start = 28, .end = 29, .cold = 18},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The notebook stops the job at 120 and at 251.6, each time for 10 s and twice an exchange of 0.8 + 0.8 s. */
static void test_a_job_that_is_stopped(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 330s\n[node]\ngpu_memory = 20GB\ngpu_reserved = 0GB\n"
        "[policy]\nslicer = priority\n"
        "[workload.N]\nclass = notebook\nstate = host\nmemory = 20GB\nthink = 120s\nburst = 10s\n"
        "[workload.T]\nclass = training\nmemory = 20GB\ngpu_work = 300s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 120, .start = 121.6, .end = 131.6, .swap_out = .8, .swap_in = .8},
        {.workload = 0, .ready = 251.6, .start = 253.2, .end = 263.2, .swap_out = .8, .swap_in = .8},
        {.workload = 1, .end = 326.4, .preempted = 23.2, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A quantum of 1 s, which an exchange of 1.6 s uses up: each turn still gets a hundredth of it (and a nanosecond).
 * A 0-1; B (new: 0.8 s until A is out) 1.8-2; A 3.6 - 3.610000001; B 5.210000001 - 5.220000002; A 6.820000002, for the
 * 9.999999 ms it lacks, and leaves for good; B comes in 0.8 s, for the 9.999999 ms it lacks. */
static void test_a_quantum_eaten_by_swaps(void **unused)
{
    static const char text[] = "[scenario]\n[node]\ngpu_memory = 20GB\ngpu_reserved = 0GB\n"
                               "[policy]\nslicer = rr\nslicer.quantum = 1s\nslicer.swap_in_quantum = yes\n"
                               "[workload.A]\nclass = training\nmemory = 20GB\ngpu_work = 1020ms\n"
                               "[workload.B]\nclass = training\nmemory = 20GB\ngpu_work = 220ms\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 6.830000001, .preempted = 1 + 1.610000001, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 1,
         .start = 1.8,
         .end = 7.64,
         .queue = 1,
         .preempted = 1.610000001 + 1.609999999,
         .swap_out = 1.6,
         .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Four requests at once to a workload that serves two together, one workload at a time: pairs share the GPU. */
static void test_slots(void **unused)
{
    static const char text[] = "[scenario]\nduration = 60s\n[node]\ngpu_memory = 80GB\nsharing = exclusive\n" WORKLOAD(
        "A", "gpu", "20GB", "1s 1s 1s 1s", "service = 1s\nslots = 2");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 3, .queue = 1},
        {.workload = 0, .ready = 1, .start = 1, .end = 3, .queue = 1},
        {.workload = 0, .ready = 1, .start = 3, .end = 5, .queue = 3},
        {.workload = 0, .ready = 1, .start = 3, .end = 5, .queue = 3},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_end_that_is_noticed_late),
        cmocka_unit_test(test_a_lock_that_lingers),
        cmocka_unit_test(test_who_has_the_lock_goes_on),
        cmocka_unit_test(test_nobody_passes_one_who_waits_for_memory),
        cmocka_unit_test(test_cold_loads_share_the_disk),
        cmocka_unit_test(test_a_job_that_is_stopped),
        cmocka_unit_test(test_a_quantum_eaten_by_swaps),
        cmocka_unit_test(test_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
