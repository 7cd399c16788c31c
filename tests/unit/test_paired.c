/* test_paired.c - paired differences and Holm's adjustment by hand, and how often they err on random data. */
#include "sim/stats/interval.h"
#include "sim/stats/paired.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/near.h"

enum { MOST = 16 };

/* Student's own example, hours of sleep gained with two drugs (Biometrika 6(1), 1908): mean difference 1.58, squared
 * deviations 13.616, t = 1.58 / sqrt(13.616 / 9 / 10) = 4.0621, p = 0.002833; variances 3.2006 and 4.0090. */
static void students_example(void **unused)
{
    static const double first[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    static const double second[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    double difference[MOST];
    struct paired pair = paired_compare(first, second, 10, difference);
    struct interval interval = interval_mean(difference, pair.n, 0.95);

    (void)unused;
    assert_int_equal(pair.state, PAIRED_VARIES);
    assert_int_equal(pair.n, 10);
    assert_near(pair.mean, 1.58, 1e-12);
    assert_near(pair.first, 0.75, 1e-12);
    assert_near(pair.p, 0.002833, 5e-7);
    assert_near(pair.variance_ratio, (3.2005556 + 4.0090) / (13.616 / 9), 1e-5);
    assert_near(interval.low, 0.7001142, 1e-6);
    assert_near(interval.high, 2.4598858, 1e-6);
}

/* Two differences, 1 and 3: t = 2 with one degree of freedom, whose distribution is Cauchy's: p = 1 - 2 atan(2) / pi. */
static void two_pairs(void **unused)
{
    static const double first[] = {10, 20}, second[] = {11, 23};
    double difference[MOST];
    struct paired pair = paired_compare(first, second, 2, difference);

    (void)unused;
    assert_near(pair.p, 1 - 2 * atan(2) / acos(-1), 1e-9);
    assert_near(paired_compare(second, first, 2, difference).mean, -2, 1e-12);
}

/* Where t does not apply. */
static void odd_cases(void **unused)
{
    static const struct {
        size_t n;
        double first[4], second[4];
        enum paired_state state;
        size_t pairs;
        bool steady;
        double mean, p;
    } row[] = {
        {0, {0}, {0}, PAIRED_NONE, 0, false, NAN, NAN},
        {2, {NAN, 1}, {1, NAN}, PAIRED_NONE, 0, false, NAN, NAN},
        {1, {3}, {5}, PAIRED_ONE, 1, true, 2, NAN},
        {3, {NAN, 3, 4}, {1, 5, NAN}, PAIRED_ONE, 1, true, 2, NAN},
        {3, {1, 2, 3}, {1, 2, 3}, PAIRED_IDENTICAL, 3, false, 0, 1},
        {3, {2, 2, 2}, {2, 2, 2}, PAIRED_IDENTICAL, 3, true, 0, 1},
        {3, {0, 0, 0}, {0, 0, 0}, PAIRED_IDENTICAL, 3, true, 0, 1},
        {4, {1, 2, 3, 4}, {3, 4, 5, 6}, PAIRED_CONSTANT, 4, false, 2, 0.125}, /* all four up: 2 / 2^4 */
        {3, {0.1, 0.1, 0.1}, {0.3, 0.3, 0.3}, PAIRED_CONSTANT, 3, true, 0.2, 0.25},
        {3, {0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}, PAIRED_CONSTANT, 3, false, 0.3, 0.25}, /* but for rounding */
        {2, {1, 1}, {1, 2}, PAIRED_VARIES, 2, false, 0.5, 0.5},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double difference[MOST];
        struct paired pair = paired_compare(row[i].first, row[i].second, row[i].n, difference);
        print_message("row %zu\n", i);
        assert_int_equal(pair.state, row[i].state);
        assert_int_equal(pair.n, row[i].pairs);
        assert_int_equal(pair.steady, row[i].steady);
        assert_true(isnan(row[i].mean) ? isnan(pair.mean) : fabs(pair.mean - row[i].mean) < 1e-12);
        assert_true(isnan(row[i].p) ? isnan(pair.p) : fabs(pair.p - row[i].p) < 1e-12);
        assert_true(isnan(pair.variance_ratio) == (pair.state != PAIRED_VARIES));
    }
}

/* Sorted 0.005 0.01 0.03 0.04, times 4 3 2 1: 0.02 0.03 0.06, and not less than that.  Held against 5 % over 4, 3, 2; at
 * 0.03 > 0.025 it ends.  A NAN is none of the family. */
static void holm_by_hand(void **unused)
{
    static const double p[] = {0.01, 0.04, NAN, 0.03, 0.005}, due[] = {0.03, 0.06, NAN, 0.06, 0.02};
    static const double due_level[] = {0.05 / 3, 0.025, NAN, 0.025, 0.0125};
    double adjusted[5], level[5];

    (void)unused;
    assert_int_equal(paired_holm(p, 5, 0.05, adjusted, level), 4);
    for (int i = 0; i < 5; i++) {
        assert_true(isnan(due[i]) ? isnan(adjusted[i]) && isnan(level[i]) : fabs(adjusted[i] - due[i]) < 1e-12);
        assert_true(isnan(due[i]) || fabs(level[i] - due_level[i]) < 1e-12);
    }
    static const double large[] = {0.9, 0.6, 0.6};
    assert_int_equal(paired_holm(large, 3, 0.05, adjusted, level), 3);
    for (int i = 0; i < 3; i++)
        assert_near(adjusted[i], 1, 1e-12);
    assert_int_equal(paired_holm(p + 2, 1, 0.05, adjusted, level), 0);
}

/* Differences of normal values that share 90 % of their variance: the interval holds the truth in 95 % of all cases
 * (binomial, 99.9 %: +/- 0.0113), the null is rejected in 5 %, and pairing divides the variance by 1 / (1 - 0.9) = 10. */
static void coverage(void **unused)
{
    enum { TRIES = 4000, N = 10 };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int held = 0, rejected = 0;

    (void)unused;
    gsl_rng_set(rng, 31);
    for (int t = 0; t < TRIES; t++) {
        double first[N], second[N], null[N], difference[N];
        for (int i = 0; i < N; i++) {
            double common = gsl_ran_gaussian(rng, sqrt(0.9));
            first[i] = 20 + common + gsl_ran_gaussian(rng, sqrt(0.1));
            null[i] = 20 + common + gsl_ran_gaussian(rng, sqrt(0.1));
            second[i] = null[i] + 0.7;
        }
        struct paired pair = paired_compare(first, second, N, difference);
        struct interval interval = interval_mean(difference, pair.n, 0.95);
        held += interval.low <= 0.7 && 0.7 <= interval.high;
        rejected += paired_compare(first, null, N, difference).p <= 0.05;
    }
    assert_near(held / (double)TRIES, 0.95, 0.0113);
    assert_near(rejected / (double)TRIES, 0.05, 0.0113);

    double first[TRIES], second[TRIES], difference[TRIES];
    for (int i = 0; i < TRIES; i++) {
        double common = gsl_ran_gaussian(rng, sqrt(0.9));
        first[i] = common + gsl_ran_gaussian(rng, sqrt(0.1));
        second[i] = common + gsl_ran_gaussian(rng, sqrt(0.1));
    }
    assert_near(paired_compare(first, second, TRIES, difference).variance_ratio, 10, 1);
    gsl_rng_free(rng);
}

/* Five that equal the baseline and share it: somebody is rejected in no more than 5 % of all cases, without adjustment in
 * many more.  And an interval leaves out 0 exactly where its p is rejected, also with true differences among them. */
static void holm_on_random_data(void **unused)
{
    enum { TRIES = 2000, N = 8, OTHERS = 5 };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int any = 0, any_plain = 0, apart = 0;

    (void)unused;
    gsl_rng_set(rng, 32);
    for (int t = 0; t < 2 * TRIES; t++) {
        double first[N], second[N], difference[OTHERS][N], p[OTHERS], adjusted[OTHERS], level[OTHERS];
        bool rejected = false, rejected_plain = false;
        for (int i = 0; i < N; i++)
            first[i] = gsl_ran_gaussian(rng, 1);
        for (int k = 0; k < OTHERS; k++) {
            for (int i = 0; i < N; i++)
                second[i] = gsl_ran_gaussian(rng, 1) + (t < TRIES ? 0 : 0.6 * k);
            p[k] = paired_compare(first, second, N, difference[k]).p;
        }
        paired_holm(p, OTHERS, 0.05, adjusted, level);
        for (int k = 0; k < OTHERS; k++) {
            struct interval interval = interval_mean(difference[k], N, 1 - level[k]);
            apart += (interval.low > 0 || interval.high < 0) != (adjusted[k] <= 0.05);
            rejected |= adjusted[k] <= 0.05;
            rejected_plain |= p[k] <= 0.05;
        }
        any += t < TRIES && rejected;
        any_plain += t < TRIES && rejected_plain;
    }
    gsl_rng_free(rng);
    assert_int_equal(apart, 0);
    assert_in_range(any, TRIES / 40, TRIES / 20 + 32); /* 99.9 %: 3.29 sqrt(2000 0.05 0.95) = 32 */
    assert_true(any_plain > TRIES / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_example), cmocka_unit_test(two_pairs), cmocka_unit_test(odd_cases),
        cmocka_unit_test(holm_by_hand),     cmocka_unit_test(coverage),  cmocka_unit_test(holm_on_random_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
