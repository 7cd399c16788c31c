/* test_victims.c - victim policies asked about a view made by hand: what each finds worth keeping, and that no eviction
 * on one GPU disturbs another.  Those with queues and hands are in truth.reference_strings. */
#include "tests/unit/near.h"
#include "tests/unit/victims_made.h"

/* --- all of them --- */

static void fill_params(struct world *w)
{
    const struct gs_param *param = w->policy->param;

    for (size_t i = 0; param != NULL && param[i].key != NULL; i++) {
        w->param[i].i = param[i].kind == GS_TIME ? 1000 * s_ns : 1;
        if (param[i].kind == GS_NUMBER)
            w->param[i].d = param[i].max / 4;
    }
}

static void test_each_always_has_an_answer(void **unused)
{
    const struct gs_policy_head *policy;

    (void)unused;
    for (size_t n = 0; (policy = gs_policy_at(GS_SLOT_VICTIM, n)) != NULL; n++) {
        struct world w;
        make(&w, policy->name);
        assert_non_null(policy->when);
        fill_params(&w);
        w.workload[1].bytes = 0;
        w.workload[2].wants = true;
        w.workload[2].since_ns = w.workload[2].queued_ns = 100 * s_ns;
        w.workload[3].last_end_ns = w.workload[3].resident_ns = 0;
        w.workload[3].turns = 0;
        for (uint32_t i = 0; i < MOST; i++)
            assert_true(isfinite(keep(&w, i)));
        for (gs_ns t = 100; t < 140; t++)
            burst(&w, (uint32_t)t % MOST, t, t, t % 3 == 0);
        for (uint32_t i = 0; i < MOST; i++) {
            assert_true(isfinite(keep(&w, i)));
            evict(&w, i, true);
        }
        w.view.now_ns = 0;
        assert_true(isfinite(keep(&w, 0)));
    }
}

/* A request for `workload`; who leaves for it, of the four that its GPU holds, or MOST. */
static uint32_t request(struct world *w, uint32_t workload, gs_ns at_s)
{
    struct gs_workload *job = &w->workload[workload];
    uint32_t residents = 0, victim = MOST;
    bool misses = job->state != GS_RESIDENT;

    w->view.now_ns = at_s * s_ns;
    for (uint32_t i = 0; i < MOST; i++) {
        if (w->workload[i].gpu != job->gpu || w->workload[i].state != GS_RESIDENT)
            continue;
        residents++;
        if (misses && (victim == MOST || keep(w, i) < keep(w, victim)))
            victim = i;
    }
    if (residents < 4)
        victim = MOST;
    w->gpu[job->gpu].free_bytes = residents < 3 ? job->bytes : 0;
    if (victim != MOST)
        evict(w, victim, true);
    burst(w, workload, at_s, at_s, misses);
    return victim;
}

/* The second GPU has the same victims whether or not the first is busy, too.  (arc has one target for both.) */
static void test_no_eviction_disturbs_another_gpu(void **unused)
{
    const struct gs_policy_head *policy;

    (void)unused;
    for (size_t n = 0; (policy = gs_policy_at(GS_SLOT_VICTIM, n)) != NULL; n++) {
        struct world alone, both;
        make(&alone, policy->name);
        make(&both, policy->name);
        fill_params(&alone);
        fill_params(&both);
        for (uint32_t i = 0; i < MOST; i++)
            alone.workload[i].state = both.workload[i].state = GS_HOST;
        for (gs_ns t = 200; t < 1000 && strcmp(policy->name, "arc") != 0; t++) {
            uint32_t i = (uint32_t)(gs_mix((uint64_t)t) % MOST);
            uint32_t victim = request(&both, i, t);
            if (both.workload[i].gpu == 1 && request(&alone, i, t) != victim)
                fail_msg("%s: at %d another than %u leaves", policy->name, (int)t, (unsigned)victim);
        }
    }
}

static void test_who_leaves_by_himself_is_no_sweep(void **unused)
{
    static const char *const victim[] = {"clock", "sieve", "lfu", "gdsf", "landlord"};

    (void)unused;
    for (size_t n = 0; n < sizeof victim / sizeof victim[0]; n++) {
        struct world w;
        double before[2][2];
        make(&w, victim[n]);
        fill_params(&w);
        for (uint32_t i = 0; i < 3; i++)
            burst(&w, i, 200 + i, 200 + i, true);
        burst(&w, 0, 210, 211, false);
        for (int chosen = 0; chosen < 2; chosen++) {
            w.workload[2].state = GS_RESIDENT;
            before[0][0] = keep(&w, 0);
            before[0][1] = keep(&w, 1);
            evict(&w, 2, chosen);
            before[1][0] = keep(&w, 0);
            before[1][1] = keep(&w, 1);
            bool same = memcmp(before[0], before[1], sizeof before[0]) == 0;
            if (same != !chosen)
                fail_msg("%s: chosen %d, unchanged %d", victim[n], chosen, same);
        }
    }
}

/* --- one by one --- */

static void test_wsclock_clean_before_dirty(void **unused)
{
    struct world w;

    (void)unused;
    make(&w, "wsclock");
    w.param[0].i = 30 * s_ns;
    w.param[1].i = 1;
    w.workload[0].last_end_ns = w.workload[0].last_use_ns = 10 * s_ns; /* oldest, dirty */
    w.workload[1].last_end_ns = w.workload[1].last_use_ns = 20 * s_ns;
    w.workload[1].clean = true;
    w.workload[2].last_end_ns = w.workload[2].last_use_ns = 71 * s_ns; /* in its working set, clean */
    w.workload[2].clean = true;
    w.workload[3].last_end_ns = w.workload[3].last_use_ns = 5 * s_ns; /* waits */
    w.workload[3].wants = true;
    assert_true(keep(&w, 1) < keep(&w, 0) && keep(&w, 0) < keep(&w, 2));
    assert_true(keep(&w, 0) < keep(&w, 3));
    w.param[1].i = 0;
    assert_true(keep(&w, 0) < keep(&w, 1) && keep(&w, 1) < keep(&w, 2));
}

static void test_class_in_its_order(void **unused)
{
    struct world w;

    (void)unused;
    make(&w, "class");
    w.param[1].i = 300 * s_ns;
    w.workload[0].class = GS_NOTEBOOK;
    w.workload[0].last_end_ns = w.workload[0].last_use_ns = 0;
    w.workload[1].class = GS_TRAINING;
    w.workload[2].class = GS_INFERENCE;
    for (w.param[0].i = 0; w.param[0].i < 2; w.param[0].i++)
        assert_true(keep(&w, 1) < keep(&w, 2) && keep(&w, 2) < keep(&w, 0));
    w.param[0].i = 1;
    w.workload[2].class = GS_TRAINING;
    w.workload[2].clean = true; /* leaves for nothing */
    assert_true(keep(&w, 2) < keep(&w, 1));
    w.workload[2].clean = false;
    w.workload[2].last_end_ns = w.workload[2].last_use_ns = 10 * s_ns; /* idle for long */
    assert_true(keep(&w, 2) < keep(&w, 1));
    w.view.now_ns = 400 * s_ns;
    w.workload[1].wants = true;
    w.workload[1].since_ns = 100 * s_ns;
    assert_true(keep(&w, 1) < keep(&w, 0));
    w.workload[1].since_ns = 100 * s_ns - 1; /* longer than it may */
    assert_true(keep(&w, 1) > keep(&w, 0));
}

static void test_lfu_forgets(void **unused)
{
    struct world w;

    (void)unused;
    make(&w, "lfu");
    for (gs_ns t = 0; t < 8; t++)
        burst(&w, 0, t, t, false);
    burst(&w, 1, 10, 11, false);
    assert_true(keep(&w, 1) < keep(&w, 0));
    w.param[1].i = 20 * s_ns;
    w.view.now_ns = 79 * s_ns; /* three times: 8 / 8 = 1, and 1 / 8 */
    assert_near(keep(&w, 0), 1 + 7 / (79 + 1e-9), 1e-9);
    burst(&w, 1, 80, 80, false);
    burst(&w, 1, 80, 81, false);
    assert_true(keep(&w, 0) < keep(&w, 1)); /* 8 / 16, and 2.06 */
    assert_near(floor(keep(&w, 1)), 2, 0);
}

static void test_lruk_counts_back(void **unused)
{
    static const struct {
        int64_t k;
        double worth; /* of 0; that of 1, with bursts at 3 and 9, is 9, 3, and below 0 */
    } row[] = {{1, 8e9}, {2, 7e9}, {3, 2e9}};

    (void)unused;
    for (size_t n = 0; n < sizeof row / sizeof row[0]; n++) {
        struct world w;
        make(&w, "lruk");
        w.workload[0].turns = w.workload[1].turns = 0;
        w.param[0].i = row[n].k;
        burst(&w, 0, 1, 2, false);
        burst(&w, 1, 3, 3, false);
        burst(&w, 0, 6, 7, false);
        burst(&w, 0, 8, 8, false);
        burst(&w, 1, 9, 9, false);
        assert_near(keep(&w, 0), row[n].worth, 0);
        assert_near(keep(&w, 1), row[n].k == 1 ? 9e9 : row[n].k == 2 ? 3e9 : -1, 0);
    }
}

static void test_gdsf_by_cost(void **unused)
{
    static const struct {
        int64_t cost, frequency;
        gs_ns overhead;
        double ratio; /* worth of 10 GB, used twice, over that of 20 GB, used once */
    } row[] = {
        {0, 1, 0, 4},
        {0, 0, 0, 2},
        {1, 1, 0, 2},
        {1, 0, 0, 1},
        {2, 1, 0, 2},
        {2, 0, 0, 1},
        {2, 0, 1000000000, 1.4},
        {2, 1, 1000000000, 2 * 1.4},
    };

    (void)unused;
    for (size_t n = 0; n < sizeof row / sizeof row[0]; n++) {
        struct world w;
        make(&w, "gdsf");
        w.param[0].i = row[n].cost;
        w.param[1].i = row[n].frequency;
        w.gpu[0].swap_overhead_ns = row[n].overhead;
        w.workload[0].bytes = 10000000000;
        burst(&w, 0, 1, 1, true);
        burst(&w, 1, 2, 2, true);
        burst(&w, 0, 3, 3, false);
        assert_near(keep(&w, 0) / keep(&w, 1), row[n].ratio, 1e-12);
    }
}

static void test_landlord_pays_rent(void **unused)
{
    struct world w;

    (void)unused;
    for (int renew = 0; renew < 2; renew++) {
        make(&w, "landlord");
        w.param[0].d = renew;
        w.gpu[0].swap_overhead_ns = s_ns;
        w.workload[0].bytes = 10000000000; /* credit 1.5 s, 0.15 ns a byte; the others 2 s, 0.1 ns a byte */
        for (uint32_t i = 0; i < 3; i++)
            burst(&w, i, i, i, true);
        evict(&w, 1, true);
        assert_near(keep(&w, 0), 0.05, 1e-12);
        assert_near(keep(&w, 2), 0, 1e-12);
        burst(&w, 0, 5, 5, false);
        assert_near(keep(&w, 0), renew ? 0.15 : 0.05, 1e-12);
    }
}

static void test_token_is_held_by_one(void **unused)
{
    struct world w;

    (void)unused;
    make(&w, "token");
    w.param[0].d = 2;
    w.workload[0].wants = w.workload[1].wants = w.workload[3].wants = true;
    w.policy->swapped_in(&w.self, 0);
    w.policy->swapped_in(&w.self, 1);
    w.policy->swapped_in(&w.self, 3);                                 /* another GPU */
    assert_int_equal(w.policy->pinned_until(&w.self, 0), 106 * s_ns); /* twice 1 s in and 2 s out */
    assert_int_equal(w.policy->pinned_until(&w.self, 1), 0);
    assert_int_equal(w.policy->pinned_until(&w.self, 3), 106 * s_ns);
    w.workload[0].turns++; /* its burst has ended, and another begun */
    assert_int_equal(w.policy->pinned_until(&w.self, 0), 0);
    w.policy->swapped_in(&w.self, 1);
    assert_int_equal(w.policy->pinned_until(&w.self, 1), 106 * s_ns);
    w.view.now_ns = 106 * s_ns;
    assert_int_equal(w.policy->pinned_until(&w.self, 1), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_always_has_an_answer),
        cmocka_unit_test(test_no_eviction_disturbs_another_gpu),
        cmocka_unit_test(test_who_leaves_by_himself_is_no_sweep),
        cmocka_unit_test(test_wsclock_clean_before_dirty),
        cmocka_unit_test(test_class_in_its_order),
        cmocka_unit_test(test_lfu_forgets),
        cmocka_unit_test(test_lruk_counts_back),
        cmocka_unit_test(test_gdsf_by_cost),
        cmocka_unit_test(test_landlord_pays_rent),
        cmocka_unit_test(test_token_is_held_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
