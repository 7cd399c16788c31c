/* test_slicers.c - who goes next and for how long, by every slicer, on views made by hand. */
#include "slicer_bench.h"

#include "near.h"

static double rank_of(struct bench *b, uint32_t i)
{
    return b->policy->rank(&b->self, i);
}

static void each_says_when_to_use_it(void **unused)
{
    const struct gs_policy_head *policy;

    (void)unused;
    for (size_t i = 0; (policy = gs_policy_at(GS_SLOT_SLICER, i)) != NULL; i++)
        if (policy->when == NULL || strlen(policy->when) < 60)
            fail_msg("slicer '%s' does not say when to use it", policy->name);
}

/* Three that always want, of priority 3, 2 and 1: after every turn each has had its share of the time, to within
 * `bound` seconds.  drr: one long turn; lottery: four standard deviations of the number of turns, 4 sqrt(600 / 4). */
static void shares_follow_the_weights(void **unused)
{
    static const struct {
        const char *policy, *set;
        double share[3], bound;
    } row[] = {
        {"stride", "quantum=1s", {3.0 / 6, 2.0 / 6, 1.0 / 6}, 1.0},
        {"fair", "quantum=1s weight=priority", {3.0 / 6, 2.0 / 6, 1.0 / 6}, 1.0},
        {"fair", "quantum=1s", {1.0 / 3, 1.0 / 3, 1.0 / 3}, 1.0},
        {"drr", "quantum=1s weight=priority", {3.0 / 6, 2.0 / 6, 1.0 / 6}, 3.0},
        {"drr", "quantum=1s", {1.0 / 3, 1.0 / 3, 1.0 / 3}, 1.0},
        {"lottery", "quantum=1s", {3.0 / 6, 2.0 / 6, 1.0 / 6}, 49.0},
        {"rr", "quantum=1s", {1.0 / 3, 1.0 / 3, 1.0 / 3}, 1.0},
        {"las", "quantum=1s", {1.0 / 3, 1.0 / 3, 1.0 / 3}, 1.0},
    };

    (void)unused;
    for (size_t r = 0; r < 2 * sizeof row / sizeof row[0]; r++) {
        bool bursts = r % 2 == 1; /* each turn ends a burst, and the next one waits at once */
        const char *policy = row[r / 2].policy, *set = row[r / 2].set;
        struct bench b;
        bench_open(&b, policy, set);
        for (uint32_t i = 0; i < 3; i++) {
            b.w[i].priority = (uint8_t)(3 - i);
            bench_want(&b, i);
        }
        for (int turn = 0; turn < 600; turn++) {
            uint32_t who = bench_next(&b);
            b.view.now_ns += bench_grant(&b, who);
            bench_stop(&b, who, bursts);
            if (bursts)
                bench_want(&b, who);
            for (uint32_t i = 0; i < 3; i++)
                if (fabs((double)b.w[i].used_ns - row[r / 2].share[i] * (double)b.view.now_ns) >
                    row[r / 2].bound * 1e9 + 1)
                    fail_msg("%s %s: %u has had %.3f of %.3f s", policy, set, i, (double)b.w[i].used_ns * 1e-9,
                             (double)b.view.now_ns * 1e-9);
        }
    }
}

/* One has the GPU alone for a hundred seconds, in one turn or in a hundred; as the last of them ends the other wants
 * it, too.  From then on both get the same. */
static void time_alone_is_free(void **unused)
{
    static const char *const policy[] = {"fair", "stride", "drr"};

    (void)unused;
    for (size_t p = 0; p < sizeof policy / sizeof policy[0]; p++)
        for (int turns = 1; turns <= 100; turns += 99) {
            struct bench b;
            bench_open(&b, policy[p], "quantum=1s");
            bench_want(&b, 0);
            for (int turn = 0; turn < turns; turn++) {
                bench_grant(&b, 0);
                b.view.now_ns += 100 * SECOND / turns;
                if (turn + 1 == turns)
                    bench_want(&b, 1);
                bench_stop(&b, 0, false);
            }
            gs_ns before = b.w[0].used_ns;
            for (int turn = 0; turn < 20; turn++)
                bench_turn(&b, 0);
            assert_near((double)(b.w[0].used_ns - before) * 1e-9, 10.0, 1.0);
            assert_near((double)b.w[1].used_ns * 1e-9, 10.0, 1.0);
        }
}

/* charge = gpu+swap: whose turns begin with a swap of a second gets half as much GPU time, not the same. */
static void fair_can_charge_swaps(void **unused)
{
    struct bench b;

    (void)unused;
    bench_open(&b, "fair", "quantum=1s charge=gpu+swap");
    bench_want(&b, 0);
    bench_want(&b, 1);
    for (int turn = 0; turn < 300; turn++) {
        uint32_t i = bench_next(&b);
        gs_ns quantum = b.policy->quantum(&b.self, i);
        b.view.now_ns += i == 1 ? SECOND : 0;
        b.w[i].holding = b.w[i].granted = true;
        b.w[i].granted_ns = b.view.now_ns;
        b.view.now_ns += quantum;
        bench_stop(&b, i, false);
    }
    assert_near((double)b.w[0].used_ns / (double)b.w[1].used_ns, 2.0, 0.03);
}

/* Equal tickets, but 1 gives the GPU back after a fifth of each turn: it wins five times as often, to within four
 * standard deviations. */
static void lottery_compensates_who_uses_less(void **unused)
{
    struct bench b;
    int wins = 0;
    enum { TURNS = 6000 };

    (void)unused;
    bench_open(&b, "lottery", "quantum=1s");
    bench_want(&b, 0);
    bench_want(&b, 1);
    for (int turn = 0; turn < TURNS; turn++) {
        uint32_t i = bench_next(&b);
        bench_grant(&b, i);
        b.view.now_ns += i == 1 ? SECOND / 5 : SECOND;
        bench_stop(&b, i, i == 1);
        wins += i == 1;
        if (i == 1)
            bench_want(&b, 1);
    }
    assert_near((double)wins / TURNS, 5.0 / 6, 4 * sqrt(5.0 / 36 / TURNS));
}

/* Bursts of 7 s, 1 s and 0.3 s, not cut: a turn goes on until the burst in which its quantum ends is over.  The lead
 * of one over another never exceeds a turn and the longest burst. */
static void drr_keeps_the_lead_small(void **unused)
{
    static const gs_ns burst[] = {7 * SECOND, SECOND, 3 * SECOND / 10};
    struct bench b;

    (void)unused;
    bench_open(&b, "drr", "quantum=1s");
    assert_true(b.policy->at_boundary(&b.self));
    for (uint32_t i = 0; i < 3; i++)
        bench_want(&b, i);
    for (int turn = 0; turn < 2000; turn++) {
        uint32_t i = bench_next(&b);
        gs_ns quantum = bench_grant(&b, i);
        b.view.now_ns += (quantum + burst[i] - 1) / burst[i] * burst[i];
        bench_stop(&b, i, false);
        for (uint32_t j = 0; j < 3; j++)
            for (uint32_t k = 0; k < 3; k++)
                assert_true(b.w[j].used_ns - b.w[k].used_ns <= 8 * SECOND);
    }
}

/* quantum = 2 s, levels of 2, 4 and 8 s, boost every minute; 1 waits all the time. */
static void mlfq_sinks_and_lifts(void **unused)
{
    static const struct {
        double ran, level, quantum; /* it runs so long, and is then on that level, with so much left there */
    } row[] = {{1.5, 0, 0.5}, {0.5, 1, 4}, {1, 1, 3}, {3, 2, 8}, {8, 2, 8}, {50, 0, 2}};
    struct bench b;

    (void)unused;
    bench_open(&b, "mlfq", NULL);
    bench_want(&b, 0);
    bench_want(&b, 1);
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        bench_grant(&b, 0);
        b.view.now_ns += (gs_ns)(row[r].ran * 1e9);
        if (r + 1 == sizeof row / sizeof row[0]) { /* the boost comes in the middle of the turn */
            assert_near(rank_of(&b, 0), 0, 0);
            bench_stop(&b, 0, false);
            assert_near(rank_of(&b, 0), 1, 0);
            break;
        }
        bench_stop(&b, 0, false);
        assert_near(rank_of(&b, 0), row[r].level, 0);
        assert_near((double)b.policy->quantum(&b.self, 0) * 1e-9, row[r].quantum, 0);
        assert_true(b.policy->preempts(&b.self, 0, 1) == (row[r].level > 0));
        assert_false(b.policy->preempts(&b.self, 1, 0));
    }
}

/* The newcomer stops the holder when that is a quantum ahead in its burst, not before. */
static void las_stops_who_is_a_quantum_ahead(void **unused)
{
    static const struct {
        double before, now, newcomer;
        bool stops;
    } row[] = {{0, 9.9, 0, false}, {0, 10, 0, true}, {6, 4, 0, true}, {6, 4, 1, false}, {100, 0, 95, false}};

    (void)unused;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        struct bench b;
        bench_open(&b, "las", "quantum=10s");
        bench_want(&b, 0);
        bench_want(&b, 1);
        b.w[0].burst_ns = (gs_ns)(row[r].before * 1e9);
        b.w[1].burst_ns = (gs_ns)(row[r].newcomer * 1e9);
        bench_grant(&b, 0);
        b.view.now_ns += (gs_ns)(row[r].now * 1e9);
        assert_true(b.policy->preempts(&b.self, 0, 1) == row[r].stops);
    }
}

/* Bursts of 10 s, 20 s in two turns, 5 s: estimates 0 (unknown), 10, 10 + 0.3 * 10 = 13, 13 - 0.3 * 8 = 10.6. */
static void sjf_learns_from_ended_bursts(void **unused)
{
    static const struct {
        double turn[2], before;
    } row[] = {{{10, 0}, 0}, {{15, 5}, 10}, {{5, 0}, 13}, {{1, 0}, 10.6}};
    struct bench b;

    (void)unused;
    bench_open(&b, "sjf", NULL);
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        bench_want(&b, 0);
        assert_near(rank_of(&b, 0) * 1e-9, row[r].before, 1e-9);
        for (int turn = 0; turn < 2 && row[r].turn[turn] > 0; turn++) {
            bool ends = turn == 1 || row[r].turn[1] <= 0;
            bench_grant(&b, 0);
            b.view.now_ns += (gs_ns)(row[r].turn[turn] * 1e9);
            bench_stop(&b, 0, ends);
            assert_near(rank_of(&b, 0) * 1e-9, row[r].before, 1e-9);
        }
    }
}

static gs_ns left_ns(const void *self, uint32_t workload)
{
    return ((const gs_ns *)self)[workload];
}

static void srpt_stops_who_has_more_left(void **unused)
{
    static const gs_ns left[BENCH_WORKLOADS] = {8, 4, 8, 1};
    const struct gs_oracle oracle = {.left_ns = left_ns, .self = left};
    struct bench b;

    (void)unused;
    bench_open(&b, "srpt", NULL);
    b.view.oracle = &oracle;
    for (uint32_t holder = 0; holder < BENCH_WORKLOADS; holder++) {
        bench_want(&b, holder);
        for (uint32_t newcomer = 0; newcomer < BENCH_WORKLOADS; newcomer++)
            assert_true(b.policy->preempts(&b.self, holder, newcomer) == (left[newcomer] < left[holder]));
    }
    assert_int_equal(bench_next(&b), 3);
}

/* 0 is on the GPU and asked `later` seconds after 1, which is not. */
static void affinity_waits_for_the_slack(void **unused)
{
    struct bench b;

    (void)unused;
    for (gs_ns later = 0; later <= 60; later += 10) {
        bench_open(&b, "affinity", "slack=30s");
        b.w[1].state = GS_HOST;
        bench_want(&b, 1);
        b.view.now_ns = later * SECOND;
        bench_want(&b, 0);
        assert_int_equal(bench_next(&b), later <= 30 ? later == 30 ? 1 : 0 : 1);
    }
}

/* Memory x GPU time: 20 GB for 3 s against 40 GB for 1 s; a newcomer sets all back. */
static void salus_weighs_memory_and_time(void **unused)
{
    struct bench b;

    (void)unused;
    bench_open(&b, "salus", NULL);
    b.w[1].bytes = 40 * GB;
    bench_want(&b, 0);
    bench_want(&b, 1);
    assert_int_equal(bench_turn(&b, 3 * SECOND), 0);
    assert_int_equal(bench_turn(&b, SECOND), 1);
    assert_near(rank_of(&b, 0), 60e9, 1);
    assert_near(rank_of(&b, 1), 40e9, 1);
    assert_true(b.policy->at_boundary(&b.self));
    bench_want(&b, 2);
    assert_near(rank_of(&b, 0) + rank_of(&b, 1) + rank_of(&b, 2), 0, 0);
}

/* 20 GB are 0.8 s each way.  Where all fit together there is nothing to hold the GPU for. */
static void priority_holds_for_the_swaps(void **unused)
{
    struct bench b;

    (void)unused;
    bench_open(&b, "priority", "hold=1.5");
    assert_int_equal(b.policy->linger(&b.self, 0), 0);
    b.gpu.attached_bytes++;
    assert_near((double)b.policy->linger(&b.self, 0) * 1e-9, 2.4, 1e-9);
    bench_open(&b, "priority", NULL);
    b.gpu.attached_bytes++;
    assert_int_equal(b.policy->linger(&b.self, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_says_when_to_use_it),
        cmocka_unit_test(shares_follow_the_weights),
        cmocka_unit_test(time_alone_is_free),
        cmocka_unit_test(fair_can_charge_swaps),
        cmocka_unit_test(lottery_compensates_who_uses_less),
        cmocka_unit_test(drr_keeps_the_lead_small),
        cmocka_unit_test(mlfq_sinks_and_lifts),
        cmocka_unit_test(las_stops_who_is_a_quantum_ahead),
        cmocka_unit_test(sjf_learns_from_ended_bursts),
        cmocka_unit_test(srpt_stops_who_has_more_left),
        cmocka_unit_test(affinity_waits_for_the_slack),
        cmocka_unit_test(salus_weighs_memory_and_time),
        cmocka_unit_test(priority_holds_for_the_swaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
