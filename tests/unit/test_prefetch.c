/* test_prefetch.c - the policies of prefetching and of places, asked with a view made by hand. */
#include "tests/unit/view_made.h"

/* --- places --- */

static uint32_t best(const char *name, const struct made *m, uint32_t workload)
{
    const void *found = gs_policy_find(GS_SLOT_PLACE, name);
    const struct gs_place_policy *place = found;
    uint32_t gpu = 0;

    assert_non_null(place);
    for (uint32_t i = 1; i < GPUS; i++)
        if (place->score(&m->self, i, workload) < place->score(&m->self, gpu, workload))
            gpu = i;
    return gpu;
}

/* GPU 0 has one workload of 60 GB, GPU 1 two of 10 GB, GPU 2 two of 15 GB, for 10,000 s; those four used 1000 s
 * each.  A newcomer of 10 GB. */
static void places(void **unused)
{
    static const struct {
        const char *name;
        double speed;   /* of GPU 2 */
        int64_t gb;     /* of GPU 2 */
        int64_t used_s; /* of the workload on GPU 0 */
        bool granted;   /* it has the GPU, all the time */
        bool fresh;     /* those on GPU 1 have come just now, and used nothing */
        uint32_t gpu;
    } row[] = {
        {"spread", 1, 80, 0, false, false, 0},         {"pack", 1, 80, 0, false, false, 0},
        {"least_loaded", 1, 80, 0, false, false, 1},   {"least_loaded", 2, 80, 0, false, false, 2},
        {"least_loaded", 1.4, 80, 0, false, false, 2}, {"least_loaded", 1, 240, 0, false, false, 2},
        {"balance", 1, 80, 0, false, false, 0},        {"balance", 1, 80, 9000, false, false, 1},
        {"balance", 4, 80, 9000, false, false, 2},     {"balance", 1, 80, 0, true, false, 1},
        {"balance", .25, 80, 9000, false, true, 1},    {"balance", 1, 80, 3000, false, true, 2},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].d = .2;
        m.param[1].i = 600 * SECOND;
        m.view.now_ns = 10000 * SECOND;
        add(&m, 0, 0, GS_RESIDENT, 60 * GB)->used_ns = row[i].used_s * SECOND;
        m.workload[0].granted = row[i].granted;
        for (uint32_t w = 1; w < 5; w++) {
            struct gs_workload *added = add(&m, w, w < 3 ? 1 : 2, GS_RESIDENT, (w < 3 ? 10 : 15) * GB);
            bool fresh = row[i].fresh && w < 3;
            added->attached_ns = fresh ? m.view.now_ns : 0;
            added->used_ns = fresh ? 0 : 1000 * SECOND;
        }
        m.gpu[2].speed = row[i].speed;
        m.gpu[2].capacity_bytes = row[i].gb * GB;
        m.workload[5].base_bytes = 10 * GB;
        if (best(row[i].name, &m, 5) != row[i].gpu)
            fail_msg("%s, row %zu", row[i].name, i);
    }
}

/* --- prefetching --- */

static const struct gs_prefetch_policy *prefetch(const char *name)
{
    const void *found = gs_policy_find(GS_SLOT_PREFETCH, name);

    assert_non_null(found);
    return found;
}

/* 40 GB, 1.6 s each way and the overhead. */
static void break_even_is_the_pair_of_swaps_by_its_price(void **unused)
{
    static const struct {
        double price, dirty;
        int64_t others_gb;
        gs_ns overhead_ms, after_ms; /* below 0: never */
    } row[] = {
        {1, 1, 41, 0, 3200},  {2, 1, 41, 0, 1600},  {.1, 1, 41, 0, 32000},
        {1, 1, 41, 50, 3300}, {1, .5, 41, 0, 2400}, {1, 1, 40, 0, -1},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].d = row[i].price;
        add(&m, 0, 0, GS_RESIDENT, 40 * GB)->dirty = row[i].dirty;
        m.workload[0].has_host_copy = row[i].dirty < 1;
        add(&m, 1, 0, GS_HOST, row[i].others_gb * GB);
        m.gpu[0].swap_overhead_ns = row[i].overhead_ms * SECOND / 1000;
        gs_ns after = prefetch("breakeven")->leave_after(&m.self, 0);
        assert_true(after == (row[i].after_ms < 0 ? GS_NEVER : row[i].after_ms * SECOND / 1000));
    }
}

static void ahead_is_an_option_of_others(void **unused)
{
    static const struct {
        const char *name;
        int at; /* of the parameter; below 0: always */
    } row[] = {{"eager", 1}, {"breakeven", 1}, {"clean", 1}, {"ahead", -1}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (int64_t on = 0; on < 2; on++) {
            struct made m;
            make(&m);
            if (row[i].at >= 0)
                m.param[row[i].at].i = on;
            assert_int_equal(prefetch(row[i].name)->ahead(&m.self), row[i].at < 0 || on != 0);
        }
}

/* Bursts end at once; each wish comes so many seconds after the last. */
static void think(const struct gs_prefetch_policy *policy, struct made *m, gs_ns seconds)
{
    struct gs_workload *w = &m->workload[0];

    w->since_ns = m->view.now_ns = w->last_end_ns + seconds * SECOND;
    policy->wanted(&m->self, 0);
    w->last_end_ns = m->view.now_ns;
    w->turns++;
}

/* 40 GB come in 1.6 s.  Of think times of 10 to 29 s the quantile of 5 % is 10 s, of those above 15 s it is 16 s. */
static void predictions_take_the_think_times_that_are_left(void **unused)
{
    static const struct {
        gs_ns first, step;
        int times;
        double quantile;
        gs_ns idle, after_ms; /* below 0: never */
    } row[] = {
        {10, 1, 20, .05, 0, 8400}, {10, 1, 20, .05, 9, 0},      {10, 1, 20, .05, 15, 0},    {10, 1, 20, .5, 15, 5400},
        {10, 1, 20, 1, 0, 27400},  {10, 1, 20, 0, 29, -1},      {29, -1, 20, .05, 0, 8400}, {30, 0, 2, .5, 0, -1},
        {30, 0, 3, .5, 0, 28400},  {100, 1, 100, 0, 0, 166400},
    };
    const struct gs_prefetch_policy *predict = prefetch("predict");

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].d = row[i].quantile;
        add(&m, 0, 0, GS_HOST, 40 * GB);
        think(predict, &m, 5); /* since it came: no think time */
        for (int n = 0; n < row[i].times; n++)
            think(predict, &m, row[i].first + n * row[i].step);
        m.view.now_ns += row[i].idle * SECOND;
        gs_ns after = predict->return_after(&m.self, 0);
        gs_ns due = row[i].after_ms < 0 ? GS_NEVER : row[i].after_ms * SECOND / 1000;
        if (after != due)
            fail_msg("row %zu: %lld ns", i, (long long)after);
        m.param[1].i = 1; /* leave, where that is further away than the swaps are long */
        after = predict->leave_after(&m.self, 0);
        assert_true(after == (due != GS_NEVER && due > 1600 * SECOND / 1000 ? 0 : GS_NEVER));
        m.workload[0].resident_ns = m.view.now_ns + 1; /* has come back since: not again */
        assert_true(predict->leave_after(&m.self, 0) == GS_NEVER);
        m.workload[0].resident_ns = m.param[1].i = 0;
        assert_true(predict->leave_after(&m.self, 0) == GS_NEVER);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(break_even_is_the_pair_of_swaps_by_its_price),
        cmocka_unit_test(ahead_is_an_option_of_others),
        cmocka_unit_test(predictions_take_the_think_times_that_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
