/* test_sets.c - workloads of several GPUs, worked out by hand, and held against one GPU with the same share of all.
 * Links of 25 GB/s: 160 GB over four of them take 1.6 s. */
#include "tests/truth/truth.h"

#include <stdio.h>
#include <string.h>

#define NODE(duration, gpus, memory, further)                                                                          \
    "[scenario]\nduration = " duration "\n[node]\ngpus = " gpus "\ngpu_memory = " memory                               \
    "\ngpu_reserved = 0GB\nswap_file = 400GB\n" further "\n"
#define MODEL(name, gpus, state, memory, arrivals)                                                                     \
    "[workload." name "]\nclass = inference\ngpus_per_workload = " gpus "\nstate = " state "\nmemory = " memory        \
    "\nservice = 1s\narrival = schedule(" arrivals ")\n"
#define JOB(name, gpus, memory, start, work)                                                                           \
    "[workload." name "]\nclass = training\ngpus_per_workload = " gpus "\nmemory = " memory "\nstart = " start         \
    "\ngpu_work = " work "\n"

/* All eight links at once: as quick as one GPU with a quarter of the memory. */
static void test_two_models_of_four_gpus_take_turns(void **unused)
{
    static const char text[] =
        NODE("60s", "4", "60GB", "") MODEL("A", "4", "gpu", "160GB", "1s 20s") MODEL("B", "4", "host", "160GB", "10s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 13.2, .end = 14.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 0, .ready = 20, .start = 23.2, .end = 24.2, .swap_out = 1.6, .swap_in = 1.6},
    };

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Chunk by chunk, 1 GB on each link: the last of B comes in a chunk after the last of A has left. */
static void test_overlapped(void **unused)
{
    static const char text[] = NODE("60s", "4", "40GB", "transfer = overlapped\nchunk = 1GB")
        MODEL("A", "4", "gpu", "160GB", "1s") MODEL("B", "4", "host", "160GB", "10s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 11.64, .end = 12.64, .swap_in = 1.64},
    };

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Five links share 50 GB/s, 10 each; from 17 s on the fifth is through, and each of the four has 12.5. */
static void test_the_pool_is_shared_by_each_gpu(void **unused)
{
    static const char text[] = NODE("60s", "5", "60GB", "host_bandwidth = 50GB/s") MODEL("A", "4", "gpu", "160GB", "1s")
        MODEL("B", "4", "host", "160GB", "10s") MODEL("C", "1", "gpu", "30GB", "1s")
            MODEL("D", "1", "host", "40GB", "10s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 2, .ready = 1, .start = 1, .end = 2},
        {.workload = 3, .ready = 10, .start = 17, .end = 18, .swap_out = 3, .swap_in = 4},
        {.workload = 1, .ready = 10, .start = 17.8, .end = 18.8, .swap_out = 4, .swap_in = 3.8},
    };

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* While A has both GPUs nobody else gets one; when it has left, B and C have one each, and then D has both. */
static void test_a_set_dissolves(void **unused)
{
    static const char text[] = NODE("100s", "2", "60GB", "") JOB("A", "2", "100GB", "0s", "10s")
        JOB("N", "1", "1GB", "5s", "1s") JOB("B", "1", "50GB", "20s", "5s") JOB("C", "1", "50GB", "20s", "5s")
            JOB("M", "2", "1GB", "21s", "1s") JOB("D", "2", "100GB", "30s", "4s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 0, .start = 0, .end = 10},
        {.workload = 2, .ready = 20, .start = 20, .end = 25},
        {.workload = 3, .ready = 20, .start = 20, .end = 25},
        {.workload = 5, .ready = 30, .start = 30, .end = 34},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    truth_run(&t, text, NULL);
    const struct tally *tally = t.outcome.tally[0];
    assert_int_equal(tally->group[1].refused[REFUSED_SET], 1);
    assert_int_equal(tally->group[4].refused[REFUSED_SET], 1);
    for (uint32_t g = 0; g < 2; g++) { /* A, B or C, D */
        assert_int_equal(tally->gpu[g].useful_ns, truth_ns(10 + 5 + 4));
        assert_true(tally->gpu[g].resident_byte_ns > 0.999 * 19e9 * 50e9 &&
                    tally->gpu[g].resident_byte_ns < 1.001 * 19e9 * 50e9);
    }
    truth_end(&t);
}

/* Both fit, as 1 GB of each GPU is kept for each of them; with a byte more they do not. */
static void test_each_gpu_must_hold_its_share(void **unused)
{
    static const char text[] = NODE("60s", "2", "61GB", "gpu_reserved_per_workload = 1GB")
        MODEL("A", "2", "new", "59GB", "1s 20s") MODEL("B", "2", "new", "59GB", "10s");
    static const struct truth_burst fits[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 10, .end = 11},
        {.workload = 0, .ready = 20, .start = 20, .end = 21},
    };
    static const struct truth_burst does_not[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 11.18, .end = 12.18, .swap_out = 1.18},
        {.workload = 0, .ready = 20, .start = 22.36, .end = 23.36, .swap_out = 1.18, .swap_in = 1.18},
    };
    static const char *const more[] = {"node.gpu_reserved_per_workload=1000000001B", NULL};

    (void)unused;
    TRUTH_TIMELINE(text, NULL, fits);
    TRUTH_TIMELINE(text, more, does_not);
}

/* 58.5 GB are too many for each of two GPUs, though there is a third. */
static void test_refused(void **unused)
{
    static const struct {
        const char *memory;
        unsigned large;
    } row[] = {{"mix(0.001:1GB, 0.999:117GB)", 1}, {"mix(0.001:1GB, 0.999:116GB)", 0}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[1024];
        struct truth t;
        snprintf(text, sizeof text,
                 NODE("60s", "3", "60GB", "gpu_reserved_per_workload = 2GB") JOB("A", "2", "%s", "0s", "1s"),
                 row[i].memory);
        truth_run(&t, text, NULL);
        const struct group_tally *g = &t.outcome.tally[0]->group[0];
        assert_int_equal(g->refused[REFUSED_LARGE], row[i].large);
        assert_int_equal(g->refused_needs_bytes, row[i].large > 0 ? 60500000000 : 0);
        assert_int_equal(g->completed, 1 - row[i].large);
        truth_end(&t);
    }
}

/* --- k GPUs are one GPU --- */

/* A load with chance in it, on `k` GPUs with `k` times as much of all that they share. */
static void write(char *text, size_t size, int k, const char *node, const char *policy)
{
    snprintf(text, size,
             "[scenario]\nduration = 2h\nwarmup = 10m\nseed = 3\n"
             "[node]\ngpus = %d\ngpu_memory = 80GiB\nswap_file = %dGiB\ndisk = %dGB/s\nhost_bandwidth = %dGB/s\n%s\n"
             "[policy]\n%s\n"
             "[workload.N]\nclass = notebook\ncount = 3\ngpus_per_workload = %d\nmemory = %dGiB\ngrow = %dGiB\n"
             "think = exp(40s)\nburst = lognormal(10s,0.7)\ndirty = 0.5\nkeep_host_copy = yes\ncontext = 300MiB\n"
             "[workload.M]\nclass = inference\ncount = 3\ngpus_per_workload = %d\nmemory = %dGiB\nservice = 500ms\n"
             "arrival = poisson(0.02/s)\nstate = disk\n"
             "[workload.T]\nclass = training\ngpus_per_workload = %d\nmemory = %dGiB\niterations = 40\n"
             "iteration = exp(3s)\ngap = 2s\nstart = 20m\n",
             k, k * 256, k * 2, k * 20, node, policy, k, k * 30, k * 4, k, k * 25, k, k * 50);
}

static bool same_tallies(const struct tally *one, const struct tally *many, uint32_t k)
{
    bool same = one->events == many->events;

    for (uint32_t g = 0; g < one->groups; g++) {
        const struct group_tally *a = &one->group[g], *b = &many->group[g];
        same = same && a->completed == b->completed && a->completed > 20 && !(a->response_ns < b->response_ns) &&
               !(a->response_ns > b->response_ns) && memcmp(a->stall_ns, b->stall_ns, sizeof a->stall_ns) == 0 &&
               a->response.max == b->response.max;
    }
    for (uint32_t g = 0; g < k; g++) {
        const struct gpu_tally *a = &one->gpu[0], *b = &many->gpu[g];
        same = same && a->useful_ns == b->useful_ns && a->switching_ns == b->switching_ns && a->idle_ns == b->idle_ns &&
               a->swap_in_bytes == b->swap_in_bytes && a->swap_out_bytes == b->swap_out_bytes && a->swaps == b->swaps &&
               !(a->resident_byte_ns < b->resident_byte_ns) && !(a->resident_byte_ns > b->resident_byte_ns);
    }
    return same && one->node[0].peak_bytes * k == many->node[0].peak_bytes && one->gpu[0].swaps > 100;
}

static void test_k_gpus_are_one(void **unused)
{
    static const struct {
        const char *node, *policy;
    } row[] = {
        {"", ""},
        {"transfer = overlapped\nduplex = 0.8", "slicer = fcfs"},
        {"link_discipline = fcfs\nswap_overhead = 700ms", "slicer = ps\nvictim = gdsf"},
        {"transfer = overlapped\nidle_detect = 2s", "slicer = nvshare\nprefetch = eager\nprefetch.after = 30s"},
        {"gpu_reserved_per_workload = 500MiB", "slicer = rr\nslicer.width = 2\nprefetch = ahead"},
        {"gpu_speed = 1.5", "slicer = cost\nvictim = cost\nprefetch = clean"},
        {"transfer = overlapped", "slicer = srpt\nvictim = belady\nplace = pack\nprefetch = breakeven"},
        {"", "slicer = priority\ncap = static\ncap.when_full = spill"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (int k = 2; k <= 4; k += 2) {
            char text[2048];
            struct truth one, many;
            write(text, sizeof text, 1, row[i].node, row[i].policy);
            truth_run(&one, text, NULL);
            write(text, sizeof text, k, row[i].node, row[i].policy);
            truth_run(&many, text, NULL);
            if (!same_tallies(one.outcome.tally[0], many.outcome.tally[0], (uint32_t)k))
                fail_msg("row %zu: %d GPUs are not as one", i, k);
            truth_end(&one);
            truth_end(&many);
        }
}

/* What is certain of one GPU is so of k: the least mean response is the same. */
static void test_the_bound(void **unused)
{
    static const char text[] = NODE("1h", "1", "60GB", "") MODEL("A", "1", "host", "40GB", "0s");
    static const char *const one[] = {"workload.A.count=2", "workload.A.arrival=poisson(0.3/s)", NULL};
    static const char *const many[] = {"workload.A.count=2",
                                       "workload.A.arrival=poisson(0.3/s)",
                                       "node.gpus=4",
                                       "workload.A.gpus_per_workload=4",
                                       "workload.A.memory=160GB",
                                       NULL};
    struct truth a, b;

    (void)unused;
    truth_run(&a, text, one);
    truth_run(&b, text, many);
    const struct tally *x = a.outcome.tally[0], *y = b.outcome.tally[0];
    assert_true(x->bounded && y->bounded && x->bound_ns > 1.2 * (double)x->group[0].alone_ns);
    assert_true(!(x->bound_ns < y->bound_ns) && !(x->bound_ns > y->bound_ns));
    truth_end(&a);
    truth_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_models_of_four_gpus_take_turns),
        cmocka_unit_test(test_overlapped),
        cmocka_unit_test(test_the_pool_is_shared_by_each_gpu),
        cmocka_unit_test(test_a_set_dissolves),
        cmocka_unit_test(test_each_gpu_must_hold_its_share),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_k_gpus_are_one),
        cmocka_unit_test(test_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
