/* test_admission.c - jobs that find no GPU when they arrive are refused and gone: Erlang's loss formula.
 *
 * Poisson arrivals of load a for m GPUs that take one job each: a share B = (a^m / m!) / sum of a^k / k! is refused, whatever the law
 * of the work (Sevastyanov 1957).  The arrivals are a fixed number of uniform times, which is a Poisson stream given its
 * number; those of group `before` fill the GPUs first.  Sources that try again later (Engset's) cannot be had: who is refused does not come back. */
#include "tests/truth/truth.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jobs_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
