/* test_bounds.c - the least mean response that the report tells: below the best of all schedules of tiny loads with swaps,
 * and below every policy. */
#include "sim/base/random.h"
#include "tests/truth/search.h"
#include "tests/truth/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t below(struct stream *s, uint32_t n)
{
    return (uint32_t)(stream_bits(s) >> 33) % n;
}

static size_t cases(void)
{
    const char *more = getenv("TRUTH_MORE");

    return 300 * (more != NULL ? (size_t)strtol(more, NULL, 10) : 1);
}

static struct tiny draw_tiny(struct stream *s)
{
    struct tiny t = {.workloads = 2 + (int)below(s, 2), .capacity = 3 + (int)below(s, 2)};

    for (int i = 0; i < t.workloads; i++) {
        int at = (int)below(s, 4);
        t.bytes[i] = 1 + (int)below(s, 3);
        t.work[i] = 1 + (int)below(s, 3);
        t.bursts[i] = 1 + (int)below(s, 2);
        for (int k = 0; k < t.bursts[i]; k++, at += 1 + (int)below(s, 5))
            t.at[i][k] = at;
    }
    return t;
}

static void write_tiny(char *text, size_t size, const struct tiny *t, bool swaps)
{
    size_t n = (size_t)snprintf(text, size,
                                "[scenario]\nduration = 90h\n[node]\ngpu_memory = %dGiB\ngpu_reserved = 0B\n"
                                "h2d = 1GiB/s\nd2h = 1GiB/s\n",
                                swaps ? t->capacity : 100);

    for (int i = 0; i < t->workloads; i++) {
        n += (size_t)snprintf(text + n, size - n,
                              "[workload.W%d]\nclass = inference\nmemory = %dGiB\nservice = %ds\nstate = %s\n"
                              "arrival = schedule(",
                              i, t->bytes[i], t->work[i], swaps ? "host" : "gpu");
        for (int k = 0; k < t->bursts[i]; k++)
            n += (size_t)snprintf(text + n, size - n, "%s%ds", k > 0 ? " " : "", t->at[i][k]);
        n += (size_t)snprintf(text + n, size - n, ")\n");
    }
    assert_true(n < size);
}

struct outcome_sums {
    double responses, bound; /* ns, exact */
};

/* Turns are a second long, so that they make a difference. */
static struct outcome_sums sums_under(const char *text, const char *victim, const char *slicer)
{
    char set[3][80];
    const char *sets[4] = {set[0], set[1], NULL, NULL};
    const struct gs_param *param = gs_policy_find(GS_SLOT_SLICER, slicer)->param;
    struct outcome_sums sums = {0};
    struct truth t;

    snprintf(set[0], sizeof set[0], "policy.victim=%s", victim);
    snprintf(set[1], sizeof set[1], "policy.slicer=%s", slicer);
    snprintf(set[2], sizeof set[2], "policy.slicer.quantum=1s");
    for (; param != NULL && param->key != NULL; param++)
        if (strcmp(param->key, "quantum") == 0)
            sets[2] = set[2];
    truth_run(&t, text, sets);
    const struct tally *tally = t.outcome.tally[0];
    assert_true(tally->bounded);
    for (uint32_t g = 0; g < tally->groups; g++) {
        sums.responses += tally->group[g].response_ns;
        if (tally->group[g].completed != tally->group[g].arrived)
            fail_msg("%s + %s: %d of %d bursts ended in\n%s", victim, slicer, (int)tally->group[g].completed,
                     (int)tally->group[g].arrived, text);
    }
    sums.bound = tally->bound_ns;
    truth_end(&t);
    return sums;
}

static const char *policy_name(enum gs_slot slot, uint32_t any)
{
    size_t count = 0;

    while (gs_policy_at(slot, count) != NULL)
        count++;
    return gs_policy_at(slot, any % count)->name;
}

static bool moves_wholes(const char *victim)
{
    const struct gs_policy_head *policy = gs_policy_find(GS_SLOT_VICTIM, victim);

    return ((const struct gs_victim_policy *)(const void *)policy)->chunk_bytes == NULL;
}

/* True: it is the best schedule; of those that swap whole workloads, which is not to be said of all policies. */
static bool check_tiny(const char *text, const char *victim, const char *slicer, int64_t best)
{
    struct outcome_sums is = sums_under(text, victim, slicer);

    if (is.bound > (double)best * 1e9 || is.bound > is.responses ||
        (moves_wholes(victim) && is.responses < (double)best * 1e9))
        fail_msg("%s + %s: bound %.9f s, best %d s, here %.9f s in\n%s", victim, slicer, is.bound * 1e-9, (int)best,
                 is.responses * 1e-9, text);
    return is.responses <= (double)best * 1e9;
}

static void test_bound_optimum_policies(void **unused)
{
    size_t n = cases(), reached = 0;
    struct stream s;

    (void)unused;
    stream_init(&s, 4, 0, 0, PURPOSE_TEST);
    for (size_t k = 0; k < n; k++) {
        struct tiny tiny = draw_tiny(&s);
        char text[1000];
        write_tiny(text, sizeof text, &tiny, true);
        int64_t best = tiny_best(&tiny);
        bool met = false;
        for (size_t i = 0; gs_policy_at(GS_SLOT_SLICER, i) != NULL; i++)
            met |= check_tiny(text, policy_name(GS_SLOT_VICTIM, below(&s, 1000)), gs_policy_at(GS_SLOT_SLICER, i)->name,
                              best);
        for (size_t i = 0; gs_policy_at(GS_SLOT_VICTIM, i) != NULL; i++)
            met |= check_tiny(text, gs_policy_at(GS_SLOT_VICTIM, i)->name, policy_name(GS_SLOT_SLICER, below(&s, 1000)),
                              best);
        reached += met;
    }
    print_message("some policy is the best schedule in %zu of %zu cases\n", reached, n);
}

/* Memory for all, one burst each: the bound is what the shortest remaining work first does, to the nanosecond. */
static void test_srpt_meets_the_bound(void **unused)
{
    size_t n = cases(), fcfs_too = 0;
    struct stream s;

    (void)unused;
    stream_init(&s, 5, 0, 0, PURPOSE_TEST);
    for (size_t k = 0; k < n; k++) {
        struct tiny tiny = draw_tiny(&s);
        char text[1000];
        for (int i = 0; i < tiny.workloads; i++)
            tiny.bursts[i] = 1;
        write_tiny(text, sizeof text, &tiny, false);
        struct outcome_sums srpt = sums_under(text, "lru", "srpt"), fcfs = sums_under(text, "lru", "fcfs");
        assert_true(srpt.responses >= srpt.bound && srpt.responses <= srpt.bound);
        assert_true(fcfs.responses >= fcfs.bound && fcfs.bound >= srpt.bound && fcfs.bound <= srpt.bound);
        fcfs_too += fcfs.responses <= fcfs.bound;
    }
    assert_in_range(fcfs_too, 1, n - 1);
}

/* --- whatever the report leaves out --- */

static const char busy[] = "[scenario]\nduration = 30m\nwarmup = 5m\nreplications = 4\n[node]\ngpu_memory = 80GiB\n"
                           "swap_file = 100GiB\n[policy]\ncap.when_full = reject\n"
                           "[workload.S]\nclass = inference\ncount = 5\nmemory = uniform(20GiB,40GiB)\n"
                           "arrival = poisson(1.5/min)\nstate = new\nservice = hyperexp(0.9,2s,30s)\nslots = 2\n"
                           "[workload.J]\nclass = training\ncount = 3\nmemory = 30GiB\nstart = uniform(0s,20m)\n"
                           "cpu_work = 1m\ngpu_work = exp(2m)\n";

/* Bursts that are refused or do not end, warm-up, several GPUs of different speeds: of those that count no policy has a mean
 * below the bound. */
static void test_below_what_is_reported(void **unused)
{
    static const char *const place[] = {"node.gpus=1", "node.gpus=2", "node.gpu_speed=1.7", "node.swap_file=30GiB"};
    uint64_t left_out = 0;

    (void)unused;
    for (size_t k = 0; k < sizeof place / sizeof place[0]; k++)
        for (size_t i = 0; gs_policy_at(GS_SLOT_SLICER, i) != NULL; i++) {
            char slicer[80];
            const char *const set[] = {place[k], slicer, NULL};
            struct truth t;
            snprintf(slicer, sizeof slicer, "policy.slicer=%s", gs_policy_at(GS_SLOT_SLICER, i)->name);
            truth_run(&t, busy, set);
            for (uint32_t r = 0; r < t.outcome.completed; r++) {
                const struct tally *tally = t.outcome.tally[r];
                double responses = 0;
                for (uint32_t g = 0; g < tally->groups; g++) {
                    responses += tally->group[g].response_ns;
                    left_out += tally->group[g].censored + tally->group[g].rejected;
                }
                assert_true(tally->bounded && tally->bound_ns > 0);
                if (responses < tally->bound_ns)
                    fail_msg("%s, %s: bound %g, here %g", place[k], slicer, tally->bound_ns, responses);
            }
            truth_end(&t);
        }
    assert_true(left_out > 1000);
}

static void test_only_where_arrivals_are_fixed(void **unused)
{
    static const char job[] = "[scenario]\nduration = 1h\n[node]\ngpu_memory = 80GiB\n"
                              "[workload.J]\nclass = training\nmemory = 1GiB\n";
    static const struct {
        const char *rest;
        bool bounded;
    } row[] = {
        {"gpu_work = 1m\n", true},
        {"iterations = 1\niteration = 1m\n", true},
        {"iterations = 2\niteration = 1m\n", false},
        {"gpu_work = 1m\n[workload.N]\nclass = notebook\nmemory = 1GiB\nthink = 1m\nburst = 1s\n", false},
        {"gpu_work = 1m\n[workload.S]\nclass = inference\nmemory = 1GiB\narrival = poisson(1/min)\nservice = 1s\n",
         true},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[500];
        struct truth t;
        snprintf(text, sizeof text, "%s%s", job, row[i].rest);
        truth_run(&t, text, NULL);
        if (t.outcome.tally[0]->bounded != row[i].bounded)
            fail_msg("%s: a bound %s expected", row[i].rest, row[i].bounded ? "is" : "is not");
        truth_end(&t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_optimum_policies),
        cmocka_unit_test(test_srpt_meets_the_bound),
        cmocka_unit_test(test_below_what_is_reported),
        cmocka_unit_test(test_only_where_arrivals_are_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
