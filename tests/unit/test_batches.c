/* test_batches.c - batch means by hand, and how often their intervals hold the truth where it is known: the responses of a
 * queue with one server (M/M/1), which depend on one another.
 *
 * Responses follow from one another by Lindley's equation, w' = max(0, w + s - gap).  With load rho and mean work 1 they
 * are exponential with mean 1 / (1 - rho); so is the first one here, so that nothing has to settle. */
#include "sim/stats/batches.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/near.h"

static const double UNIT = 1e9; /* of the series: ns */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const double *sorted, uint32_t n, double q)
{
    double rank = ceil(q * n);

    return sorted[(uint32_t)fmin(fmax(rank, 1), n) - 1];
}

static void half_width_by_hand(void **unused)
{
    (void)unused;
    /* 120 means, 0, 2, 4 in turn, of ten values each. */
    double mean[120];
    for (int i = 0; i < 120; i++)
        mean[i] = i % 3 * 2;
    struct batches_found f = batches_judge(mean, 120, 10, 0.95);
    assert_true(f.found);
    assert_int_equal(f.batches, 30);
    assert_near(f.size, 40, 0);
    /* Four in turn of 0, 2, 4 sum to 6 and the first again: (6, 8, 10) / 4, and the t of 29 degrees of freedom is
     * 2.0452296: squares 30 * (2/3) * 0.25 = 5, half width 2.0452296 sqrt(5 / 29 / 30). */
    assert_near(f.half, 2.0452296 * sqrt(5.0 / 29 / 30), 1e-6);
    /* Neighbours: products of deviations (-2, 0, 2): 0, 0, -4 in turn, 40 - 1 of them nonzero, over 120 * 8 / 3. */
    assert_near(f.correlation, -4.0 * 39 / 320, 1e-12);
}

static void sizes(void **unused)
{
    (void)unused;
    double mean[BATCHES_MEANS];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 1);
    for (uint32_t i = 0; i < BATCHES_MEANS; i++)
        mean[i] = gsl_rng_uniform(rng);
    assert_false(batches_judge(mean, 119, 100, 0.95).found);
    assert_false(batches_judge(mean, 299, 1, 0.95).found);
    for (uint32_t n = 120; n <= BATCHES_MEANS; n++) {
        struct batches_found f = batches_judge(mean, n, 5, 0.95);
        if (!f.found)
            continue;
        assert_in_range(f.batches, 20, BATCHES_MOST);
        assert_true(f.batches * f.size <= 5.0 * n);
        assert_true(f.batches * f.size > 5.0 * n * 0.85); /* little is left over */
    }
    gsl_rng_free(rng);
}

/* Merging and thinning: means stay means, of a known series; the kept values are evenly spaced. */
static void long_series_in_bounded_memory(void **unused)
{
    (void)unused;
    static struct batches b;
    batches_init(&b);
    for (uint64_t i = 0; i < 1000000; i++)
        batches_add(&b, i);
    assert_int_equal(b.count, 1000000);
    assert_in_range(b.means, BATCHES_MEANS / 2, BATCHES_MEANS);
    for (uint32_t i = 0; i < b.means; i++)
        assert_near(b.mean[i], (i + 0.5) * b.size - 0.5, 1e-6);
    assert_in_range(b.values, BATCHES_VALUES / 2, BATCHES_VALUES);
    for (uint32_t i = 0; i < b.values; i++)
        assert_int_equal(b.value[i], (uint64_t)i * b.stride);
    assert_true((uint64_t)b.values * b.stride >= 1000000);
    /* A series that only rises is no series of independent batches, however long. */
    struct batches_found f = batches_mean(&b, 0.95);
    assert_false(f.found);
    assert_true(f.correlation > 0.9);
}

static void equal_values_have_no_width(void **unused)
{
    (void)unused;
    static struct batches b;
    batches_init(&b);
    for (int i = 0; i < 5000; i++)
        batches_add(&b, 7);
    struct batches_found f = batches_mean(&b, 0.95);
    assert_true(f.found);
    assert_near(f.half, 0, 0);
    assert_near(f.correlation, 0, 0);
}

/* `n` responses of the queue. */
static void serve(gsl_rng *rng, double load, uint32_t n, struct batches *b, double *sorted)
{
    double wait = gsl_rng_uniform(rng) < 1 - load ? 0 : gsl_ran_exponential(rng, 1 / (1 - load));

    batches_init(b);
    for (uint32_t i = 0; i < n; i++) {
        double work = gsl_ran_exponential(rng, 1);
        sorted[i] = (wait + work) * UNIT;
        batches_add(b, (uint64_t)sorted[i]);
        wait = fmax(0, wait + work - gsl_ran_exponential(rng, 1 / load));
    }
    qsort(sorted, n, sizeof *sorted, compare);
}

struct held {
    int mean, p50, p95, found, found_p50, found_p95;
};

static struct held repeat(uint64_t seed, double load, uint32_t n, int times)
{
    static struct batches b;
    struct held held = {0};
    double *sorted = calloc(n, sizeof *sorted), truth = UNIT / (1 - load);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(rng, seed);
    for (int t = 0; t < times; t++) {
        serve(rng, load, n, &b, sorted);
        double sum = 0;
        for (uint32_t i = 0; i < n; i++)
            sum += sorted[i];
        struct batches_found f = batches_mean(&b, 0.95);
        if (f.found) {
            held.found++;
            held.mean += fabs(sum / n - truth) <= f.half;
        }
        f = batches_share(&b, quantile(sorted, n, 0.5), 0.5, 0.95);
        held.found_p50 += f.found;
        if (f.found)
            held.p50 += quantile(sorted, n, 0.5 - f.half) <= truth * log(2) &&
                        truth * log(2) <= quantile(sorted, n, 0.5 + f.half);
        f = batches_share(&b, quantile(sorted, n, 0.95), 0.95, 0.95);
        if (f.found) {
            held.found_p95++;
            held.p95 += quantile(sorted, n, 0.95 - f.half) <= truth * log(20) &&
                        truth * log(20) <= quantile(sorted, n, 0.95 + f.half);
        }
    }
    gsl_rng_free(rng);
    free(sorted);
    print_message("load %.1f, %5u responses, %d times: of %d intervals of the mean %d hold, p50 %d: %d, p95 %d: %d\n",
                  load, n, times, held.found, held.mean, held.found_p50, held.p50, held.found_p95, held.p95);
    return held;
}

/* `part` of `all` intervals of 95 % hold: binomial, 99.9 %, and 0.4 % more as these are approximations.  Of 2,000 that is
 * 93 to 97 %. */
static void assert_held(int part, int all)
{
    assert_near((double)part / all, 0.95, 0.004 + 3.29 * sqrt(0.95 * 0.05 / all));
}

static int tries = 100;

static void coverage(void **unused)
{
    (void)unused;
    static const struct {
        double load;
        uint32_t n;
    } row[] = {{0.3, 6000}, {0.5, 20000}, {0.7, 60000}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct held h = repeat(7 + i, row[i].load, row[i].n, tries);
        assert_true(h.found > 0.85 * tries && h.found_p50 > 0.85 * tries && h.found_p95 > 0.85 * tries);
        assert_held(h.mean, h.found);
        assert_held(h.p50, h.found_p50);
        assert_held(h.p95, h.found_p95);
    }
}

/* Where a run is too short for its load, there is hardly ever an interval. */
static void too_short(void **unused)
{
    (void)unused;
    struct held h = repeat(11, 0.9, 3000, tries);
    assert_true(h.found < tries / 10);
}

/* test_unit_batches [TRIES]: as many runs for each row of the coverage. */
int main(int argc, char **argv)
{
    if (argc > 1)
        tries = (int)strtol(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_width_by_hand),
        cmocka_unit_test(sizes),
        cmocka_unit_test(long_series_in_bounded_memory),
        cmocka_unit_test(equal_values_have_no_width),
        cmocka_unit_test(coverage),
        cmocka_unit_test(too_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
