/* test_sweep.c - [sweep]: lists and ranges, the points of grids and Latin hypercubes, what is refused and where. */
#include "sim/base/units.h"
#include "sim/scenario/sweep.h"
#include "tests/unit/scenario_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { AXES_MAX = 8, POINT_TEXT = 400 };

static struct outcome out;

static int fini(void **state)
{
    (void)state;
    outcome_fini(&out);
    return 0;
}

static const struct sweep *swept(const char *lines)
{
    char text[2 * sizeof EVERYTHING];
    outcome_fini(&out);
    snprintf(text, sizeof text, EVERYTHING "[sweep]\n%s", lines);
    outcome_expect(&out, text, NULL, GS_OK, "");
    assert_non_null(out.scenario.sweep);
    return out.scenario.sweep;
}

/* The points of a sweep, "3 40GiB, 3 80GiB". */
static const char *points(const struct sweep *sweep)
{
    static char text[POINT_TEXT];
    size_t used = 0;
    for (int64_t p = 1; p <= sweep->points; p++) {
        struct sweep_choice choice[AXES_MAX];
        assert_int_equal(sweep_choose(sweep, p, choice, &out.arena, &out.err), GS_OK);
        for (size_t i = 0; i < sweep->axes && used < sizeof text; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     i > 0   ? " "
                                     : p > 1 ? ", "
                                             : "",
                                     choice[i].value);
    }
    return text;
}

static void test_grids(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *points;
    } row[] = {
        {"workload.N.count = 1..3\n", "1, 2, 3"},
        {"workload.N.count = 1..12 step 5\n", "1, 6, 11"},
        {"workload.N.count = 1..2, 4, 8..16 step 4\n", "1, 2, 4, 8, 12, 16"},
        {"node.gpu_memory = 20GiB..80GiB step 20GiB\n", "20GiB, 40GiB, 60GiB, 80GiB"},
        {"node.idle_detect = 0..1s step 0.25s\n", "0s, 0.25s, 0.5s, 0.75s, 1s"},
        {"workload.N.dirty = 0..0.3 step 0.1\n", "0, 0.1, 0.2, 0.3"},
        {"workload.N.dirty = 0%..100% step 50%\n", "0%, 50%, 100%"},
        {"node.h2d = 12.5GB/s..25GB/s step 12.5GB/s\n", "12.5GB/s, 25GB/s"},
        {"workload.N.think = exp(1m), lognormal(1m, 1.2),30s\n", "exp(1m), lognormal(1m, 1.2), 30s"},
        {"policy.victim = lru , mru\n", "lru, mru"},
        {"trace.R.file = ../a.gst, ../../b..c.gst\n", "../a.gst, ../../b..c.gst"},
        {"workload.N.count = 1..2\nnode.gpu_memory = 40GiB, 80GiB\npolicy.slicer = rr, ps\n",
         "1 40GiB rr, 1 40GiB ps, 1 80GiB rr, 1 80GiB ps, 2 40GiB rr, 2 40GiB ps, 2 80GiB rr, 2 80GiB ps"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_string_equal(points(swept(row[i].lines)), row[i].points);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *message;
    } row[] = {
        {"", "dir/a.ini:31: [sweep] varies no key"},
        {"design = grit\nnode.gpus = 1, 2\n", "dir/a.ini:32: 'design = grit': it must be one of grid | latin"},
        {"points = 5\nnode.gpus = 1, 2\n", "dir/a.ini:32: 'points' goes with 'design = latin'"},
        {"seed = 5\nnode.gpus = 1, 2\n", "dir/a.ini:32: 'seed' goes with 'design = latin'"},
        {"design = latin\npoints = 0\nnode.gpus = 1, 2\n", "dir/a.ini:33: 'points"},
        {"designs = latin\nnode.gpus = 1, 2\n",
         "dir/a.ini:32: unknown key 'designs' in [sweep]; did you mean 'design'?"},
        {"node.gpus = 1,,2\n", "dir/a.ini:32: 'node.gpus = 1,,2': a value is missing beside a comma"},
        {"node.gpus = 4..1\n", "the end of a range is greater than its beginning"},
        {"node.gpus = 1..4 step 0\n", "the step of a range is greater than 0"},
        {"node.gpus = 1..x\n", "a range reads '1..12' or '20GiB..80GiB step 20GiB'"},
        {"node.gpu_memory = 20GiB..80GiB\n", "in a list this range needs a step, such as '20GiB..80GiB step 10GiB'"},
        {"node.gpu_memory = 512MiB..2GiB step 1GiB\n", "all parts of a range have the same unit"},
        {"node.gpu_memory = 20GiB..80GiB step 512MiB\n", "all parts of a range have the same unit"},
        {"node.gpus = 1..2000000\n", "more than 1000000 values"},
        {"node.gpus = 1..2000\nnode.count = 1..2000\n", "[sweep] has more than 1000000 points"},
        {"design = latin\nnode.gpus = 1..4.5\n", "'node.gpus' takes whole numbers"},
        {"node.gpus = 1, 2\nnode.gpus = 3\n", "dir/a.ini:33: key 'node.gpus' is repeated in [sweep]"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[2 * sizeof EVERYTHING];
        outcome_fini(&out);
        snprintf(text, sizeof text, EVERYTHING "[sweep]\n%s", row[i].lines);
        outcome_expect(&out, text, NULL, GS_BAD_INPUT, row[i].message);
    }
}

/* Each of n equal parts of the range has one point, whatever n. */
static void test_latin_parts(void **state)
{
    (void)state;
    static const int64_t count[] = {1, 2, 7, 100, 1000};
    for (size_t c = 0; c < sizeof count / sizeof count[0]; c++) {
        char lines[200];
        bool memory[1000] = {false}, share[1000] = {false};
        snprintf(lines, sizeof lines,
                 "design = latin\npoints = %lld\nnode.gpu_memory = 40GiB..120GiB\nworkload.N.dirty = 0..1\n",
                 (long long)count[c]);
        const struct sweep *sweep = swept(lines);
        assert_int_equal(sweep->points, count[c]);
        for (int64_t p = 1; p <= count[c]; p++) {
            struct sweep_choice choice[AXES_MAX];
            char why[UNITS_WHY];
            int64_t bytes;
            double dirty;
            assert_int_equal(sweep_choose(sweep, p, choice, &out.arena, &out.err), GS_OK);
            assert_int_equal(units_size(choice[0].value, &bytes, why), GS_OK);
            assert_int_equal(units_share(choice[1].value, &dirty, why), GS_OK);
            assert_true(strlen(choice[0].value) <= 12 && strlen(choice[1].value) <= 9);
            double where = ((double)bytes / 0x1p30 - 40) / 80;
            assert_true(where >= 0 && where < 1 && dirty >= 0 && dirty < 1);
            /* a size is rounded to bytes */
            size_t part = (size_t)floor(where * (double)count[c] + 1e-6),
                   other = (size_t)floor(dirty * (double)count[c] + 1e-9);
            assert_false(memory[part]);
            assert_false(share[other]);
            memory[part] = share[other] = true;
        }
    }
}

/* Whole numbers and lists come as often as each other, where the points allow that. */
static void test_latin_whole(void **state)
{
    (void)state;
    int counts[5] = {0}, victims[3] = {0};
    const struct sweep *sweep = swept("design = latin\npoints = 60\nworkload.N.count = 1..4\npolicy.victim = lru, mru, "
                                      "fifo\n");
    for (int64_t p = 1; p <= 60; p++) {
        struct sweep_choice choice[AXES_MAX];
        assert_int_equal(sweep_choose(sweep, p, choice, &out.arena, &out.err), GS_OK);
        assert_int_equal(strlen(choice[0].value), 1);
        counts[choice[0].value[0] - '0']++;
        victims[strchr("lmf", choice[1].value[0]) - "lmf"]++;
    }
    for (int i = 1; i <= 4; i++)
        assert_int_equal(counts[i], 15);
    for (int i = 0; i < 3; i++)
        assert_int_equal(victims[i], 20);
}

/* The seed makes the points, and nothing else does; other seeds make others, and axes do not go together. */
static void test_latin_seeds(void **state)
{
    (void)state;
    char first[POINT_TEXT], again[POINT_TEXT];
    static const char lines[] = "design = latin\npoints = 9\nseed = %d\nnode.gpus = 1..9\nworkload.N.count = 1..9\n";
    char text[200];
    snprintf(text, sizeof text, lines, 5);
    snprintf(first, sizeof first, "%s", points(swept(text)));
    snprintf(again, sizeof again, "%s", points(swept(text)));
    assert_string_equal(first, again);
    snprintf(text, sizeof text, lines, 6);
    assert_string_not_equal(first, points(swept(text)));
    int same = 0;
    for (const char *at = first; *at; at++)
        same += at[0] >= '1' && at[1] == ' ' && at[2] == at[0];
    assert_true(same < 9);
}

static const char base[] = EVERYTHING "[sweep]\nworkload.N.count = 2, 3\nworkload.N.memory = 10GiB, 20\n";

/* The values of a point lie over everything, and their errors name the line in [sweep]. */
static void test_points_are_read(void **state)
{
    (void)state;
    char path[] = "/tmp/test_sweep.XXXXXX";
    int fd = mkstemp(path);
    struct arena arena = {0};
    struct error err = {0};
    struct scenario scenario;
    const struct sweep *sweep;
    struct sweep_choice choice[AXES_MAX];
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fputs(base, file);
    fclose(file);
    assert_int_equal(sweep_read(&sweep, path, NULL, &arena, &err), GS_OK);
    assert_int_equal(sweep->points, 4);
    assert_int_equal(sweep_choose(sweep, 3, choice, &arena, &err), GS_OK);
    assert_string_equal(sweep_point_name(choice, 2, &arena), "workload.N.count=3 workload.N.memory=10GiB");
    assert_int_equal(scenario_read_point(&scenario, path, NULL, choice, 2, &arena, &err), GS_OK);
    assert_int_equal(scenario.workload[0].count, 3);
    assert_int_equal((int64_t)scenario.workload[0].memory.a, INT64_C(10) << 30);
    for (size_t i = 0; i < scenario.settings; i++)
        assert_string_not_equal(scenario.setting[i].section, "sweep");
    assert_int_equal(sweep_choose(sweep, 4, choice, &arena, &err), GS_OK);
    assert_int_equal(scenario_read_point(&scenario, path, NULL, choice, 2, &arena, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, ":33: 'memory = 20': a size needs a unit"));
    err = (struct error){0};
    const char *const set[] = {"workload.N.count=5"};
    struct overrides overrides = {set, 1};
    assert_int_equal(sweep_read(&sweep, path, &overrides, &arena, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "[sweep] varies this key"));
    unlink(path);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_grids, fini),       cmocka_unit_test_teardown(test_refused, fini),
        cmocka_unit_test_teardown(test_latin_parts, fini), cmocka_unit_test_teardown(test_latin_whole, fini),
        cmocka_unit_test_teardown(test_latin_seeds, fini), cmocka_unit_test_teardown(test_points_are_read, fini),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
