/* test_vary.c - keys as rows of numbers: found in a scenario, given ranges, written so that the scenario reads them back. */
#include "sim/scenario/vary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char text[] =
    "[scenario]\nduration = 8h\n[node]\ngpu_memory = 80GiB\nswap_file = 120GiB\n[node.B]\ngpu_memory = 40GiB\n"
    "[policy]\nslicer = rr\nslicer.quantum = 10s\n"
    "[workload.NB]\nclass = notebook\ncount = 6\nmemory = 30GiB\nthink = exp(90s)\nburst = 10s\n"
    "[workload.M]\nclass = inference\nmemory = uniform(1GiB,2GiB)\narrival = gamma(2.5,4/min)\nservice = 1s\nstate = "
    "disk\n"
    "[sla.NB]\ngroup = NB\nresponse_p95 = 30s\nslowdown_mean = 2\n";

static void read_scenario(struct scenario *s, const char *set, struct arena *arena)
{
    struct overrides with = {&set, set != NULL};
    struct error err = {0};

    if (scenario_parse(s, text, strlen(text), "vary.ini", NULL, &with, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

static const struct {
    const char *key;
    enum vary_unit unit;
    enum vary_way way;
    double now;
    const char *next; /* the least value above it */
} row[] = {
    {"workload.NB.count", VARY_COUNT, VARY_HARDER, 6, "workload.NB.count=7"},
    {"workload.NB.memory", VARY_SIZE, VARY_HARDER, 30 * 0x1p30, "workload.NB.memory=30.25GiB"},
    {"workload.NB.burst", VARY_TIME, VARY_HARDER, 10e9, "workload.NB.burst=10.1s"},
    {"workload.M.arrival", VARY_FREQUENCY, VARY_HARDER, 4.0 / 60, "workload.M.arrival=gamma(2.5,241/h)"},
    {"node.swap_file", VARY_SIZE, VARY_EASIER, 120 * 0x1p30, "node.swap_file=121GiB"},
    {"node.h2d", VARY_RATE, VARY_EASIER, 25e9, "node.h2d=25.1GB/s"},
    {"node.B.gpu_memory", VARY_SIZE, VARY_EASIER, 40 * 0x1p30, "node.B.gpu_memory=40.5GiB"},
    {"node.gpu_speed", VARY_NUMBER, VARY_EASIER, 1, "node.gpu_speed=1.01"},
    {"policy.slicer.quantum", VARY_TIME, VARY_UNKNOWN, 10e9, "policy.slicer.quantum=10.1s"},
    {"sla.NB.response_p95", VARY_TIME, VARY_EASIER, 30e9, "sla.NB.response_p95=30.1s"},
    {"sla.NB.slowdown_mean", VARY_NUMBER, VARY_EASIER, 2, "sla.NB.slowdown_mean=2.01"},
};

/* With the setting laid over it, the scenario has the value. */
static void keys_are_found_and_written_back(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct arena arena = {0};
        struct scenario s, changed;
        struct vary v, again;
        struct error err = {0};
        char range[128];
        snprintf(range, sizeof range, "%s%s", row[i].key, row[i].way == VARY_UNKNOWN ? "=1s..20s" : "");
        read_scenario(&s, NULL, &arena);
        print_message("%s\n", range);
        if (vary_read(&v, range, NULL, false, &s, &arena, &err) != GS_OK)
            fail_msg("%s", err.text);
        assert_int_equal(v.unit, row[i].unit);
        assert_int_equal(v.way, row[i].way);
        assert_true(fabs(v.now / row[i].now - 1) < 1e-12);
        assert_true(v.low < v.now && v.now < v.high);
        int64_t place = vary_place(&v, v.now);
        assert_true(fabs(vary_at(&v, place) / v.now - 1) < 1e-12);
        const char *setting = vary_setting(&arena, &v, vary_at(&v, place + 1));
        assert_string_equal(setting, row[i].next);
        read_scenario(&changed, setting, &arena);
        assert_int_equal(vary_read(&again, range, NULL, false, &changed, &arena, &err), GS_OK);
        assert_true(fabs(again.now / vary_at(&v, place + 1) - 1) < 1e-9);
        assert_true(again.now > v.now);
        arena_fini(&arena);
    }
}

/* Places and values are in order, go back and forth, and steps are small. */
static void grids_are_whole(void **unused)
{
    static const enum vary_unit units[] = {VARY_SIZE, VARY_TIME, VARY_RATE, VARY_FREQUENCY, VARY_NUMBER};

    (void)unused;
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        struct vary v = {.unit = units[u]};
        for (int64_t place = 0; place < 3000; place++) {
            double here = vary_at(&v, place), next = vary_at(&v, place + 1);
            assert_true(next > here && next < here * 1.016);
            assert_int_equal(vary_place(&v, here), place);
            assert_int_equal(vary_place(&v, (here + next) / 2), place);
        }
        assert_true(vary_at(&v, vary_place(&v, 0)) == 0);
    }
    struct vary steps = {.unit = VARY_SIZE, .step = 8 * 0x1p30};
    assert_true(vary_at(&steps, vary_place(&steps, 120 * 0x1p30)) == 120 * 0x1p30);
    assert_true(vary_at(&steps, vary_place(&steps, 121 * 0x1p30)) == 120 * 0x1p30);
}

static void ranges_lists_and_steps(void **unused)
{
    struct arena arena = {0};
    struct error err = {0};
    struct scenario s;
    struct vary v;

    (void)unused;
    read_scenario(&s, NULL, &arena);
    assert_int_equal(vary_read(&v, "workload.NB.count=2..20", NULL, false, &s, &arena, &err), GS_OK);
    assert_true(v.given && v.low == 2 && v.high == 20 && v.step == 1);
    assert_int_equal(vary_read(&v, "node.swap_file=64GiB..1TiB", "16GiB", false, &s, &arena, &err), GS_OK);
    assert_true(v.low == 0x1p36 && v.high == 0x1p40 && v.step == 0x1p34);
    assert_int_equal(vary_read(&v, "node.swap_file=64GiB,1TiB", NULL, true, &s, &arena, &err), GS_OK);
    assert_true(v.listed == 2 && v.list[0] == 0x1p36 && v.list[1] == 0x1p40);
    arena_fini(&arena);
}

static void what_is_no_number_is_refused(void **unused)
{
    static const struct {
        const char *text, *step, *says;
    } bad[] = {
        {"count", NULL, "name section and key"},
        {"workload.X.count", NULL, "no such section"},
        {"workload.NB.cuont", NULL, "no such key"},
        {"workload.NB.class", NULL, "not a number"},
        {"workload.NB.think", NULL, "is a distribution here"},
        {"workload.NB.count=0..5", NULL, "from a smaller to a greater"},
        {"workload.NB.count=5..2", NULL, "from a smaller to a greater"},
        {"workload.NB.count=5", NULL, "give a range"},
        {"workload.NB.count=1..many", NULL, "many"},
        {"node.swap_file=1..2", NULL, "needs a unit"},
        {"node.swap_file", "0B", "greater than 0"},
        {"node.max_workloads_per_gpu", NULL, "no value to start from"},
        {"policy.slicer.quantum", NULL, "give a range"},
        {"policy.slicer", NULL, "not a number"},
        {"policy.slicer.width_", NULL, "no such parameter"},
        {"scenario.duration", NULL, "keys of [scenario]"},
        {"sla.NB.response_p50", NULL, "promises nothing of this name"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena arena = {0};
        struct error err = {0};
        struct scenario s;
        struct vary v;
        read_scenario(&s, NULL, &arena);
        assert_int_equal(vary_read(&v, bad[i].text, bad[i].step, false, &s, &arena, &err), GS_USAGE);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("'%s' says: %s", bad[i].text, err.text);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_and_written_back),
        cmocka_unit_test(grids_are_whole),
        cmocka_unit_test(ranges_lists_and_steps),
        cmocka_unit_test(what_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
