/* test_report.c - numbers of a report against arithmetic by hand; its JSON, CSV and text. */
#include "sim/results/report.h"

#include "sim/base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/near.h"
#include "tests/unit/report_made.h"

/* Responses of replication r are 10 + 0.1 (3 + r) k s, k = 1 .. 100: mean 10 + 5.05 (3 + r), p95 10 + 9.5 (3 + r). */
static void three_replications(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    build(&m);
    const struct report_group *nb = &m.report.group[0];
    assert_near(nb->completed.value, 300, 0);
    assert_near(nb->censored.value, 6, 0);
    assert_near(nb->workloads.value, 6, 0);
    assert_near(nb->response[STAT_MEAN].value, 10 + 5.05 * 4, 1e-9);
    assert_near(nb->response[STAT_P50].value, 10 + 5.0 * 4, 1e-9);
    assert_near(nb->response[STAT_P95].value, 10 + 9.5 * 4, 1e-9);
    assert_near(nb->response[STAT_MAX].value, 60, 1e-9);
    assert_true(isnan(nb->response[STAT_MAX].low));
    assert_int_equal(nb->response[STAT_P95].n, 3);
    /* Three values 9.5 apart: s = 9.5, t(0.975, 2) = 4.3026527. */
    assert_near(nb->response[STAT_P95].high - nb->response[STAT_P95].value, 4.3026527 * 9.5 / sqrt(3), 1e-5);
    assert_near(nb->response[STAT_MEAN].high - nb->response[STAT_MEAN].value, 4.3026527 * 5.05 / sqrt(3), 1e-5);
    assert_near(nb->slowdown[STAT_MEAN].value, 3.02, 1e-9);
    double sum = nb->alone.value;
    for (int s = 0; s < STALLS; s++)
        sum += nb->stall[s].value;
    assert_near(sum, nb->response[STAT_MEAN].value, 1e-9);
    assert_near(nb->throughput_per_s.value, 300 / (3 * 28800.0), 1e-12);
    assert_near(nb->throughput_share.value, 0.8, 1e-12);
    assert_true(isnan(nb->makespan.value));
    assert_near(m.report.run.wall.value, 0.31, 1e-12);
    assert_near(m.report.run.events.value, 3003, 0);
    drop(&m);
}

static void gpus_and_swap_files(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    build(&m);
    const struct report_gpu *busy = &m.report.gpu[0], *quiet = &m.report.gpu[1];
    assert_near(busy->useful.value, 13000 / 28800.0, 1e-12);
    assert_near(busy->useful.value + busy->switching.value + busy->idle.value, 1, 1e-12);
    assert_near(busy->thrash.value, 0.125, 1e-12);
    assert_near(busy->swap_in_bytes.value, 1.5e13, 0);
    assert_near(busy->swaps.value, 9888, 0);
    assert_near(busy->resident_bytes.value, 6e10, 1);
    assert_near(quiet->thrash.value, 0, 0);
    assert_near(quiet->idle.value, 1, 0);
    assert_string_equal(busy->id, "node-0/gpu-0");
    assert_near(m.report.node[0].peak_bytes.value, 0x1p30 * 84 + 2, 0);
    assert_near(m.report.node[0].mean_bytes.value, 5e10, 1);
    assert_near(m.report.node[0].cap_bytes.value, 0x1p30 * 128, 0);
    drop(&m);

    make(&m, 1);
    m.tally[0]->gpu[0].useful_ns = 0;
    build(&m);
    assert_true(isnan(m.report.gpu[0].thrash.value));
    drop(&m);
}

static void empty_replications_do_not_count(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    struct group_tally *none = &m.tally[0]->group[0];
    sketch_fini(&none->response);
    sketch_fini(&none->slowdown);
    none->completed = 0;
    none->response_ns = none->alone_ns = 0;
    memset(none->stall_ns, 0, sizeof none->stall_ns);
    build(&m);
    const struct report_group *nb = &m.report.group[0];
    assert_int_equal(nb->response[STAT_P95].n, 2);
    assert_near(nb->response[STAT_P95].value, 10 + 9.5 * 4.5, 1e-9);
    assert_near(nb->response[STAT_MEAN].value, 10 + 5.05 * 4.5, 1e-9);
    drop(&m);
}

static void interrupted_ones_are_left_out(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    m.tally[2]->interrupted = true;
    build(&m);
    assert_near(m.report.run.replications.value, 2, 0);
    assert_near(m.report.group[0].response[STAT_MAX].value, 50, 1e-9);
    for (size_t r = 0; r < 2; r++)
        m.tally[r]->interrupted = true;
    struct error err = {0};
    struct report report;
    assert_int_equal(report_build(&report, &m.scenario, m.tally, 3, &about, &m.arena, &err), GS_BUG);
    drop(&m);
}

static void makespan_needs_every_replication(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 2);
    m.tally[0]->makespan_ns = m.tally[0]->group[1].makespan_ns = 100 * FIXTURE_SECOND;
    m.tally[1]->makespan_ns = 200 * FIXTURE_SECOND;
    build(&m);
    assert_near(m.report.run.makespan.value, 150, 1e-9);
    assert_true(isnan(m.report.group[1].makespan.value));
    drop(&m);
}

/* Open a file of the run, let `tool` judge it, and give its exit status. */
static int judged(const char *tool, const struct text *text)
{
    FILE *pipe = popen(tool, "w");
    assert_non_null(pipe);
    fwrite(text->data, 1, text->length, pipe);
    return pclose(pipe);
}

static void json_is_json(void **unused)
{
    (void)unused;
    static const size_t count[] = {1, 3};
    for (size_t i = 0; i < 2; i++) {
        struct made m;
        make(&m, count[i]);
        m.scenario.name = "a \"quoted\" \\ name\twith \x01 and \xc3\xa9";
        build(&m);
        struct text json = {0};
        report_json(&json, &m.report);
        assert_false(json.failed);
        assert_int_equal(
            judged("jq -e '.groups[0].completed and .gpus[1].idle == 1 and (.scenario | length) == 30"
                   " and .policy.parameters[\"slicer.quantum\"] == \"30s\" and .bounds.regret == null' >/dev/null",
                   &json),
            0);
        assert_int_equal(strstr(json.data, "\"mean_ci95\":null") != NULL,
                         count[i] == 1 || m.report.group[1].completed.value < 1);
        assert_null(strstr(json.data, ":nan"));
        text_fini(&json);
        drop(&m);
    }
}

static void numbers_as_text(void **unused)
{
    (void)unused;
    static const struct {
        double number;
        const char *text;
    } row[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-3, "-3"},
        {28800, "28800"},
        {5123456789012, "5123456789012"},
        {9007199254740991, "9007199254740991"},
        {0.1, "0.1"},
        {1 / 3.0, "0.333333333"},
        {1e-7, "1e-07"},
        {123456789.25, "123456789"},
        {1e300, "1e+300"},
        {NAN, "null"},
        {INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct text t = {0};
        text_number(&t, row[i].number);
        assert_string_equal(t.data, row[i].text);
        text_fini(&t);
    }
}

/* No line over a hundred columns, whatever the numbers; every group, GPU and node shows. */
static void text_fits_the_screen(void **unused)
{
    (void)unused;
    static const size_t count[] = {1, 2, MOST};
    for (size_t i = 0; i < 3; i++) {
        for (int scale = 0; scale < 3; scale++) {
            struct made m;
            make(&m, count[i]);
            for (size_t r = 0; r < count[i]; r++) {
                struct group_tally *nb = &m.tally[r]->group[0];
                sketch_add(&nb->response, scale == 0 ? 1 : scale == 1 ? 999600000000 : 359640000000000);
                nb->response_ns += scale == 2 ? INT64_C(90000000000000000) : 0;
                nb->stall_ns[STALL_QUEUE] += scale == 2 ? INT64_C(90000000000000000) : 0;
                nb->workloads = scale == 2 ? 9999 : 6;
                nb->censored = scale == 1 ? 55 : 2;
                sketch_add(&nb->unended, (uint64_t)(9999 * FIXTURE_SECOND));
                nb->unended_stall_ns[STALL_PREEMPTED] = (double)(55 * 9999 * FIXTURE_SECOND);
                for (size_t k = 0; scale == 2 && k < 999 + r; k++)
                    sketch_add(&nb->waiting, (uint64_t)(27777 * FIXTURE_SECOND));
            }
            build(&m);
            struct text text = {0};
            report_text(&text, &m.report);
            int lines = 0;
            for (const char *line = text.data; *line; lines++) {
                const char *stop = strchr(line, '\n');
                assert_non_null(stop);
                if (stop - line > 100)
                    fail_msg("%d columns: %.*s", (int)(stop - line), (int)(stop - line), line);
                line = stop + 1;
            }
            assert_in_range(lines, 20, 38);
            static const char *const must[] = {
                "six ",          "lru + nvshare(30s)",
                "seed 1",        "simulated, gpuswap-sim 0.1.0",
                "NB ",           "TR ",
                "node-0/gpu-1",  "node-0 ",
                "MISSED",        "p95",
                "What limits: ", "Next: gpuswap-sim capacity six.ini --vary workload.NB.count  # how many fit?\n"};
            for (size_t k = 0; k < sizeof must / sizeof must[0]; k++)
                if (!strstr(text.data, must[k]))
                    fail_msg("no '%s' in\n%s", must[k], text.data);
            assert_int_equal(strstr(text.data, "\nUNENDED  NB ") != NULL, scale == 1);
            assert_int_equal(strstr(text.data, "\nSTUCK  NB ") != NULL, scale == 2);
            assert_null(strstr(text.data, "nan"));
            text_fini(&text);
            drop(&m);
        }
    }
}

static void many_gpus_are_summed_up(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 1);
    m.scenario.node[0].gpus = 40;
    m.tally[0]->gpus = 40;
    m.tally[0]->gpu = arena_array(&m.arena, 40, sizeof *m.tally[0]->gpu);
    for (int g = 0; g < 40; g++)
        m.tally[0]->gpu[g] = (struct gpu_tally){
            .useful_ns = 10 * FIXTURE_SECOND, .switching_ns = (g == 17) * FIXTURE_SECOND, .idle_ns = FIXTURE_SECOND};
    build(&m);
    struct text text = {0};
    report_text(&text, &m.report);
    assert_non_null(strstr(text.data, "node-0/gpu-17"));
    assert_null(strstr(text.data, "node-0/gpu-16"));
    assert_non_null(strstr(text.data, "40 GPUs"));
    text_fini(&text);
    drop(&m);
}

static void csv_has_seven_fields(void **unused)
{
    (void)unused;
    struct made m;
    make(&m, 3);
    build(&m);
    struct text csv = {0};
    report_csv(&csv, &m.report);
    int lines = 0;
    for (const char *line = csv.data; *line; lines++) {
        int commas = 0;
        for (; *line != '\n'; line++)
            commas += *line == ',';
        line++;
        assert_int_equal(commas, 6);
    }
    assert_true(lines > 80);
    assert_non_null(strstr(csv.data, "\ngroup,NB,response_mean_s,30.2,"));
    assert_non_null(strstr(csv.data, "\nsla,NB,response_p95_met,0,,,3\n"));
    assert_non_null(strstr(csv.data, "\nnode,node-0,refused_bytes,0,,,3\n"));
    text_fini(&csv);
    drop(&m);
}

/* Each allocation fails once: the error says so, or the text does; nothing leaks. */
static void no_memory(void **unused)
{
    (void)unused;
    for (uint64_t nth = 1; nth < 500; nth++) {
        struct made m;
        make(&m, 2);
        struct error err = {0};
        struct text text = {0};
        arena_fail_nth(nth);
        int rc = report_build(&m.report, &m.scenario, m.tally, m.count, &about, &m.arena, &err);
        if (rc == GS_OK) {
            report_text(&text, &m.report);
            report_json(&text, &m.report);
        }
        arena_fail_nth(0);
        bool whole = rc == GS_OK && !text.failed;
        if (rc != GS_OK)
            assert_int_equal(rc, GS_SYSTEM);
        text_fini(&text);
        drop(&m);
        if (whole)
            return;
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_replications),
        cmocka_unit_test(gpus_and_swap_files),
        cmocka_unit_test(empty_replications_do_not_count),
        cmocka_unit_test(interrupted_ones_are_left_out),
        cmocka_unit_test(makespan_needs_every_replication),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(numbers_as_text),
        cmocka_unit_test(text_fits_the_screen),
        cmocka_unit_test(many_gpus_are_summed_up),
        cmocka_unit_test(csv_has_seven_fields),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
