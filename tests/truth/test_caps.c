/* test_caps.c - what the caps let into the swap file, worked out by hand.  Links of 25 GB/s and a disk of 2 GB/s: 20
 * GB take 0.8 s and 10 s, 40 GB take 1.6 s and 20 s. */
#include "tests/truth/truth.h"

#define WORKLOAD(name, state, size, arrivals, further)                                                                 \
    "[workload." name "]\nclass = inference\nstate = " state "\nmemory = " size "\narrival = schedule(" arrivals       \
    ")\nservice = 1s\n" further "\n"
#define NODE(memory, file, further)                                                                                    \
    "[scenario]\nduration = 150s\n[node]\ngpu_memory = " memory "\ngpu_reserved = 0GB\nswap_file = " file              \
    "\ndisk = 2GB/s\n" further "\n"

/* B leaves its 20 GB in the file to A, which besides finds 19 of the 20 that it needs: A goes to disk.  When it comes back
 * from there, the file is empty and B fits.  With one GB more A fits, too. */
static void test_what_does_not_fit_spills(void **unused)
{
    static const char text[] = NODE("40GB", "39GB", "[policy]\ncap.when_full = spill\n")
        WORKLOAD("A", "gpu", "40GB", "60s", "") WORKLOAD("B", "host", "20GB", "10s", "");
    static const char *const larger[] = {"node.swap_file=40GB", NULL};
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 30.8, .end = 31.8, .swap_out = 20, .swap_in = .8},
        {.workload = 0, .ready = 60, .start = 80.8, .end = 81.8, .swap_out = .8, .cold = 20},
    };
    static const struct truth_burst due_larger[] = {
        {.workload = 1, .ready = 10, .start = 12.4, .end = 13.4, .swap_out = 1.6, .swap_in = .8},
        {.workload = 0, .ready = 60, .start = 62.4, .end = 63.4, .swap_out = .8, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, larger, due_larger);
}

/* B and C fill the file of 40 GB.  D comes from disk: B, as none of the two was used and it is the first, is left to the disk
 * and A takes its place.  C comes from the file, which D takes the place of.  B comes from disk: of A and D in the file A was
 * used longest ago.  D is still there, A is not.  Those that have something to write stay: A itself goes to disk then. */
static void test_who_was_used_longest_ago_is_left_to_the_disk(void **unused)
{
    static const char text[] = NODE("20GB", "40GB", "[policy]\ncap.when_full = demote\n")
        WORKLOAD("A", "gpu", "20GB", "100s", "dirty = 0") WORKLOAD("B", "host", "20GB", "50s", "dirty = 0")
            WORKLOAD("C", "host", "20GB", "30s", "dirty = 0") WORKLOAD("D", "disk", "20GB", "10s 80s", "dirty = 0");
    static const char *const dirty[] = {"workload.B.dirty=0.1", "workload.C.dirty=1", "scenario.duration=32s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 3, .ready = 10, .start = 20.8, .end = 21.8, .swap_out = .8, .cold = 10},
        {.workload = 2, .ready = 30, .start = 31.6, .end = 32.6, .swap_out = .8, .swap_in = .8},
        {.workload = 1, .ready = 50, .start = 60.8, .end = 61.8, .swap_out = .8, .cold = 10},
        {.workload = 3, .ready = 80, .start = 81.6, .end = 82.6, .swap_out = .8, .swap_in = .8},
        {.workload = 0, .ready = 100, .start = 110.8, .end = 111.8, .swap_out = .8, .cold = 10},
    };
    static const struct truth_burst due_dirty[] = {
        {.workload = 3, .ready = 10, .start = 30, .end = 31, .swap_out = 10, .cold = 10},
        {.workload = 2,
         .ready = 30,
         .start = -1,
         .end = 32,
         .queue = 1,
         .swap_out = .8,
         .swap_in = .2,
         .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, dirty, due_dirty);
}

/* C's first burst needs room for two of 20 GB.  A has its copy in the file of 30 GB, which counts for nothing while
 * A is resident, but A leaves on it. */
static void test_a_copy_is_not_lost_to_another_victim(void **unused)
{
    static const char text[] = NODE("40GB", "30GB", "[policy]\ncap.when_full = spill\n")
        WORKLOAD("A", "host", "20GB", "1s", "keep_host_copy = yes\ndirty = 0") WORKLOAD("B", "gpu", "20GB", "5s", "")
            WORKLOAD("C", "new", "40GB", "10s", "");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1.8, .end = 2.8, .swap_in = .8},
        {.workload = 1, .ready = 5, .start = 5, .end = 6},
        {.workload = 2, .ready = 10, .start = 20, .end = 21, .swap_out = 10},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A is above its half of the file, B is not. */
static void test_a_quota_sends_the_large_to_disk(void **unused)
{
    static const char text[] = NODE("40GB", "60GB", "[policy]\ncap = quota\n") WORKLOAD("A", "gpu", "40GB", "60s", "")
        WORKLOAD("B", "host", "20GB", "10s", "");
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 30.8, .end = 31.8, .swap_out = 20, .swap_in = .8},
        {.workload = 0, .ready = 60, .start = 80.8, .end = 81.8, .swap_out = .8, .cold = 20},
    };
    static const char *const stay[] = {"policy.cap.over=stay", NULL};
    static const struct truth_burst stuck[] = {
        {.workload = 0, .ready = 60, .start = 60, .end = 61},
        {.workload = 1, .ready = 10, .start = -1, .end = 150, .cap = 140, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, stay, stuck);
}

/* File of 70 GB, X in it.  S and T are on GPU 1; S has the greatest weight and is entitled to its 20 GB, which T,
 * from 10 s on, must wait for until X is in.  L, in the way of X, is beyond its share and goes to disk, 60 GB in 30
 * s. */
static void test_maxmin_makes_the_entitled_wait_and_the_others_spill(void **unused)
{
    static const char text[] = NODE("60GB", "70GB", "gpus = 2\n[policy]\ncap = maxmin\n")
        WORKLOAD("L", "gpu", "60GB", "200s", "priority = 1") WORKLOAD("S", "gpu", "20GB", "200s", "priority = 10")
            WORKLOAD("X", "host", "60GB", "20s", "priority = 1") WORKLOAD("T", "new", "50GB", "10s", "priority = 1");
    static const struct truth_burst due[] = {
        {.workload = 2, .ready = 20, .start = 52.4, .end = 53.4, .swap_out = 30, .swap_in = 2.4},
        {.workload = 3, .ready = 10, .start = 53.2, .end = 54.2, .cap = 42.4, .swap_out = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Five of 20 GB, of which the GPU holds one.  With 100 GB of swap file B's coming would fill it beyond 90 GB: A goes
 * to disk.  60 GB are left in it, then: with the low mark at 75 GB B goes to the file again, with 50 GB to disk, and
 * the one after it to the file. */
static void test_watermarks_have_hysteresis(void **unused)
{
    static const char text[] =
        NODE("20GB", "100GB", "[policy]\ncap = watermark\n") WORKLOAD("A", "gpu", "20GB", "200s", "")
            WORKLOAD("B", "host", "20GB", "10s", "") WORKLOAD("C", "host", "20GB", "40s", "")
                WORKLOAD("D", "host", "20GB", "60s", "") WORKLOAD("E", "host", "20GB", "200s", "");
    static const char *const wide[] = {"policy.cap.low=0.5", NULL};
    static const struct truth_burst due_narrow[] = {
        {.workload = 1, .ready = 10, .start = 20.8, .end = 21.8, .swap_out = 10, .swap_in = .8},
        {.workload = 2, .ready = 40, .start = 41.6, .end = 42.6, .swap_out = .8, .swap_in = .8},
        {.workload = 3, .ready = 60, .start = 61.6, .end = 62.6, .swap_out = .8, .swap_in = .8},
    };
    static const struct truth_burst due_wide[] = {
        {.workload = 1, .ready = 10, .start = 20.8, .end = 21.8, .swap_out = 10, .swap_in = .8},
        {.workload = 2, .ready = 40, .start = 50.8, .end = 51.8, .swap_out = 10, .swap_in = .8},
        {.workload = 3, .ready = 60, .start = 61.6, .end = 62.6, .swap_out = .8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due_narrow);
    TRUTH_TIMELINE(text, wide, due_wide);
}

/* X holds the file when P comes, so F goes to disk, as any victim would.  The file is empty then, and P, which F
 * sends away, would fit; but it has been wanted less often than F, and leaves the room to it: F is in the file after
 * its next burst.  Where anybody may enter it, F goes there by way of the room that P leaves. */
static void test_benefit_keeps_room_for_the_frequent(void **unused)
{
    static const char text[] =
        NODE("40GB", "50GB", "gpus = 2\n[policy]\ncap = benefit\n") WORKLOAD("F", "gpu", "40GB", "1s 3s 5s 70s", "")
            WORKLOAD("X", "host", "40GB", "40s", "") WORKLOAD("P", "new", "40GB", "10s 120s", "");
    static const char *const anybody[] = {"policy.cap=static", "policy.cap.when_full=spill", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 3, .start = 3, .end = 4},
        {.workload = 0, .ready = 5, .start = 5, .end = 6},
        {.workload = 2, .ready = 10, .start = 30, .end = 31, .swap_out = 20},
        {.workload = 1, .ready = 40, .start = 41.6, .end = 42.6, .swap_in = 1.6},
        {.workload = 0, .ready = 70, .start = 110, .end = 111, .swap_out = 20, .cold = 20},
        {.workload = 2, .ready = 120, .start = 141.6, .end = 142.6, .swap_out = 1.6, .cold = 20},
    };
    static const struct truth_burst due_anybody[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 3, .start = 3, .end = 4},
        {.workload = 0, .ready = 5, .start = 5, .end = 6},
        {.workload = 2, .ready = 10, .start = 30, .end = 31, .swap_out = 20},
        {.workload = 1, .ready = 40, .start = 41.6, .end = 42.6, .swap_in = 1.6},
        {.workload = 0, .ready = 70, .start = 91.6, .end = 92.6, .swap_out = 1.6, .cold = 20},
        {.workload = 2, .ready = 120, .start = 123.2, .end = 124.2, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, anybody, due_anybody);
}

/* Of four of 40 GB the GPU holds two and the file of 79 GB one: without `strict` the fourth, D, would wait for ever, as it
 * is new and leaves no room behind. */
static void test_strict_refuses_the_one_too_many(void **unused)
{
    static const char text[] =
        NODE("80GB", "79GB", "") WORKLOAD("A", "gpu", "40GB", "1s 20s", "") WORKLOAD("B", "gpu", "40GB", "2s", "")
            WORKLOAD("C", "new", "40GB", "10s", "") WORKLOAD("D", "new", "40GB", "30s", "");
    static const char *const strict[] = {"policy.cap=strict", "policy.cap.exchange=no", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 2, .start = 2, .end = 3},
        {.workload = 2, .ready = 10, .start = 11.6, .end = 12.6, .swap_out = 1.6},
        {.workload = 0, .ready = 20, .start = 23.2, .end = 24.2, .swap_out = 1.6, .swap_in = 1.6},
    };
    static const struct truth_burst stuck[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 2, .start = 2, .end = 3},
        {.workload = 2, .ready = 10, .start = 11.6, .end = 12.6, .swap_out = 1.6},
        {.workload = 0, .ready = 20, .start = 23.2, .end = 24.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 3, .ready = 30, .start = -1, .end = 150, .cap = 120, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, strict, due);
    TRUTH_TIMELINE(text, NULL, stuck);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_fit_spills),
        cmocka_unit_test(test_who_was_used_longest_ago_is_left_to_the_disk),
        cmocka_unit_test(test_a_copy_is_not_lost_to_another_victim),
        cmocka_unit_test(test_a_quota_sends_the_large_to_disk),
        cmocka_unit_test(test_maxmin_makes_the_entitled_wait_and_the_others_spill),
        cmocka_unit_test(test_watermarks_have_hysteresis),
        cmocka_unit_test(test_benefit_keeps_room_for_the_frequent),
        cmocka_unit_test(test_strict_refuses_the_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
