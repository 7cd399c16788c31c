/* test_sharing.c - notebooks and requests that share a GPU evenly (processor sharing): means that do not depend on the
 * distribution of bursts, percentiles that do, and round robin that comes ever closer to it.
 *
 * M/G/1-PS//N has the mean of M/M/1//N for any distribution of bursts: Baskett, Chandy, Muntz, Palacios, J. ACM 22, 1975.
 * M/G/1-PS has E[response | work x] = x / (1 - rho): Sakata, Noguchi, Oizumi 1969; Kleinrock, Queueing Systems 2, 1976.
 *
 * 12 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

enum { N = 8 };
static const double think = 120.0, burst = 10.0;

/* Two hyperexponentials of mean 10 and cv^2 = 9.  BALANCED: both phases bring the same load, p1 = (1 + sqrt(0.8)) / 2,
 * mean_i = 10 / (2 p_i).  TENTH: one burst in ten is long; then mean1 = 10 - 20 / 3 and mean2 = 10 + 20 * 3. */
#define BALANCED "hyperexp(0.9472135954999579, 5.278640450004206s, 94.72135954999579s)"
#define TENTH "hyperexp(0.9, 3.3333333333333333s, 70s)"

static const char closed[] =
    "[scenario]\nwarmup = 5000s\nreplications = 30\nduration = 700000s\n"
    "[node]\ngpu_memory = 80GiB\n[policy]\nslicer = ps\n"
    "[workload.N]\nclass = notebook\ncount = 8\nmemory = 1GiB\nthink = exp(120s)\nburst = 10s\n";

static double engset_mean(void)
{
    double p = 1.0, sum = 1.0;

    for (int n = 1; n <= N; n++)
        sum += p *= (N - n + 1) * burst / think;
    return N / ((1.0 - 1.0 / sum) / burst) - think;
}

/* --- the exact distribution of responses when bursts are hyperexponential, by a Markov chain ---
 * A tagged burst in phase `me` shares the GPU with a others in phase 0 and b in phase 1; N - 1 - a - b others think. */
struct phases {
    double share[2], rate[2];
};

enum { STATES = 2 * N * N }; /* me, a, b with a + b < N */

static int state_of(int me, int a, int b)
{
    return (me * N + a) * N + b;
}

/* What an arriving burst finds: product form with N - 1 notebooks, (a + b)! / (a! b!) x1^a x2^b over thinking ones. */
static void at_arrival(const struct phases *ph, double p[STATES])
{
    double sum = 0.0;

    for (int me = 0; me < 2; me++)
        for (int a = 0; a < N; a++)
            for (int b = 0; b < N; b++) {
                double w = 0.0;
                if (a + b < N)
                    w = ph->share[me] * exp(lgamma(a + b + 1.0) - lgamma(a + 1.0) - lgamma(b + 1.0) +
                                            a * log(ph->share[0] / ph->rate[0]) + b * log(ph->share[1] / ph->rate[1]) -
                                            lgamma(N - a - b) - (N - 1 - a - b) * log(1.0 / think));
                p[state_of(me, a, b)] = w;
                sum += w;
            }
    for (int i = 0; i < STATES; i++)
        p[i] /= sum;
}

/* One step of the chain that jumps at `pace`: `p` becomes the next distribution; what ended is lost from it. */
static void jump(const struct phases *ph, double pace, double p[STATES])
{
    double next[STATES] = {0};

    for (int me = 0; me < 2; me++)
        for (int a = 0; a < N; a++)
            for (int b = 0; a + b < N; b++) {
                int here = state_of(me, a, b), thinking = N - 1 - a - b;
                double from = p[here] / pace, share = 1.0 / (a + b + 1), out = 0.0;
                for (int k = 0; k < 2; k++) {
                    int present = k == 0 ? a : b;
                    double in = thinking / think * ph->share[k], done = ph->rate[k] * present * share;
                    if (thinking > 0)
                        next[state_of(me, a + (k == 0), b + (k == 1))] += from * in;
                    if (present > 0)
                        next[state_of(me, a - (k == 0), b - (k == 1))] += from * done;
                    out += in + done;
                }
                out += ph->rate[me] * share;
                next[here] += from * (pace - out);
            }
    for (int i = 0; i < STATES; i++)
        p[i] = next[i];
}

/* Smallest t with P(response > t) <= 0.05, by uniformisation: P(> t) = sum of Poisson(k; pace t) left(k). */
static double exact_p95(const struct phases *ph)
{
    enum { JUMPS = 3000 };
    static double left[JUMPS];
    double p[STATES], pace = 1.01 * (N / think + fmax(ph->rate[0], ph->rate[1])), low = 0.0, high = 400.0;

    at_arrival(ph, p);
    for (int k = 0; k < JUMPS; k++) {
        left[k] = 0.0;
        for (int i = 0; i < STATES; i++)
            left[k] += p[i];
        jump(ph, pace, p);
    }
    for (int i = 0; i < 50; i++) {
        double t = (low + high) / 2, sum = 0.0;
        for (int k = 0; k < JUMPS; k++)
            sum += left[k] * exp(-pace * t + k * log(pace * t) - lgamma(k + 1.0));
        *(sum > 0.05 ? &low : &high) = t;
    }
    return low;
}

/* Neither the mean nor mean and cv^2 together tell the percentile.  `known` was seen in simulations by others, +- 0.5. */
static void test_mean_does_not_depend_on_the_distribution_but_p95_does(void **unused)
{
    const struct phases exponential = {{0.5, 0.5}, {1.0 / 10.0, 1.0 / 10.0}};
    const struct phases balanced = {{0.9472135954999579, 0.0527864045000421},
                                    {1.0 / 5.278640450004206, 1.0 / 94.72135954999579}};
    const struct phases tenth = {{0.9, 0.1}, {3.0 / 10.0, 1.0 / 70.0}};
    const struct {
        const char *name, *set, *duration;
        double p95, known; /* NAN: none here */
    } row[] = {
        {"constant", "workload.N.burst=10s", "scenario.duration=400000s", NAN, 37.0},
        {"exponential", "workload.N.burst=exp(10s)", "scenario.duration=700000s", exact_p95(&exponential), 61.7},
        {"hyperexponential", "workload.N.burst=" BALANCED, "scenario.duration=2000000s", exact_p95(&balanced), NAN},
        {"long ones in ten", "workload.N.burst=" TENTH, "scenario.duration=4200000s", exact_p95(&tenth), NAN},
    };

    (void)unused;
    assert_true(fabs(engset_mean() - 18.5654) < 1e-4);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *set[] = {row[i].set, row[i].duration, NULL};
        char what[64];
        struct truth t;
        truth_run(&t, closed, set);
        snprintf(what, sizeof what, "shared, %s bursts: mean", row[i].name);
        truth_expect(what, truth_interval(&t, truth_mean, 0), engset_mean());
        struct interval p95 = truth_interval(&t, truth_p95, 0);
        snprintf(what, sizeof what, "shared, %s bursts: p95", row[i].name);
        truth_expect(what, p95, isnan(row[i].p95) ? p95.value : row[i].p95);
        assert_true(isnan(row[i].known) || fabs(p95.value - row[i].known) <= 0.5);
        truth_end(&t);
    }
}

/* Three kinds of requests at one GPU, rho = 0.2 each; all are served at once. */
static const char open[] = "[scenario]\nwarmup = 5000s\nreplications = 30\nduration = 500000s\n"
                           "[node]\ngpu_memory = 80GiB\n[policy]\nslicer = ps\n"
                           "[workload.A]\nclass = inference\nmemory = 1GiB\nstate = gpu\nslots = 1000\n"
                           "arrival = poisson(0.02/s)\nservice = 10s\n"
                           "[workload.B]\nclass = inference\nmemory = 1GiB\nstate = gpu\nslots = 1000\n"
                           "arrival = poisson(0.1/s)\nservice = 2s\n"
                           "[workload.C]\nclass = inference\nmemory = 1GiB\nstate = gpu\nslots = 1000\n"
                           "arrival = poisson(0.04/s)\nservice = uniform(0s, 10s)\n";

static void test_response_is_linear_in_the_work(void **unused)
{
    static const struct {
        const char *name;
        double work;
    } row[] = {{"shared requests, work 10 s: mean", 10.0},
               {"shared requests, work 2 s: mean", 2.0},
               {"shared requests, 0 to 10 s: mean", 5.0}};
    struct truth t;

    (void)unused;
    truth_run(&t, open, NULL);
    for (uint32_t i = 0; i < sizeof row / sizeof row[0]; i++)
        truth_expect(row[i].name, truth_interval(&t, truth_mean, i), row[i].work / (1.0 - 0.6));
    truth_expect("shared requests: utilisation", truth_interval(&t, truth_useful, 0), 0.6);
    truth_end(&t);
}

/* Same notebooks, same draws.  The runs are short and many: the times of the two systems drift apart in long ones, and the
 * paired differences would be no narrower than those of strangers. */
static void test_round_robin_becomes_sharing(void **unused)
{
    static const char *const quantum[] = {"policy.slicer.quantum=1s", "policy.slicer.quantum=100ms",
                                          "policy.slicer.quantum=10ms"};
    enum { QUANTA = sizeof quantum / sizeof quantum[0] };
    const char *shared_set[] = {"scenario.replications=150", "scenario.duration=2000s", "scenario.warmup=0s", NULL};
    struct interval gap[QUANTA];
    struct truth shared;

    (void)unused;
    truth_run(&shared, closed, shared_set);
    for (int i = 0; i < QUANTA; i++) {
        const char *set[] = {shared_set[0], shared_set[1], shared_set[2], "policy.slicer=rr", quantum[i], NULL};
        struct truth sliced;
        truth_run(&sliced, closed, set);
        gap[i] = truth_difference(&sliced, &shared, truth_mean, 0);
        print_message("round robin, %s: mean less that of sharing %.6f +- %.6f s\n", quantum[i], gap[i].value,
                      truth_half_width(gap[i]));
        truth_end(&sliced);
        assert_true(i == 0 || fabs(gap[i].value) < fabs(gap[0].value));
    }
    assert_true(gap[0].high < 0.0); /* otherwise there is nothing to see: those who came last end a little sooner */
    assert_true(gap[QUANTA - 1].low <= 0.0 && gap[QUANTA - 1].high >= 0.0);
    assert_true(truth_half_width(gap[QUANTA - 1]) < 0.01 * engset_mean());
    truth_end(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_does_not_depend_on_the_distribution_but_p95_does),
        cmocka_unit_test(test_response_is_linear_in_the_work),
        cmocka_unit_test(test_round_robin_becomes_sharing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
