/* test_serving.c - what moves when a model leaves the GPU and comes back, worked out by hand.  Links of 25 GB/s, a disk of 2
 * GB/s: 20 GB take 0.8 s and 10 s. */
#include "tests/truth/truth.h"

#define NODE(further)                                                                                                  \
    "[scenario]\nduration = 200s\n[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\nswap_file = 100GB\n" further "\n"
#define MODEL(name, state, arrivals, further)                                                                          \
    "[workload." name "]\nclass = inference\nmemory = 30GB\nstate = " state "\narrival = schedule(" arrivals           \
    ")\nservice = 1s\n" further "\n"

/* 10 of 30 GB are a cache that never moves: 0.8 s each way. */
static void test_a_cache_is_dropped(void **unused)
{
    static const char text[] =
        NODE("") MODEL("A", "gpu", "1s 50s", "kv_cache = 10GB") MODEL("B", "host", "20s", "kv_cache = 10GB");
    static const char *const lasting[] = {"workload.A.kv_cache=0", "workload.B.kv_cache=0", NULL};
    static const char *const small[] = {"node.swap_file=20GB", NULL}, *const tight[] = {"node.swap_file=40GB", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 20, .start = 21.6, .end = 22.6, .swap_out = .8, .swap_in = .8},
        {.workload = 0, .ready = 50, .start = 51.6, .end = 52.6, .swap_out = .8, .swap_in = .8},
    };
    static const struct truth_burst due_lasting[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 20, .start = 22.4, .end = 23.4, .swap_out = 1.2, .swap_in = 1.2},
        {.workload = 0, .ready = 50, .start = 52.4, .end = 53.4, .swap_out = 1.2, .swap_in = 1.2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, tight, due);
    TRUTH_TIMELINE(text, small, due); /* B lends its room */
    TRUTH_TIMELINE(text, lasting, due_lasting);
}

/* Weights that are only read have their copy: nothing at all is written. */
static void test_only_the_way_in_with_a_copy(void **unused)
{
    static const char text[] = NODE("") MODEL("A", "host", "1s 50s", "kv_cache = 10GB\ndirty = 0\nkeep_host_copy = yes")
        MODEL("B", "host", "20s", "kv_cache = 10GB\ndirty = 0\nkeep_host_copy = yes");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1.8, .end = 2.8, .swap_in = .8},
        {.workload = 1, .ready = 20, .start = 20.8, .end = 21.8, .swap_in = .8},
        {.workload = 0, .ready = 50, .start = 50.8, .end = 51.8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* 2 s after each swap-in, 5 s before each load from disk, and 10 s for its bytes. */
static void test_warm_and_cold_starts(void **unused)
{
    static const char text[] =
        NODE("") MODEL("A", "disk", "1s 100s", "kv_cache = 10GB\nwarm_start = 2s\ncold_start = 5s")
            MODEL("B", "disk", "50s", "kv_cache = 10GB\nwarm_start = 2s\ncold_start = 5s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 16, .end = 17, .cold = 15},
        {.workload = 1, .ready = 50, .start = 65.8, .end = 66.8, .swap_out = .8, .cold = 15},
        {.workload = 0, .ready = 100, .start = 103.6, .end = 104.6, .swap_out = .8, .swap_in = 2.8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* From zero: it ends when it leaves, at once, and comes from disk whenever it comes; a swap file is not needed. */
static void test_scale_from_zero(void **unused)
{
    static const char text[] =
        NODE("swap_overhead = 0s") MODEL("A", "gpu", "1s 100s", "cold_start = 5s\nunload = stop\nkv_cache = 10GB")
            MODEL("B", "by class", "50s", "cold_start = 5s\nunload = stop");
    static const char *const no_file[] = {"node.swap_file=0", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 50, .start = 70, .end = 71, .cold = 20},
        {.workload = 0, .ready = 100, .start = 115, .end = 116, .cold = 15},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, no_file, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cache_is_dropped),
        cmocka_unit_test(test_only_the_way_in_with_a_copy),
        cmocka_unit_test(test_warm_and_cold_starts),
        cmocka_unit_test(test_scale_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
