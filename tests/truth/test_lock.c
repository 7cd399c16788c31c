/* test_lock.c - the exclusive lock of nvshare: the makespan of two like jobs by a formula, and the published one.
 *
 * Table 12.2 of G. Alexopoulos, nvshare (thesis, NTUA, 2021): two copies of a program on a P100 of 16 GB, 14 quanta of the
 * lock.  Nothing is fitted to it: the program's time alone is the one published for the lock alone, a tenth of it is CPU
 * work and comes first, the GPU memory is the program's, and the link is a PCIe 3 x16 of 12 GB/s both ways. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static const char two_copies[] = "[scenario]\n"
                                 "[node]\ngpu_memory = 16GB\ngpu_reserved = 0GB\nh2d = 12GB/s\nd2h = 12GB/s\n"
                                 "[policy]\nslicer = nvshare\nslicer.early_release = 5s\n"
                                 "[workload.J]\nclass = training\ncount = 2\nmemory = 15.3GB\n";

/* Makespan of the scenario with two jobs of `cpu` and `gpu` seconds and `gigabytes`, in seconds. */
static double simulated(double cpu, double gpu, double gigabytes, double quantum)
{
    char cpu_work[64], gpu_work[64], memory[64], slice[64];
    const char *set[] = {cpu_work, gpu_work, memory, slice, NULL};
    struct truth t;
    double makespan;

    snprintf(cpu_work, sizeof cpu_work, "workload.J.cpu_work=%.6fs", cpu);
    snprintf(gpu_work, sizeof gpu_work, "workload.J.gpu_work=%.6fs", gpu);
    snprintf(memory, sizeof memory, "workload.J.memory=%.6fGB", gigabytes);
    snprintf(slice, sizeof slice, "policy.slicer.quantum=%.6fs", quantum);
    truth_run(&t, two_copies, set);
    makespan = (double)t.outcome.tally[0]->makespan_ns * 1e-9;
    truth_end(&t);
    return makespan;
}

enum { QUANTA = 14 };
static const double quantum[QUANTA] = {1000, 500, 400, 300, 200, 100, 60, 50, 40, 30, 20, 15, 10, 5};

static const struct program {
    const char *name;
    double gigabytes, alone;
    double measured[QUANTA];
} program[] = {
    {"small_90", 7.2, 712, {1361, 1363, 1352, 1354, 1360, 1351, 1348, 1351, 1343, 1366, 1360, 1341, 1360, 1334}},
    {"big_90", 15.3, 734, {1380, 1400, 1405, 1418, 1423, 1435, 1468, 1473, 1485, 1521, 1583, 1668, 1821, 2788}},
};

static void test_published_makespans(void **unused)
{
    (void)unused;
    for (size_t p = 0; p < 2; p++) {
        double sum = 0.0, worst = 0.0;
        for (int i = 0; i < QUANTA; i++) {
            double is = simulated(0.1 * program[p].alone, 0.9 * program[p].alone, program[p].gigabytes, quantum[i]);
            double off = is / program[p].measured[i] - 1.0;
            print_message("%-9s quantum %4.0f s: simulated %7.1f s, measured %5.0f s, %+.2f %%\n", program[p].name,
                          quantum[i], is, program[p].measured[i], 100.0 * off);
            sum += fabs(off);
            worst = fmax(worst, fabs(off));
        }
        print_message("%-9s mean error %.2f %%, greatest %.2f %%\n", program[p].name, 100.0 * sum / QUANTA,
                      100.0 * worst);
        assert_true(sum / QUANTA <= 0.02);
        assert_true(worst <= 0.05);
    }
}

/* The same, exactly: cpu c, GPU work g, quantum q, o seconds out and i in, s = o + i, all less than q.
 * A's turns bring it q, q - s, q - s, ...; B's q - o (it is new, nothing comes in), then the same.  A needs k turns,
 *     k = 1 + ceil((g - q) / (q - s)),
 * and is first to end, as it is always ahead.  Before its last turn k - 1 whole turns of each have passed.  Then B comes in,
 * with nobody to send out, and works off its rest undisturbed. */
static double closed_form(double c, double g, double q, double out, double in)
{
    double s = out + in, k = g <= q ? 1.0 : 1.0 + ceil((g - q) / (q - s));

    if (k <= 1.0)
        return c + g + g; /* B finds the GPU empty */
    double last = g - q - (k - 2.0) * (q - s);
    double end_of_a = c + 2.0 * (k - 1.0) * q + s + last;
    return end_of_a + in + g - (q - out) - (k - 2.0) * (q - s);
}

static void test_makespan_of_two_jobs_is_exact(void **unused)
{
    static const struct {
        double cpu, gpu, gigabytes, quantum;
    } row[] = {
        {73.4, 660.6, 15.3, 5},   {73.4, 660.6, 15.3, 10}, {73.4, 660.6, 15.3, 30}, {73.4, 660.6, 15.3, 200},
        {73.4, 660.6, 15.3, 700}, {0, 100, 12, 2.5},       {0, 100, 12, 7},         {1, 33.3, 9, 3.25},
        {100, 1000, 15, 2.75},    {5, 10, 14.4, 10},       {5, 10.5, 14.4, 10},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double each_way = row[i].gigabytes / 12.0;
        double is = simulated(row[i].cpu, row[i].gpu, row[i].gigabytes, row[i].quantum);
        double due = closed_form(row[i].cpu, row[i].gpu, row[i].quantum, each_way, each_way);
        print_message("work %.6g + %.6g s, %g GB, quantum %g s: %.9f s, closed form %.9f s\n", row[i].cpu, row[i].gpu,
                      row[i].gigabytes, row[i].quantum, is, due);
        assert_true(fabs(is - due) < 1e-6);
    }
}

/* In the long run a turn of q is worth q - s: the makespan tends to c + 2 g q / (q - s).  It is off by the first turns, which
 * are worth up to s more each, at q / (q - s) for a second of work, and by the last turn of each. */
static void test_makespan_of_long_jobs_is_the_limit(void **unused)
{
    static const double slice[] = {4, 5, 10, 20, 60};
    const double c = 1000, g = 9000, s = 30.0 / 12;

    (void)unused;
    for (size_t i = 0; i < sizeof slice / sizeof slice[0]; i++) {
        double limit = c + 2 * g * slice[i] / (slice[i] - s);
        assert_true(fabs(simulated(c, g, 15, slice[i]) - limit) < 2 * slice[i] + 2 * s * slice[i] / (slice[i] - s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_makespans),
        cmocka_unit_test(test_makespan_of_two_jobs_is_exact),
        cmocka_unit_test(test_makespan_of_long_jobs_is_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
