/* test_arrivals.c - one workload's requests that do not come as a Poisson stream: GI/M/1.
 *
 * With work of mean S and gaps between arrivals of transform A, s solves s = A((1 - s) / S), and the mean response is
 * S / (1 - s) (Kleinrock, Queueing Systems 1, 1975, chapter 6).  Gamma gaps of shape k and mean G: A(x) = (1 + x G / k)^-k.
 * Spells on and off of means a and b, rate r while on: the gaps are independent of each other, and
 * A(x) = r (x + 1/b) / (x^2 + (r + 1/a + 1/b) x + r / b) (Kuczura, Bell System Technical Journal 52, 1973).
 *
 * 6 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static const double work = 10.0;

static const char scenario[] =
    "[scenario]\nduration = 2000000s\nwarmup = 5000s\nreplications = 30\n"
    "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
    "[workload.Q]\nclass = inference\nmemory = 1GiB\nstate = gpu\narrival = poisson(0.05/s)\n"
    "service = exp(10s)\n";

struct gaps {
    const char *name, *set, *duration;
    double cv; /* gamma, mean gap 20 s; 0: spells of 100 s on, 100 s off, rate 0.1 */
};

static double transform(const struct gaps *g, double x)
{
    const double on = 100.0, off = 100.0, rate = 0.1;
    double shape = 1.0 / (g->cv * g->cv);

    if (g->cv > 0.0)
        return pow(1.0 + x * 20.0 / shape, -shape);
    return rate * (x + 1.0 / off) / (x * x + (rate + 1.0 / on + 1.0 / off) * x + rate / off);
}

static double response(const struct gaps *g)
{
    double s = 0.5;

    for (int i = 0; i < 1000; i++) /* contracts, as the load is below 1 */
        s = transform(g, (1.0 - s) / work);
    return work / (1.0 - s);
}

static void test_requests_in_line(void **unused)
{
    static const struct gaps row[] = {
        {"gamma gaps, cv 0.5", "workload.Q.arrival=gamma(0.5,0.05/s)", "scenario.duration=700000s", 0.5},
        {"gamma gaps, cv 2", "workload.Q.arrival=gamma(2,0.05/s)", "scenario.duration=2500000s", 2.0},
        {"spells on and off", "workload.Q.arrival=onoff(100s,100s,0.1/s)", "scenario.duration=2500000s", 0.0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *set[] = {row[i].set, row[i].duration, NULL};
        char what[64];
        struct truth t;

        truth_run(&t, scenario, set);
        snprintf(what, sizeof what, "%s: response", row[i].name);
        truth_expect(what, truth_interval(&t, truth_mean, 0), response(&row[i]));
        snprintf(what, sizeof what, "%s: utilisation", row[i].name);
        truth_expect(what, truth_interval(&t, truth_useful, 0), 0.05 * work);
        truth_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests_in_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
