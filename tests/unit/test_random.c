/* test_random.c - streams are unrelated, draws follow their laws, the ziggurat tables are what they should be.
 *
 * `test_random --tables` prints sim/base/ziggurat_tables.c.  The statistical tests use fixed seeds: they pass or fail
 * for good.  Each was given a chance below 1e-6 of failing a right generator at the time its seed was picked. */
#include "sim/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tables, computed again ---- */

/* A falling curve with f(0) = 1, its inverse, and the area to the right of x. */
struct curve {
    const char *name;
    long double (*f)(long double x);
    long double (*inverse)(long double y);
    long double (*tail)(long double x);
};

static long double exponential_f(long double x)
{
    return expl(-x);
}

static long double exponential_inverse(long double y)
{
    return -logl(y);
}

static long double normal_f(long double x)
{
    return expl(-x * x / 2);
}

static long double normal_inverse(long double y)
{
    return sqrtl(-2 * logl(y));
}

static long double normal_tail(long double x)
{
    return sqrtl(acosl(-1.0L) / 2) * erfcl(x / sqrtl(2));
}

static const struct curve curves[2] = {
    {"ziggurat_exponential", exponential_f, exponential_inverse, exponential_f},
    {"ziggurat_normal", normal_f, normal_inverse, normal_tail},
};

/* Stack layers of the area that belongs to a tail beginning at r; returns how high the top one would end. */
static long double stack(const struct curve *curve, long double r, long double x[257])
{
    long double area = r * curve->f(r) + curve->tail(r);
    x[0] = area / curve->f(r);
    x[1] = r;
    for (int i = 1; i < 256; i++) {
        long double top = curve->f(x[i]) + area / x[i];
        if (top >= 1 && i < 255)
            return 2; /* reached the peak too early: r is too small */
        if (i == 255)
            return top;
        x[i + 1] = curve->inverse(top);
    }
    return 0;
}

/* Find the r with which the 255th layer ends at the peak. */
static void make_table(const struct curve *curve, struct ziggurat_layer table[256])
{
    long double low = 2, high = 12, x[257];
    for (int i = 0; i < 100; i++) {
        long double r = (low + high) / 2;
        if (stack(curve, r, x) > 1)
            low = r;
        else
            high = r;
    }
    stack(curve, high, x);
    x[256] = 0;
    for (int i = 0; i < 256; i++)
        table[i] = (struct ziggurat_layer){(double)(x[i] * 0x1p-53L), (double)x[i + 1]};
}

static int print_tables(void)
{
    puts("/* ziggurat_tables.c - the layers of both ziggurats, as data so that every machine draws the same.\n"
         " *\n"
         " * Written by `test_random --tables`, which solves for equal areas in long double; test_random compares. */\n"
         "#include \"sim/base/random.h\"");
    for (int c = 0; c < 2; c++) {
        struct ziggurat_layer table[256];
        make_table(&curves[c], table);
        printf("\nconst struct ziggurat_layer %s[256] = {\n", curves[c].name);
        for (int i = 0; i < 256; i++)
            printf("%s{%a, %a},%s", i % 2 == 0 ? "    " : " ", table[i].w, table[i].x1, i % 2 == 0 ? "" : "\n");
        puts("};");
    }
    return 0;
}

static void tables_are_equal_areas(void **state)
{
    (void)state;
    const struct ziggurat_layer *stored[2] = {ziggurat_exponential, ziggurat_normal};
    for (int c = 0; c < 2; c++) {
        struct ziggurat_layer table[256];
        make_table(&curves[c], table);
        for (int i = 0; i < 256; i++) {
            assert_true(fabs(stored[c][i].w - table[i].w) <= 0x1p-51 * table[i].w);
            assert_true(fabs(stored[c][i].x1 - table[i].x1) <= 0x1p-51 * table[i].x1);
        }
        assert_true(stored[c][255].x1 == 0);
    }
    assert_true(fabs(ziggurat_exponential[0].x1 - 7.697117470131) < 1e-11); /* as published */
    assert_true(fabs(ziggurat_normal[0].x1 - 3.654152885361) < 1e-11);
}

/* ---- streams ---- */

static int compare_bits(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* 10 x 10 x 100 x 10 neighbouring tuples. */
static void first_outputs_are_distinct(void **state)
{
    (void)state;
    enum { N = 100000 };
    uint64_t *first = test_malloc(N * sizeof first[0]);
    for (uint32_t i = 0; i < N; i++) {
        struct stream s;
        stream_init(&s, i % 10, i / 10 % 10, i / 1000, (enum purpose)(i / 100 % 10));
        first[i] = stream_bits(&s);
    }
    qsort(first, N, sizeof first[0], compare_bits);
    for (int i = 1; i < N; i++)
        assert_true(first[i] != first[i - 1]);
    test_free(first);
}

/* Changing any part of the tuple by one, or swapping two parts, gives a stream without correlation to the first, and
 * half its bits differ.  Bounds at 6 standard deviations. */
static void neighbouring_streams_are_unrelated(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        uint32_t replication, workload;
        enum purpose purpose;
    } row[] = {
        {1, 0, 0, PURPOSE_THINK},
        {2, 0, 0, PURPOSE_THINK},
        {1, 1, 0, PURPOSE_THINK},
        {1, 0, 1, PURPOSE_THINK},
        {1, 0, 0, PURPOSE_BURST},
        {0, 1, 0, PURPOSE_THINK},
        {0, 0, 0, PURPOSE_THINK},
        {0, 0, 0, PURPOSE_START},
        {UINT64_C(1) << 63, 0, 0, PURPOSE_THINK},
        {1, 0, UINT32_C(1) << 31, PURPOSE_THINK},
    };
    enum { N = 20000, ROWS = sizeof row / sizeof row[0] };
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < i; k++) {
            struct stream a, b;
            stream_init(&a, row[i].seed, row[i].replication, row[i].workload, row[i].purpose);
            stream_init(&b, row[k].seed, row[k].replication, row[k].workload, row[k].purpose);
            double product = 0;
            long differ = 0;
            for (int n = 0; n < N; n++) {
                uint64_t x = stream_bits(&a), y = stream_bits(&b);
                product += ((double)(x >> 11) * 0x1p-53 - 0.5) * ((double)(y >> 11) * 0x1p-53 - 0.5);
                differ += __builtin_popcountll(x ^ y);
            }
            assert_true(fabs(product / N) < 6.0 / 12 / sqrt(N));
            assert_true(fabs((double)differ - 32.0 * N) < 6 * 4 * sqrt(N));
        }
    }
}

/* Any change here changes every result of the simulator: it belongs into the change log. */
static void streams_are_pinned(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 1, 2, 3, PURPOSE_BURST);
    assert_true(stream_bits(&s) == UINT64_C(0x04f74e9b32135550));
    double exponential = 0, normal = 0;
    for (int i = 0; i < 100000; i++) {
        exponential += stream_exponential(&s);
        normal += stream_normal(&s);
    }
    if (exponential != 0x1.879acc141545fp+16 || normal != -0x1.6a2eae58d7b54p+7)
        fail_msg("sums are %a and %a", exponential, normal);
}

/* ---- laws ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov: sqrt(n) D exceeds 2.7 with probability 2 exp(-2 * 2.7^2) < 1e-6. */
static double kolmogorov(double *x, size_t n, double (*cdf)(double x))
{
    qsort(x, n, sizeof x[0], compare);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double p = cdf(x[i]), above = (double)(i + 1) / (double)n - p, below = p - (double)i / (double)n;
        worst = fmax(worst, fmax(above, below));
    }
    return worst * sqrt((double)n);
}

static double uniform_cdf(double x)
{
    return x;
}

static double exponential_cdf(double x)
{
    return gsl_cdf_exponential_P(x, 1);
}

static double normal_cdf(double x)
{
    return gsl_cdf_gaussian_P(x, 1);
}

static double draw_uniform(struct stream *s)
{
    return stream_uniform(s);
}

static double draw_exponential(struct stream *s)
{
    return stream_exponential(s);
}

static double draw_normal(struct stream *s)
{
    return stream_normal(s);
}

static const struct law {
    double (*draw)(struct stream *s);
    double (*cdf)(double x);
    double tail[3];
} laws[] = {
    {draw_uniform, uniform_cdf, {0.001, 0.999, 0.5}},
    {draw_exponential, exponential_cdf, {7.697, 9, 0.001}},
    {draw_normal, normal_cdf, {3.654, -3.654, 4.2}},
};
enum { LAWS = sizeof laws / sizeof laws[0] };

static void draws_follow_their_law(void **state)
{
    (void)state;
    enum { N = 1000000 };
    double *x = test_malloc(N * sizeof x[0]);
    for (size_t k = 0; k < LAWS; k++) {
        struct stream s;
        stream_init(&s, 7, 0, (uint32_t)k, PURPOSE_TEST);
        for (int i = 0; i < N; i++)
            x[i] = laws[k].draw(&s);
        assert_true(kolmogorov(x, N, laws[k].cdf) < 2.7);
    }
    test_free(x);
}

/* Kolmogorov-Smirnov hardly sees tails: count what lies beyond where they begin, bounds at 5.2 deviations. */
static void tails_have_their_weight(void **state)
{
    (void)state;
    enum { N = 20000000 };
    for (size_t k = 0; k < LAWS; k++) {
        struct stream s;
        stream_init(&s, 11, 0, (uint32_t)k, PURPOSE_TEST);
        double below[3] = {0};
        for (int i = 0; i < N; i++) {
            double x = laws[k].draw(&s);
            for (int t = 0; t < 3; t++)
                below[t] += x < laws[k].tail[t];
        }
        for (int t = 0; t < 3; t++) {
            double p = laws[k].cdf(laws[k].tail[t]);
            assert_true(fabs(below[t] - N * p) < 5.2 * sqrt(N * p * (1 - p)) + 1);
        }
    }
}

/* A draw beyond the tail's beginning may meet the tail again, r further to the right, as heavy as before.
 * Bounds at 5.2 deviations. */
static void the_tail_of_the_tail_has_its_weight(void **state)
{
    (void)state;
    enum { N = 2000000 };
    double r = ziggurat_exponential[0].x1, beyond = 0, p = exp(-r);
    struct stream s;
    stream_init(&s, 17, 0, 0, PURPOSE_TEST);
    for (int i = 0; i < N; i++)
        beyond += stream_exponential_slow(&s, 0, r) > 2 * r;
    assert_true(fabs(beyond - N * p) < 5.2 * sqrt(N * p));
}

/* Sums of lagged products of a stream with itself, bounds at 6 deviations. */
static void draws_are_independent(void **state)
{
    (void)state;
    enum { N = 500000, LAGS = 20 };
    double *x = test_malloc(N * sizeof x[0]);
    for (size_t k = 0; k < LAWS; k++) {
        struct stream s;
        stream_init(&s, 13, 0, (uint32_t)k, PURPOSE_TEST);
        double mean = 0, square = 0;
        for (int i = 0; i < N; i++)
            mean += (x[i] = laws[k].draw(&s)) / N;
        for (int i = 0; i < N; i++)
            square += (x[i] - mean) * (x[i] - mean);
        for (int lag = 1; lag <= LAGS; lag++) {
            double product = 0;
            for (int i = lag; i < N; i++)
                product += (x[i] - mean) * (x[i - lag] - mean);
            assert_true(fabs(product / square) < 6 / sqrt(N));
        }
    }
    test_free(x);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--tables") == 0)
        return print_tables();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_equal_areas),
        cmocka_unit_test(first_outputs_are_distinct),
        cmocka_unit_test(neighbouring_streams_are_unrelated),
        cmocka_unit_test(streams_are_pinned),
        cmocka_unit_test(draws_follow_their_law),
        cmocka_unit_test(tails_have_their_weight),
        cmocka_unit_test(the_tail_of_the_tail_has_its_weight),
        cmocka_unit_test(draws_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
