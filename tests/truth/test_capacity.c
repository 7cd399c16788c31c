/* test_capacity.c - how many notebooks fit: against the machine repairman model, and against trying every count.
 *
 * In the base case (think 120 s, burst 10 s, both exponential, memory for all, in the order of arrival) the 95th percentile is
 * 58.40 s with 9 notebooks and 64.36 s with 10, the mean 18.565 s with 8 and 20.719 s with 9 (tests/truth/test_repairman.c
 * has the formulas).  So 60 s keep 9 notebooks and 20 s on average keep 8.
 *
 * Under memory pressure there is no formula.  There every count is run with far more replications than a first look has, and the greatest one whose interval of 99.9 % lies within the target must be the answer; targets are drawn so that
 * no count lies within the zone of indifference.
 *
 * usage: test_truth_capacity [SEEDS SCENARIOS] */
#include "sim/base/random.h"
#include "sim/run/capacity.h"
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int seeds = 5, scenarios = 2, runs = 100; /* runs: of each count, when all are tried */

static const char base[] = "[scenario]\nduration = 30h\nwarmup = 1h\nreplications = 10\n"
                           "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                           "[workload.N]\nclass = notebook\ncount = %d\nmemory = 1GiB\n"
                           "think = exp(120s)\nburst = exp(10s)\n"
                           "[sla.N]\ngroup = N\n%s\n";

struct trial {
    struct capacity_plan plan;
    const struct vary *vary;
    struct arena *arena;
};

static int probe(void *context, struct capacity_point *point, double error, struct error *err)
{
    struct trial *t = context;
    return capacity_try(&t->plan, t->vary, point, error, t->arena, err);
}

/* Write a scenario to a file, since each point reads it anew. */
static void write_file(char path[32], const char *text)
{
    strcpy(path, "/tmp/capacity-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* The answer of a search in `text`; 0: none.  `undecided` counts points that stayed so. */
static int64_t answer_of(const char *text, uint64_t seed, int threads, struct capacity *c, struct arena *arena)
{
    char path[32], seed_text[40], threads_text[40];
    const char *set[] = {seed_text, threads_text};
    struct overrides with = {set, 2};
    struct error err = {0};
    struct scenario scenario;
    struct vary vary;
    struct trial t = {.vary = &vary, .arena = arena};

    write_file(path, text);
    snprintf(seed_text, sizeof seed_text, "scenario.seed=%llu", (unsigned long long)seed);
    snprintf(threads_text, sizeof threads_text, "scenario.threads=%d", threads);
    t.plan = (struct capacity_plan){.file = path, .set = set, .sets = 2, .indifference = 0.01, .first = 10};
    t.plan.run.backend = &backend_sim;
    if (scenario_read(&scenario, path, &with, arena, &err) != GS_OK ||
        vary_read(&vary, "workload.N.count", NULL, false, &scenario, arena, &err) != GS_OK ||
        capacity_search(c, &vary, capacity_start(&vary, &scenario), 0.95, probe, &t, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    unlink(path);
    c->vary = NULL;
    return c->answer == NULL ? 0 : c->answer->place;
}

/* --- the base case --- */

/* Over many seeds no more answers are wrong than the confidence allows, and a few more by chance. */
static void base_case(const char *promise, int64_t right)
{
    char text[1024];
    int wrong = 0;

    for (int seed = 1; seed <= seeds; seed++) {
        struct arena arena = {0};
        struct capacity c;
        /* From too few, from too many. */
        snprintf(text, sizeof text, base, seed % 2 == 0 ? 2 : 30, promise);
        int64_t answer = answer_of(text, (uint64_t)seed, 2, &c, &arena);
        wrong += answer != right;
        arena_fini(&arena);
    }
    print_message("%s: %d of %d wrong\n", promise, wrong, seeds);
    assert_true(wrong <= 0.05 * seeds + 3 * sqrt(0.05 * 0.95 * seeds));
}

static void test_base_case_has_the_known_answers(void **unused)
{
    (void)unused;
    base_case("response_p95 = 60s", 9);
    base_case("response_mean = 20s", 8);
    base_case("slowdown_mean = 2", 8);
}

/* --- nested users --- */

/* Notebook i of N + 1 draws what notebook i of N does: with a GPU each, every one of the first N has the same day. */
static void test_one_more_leaves_the_others_as_they_are(void **unused)
{
    static const char text[] = "[scenario]\nduration = 8h\nreplications = 2\n[node]\ngpus = 5\ngpu_memory = 80GiB\n"
                               "[workload.A]\nclass = notebook\ncount = 2\nmemory = uniform(1GiB,2GiB)\n"
                               "think = exp(120s)\nburst = exp(10s)\n"
                               "[workload.N]\nclass = notebook\nmemory = uniform(1GiB,2GiB)\n"
                               "think = exp(120s)\nburst = exp(10s)\n";
    static const char *const one[] = {"workload.N.count=1", NULL}, *const two[] = {"workload.N.count=2", NULL};
    struct truth a, b;

    (void)unused;
    truth_run(&a, text, one);
    truth_run(&b, text, two);
    for (uint32_t r = 0; r < 2; r++) {
        const struct group_tally *few = a.outcome.tally[r]->group, *many = b.outcome.tally[r]->group;
        assert_true(few[0].completed == many[0].completed && few[0].response_ns == many[0].response_ns);
        assert_true(few[1].completed < many[1].completed);
    }
    truth_end(&a);
    truth_end(&b);
}

/* --- memory pressure --- */

enum { COUNTS = 12, RUNS_MAX = 1000 };

static const char pressed[] = "[scenario]\nduration = 8h\nreplications = %d\n"
                              "[node]\ngpu_memory = %dGiB\nswap_file = 1TiB\nsharing = exclusive\n"
                              "[policy]\nvictim = %s\nslicer = %s\n"
                              "[workload.N]\nclass = notebook\ncount = %d\nmemory = %dGiB\n"
                              "think = %s\nburst = %s\n"
                              "[sla.N]\ngroup = N\nresponse_%s = %.17gs\n";

/* A drawn scenario; `count` and `replications` are put in. */
struct pressure {
    int gpu, memory, think, burst, victim, slicer, metric;
};

static void write_pressure(char out[1024], const struct pressure *p, int replications, int count, double target)
{
    static const char *const thinks[] = {"exp(120s)", "lognormal(1m, 1.2)", "uniform(30s, 200s)"};
    static const char *const bursts[] = {"exp(10s)", "lognormal(5s, 0.9)", "6s"};
    static const char *const victims[] = {"lru", "mru", "random"}, *const slicers[] = {"fcfs", "rr", "nvshare"};
    static const char *const metrics[] = {"p95", "mean"};

    snprintf(out, 1024, pressed, replications, p->gpu, victims[p->victim], slicers[p->slicer], count, p->memory,
             thinks[p->think], bursts[p->burst], metrics[p->metric], target);
}

static int below(struct stream *s, int n)
{
    return (int)((stream_bits(s) >> 33) % (uint64_t)n);
}

/* Value and interval of the promise's metric with so many notebooks, from many replications. */
static struct interval brute(const struct pressure *p, int count)
{
    char text[1024];
    struct truth t;

    write_pressure(text, p, runs, count, 1);
    truth_run(&t, text, NULL);
    double x[RUNS_MAX], y[RUNS_MAX];
    for (int r = 0; r < runs; r++) {
        struct tally *tally = t.outcome.tally[r];
        y[r] = p->metric == 0 ? 1 : (double)tally->group[0].completed;
        x[r] = p->metric == 0 ? truth_p95(tally, 0) : truth_mean(tally, 0) * y[r];
    }
    struct interval value = interval_ratio(x, y, (size_t)runs, 0.999);
    truth_end(&t);
    return value;
}

static void pressure_trial(uint32_t number)
{
    struct stream s;
    struct interval value[COUNTS + 1];
    struct arena arena = {0};
    struct capacity c;
    char text[1024];
    int64_t edge;

    stream_init(&s, 42, number, 0, PURPOSE_TEST);
    struct pressure p = {.gpu = 60 + 20 * below(&s, 3),
                         .memory = 24 + 8 * below(&s, 3),
                         .think = below(&s, 3),
                         .burst = below(&s, 3),
                         .victim = below(&s, 3),
                         .slicer = below(&s, 3),
                         .metric = below(&s, 2)};
    int64_t wanted = 3 + below(&s, 5);
    for (int n = 1; n <= COUNTS; n++)
        value[n] = brute(&p, n);
    /* Half way between two counts: far enough from both. */
    double target = 0.5 * (value[wanted].value + value[wanted + 1].value);
    for (edge = 0; edge < COUNTS && value[edge + 1].high <= target; edge++)
        ;
    write_pressure(text, &p, 10, 1 + below(&s, 12), target);
    int64_t answer = answer_of(text, 7 + number, 2, &c, &arena);
    print_message("scenario %u: %g s with %d, %g s with %d, target %g s: answer %d\n", number, value[wanted].value,
                  (int)wanted, value[wanted + 1].value, (int)wanted + 1, target, (int)answer);
    assert_int_equal(edge, wanted);
    assert_int_equal(answer, wanted);
    arena_fini(&arena);
}

static void test_under_memory_pressure_it_is_that_of_trying_all(void **unused)
{
    (void)unused;
    for (int i = 0; i < scenarios; i++)
        pressure_trial((uint32_t)i);
}

/* --- threads --- */

static void test_threads_change_nothing(void **unused)
{
    char text[1024];
    struct arena arena = {0};
    struct capacity one, five;

    (void)unused;
    snprintf(text, sizeof text, base, 2, "response_p95 = 60s\nslowdown_p95 = 40");
    int64_t first = answer_of(text, 3, 1, &one, &arena), second = answer_of(text, 3, 5, &five, &arena);
    assert_int_equal(first, second);
    assert_int_equal(one.points, five.points);
    for (size_t i = 0; i < one.points; i++) {
        assert_int_equal(one.point[i].replications, five.point[i].replications);
        for (size_t k = 0; k < one.point[i].checks; k++)
            assert_memory_equal(&one.point[i].check[k].value, &five.point[i].check[k].value, sizeof(struct interval));
    }
    arena_fini(&arena);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_case_has_the_known_answers),
        cmocka_unit_test(test_one_more_leaves_the_others_as_they_are),
        cmocka_unit_test(test_under_memory_pressure_it_is_that_of_trying_all),
        cmocka_unit_test(test_threads_change_nothing),
    };

    if (argc == 3) {
        seeds = (int)strtol(argv[1], NULL, 10);
        scenarios = (int)strtol(argv[2], NULL, 10);
        runs = RUNS_MAX;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
