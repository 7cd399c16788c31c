/* test_pools.c - workloads restricted to node pools: where they may go, what happens when their nodes are full, and that pools
 * do together what they do apart.  No chance anywhere: exact to the nanosecond. */
#include "tests/truth/truth.h"

#include <string.h>

#include "sim/results/report.h"

/* 60 GiB for workloads on each GPU. */
#define POOL(name, keys) "[node." name "]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\n" keys
#define NOTEBOOK(name, think, keys)                                                                                    \
    "[workload." name "]\nclass = notebook\nmemory = 40GiB\nthink = " think "\nburst = 2s\n" keys

/* A and B are kept to the pool that swaps, and take turns there, though the other pool has room for one of them; C is alone
 * on its own. */
static void test_a_pool_that_swaps_beside_one_that_does_not(void **unused)
{
    static const char text[] = "[scenario]\nduration = 22s\n" POOL("swap", "") POOL("plain", "swap = no\n")
        NOTEBOOK("A", "5s", "nodes = swap\n") NOTEBOOK("B", "9s", "nodes = swap\n")
            NOTEBOOK("C", "8s", "nodes = plain\n");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 2, .ready = 8, .start = 8, .end = 10},
        {.workload = 1, .ready = 9, .start = 13, .end = 15, .swap_out = 4},
        {.workload = 2, .ready = 18, .start = 18, .end = 20},
        {.workload = 0,
         .ready = 12,
         .start = -1,
         .end = 22,
         .queue = 2,
         .swap_out = 5,
         .swap_in = 3,
         .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Without C, and with both pools to choose from, B goes where nobody is. */
static void test_several_pools_to_choose_from(void **unused)
{
    static const char text[] = "[scenario]\nduration = 12s\n" POOL("swap", "") POOL("plain", "swap = no\n")
        NOTEBOOK("A", "5s", "nodes = swap\n") NOTEBOOK("B", "9s", "nodes = swap plain\n");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 9, .end = 11},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

static void expect_same(const struct truth *a, uint32_t group_a, uint32_t gpu_a, const struct truth *b,
                        uint32_t group_b, uint32_t gpu_b)
{
    const struct group_tally *x = &a->outcome.tally[0]->group[group_a], *y = &b->outcome.tally[0]->group[group_b];
    const struct gpu_tally *g = &a->outcome.tally[0]->gpu[gpu_a], *h = &b->outcome.tally[0]->gpu[gpu_b];

    assert_true(x->completed > 10 && x->completed == y->completed);
    assert_true(x->response_ns == y->response_ns);
    assert_true(memcmp(x->stall_ns, y->stall_ns, sizeof x->stall_ns) == 0);
    assert_true(g->swaps > 10 && g->swaps == h->swaps);
    assert_true(g->swap_in_bytes == h->swap_in_bytes && g->swap_out_bytes == h->swap_out_bytes);
    assert_true(g->useful_ns == h->useful_ns && g->switching_ns == h->switching_ns);
}

/* Two nodes share nothing, so two pools on one cluster are two clusters: whatever `place` is. */
static void test_pools_together_as_apart(void **unused)
{
    static const char together[] = "[scenario]\nduration = 10m\n" POOL("a", "") POOL("b", "")
        NOTEBOOK("A", "5s", "nodes = a\ncount = 2\n") NOTEBOOK("B", "7s", "nodes = b\ncount = 3\n");
    static const char a[] = "[scenario]\nduration = 10m\n" POOL("a", "") NOTEBOOK("A", "5s", "nodes = a\ncount = 2\n");
    static const char b[] = "[scenario]\nduration = 10m\n" POOL("b", "") NOTEBOOK("B", "7s", "count = 3\n");
    static const char *const place[][2] = {{"policy.place=spread", NULL},
                                           {"policy.place=pack", NULL},
                                           {"policy.place=least_loaded", NULL},
                                           {"policy.place=balance", NULL}};
    struct truth both, one, other;

    (void)unused;
    truth_run(&one, a, NULL);
    truth_run(&other, b, NULL);
    for (size_t i = 0; i < sizeof place / sizeof place[0]; i++) {
        truth_run(&both, together, place[i]);
        expect_same(&both, 0, 0, &one, 0, 0);
        expect_same(&both, 1, 1, &other, 0, 0);
        truth_end(&both);
    }
    truth_end(&one);
    truth_end(&other);
}

/* Three for a GPU that takes one: the other two are refused because of the pool where the other pool would have had room,
 * else because of the number that a GPU may have, or for its memory. */
static void test_a_full_pool_refuses_and_says_so(void **unused)
{
    static const char text[] = "[scenario]\nduration = 10m\n" POOL("a", "max_workloads_per_gpu = 1\n") POOL(
        "b", "max_workloads_per_gpu = 1\n") "[workload.M]\nclass = notebook\nmemory = 30GiB\nthink = 1h\nburst = "
                                            "2s\nnodes = b\nstart = 1h\n" NOTEBOOK("N", "5s", "nodes = a\ncount = 3\n");
    static const struct {
        const char *set[2];
        enum refusal why;
    } row[] = {
        {{NULL}, REFUSED_POOL},
        {{"workload.M.start=0s"}, REFUSED_SEATS},
        {{"node.b.gpu_memory=41GiB"}, REFUSED_SEATS},
        {{"node.b.gpu_reserved_per_workload=25GiB"}, REFUSED_SEATS},
        {{"workload.N.swappable=no"}, REFUSED_SEATS},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *set[] = {"node.a.swap=no", row[i].set[0], NULL};
        struct truth t;
        truth_run(&t, text, set);
        const struct group_tally *g = &t.outcome.tally[0]->group[1];
        if (g->refused[row[i].why] != 2 || tally_refused(g) != 2)
            fail_msg("row %zu: %llu of %llu", i, (unsigned long long)g->refused[row[i].why],
                     (unsigned long long)tally_refused(g));
        assert_int_equal(g->refused_needs_bytes, INT64_C(42) << 30);
        truth_end(&t);
    }
}

static void test_the_report_names_the_pool(void **unused)
{
    static const char text[] = "[scenario]\nduration = 10m\n" POOL("b", "") POOL("a", "max_workloads_per_gpu = 1\n")
        NOTEBOOK("N", "5s", "nodes = a\ncount = 3\n");
    static const struct report_about about = {.version = "0.1.0", .provenance = "sim"};
    struct report report;
    struct error err = {0};
    struct truth t;

    (void)unused;
    truth_run(&t, text, NULL);
    if (report_build(&report, &t.scenario, t.outcome.tally, 1, &about, &t.arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    assert_non_null(strstr(report.limits, "the node pool: 2 of 3"));
    assert_non_null(strstr(report.next, " --set node.a.gpus=2"));
    truth_end(&t);
}

/* A has the pool until it ends at 10; B comes too early, C does not. */
static void test_who_leaves_makes_room_in_its_pool(void **unused)
{
    static const char text[] =
        "[scenario]\n" POOL("a", "max_workloads_per_gpu = 1\n") POOL("b", "") "[workload.A]\nclass = training\n"
                                                                              "memory = 40GiB\nnodes = a\n"
                                                                              "gpu_work = 10s\n"
                                                                              "[workload.B]\nclass = training\n"
                                                                              "memory = 40GiB\nnodes = a\n"
                                                                              "start = 5s\ngpu_work = 3s\n"
                                                                              "[workload.C]\nclass = training\n"
                                                                              "memory = 40GiB\nnodes = a\n"
                                                                              "start = 15s\ngpu_work = 3s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 10},
        {.workload = 2, .ready = 15, .start = 15, .end = 18},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->group[1].refused[REFUSED_POOL], 1);
    truth_end(&t);
}

/* Projects of a trace: 'vision' has pool a, 'language' pool b, and who is of no project takes what is free.  a2 comes at 1,
 * when both pools have their one workload each; with room in b it is refused for its pool. */
static void test_projects_of_a_trace(void **unused)
{
    static const char text[] = "[scenario]\n" POOL("a", "max_workloads_per_gpu = 1\n") POOL(
        "b", "max_workloads_per_gpu = 1\n") "[trace.T]\nfile = tests/data/pools.gst\nnodes = vision:a language:b\n";
    static const char *const room[] = {"node.b.max_workloads_per_gpu=2", NULL};
    static const char *const all[] = {"trace.T.nodes=vision:a vision:b language:b", "policy.place=pack", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 4},
        {.workload = 1, .end = 4},
        {.workload = 3, .ready = 5, .start = 5, .end = 7},
        {.workload = 4, .ready = 6, .start = 6, .end = 7},
    };
    static const struct truth_burst anywhere[] = {
        {.workload = 0, .end = 4},
        {.workload = 1, .end = 4},
        {.workload = 3, .ready = 5, .start = 5, .end = 7},
        {.workload = 4, .ready = 6, .start = 6, .end = 7},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, all, anywhere);
    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->group[0].refused[REFUSED_SEATS], 1);
    truth_end(&t);
    truth_run(&t, text, room);
    assert_int_equal(t.outcome.tally[0]->group[0].refused[REFUSED_POOL], 1);
    truth_end(&t);
}

static void test_names_that_are_none(void **unused)
{
    static const struct {
        const char *set, *says;
        int code;
    } row[] = {
        {"workload.N.nodes=c", "there is no [node.c]", GS_BAD_INPUT},
        {"workload.N.nodes=b aa", "there is no [node.aa]; did you mean 'a'?", GS_BAD_INPUT},
        {"workload.N.nodes=x:a", "'x:' names a group of a trace's workloads", GS_BAD_INPUT},
        {"node.a.gpu_memory=41GiB", "no GPU of its 'nodes' shows it more than 39", GS_UNSATISFIABLE},
        {"workload.N.gpus_per_workload=2", "none of its 'nodes' has more than 1", GS_UNSATISFIABLE},
        {"workload.N.swappable=no", "all of its 'nodes' do; add a node", GS_UNSATISFIABLE},
    };
    static const char text[] = "[scenario]\nduration = 10m\n" POOL("a", "") POOL("b", "gpus = 2\nswap = no\n")
        NOTEBOOK("N", "5s", "nodes = a\n");
    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct arena arena = {0};
        struct scenario scenario;
        struct overrides overrides = {&row[i].set, 1};
        struct error err = {0};
        assert_int_equal(scenario_parse(&scenario, text, strlen(text), "a.ini", NULL, &overrides, &arena, &err),
                         row[i].code);
        if (strstr(err.text, row[i].says) == NULL)
            fail_msg("'%s' is not in: %s", row[i].says, err.text);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_that_swaps_beside_one_that_does_not),
        cmocka_unit_test(test_several_pools_to_choose_from),
        cmocka_unit_test(test_pools_together_as_apart),
        cmocka_unit_test(test_a_full_pool_refuses_and_says_so),
        cmocka_unit_test(test_the_report_names_the_pool),
        cmocka_unit_test(test_who_leaves_makes_room_in_its_pool),
        cmocka_unit_test(test_projects_of_a_trace),
        cmocka_unit_test(test_names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
