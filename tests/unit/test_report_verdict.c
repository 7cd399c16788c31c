/* test_report_verdict.c - when a promise is kept, who is stuck, what limits a run and what to try next. */
#include "sim/results/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/near.h"
#include "tests/unit/report_made.h"

static void promises(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    m.tally[1]->group[0].rejected = 10;
    build(&m);
    const struct report_sla *p95 = &m.report.sla[0], *share = &m.report.sla[1], *slow = &m.report.sla[2];
    assert_near(p95->value.value, 48, 1e-9);
    assert_false(p95->met);
    /* Within 30 s: k <= 200 / (3 + r), so 66, 50, 40 of 100; ten more were refused. */
    assert_near(p95->attainment, 156 / 310.0, 1e-9);
    assert_true(share->met && share->is_floor && isnan(share->attainment));
    assert_true(isnan(slow->value.value));
    assert_false(slow->met);
    assert_null(slow->group);
    assert_string_equal(slow->class, "training");
    assert_false(report_sla_met(&m.report));
    drop(&m);

    make(&m, 2);
    m.scenario.sla[0].target = 100;
    m.scenario.slas = 2;
    build(&m);
    assert_true(report_sla_met(&m.report));
    assert_near(m.report.sla[0].attainment, 1, 0);
    drop(&m);
}

/* A burst that has been under way for longer than the target is outside, a younger one is not known yet. */
static void late_bursts_are_outside(void **unused)
{
    (void)unused;
    static const struct {
        const char *set; /* the metric promised, at most 100 s or 10 times the time alone */
        enum sla_metric metric;
        double target;
        int late, young, refused;
        double attainment;
        const char *missed;
    } row[] = {
        {"p95, young ones", SLA_RESPONSE_P95, 100, 0, 50, 0, 1, NULL},
        {"p95, a few", SLA_RESPONSE_P95, 100, 5, 0, 0, 100 / 105.0, NULL},
        {"p95, many", SLA_RESPONSE_P95, 100, 6, 0, 0, 100 / 106.0, "share"},
        {"p95, refused", SLA_RESPONSE_P95, 100, 0, 0, 6, 100 / 106.0, "share"},
        {"p95, both", SLA_RESPONSE_P95, 100, 3, 9, 3, 100 / 106.0, "share"},
        {"p99", SLA_RESPONSE_P99, 100, 2, 0, 0, 100 / 102.0, "share"},
        {"p50", SLA_RESPONSE_P50, 100, 99, 0, 0, 100 / 199.0, NULL},
        {"slowdown", SLA_SLOWDOWN_P95, 10, 6, 3, 0, 100 / 106.0, "share"},
        {"a mean has no share", SLA_RESPONSE_MEAN, 100, 99, 0, 0, 100 / 199.0, NULL},
        {"value", SLA_RESPONSE_P95, 20, 99, 0, 0, 33 / 199.0, "value"},
        {"kills", SLA_OOM_KILLS, 0, 99, 0, 0, NAN, NULL},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m, 1);
        m.scenario.slas = 1;
        m.scenario.sla[0].metric = row[i].metric;
        m.scenario.sla[0].target = row[i].target;
        struct group_tally *nb = &m.tally[0]->group[0];
        for (int k = 0; k < row[i].late + row[i].young; k++) {
            bool late = k < row[i].late;
            sketch_add(&nb->unended, (uint64_t)(late ? 100000000001 : 100000000000));
            sketch_add(&nb->unended_slowdown, (uint64_t)(late ? 10 * SLOWDOWN_ONE + 1 : 10 * SLOWDOWN_ONE));
        }
        nb->rejected = (uint64_t)row[i].refused;
        build(&m);
        const struct report_sla *sla = &m.report.sla[0];
        if (isnan(row[i].attainment) != isnan(sla->attainment) || fabs(row[i].attainment - sla->attainment) > 1e-12)
            fail_msg("%s: attainment %g, not %g", row[i].set, sla->attainment, row[i].attainment);
        if (sla->met != !row[i].missed || sla->met != !sla->missed)
            fail_msg("%s: met %d", row[i].set, sla->met);
        if (row[i].missed)
            assert_string_equal(sla->missed, row[i].missed);
        drop(&m);
    }
}

/* The value is an average of percentiles, the share is of all bursts: where they differ, and every burst has a response,
 * the value counts. */
static void the_value_counts_alone(void **unused)
{
    (void)unused;
    for (uint64_t refused = 0; refused < 2; refused++) {
        struct made m;
        make(&m, 2);
        m.scenario.slas = 1;
        m.scenario.sla[0].target = 43.3; /* percentiles 38.5 and 48; 100 and 83 of 100 within */
        m.tally[0]->group[0].rejected = refused;
        build(&m);
        assert_near(m.report.sla[0].value.value, 43.25, 1e-9);
        assert_near(m.report.sla[0].attainment, 183 / (200.0 + (double)refused), 1e-12);
        assert_int_equal(m.report.sla[0].met, !refused);
        drop(&m);
    }
}

/* Who has waited at the end for longer than ten p99 (496 s here) and a tenth of the run (2,880 s) is stuck. */
static void stuck_workloads(void **unused)
{
    (void)unused;
    static const struct {
        double waited_s, factor; /* `factor` on the responses */
        bool dead_end, stuck;
    } row[] = {
        {2880, 1, false, false}, {2881, 1, false, true}, {4000, 10, false, false},
        {5100, 10, false, true}, {0, 1, false, false},   {0, 1, true, true}, /* a wait without end */
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m, 2);
        m.scenario.sla[0].target = 1000;
        m.scenario.sla[2] = (struct sla){.name = "kills", .group = 0, .metric = SLA_OOM_KILLS};
        for (size_t r = 0; r < 2; r++) {
            struct group_tally *nb = &m.tally[r]->group[0];
            m.tally[r]->dead_end = row[i].dead_end;
            for (size_t k = 0; k < nb->response.count; k++)
                nb->response.value[k] *= (uint64_t)row[i].factor;
            sketch_add(&nb->waiting, (uint64_t)(row[i].waited_s * 1e9));
            nb->waiting_ns[STALL_CAP] = (double)((int64_t)(row[i].waited_s * 1e9) + 1);
        }
        m.tally[1]->node[0].enough_bytes = (INT64_C(1) << 40) - 5;
        build(&m);
        const struct report_group *nb = &m.report.group[0];
        struct text text = {0};
        report_text(&text, &m.report);
        if (nb->stuck.value != (row[i].stuck ? 2 : 0))
            fail_msg("row %zu: %g stuck", i, nb->stuck.value);
        assert_int_equal(row[i].stuck, strstr(text.data, "\nSTUCK  NB      1 of 6 notebooks waited") != NULL);
        assert_true(m.report.sla[2].met); /* none was killed, stuck or not */
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(m.report.sla[k].met, !row[i].stuck);
            if (row[i].stuck)
                assert_string_equal(m.report.sla[k].missed, "stuck");
        }
        if (row[i].stuck) {
            assert_int_equal(report_cause(nb), STALL_CAP);
            assert_non_null(strstr(text.data, ": no room in the swap file\n"));
            assert_non_null(strstr(text.data, " within, some are stuck\n"));
            assert_non_null(strstr(m.report.limits, "a full swap file: "));
            assert_non_null(strstr(m.report.limits, "1 of 6 notebooks of NB"));
            assert_non_null(strstr(m.report.next, " --set node.swap_file=1TiB"));
        }
        text_fini(&text);
        drop(&m);
    }
}

/* An SLA of a class pools its groups in each replication: here two groups with the same bursts. */
static void class_pools_groups(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 2);
    m.scenario.sla[0].group = -1;
    m.scenario.sla[0].class = GS_NOTEBOOK;
    m.scenario.workload[1].class = GS_NOTEBOOK;
    struct made other;
    make(&other, 2);
    for (size_t r = 0; r < 2; r++) {
        struct group_tally spare = m.tally[r]->group[1];
        m.tally[r]->group[1] = other.tally[r]->group[0];
        other.tally[r]->group[0] = spare;
    }
    build(&m);
    assert_near(m.report.sla[0].value.value, 10 + 9.5 * 3.5, 1e-9);
    assert_near(m.report.sla[0].attainment, 0.58, 1e-9);
    drop(&m);
    drop(&other);
}

/* Replications only help where something is drawn. */
static void replications_alike(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        size_t offset;
        enum dist_kind kind;
        bool is_random;
    } row[] = {
        {"nothing", offsetof(struct workload_group, think), DIST_CONSTANT, false},
        {"burst", offsetof(struct workload_group, burst), DIST_EXP, true},
        {"gpu_work", offsetof(struct workload_group, gpu_work), DIST_LOGNORMAL, true},
        {"memory", offsetof(struct workload_group, memory), DIST_UNIFORM, true},
        {"gap", offsetof(struct workload_group, gap), DIST_EXP, true},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m, 1);
        struct workload_group *nb = &m.scenario.workload[0];
        nb->think = nb->burst = (struct dist){.kind = DIST_CONSTANT, .a = 1e10};
        *(struct dist *)(void *)((char *)nb + row[i].offset) = (struct dist){.kind = row[i].kind, .a = 1e10, .b = 2e10};
        build(&m);
        struct text text = {0};
        report_text(&text, &m.report);
        assert_int_equal(m.report.is_random, row[i].is_random);
        assert_int_equal(strstr(text.data, "--replications 10") != NULL, row[i].is_random);
        assert_int_equal(strstr(text.data, "every replication is the same") != NULL, !row[i].is_random);
        text_fini(&text);
        drop(&m);
    }
}

/* A trace is the same each time, except for memory that the scenario draws. */
static void a_trace_with_drawn_memory(void **unused)
{
    (void)unused;
    static const struct {
        enum dist_kind kind;
        bool has_memory, is_random;
    } row[] = {{DIST_CONSTANT, true, false}, {DIST_UNIFORM, true, true}, {DIST_UNIFORM, false, false}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m, 1);
        struct trace_source trace = {.has_memory = row[i].has_memory,
                                     .memory = {.kind = row[i].kind, .a = 1e10, .b = 2e10}};
        m.scenario.trace = &trace;
        m.scenario.traces = 1;
        for (size_t w = 0; w < m.scenario.workloads; w++)
            m.scenario.workload[w].trace = 0;
        build(&m);
        struct text text = {0};
        report_text(&text, &m.report);
        assert_int_equal(strstr(text.data, "every replication is the same") != NULL, !row[i].is_random);
        text_fini(&text);
        drop(&m);
    }
}

static void what_to_try_next(void **unused)
{
    (void)unused;
    enum what { QUEUE, SWAP, CAP, COLD, REFUSED, NO_ROOM, NOTHING, EMPTY, FULL, OVERLOAD, STARVED };
    static const struct {
        enum what what;
        const char *limits, *next;
    } row[] = {
        {QUEUE, "waiting for the GPU", " --set workload.NB.count=5"},
        {SWAP, "swapping", " --set node.transfer=overlapped"},
        {CAP, "cap of the swap file", " --set node.swap_file=256GiB"},
        {COLD, "loads from disk", " --set node.swap_file=256GiB"},
        {REFUSED, "cap of the swap file", " --set node.swap_file=256GiB"},
        {NO_ROOM, "memory of the GPUs", " --set node.gpus=3"},
        {NOTHING, "nothing much", " --set workload.NB.count=7"},
        {EMPTY, "nothing ended", " --set scenario.duration=16h"},
        {FULL, "cap of the swap file: 50 % of the bursts of NB have not ended", " --set node.swap_file=256GiB"},
        {OVERLOAD, "faster than they are served, 50 % never ended", " --set workload.NB.count=5"},
        {STARVED, "1 of 6 notebooks of NB waiting for one in vain", " --set workload.NB.count=5"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        static const int part[] = {
            [QUEUE] = STALL_QUEUE, [SWAP] = STALL_SWAP_OUT, [CAP] = STALL_CAP, [COLD] = STALL_COLD};
        struct made m;
        make(&m, 1);
        m.scenario.slas = 0;
        struct group_tally *nb = &m.tally[0]->group[0];
        if (row[i].what <= NOTHING)
            memset(nb->stall_ns, 0, sizeof nb->stall_ns);
        if (row[i].what <= COLD)
            nb->stall_ns[part[row[i].what]] = nb->response_ns - nb->alone_ns;
        else if (row[i].what == NOTHING)
            nb->response_ns = nb->alone_ns;
        nb->rejected = row[i].what == REFUSED || row[i].what == NO_ROOM;
        m.tally[0]->node[0].refused_bytes = row[i].what == REFUSED ? 1000 : 0;
        if (row[i].what == FULL || row[i].what == OVERLOAD) {
            nb->arrived = 200;
            nb->censored = 100;
            sketch_add(&nb->unended, 100);
            nb->unended_stall_ns[row[i].what == FULL ? STALL_CAP : STALL_QUEUE] = 100 * 100;
        }
        if (row[i].what == STARVED) {
            sketch_add(&nb->waiting, (uint64_t)(3600 * FIXTURE_SECOND));
            nb->waiting_ns[STALL_QUEUE] = (double)(3600 * FIXTURE_SECOND);
        }
        if (row[i].what == OVERLOAD)
            m.scenario.workload[0].class = GS_INFERENCE;
        if (row[i].what == EMPTY)
            nb->completed = 0;
        build(&m);
        assert_non_null(strstr(m.report.limits, row[i].limits));
        assert_non_null(strstr(m.report.next, row[i].next));
        drop(&m);
    }
}

/* Where there is room for more, that is more users or servers, whoever lost most time; jobs and traces are as many as
 * they are. */
static void jobs_are_not_added(void **unused)
{
    (void)unused;
    static const struct {
        int class, trace, jobs_class;
        bool is_random;
        int64_t gpus;
        const char *next;
    } row[] = {
        {GS_NOTEBOOK, -1, GS_TRAINING, true, 2, " --set workload.NB.count=7"},
        {GS_INFERENCE, -1, GS_TRAINING, true, 2, " --set workload.NB.count=7"},
        {GS_NOTEBOOK, -1, GS_NOTEBOOK, true, 2, " --set workload.TR.count=2"},
        {GS_NOTEBOOK, 0, GS_TRAINING, true, 2, " --set node.gpus=1"},
        {GS_TRAINING, -1, GS_TRAINING, true, 2, " --set node.gpus=1"},
        {GS_NOTEBOOK, 0, GS_TRAINING, true, 1, " --replications 10"},
        {GS_NOTEBOOK, 0, GS_TRAINING, false, 1, " --set scenario.record=events"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m, 1);
        m.scenario.slas = 1;
        m.scenario.sla[0].target = 1000;
        m.scenario.node[0].gpus = row[i].gpus;
        m.tally[0]->gpus = (uint32_t)row[i].gpus;
        m.scenario.workload[0].class = row[i].class;
        m.scenario.workload[0].trace = row[i].trace;
        m.scenario.workload[1].class = row[i].jobs_class;
        if (row[i].is_random)
            m.scenario.workload[1].gpu_work = (struct dist){.kind = DIST_EXP, .a = 1e12};
        struct group_tally *jobs = &m.tally[0]->group[1];
        jobs->completed = 1;
        jobs->alone_ns = (double)(3600 * FIXTURE_SECOND);
        jobs->stall_ns[STALL_QUEUE] = (double)(36000 * FIXTURE_SECOND);
        jobs->response_ns = jobs->alone_ns + jobs->stall_ns[STALL_QUEUE];
        build(&m);
        if (!strstr(m.report.next, row[i].next))
            fail_msg("row %zu: %s", i, m.report.next);
        drop(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises),
        cmocka_unit_test(late_bursts_are_outside),
        cmocka_unit_test(the_value_counts_alone),
        cmocka_unit_test(stuck_workloads),
        cmocka_unit_test(class_pools_groups),
        cmocka_unit_test(replications_alike),
        cmocka_unit_test(a_trace_with_drawn_memory),
        cmocka_unit_test(what_to_try_next),
        cmocka_unit_test(jobs_are_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
