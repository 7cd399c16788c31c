/* test_sketch.c - quantiles against sorted arrays, the histogram's error bound, merging in any order. */
#include "sim/base/arena.h"
#include "sim/stats/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/near.h"

static uint64_t next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void known_quantiles(void **unused)
{
    (void)unused;
    static const struct {
        size_t n;
        double q;
        double expected;
    } row[] = {
        /* of the values 10, 20, ..., 10 n: the ceil(q n)-th */
        {1, 0.0, 10},       {1, 0.5, 10},        {1, 1.0, 10},       {2, 0.5, 10},     {2, 0.51, 20},
        {4, 0.25, 10},      {20, 0.95, 190},     {20, 0.951, 200},   {100, 0.99, 990}, {100, 0.07, 70},
        {1000, 0.29, 2900}, {1000, 0.999, 9990}, {1000, 1.0, 10000}, {1000, 0.0, 10},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct sketch s;
        sketch_init(&s);
        for (size_t k = row[i].n; k > 0; k--)
            assert_true(sketch_add(&s, 10 * k));
        assert_near(sketch_quantile(&s, row[i].q), row[i].expected, 0);
        assert_near(sketch_mean(&s), 5.0 * (double)(row[i].n + 1), 0);
        sketch_fini(&s);
    }
}

static void empty_is_zero(void **unused)
{
    (void)unused;
    struct sketch s;
    sketch_init(&s);
    assert_near(sketch_quantile(&s, 0.5), 0, 0);
    assert_near(sketch_share_within(&s, 5), 1, 0);
    assert_near(sketch_mean(&s), 0, 0);
    sketch_fini(&s);
}

static void share_within_counts_equal_values(void **unused)
{
    (void)unused;
    static const uint64_t value[] = {5, 1, 5, 9, 7, 5};
    static const struct {
        uint64_t limit;
        double share;
    } row[] = {
        {0, 0}, {1, 1 / 6.0}, {4, 1 / 6.0}, {5, 4 / 6.0}, {8, 5 / 6.0}, {9, 1}, {UINT64_MAX, 1},
    };
    struct sketch s;
    sketch_init(&s);
    for (size_t i = 0; i < 6; i++)
        sketch_add(&s, value[i]);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_near(sketch_share_within(&s, row[i].limit), row[i].share, 1e-15);
    sketch_fini(&s);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Values over the whole range of 64 bits: the list is exact, the histogram within 2^-(SKETCH_BITS + 1). */
static void long_streams(void **unused)
{
    (void)unused;
    static const double q[] = {0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1};
    static const size_t length[] = {300, 5000, SKETCH_EXACT, SKETCH_EXACT + 1, 300000};
    for (size_t l = 0; l < sizeof length / sizeof length[0]; l++) {
        size_t n = length[l];
        uint64_t *value = heap_resize(NULL, n * sizeof *value), state = 7;
        struct sketch s;
        sketch_init(&s);
        for (size_t i = 0; i < n; i++) {
            value[i] = next(&state) >> (next(&state) & 63);
            assert_true(sketch_add(&s, value[i]));
        }
        assert_int_equal(s.bin != NULL, n > SKETCH_EXACT);
        qsort(value, n, sizeof *value, by_value);
        for (size_t i = 0; i < sizeof q / sizeof q[0]; i++) {
            uint64_t limit = value[(size_t)ceil(q[i] * (double)n - 1e-9) - 1];
            double truth = (double)limit;
            double bound = s.bin ? truth * 0x1p-10 : 0;
            assert_near(sketch_quantile(&s, q[i]), truth, bound);
            size_t within = 0, under = 0;
            for (size_t k = 0; k < n; k++) {
                within += value[k] <= limit;
                under += (double)value[k] < truth * (1 - 0x1p-8);
            }
            double slack = s.bin ? (double)(within - under) / (double)n : 0;
            assert_near(sketch_share_within(&s, limit), (double)within / (double)n, slack + 1e-15);
        }
        sketch_fini(&s);
        heap_free(value);
    }
}

static void sum_is_exact(void **unused)
{
    (void)unused;
    struct sketch s;
    sketch_init(&s);
    sketch_add(&s, UINT64_MAX);
    sketch_add(&s, UINT64_MAX);
    sketch_add(&s, 5);
    assert_int_equal(s.sum_high, 2);
    assert_int_equal(s.sum_low, 3);
    struct sketch one;
    sketch_init(&one);
    assert_true(sketch_add(&one, UINT64_MAX) && sketch_merge(&s, &one));
    assert_int_equal(s.sum_high, 3); /* 3 (2^64 - 1) + 5 = 3 * 2^64 + 2 */
    assert_int_equal(s.sum_low, 2);
    sketch_fini(&one);
    sketch_fini(&s);
}

/* Three parts, small or large, merged in all orders give the same answers as one sketch fed with everything. */
static void merging_in_any_order(void **unused)
{
    (void)unused;
    static const size_t length[][3] = {{10, 20, 30}, {30000, 30000, 30000}, {5, SKETCH_EXACT, 1}, {100000, 0, 80000}};
    static const int order[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}};
    for (size_t l = 0; l < sizeof length / sizeof length[0]; l++) {
        struct sketch part[3], whole;
        uint64_t state = 3;
        sketch_init(&whole);
        for (int p = 0; p < 3; p++) {
            sketch_init(&part[p]);
            for (size_t i = 0; i < length[l][p]; i++) {
                uint64_t value = next(&state) >> 20;
                sketch_add(&part[p], value);
                sketch_add(&whole, value);
            }
        }
        for (size_t o = 0; o < sizeof order / sizeof order[0]; o++) {
            struct sketch sum;
            sketch_init(&sum);
            for (int p = 0; p < 3; p++)
                assert_true(sketch_merge(&sum, &part[order[o][p]]));
            assert_int_equal(sum.count, whole.count);
            assert_int_equal(sum.sum_low, whole.sum_low);
            assert_int_equal(sum.min, whole.min);
            assert_int_equal(sum.max, whole.max);
            assert_int_equal(sum.bin != NULL, whole.bin != NULL);
            for (double q = 0; q <= 1; q += 0.125)
                assert_near(sketch_quantile(&sum, q), sketch_quantile(&whole, q), 0);
            sketch_fini(&sum);
        }
        for (int p = 0; p < 3; p++)
            sketch_fini(&part[p]);
        sketch_fini(&whole);
    }
}

struct curve {
    size_t points;
    double value, share;
};

static void on_point(void *context, double value, double share)
{
    struct curve *c = context;
    assert_true(c->points == 0 || value > c->value);
    assert_true(share > c->share);
    c->points++;
    c->value = value;
    c->share = share;
}

static void cdf_rises_to_one(void **unused)
{
    (void)unused;
    static const size_t length[] = {1, 7, 1000, 200000};
    for (size_t l = 0; l < sizeof length / sizeof length[0]; l++) {
        struct sketch s;
        uint64_t state = 11;
        sketch_init(&s);
        for (size_t i = 0; i < length[l]; i++)
            sketch_add(&s, next(&state) % 5000);
        struct curve c = {0};
        sketch_cdf(&s, 200, on_point, &c);
        assert_in_range(c.points, 1, 200);
        assert_near(c.share, 1, 0);
        assert_near(c.value, (double)s.max, 0);
        sketch_fini(&s);
    }
}

/* Every allocation fails once: false comes back, what was there stays. */
static void no_memory(void **unused)
{
    (void)unused;
    for (uint64_t nth = 1; nth < 100; nth++) {
        struct sketch s;
        sketch_init(&s);
        arena_fail_nth(nth);
        uint64_t added = 0;
        while (added < SKETCH_EXACT + 10 && sketch_add(&s, added))
            added++;
        double median = sketch_quantile(&s, 0.5);
        arena_fail_nth(0);
        assert_int_equal(s.count, added);
        if (added)
            assert_near(median, ceil(0.5 * (double)added) - 1, 0.001 * (double)added);
        sketch_fini(&s);
        if (added == SKETCH_EXACT + 10)
            return;
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_quantiles),
        cmocka_unit_test(empty_is_zero),
        cmocka_unit_test(share_within_counts_equal_values),
        cmocka_unit_test(long_streams),
        cmocka_unit_test(sum_is_exact),
        cmocka_unit_test(merging_in_any_order),
        cmocka_unit_test(cdf_rises_to_one),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
