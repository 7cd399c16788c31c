/* test_victims_cost.c - the victim policies that look ahead: cost and predict by what they have seen, the oracles by what
 * will be. */
#include "tests/unit/near.h"
#include "tests/unit/victims_made.h"

enum { HORIZON, ESTIMATE, SET, MIN_RESIDENCE };
enum { EWMA, HISTOGRAM, POOLED };

static void make_cost(struct world *w, int64_t estimate, gs_ns horizon_s)
{
    make(w, "cost");
    w->param[HORIZON].i = horizon_s * s_ns;
    w->param[ESTIMATE].i = estimate;
}

/* Worth = chance x (1 s in + 2 s out) / bytes. */
static double chance(struct world *w, uint32_t workload)
{
    return keep(w, workload) * (double)(w->workload[workload].bytes + 1) / 3e9;
}

/* Two idle times of `workload`, then idle since `age_s`. */
static void idle_twice(struct world *w, uint32_t workload, double first_s, double second_s, double age_s)
{
    struct gs_workload *job = &w->workload[workload];
    double idle[] = {first_s, second_s};

    for (int n = 0; n < 2; n++) {
        job->since_ns = job->last_end_ns + (gs_ns)(idle[n] * 1e9);
        w->policy->wanted(&w->self, workload);
        job->last_end_ns = job->since_ns;
        job->turns++;
    }
    w->view.now_ns = job->last_end_ns + (gs_ns)(age_s * 1e9);
}

static void test_chance_by_estimate(void **unused)
{
    struct world w;

    (void)unused;
    /* nothing known: a heavy tail of a minute; or its mean */
    make_cost(&w, HISTOGRAM, 60);
    assert_near(chance(&w, 0), 60.0 / (60 + 1 + 60), 1e-9);
    make_cost(&w, EWMA, 60);
    assert_near(chance(&w, 0), 60.0 / (60 + 1 + 60), 1e-9);
    w.workload[0].turns = 0;
    w.policy->wanted(&w.self, 0);
    assert_near(chance(&w, 0), 1 - exp(-1), 1e-9);
    w.workload[0].turns = 1;
    /* 60 s, 10 s, 20 s: the mean moves by 0.3; who is idle for longer than it has that for his mean */
    idle_twice(&w, 0, 10, 20, 5);
    assert_near(chance(&w, 0), 1 - exp(-60.0 / 37.5), 1e-9);
    w.view.now_ns += 95 * s_ns;
    assert_near(chance(&w, 0), 1 - exp(-60.0 / 100), 1e-9);
    /* four of the group's mean when he came, his own two, and what he is idle now */
    make_cost(&w, POOLED, 60);
    idle_twice(&w, 0, 10, 20, 5);
    assert_near(chance(&w, 0), 1 - exp(-60.0 * 6 / (4 * 60 + 30 + 5)), 1e-9);
    /* on the bins' edges: 0.75 s, 3.75 s, 15.75 s, 63.75 s */
    make_cost(&w, HISTOGRAM, 15);
    idle_twice(&w, 0, 3.75, 63.75, 0.75);
    assert_near(chance(&w, 0), 1 - (1 + 4 / 3.0 * 1 + 60 / 75.75) / (2 + 4 / 3.0 * 2 + 60 / 60.75), 1e-7);
    /* another of the group knows what the group knows, one of another group nothing */
    w.workload[1].last_end_ns = w.workload[2].last_end_ns = w.workload[0].last_end_ns;
    w.workload[2].group = 7;
    w.workload[1].turns = w.workload[2].turns = 0;
    w.policy->wanted(&w.self, 1);
    w.policy->wanted(&w.self, 2);
    assert_near(chance(&w, 1), 1 - (4 / 3.0 * 1 + 60 / 75.75) / (4 / 3.0 * 2 + 60 / 60.75), 1e-7);
    assert_near(chance(&w, 2), 1 - 60.75 / 75.75, 1e-7);
    /* between the edges, 1.25 s and 5.25 s: halfway through bin 5, three quarters through bin 8, in which one ended */
    w.view.now_ns += s_ns / 2;
    w.param[HORIZON].i = 4 * s_ns;
    assert_near(chance(&w, 1), 1 - (4 / 3.0 * 1.25 + 60 / 65.25) / (4 / 3.0 * 2 + 60 / 61.25), 1e-6);
}

static void test_cost_weighs_transfers(void **unused)
{
    struct world w;

    (void)unused;
    make_cost(&w, EWMA, 60);
    w.workload[1].clean = true; /* 1 s of 3 s */
    w.workload[2].has_host_copy = true;
    w.workload[2].dirty = 0.5; /* 2 s of 3 s */
    assert_near(keep(&w, 1) / keep(&w, 0), 1 / 3.0, 1e-12);
    assert_near(keep(&w, 2) / keep(&w, 0), 2 / 3.0, 1e-12);
    w.workload[0].wants = true; /* for sure, and more so if it stands before others */
    w.workload[0].queued_ns = 100 * s_ns;
    assert_near(chance(&w, 0), 1, 1e-12);
    w.workload[0].queued_ns = 40 * s_ns;
    assert_near(chance(&w, 0), 1.5, 1e-12);
    assert_false(w.policy->adds(&w.self));
    w.param[SET].i = 1;
    assert_true(w.policy->adds(&w.self));
    assert_near(keep(&w, 0), 4.5e9, 1);
    assert_false(w.policy->pins(&w.self));
    w.param[MIN_RESIDENCE].i = 200 * s_ns;
    assert_true(w.policy->pins(&w.self));
    assert_int_equal(w.policy->pinned_until(&w.self, 2), 203 * s_ns);
}

static void test_predict_by_estimate(void **unused)
{
    static const struct {
        int64_t estimate;
        double age, expected; /* seconds from now on */
    } row[] = {
        {EWMA, 1, 9},       /* the mean of 7 s and 17 s is 10 s */
        {EWMA, 30, 20},     /* overdue */
        {POOLED, 1, 12.25}, /* (2 x 12 + 24 + 1) / 4 */
        {HISTOGRAM, 0, 7.75} /* up to the bin's edge by which half of those that were longer are over */,
        {HISTOGRAM, 8, 23.75 - 8},
        {HISTOGRAM, 30, 30}, /* longer than ever */
    };

    (void)unused;
    for (size_t n = 0; n < sizeof row / sizeof row[0]; n++) {
        struct world w;
        make(&w, "predict");
        w.param[0].i = row[n].estimate;
        idle_twice(&w, 0, 7, 17, row[n].age);
        assert_near(keep(&w, 0), -row[n].expected, 1e-6);
        w.workload[0].wants = true;
        w.workload[0].queued_ns = w.view.now_ns;
        assert_near(keep(&w, 0), 0, 0);
    }
}

static void test_oracles(void **unused)
{
    struct world w;

    (void)unused;
    make(&w, "belady"); /* 1, 3 and 5 are wanted at 1000, 3000 and 5000 s, the others never */
    assert_true(keep(&w, 0) < keep(&w, 5) && keep(&w, 5) < keep(&w, 3) && keep(&w, 3) < keep(&w, 1));
    w.workload[0].wants = w.workload[2].wants = true;
    w.workload[0].queued_ns = 90 * s_ns;
    w.workload[2].queued_ns = 80 * s_ns;
    assert_true(keep(&w, 1) < keep(&w, 0) && keep(&w, 0) < keep(&w, 2));
    make(&w, "belady_size");
    assert_true(keep(&w, 5) < keep(&w, 3));
    w.workload[3].bytes *= 2; /* 2900 x 40 GB, 4900 x 20 GB */
    assert_true(keep(&w, 3) < keep(&w, 5));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chance_by_estimate),
        cmocka_unit_test(test_cost_weighs_transfers),
        cmocka_unit_test(test_predict_by_estimate),
        cmocka_unit_test(test_oracles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
