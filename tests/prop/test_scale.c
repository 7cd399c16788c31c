/* test_scale.c - what an event costs, and what it costs to come, with a hundred times the workloads: no more than the ratio of
 * the logarithms, and an allowance for caches.
 *
 * Times of this thread's processor, the least of several rounds by turns, so that a machine that is busy otherwise changes
 * little. */
#include "sim/load/load.h"
#include "sim/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

enum { FEW = 100, MANY = 10000, ROUNDS = 3 };

/* log 10,000 / log 100 = 2; and what is not in the second-level cache any more costs half as much again. */
#define MOST (2 * 1.5)

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Eight GPUs for each hundred workloads, of three kinds. */
static size_t text_of(char *text, size_t size, int workloads, double duration_s)
{
    return (size_t)snprintf(
        text, size,
        "[scenario]\nduration = %.0fms\n[node]\ncount = %d\ngpus = 8\ngpu_memory = 80GiB\nswap_file = 1000GiB\n"
        "[policy]\nslicer = rr\n"
        "[workload.N]\nclass = notebook\ncount = %d\nmemory = uniform(2GiB,20GiB)\nthink = exp(2m)\n"
        "burst = exp(5s)\nstart = uniform(0s,1s)\n"
        "[workload.T]\nclass = training\ncount = %d\nmemory = uniform(2GiB,20GiB)\n"
        "iterations = 1000000\niteration = exp(20s)\ngap = exp(20s)\nstart = uniform(0s,1s)\n"
        "[workload.M]\nclass = inference\ncount = %d\nmemory = 16GiB\narrival = poisson(2/min)\n"
        "service = exp(500ms)\nstart = uniform(0s,1s)\n",
        duration_s * 1e3, workloads / 100, workloads * 6 / 10, workloads / 10, workloads * 3 / 10);
}

/* Seconds of a run; `*events`: of it. */
static double run_s(int workloads, double duration_s, uint64_t *events)
{
    char text[2048];
    struct overrides none = {0};
    struct arena arena = {0};
    struct scenario scenario;
    struct load_traces *traces;
    struct tally *tally = NULL;
    struct error err = {0};
    size_t length = text_of(text, sizeof text, workloads, duration_s);

    if (scenario_parse(&scenario, text, length, "scale.ini", NULL, &none, &arena, &err) != GS_OK ||
        load_read_traces(&traces, &scenario, &arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    struct replication_plan plan = {.scenario = &scenario, .traces = traces, .backend = &backend_sim, .threads = 1};
    double from_s = now_s();
    if (replication_run(&plan, &tally, &arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    double spent_s = now_s() - from_s;
    *events = tally->events;
    tally_fini(tally);
    arena_fini(&arena);
    return spent_s;
}

static double least(double a, double b)
{
    return b < a ? b : a;
}

static void an_event_costs_no_more_than_the_logarithm(void **unused)
{
    double few_ns = 1e18, many_ns = 1e18;
    uint64_t events;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        double spent_s = run_s(FEW, 36000, &events);
        few_ns = least(few_ns, 1e9 * spent_s / (double)events);
        spent_s = run_s(MANY, 360, &events);
        many_ns = least(many_ns, 1e9 * spent_s / (double)events);
    }
    print_message("%.0f ns an event with %d workloads, %.0f ns with %d: %.2f times as much, of at most %.1f\n", few_ns,
                  FEW, many_ns, MANY, many_ns / few_ns, MOST);
    assert_true(many_ns <= MOST * few_ns);
}

static void to_come_costs_no_more_than_the_logarithm(void **unused)
{
    double few_ns = 1e18, many_ns = 1e18;
    uint64_t events;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        double spent_s = 0;
        for (int i = 0; i < 20; i++)
            spent_s += run_s(FEW, 1.5, &events);
        few_ns = least(few_ns, 1e9 * spent_s / (20 * FEW));
        many_ns = least(many_ns, 1e9 * run_s(MANY, 1.5, &events) / MANY);
    }
    print_message(
        "%.0f ns a workload that comes, %.0f ns of a hundred times as many: %.2f times as much, of at most %.1f\n",
        few_ns, many_ns, many_ns / few_ns, MOST);
    assert_true(many_ns <= MOST * few_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_costs_no_more_than_the_logarithm),
        cmocka_unit_test(to_come_costs_no_more_than_the_logarithm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
