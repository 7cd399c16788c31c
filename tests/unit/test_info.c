/* test_info.c - how many are there at a time, and how requests arrive: small traces counted by hand. */
#include "traces/info.h"
#include "traces/import.h"
#include "traces/replay.h"
#include "near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "#gpuswap-trace,1\n"

static struct trace load(const char *text, struct arena *arena)
{
    char path[64];
    struct trace trace;
    struct trace_options options;
    struct error err = {0};
    snprintf(path, sizeof path, "/tmp/gpuswap-info-%ld.gst", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    trace_options_init(&options);
    options.file = path;
    options.format = "gst";
    int code = trace_load(&trace, &options, 1, arena, &err);
    unlink(path);
    if (code)
        fail_msg("%s", err.text);
    return trace;
}

static struct trace_info describe(const char *text, struct arena *arena)
{
    struct trace trace = load(text, arena);
    struct trace_info info;
    struct error err = {0};
    assert_int_equal(trace_info(&info, &trace, arena, &err), GS_OK);
    return info;
}

static void levels_are(const char *what, const struct trace_levels *l, double mean, double p5, double p50, double p95,
                       double max)
{
    if (fabs(l->mean - mean) > 1e-9 || fabs(l->p5 - p5) + fabs(l->p50 - p50) + fabs(l->p95 - p95) > 0 ||
        fabs(l->max - max) > 0)
        fail_msg("%s: mean %g, p5 %g, p50 %g, p95 %g, max %g", what, l->mean, l->p5, l->p50, l->p95, l->max);
}

/* 100 s; a is there for all of it, b from 40 to 70 s. */
#define TWO MAGIC "#meta,horizon,100000000\n0,W,a,n,1,1\n"

static void levels_by_time(void **state)
{
    static const struct {
        const char *what, *text;
        struct trace_levels present, in_service;
    } table[] = {
        {"nobody does anything", TWO "40000000,W,b,n,1,1\n70000000,D,b\n", {1.3, 1, 1, 2, 2}, {0, 0, 0, 0, 0}},
        {"closed: the second burst waits for the first, whatever time it bears",
         TWO "0,B,a,20000000\n5000000,B,a,10000000,75000000\n", /* 0-20, 95-100 */
         {1, 1, 1, 1, 1},
         {0.25, 0, 0, 1, 1}},
        {"open: at its time, but one after the other",
         MAGIC "#meta,horizon,100000000\n0,W,a,n,1,1,,,,,,o\n0,B,a,20000000\n5000000,B,a,10000000\n"
               "50000000,B,a,60000000\n", /* 0-20, 20-30, 50-100 */
         {1, 1, 1, 1, 1},
         {0.8, 0, 1, 1, 1}},
        {"requests do not wait", /* 0-60, 10-70, 10-20 */
         MAGIC "#meta,horizon,100000000\n0,W,a,i,1,1\n0,R,a,,,60000000\n10000000,R,a,,,60000000\n"
               "10000000,R,a,,,10000000\n",
         {1, 1, 1, 1, 1},
         {1.3, 0, 1, 3, 3}},
        {"iterations with their gaps, cut off where it is killed", /* 10-30 of 10-60 */
         MAGIC "#meta,horizon,100000000\n0,W,a,t,1,1\n10000000,T,a,50,900000,100000\n30000000,D,a,kill\n",
         {0.3, 0, 0, 1, 1},
         {0.2, 0, 0, 1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct trace_info info = describe(table[i].text, &arena);
        const struct trace_levels *p = &table[i].present, *s = &table[i].in_service;
        levels_are(table[i].what, &info.present, p->mean, p->p5, p->p50, p->p95, p->max);
        levels_are(table[i].what, &info.in_service, s->mean, s->p5, s->p50, s->p95, s->max);
        arena_fini(&arena);
    }
}

static void bins_hold_means_and_peaks(void **state)
{
    struct arena arena = {0};
    struct trace trace = load(TWO "0,B,a,35000000\n45000000,W,b,n,1,1\n46000000,B,b,1000000\n", &arena);
    const struct trace_bin *bin = trace_bins(&trace, 10, &arena);
    static const double present[10] = {1, 1, 1, 1, 1.5, 2, 2, 2, 2, 2}, service[10] = {1, 1, 1, 0.5, 0.1};
    (void)state;
    assert_non_null(bin);
    for (int i = 0; i < 10; i++) {
        assert_near(bin[i].from_s, 10 * i, 1e-9);
        assert_near(bin[i].present, present[i], 1e-9);
        assert_near(bin[i].in_service, service[i], 1e-9);
        assert_near(bin[i].in_service_peak, i < 5, 0);
    }
    arena_fini(&arena);
}

/* 8, 4, 2 and 1 requests: the slope of log 8, 4, 2, 1 over log 1, 2, 3, 4 by hand is 1.4590. */
static void popularity_and_gaps(void **state)
{
    struct arena arena = {0};
    char text[4096];
    int n = snprintf(text, sizeof text, MAGIC "#meta,horizon,1800000000\n");
    for (int m = 0; m < 4; m++)
        n += snprintf(text + n, sizeof text - (size_t)n, "0,W,m%d,i,1,1\n", m);
    for (int s = 0; s < 15; s++) { /* one a second: m0 at even ones, then m1, m2, m3 */
        int m = s % 2 == 0 ? 0 : s % 4 == 1 ? 1 : s % 8 == 3 ? 2 : 3;
        n += snprintf(text + n, sizeof text - (size_t)n, "%d,R,m%d,,,5\n", s * 1000000, m);
    }
    struct trace_info info = describe(text, &arena);
    const struct trace_arrivals *a = &info.arrivals;
    (void)state;
    assert_int_equal(a->models, 4);
    assert_near(a->top1, 8.0 / 15, 1e-12);
    assert_near(a->top5, 1, 1e-12);
    assert_near(a->top10, 1, 1e-12);
    assert_near(a->slope, 1.4590, 5e-5);
    assert_int_equal(a->gap_s.n, 14);
    assert_near(a->gap_s.p50, 1, 1e-9);
    assert_near(a->gap_s.cv, 0, 1e-9);
    assert_int_equal(a->model_gap_s.n, 7 + 3 + 1);
    assert_near(a->model_gap_s.mean, (7 * 2 + 3 * 4 + 8) / 11.0, 1e-9);
    assert_int_equal(a->model_gap_p50_s.n, 2); /* the others have too few */
    assert_near(a->model_gap_p50_s.max, 4, 1e-9);
    assert_near(a->model_gap_cv.max, 0, 1e-9);
    assert_near(a->model_traffic.max, 1.0 / 3, 1e-9);
    arena_fini(&arena);
}

/* In windows of 1 s: 3 in the first, 1 in each of the 9 others. */
static void dispersion_of_counts(void **state)
{
    struct arena arena = {0};
    char text[2048];
    int n = snprintf(text, sizeof text, MAGIC "#meta,horizon,9999999\n0,W,m,i,1,1\n0,R,m,,,5\n1,R,m,,,5\n");
    for (int s = 0; s < 10; s++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%d,R,m,,,5\n", s * 1000000 + 500000);
    struct trace_info info = describe(text, &arena);
    (void)state;
    assert_near(info.arrivals.dispersion[0], (9 + 9 - 10 * 1.2 * 1.2) / 10 / 1.2, 1e-9);
    assert_true(isnan(info.arrivals.dispersion[1]));
    assert_true(isnan(info.arrivals.slope));
    arena_fini(&arena);
}

static void every_allocation_may_fail(void **state)
{
    struct arena arena = {0};
    struct trace trace = load(MAGIC "0,W,a,i,1,1\n0,W,b,n,1,1\n0,R,a,,,5\n9,R,a,,,5\n10,B,b,5\n", &arena);
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct arena own = {0};
        struct error err = {0};
        struct trace_info info;
        arena_fail_nth(n);
        int code = trace_info(&info, &trace, &own, &err);
        bool bins = trace_bins(&trace, 10, &own) != NULL;
        arena_fail_nth(0);
        arena_fini(&own);
        assert_int_equal(code, code ? GS_SYSTEM : GS_OK);
        if (!code && bins)
            break;
        assert_true(n < 200);
    }
    arena_fini(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_by_time),
        cmocka_unit_test(bins_hold_means_and_peaks),
        cmocka_unit_test(popularity_and_gaps),
        cmocka_unit_test(dispersion_of_counts),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
