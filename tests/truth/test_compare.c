/* test_compare.c - comparisons of whole runs where the truth is known: no difference, a known one, and none to be told. */
#include "sim/results/compare.h"
#include "tests/truth/truth.h"

#include <math.h>
#include <string.h>

static const char swapping[] = "[scenario]\nduration = 1h\nreplications = 1200\n[node]\ngpu_memory = 80GiB\n"
                               "sharing = exclusive\n[workload.N]\nclass = notebook\ncount = 4\nmemory = 25GiB\n"
                               "think = exp(60s)\nburst = exp(10s)\n[sla.N]\ngroup = N\nresponse_mean = 1h\n";

static const char alone[] = "[scenario]\nduration = 1h\nreplications = 3200\n[node]\ngpu_memory = 80GiB\n"
                            "[workload.N]\nclass = notebook\nmemory = 1GiB\nthink = exp(10s)\nburst = exp(1s)\n";

/* A run under a seed of its own. */
static void run_with(struct truth *t, const char *text, uint64_t seed, const char *set)
{
    struct overrides overrides = {.set = &set, .sets = set ? 1 : 0};
    struct run_options options = {.backend = &backend_sim};
    struct error err = {0};

    memset(t, 0, sizeof *t);
    if (scenario_parse(&t->scenario, text, strlen(text), "truth.ini", NULL, &overrides, &t->arena, &err) != GS_OK ||
        load_read_traces(&t->traces, &t->scenario, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    t->scenario.seed = seed;
    if (run_scenario(&t->scenario, &options, t->traces, &t->outcome, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

/* Compare `count` replications of each run, from number `from` on. */
static void compare_some(struct comparison *c, struct alternative alternative[], struct report report[],
                         struct truth *const t[], size_t runs, size_t from, size_t count, struct arena *arena)
{
    struct report_about about = {.version = "0", .provenance = "sim"};
    struct error err = {0};

    for (size_t a = 0; a < runs; a++) {
        alternative[a] = (struct alternative){"x", &t[a]->scenario, t[a]->outcome.tally + from, count, &report[a]};
        if (report_build(&report[a], &t[a]->scenario, alternative[a].tally, count, &about, arena, &err) != GS_OK)
            fail_msg("%s", err.text);
    }
    if (compare_build(c, "x", alternative, runs, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

static const struct compare_metric *find(const struct comparison *c, const char *scope, const char *metric)
{
    for (size_t m = 0; m < c->metrics; m++)
        if (strcmp(c->metric[m].scope, scope) == 0 && strcmp(c->metric[m].metric, metric) == 0)
            return &c->metric[m];
    fail_msg("no %s %s", scope, metric);
    return NULL;
}

/* The same system under two seeds: a verdict is wrong, and may come in 5 % of 1,000 comparisons; binomial, 99.9 %: within
 * 3.29 sqrt(1000 0.05 0.95) = 23 of 50. */
static void test_no_difference_is_found_in_five_of_a_hundred(void **unused)
{
    enum { SEEDS = 5, TRIES = 200, N = 6 };
    static const char *const metric[] = {"response_mean", "response_p95", "slowdown_mean", "slowdown_p95"};
    int wrong[4] = {0};

    (void)unused;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct truth a, b;
        run_with(&a, swapping, 100 + 2 * seed, NULL);
        run_with(&b, swapping, 101 + 2 * seed, NULL);
        for (size_t t = 0; t < TRIES; t++) {
            struct alternative alternative[2];
            struct report report[2];
            struct comparison c;
            struct arena arena = {0};
            compare_some(&c, alternative, report, (struct truth *[]){&a, &b}, 2, t * N, N, &arena);
            for (int i = 0; i < 4; i++) {
                const struct compared *of = &find(&c, "group", metric[i])->of[1];
                assert_true((of->verdict == VERDICT_UNCLEAR) == (of->difference.low <= 0 && 0 <= of->difference.high));
                wrong[i] += of->verdict != VERDICT_UNCLEAR;
            }
            arena_fini(&arena);
        }
        struct alternative alternative[2];
        struct report report[2];
        struct comparison c;
        struct arena arena = {0};
        compare_some(&c, alternative, report, (struct truth *[]){&a, &b}, 2, 0, TRIES * N, &arena);
        double ratio = find(&c, "group", "response_mean")->of[1].variance_ratio;
        assert_true(fabs(ratio - 1) < 0.15); /* with seeds of their own nothing is bought by pairing */
        arena_fini(&arena);
        truth_end(&a);
        truth_end(&b);
    }
    for (int i = 0; i < 4; i++) {
        print_message("%-14s %d of %d\n", metric[i], wrong[i], SEEDS * TRIES);
        assert_in_range(wrong[i], 27, 73);
    }
}

/* On a GPU of half the speed a burst of 1 s takes 2 s.  Replications see the same bursts, x and 2 x, so that the difference
 * has the variance of x, and that of independent runs would have five times as much; the slower one gets through fewer
 * bursts, so somewhat less. */
static void test_a_known_difference(void **unused)
{
    enum { TRIES = 400, N = 8 };
    int held = 0;
    struct truth a, b;

    (void)unused;
    run_with(&a, alone, 13, NULL);
    run_with(&b, alone, 13, "node.gpu_speed=0.5");
    for (size_t t = 0; t < TRIES; t++) {
        struct alternative alternative[2];
        struct report report[2];
        struct comparison c;
        struct arena arena = {0};
        compare_some(&c, alternative, report, (struct truth *[]){&a, &b}, 2, t * N, N, &arena);
        const struct compared *of = &find(&c, "group", "response_mean")->of[1];
        held += of->difference.low <= 1 && 1 <= of->difference.high;
        assert_int_equal(of->verdict, VERDICT_WORSE);
        arena_fini(&arena);
    }
    print_message("the interval holds it %d times of %d\n", held, TRIES);
    assert_in_range(held, 366, 394); /* 95 %, binomial, 99.9 %: +/- 14 */

    struct alternative alternative[2];
    struct report report[2];
    struct comparison c;
    struct arena arena = {0};
    compare_some(&c, alternative, report, (struct truth *[]){&a, &b}, 2, 0, 3200, &arena);
    const struct compared *of = &find(&c, "group", "response_mean")->of[1];
    print_message("difference %.4f [%.4f, %.4f], variance ratio %.2f\n", of->difference.value, of->difference.low,
                  of->difference.high, of->variance_ratio);
    assert_true(fabs(of->difference.value - 1) < 0.01);
    assert_true(of->variance_ratio > 3.5 && of->variance_ratio < 5.5);
    arena_fini(&arena);
    truth_end(&a);
    truth_end(&b);
}

/* Values and intervals are those of the reports, differences those of their values; held against itself, nothing differs. */
static void test_numbers_are_those_of_the_reports(void **unused)
{
    struct alternative alternative[3];
    struct report report[3];
    struct comparison c;
    struct arena arena = {0};
    struct truth a, b;

    (void)unused;
    run_with(&a, swapping, 14, "scenario.replications=20");
    run_with(&b, swapping, 14, "policy.victim=mru");
    compare_some(&c, alternative, report, (struct truth *[]){&a, &a, &b}, 3, 0, 20, &arena);
    for (size_t k = 0; k < 3; k++) {
        const struct report_group *g = &report[k].group[0];
        const struct interval *due[] = {&g->response[STAT_MEAN], &g->response[STAT_P95], &g->slowdown[STAT_MEAN],
                                        &g->slowdown[STAT_P95], &report[k].sla[0].value};
        const char *metric[] = {"response_mean", "response_p95", "slowdown_mean", "slowdown_p95", "response_mean"};
        for (int i = 0; i < 5; i++) {
            const struct compare_metric *m = find(&c, i < 4 ? "group" : "sla", metric[i]);
            const struct interval *is = &m->of[k].value;
            assert_true(fabs(is->value - due[i]->value) < 1e-9 * due[i]->value);
            assert_true(fabs(is->low - due[i]->low) < 1e-9 * due[i]->value);
            assert_true(fabs(is->high - due[i]->high) < 1e-9 * due[i]->value);
            if (k > 0)
                assert_true(fabs(m->of[k].difference.value - (is->value - m->of[0].value.value)) < 1e-9 * is->value);
        }
    }
    for (size_t m = 0; m < c.metrics; m++) {
        const struct compared *same = &c.metric[m].of[1];
        assert_int_equal(same->verdict, VERDICT_IDENTICAL);
        assert_true(same->difference.value == 0.0 && isnan(same->difference.low));
        assert_int_equal(c.metric[m].family, 2);
    }
    assert_true(find(&c, "group", "response_mean")->of[2].variance_ratio > 1);
    arena_fini(&arena);
    truth_end(&a);
    truth_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_difference_is_found_in_five_of_a_hundred),
        cmocka_unit_test(test_a_known_difference),
        cmocka_unit_test(test_numbers_are_those_of_the_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
