/* test_interval.c - intervals by hand, and how often they hold the truth on random data with fixed seeds. */
#include "sim/stats/interval.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/near.h"

static void mean_by_hand(void **unused)
{
    (void)unused;
    /* Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.7764451: half width 2.7764451 sqrt(2.5 / 5) = 1.9632433. */
    static const double value[] = {1, 2, 3, 4, 5};
    struct interval i = interval_mean(value, 5, 0.95);
    assert_near(i.value, 3, 1e-12);
    assert_near(i.low, 3 - 1.9632433, 1e-6);
    assert_near(i.high, 3 + 1.9632433, 1e-6);
    assert_int_equal(i.n, 5);

    /* Two values: t(0.975, 1) = 12.7062047, s = sqrt(0.5): half width 12.7062047 * 0.5. */
    i = interval_mean(value, 2, 0.95);
    assert_near(i.high - i.value, 12.7062047 * 0.5, 1e-6);
}

static void too_few_values_have_no_interval(void **unused)
{
    (void)unused;
    static const double value[] = {7, 1};
    struct interval i = interval_mean(value, 1, 0.95);
    assert_near(i.value, 7, 0);
    assert_true(isnan(i.low) && isnan(i.high));
    assert_true(isnan(interval_mean(value, 0, 0.95).value));
    i = interval_ratio(value, value + 1, 1, 0.95);
    assert_near(i.value, 7, 0);
    assert_true(isnan(i.low));
    static const double zero[] = {0, 0};
    assert_true(isnan(interval_ratio(value, zero, 2, 0.95).value));
}

static void ratio_by_hand(void **unused)
{
    (void)unused;
    /* 12 / 6 = 2; residuals 1, -1, 0; s = 1; half width t(0.975, 2) * 1 / sqrt(3) / 2, t = 4.3026527. */
    static const double top[] = {3, 3, 6}, bottom[] = {1, 2, 3};
    struct interval i = interval_ratio(top, bottom, 3, 0.95);
    assert_near(i.value, 2, 1e-12);
    assert_near(i.high - i.value, 4.3026527 / sqrt(3) / 2, 1e-6);

    /* Equal bottoms: the mean of the quotients. */
    static const double same[] = {4, 4, 4}, quotient[] = {0.75, 0.75, 1.5};
    struct interval r = interval_ratio(top, same, 3, 0.95), m = interval_mean(quotient, 3, 0.95);
    assert_near(r.value, m.value, 1e-12);
    assert_near(r.low, m.low, 1e-12);
    assert_near(r.high, m.high, 1e-12);
}

/* 4,000 intervals of ten normal values: the number that hold the mean is binomial; 99.9 % of the time within
 * 0.95 +/- 3.29 sqrt(0.95 * 0.05 / 4000) = 0.0113.  The same for ratios, whose interval is approximate: +/- 0.02. */
static void coverage(void **unused)
{
    (void)unused;
    enum { TRIES = 4000, N = 10 };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 20);
    int held = 0, held90 = 0, held_ratio = 0;
    for (int t = 0; t < TRIES; t++) {
        double value[N], bottom[N], top[N];
        for (int i = 0; i < N; i++) {
            value[i] = 5 + gsl_ran_gaussian(rng, 2);
            bottom[i] = 100 + gsl_ran_gaussian(rng, 5);
            top[i] = 3 * bottom[i] + gsl_ran_gaussian(rng, 10);
        }
        struct interval a = interval_mean(value, N, 0.95), b = interval_mean(value, N, 0.90);
        struct interval c = interval_ratio(top, bottom, N, 0.95);
        held += a.low <= 5 && 5 <= a.high;
        held90 += b.low <= 5 && 5 <= b.high;
        held_ratio += c.low <= 3 && 3 <= c.high;
    }
    gsl_rng_free(rng);
    assert_near(held / (double)TRIES, 0.95, 0.0113);
    assert_near(held90 / (double)TRIES, 0.90, 0.0156);
    assert_near(held_ratio / (double)TRIES, 0.95, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_by_hand),
        cmocka_unit_test(too_few_values_have_no_interval),
        cmocka_unit_test(ratio_by_hand),
        cmocka_unit_test(coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
