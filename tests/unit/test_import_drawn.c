/* test_import_drawn.c - what importers of inference traces draw: gaps, places in a grid, work, models; and their names. */
#include "import_text.h"
#include "near.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

static void same_seed_same_trace(void **state)
{
    static char first[1 << 20], second[1 << 20];
    static const char text[] = CLIENTS "a,0,1,1,Gamma,0.5,1\nb,600,1,1,Weibull,0.5,1\n";
    struct arena arena = {0};
    (void)state;
    for (uint64_t seed = 1; seed < 3; seed++) {
        struct trace a = load("servegen", text, "rate_scale=0.1", 1, &arena);
        struct trace b = load("servegen", text, "rate_scale=0.1", seed, &arena);
        write_out(&a, true, first, sizeof first);
        write_out(&b, true, second, sizeof second);
        assert_int_equal(strcmp(first, second) == 0, seed == 1);
    }
    /* A window's requests do not depend on which others are drawn. */
    struct trace whole = load("servegen", text, "rate_scale=0.1", 1, &arena);
    struct trace half = load("servegen", text, "rate_scale=0.1,length=600s", 1, &arena);
    assert_int_equal(half.workloads, 1);
    assert_int_equal(half.horizon_ns, 600 * SECOND);
    assert_int_equal(whole.horizon_ns, 1200 * SECOND);
    assert_int_equal(half.workload[0].requests, whole.workload[0].requests);
    assert_memory_equal(half.workload[0].request, whole.workload[0].request,
                        half.workload[0].requests * sizeof *half.workload[0].request);
    struct trace later = load("servegen", text, "rate_scale=0.1,start=600s", 1, &arena);
    assert_int_equal(later.workloads, 1);
    assert_string_equal(later.workload[0].name, "client-b");
    assert_int_equal(later.workload[0].requests, whole.workload[1].requests);
    for (size_t i = 0; i < later.workload[0].requests; i++)
        assert_int_equal(later.workload[0].request[i].ready_ns, whole.workload[1].request[i].ready_ns - 600 * SECOND);
    arena_fini(&arena);
}

static const struct {
    const char *law;
    double cv; /* of the gaps */
} laws[] = {
    {"9,Gamma,4", 0.5},       {"9,Gamma,0.25", 2},     {"9,Weibull,2", 0.5227},
    {"9,Weibull,0.5", 2.236}, {"2,,", 2} /* iat_cv */, {",,", 1},
};
enum { LAWS = sizeof laws / sizeof *laws };

/* 4,000 windows of 6 requests on average: as many as the rate says, however bursty, spread evenly over the window. */
static void windows_hold_what_their_rate_says(void **state)
{
    static char text[400000];
    (void)state;
    for (size_t i = 0; i < LAWS; i++) {
        struct arena arena = {0};
        size_t used = (size_t)snprintf(text, sizeof text, CLIENTS), first_half = 0;
        for (int window = 0; window < 4000; window++)
            used += (size_t)snprintf(text + used, sizeof text - used, "c,%d,10,%s,1\n", window * 600, laws[i].law);
        struct trace trace = load("servegen", text, "rate_scale=0.001,length=100d", 3, &arena);
        const struct trace_workload *w = trace.workload;
        double n = (double)w->requests;
        for (size_t j = 0; j < w->requests; j++)
            first_half += w->request[j].ready_ns % (600 * SECOND) < 300 * SECOND;
        /* The standard error of a count of renewals is at most cv sqrt(n). */
        assert_near(n, 24000, 4 * laws[i].cv * sqrt(24000));
        assert_near((double)first_half / n, 0.5, 4 * laws[i].cv / sqrt(24000));
        arena_fini(&arena);
    }
}

static void gaps_have_the_shape_of_the_law(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAWS; i++) {
        struct arena arena = {0};
        char text[200];
        double sum = 0, squares = 0;
        snprintf(text, sizeof text, CLIENTS "c,0,1,%s,77\n", laws[i].law);
        struct trace trace = load("servegen", text, "rate_scale=1,window=1d", 3, &arena);
        const struct trace_workload *w = trace.workload;
        for (size_t j = 1; j < w->requests; j++) {
            double gap = (double)(w->request[j].ready_ns - w->request[j - 1].ready_ns) / 1e9;
            sum += gap;
            squares += gap * gap;
        }
        double n = (double)w->requests - 1, mean = sum / n;
        assert_near(mean, 1, 4 * laws[i].cv / sqrt(86400));
        assert_near(sqrt(squares / n - mean * mean) / mean, laws[i].cv, 0.05 * laws[i].cv);
        arena_fini(&arena);
    }
}

static void popularity_by_zipf(void **state)
{
    static const struct {
        const char *import;
        double share[4];
    } table[] = {{"models=4,zipf=0", {0.25, 0.25, 0.25, 0.25}},
                 {"models=4", {0.48, 0.24, 0.16, 0.12}},
                 {"models=4,zipf=2", {0.7024, 0.1756, 0.0780, 0.0439}}};
    static char text[300000];
    size_t used = (size_t)snprintf(text, sizeof text, AZURE);
    (void)state;
    for (int i = 0; i < 10000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "2023-01-01 00:00:00,%d,0\n", i + 1);
    snprintf(text + used, sizeof text - used, "2022-01-01 00:00:00,0,1\n"); /* so that they have to be sorted */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct trace trace = load("azure-llm", text, table[i].import, 1, &arena);
        assert_int_equal(trace.workloads, 4);
        assert_string_equal(trace.workload[3].name, "llm4");
        for (size_t j = 0; j < 4; j++) {
            const struct trace_workload *w = &trace.workload[j];
            assert_near((double)w->requests / 10000, table[i].share[j], 0.02);
            for (size_t k = 1; k < w->requests; k++) /* requests of one time stay as they came */
                assert_true(w->request[k - 1].in < w->request[k].in);
        }
        arena_fini(&arena);
    }
}

static void times_on_a_grid_are_spread(void **state)
{
    static char text[400000];
    struct arena arena = {0};
    size_t used = 0;
    double sum = 0;
    (void)state;
    for (int i = 0; i < 4000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"timestamp\": 9000, \"input_length\": %d, \"output_length\": 1}\n", i);
    struct trace trace = load("mooncake", text, NULL, 1, &arena);
    const struct trace_workload *w = trace.workload;
    for (size_t i = 0; i < w->requests; i++) {
        int64_t t = w->request[i].ready_ns;
        assert_true(t >= 9 * SECOND && t < 12 * SECOND && (!i || w->request[i - 1].ready_ns <= t));
        sum += (double)t / 1e9;
    }
    assert_near(sum / 4000, 10.5, 0.06);

    trace = load("azure-functions", MINUTES "o,a,f,http,0,4000\n", "work=1ms,rate_scale=0.5", 1, &arena);
    w = trace.workload;
    assert_int_equal(w->requests, 2000);
    assert_int_equal(trace.horizon_ns, 2 * MINUTE);
    sum = 0;
    for (size_t i = 0; i < w->requests; i++) {
        assert_true(w->request[i].ready_ns >= MINUTE && w->request[i].ready_ns < 2 * MINUTE);
        sum += w->request[i].ready_ns < 90 * SECOND;
    }
    assert_near(sum, 1000, 90);
    trace =
        load("genai-2026", IMAGES "2024-10-01 00:00:05,b,2.5\n2024-10-01 00:00:01,a,1\n2024-10-01 00:00:01,NULL,1\n",
             NULL, 1, &arena);
    assert_int_equal(trace.workloads, 2);
    assert_string_equal(trace.workload[0].name, "b");
    assert_int_equal(trace.workload[0].request[0].work_ns, 2500000000);
    assert_int_equal(trace.workload[1].request[0].ready_ns, 0);
    assert_int_not_equal(trace.workload[0].request[0].ready_ns % SECOND, 0);
    assert_near((double)trace.workload[0].request[0].ready_ns, 4e9, 1e9);
    arena_fini(&arena);
}

/* Run times between the percentiles of the function's own; another function has those of `work`. */
static void durations_are_joined(void **state)
{
    struct arena arena = {0};
    int64_t least = INT64_MAX, most = 0, below[3] = {0};
    (void)state;
    struct trace trace = load("azure-functions", MINUTES "o,a,4f2ad98b6a1d7c21,http,4000,0\no,a,x,http,5,0\n",
                              "durations=tests/data/functions-azure-durations.csv,work=9s,work_scale=0.1", 1, &arena);
    const struct trace_workload *w = trace.workload;
    assert_int_equal(w->requests, 4000);
    for (size_t i = 0; i < w->requests; i++) {
        int64_t us = w->request[i].work_ns / 1000;
        least = us < least ? us : least;
        most = us > most ? us : most;
        below[0] += us < 2500;
        below[1] += us < 4500;
        below[2] += us < 6000;
    }
    assert_near((double)least, 2000, 10);
    assert_near((double)most, 7000, 10);
    assert_near((double)below[0] / 4000, 0.25, 0.03);
    assert_near((double)below[1] / 4000, 0.625, 0.03);
    assert_near((double)below[2] / 4000, 0.75, 0.03);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(trace.workload[1].request[i].work_ns, 900000000);

    struct error err = {0};
    assert_int_equal(load_text(&trace, "azure-functions", MINUTES, "durations=nowhere.csv", 1, &arena, &err),
                     GS_NO_INPUT);
    err = (struct error){0};
    assert_int_equal(
        load_text(&trace, "azure-functions", MINUTES, "durations=tests/data/functions-azure.csv", 1, &arena, &err),
        GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "functions-azure.csv:1: column 'percentile_Average_0' is missing"));
    arena_fini(&arena);
}

/* Names as long as an id, equal in all that an id keeps. */
static void ids_stay_unique(void **state)
{
    static char text[60000];
    struct arena arena = {0};
    size_t used = (size_t)snprintf(text, sizeof text, BURST);
    (void)state;
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%070d/%d,1,1,2,x\n%d,%070d/%d,1,1,2,x\n", i, 7, i,
                                 i, 7, i);
    struct trace trace = load("burstgpt", text, NULL, 1, &arena);
    assert_int_equal(trace.workloads, 200);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(trace.workload[i].requests, 2);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(trace.workload[i].name, trace.workload[j].name);
    }
    arena_fini(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_trace),
        cmocka_unit_test(windows_hold_what_their_rate_says),
        cmocka_unit_test(gaps_have_the_shape_of_the_law),
        cmocka_unit_test(popularity_by_zipf),
        cmocka_unit_test(times_on_a_grid_are_spread),
        cmocka_unit_test(durations_are_joined),
        cmocka_unit_test(ids_stay_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
