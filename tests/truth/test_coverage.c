/* test_coverage.c - how often the intervals of whole runs hold the truth: one GPU and a Poisson stream of requests, first
 * come first served (M/M/1).
 *
 * With mean work 10 s and a load of one half responses are exponential with mean 20 s, so that 95 % of them take no longer
 * than 20 ln 20 = 59.9 s, and exp(-t / 20) of them longer than t (Kleinrock, Queueing Systems 1, 1975, section 3.2).
 *
 * 100 runs a test, and TRUTH_MORE = n makes it n times as many: of 2,000 intervals of 95 %, 93 to 97 % must hold. */
#include "sim/results/report.h"
#include "tests/truth/truth.h"

#include <math.h>

enum { TRIES = 100 };

static const double mean = 20.0, target = 30.0;

static const char scenario[] = "[scenario]\nwarmup = 2000s\nduration = 22000s\n"
                               "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                               "[workload.Q]\nclass = inference\nmemory = 1GiB\nstate = gpu\n"
                               "arrival = poisson(0.05/s)\nservice = exp(10s)\n"
                               "[sla.Q]\ngroup = Q\nresponse_p95 = 30s\n";

static void build(struct report *report, const struct truth *t, size_t from, size_t count, struct arena *arena)
{
    struct report_about about = {.version = "0", .provenance = "sim"};
    struct error err = {0};

    if (report_build(report, &t->scenario, t->outcome.tally + from, count, &about, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

struct count {
    const char *what;
    int held, of;
};

static void count(struct count *c, const struct interval *is, double truth)
{
    c->of += !isnan(is->low);
    c->held += is->low <= truth && truth <= is->high;
}

/* Binomial, 99.9 %, and `short_of` besides: by how much an interval that is known to hold too seldom may. */
static void assert_held(const struct count *c, double short_of)
{
    double chance = 3.29 * sqrt(0.95 * 0.05 / c->of) + 0.004, share = (double)c->held / c->of;

    print_message("%-36s %5d of %5d, %.1f %%\n", c->what, c->held, c->of, 100 * share);
    if (!(share >= 0.95 - chance - short_of && share <= 0.95 + chance))
        fail_msg("%s: %.1f %%", c->what, 100 * share);
}

/* Ten replications of 1,000 requests. */
static void test_over_replications(void **unused)
{
    static const char *const set[] = {"scenario.replications=1000", NULL};
    struct count of_mean = {.what = "replications: mean"}, p95 = {.what = "replications: p95"},
                 goodput = {.what = "replications: goodput"};

    (void)unused;
    for (int64_t run = 0; run < truth_more(); run++) {
        struct truth t;
        truth_run_seed(&t, scenario, set, 100 + (uint64_t)run);
        for (size_t i = 0; i < TRIES; i++) {
            struct arena arena = {0};
            struct report report;
            build(&report, &t, i * 10, 10, &arena);
            count(&of_mean, &report.group[0].response[STAT_MEAN], mean);
            count(&p95, &report.group[0].response[STAT_P95], mean * log(20));
            count(&goodput, &report.sla[0].goodput_per_s, 0.05 * (1 - exp(-target / mean)));
            arena_fini(&arena);
        }
        truth_end(&t);
    }
    assert_held(&of_mean, 0);
    assert_held(&p95, 0);
    assert_held(&goodput, 0);
}

/* One run of 20,000 requests. */
static void test_batches_of_one_run(void **unused)
{
    static const char *const set[] = {"scenario.duration=402000s", "scenario.threads=1", NULL};
    struct count of_mean = {.what = "batches: mean"}, p50 = {.what = "batches: p50"}, p95 = {.what = "batches: p95"},
                 promise = {.what = "batches: p95 of the SLA"};

    (void)unused;
    for (int64_t run = 0; run < TRIES * truth_more(); run++) {
        struct arena arena = {0};
        struct report report;
        struct truth t;
        truth_run_seed(&t, scenario, set, 5000 + (uint64_t)run);
        build(&report, &t, 0, 1, &arena);
        count(&of_mean, &report.group[0].response[STAT_MEAN], mean);
        count(&p50, &report.group[0].response[STAT_P50], mean * log(2));
        count(&p95, &report.group[0].response[STAT_P95], mean * log(20));
        count(&promise, &report.sla[0].value, mean * log(20));
        if (!isnan(report.group[0].response[STAT_MEAN].low))
            assert_in_range((int)report.group[0].batches.value, 20, 30);
        arena_fini(&arena);
        truth_end(&t);
    }
    assert_true(of_mean.of > 0.85 * TRIES * (double)truth_more());
    assert_held(&of_mean, 0);
    assert_held(&p50, 0);
    assert_held(&p95, 0);
    assert_int_equal(promise.held, p95.held);
}

/* Until the mean is known to 5 %, with replications as long as those above.  Who stops where an interval is narrow stops a
 * little too often where it is narrow by chance: of 2,000 intervals 93.8 % hold. */
static void test_until_precise(void **unused)
{
    static const char *const set[] = {"scenario.precision=5%", "sla.Q.response_p95=20m", NULL};
    struct count of_mean = {.what = "until 5 % precise: mean"}, within = {.what = "until 5 % precise: within 5 %"};
    uint32_t least = UINT32_MAX, most = 0;

    (void)unused;
    for (int64_t run = 0; run < TRIES * truth_more(); run++) {
        struct arena arena = {0};
        struct report report;
        struct truth t;
        truth_run_seed(&t, scenario, set, 9000 + (uint64_t)run);
        build(&report, &t, 0, t.outcome.completed, &arena);
        const struct interval *is = &report.group[0].response[STAT_MEAN];
        assert_true(report_precision(&report).met);
        assert_true((is->high - is->value) / is->value <= 0.05 / 1.05);
        count(&of_mean, is, mean);
        within.of++;
        within.held += fabs(is->value - mean) <= 0.05 * mean;
        assert_true(t.outcome.completed % RUN_BATCH == 0);
        least = t.outcome.completed < least ? t.outcome.completed : least;
        most = t.outcome.completed > most ? t.outcome.completed : most;
        arena_fini(&arena);
        truth_end(&t);
    }
    print_message("%u to %u replications\n", least, most);
    assert_true(least < most);
    assert_held(&of_mean, 0);
    assert_true(within.held >= 0.9 * within.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_replications),
        cmocka_unit_test(test_batches_of_one_run),
        cmocka_unit_test(test_until_precise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
