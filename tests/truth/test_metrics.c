/* test_metrics.c - fairness, evictions, bytes served and precision of runs whose outcome can be told by hand. */
#include "sim/results/report.h"
#include "tests/truth/truth.h"

#include <math.h>

static const double gib = 0x1p30;

/* Two notebooks of 40 GiB on a GPU with room for one; a way in or out takes 40 s. */
static const char two[] = "[scenario]\nduration = 460s\n"
                          "[node]\ngpu_memory = 66GiB\nsharing = exclusive\nh2d = 1GiB/s\nd2h = 1GiB/s\n"
                          "[workload.A]\nclass = notebook\nmemory = 40GiB\nthink = 10s\nburst = 5s\n"
                          "[workload.B]\nclass = notebook\nmemory = 40GiB\nthink = 203s\nburst = 5s\n";

/* A comes every 15 s, from 10 s on, until B comes at 203 s and sends it out, idle since 195 s.  It wants the GPU at 205 s,
 * before 203 + 80: too early.  B runs from 243 to 248 and is sent out; it comes back at 451, after 248 + 80.  A is in at 328,
 * comes every 15 s from 343 on, and is sent out at the end of a burst, at 453.  At 460 it is not known what comes of that;
 * at 463 it is back. */
static void test_sent_out_too_early(void **unused)
{
    static const char *const longer[] = {"scenario.duration=470s", NULL};
    static const char *const late[] = {"scenario.warmup=220s", NULL};
    struct truth t;

    (void)unused;
    truth_run(&t, two, NULL);
    const struct group_tally *a = &t.outcome.tally[0]->group[0], *b = &t.outcome.tally[0]->group[1];
    assert_int_equal(a->evicted_idle, 1);
    assert_int_equal(a->evicted_premature, 1);
    assert_int_equal(a->evicted_waiting, 0);
    assert_int_equal(b->evicted_idle, 1);
    assert_int_equal(b->evicted_premature, 0);
    assert_int_equal(a->completed, 22);
    assert_true(fabs(a->served_bytes[SERVED_HOT] - 21 * 40 * gib) < 1 &&
                fabs(a->served_bytes[SERVED_WARM] - 40 * gib) < 1);
    assert_true(fabs(b->served_bytes[SERVED_HOT] - 40 * gib) < 1 && b->served_bytes[SERVED_COLD] < 1);
    truth_end(&t);

    truth_run(&t, two, longer);
    a = &t.outcome.tally[0]->group[0];
    assert_int_equal(a->evicted_idle, 2);
    assert_int_equal(a->evicted_premature, 2);
    truth_end(&t);

    truth_run(&t, two, late); /* the first was in the warm-up */
    a = &t.outcome.tally[0]->group[0];
    assert_int_equal(a->evicted_idle, 0);
    assert_int_equal(a->evicted_premature, 0);
    assert_int_equal(t.outcome.tally[0]->group[1].evicted_idle, 1);
    truth_end(&t);
}

/* Turns of 5 s, bursts of 12 s: the first is sent out at 15 s in mid-burst. */
static void test_sent_out_in_mid_burst(void **unused)
{
    static const char *const set[] = {"scenario.duration=58s",
                                      "workload.A.burst=12s",
                                      "workload.B.burst=12s",
                                      "workload.B.think=10s",
                                      "policy.slicer=rr",
                                      "policy.slicer.quantum=5s",
                                      NULL};
    struct truth t;

    (void)unused;
    truth_run(&t, two, set);
    const struct group_tally *a = &t.outcome.tally[0]->group[0], *b = &t.outcome.tally[0]->group[1];
    assert_int_equal(a->evicted_waiting, 1);
    assert_int_equal(a->evicted_idle + b->evicted_idle + b->evicted_waiting, 0);
    truth_end(&t);
}

static const char pair[] = "[scenario]\nduration = 100s\n[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                           "[workload.N]\nclass = notebook\ncount = 2\nmemory = 1GiB\nthink = 10s\nburst = 10s\n";

static void build(struct report *report, const struct truth *t, struct arena *arena)
{
    struct report_about about = {.version = "0", .provenance = "sim"};
    struct error err = {0};

    if (report_build(report, &t->scenario, t->outcome.tally, t->outcome.completed, &about, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

/* Both come at 10 s; one waits for 10 s, and then they take turns: shares of 1 and 0.9. */
static void test_jain(void **unused)
{
    struct arena arena = {0};
    struct report report;
    struct truth t;

    (void)unused;
    truth_run(&t, pair, NULL);
    build(&report, &t, &arena);
    assert_true(fabs(report.group[0].jain.value - 1.9 * 1.9 / (2 * (1 + 0.81))) < 1e-12);
    assert_true(fabs(report.group[0].share_least.value - 0.9) < 1e-12);
    assert_true(fabs(report.group[0].share_most.value - 1) < 1e-12);
    assert_true(fabs(report.group[0].throughput_share.value - 0.95) < 1e-12);
    arena_fini(&arena);
    truth_end(&t);
}

/* One of three finds no seat: it makes no progress, the others have 1 and 0.9. */
static void test_jain_of_who_was_refused(void **unused)
{
    static const char *const set[] = {"workload.N.count=3", "node.max_workloads_per_gpu=2", NULL};
    struct truth t;

    (void)unused;
    truth_run(&t, pair, set);
    const struct group_tally *g = &t.outcome.tally[0]->group[0];
    assert_int_equal(g->shares, 3);
    assert_true(fabs(tally_jain(g) - 1.9 * 1.9 / (3 * (1 + 0.81))) < 1e-12);
    assert_true(g->share_least < 1e-12);
    truth_end(&t);
}

/* The precision that cannot be had: all replications there may be, and the report says so.  Without chance two batches
 * are enough.  More threads change nothing. */
static void test_precision(void **unused)
{
    static const char *const never[] = {"scenario.precision=0.1%", "scenario.max_replications=25",
                                        "workload.N.burst=exp(10s)", "scenario.threads=1", NULL};
    static const char *const threads[] = {"scenario.precision=0.1%", "scenario.max_replications=25",
                                          "workload.N.burst=exp(10s)", "scenario.threads=4", NULL};
    static const char *const at_once[] = {"scenario.precision=0.1%", NULL};
    struct arena arena = {0};
    struct report one, four;
    struct truth t, u;

    (void)unused;
    truth_run(&t, pair, never);
    truth_run(&u, pair, threads);
    build(&one, &t, &arena);
    build(&four, &u, &arena);
    assert_int_equal(t.outcome.completed, 25);
    assert_false(report_precision(&one).met);
    assert_string_equal(report_precision(&one).name, "N");
    assert_string_equal(report_precision(&one).metric, "response_mean");
    struct text a = {0}, b = {0};
    report_json(&a, &one);
    report_json(&b, &four);
    assert_string_equal(a.data, b.data);
    text_fini(&a);
    text_fini(&b);
    truth_end(&t);
    truth_end(&u);

    truth_run(&t, pair, at_once);
    build(&one, &t, &arena);
    assert_int_equal(t.outcome.completed, 2 * RUN_BATCH);
    assert_true(report_precision(&one).met);
    truth_end(&t);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sent_out_too_early),
        cmocka_unit_test(test_sent_out_in_mid_burst),
        cmocka_unit_test(test_jain),
        cmocka_unit_test(test_jain_of_who_was_refused),
        cmocka_unit_test(test_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
