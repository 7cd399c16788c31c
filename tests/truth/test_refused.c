/* test_refused.c - workloads refused when they arrive, and GPUs that nobody leaves, of scenarios without chance: why, and what
 * it costs the group. */
#include "tests/truth/truth.h"

#include <string.h>

#include "sim/results/report.h"
#include "tests/unit/near.h"

/* Three notebooks, 60 s of thinking and 10 s of work, never in each other's way where one is let in. */
static const char notebooks[] = "[scenario]\nduration = 1h\n[node]\ngpu_memory = 80GiB\n"
                                "[workload.N]\nclass = notebook\ncount = 3\nmemory = 50GiB\nthink = 60s\nburst = 10s\n"
                                "[sla.N]\ngroup = N\nresponse_p95 = 20s\n";

static void report_of(struct truth *t, struct report *report)
{
    static const struct report_about about = {"0.1.0", "sim", NULL, 0, NULL};
    struct error err = {0};
    if (report_build(report, &t->scenario, t->outcome.tally, t->outcome.completed, &about, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

static void test_why_and_how_many(void **unused)
{
    (void)unused;
    static const struct {
        const char *set[4];
        enum refusal why;
        unsigned refused;
        int64_t needs_gib;
    } row[] = {
        {{"node.max_workloads_per_gpu=1"}, REFUSED_SEATS, 2, 52},
        {{"node.max_workloads_per_gpu=1", "node.gpus=2"}, REFUSED_SEATS, 1, 52},
        {{"node.gpu_reserved_per_workload=15GiB"}, REFUSED_RESERVE, 2, 67},
        {{"workload.N.context=25GiB", "node.gpu_reserved=25GiB"}, REFUSED_RESERVE, 2, 75},
        {{"workload.N.count=1", "workload.N.memory=mix(0.05:30GiB, 0.95:90GiB)"}, REFUSED_LARGE, 1, 92},
        {{"workload.N.state=host", "workload.N.memory=mix(0.05:9GiB, 0.95:50GiB)", "node.swap_file=60GiB"},
         REFUSED_CAP,
         2,
         52},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct truth t;
        struct report report;
        truth_run(&t, notebooks, row[i].set);
        const struct group_tally *g = &t.outcome.tally[0]->group[0];
        if (g->refused[row[i].why] != row[i].refused || tally_refused(g) != row[i].refused)
            fail_msg("row %zu: %llu and %llu", i, (unsigned long long)g->refused[row[i].why],
                     (unsigned long long)tally_refused(g));
        assert_int_equal(g->rejected, row[i].refused);
        assert_int_equal(g->refused_needs_bytes, row[i].needs_gib << 30);
        report_of(&t, &report);
        assert_true(report.sla[0].missed && !report.sla[0].met);
        truth_end(&t);
    }
}

/* One of three goes on as if alone, two make no progress. */
static void test_no_progress(void **unused)
{
    (void)unused;
    static const char *const users[] = {"node.max_workloads_per_gpu=1", NULL};
    static const char *const late[] = {"node.max_workloads_per_gpu=1", "scenario.warmup=30m", NULL};
    static const char servers[] = "[scenario]\nduration = 1h\n[node]\ngpu_memory = 80GiB\nmax_workloads_per_gpu = 1\n"
                                  "[workload.I]\nclass = inference\ncount = 3\nmemory = 5GiB\nstate = gpu\n"
                                  "service = 2s\narrival = schedule(1s 5s 9s 20s)\n";
    struct truth t;
    truth_run(&t, notebooks, users);
    assert_near(truth_share(t.outcome.tally[0], 0), 1 / 3.0, 1e-12);
    assert_true(t.outcome.tally[0]->group[0].response.max == 10000000000);
    truth_end(&t);
    truth_run(&t, notebooks, late);
    assert_near(truth_share(t.outcome.tally[0], 0), 1 / 3.0, 1e-12);
    truth_end(&t);
    truth_run(&t, servers, NULL);
    assert_near(truth_share(t.outcome.tally[0], 0), 1 / 3.0, 1e-12);
    truth_end(&t);
}

/* Of three that do not fit together two wait for memory; with swapping they wait for turns. */
static void test_memory_that_nobody_leaves(void **unused)
{
    (void)unused;
    static const char *const fixed[] = {"node.swap=no", NULL};
    struct truth t;
    struct report report;
    truth_run(&t, notebooks, fixed);
    const struct group_tally *g = &t.outcome.tally[0]->group[0];
    assert_int_equal(g->waiting_memory_ns, truth_ns(2 * 3540));
    assert_int_equal(g->waiting_ns[STALL_QUEUE], truth_ns(2 * 3540));
    report_of(&t, &report);
    assert_int_equal(report_cause(&report.group[0]), CAUSE_MEMORY);
    assert_non_null(strstr(report.next, " --set node.swap=yes"));
    truth_end(&t);
    truth_run(&t, notebooks, NULL);
    assert_int_equal(t.outcome.tally[0]->group[0].waiting_memory_ns, 0);
    truth_end(&t);
}

/* Times alone go by the speed of the GPU, and are kept only where a response is promised. */
static void test_times_alone(void **unused)
{
    (void)unused;
    static const char *const slow[] = {"node.gpu_speed=0.25", "workload.N.count=1", NULL};
    static const char *const other[] = {"workload.N.count=1", "sla.N.response_p95=1h", "sla.N.slowdown_p95=2", NULL};
    struct truth t;
    struct report report;
    truth_run(&t, notebooks, slow);
    report_of(&t, &report);
    assert_near(report.sla[0].alone, 40, 1e-9);
    assert_non_null(strstr(report.next, " --set node.gpu_speed=0.7"));
    truth_end(&t);
    truth_run(&t, notebooks, other);
    report_of(&t, &report);
    assert_near(report.sla[0].alone, 10, 1e-9);
    assert_true(report_sla_met(&report));
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_why_and_how_many),
        cmocka_unit_test(test_no_progress),
        cmocka_unit_test(test_memory_that_nobody_leaves),
        cmocka_unit_test(test_times_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
