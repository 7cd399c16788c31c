/* test_slicers_memory.c - the slicers that look at memory and swaps: who is let in, when turns get longer, how long
 * they are. */
#include "slicer_bench.h"

#include "near.h"

/* 0 asks to come in and is not on the GPU; 80 GB. */
static void load_control_lets_in_what_fits(void **unused)
{
    static const struct {
        const char *what;
        int64_t gb[BENCH_WORKLOADS];
        bool wants[BENCH_WORKLOADS], resident[BENCH_WORKLOADS];
        double waited;
        bool admitted, holds; /* holds: it is the turn of 1, whose memory is on its way */
    } row[] = {
        {"alone", {80, 40, 40, 40}, {true}, {false}, 0, true, false},
        {"beside one that waits on the GPU", {40, 40, 1, 1}, {true, true}, {false, true}, 0, true, false},
        {"beside one too large", {41, 40, 1, 1}, {true, true}, {false, true}, 0, false, false},
        {"beside one whose memory is on its way", {41, 40, 1, 1}, {true, true}, {false}, 0, false, true},
        {"idle ones do not count", {41, 40, 40, 1}, {true}, {false, true, true}, 0, true, false},
        {"nor those outside", {41, 40, 40, 1}, {true, true, true}, {false}, 0, true, false},
        {"who is in stays", {41, 40, 40, 1}, {true, true, true}, {true, true, true}, 0, true, false},
        {"patience is not over", {80, 80, 1, 1}, {true, true}, {false, true}, 599, false, false},
        {"patience is over", {80, 80, 1, 1}, {true, true}, {false, true}, 600, true, false},
    };

    (void)unused;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        struct bench b;
        bench_open(&b, "loadcontrol", NULL);
        for (uint32_t i = 0; i < BENCH_WORKLOADS; i++) {
            b.w[i].bytes = row[r].gb[i] * GB;
            b.w[i].state = row[r].resident[i] ? GS_RESIDENT : GS_HOST;
            if (row[r].wants[i])
                bench_want(&b, i);
        }
        b.w[1].holding = row[r].holds;
        b.view.now_ns = (gs_ns)(row[r].waited * 1e9);
        if (b.policy->admits(&b.self, 0) != row[r].admitted)
            fail_msg("%s", row[r].what);
    }
}

/* Windows of 60 s: a swap of `swap` seconds and a turn of the rest.  `in` may then be inside, the one that asks
 * included. */
static void load_control_by_feedback(void **unused)
{
    static const struct {
        double swap;
        uint32_t in;
    } row[] = {
        {13.8, 2}, /* 13.8 / 46.2 < 0.3 */
        {13.0, 3}, {13.9, 3}, {29.9, 3}, {30.1, 2}, {31.0, 1}, {31.0, 1}, {0.0, 2},
    };
    struct bench b;

    (void)unused;
    bench_open(&b, "loadcontrol", "mode=feedback");
    b.w[3].state = GS_HOST;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        bench_want(&b, 0);
        bench_swap(&b, 0, (gs_ns)(row[r].swap * 1e9));
        bench_grant(&b, 0);
        b.view.now_ns += 60 * SECOND - (gs_ns)(row[r].swap * 1e9);
        bench_stop(&b, 0, true);
        for (uint32_t others = 0; others < 3; others++) {
            for (uint32_t i = 0; i < 3; i++)
                b.w[i].wants = i < others;
            assert_true(b.policy->admits(&b.self, 3) == (others + 1 <= row[r].in));
        }
        for (uint32_t i = 0; i < 3; i++)
            b.w[i].wants = false;
    }
}

/* Turns of the present length, each after swaps of `swap` seconds, for three windows. */
static void antithrash_switches_at_its_indices(void **unused)
{
    static const struct {
        double swap;
        bool serial; /* afterwards */
    } row[] = {{1.9, false}, {2.0, false},  {2.1, true},  {0.5, true},
               {0.4, true},  {0.39, false}, {1.9, false}, {3, true}};
    struct bench b;

    (void)unused;
    bench_open(&b, "antithrash", "quantum=2s serial_quantum=60s");
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        gs_ns until = b.view.now_ns + 240 * SECOND;
        while (b.view.now_ns < until) {
            bench_want(&b, 0);
            bench_swap(&b, 0, (gs_ns)(row[r].swap * 1e9));
            b.view.now_ns += bench_grant(&b, 0);
            bench_stop(&b, 0, true);
        }
        assert_int_equal(b.policy->quantum(&b.self, 0), (row[r].serial ? 60 : 2) * SECOND);
    }
}

/* Swaps of 20 GB take 1.6 s in and out; alpha of them, if those on the GPU's list do not fit together. */
static void cost_turns_are_as_long_as_swaps_are_dear(void **unused)
{
    static const struct {
        const char *set;
        uint32_t ask;
        int64_t gb;
        double quantum;
    } row[] = {
        {"alpha=10", 4, 20, 1}, {"alpha=10", 4, 21, 16.8},    {"alpha=10", 3, 21, 1},  {"alpha=2", 4, 21, 3.36},
        {"min=5s", 4, 20, 5},   {"alpha=2 min=5s", 4, 21, 5}, {"alpha=10", 2, 60, 48}, {"alpha=0.5", 2, 60, 2.4},
    };

    (void)unused;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        struct bench b;
        bench_open(&b, "cost", row[r].set);
        for (uint32_t i = 0; i < row[r].ask; i++) {
            b.w[i].bytes = row[r].gb * GB;
            bench_want(&b, i);
        }
        b.gpu.attached_bytes = row[r].ask * row[r].gb * GB;
        double quantum = (double)b.policy->quantum(&b.self, 0),
               swaps = gs_swap_in_ns(&b.view, 0) + gs_swap_out_ns(&b.view, 0);
        assert_near(quantum * 1e-9, row[r].quantum, 1e-9);
        if (row[r].quantum > 10)
            assert_true(swaps / (swaps + quantum) <= 1.0 / 11 + 1e-12);
    }
}

/* Before: 1 s of GPU time in two bursts, so a mean of about a third, and 1.3 s are far above it.  Times in seconds:
 * when it asked, what its burst has had, when it came back into the queue.  0 or 1 goes first. */
static void cost_order(void **unused)
{
    static const struct {
        const char *what;
        double asked[2], had[2], queued[2];
        bool host[2];
        uint32_t first;
    } row[] = {
        {"who asked first", {100, 101}, {0, 0}, {100, 101}, {false, false}, 0},
        {"a resident before one that asked 3 s earlier", {100, 103}, {0, 0}, {100, 103}, {true, false}, 1},
        {"but not 4 s earlier", {100, 104}, {0, 0}, {100, 104}, {true, false}, 0},
        {"a quarter of what it has had", {100, 100.2}, {1.2, 0}, {103, 100.2}, {false, false}, 1},
        {"and no more", {100, 100.4}, {1.2, 0}, {103, 100.4}, {false, false}, 0},
        {"not long yet", {100, 102}, {1.3, 0}, {103, 102}, {false, false}, 0},
        {"long from then on", {100, 102}, {1.4, 0}, {103, 102}, {false, false}, 1},
        {"long ones ask anew", {100, 199}, {50, 0}, {200, 199}, {false, false}, 1},
        {"a long one against a later wish", {100, 213}, {50, 0}, {200, 213}, {false, false}, 0},
        {"put back by two minutes at most", {100, 321}, {5000, 0}, {200, 321}, {false, false}, 0},
    };

    (void)unused;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        struct bench b;
        bench_open(&b, "cost", NULL);
        b.w[3].used_ns = SECOND;
        b.w[3].turns = 2;
        b.policy->quantum(&b.self, 3);
        for (uint32_t i = 0; i < 2; i++) {
            bench_want(&b, i);
            b.w[i].since_ns = (gs_ns)(row[r].asked[i] * 1e9);
            b.w[i].queued_ns = (gs_ns)(row[r].queued[i] * 1e9);
            b.w[i].burst_ns = (gs_ns)(row[r].had[i] * 1e9);
            b.w[i].state = row[r].host[i] ? GS_HOST : GS_RESIDENT;
        }
        if (bench_next(&b) != row[r].first)
            fail_msg("%s", row[r].what);
    }
}

/* Far above is four times the mean of the bursts that have ended, or an hour: then it asked when it came back, at 9000
 * s. */
static void cost_knows_long_bursts(void **unused)
{
    static const struct {
        double ended, unfinished, had;
        uint64_t turns;
        bool is_long;
    } row[] = {
        {100, 0, 39, 9, false},   {100, 0, 41, 9, true},   {100, 5000, 41, 9, true},
        {1e6, 0, 3599, 9, false}, {1e6, 0, 3601, 9, true}, {0, 5000, 1, 0, true},
    };

    (void)unused;
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        struct bench b;
        bench_open(&b, "cost", NULL);
        bench_want(&b, 0);
        bench_want(&b, 1);
        b.w[1].used_ns = b.w[1].burst_ns = (gs_ns)(row[r].unfinished * 1e9);
        b.w[2].used_ns = (gs_ns)(row[r].ended * 1e9);
        b.w[2].turns = row[r].turns;
        b.policy->quantum(&b.self, 1);
        b.w[0].burst_ns = (gs_ns)(row[r].had * 1e9);
        b.w[0].queued_ns = 9000 * SECOND;
        assert_true((b.policy->rank(&b.self, 0) >= 9e12) == row[r].is_long);
    }
}

/* Training on the GPU is stopped at once when its burst is long, and else when it has had a turn. */
static void cost_stops_training_for_people(void **unused)
{
    struct bench b;

    (void)unused;
    bench_open(&b, "cost", "min=2s");
    b.w[2].used_ns = 10 * SECOND; /* so that 1 s is not long, and 100 s are */
    b.w[2].turns = 1;
    bench_want(&b, 0);
    assert_int_equal(bench_grant(&b, 0), 2 * SECOND);
    b.view.now_ns = SECOND;
    bench_want(&b, 1);
    assert_false(b.policy->preempts(&b.self, 0, 1));
    b.view.now_ns = 100 * SECOND;
    bench_want(&b, 1);
    assert_true(b.policy->preempts(&b.self, 0, 1));
}

static void cost_runs_two_where_swaps_count(void **unused)
{
    struct bench b;

    (void)unused;
    bench_open(&b, "cost", NULL);
    for (uint64_t bursts = 1; bursts <= 101; bursts += 50) { /* mean 3000 / (bursts + 1) s; 20 x 1.6 s are 32 s */
        b.w[0].used_ns = 3000 * SECOND;
        b.w[0].turns = bursts;
        b.policy->quantum(&b.self, 0);
        assert_int_equal(b.policy->width(&b.self), bursts == 101 ? 2 : 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_control_lets_in_what_fits),
        cmocka_unit_test(load_control_by_feedback),
        cmocka_unit_test(antithrash_switches_at_its_indices),
        cmocka_unit_test(cost_turns_are_as_long_as_swaps_are_dear),
        cmocka_unit_test(cost_order),
        cmocka_unit_test(cost_knows_long_bursts),
        cmocka_unit_test(cost_stops_training_for_people),
        cmocka_unit_test(cost_runs_two_where_swaps_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
