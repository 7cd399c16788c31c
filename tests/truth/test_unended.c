/* test_unended.c - what has not ended when the run does, of scenarios without chance: ages, causes, who is stuck, and how
 * large a swap file would have been enough. */
#include "tests/truth/truth.h"

#include <stdio.h>
#include <string.h>

#include "sim/results/report.h"

/* Two notebooks think 60 s and compute 10 s; the GPU holds one of them, and the swap file not quite the other.  The second waits 10 s
 * for its turn, and from 70 s on for room in the file. */
static const char blocked[] = "[scenario]\nduration = 1h\n"
                              "[node]\ngpu_memory = 80GiB\nswap_file = 49GiB\n"
                              "[policy]\nslicer = fcfs\n"
                              "[workload.N]\nclass = notebook\ncount = 2\nmemory = 50GiB\nthink = 60s\nburst = 10s\n"
                              "[sla.N]\ngroup = N\nresponse_p95 = 20s\n";

static struct group_tally *run_of(struct truth *t, const char *text, const char *const *set)
{
    truth_run(t, text, set);
    return &t->outcome.tally[0]->group[0];
}

static void report_of(struct truth *t, struct report *report)
{
    static const struct report_about about = {"0.1.0", "sim", NULL, 0, NULL};
    struct error err = {0};
    if (report_build(report, &t->scenario, t->outcome.tally, t->outcome.completed, &about, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

static void test_blocked_by_the_swap_file(void **unused)
{
    (void)unused;
    struct truth t;
    struct report report;
    const struct group_tally *g = run_of(&t, blocked, NULL);
    assert_int_equal(g->censored, 1);
    assert_int_equal(g->unended.count, 1);
    assert_int_equal(g->unended.max, truth_ns(3540));
    assert_int_equal(g->unended_slowdown.max, 354 << 20);
    assert_int_equal(g->unended_stall_ns[STALL_QUEUE], truth_ns(10));
    assert_int_equal(g->unended_stall_ns[STALL_CAP], truth_ns(3530));
    assert_int_equal(g->waiting.count, 1);
    assert_int_equal(g->waiting.max, truth_ns(3540));
    assert_int_equal(g->waiting_ns[STALL_CAP], truth_ns(3540));
    assert_int_equal(t.outcome.tally[0]->node[0].enough_bytes, INT64_C(50) << 30);
    report_of(&t, &report);
    assert_true(report.sla[0].value.value == 10 && !report.sla[0].met);
    assert_string_equal(report.sla[0].missed, "stuck");
    assert_non_null(strstr(report.next, " --set node.swap_file=50GiB"));
    truth_end(&t);
}

/* Twice as fast a GPU: the burst that never began would take 5 s of it. */
static void test_slowdown_goes_by_the_speed(void **unused)
{
    (void)unused;
    static const char *const set[] = {"node.gpu_speed=2", NULL};
    struct truth t;
    assert_int_equal(run_of(&t, blocked, set)->unended_slowdown.max, 708 << 20);
    truth_end(&t);
}

/* What became ready in the warm-up counts nowhere; that somebody is stuck since then must not be lost. */
static void test_stuck_since_the_warm_up(void **unused)
{
    (void)unused;
    static const char *const set[] = {"scenario.warmup=10m", NULL};
    struct truth t;
    struct report report;
    const struct group_tally *g = run_of(&t, blocked, set);
    assert_int_equal(g->censored, 0);
    assert_int_equal(g->unended.count, 0);
    assert_int_equal(g->waiting.max, truth_ns(3540));
    report_of(&t, &report);
    assert_true(report.group[0].stuck.value == 1 && !report.sla[0].met);
    truth_end(&t);
}

static bool is_stuck_with(const char *text, const char *gpus, const char *count, int64_t swap_file)
{
    char size[64];
    snprintf(size, sizeof size, "node.swap_file=%lldB", (long long)swap_file);
    const char *const set[] = {size, gpus, count, NULL};
    struct truth t;
    struct report report;
    bool stuck = false;
    truth_run(&t, text, set);
    report_of(&t, &report);
    for (size_t i = 0; i < report.groups; i++)
        stuck |= report.group[i].stuck.value > 0;
    truth_end(&t);
    return stuck;
}

/* The size that is said to be enough is enough, and, of equal ones, a byte less is not. */
static void test_what_is_enough(void **unused)
{
    (void)unused;
    static const char unequal[] =
        "[scenario]\nduration = 1h\n"
        "[node]\ngpu_memory = 80GiB\nswap_file = 90GiB\n"
        "[workload.N]\nclass = notebook\nmemory = 38GiB\nthink = 60s\nburst = 10s\n"
        "[workload.M]\nclass = notebook\nmemory = 40GiB\nthink = 60s\nburst = 10s\n"
        "[workload.L]\nclass = notebook\nmemory = 60GiB\nstate = host\nthink = 60s\nburst = 10s\n";
    static const struct {
        const char *gpus, *count;
        int64_t little, all;
    } row[] = {
        {"node.gpus=1", "workload.M.count=1", 97,
         138}, /* L away is 60; it sends M and N out, 78; for M it leaves, 98 */
        {"node.gpus=2", "workload.M.count=4", 90, 258},
    };
    struct truth t;
    int64_t gib = INT64_C(1) << 30;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const char *const set[] = {row[i].gpus, row[i].count, NULL};
        truth_run(&t, unequal, set);
        int64_t enough = t.outcome.tally[0]->node[0].enough_bytes;
        truth_end(&t);
        assert_true(is_stuck_with(unequal, row[i].gpus, row[i].count, row[i].little * gib));
        assert_false(is_stuck_with(unequal, row[i].gpus, row[i].count, enough));
        assert_true(enough <= row[i].all * gib);
    }
    assert_true(is_stuck_with(blocked, NULL, NULL, 50 * gib - 1));
    assert_false(is_stuck_with(blocked, NULL, NULL, 50 * gib));
}

/* Turns of 30 s: when the run ends after 100 s, A was stopped 10 s ago, and B has the GPU.  Nobody has waited since 0. */
static void test_turns_are_no_waiting(void **unused)
{
    (void)unused;
    static const char text[] = "[scenario]\nduration = 100s\n"
                               "[node]\ngpu_memory = 80GiB\n"
                               "[policy]\nslicer = rr\nslicer.quantum = 30s\n"
                               "[workload.A]\nclass = training\ncount = 2\nmemory = 1GiB\ngpu_work = 1h\n";
    struct truth t;
    const struct group_tally *g = run_of(&t, text, NULL);
    assert_int_equal(g->unended.count, 2);
    assert_int_equal(g->unended.min, truth_ns(100));
    assert_int_equal(g->waiting.count, 1);
    assert_int_equal(g->waiting.max, truth_ns(10));
    assert_int_equal(g->waiting_ns[STALL_PREEMPTED], truth_ns(10));
    truth_end(&t);
}

/* A server that works without a pause is overloaded, not stuck: a request a second, of two seconds each. */
static void test_overload_is_no_waiting(void **unused)
{
    (void)unused;
    static const char text[] = "[scenario]\nduration = 10s\n"
                               "[node]\ngpu_memory = 80GiB\n"
                               "[workload.I]\nclass = inference\nmemory = 1GiB\nstate = gpu\nservice = 2s\n"
                               "arrival = schedule(1s 2s 3s 4s 5s 6s 7s 8s)\n";
    struct truth t;
    struct report report;
    const struct group_tally *g = run_of(&t, text, NULL);
    assert_int_equal(g->completed, 4);
    assert_int_equal(g->unended.count, 4);
    assert_int_equal(g->unended.max, truth_ns(5));
    assert_int_equal(g->waiting.count, 0);
    report_of(&t, &report);
    assert_non_null(strstr(report.limits, "come faster than they are served"));
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked_by_the_swap_file), cmocka_unit_test(test_slowdown_goes_by_the_speed),
        cmocka_unit_test(test_stuck_since_the_warm_up),  cmocka_unit_test(test_what_is_enough),
        cmocka_unit_test(test_turns_are_no_waiting),     cmocka_unit_test(test_overload_is_no_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
