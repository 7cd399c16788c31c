/* test_repairman.c - N notebooks on one GPU, first come first served, are the machine repairman model M/M/1//N.
 *
 * With think mean Z, burst mean S and memory for all, the number of bursts at the GPU has p_n ~ N!/(N-n)! (S/Z)^n.  Hence
 * utilisation 1 - p_0, throughput U/S, response N/X - Z.  An arriving burst finds what an outsider would see with N - 1
 * notebooks (arrival theorem), so its response is Erlang of that number plus one.  Sztrik, Finite-source queueing systems,
 * 2002; Lavenberg & Reiser, J. Appl. Prob. 17, 1980.
 *
 * 27 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static const double think = 120.0, burst = 10.0;

static const char scenario[] = "[scenario]\nwarmup = 5000s\nreplications = 30\n"
                               "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                               "[workload.N]\nclass = notebook\nmemory = 1GiB\nthink = exp(120s)\nburst = exp(10s)\n";

enum { N_MAX = 16 };

/* P(n bursts at the GPU), n = 0 .. N. */
static void probabilities(int notebooks, double p[N_MAX + 1])
{
    double sum = 1.0;

    p[0] = 1.0;
    for (int n = 1; n <= notebooks; n++)
        sum += p[n] = p[n - 1] * (notebooks - n + 1) * burst / think;
    for (int n = 0; n <= notebooks; n++)
        p[n] /= sum;
}

static double response_mean(int notebooks)
{
    double p[N_MAX + 1];

    probabilities(notebooks, p);
    return notebooks / ((1.0 - p[0]) / burst) - think;
}

static double tail(int notebooks, double t)
{
    double p[N_MAX + 1], term = exp(-t / burst), erlang = 0.0, sum = 0.0;

    probabilities(notebooks - 1, p);
    for (int j = 0; j < notebooks; j++) {
        erlang += term; /* P(Erlang(j + 1) > t) */
        term *= t / burst / (j + 1);
        sum += p[j] * erlang;
    }
    return sum;
}

static double response_p95(int notebooks)
{
    double low = 0.0, high = 1000.0;

    for (int i = 0; i < 60; i++)
        *(tail(notebooks, (low + high) / 2) > 0.05 ? &low : &high) = (low + high) / 2;
    return low;
}

static const struct {
    int notebooks;
    double useful, mean, p95; /* as published in tables, to their last digit */
} table[] = {
    {1, .076923, 10, 29.957},       {4, .301536, 12.6542, 37.484},  {6, .443911, 15.1622, 44.312},
    {8, .577345, 18.5654, 53.111},  {9, NAN, 20.719, 58.40},        {10, .698075, 23.2511, 64.364},
    {12, .801433, 29.7319, 78.454}, {14, .882790, 38.5881, 95.475}, {16, .939587, 50.2875, 115.106},
};
enum { ROWS = sizeof table / sizeof table[0] };

static void test_closed_forms_have_the_known_digits(void **unused)
{
    (void)unused;
    for (int i = 0; i < ROWS; i++) {
        double p[N_MAX + 1];
        probabilities(table[i].notebooks, p);
        assert_true(isnan(table[i].useful) || fabs(1.0 - p[0] - table[i].useful) < 6e-7);
        assert_true(fabs(response_mean(table[i].notebooks) - table[i].mean) < 6e-4);
        assert_true(fabs(response_p95(table[i].notebooks) - table[i].p95) < 6e-3);
    }
}

static void test_notebooks_in_line_are_the_machine_repairman(void **unused)
{
    (void)unused;
    for (int i = 0; i < ROWS; i++) {
        char count[40], duration[40], what[64];
        const char *set[] = {count, duration, NULL};
        int n = table[i].notebooks;
        double p[N_MAX + 1];
        struct truth t;

        snprintf(count, sizeof count, "workload.N.count=%d", n);
        snprintf(duration, sizeof duration, "scenario.duration=%ds", 250000 + 3500000 / n);
        truth_run(&t, scenario, set);
        probabilities(n, p);
        snprintf(what, sizeof what, "machine repairman, N = %d: mean", n);
        truth_expect(what, truth_interval(&t, truth_mean, 0), response_mean(n));
        snprintf(what, sizeof what, "machine repairman, N = %d: p95", n);
        truth_expect(what, truth_interval(&t, truth_p95, 0), response_p95(n));
        snprintf(what, sizeof what, "machine repairman, N = %d: utilisation", n);
        truth_expect(what, truth_interval(&t, truth_useful, 0), 1.0 - p[0]);
        truth_end(&t);
    }
}

/* Response time law, without chance: with constant think times Z each notebook's time is C Z + (sum of its C responses),
 * but for its cycles at the two ends of the run.  So N / X and Z + R differ by no more than 2 N (Z + longest response) / C. */
static void test_responses_thinking_and_throughput_add_up(void **unused)
{
    static const char *const count[] = {"workload.N.count=1", "workload.N.count=8", "workload.N.count=16"};

    (void)unused;
    for (size_t i = 0; i < sizeof count / sizeof count[0]; i++) {
        const char *set[] = {count[i], "workload.N.think=120s", "scenario.duration=4000000s", "scenario.replications=2",
                             NULL};
        struct truth t;

        truth_run(&t, scenario, set);
        struct group_tally *g = &t.outcome.tally[0]->group[0];
        double n = (double)g->workloads, most = (think + (double)g->response.max * 1e-9) * 2 * n / (double)g->completed;
        double gap = n / truth_throughput(t.outcome.tally[0], 0) - think - truth_mean(t.outcome.tally[0], 0);
        print_message("N = %g: N/X - Z - R = %.6f s, at most %.6f s\n", n, gap, most);
        assert_true(fabs(gap) <= most);
        truth_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_forms_have_the_known_digits),
        cmocka_unit_test(test_notebooks_in_line_are_the_machine_repairman),
        cmocka_unit_test(test_responses_thinking_and_throughput_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
