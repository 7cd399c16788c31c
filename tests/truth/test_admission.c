/* test_admission.c - who finds no GPU when he arrives is refused: Erlang's and Engset's loss formulas, and a finite queue.
 *
 * Poisson arrivals of load a for m GPUs that take one job each: a share B = (a^m / m!) / sum of a^k / k! is refused, whatever the law
 * of the work (Sevastyanov 1957).  The arrivals are a fixed number of uniform times, which is a Poisson stream given its
 * number; those of group `before` fill the GPUs first.
 *
 * N users who think for Z and ask one of m models for S of work, and think again if all are busy: of their requests a share
 * B = C(N-1, m) a^m / sum of C(N-1, k) a^k is refused, a = S/Z, whatever the law of the work (Engset 1918).
 *
 * Poisson requests of load a to one model with room for n waiting: (1 - a) a^(n+1) / (1 - a^(n+2)) are refused, M/M/1/n+1. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static double refused(struct tally *tally, uint32_t group)
{
    return (double)tally_refused(&tally->group[group]) / (double)tally->group[group].workloads;
}

static double erlang(int gpus, double load)
{
    double b = 1;

    for (int m = 1; m <= gpus; m++)
        b = load * b / (m + load * b);
    return b;
}

static void test_jobs_lost(void **unused)
{
    static const struct {
        int gpus;
        const char *law;
        double load;
    } row[] = {{1, "exp(10s)", 1}, {2, "uniform(0s, 40s)", 2}, {3, "gamma(3, 30s)", 3}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[768], what[64];
        struct truth t;
        snprintf(text, sizeof text,
                 "[scenario]\nreplications = 400\n[node]\ngpus = %d\ngpu_memory = 80GiB\nmax_workloads_per_gpu = 1\n"
                 "[workload.J]\nclass = training\ncount = 400\nmemory = 1GiB\nstart = uniform(300s, 4300s)\n"
                 "gpu_work = %s\n"
                 "[workload.before]\nclass = training\ncount = 30\nmemory = 1GiB\nstart = uniform(0s, 300s)\n"
                 "gpu_work = %s\n",
                 row[i].gpus, row[i].law, row[i].law);
        truth_run(&t, text, NULL);
        snprintf(what, sizeof what, "%d GPUs, work %s: lost", row[i].gpus, row[i].law);
        truth_expect(what, truth_interval(&t, refused, 0), erlang(row[i].gpus, row[i].load));
        truth_end(&t);
    }
}

/* --- requests --- */

static double turned_away(struct tally *tally, uint32_t group)
{
    const struct group_tally *g = &tally->group[group];

    return (double)g->rejected / (double)g->arrived;
}

static double engset(int users, int servers, double a)
{
    double ways = 1, sum = 1; /* C(users - 1, k) a^k */

    for (int k = 1; k <= servers; k++)
        sum += ways *= (users - k) * a / k;
    return ways / sum;
}

/* The closed form lies in the interval of 99 %, and half of that is within `close` of it: what is rare takes long to count. */
static void expect(const char *what, const struct truth *t, double closed, double close)
{
    struct interval is = truth_interval(t, turned_away, 0);

    print_message("%s: %.6f +- %.6f, closed form %.6f\n", what, is.value, truth_half_width(is), closed);
    if (!(is.low <= closed && closed <= is.high))
        fail_msg("%s: %.6f is not in [%.6f, %.6f]", what, closed, is.low, is.high);
    if (!(truth_half_width(is) <= close * closed))
        fail_msg("%s: [%.6f, %.6f] is too wide", what, is.low, is.high);
}

static void test_users_turned_away(void **unused)
{
    static const struct {
        int users, servers;
        double published, close;
        const char *duration;
    } row[] = {{12, 2, .166163, .02, "200000s"},
               {12, 3, .039884, .04, "400000s"},
               {12, 4, .006603, .08, "600000s"},
               {20, 4, .041368, .04, "250000s"}};
    static const char *const law[] = {"10s", "gamma(0.5, 10s)"};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (size_t k = 0; k < sizeof law / sizeof law[0]; k++) {
            char text[768], what[80];
            struct truth t;
            snprintf(text, sizeof text,
                     "[scenario]\nduration = %s\nwarmup = 2000s\nreplications = 16\n[node]\ngpus = %d\n"
                     "gpu_memory = 80GiB\n[workload.M]\nclass = inference\nstate = gpu\ncount = %d\nmemory = 1GiB\n"
                     "router = least_loaded\nmax_waiting = 0\narrival = users(%d, 120s)\nservice = %s\n",
                     row[i].duration, row[i].servers, row[i].servers, row[i].users, law[k]);
            truth_run(&t, text, NULL);
            double closed = engset(row[i].users, row[i].servers, 10. / 120);
            assert_true(fabs(closed - row[i].published) < 1e-6);
            snprintf(what, sizeof what, "%d users, %d models, work %s: refused", row[i].users, row[i].servers, law[k]);
            expect(what, &t, closed, row[i].close);
            truth_end(&t);
        }
}

static void test_queue_full(void **unused)
{
    (void)unused;
    for (int room = 0; room < 6; room += 2) {
        char text[512], what[64];
        struct truth t;
        snprintf(text, sizeof text,
                 "[scenario]\nduration = 200000s\nwarmup = 1000s\nreplications = 16\n[node]\ngpu_memory = 80GiB\n"
                 "[workload.M]\nclass = inference\nstate = gpu\nmemory = 1GiB\nmax_waiting = %d\n"
                 "arrival = poisson(0.08/s)\nservice = exp(10s)\n",
                 room);
        truth_run(&t, text, NULL);
        snprintf(what, sizeof what, "load 0.8, room for %d waiting: refused", room);
        expect(what, &t, .2 * pow(.8, room + 1) / (1 - pow(.8, room + 2)), .03);
        truth_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jobs_lost), cmocka_unit_test(test_users_turned_away),
                                       cmocka_unit_test(test_queue_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
