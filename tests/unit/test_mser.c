/* test_mser.c - the warm-up is found where it was put, and nothing is deleted where there is none. */
#include "sim/stats/mser.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/near.h"

static const int64_t SECOND = 1000000000;

static void best_by_hand(void **unused)
{
    (void)unused;
    /* 20 batches: four high ones, then +1, -1 in turn.  Deleting 4 leaves error 16 / 16^2 = 1/16; deleting 6 leaves
     * 14 / 14^2, 3 leaves far more. */
    double z[20];
    for (int i = 0; i < 20; i++)
        z[i] = i < 4 ? 50 : i % 2 ? 1 : -1;
    assert_int_equal(mser_best(z, 20), 4);
    for (int i = 0; i < 20; i++)
        z[i] = i % 2 ? 1 : -1;
    assert_int_equal(mser_best(z, 20), 0);
    for (int i = 0; i < 20; i++)
        z[i] = 3;
    assert_int_equal(mser_best(z, 20), 0);
    assert_int_equal(mser_best(z, 1), 0);
    assert_int_equal(mser_best(z, 0), 0);
}

/* The rule as it is written: for each d a mean, then the squares. */
static uint32_t brute_force(const double *z, uint32_t n)
{
    uint32_t tail = n / 10 > MSER_BATCH ? n / 10 : MSER_BATCH, best = 0;
    double least = INFINITY;
    for (uint32_t d = 0; d + tail <= n; d++) {
        double mean = 0, squares = 0;
        for (uint32_t j = d; j < n; j++)
            mean += z[j] / (n - d);
        for (uint32_t j = d; j < n; j++)
            squares += (z[j] - mean) * (z[j] - mean);
        if (squares / (n - d) / (n - d) < least) {
            least = squares / (n - d) / (n - d);
            best = d;
        }
    }
    return best;
}

/* Lengths from 1 to 400; noise alone, steps, decays and walks. */
static void best_by_brute_force(void **unused)
{
    (void)unused;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 8);
    double z[400], walk = 0;
    int later = 0;
    for (int t = 0; t < 2000; t++) {
        uint32_t n = 1 + (uint32_t)gsl_rng_uniform_int(rng, 400);
        for (uint32_t i = 0; i < n; i++) {
            double noise = gsl_ran_gaussian(rng, 1), step = i < n / 3 ? 5 : 0, decay = 10 * exp(-10.0 * i / n);
            walk = i == 0 ? 0 : walk + noise;
            z[i] = 100 + (t % 4 == 0 ? noise : t % 4 == 1 ? step + noise : t % 4 == 2 ? decay + noise : walk);
        }
        uint32_t d = brute_force(z, n);
        assert_int_equal(mser_best(z, n), d);
        later += d > 0;
    }
    gsl_rng_free(rng);
    assert_in_range(later, 1000, 2000);
}

/* The example of the tests of kim-convergence (github.com/openkim, test_mser_m.py): 0 to 9, then 1,000 values of 10 and up to
 * half more or less.  The rise is two batches of five, and all of it must go. */
static void a_rise_of_ten(void **unused)
{
    (void)unused;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 9);
    for (int t = 0; t < 100; t++) {
        struct mser m;
        const struct mser *one = &m;
        int64_t until;
        mser_init(&m);
        for (int i = 0; i < 1010; i++)
            mser_add(&m, (i + 1) * SECOND, i < 10 ? i : 9.5 + gsl_rng_uniform(rng));
        assert_int_equal(mser_truncation(&one, 1, 1010 * SECOND, &until), MSER_FOUND);
        assert_true(until >= 10 * SECOND);
    }
    gsl_rng_free(rng);
}

/* One observation a second; mean 10 + 20 exp(-t / 50), noise of deviation 1: the bias is below 0.1 after 265 s. */
static void feed(struct mser *m, gsl_rng *rng, int n, double height, double scale)
{
    mser_init(m);
    for (int i = 1; i <= n; i++)
        mser_add(m, i * SECOND, 10 + height * exp(-i / scale) + gsl_ran_gaussian(rng, 1));
}

static void exponential_transient(void **unused)
{
    (void)unused;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 5);
    for (int t = 0; t < 50; t++) {
        struct mser m;
        const struct mser *one = &m;
        int64_t until;
        feed(&m, rng, 4000, 20, 50);
        assert_int_equal(mser_truncation(&one, 1, 4000 * SECOND, &until), MSER_FOUND);
        assert_in_range(until, 120 * SECOND, 600 * SECOND);
    }
    gsl_rng_free(rng);
}

static void flat_series_lose_little(void **unused)
{
    (void)unused;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 6);
    int large = 0, extend = 0;
    for (int t = 0; t < 200; t++) {
        struct mser m;
        const struct mser *one = &m;
        int64_t until;
        feed(&m, rng, 4000, 0, 1);
        extend += mser_truncation(&one, 1, 4000 * SECOND, &until) == MSER_EXTEND;
        large += until > 400 * SECOND;
    }
    gsl_rng_free(rng);
    assert_in_range(large, 0, 40);
    assert_in_range(extend, 0, 10);
}

static void late_transient_asks_for_a_longer_run(void **unused)
{
    (void)unused;
    struct mser m;
    const struct mser *one = &m;
    int64_t until;
    mser_init(&m);
    for (int i = 1; i <= 1000; i++)
        mser_add(&m, i * SECOND, (i <= 600 ? 50 : 10) + i % 2);
    assert_int_equal(mser_truncation(&one, 1, 1000 * SECOND, &until), MSER_EXTEND);
    assert_int_equal(until, 600 * SECOND);
    mser_init(&m);
    for (int i = 1; i <= 49; i++)
        mser_add(&m, i * SECOND, 1);
    assert_int_equal(mser_truncation(&one, 1, 49 * SECOND, &until), MSER_EXTEND);
    assert_int_equal(mser_truncation(NULL, 0, 0, &until), MSER_EXTEND);
}

/* A hundred thousand observations fit; the batches are merged and the place of the step is found to within one of
 * them. */
static void long_series_in_bounded_memory(void **unused)
{
    (void)unused;
    struct mser m;
    const struct mser *one = &m;
    int64_t until;
    double sum = 0;
    mser_init(&m);
    for (int i = 1; i <= 100000; i++)
        mser_add(&m, i * SECOND, (i <= 20000 ? 50 : 10) + i % 3);
    assert_in_range(m.batches, MSER_BATCHES / 2, MSER_BATCHES);
    assert_int_equal(m.size, 40);
    for (uint32_t b = 0; b < m.batches; b++) {
        assert_int_equal(m.end_ns[b], (b + 1) * 40 * SECOND);
        sum += m.mean[b];
    }
    assert_near(sum / m.batches, 19, 0.01);
    assert_int_equal(mser_truncation(&one, 1, 100000 * SECOND, &until), MSER_FOUND);
    assert_in_range(until, 20000 * SECOND, 20040 * SECOND);
}

/* Noise that hides the transient in one replication averages out over twenty; series of unequal length share the
 * time grid. */
static void replications_are_averaged(void **unused)
{
    (void)unused;
    enum { R = 20 };
    static struct mser m[R];
    const struct mser *all[R];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 7);
    for (int r = 0; r < R; r++) {
        int n = 2000 + 100 * r;
        mser_init(&m[r]);
        for (int i = 1; i <= n; i++) {
            double t = 4000.0 * i / n;
            mser_add(&m[r], (int64_t)(t * 1e9), 10 + 4 * (t < 800) + gsl_ran_gaussian(rng, 4));
        }
        all[r] = &m[r];
    }
    int64_t until;
    assert_int_equal(mser_truncation(all, R, 4000 * SECOND, &until), MSER_FOUND);
    assert_in_range(until, 780 * SECOND, 900 * SECOND);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_by_hand),
        cmocka_unit_test(best_by_brute_force),
        cmocka_unit_test(a_rise_of_ten),
        cmocka_unit_test(exponential_transient),
        cmocka_unit_test(flat_series_lose_little),
        cmocka_unit_test(late_transient_asks_for_a_longer_run),
        cmocka_unit_test(long_series_in_bounded_memory),
        cmocka_unit_test(replications_are_averaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
