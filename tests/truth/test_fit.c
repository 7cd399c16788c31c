/* test_fit.c - what was drawn from known laws is fitted: scenario, synthetic trace, law, six times over.
 *
 * The law chosen must be of the right kind, and each parameter within 3.5 standard errors of the true one, by the
 * inverse of the information that the sample holds at the truth; its p50, p95 and p99 within 3.5 standard errors of a
 * sample's percentiles.  A body with a tail, whose xm is looked for in steps, is held to the percentiles alone.  Seeds
 * are fixed; some 60 comparisons at 3.5 (5e-4) fail a right program once in 35 seeds. */
#include "sim/base/units.h"
#include "sim/run/fit_trace.h"
#include "sim/run/generate.h"
#include "sim/stats/law.h"
#include "traces/info.h"
#include "traces/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_linalg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/near.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WITHIN 3.5

enum { PARAMETERS = 5, SEED = 4 };

static struct arena arena;
static char folder[] = "/tmp/test_fit_XXXXXX";

static struct scenario must_read(const char *text)
{
    struct error err = {0};
    struct scenario scenario;
    if (scenario_parse(&scenario, text, strlen(text), "made.ini", NULL, NULL, &arena, &err))
        fail_msg("%s\n%s", err.text, text);
    return scenario;
}

/* The scenario's load as a trace, by way of a file. */
static struct trace must_generate(const char *text, struct generated *made)
{
    struct scenario scenario = must_read(text);
    struct trace_options options;
    struct trace_counts counts;
    struct trace trace;
    struct error err = {0};
    char path[64];
    snprintf(path, sizeof path, "%s/made.gst", folder);
    if (generate_trace(made, &scenario, path, &err) || trace_check(&counts, path, &arena, &err))
        fail_msg("%s", err.text);
    trace_options_init(&options);
    options.file = path;
    if (trace_load(&trace, &options, 1, &arena, &err))
        fail_msg("%s", err.text);
    remove(path);
    return trace;
}

/* --- standard errors ----------------------------------------------------------------------------------------- */

/* The parameters of a law as numbers that may vary freely; how many. */
static size_t to_free(const struct dist *law, double *at)
{
    switch (law->kind) {
    case DIST_EXP:
        at[0] = log(law->a);
        return 1;
    case DIST_LOGNORMAL:
    case DIST_GAMMA:
    case DIST_WEIBULL:
        at[0] = log(law->a);
        at[1] = log(law->b);
        return 2;
    case DIST_HYPEREXP:
        at[0] = log(law->a / (1 - law->a));
        at[1] = log(law->b);
        at[2] = log(law->c);
        return 3;
    case DIST_MIX:
        at[0] = log(law->value[0] / (1 - law->value[0]));
        return 1 + to_free(&law->part[0], at + 1) + to_free(&law->part[1], at + 3);
    default:
        return 0;
    }
}

static double density_at(const struct dist *kind, const double *at, double x)
{
    struct dist law = *kind, part[2];
    double share[2] = {0, 1};
    if (law.kind == DIST_MIX) {
        for (int i = 0; i < 2; i++)
            part[i] = (struct dist){.kind = DIST_LOGNORMAL, .a = exp(at[1 + 2 * i]), .b = exp(at[2 + 2 * i])};
        share[0] = 1 / (1 + exp(-at[0]));
        law.part = part;
        law.value = share;
    } else if (law.kind == DIST_HYPEREXP) {
        law.a = 1 / (1 + exp(-at[0]));
        law.b = exp(at[1]);
        law.c = exp(at[2]);
    } else {
        law.a = exp(at[0]);
        law.b = law.kind == DIST_EXP ? 0 : exp(at[1]);
    }
    return law_log_density(&law, x);
}

/* Standard errors by the outer product of the scores at the true law. */
static void standard_errors(const struct dist *truth, const double *value, size_t n, double *error)
{
    double at[PARAMETERS], score[PARAMETERS];
    size_t k = to_free(truth, at);
    gsl_matrix *information = gsl_matrix_calloc(k, k);
    for (size_t i = 0; i < n; i++) {
        if (!(value[i] > 0)) /* below the resolution: no density */
            continue;
        for (size_t a = 0; a < k; a++) {
            double high[PARAMETERS], low[PARAMETERS];
            memcpy(high, at, sizeof high);
            memcpy(low, at, sizeof low);
            high[a] += 1e-4;
            low[a] -= 1e-4;
            score[a] = (density_at(truth, high, value[i]) - density_at(truth, low, value[i])) / 2e-4;
        }
        for (size_t a = 0; a < k; a++)
            for (size_t b = 0; b < k; b++)
                gsl_matrix_set(information, a, b, gsl_matrix_get(information, a, b) + score[a] * score[b]);
    }
    gsl_linalg_cholesky_decomp1(information);
    gsl_linalg_cholesky_invert(information);
    for (size_t a = 0; a < k; a++)
        error[a] = sqrt(gsl_matrix_get(information, a, a));
    gsl_matrix_free(information);
}

static void compare(const char *key, const char *text, const struct fit *fit, const struct trace_sample *sample)
{
    struct error err = {0};
    struct dist truth;
    double due[PARAMETERS], is[PARAMETERS], error[PARAMETERS];
    assert_int_equal(dist_parse(&truth, text, DIST_TIME, NULL, &arena, &err), GS_OK);
    if (fit->law.kind != truth.kind)
        fail_msg("%s: %s was fitted by %s", key, text, fit->text);
    if (fit->ks > 1.63 / sqrt((double)fit->n))
        fail_msg("%s: %s: KS %.4f of %zu values", key, fit->text, fit->ks, fit->n);
    size_t k = truth.kind == DIST_MIX && truth.part[1].kind != DIST_LOGNORMAL ? 0 : to_free(&truth, due);
    if (k) {
        assert_int_equal(to_free(&fit->law, is), k);
        standard_errors(&truth, sample->value, sample->n, error);
    }
    for (size_t i = 0; i < k; i++)
        if (!(fabs(is[i] - due[i]) <= WITHIN * error[i] + 5e-4)) /* 5e-4: four digits */
            fail_msg("%s: %s for %s: parameter %zu is off by %.1f standard errors", key, fit->text, text, i,
                     (is[i] - due[i]) / error[i]);
    for (int i = 0; i < FIT_TAILS; i++) {
        double q = law_quantile(&truth, fit_tail[i]);
        double width = sqrt(fit_tail[i] * (1 - fit_tail[i]) / (double)fit->n) / exp(law_log_density(&truth, q));
        if (fabs(fit->model[i] - q) > WITHIN * width)
            fail_msg("%s: %s: p%.0f is %.4g s, not %.4g s +/- %.2g s", key, fit->text, 100 * fit_tail[i],
                     fit->model[i] / 1e9, q / 1e9, WITHIN * width / 1e9);
    }
}

static void what_was_drawn_is_fitted(void **state)
{
    (void)state;
    static const struct {
        const char *think, *burst, *duration;
    } row[] = {
        {"exp(90s)", "exp(8s)", "14h"},
        {"lognormal(1.3m,1.2)", "lognormal(10s,0.8)", "24h"},
        {"gamma(0.5,60s)", "gamma(3,12s)", "10h"},
        {"weibull(0.6,60s)", "weibull(1.8,20s)", "15h"},
        {"hyperexp(0.8,20s,400s)", "hyperexp(0.6,1s,30s)", "14h"},
        {"mix(0.9:lognormal(60s,0.8), 0.1:lognormal(2h,0.6))",
         "mix(0.9:trunc(lognormal(10s,1),0s,60s), 0.1:pareto(60s,2.5))", "140h"},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        struct generated made;
        struct trace_fit fit;
        struct error err = {0};
        const char *text = arena_printf(&arena,
                                        "[scenario]\nduration = %s\nseed = %d\n[node]\ngpu_memory = 80GiB\n"
                                        "[workload.NB]\nclass = notebook\ncount = 8\nmemory = 10GiB\nthink = %s\n"
                                        "burst = %s\n",
                                        row[i].duration, SEED, row[i].think, row[i].burst);
        struct trace trace = must_generate(text, &made);
        assert_int_equal(fit_trace(&fit, &trace, &arena, &err), GS_OK);
        assert_int_equal(fit.parts.parts, 1);
        assert_true(fit.fit[TRACE_BURST][0].n > 2500);
        compare("think", row[i].think, &fit.fit[TRACE_THINK][0], &fit.parts.part[0].sample[TRACE_THINK]);
        compare("burst", row[i].burst, &fit.fit[TRACE_BURST][0], &fit.parts.part[0].sample[TRACE_BURST]);
    }
}

/* --- arrivals ------------------------------------------------------------------------------------------------ */

static void arrivals_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *arrival;
        double rate_per_s, second, third; /* second, third: cv, or mean spells in s; 0 = none */
    } row[] = {
        {"poisson(0.2/s)", 0.2, 0, 0},
        {"gamma(2,0.2/s)", 0.2, 2, 0},
        {"onoff(2m,10m,1/s)", 1, 120, 600},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        struct generated made;
        struct trace_fit fit;
        struct error err = {0};
        struct trace trace = must_generate(arena_printf(&arena,
                                                        "[scenario]\nduration = 2d\n[node]\ngpu_memory = 80GiB\n"
                                                        "[workload.M]\nclass = inference\ncount = 2\nmemory = 10GiB\n"
                                                        "arrival = %s\nservice = exp(1s)\n",
                                                        row[i].arrival),
                                           &made);
        assert_int_equal(fit_trace(&fit, &trace, &arena, &err), GS_OK);
        assert_int_equal(strncmp(fit.arrival[0], row[i].arrival, 5), 0);
        struct scenario again = must_read(arena_printf(&arena,
                                                       "[scenario]\nduration = 2d\n[node]\ngpu_memory = 80GiB\n"
                                                       "[workload.M]\nclass = inference\nmemory = 10GiB\narrival = %s\n"
                                                       "service = exp(1s)\n",
                                                       fit.arrival[0]));
        const struct arrival *a = &again.workload[0].arrival;
        assert_near(a->rate_per_s / row[i].rate_per_s, 1, 0.03);
        if (a->kind == ARRIVAL_GAMMA)
            assert_near(a->cv / row[i].second, 1, 0.02);
        if (a->kind == ARRIVAL_ONOFF) { /* some 480 spells of either kind: 3 x 4.6 % */
            assert_near(a->on_mean_ns / 1e9 / row[i].second, 1, 0.14);
            assert_near(a->off_mean_ns / 1e9 / row[i].third, 1, 0.14);
        }
    }
}

/* --- the synthetic trace ------------------------------------------------------------------------------------- */

static void each_is_alone_on_a_gpu(void **state)
{
    (void)state;
    struct generated made;
    struct trace trace = must_generate("[scenario]\nduration = 5h\n[node]\ngpu_memory = 80GiB\n"
                                       "[workload.N]\nclass = notebook\ncount = 3\nmemory = uniform(1GiB,2GiB)\n"
                                       "start = exp(1h)\nthink = exp(1m)\nburst = exp(10s)\ngrow = exp(1GiB)\n"
                                       "[workload.T]\nclass = training\niterations = 100\niteration = 2s\ngap = 500ms\n"
                                       "memory = 3GiB\ncontext = 300MiB\npriority = 7\nlimit = 0.5\n"
                                       "[workload.J]\nclass = training\ncpu_work = 5m\ngpu_work = 10m\nmemory = 3GiB\n"
                                       "[workload.V]\nclass = training\niterations = 9\niteration = exp(2s)\n"
                                       "memory = 3GiB\n"
                                       "[workload.I]\nclass = inference\narrival = poisson(1/min)\nservice = 2s\n"
                                       "slots = 4\nmemory = 3GiB\n",
                                       &made);
    size_t notebooks = 0;
    assert_int_equal(trace.workloads, 7);
    assert_int_equal(trace.horizon_ns, INT64_C(18000000000000));
    for (size_t i = 0; i < trace.workloads; i++) {
        const struct trace_workload *w = &trace.workload[i];
        int64_t ended = -1;
        for (size_t k = 0; k < w->bursts; k++) {
            const struct trace_burst *b = &w->burst[k];
            assert_true(k == 0 || llabs(ended + b->think_ns - b->ready_ns) <= 2000); /* rounded to a microsecond each */
            ended = b->ready_ns + b->work_ns;
        }
        if (*w->group == 'N') {
            notebooks++;
            assert_true(w->closed && w->bursts > 50 && w->detach_ns == TRACE_NEVER && w->burst[3].grow_bytes > 0);
            assert_true(w->memory_bytes >= INT64_C(1) << 30 && w->memory_bytes <= INT64_C(2) << 30);
        } else if (*w->group == 'T') {
            assert_true(w->runs == 1 && w->bursts == 0 && w->priority == 7 && w->context_bytes == 314572800);
            assert_true(w->run[0].iters == 100 && w->run[0].work_ns == 2000000000 && w->run[0].gap_ns == 500000000);
            assert_int_equal(w->detach_ns, 100 * INT64_C(2500000000) - 500000000);
            assert_near(w->limit_share, 0.5, 1e-9);
        } else if (*w->group == 'J') {
            assert_true(w->bursts == 1 && w->burst[0].ready_ns == INT64_C(300000000000));
            assert_int_equal(w->detach_ns, INT64_C(900000000000));
        } else if (*w->group == 'V') {
            assert_int_equal(w->bursts, 9);
            assert_true(llabs(w->detach_ns - ended) <= 2000);
        } else {
            assert_true(!w->closed && w->requests > 200 && w->service.slots == 4);
            assert_true(w->request[0].has_work && w->request[0].work_ns == 2000000000);
        }
    }
    assert_int_equal(notebooks, 3);
}

/* Jobs come back with their iterations, or as a whole. */
static void jobs_come_back(void **state)
{
    (void)state;
    struct generated made;
    struct trace_fit fit;
    struct error err = {0};
    struct trace trace = must_generate("[scenario]\nduration = 20d\n[node]\ngpu_memory = 80GiB\n"
                                       "[workload.T]\nclass = training\ncount = 40\niterations = 50\nmemory = 3GiB\n"
                                       "iteration = lognormal(2s,0.3)\ngap = exp(1s)\nstart = uniform(0s,5d)\n"
                                       "[workload.J]\nclass = training\ncount = 400\ncpu_work = exp(5m)\n"
                                       "gpu_work = exp(1h)\nmemory = 3GiB\n",
                                       &made);
    assert_int_equal(fit_trace(&fit, &trace, &arena, &err), GS_OK);
    assert_int_equal(fit.parts.parts, 2);
    size_t t = fit.parts.part[0].iterations == 50 ? 0 : 1, j = 1 - t;
    assert_int_equal(fit.parts.part[t].iterations, 50);
    assert_int_equal(fit.parts.part[j].iterations, 1);
    compare("iteration", "lognormal(2s,0.3)", &fit.fit[TRACE_ITERATION][t], &fit.parts.part[t].sample[TRACE_ITERATION]);
    compare("gap", "exp(1s)", &fit.fit[TRACE_GAP][t], &fit.parts.part[t].sample[TRACE_GAP]);
    compare("cpu_work", "exp(5m)", &fit.fit[TRACE_CPU_WORK][j], &fit.parts.part[j].sample[TRACE_CPU_WORK]);
    compare("gpu_work", "exp(1h)", &fit.fit[TRACE_GPU_WORK][j], &fit.parts.part[j].sample[TRACE_GPU_WORK]);
    assert_int_equal(fit.fit[TRACE_START][t].law.kind, DIST_UNIFORM);
    assert_int_equal(fit.fit[TRACE_START][j].n, 0);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int forget(void **state)
{
    (void)state;
    arena_fini(&arena);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_drawn_is_fitted),
        cmocka_unit_test(arrivals_come_back),
        cmocka_unit_test(each_is_alone_on_a_gpu),
        cmocka_unit_test(jobs_come_back),
    };
    return cmocka_run_group_tests(tests, make_folder, forget);
}
