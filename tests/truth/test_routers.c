/* test_routers.c - where a group's requests go: laws of split streams, and choices worked out by hand. */
#include "tests/truth/truth.h"

#include <string.h>

#define NODE(further) "[scenario]\nduration = 100s\n[node]\ngpu_memory = 80GB\ngpu_reserved = 0GB\n" further "\n"
#define GROUP(count, memory, state, router, arrivals, further)                                                         \
    "[workload.A]\nclass = inference\ncount = " count "\nmemory = " memory "\nstate = " state "\nrouter = " router     \
    "\narrival = " arrivals "\n" further "\n"

/* Eight GPUs with a server each, 0.5/s each of requests of exp(1 s). */
#define EIGHT(router)                                                                                                  \
    "[scenario]\nduration = 30000s\nwarmup = 1000s\nreplications = 15\n[node]\ngpus = 8\ngpu_memory = 40GB\n" GROUP(   \
        "8", "30GB", "gpu", router, "poisson(4/s)", "service = exp(1s)")

/* A Poisson stream split at random is Poisson: M/M/1, 1 / (1 - 0.5). */
static void test_random_is_mm1(void **unused)
{
    struct truth t;
    (void)unused;
    truth_run(&t, EIGHT("random"), NULL);
    truth_expect("random split, M/M/1", truth_interval(&t, truth_mean, 0), 2);
    truth_end(&t);
}

/* In turn: gaps of Erlang(8), so E_8/M/1, whose response is exponential with mean 1 / (1 - x), x the root of x = (4 / (4 + 1
 * - x))^8 below 1. */
static void test_in_turn_is_erlang(void **unused)
{
    double x = 0;
    struct truth t;
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        double share = 4 / (4 + 1 - x);
        share *= share;
        share *= share;
        x = share * share;
    }
    truth_run(&t, EIGHT("round_robin"), NULL);
    truth_expect("in turn, E8/M/1", truth_interval(&t, truth_mean, 0), 1 / (1 - x));
    truth_end(&t);
}

/* The fewest requests is better than in turn, and one queue for all (M/M/8, 1.0147 s) better than it. */
static void test_the_least_loaded_is_between(void **unused)
{
    struct truth turn, least;
    (void)unused;
    truth_run(&turn, EIGHT("round_robin"), NULL);
    truth_run(&least, EIGHT("least_loaded"), NULL);
    struct interval gain = truth_difference(&turn, &least, truth_mean, 0);
    assert_true(gain.low > 0);
    assert_true(truth_interval(&least, truth_mean, 0).low > 1.0147);
    assert_true(least.outcome.tally[0]->group[0].arrived == turn.outcome.tally[0]->group[0].arrived);
    truth_end(&turn);
    truth_end(&least);
}

/* The same requests, whoever serves them: count and work are those of every other router. */
static void test_requests_are_the_same_everywhere(void **unused)
{
    static const char *const router[] = {"workload.A.router=random", "workload.A.router=round_robin",
                                         "workload.A.router=least_loaded", "workload.A.router=zipf(0.9)",
                                         "workload.A.router=hot_first"};
    static const char *const all_there[] = {"scenario.duration=40000s", "scenario.replications=1",
                                            "workload.A.arrival=schedule(1s 2s 2s 3s 50s 51s 51s 51s 60s 61s)", NULL};
    double work_ns = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof router / sizeof router[0]; i++) {
        const char *set[] = {router[i], all_there[0], all_there[1], all_there[2], "scenario.warmup=0", NULL};
        struct truth t;
        truth_run(&t, EIGHT("random"), set);
        const struct group_tally *g = &t.outcome.tally[0]->group[0];
        assert_int_equal(g->completed, 10);
        work_ns = i == 0 ? g->alone_ns : work_ns;
        assert_true(g->alone_ns == work_ns);
        truth_end(&t);
    }
}

/* 1/1 : 1/2 : 1/3 over three models: 6/11, 3/11 and 2/11, to three standard deviations. */
static void test_zipf_shares(void **unused)
{
    enum { REQUESTS = 200000 };
    static const char text[] = "[scenario]\nduration = 50000s\n[node]\ngpu_memory = 80GB\ngpu_reserved = 0GB\n" GROUP(
        "3", "20GB", "gpu", "zipf(1)", "poisson(4/s)", "service = 1us\nslots = 100");
    const struct scenario *scenario;
    struct gs_workload_spec *spec;
    struct load *load;
    struct load_event event;
    struct error err = {0};
    struct truth t = {0};
    uint32_t count;
    double got[3] = {0}, all = 0;
    (void)unused;
    assert_int_equal(scenario_parse(&t.scenario, text, strlen(text), "a.ini", ".", NULL, &t.arena, &err), GS_OK);
    scenario = &t.scenario;
    assert_int_equal(load_read_traces(&t.traces, scenario, &t.arena, &err), GS_OK);
    assert_int_equal(load_specs(scenario, t.traces, 0, &spec, &count, &t.arena, &err), GS_OK);
    assert_int_equal(load_open(&load, scenario, t.traces, 0, spec, count, &t.arena, &err), GS_OK);
    while (all < REQUESTS) {
        load_next(load, &event);
        if (event.kind != LOAD_BURST)
            continue;
        got[event.workload]++;
        all++;
        load_ended(load, event.job, event.at_ns);
    }
    for (int i = 0; i < 3; i++) {
        double p = 6.0 / 11 / (i + 1), expected = all * p, error = got[i] - expected;
        print_message("model %d: %.0f of %.0f\n", i, got[i], expected);
        assert_true(error * error < 9 * expected * (1 - p));
    }
    arena_fini(&t.arena);
}

/* Three models on a GPU for two, all swapped out at first: the first one stays hot and gets all.  In turn, each is swapped. */
static void test_hot_first(void **unused)
{
    static const char text[] =
        NODE("") GROUP("3", "30GB", "gpu", "hot_first", "schedule(1s 5s 9s 13s)", "service = 1s");
    static const char *const three[] = {"workload.A.state=host", NULL};
    static const char *const fair[] = {"workload.A.state=host", "workload.A.router=round_robin", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 2.2, .end = 3.2, .swap_in = 1.2},
        {.workload = 0, .ready = 5, .start = 5, .end = 6},
        {.workload = 0, .ready = 9, .start = 9, .end = 10},
        {.workload = 0, .ready = 13, .start = 13, .end = 14},
    };
    static const struct truth_burst due_fair[] = {
        {.workload = 0, .ready = 1, .start = 2.2, .end = 3.2, .swap_in = 1.2},
        {.workload = 1, .ready = 5, .start = 6.2, .end = 7.2, .swap_in = 1.2},
        {.workload = 2, .ready = 9, .start = 11.4, .end = 12.4, .swap_out = 1.2, .swap_in = 1.2},
        {.workload = 0, .ready = 13, .start = 15.4, .end = 16.4, .swap_out = 1.2, .swap_in = 1.2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, three, due);
    TRUTH_TIMELINE(text, fair, due_fair);
}

/* Three at once: two for the slots of the hot one, the third for the other, which shares the GPU from 6.2 s on: 0.4 s of each
 * are left of the first two. */
static void test_hot_first_when_all_slots_are_taken(void **unused)
{
    static const char text[] =
        NODE("") GROUP("2", "30GB", "host", "hot_first", "schedule(1s 5s 5s 5s)", "service = 1s\nslots = 2");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 2.2, .end = 3.2, .swap_in = 1.2},
        {.workload = 0, .ready = 5, .start = 5, .end = 7.4, .queue = 1.4},
        {.workload = 0, .ready = 5, .start = 5, .end = 7.4, .queue = 1.4},
        {.workload = 1, .ready = 5, .start = 6.2, .end = 8, .swap_in = 1.2, .queue = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_is_mm1),
        cmocka_unit_test(test_in_turn_is_erlang),
        cmocka_unit_test(test_the_least_loaded_is_between),
        cmocka_unit_test(test_requests_are_the_same_everywhere),
        cmocka_unit_test(test_zipf_shares),
        cmocka_unit_test(test_hot_first),
        cmocka_unit_test(test_hot_first_when_all_slots_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
