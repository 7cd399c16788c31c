/* test_dist.c - distributions are parsed, refused with a reason, and drawn as their closed forms say.
 *
 * Seeds are fixed.  The Kolmogorov-Smirnov bound of 2.7 / sqrt(n) fails a right sampler with probability below 1e-6 at
 * the time the seed was picked; intervals of means span 5.2 standard errors (2e-7). */
#include "sim/base/dist.h"

#include "sim/base/exact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct arena arena;
static char folder[] = "/tmp/test_dist_XXXXXX";

static struct dist must_parse(const char *text, enum dist_unit unit)
{
    struct error err = {0};
    struct dist dist = {0};
    if (dist_parse(&dist, text, unit, folder, &arena, &err) != GS_OK)
        fail_msg("'%s': %s", text, err.text);
    return dist;
}

static void write_file(const char *name, const char *text, size_t length)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    remove(path);
}

/* ---- parsing ---- */

static void constants_and_parameters_carry_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum dist_unit unit;
        enum dist_kind kind;
        double a, b, c;
    } row[] = {
        {"10s", DIST_TIME, DIST_CONSTANT, 10e9, 0, 0},
        {" 0 ", DIST_TIME, DIST_CONSTANT, 0, 0, 0},
        {"1.5GiB", DIST_SIZE, DIST_CONSTANT, 1610612736, 0, 0},
        {"-3.5", DIST_NUMBER, DIST_CONSTANT, -3.5, 0, 0},
        {"exp(30s)", DIST_TIME, DIST_EXP, 30e9, 0, 0},
        {" exp ( 512 ) ", DIST_NUMBER, DIST_EXP, 512, 0, 0},
        {"uniform(1ms, 2ms)", DIST_TIME, DIST_UNIFORM, 1e6, 2e6, 0},
        {"uniform(1ms,1ms)", DIST_TIME, DIST_UNIFORM, 1e6, 1e6, 0},
        {"lognormal(1.3m,1.2)", DIST_TIME, DIST_LOGNORMAL, 78e9, 1.2, 0},
        {"gamma(0.5, 20GiB)", DIST_SIZE, DIST_GAMMA, 0.5, 21474836480, 0},
        {"erlang(4,10s)", DIST_TIME, DIST_ERLANG, 4, 10e9, 0},
        {"hyperexp(0.9,1s,100s)", DIST_TIME, DIST_HYPEREXP, 0.9, 1e9, 100e9},
        {"hyperexp(90%,1s,100s)", DIST_TIME, DIST_HYPEREXP, 0.9, 1e9, 100e9},
        {"weibull(0.7,10s)", DIST_TIME, DIST_WEIBULL, 0.7, 10e9, 0},
        {"pareto(1s,1.5)", DIST_TIME, DIST_PARETO, 1e9, 1.5, 0},
        {"trunc(exp(10s),1s,20s)", DIST_TIME, DIST_TRUNC, 1e9, 20e9, 0},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        struct dist dist = must_parse(row[i].text, row[i].unit);
        if (dist.kind != row[i].kind || dist.a != row[i].a || dist.b != row[i].b || dist.c != row[i].c)
            fail_msg("'%s' gave kind %d (%g, %g, %g)", row[i].text, (int)dist.kind, dist.a, dist.b, dist.c);
    }
}

static void calls_nest(void **state)
{
    (void)state;
    struct dist mix = must_parse("mix(0.97:lognormal(1.3m,1.2), 3%:trunc(lognormal(6h,1.2),1h,12h))", DIST_TIME);
    assert_int_equal(mix.count, 2);
    assert_true(fabs(mix.value[0] - 0.97) < 1e-12 && mix.value[1] == 1);
    assert_int_equal(mix.part[0].kind, DIST_LOGNORMAL);
    assert_int_equal(mix.part[1].kind, DIST_TRUNC);
    assert_int_equal(mix.part[1].part->kind, DIST_LOGNORMAL);
    must_parse("mix(3:mix(1:1s,1:2s),1:exp(3s))", DIST_TIME);
}

static void refusals_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } row[] = {
        {"10", "a time needs a unit, such as '30s'"},
        {"", "a time is missing; write it like '30s'"},
        {"soon", "'soon' is not a time; write it like '30s'"},
        {"5GiB", "'GiB' is a unit of size, but a time is due; use ns, us, ms, s, m, h or d"},
        {"lognorml(1s,1)", "unknown distribution 'lognorml'; did you mean 'lognormal'?"},
        {"Exp(1s)", "unknown distribution 'Exp'; did you mean 'exp'?"},
        {"cauchy(1s)", "unknown distribution 'cauchy'; use exp, uniform, lognormal, gamma, erlang, hyperexp, weibull, "
                       "pareto, empirical, mix or trunc"},
        {"exp", "exp takes (mean)"},
        {"exp()", "exp takes (mean), not 0 parameters"},
        {"lognormal(1s)", "lognormal takes (median, sigma), not 1 parameter"},
        {"hyperexp(0.5,1s,2s,3s)", "hyperexp takes (p1, mean1, mean2), not 4 parameters"},
        {"exp(5)", "mean of exp: a time needs a unit, such as '30s'"},
        {"exp(0s)", "mean of exp must be greater than 0, not '0s'"},
        {"exp(-1s)", "mean of exp: a time must not be negative"},
        {"exp(inf)", "mean of exp: 'inf' is not a time; write it like '30s'"},
        {"uniform(2s,1s)", "a of uniform(a, b) is greater than b; swap them"},
        {"uniform(1s,,2s)", "uniform takes (a, b), not 3 parameters"},
        {"uniform(1s,)", "b of uniform: a time is missing; write it like '30s'"},
        {"lognormal(1s,-1)", "sigma of lognormal must lie between 0 and 20, not at '-1'"},
        {"lognormal(1s,1s)", "sigma of lognormal: 's' after a number that takes no unit"},
        {"gamma(0,1s)", "shape of gamma must lie between 0.001 and 1e+06, not at '0'"},
        {"gamma(nan,1s)", "shape of gamma: 'nan' is not a number; write it like '1.5'"},
        {"erlang(1.5,1s)", "k of erlang: '1.5' is not a whole number; write it like '42'"},
        {"erlang(0,1s)", "k of erlang must lie between 1 and 1e+06, not at '0'"},
        {"hyperexp(1.5,1s,2s)", "p1 of hyperexp must lie between 0 and 1, not at '1.5'"},
        {"pareto(0,2)", "xm of pareto must be greater than 0, not '0'"},
        {"exp(1s", "')' is missing at the end of 'exp(1s'"},
        {"exp(1s))", "')' follows the end of exp(mean); take it out"},
        {"exp(1s) + 2s", "'+ 2s' follows the end of exp(mean); take it out"},
        {"mix()", "mix takes (weight:DIST, weight:DIST, ...), not 0 parameters"},
        {"mix(exp(1s))", "'exp(1s)' in mix has no weight; write it like '0.5:exp(1s)'"},
        {"mix(0:exp(1s))", "weight of mix must lie above 0 and up to 1e9, not at '0'"},
        {"mix(x:exp(1s))", "weight of mix: 'x' is not a share; write it like '0.25' or '25%'"},
        {"mix(1:exp(1s),1:ex(1s))", "unknown distribution 'ex'; did you mean 'exp'?"},
        {"trunc(exp(1s),1s)", "trunc takes (DIST, lo, hi), not 2 parameters"},
        {"trunc(exp(1s),2s,1s)", "lo of trunc(DIST, lo, hi) must be less than hi"},
        {"trunc(exp(1s),1s,1s)", "lo of trunc(DIST, lo, hi) must be less than hi"},
        {"trunc(exp(1s),1,2s)", "lo of trunc: a time needs a unit, such as '30s'"},
        {"trunc(uniform(1s,2s),3s,4s)",
         "trunc(uniform(1s,2s),3s,4s) would keep 0 % of its draws; widen lo and hi until it keeps 0.5 %"},
        {"trunc(exp(1s),10s,1h)",
         "trunc(exp(1s),10s,1h) would keep 0.0045 % of its draws; widen lo and hi until it keeps 0.5 %"},
        {"trunc(5s,1s,4s)", "trunc(5s,1s,4s) would keep 0 % of its draws; widen lo and hi until it keeps 0.5 %"},
        {"empirical()", "empirical takes (FILE), not 0 parameters"},
        {"mix(1:mix(1:mix(1:mix(1:mix(1:mix(1:mix(1:mix(1:exp(1s)))))))))", "'exp(1s)' is nested more than 8 deep"},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        struct error err = {0};
        struct dist dist;
        assert_int_equal(dist_parse(&dist, row[i].text, DIST_TIME, NULL, &arena, &err), GS_BAD_INPUT);
        assert_string_equal(err.text, row[i].message);
        assert_int_equal(err.lines, 1);
    }
}

/* Every prefix and every one-character change of a valid text is either parsed or refused; nothing breaks. */
static void damaged_text_is_survived(void **state)
{
    (void)state;
    static const char text[] = "mix(0.97:lognormal(1.3m,1.2), 3%:trunc(erlang(3,6h),1h,12h), 1:empirical(x))";
    static const char inserts[] = "(),:0 \t-e9x\x80";
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        for (size_t k = 0; k < sizeof inserts; k++) {
            memcpy(copy, text, sizeof text);
            copy[i] = inserts[k]; /* the last one ends the text here */
            copy[sizeof text - 1] = '\0';
            struct error err = {0};
            struct dist dist;
            int rc = dist_parse(&dist, copy, DIST_TIME, "/nowhere", &arena, &err);
            assert_int_equal(rc, err.code);
            assert_int_equal(err.lines, rc != GS_OK);
        }
    }
}

/* ---- empirical ---- */

static void empirical_values_come_from_the_file(void **state)
{
    (void)state;
    static const char text[] = "# think times\n10s\n\n  20s   # a comment\r\n30s";
    write_file("think.txt", text, sizeof text - 1);
    struct dist dist = must_parse("empirical( think.txt )", DIST_TIME);
    assert_int_equal(dist.count, 3);
    assert_true(dist_mean(&dist) == 20e9 && dist_lowest(&dist) == 10e9 && dist_highest(&dist) == 30e9);
    struct stream s;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    int seen[3] = {0};
    enum { N = 90000 };
    for (int i = 0; i < N; i++)
        seen[(int)(dist_draw(&dist, &s) / 10e9) - 1]++;
    for (int i = 0; i < 3; i++)
        assert_true(abs(seen[i] - N / 3) < 5.2 * sqrt(N * 2.0 / 9));

    char absolute[300];
    snprintf(absolute, sizeof absolute, "empirical(%s/think.txt)", folder);
    assert_int_equal(must_parse(absolute, DIST_TIME).count, 3);
    remove_file("think.txt");
}

static void empirical_errors_name_file_and_line(void **state)
{
    (void)state;
    static char wide[400];
    memset(wide, '7', sizeof wide - 1);
    static const struct {
        const char *text;
        size_t length;
        const char *end;
    } row[] = {
        {"10s\n20\n", 7, "/bad.txt:2: a time needs a unit, such as '30s'"},
        {"10s\n\n1s 2s\n", 11, "/bad.txt:3: 's 2s' is not a unit of time; use ns, us, ms, s, m, h or d"},
        {"# nothing\n", 10, "/bad.txt' holds no values; give one a line"},
        {"", 0, "/bad.txt' holds no values; give one a line"},
        {wide, sizeof wide, "/bad.txt:1: this is no line of less than 255 characters; give one value a line"},
        {"1s\n\0s\n", 6, "/bad.txt:2: this is no line of less than 255 characters; give one value a line"},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        write_file("bad.txt", row[i].text, row[i].length);
        struct error err = {0};
        struct dist dist;
        assert_int_equal(dist_parse(&dist, "empirical(bad.txt)", DIST_TIME, folder, &arena, &err), GS_BAD_INPUT);
        size_t length = strlen(err.text), end = strlen(row[i].end);
        assert_true(length > end);
        assert_string_equal(err.text + length - end, row[i].end);
    }
    remove_file("bad.txt");

    struct error err = {0};
    struct dist dist;
    assert_int_equal(dist_parse(&dist, "empirical(absent)", DIST_TIME, "/nowhere", &arena, &err), GS_NO_INPUT);
    assert_string_equal(err.text, "cannot open '/nowhere/absent': No such file or directory");
    err = (struct error){0};
    assert_int_equal(dist_parse(&dist, "empirical(.)", DIST_TIME, folder, &arena, &err), GS_NO_INPUT);
    assert_non_null(strstr(err.text, "Is a directory"));
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    write_file("v.txt", "1s\n2s\n3s\n4s\n5s\n6s\n7s\n8s\n9s\n10s\n", 31);
    int failures = 0;
    for (uint64_t nth = 1;; nth++) {
        struct error err = {0};
        struct dist dist;
        struct arena own = {0};
        arena_fail_nth(nth);
        int rc = dist_parse(&dist, "mix(1:trunc(exp(1s),0,2s),1:empirical(v.txt))", DIST_TIME, folder, &own, &err);
        arena_fail_nth(0);
        arena_fini(&own);
        if (rc == GS_OK)
            break;
        assert_int_equal(rc, GS_SYSTEM);
        failures++;
    }
    assert_true(failures >= 5);
    remove_file("v.txt");
}

/* ---- draws ---- */

static double cdf_lognormal(double x)
{
    return gsl_cdf_lognormal_P(x, log(2), 1.2);
}

static double cdf_gamma_small(double x)
{
    return gsl_cdf_gamma_P(x, 0.3, 2 / 0.3);
}

static double cdf_gamma_large(double x)
{
    return gsl_cdf_gamma_P(x, 7.5, 2 / 7.5);
}

static double cdf_erlang_sum(double x)
{
    return gsl_cdf_gamma_P(x, 4, 0.5);
}

static double cdf_erlang_large(double x)
{
    return gsl_cdf_gamma_P(x, 40, 0.05);
}

static double cdf_hyperexp(double x)
{
    return 0.9 * gsl_cdf_exponential_P(x, 1) + 0.1 * gsl_cdf_exponential_P(x, 20);
}

static double cdf_weibull(double x)
{
    return gsl_cdf_weibull_P(x, 2, 0.7);
}

static double cdf_pareto(double x)
{
    return gsl_cdf_pareto_P(x, 2.5, 1);
}

static double cdf_exp(double x)
{
    return gsl_cdf_exponential_P(x, 3);
}

static double cdf_uniform(double x)
{
    return gsl_cdf_flat_P(x, -1, 3);
}

static double cdf_mix(double x)
{
    return 0.75 * gsl_cdf_exponential_P(x, 1) + 0.25 * gsl_cdf_flat_P(x, 2, 5);
}

static double cdf_trunc(double x)
{
    double low = cdf_lognormal(0.5), high = cdf_lognormal(8);
    return x < 0.5 ? 0 : x > 8 ? 1 : (cdf_lognormal(x) - low) / (high - low);
}

/* Where the support is known and the mean in closed form. */
static const struct law {
    const char *text;
    double (*cdf)(double x);
    double mean, variance, lowest, highest;
} laws[] = {
    {"exp(3)", cdf_exp, 3, 9, 0, (double)INFINITY},
    {"uniform(-1,3)", cdf_uniform, 1, 16.0 / 12, -1, 3},
    {"lognormal(2,1.2)", cdf_lognormal, 4.1088664212877755, 54.4, 0, (double)INFINITY},
    {"gamma(0.3,2)", cdf_gamma_small, 2, 4 / 0.3, 0, (double)INFINITY},
    {"gamma(7.5,2)", cdf_gamma_large, 2, 4 / 7.5, 0, (double)INFINITY},
    {"erlang(4,2)", cdf_erlang_sum, 2, 1, 0, (double)INFINITY},
    {"erlang(40,2)", cdf_erlang_large, 2, 0.1, 0, (double)INFINITY},
    {"hyperexp(0.9,1,20)", cdf_hyperexp, 2.9, 73.39, 0, (double)INFINITY},
    {"weibull(0.7,2)", cdf_weibull, 2.5316470121145666, 13.7, 0, (double)INFINITY},
    {"pareto(1,2.5)", cdf_pareto, 2.5 / 1.5, 2.5 / 1.5 / 1.5 / 0.5, 1, (double)INFINITY},
    {"mix(3:exp(1),1:uniform(2,5))", cdf_mix, 0.75 + 0.25 * 3.5, 2.4, 0, (double)INFINITY},
    {"trunc(lognormal(2,1.2),0.5,8)", cdf_trunc, 2.5838315828429831, 3.5, 0.5, 8},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void draws_follow_their_law(void **state)
{
    (void)state;
    enum { N = 300000 };
    double *x = test_malloc(N * sizeof x[0]);
    for (size_t k = 0; k < COUNT(laws); k++) {
        struct dist dist = must_parse(laws[k].text, DIST_NUMBER);
        struct stream s;
        stream_init(&s, 21, 0, (uint32_t)k, PURPOSE_TEST);
        double sum = 0, worst = 0;
        for (int i = 0; i < N; i++)
            sum += x[i] = dist_draw(&dist, &s);
        qsort(x, N, sizeof x[0], compare);
        assert_true(x[0] >= laws[k].lowest && x[N - 1] <= laws[k].highest);
        for (int i = 0; i < N; i++) {
            double p = laws[k].cdf(x[i]);
            worst = fmax(worst, fmax((i + 1.0) / N - p, p - (double)i / N));
        }
        if (worst * sqrt(N) >= 2.7)
            fail_msg("%s: Kolmogorov's distance is %.3g", laws[k].text, worst * sqrt(N));
        if (fabs(sum / N - dist_mean(&dist)) > 5.2 * sqrt(laws[k].variance / N))
            fail_msg("%s: mean of the draws %g, of the law %g", laws[k].text, sum / N, dist_mean(&dist));
    }
    test_free(x);
}

static void means_and_supports_are_closed_forms(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(laws); k++) {
        struct dist dist = must_parse(laws[k].text, DIST_NUMBER);
        if (fabs(dist_mean(&dist) / laws[k].mean - 1) > 1e-12)
            fail_msg("%s: mean %.14g", laws[k].text, dist_mean(&dist));
        assert_true(dist_lowest(&dist) == laws[k].lowest);
        assert_true(dist_highest(&dist) == laws[k].highest);
    }
    struct dist wild = must_parse("pareto(1s,1)", DIST_TIME);
    assert_true(isinf(dist_mean(&wild)));
    wild = must_parse("mix(1:1s,1:pareto(1s,0.5))", DIST_TIME);
    assert_true(isinf(dist_mean(&wild)));
    wild = must_parse("trunc(pareto(1s,0.5),2s,2h)", DIST_TIME);
    assert_true(fabs(dist_mean(&wild) - sqrt(2e9 * 7200e9)) < 1); /* for alpha = 1/2: the geometric mean */
}

/* dist_mass against GSL's distribution functions, and its moments against sums of masses over narrow strips. */
static void masses_are_right(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(laws); k++) {
        struct dist dist = must_parse(laws[k].text, DIST_NUMBER);
        double moment, all;
        assert_true(fabs(dist_mass(&dist, -1e300, 1e300, &moment) - 1) < 1e-12);
        for (double low = 0.01; low < 30; low *= 1.7) {
            double high = low * 3, sum = 0;
            all = dist_mass(&dist, low, high, &moment);
            if (fabs(all - (laws[k].cdf(high) - laws[k].cdf(low))) > 1e-11)
                fail_msg("%s: [%g, %g] holds %.15g", laws[k].text, low, high, all);
            enum { STRIPS = 4000 };
            for (int i = 0; i < STRIPS; i++) {
                double left = low + (high - low) * i / STRIPS, right = low + (high - low) * (i + 1) / STRIPS;
                sum += (laws[k].cdf(right) - laws[k].cdf(left)) * 0.5 * (left + right);
            }
            if (fabs(moment - sum) > 1e-6 * high)
                fail_msg("%s: the moment over [%g, %g] is %.9g, not %.9g", laws[k].text, low, high, moment, sum);
        }
    }
}

static void gamma_shapes_reach_far(void **state)
{
    (void)state;
    static const double shape[] = {0.001, 0.01, 0.3, 1, 2.5, 30, 1000, 30000};
    for (size_t i = 0; i < COUNT(shape); i++) {
        struct dist dist = {.kind = DIST_GAMMA, .a = shape[i], .b = 1};
        for (int step = -12; step <= 12; step++) {
            double x = 1 + step * 0.5 / sqrt(shape[i]), moment;
            if (x <= 0)
                continue;
            double want = gsl_cdf_gamma_P(x, shape[i], 1 / shape[i]);
            if (fabs(dist_mass(&dist, 0, x, &moment) - want) > 1e-13 + 3e-15 * shape[i])
                fail_msg("shape %g at %g: %.16g, not %.16g", shape[i], x, dist_mass(&dist, 0, x, &moment), want);
        }
    }
    /* GSL gives up here; at the mean P(a, a) = 1/2 + 1 / (3 sqrt(2 pi a)) + O(a^-3/2). */
    struct dist dist = {.kind = DIST_GAMMA, .a = 1e6, .b = 1};
    double moment;
    assert_true(fabs(dist_mass(&dist, 0, 1, &moment) - 0.5 - 1 / (3 * sqrt(2 * 3.141592653589793e6))) < 1e-8);
}

/* The harshest parameters that dist_parse lets pass. */
static void extreme_draws_are_finite_and_capped(void **state)
{
    (void)state;
    static const char *const text[] = {
        "lognormal(36500d,20)", "pareto(36500d,0.1)",  "weibull(0.05,36500d)",
        "gamma(0.001,36500d)",  "erlang(1000000,1ns)", "gamma(1000000,1d)",
        "weibull(1000,1s)",     "pareto(1s,1000000)",  "exp(36500d)",
    };
    for (size_t k = 0; k < COUNT(text); k++) {
        struct dist dist = must_parse(text[k], DIST_TIME);
        struct stream s;
        stream_init(&s, 5, 0, (uint32_t)k, PURPOSE_TEST);
        for (int i = 0; i < 100000; i++) {
            struct stream again = s;
            double x = dist_draw(&dist, &s);
            int64_t whole = dist_draw_integer(&dist, &again);
            if (!(x >= 0 && isfinite(x)) || whole < 0 || whole > INT64_C(1) << 60)
                fail_msg("%s drew %g", text[k], x);
        }
    }
}

static void a_hopeless_trunc_ends(void **state)
{
    (void)state;
    struct dist inner = {.kind = DIST_CONSTANT, .a = 5};
    struct dist above = {.kind = DIST_TRUNC, .a = 6, .b = 7, .part = &inner};
    struct dist below = {.kind = DIST_TRUNC, .a = 1, .b = 2, .part = &inner};
    struct stream s;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    assert_true(dist_draw(&above, &s) == 6);
    assert_true(dist_draw(&below, &s) == 2);
}

/* Any change here changes results of the simulator: it belongs into the change log. */
static void draws_are_pinned(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (size_t k = 0; k < COUNT(laws); k++) {
        struct dist dist = must_parse(laws[k].text, DIST_NUMBER);
        struct stream s;
        stream_init(&s, 1, 0, 0, PURPOSE_TEST);
        for (int i = 0; i < 20000; i++) {
            double x = dist_draw(&dist, &s);
            uint64_t bits;
            memcpy(&bits, &x, sizeof bits);
            sum = sum * 31 + bits;
        }
        double mean = dist_mean(&dist);
        uint64_t bits;
        memcpy(&bits, &mean, sizeof bits);
        sum = sum * 31 + bits;
    }
    if (sum != UINT64_C(0x4ce789b92a033a28))
        fail_msg("sum is 0x%llx", (unsigned long long)sum);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int drop_folder(void **state)
{
    (void)state;
    arena_fini(&arena);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_and_parameters_carry_units),
        cmocka_unit_test(calls_nest),
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(damaged_text_is_survived),
        cmocka_unit_test(empirical_values_come_from_the_file),
        cmocka_unit_test(empirical_errors_name_file_and_line),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(draws_follow_their_law),
        cmocka_unit_test(means_and_supports_are_closed_forms),
        cmocka_unit_test(masses_are_right),
        cmocka_unit_test(gamma_shapes_reach_far),
        cmocka_unit_test(extreme_draws_are_finite_and_capped),
        cmocka_unit_test(a_hopeless_trunc_ends),
        cmocka_unit_test(draws_are_pinned),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
