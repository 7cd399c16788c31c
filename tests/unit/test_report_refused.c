/* test_report_refused.c - what a report says of those who were refused, of promises out of reach, of GPUs that nobody leaves
 * and of recordings that were cut off. */
#include "sim/results/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/near.h"
#include "tests/unit/report_made.h"

static void expect(const struct text *text, const char *part, bool there)
{
    if ((strstr(text->data, part) != NULL) != there)
        fail_msg("%s '%s' in\n%s", there ? "no" : "still", part, text->data);
}

/* Whoever is refused has no bursts that could be late: the promise is missed all the same, whatever the others have. */
static void refused_workloads(void **unused)
{
    (void)unused;
    static const struct {
        enum refusal why;
        const char *text, *limits, *next;
    } row[] = {
        {REFUSED_POOL, "widen their 'nodes'", "node pool", " --set node.gpus=3"},
        {REFUSED_SEATS, "all the workloads it may", "number of workloads", " --set node.max_workloads_per_gpu=4"},
        {REFUSED_RESERVE, "the reserve, which grows", "reserve", " --set node.gpus=3"},
        {REFUSED_SET, "beside each other", "number of GPUs:", " --set node.gpus=3"},
        {REFUSED_WIDE, "than any node has", "GPUs of a node", " --set node.gpus=3"},
        {REFUSED_CAP, "no room in the swap file", "cap of the swap file", " --set node.swap_file=256GiB"},
        {REFUSED_LARGE, "larger than an empty GPU", "memory of a GPU", " --set node.gpu_memory=91GiB"},
        {REFUSED_APART, "every node swaps", "every node swaps", " --set node.swap=no"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        struct text text = {0};
        make(&m, 2);
        m.scenario.sla[0].target = 1000;
        m.scenario.sla[2] = (struct sla){.name = "kills", .group = 0, .metric = SLA_OOM_KILLS};
        for (size_t r = 0; r < 2; r++) {
            struct group_tally *nb = &m.tally[r]->group[0];
            nb->refused[row[i].why] = 3;
            nb->refused[REFUSED_APART] += 1;
            nb->rejected = 4 + 2 * r; /* and two bursts */
            nb->refused_needs_bytes = (INT64_C(90) << 30) + 1;
        }
        build(&m);
        report_text(&text, &m.report);
        expect(&text, "\nREFUSED  NB      4 of 6 notebooks found no GPU when they arrived", true);
        expect(&text, row[i].text, true);
        expect(&text, "\nNo time below counts who was refused.\n", true);
        expect(&text, ", some were refused\n", true);
        expect(&text, "Note: 8 workloads of NB refused on arrival", true);
        expect(&text, "Note: 2 bursts of NB refused.", true);
        for (size_t k = 0; k < 2; k++)
            assert_string_equal(m.report.sla[k].missed, "refused");
        assert_near(m.report.sla[0].attainment, 200 / 202.0, 1e-12);
        assert_true(m.report.sla[2].met);
        assert_non_null(strstr(m.report.limits, row[i].limits));
        assert_non_null(strstr(m.report.limits, ": 4 of 6 notebooks of NB refused on arrival"));
        if (!strstr(m.report.next, row[i].next))
            fail_msg("row %zu: %s", i, m.report.next);
        char why[REPORT_CELL * 2];
        report_missed_text(why, sizeof why, &m.report, &m.report.sla[0]);
        assert_string_equal(why, "4 of 6 refused");
        text_fini(&text);
        drop(&m);
    }
}

/* Times alone of 1, 2, .. 100 s: p95 is 95 s, the mean that of the fixture, 10 s. */
static void promises_out_of_reach(void **unused)
{
    (void)unused;
    static const struct {
        enum sla_metric metric;
        double target, alone;
        bool kept, class, text;
    } row[] = {
        {SLA_RESPONSE_P95, 94, 95, true, false, true},   {SLA_RESPONSE_P95, 95, 95, true, false, false},
        {SLA_RESPONSE_P95, 94, 95, true, true, true},    {SLA_RESPONSE_P95, 20, NAN, false, false, false},
        {SLA_RESPONSE_P50, 49, 50, true, false, true},   {SLA_RESPONSE_MEAN, 9, 10, true, false, true},
        {SLA_RESPONSE_MEAN, 11, 10, true, false, false}, {SLA_SLOWDOWN_P95, 2, NAN, true, false, false},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        struct text text = {0};
        make(&m, 2);
        m.scenario.slas = 1;
        m.scenario.sla[0].metric = row[i].metric;
        m.scenario.sla[0].target = row[i].target;
        m.scenario.sla[0].group = row[i].class ? -1 : 0;
        m.scenario.sla[0].class = GS_NOTEBOOK;
        for (uint64_t k = 100; row[i].kept && k > 0; k--)
            for (size_t r = 0; r < 2; r++) {
                struct group_tally *nb = &m.tally[r]->group[0];
                sketch_add(&nb->alone, k * 1000000000);
                if (row[i].target > 40)
                    nb->response.value[k - 1] += 100000000000; /* no response is shorter than its time alone */
            }
        build(&m);
        report_text(&text, &m.report);
        if (isnan(row[i].alone) != isnan(m.report.sla[0].alone) || fabs(m.report.sla[0].alone - row[i].alone) > 1e-9)
            fail_msg("row %zu: %g", i, m.report.sla[0].alone);
        expect(&text, "no sharing can keep this: alone ", row[i].text);
        assert_int_equal(strstr(m.report.limits, "the speed of the GPU: ") != NULL, row[i].text);
        assert_int_equal(strstr(m.report.next, " --set node.gpu_speed=1.3  # ") != NULL,
                         row[i].text && row[i].target > 40);
        text_fini(&text);
        drop(&m);
    }
}

/* Half of the wait in the queue and more is for memory that nobody gives back. */
static void full_for_good(void **unused)
{
    (void)unused;
    for (int full = 0; full < 2; full++) {
        struct made m;
        struct text text = {0};
        make(&m, 1);
        m.scenario.node[0].swap = false;
        struct group_tally *nb = &m.tally[0]->group[0];
        sketch_add(&nb->waiting, (uint64_t)(3600 * FIXTURE_SECOND));
        nb->waiting_ns[STALL_QUEUE] = (double)(3600 * FIXTURE_SECOND);
        nb->waiting_memory_ns = (double)((full ? 1900 : 1700) * FIXTURE_SECOND);
        build(&m);
        report_text(&text, &m.report);
        expect(&text, "for up to 60.0 min: no room in GPU memory, and the node does not swap\n", full);
        expect(&text, "for up to 60.0 min: others had the GPU\n", !full);
        assert_int_equal(strstr(m.report.next, " --set node.swap=yes  # ") != NULL, full);
        text_fini(&text);
        drop(&m);
    }
}

static void what_was_not_reached(void **unused)
{
    (void)unused;
    struct made m;
    struct text text = {0};
    make(&m, 1);
    m.tally[0]->group[0].recorded = 297;
    m.tally[0]->group[0].unreached = 47;
    m.tally[0]->group[1].recorded = 5;
    build(&m);
    report_text(&text, &m.report);
    expect(&text, "Note: 47 of 297 recorded bursts of NB were not reached", true);
    expect(&text, "recorded bursts of TR", false);
    text_fini(&text);
    drop(&m);
}

/* No number of a report can be negative, so neither can the end of an interval be. */
static void intervals_end_at_zero(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 2);
    m.tally[0]->group[0].stall_ns[STALL_CAP] = (double)(100 * FIXTURE_SECOND);
    m.tally[1]->gpu[0].switching_ns = 0;
    build(&m);
    const struct interval *cap = &m.report.group[0].stall[STALL_CAP], *switching = &m.report.gpu[0].switching;
    assert_true(cap->value > 0 && cap->high > 2 * cap->value && cap->low == 0);
    assert_true(switching->value > 0 && switching->high > 2 * switching->value && switching->low == 0);
    assert_true(m.report.sla[0].value.low >= 0);
    assert_near(m.report.group[0].throughput_share.low, 0.8, 1e-9);
    drop(&m);
}

static void times_have_one_unit(void **unused)
{
    (void)unused;
    static const struct {
        double s;
        const char *text;
    } row[] = {
        {0, "0 s"},         {0.0262, "26.2 ms"}, {276, "276 s"},      {999.6, "16.7 min"}, {1638, "27.3 min"},
        {5996, "99.9 min"}, {5998, "1.67 h"},    {24780, "6.88 h"},   {29700, "8.25 h"},   {36000, "10.0 h"},
        {359800, "99.9 h"}, {359900, "4.17 d"},  {18036000, "209 d"}, {NAN, "-"},          {-36000, "-10.0 h"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[REPORT_CELL];
        assert_string_equal(report_time(text, row[i].s), row[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_workloads),     cmocka_unit_test(promises_out_of_reach),
        cmocka_unit_test(full_for_good),         cmocka_unit_test(what_was_not_reached),
        cmocka_unit_test(intervals_end_at_zero), cmocka_unit_test(times_have_one_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
