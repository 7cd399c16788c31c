/* test_fit.c - laws against GSL's densities, likelihoods against sums of them, estimates against closed forms, KS
 * against counting.  Seeds are fixed. */
#include "sim/stats/fit.h"
#include "sim/stats/law.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/near.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct arena arena;

static struct dist parse(const char *text)
{
    struct error err = {0};
    struct dist dist;
    if (dist_parse(&dist, text, DIST_NUMBER, NULL, &arena, &err))
        fail_msg("'%s': %s", text, err.text);
    return dist;
}

/* --- densities and probabilities, from GSL ------------------------------------------------------------------- */

static double exp_pdf(double x)
{
    return gsl_ran_exponential_pdf(x, 3);
}
static double exp_cdf(double x)
{
    return gsl_cdf_exponential_P(x, 3);
}
static double uniform_pdf(double x)
{
    return gsl_ran_flat_pdf(x, 1, 4);
}
static double uniform_cdf(double x)
{
    return gsl_cdf_flat_P(x, 1, 4);
}
static double lognormal_pdf(double x)
{
    return gsl_ran_lognormal_pdf(x, log(2), 1.5);
}
static double lognormal_cdf(double x)
{
    return gsl_cdf_lognormal_P(x, log(2), 1.5);
}
static double gamma_pdf(double x)
{
    return gsl_ran_gamma_pdf(x, 0.4, 5 / 0.4);
}
static double gamma_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 0.4, 5 / 0.4);
}
static double weibull_pdf(double x)
{
    return gsl_ran_weibull_pdf(x, 4, 0.7);
}
static double weibull_cdf(double x)
{
    return gsl_cdf_weibull_P(x, 4, 0.7);
}
static double pareto_pdf(double x)
{
    return gsl_ran_pareto_pdf(x, 1.5, 0.5);
}
static double pareto_cdf(double x)
{
    return x < 0.5 ? 0 : gsl_cdf_pareto_P(x, 1.5, 0.5);
}
static double hyperexp_pdf(double x)
{
    return 0.7 * gsl_ran_exponential_pdf(x, 1) + 0.3 * gsl_ran_exponential_pdf(x, 9);
}
static double hyperexp_cdf(double x)
{
    return 0.7 * gsl_cdf_exponential_P(x, 1) + 0.3 * gsl_cdf_exponential_P(x, 9);
}
static double trunc_pdf(double x)
{
    double kept = lognormal_cdf(6) - lognormal_cdf(0.5);
    return x < 0.5 || x > 6 ? 0 : lognormal_pdf(x) / kept;
}
static double trunc_cdf(double x)
{
    double kept = lognormal_cdf(6) - lognormal_cdf(0.5);
    return x < 0.5 ? 0 : x > 6 ? 1 : (lognormal_cdf(x) - lognormal_cdf(0.5)) / kept;
}
static double mix_pdf(double x)
{
    return 0.25 * trunc_pdf(x) + 0.75 * pareto_pdf(x);
}
static double mix_cdf(double x)
{
    return 0.25 * trunc_cdf(x) + 0.75 * pareto_cdf(x);
}

static const struct {
    const char *text;
    double (*pdf)(double x), (*cdf)(double x);
} laws[] = {
    {"exp(3)", exp_pdf, exp_cdf},
    {"uniform(1,4)", uniform_pdf, uniform_cdf},
    {"lognormal(2,1.5)", lognormal_pdf, lognormal_cdf},
    {"gamma(0.4,5)", gamma_pdf, gamma_cdf},
    {"weibull(0.7,4)", weibull_pdf, weibull_cdf},
    {"pareto(0.5,1.5)", pareto_pdf, pareto_cdf},
    {"hyperexp(0.7,1,9)", hyperexp_pdf, hyperexp_cdf},
    {"trunc(lognormal(2,1.5),0.5,6)", trunc_pdf, trunc_cdf},
    {"mix(0.25:trunc(lognormal(2,1.5),0.5,6), 0.75:pareto(0.5,1.5))", mix_pdf, mix_cdf},
};

static void densities_and_probabilities_are_those_of_gsl(void **state)
{
    (void)state;
    static const double at[] = {0.01, 0.3, 0.51, 0.9, 1.7, 2, 3.3, 5.9, 7, 40};
    for (size_t i = 0; i < COUNT(laws); i++) {
        struct dist law = parse(laws[i].text);
        for (size_t k = 0; k < COUNT(at); k++) {
            assert_near(exp(law_log_density(&law, at[k])), laws[i].pdf(at[k]), 1e-12);
            assert_near(law_mass(&law, 0, at[k]), laws[i].cdf(at[k]), 1e-13);
            assert_near(law_mass(&law, 0.5, at[k]), at[k] < 0.5 ? 0 : laws[i].cdf(at[k]) - laws[i].cdf(0.5), 1e-13);
        }
        for (double p = 0.05; p < 1; p += 0.15)
            assert_near(laws[i].cdf(law_quantile(&law, p)), p, 1e-9);
    }
}

static void small_probabilities_keep_their_digits(void **state)
{
    (void)state;
    struct dist law = parse("exp(1)"), normal = parse("lognormal(1,1)");
    assert_near(law_mass(&law, 50, 51) / (exp(-50) - exp(-51)), 1, 1e-12);
    assert_near(law_mass(&normal, exp(9), (double)INFINITY) / gsl_cdf_ugaussian_Q(9), 1, 1e-12);
    assert_near(law_mass(&normal, 0, exp(-9)) / gsl_cdf_ugaussian_Q(9), 1, 1e-12);
}

static void laws_are_written_with_four_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
        enum dist_unit unit;
    } row[] = {
        {"lognormal(78.123456s,1.23456)", "lognormal(78.12s,1.235)", DIST_TIME},
        {"exp(90m)", "exp(1.5h)", DIST_TIME},
        {"exp(599.96s)", "exp(600s)", DIST_TIME},
        {"exp(1234us)", "exp(1.234ms)", DIST_TIME},
        {"pareto(12.3456s,1.5)", "pareto(12.34s,1.5)", DIST_TIME},
        {"trunc(exp(1s),1.00009s,9.00001s)", "trunc(exp(1s),1s,9.001s)", DIST_TIME},
        {"trunc(exp(1s),0s,9s)", "trunc(exp(1s),0s,9s)", DIST_TIME},
        {"uniform(1000MiB,1.5GiB)", "uniform(1000MiB,1.5GiB)", DIST_SIZE},
        {"mix(1:2GiB, 3:exp(1GiB))", "mix(0.25:2GiB, 0.75:exp(1GiB))", DIST_SIZE},
        {"hyperexp(0.123456,100,123456)", "hyperexp(0.1235,100,123500)", DIST_NUMBER},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        struct error err = {0};
        struct dist law;
        assert_int_equal(dist_parse(&law, row[i].text, row[i].unit, NULL, &arena, &err), GS_OK);
        assert_string_equal(law_write(&law, row[i].unit, &arena), row[i].written);
    }
}

/* --- fits ---------------------------------------------------------------------------------------------------- */

/* n draws of `text`, multiplied by 1000 and rounded to multiples of `grain`. */
static double *draw(const char *text, size_t n, double grain)
{
    struct dist law = parse(text);
    struct stream stream;
    double *value = arena_array(&arena, n, sizeof *value);
    stream_init(&stream, 11, 0, 0, PURPOSE_TEST);
    for (size_t i = 0; i < n; i++)
        value[i] = floor(dist_draw(&law, &stream) * 1000 / grain + 0.5) * grain;
    return value;
}

static struct fit must_fit(double *value, size_t n, double grain)
{
    struct error err = {0};
    struct fit fit;
    if (fit_sample(&fit, value, n, DIST_NUMBER, grain, FIT_ANY, &arena, &err))
        fail_msg("%s", err.text);
    return fit;
}

static const struct fit_candidate *candidate(const struct fit *fit, const char *prefix)
{
    for (int i = 0; i < fit->candidates; i++)
        if (!strncmp(fit->candidate[i].text, prefix, strlen(prefix)))
            return &fit->candidate[i];
    fail_msg("no candidate '%s'", prefix);
    return NULL;
}

static void estimates_are_the_closed_forms(void **state)
{
    (void)state;
    enum { N = 60 }; /* few enough that every value is a cell of its own */
    double *value = draw("lognormal(2,1.5)", N, 1e-6), sum = 0, log_sum = 0, square = 0, pareto = 0;
    struct fit fit = must_fit(value, N, 1e-6);
    for (size_t i = 0; i < N; i++) {
        sum += value[i] / N;
        log_sum += log(value[i]) / N;
        square += log(value[i]) * log(value[i]) / N;
    }
    struct dist law = parse(candidate(&fit, "exp")->text);
    assert_near(law.a / sum, 1, 6e-4);
    law = parse(candidate(&fit, "lognormal")->text);
    assert_near(log(law.a), log_sum, 6e-4);
    assert_near(law.b, sqrt(square - log_sum * log_sum), 6e-4 * law.b);
    law = parse(candidate(&fit, "pareto")->text);
    for (size_t i = 0; i < N; i++)
        pareto += log(value[i] / law.a) / N;
    assert_near(law.b * pareto, 1, 6e-4);
    assert_near(law.a / value[0], 1, 1e-3);
    assert_true(law.a <= value[0]);
}

/* ln of the density of a candidate, by GSL. */
static double gsl_density(const struct dist *law, double x)
{
    switch (law->kind) {
    case DIST_EXP:
        return gsl_ran_exponential_pdf(x, law->a);
    case DIST_UNIFORM:
        return gsl_ran_flat_pdf(x, law->a, law->b);
    case DIST_LOGNORMAL:
        return gsl_ran_lognormal_pdf(x, log(law->a), law->b);
    case DIST_GAMMA:
        return gsl_ran_gamma_pdf(x, law->a, law->b / law->a);
    case DIST_WEIBULL:
        return gsl_ran_weibull_pdf(x, law->b, law->a);
    case DIST_PARETO:
        return x < law->a ? 0 : gsl_ran_pareto_pdf(x, law->b, law->a);
    case DIST_HYPEREXP:
        return law->a * gsl_ran_exponential_pdf(x, law->b) + (1 - law->a) * gsl_ran_exponential_pdf(x, law->c);
    case DIST_MIX:
        return law->value[0] * gsl_density(&law->part[0], x) + (1 - law->value[0]) * gsl_density(&law->part[1], x);
    case DIST_TRUNC: /* its norm by dist.h's own probabilities, which were made without GSL */
        return x < law->a || x > law->b
                   ? 0
                   : gsl_density(law->part, x) / dist_mass(law->part, law->a, law->b, &(double){0});
    default:
        fail_msg("a law that is not fitted");
        return 0;
    }
}

static void likelihood_and_bic_are_sums_of_densities(void **state)
{
    (void)state;
    enum { N = 60 };
    double *value = draw("uniform(1,4)", N, 1e-6);
    struct fit fit = must_fit(value, N, 1e-6);
    assert_true(fit.candidates >= 12);
    for (int i = 0; i < fit.candidates; i++) {
        struct dist law = parse(fit.candidate[i].text);
        double due = 0;
        for (size_t k = 0; k < N; k++)
            due += log(gsl_density(&law, value[k]));
        assert_near(fit.candidate[i].likelihood, due, 1e-8 * N);
        assert_near(fit.candidate[i].bic, fit.candidate[i].parameters * log(N) - 2 * due, 1e-7 * N);
        assert_true(i == 0 || fit.candidate[i].bic >= fit.candidate[i - 1].bic);
    }
}

static void cells_cost_next_to_nothing(void **state)
{
    (void)state;
    enum { N = 50000 };
    double *value = draw("lognormal(2,1.5)", N, 1e-6), due = 0;
    struct fit fit = must_fit(value, N, 1e-6);
    const struct fit_candidate *c = candidate(&fit, "lognormal");
    struct dist law = parse(c->text);
    for (size_t k = 0; k < N; k++)
        due += log(gsl_density(&law, value[k]));
    assert_near(c->likelihood, due, 0.001 * fabs(due));
    assert_near(law.b, 1.5, 3 * 1.5 / sqrt(2.0 * N));
    assert_near(log(law.a / 2000), 0, 3 * 1.5 / sqrt(N));
}

static void ks_is_the_greatest_distance(void **state)
{
    (void)state;
    enum { N = 400 };
    double *value = draw("gamma(0.4,5)", N, 1e-6), most = 0;
    struct fit fit = must_fit(value, N, 1e-6);
    for (size_t i = 0; i < N; i++) { /* just below and at each value, counted anew */
        double below = 0, up_to = 0, p = dist_mass(&fit.law, 0, value[i], &(double){0});
        for (size_t k = 0; k < N; k++) {
            below += value[k] < value[i];
            up_to += value[k] <= value[i];
        }
        most = fmax(most, fmax(fabs(p - below / N), fabs(p - up_to / N)));
    }
    assert_near(fit.ks, most, 1e-6);
    for (int i = 0; i < FIT_TAILS; i++) {
        assert_near(fit.sample[i], value[(size_t)ceil(fit_tail[i] * N) - 1], 0);
        assert_near(dist_mass(&fit.law, 0, fit.model[i], &(double){0}), fit_tail[i], 1e-6);
        assert_near(fit.off[i], fit.model[i] / fit.sample[i] - 1, 1e-12);
    }
}

static void whole_units_are_intervals(void **state)
{
    (void)state;
    enum { N = 5000 };
    double *value = draw("lognormal(2.5,0.9)", N, 1000); /* to 1, of a median of 2.5 */
    struct fit fit = must_fit(value, N, 1);
    struct dist law = parse(candidate(&fit, "lognormal")->text);
    assert_near(fit.resolution, 1000, 0);
    assert_int_equal(fit.law.kind, DIST_LOGNORMAL);
    assert_near(log(law.a / 2500), 0, 4 * 0.9 / sqrt(N));
    assert_near(law.b, 0.9, 4 * 0.9 / sqrt(2.0 * N));
    assert_true(fit.ks < 1.63 / sqrt(N));
}

/* Of an alpha near 1 the mean rests on what nobody saw; the sample's own is nearer to what was recorded. */
static void a_tail_that_rules_the_mean_is_cut(void **state)
{
    (void)state;
    enum { N = 3000 };
    double *value = draw("mix(0.9:trunc(lognormal(2,0.7),0,10), 0.1:pareto(10,1.02))", N, 1e-6);
    struct fit fit = must_fit(value, N, 1e-6);
    assert_int_equal(fit.law.part[1].kind, DIST_TRUNC);
    assert_near(fit.model_mean / fit.sample_mean, 1, 0.2);
    assert_true(fit.candidate[0].bic > fit.candidate[1].bic && fit.candidate[0].bic < fit.candidate[1].bic + 10);
    assert_int_equal(parse(fit.candidate[1].text).part[1].kind, DIST_PARETO);
}

static void few_values_are_repeated(void **state)
{
    (void)state;
    double one[] = {5, 5, 5, 5, 5, 5, 5, 5, 5}, few[] = {3, 1, 2}, sizes[20];
    for (size_t i = 0; i < 20; i++)
        sizes[i] = i % 4 ? 16 : 40;
    struct fit fit = must_fit(one, COUNT(one), 1);
    assert_string_equal(fit.text, "5");
    assert_false(fit.fitted);
    fit = must_fit(few, COUNT(few), 1);
    assert_string_equal(fit.text, "mix(1:1, 1:2, 1:3)");
    fit = must_fit(sizes, COUNT(sizes), 1);
    assert_string_equal(fit.text, "mix(15:16, 5:40)");
    assert_near(fit.law.value[0], 0.75, 1e-12);
    assert_near(fit.ks, 0, 0);
}

static void many_zeros_are_a_part(void **state)
{
    (void)state;
    enum { N = 2000 };
    double *value = draw("exp(50)", N, 1e-6);
    for (size_t i = 0; i < N / 4; i++)
        value[i] = 0;
    struct fit fit = must_fit(value, N, 1e-6);
    assert_int_equal(fit.law.kind, DIST_MIX);
    assert_near(fit.law.value[0], 0.25, 1e-9);
    assert_near(fit.law.part[0].a, 0, 0);
    assert_int_equal(fit.law.part[1].kind, DIST_EXP);
    assert_near(fit.law.part[1].a / 50000, 1, 3 / sqrt(0.75 * N));
    assert_true(fit.ks < 1.63 / sqrt(N));
}

/* Whatever comes, the law can be read back, and memory that runs out is an error. */
static void odd_samples(void **state)
{
    (void)state;
    enum { N = 300 };
    double value[N];
    struct error err = {0};
    struct fit fit;
    for (size_t i = 0; i < N; i++)
        value[i] = i < 100 ? 0 : i < 200 ? 1e18 : (double)i;
    assert_int_equal(fit_sample(&fit, value, N, DIST_TIME, 1, FIT_ANY, &arena, &err), GS_OK);
    for (size_t i = 0; i < N; i++)
        value[i] = 1e15 + (double)i; /* all but equal */
    assert_int_equal(fit_sample(&fit, value, N, DIST_SIZE, 1, FIT_ANY, &arena, &err), GS_OK);
    for (size_t i = 0; i < N; i++)
        value[i] = 0;
    assert_int_equal(fit_sample(&fit, value, N, DIST_TIME, 1000, FIT_RENEWAL, &arena, &err), GS_OK);
    assert_int_equal(fit_sample(&fit, value, 0, DIST_TIME, 1000, FIT_ANY, &arena, &err), GS_BUG);
    for (uint64_t nth = 1; nth < 40; nth += 3) {
        struct arena small = {0};
        err = (struct error){0};
        for (size_t i = 0; i < N; i++)
            value[i] = (double)(1 + i * i);
        arena_fail_nth(nth);
        int code = fit_sample(&fit, value, N, DIST_TIME, 1, FIT_ANY, &small, &err);
        arena_fail_nth(0);
        assert_true(code == GS_OK || code == GS_SYSTEM);
        arena_fini(&small);
    }
}

static int forget(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(densities_and_probabilities_are_those_of_gsl),
        cmocka_unit_test(small_probabilities_keep_their_digits),
        cmocka_unit_test(laws_are_written_with_four_digits),
        cmocka_unit_test(estimates_are_the_closed_forms),
        cmocka_unit_test(likelihood_and_bic_are_sums_of_densities),
        cmocka_unit_test(cells_cost_next_to_nothing),
        cmocka_unit_test(ks_is_the_greatest_distance),
        cmocka_unit_test(whole_units_are_intervals),
        cmocka_unit_test(a_tail_that_rules_the_mean_is_cut),
        cmocka_unit_test(few_values_are_repeated),
        cmocka_unit_test(many_zeros_are_a_part),
        cmocka_unit_test(odd_samples),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
