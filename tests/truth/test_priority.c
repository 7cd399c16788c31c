/* test_priority.c - two classes of requests at one GPU: in the order of their arrival, by priority without and with
 * preemption.
 *
 * Class i has Poisson arrivals at rate l_i and exponential work of mean s_i; r_i = l_i s_i; w0 = sum l_i s_i^2 is the mean
 * rest of the work in service.  Kleinrock, Queueing Systems 2, 1976: waits
 *   first come first served     w0 / (1 - r)
 *   head of the line            w0 / (1 - r_1), w0 / ((1 - r_1)(1 - r))
 * responses preemptive resume   s_1 / (1 - r_1), (s_2 (1 - r) + w0) / ((1 - r_1)(1 - r))
 * and sum r_i w_i = r w0 / (1 - r) whatever the order, if nobody is preempted.
 *
 * 8 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>

static const double rate1 = 1.0 / 40, rate2 = 1.0 / 100, work1 = 5.0, work2 = 30.0;

static const char scenario[] = "[scenario]\nduration = 3000000s\nwarmup = 5000s\nreplications = 60\n"
                               "[node]\ngpu_memory = 80GiB\nsharing = exclusive\n"
                               "[workload.A]\nclass = inference\npriority = 2\nmemory = 1GiB\nstate = gpu\n"
                               "arrival = poisson(0.025/s)\nservice = exp(5s)\n"
                               "[workload.B]\nclass = inference\npriority = 1\nmemory = 1GiB\nstate = gpu\n"
                               "arrival = poisson(0.01/s)\nservice = exp(30s)\n";

static const char *const head_of_line[] = {"policy.slicer=priority", "policy.slicer.preempt=no", NULL};
static const char *const preemptive[] = {"policy.slicer=priority", NULL};

static double load1(void)
{
    return rate1 * work1;
}

static double load2(void)
{
    return rate2 * work2;
}

static double rest(void)
{
    return rate1 * work1 * work1 + rate2 * work2 * work2;
}

static double conserved(struct tally *tally, uint32_t unused)
{
    (void)unused;
    return load1() * truth_wait(tally, 0) + load2() * truth_wait(tally, 1);
}

static void test_first_come_first_served(void **unused)
{
    double wait = rest() / (1 - load1() - load2());
    struct truth t;

    (void)unused;
    assert_true(fabs(wait - 16.7391) < 1e-4);
    truth_run(&t, scenario, NULL);
    truth_expect("in order, class 1: wait", truth_interval(&t, truth_wait, 0), wait);
    truth_expect("in order, class 2: wait", truth_interval(&t, truth_wait, 1), wait);
    truth_expect("in order: load x wait", truth_interval(&t, conserved, 0), (load1() + load2()) * wait);
    truth_end(&t);
}

static void test_head_of_the_line(void **unused)
{
    double wait1 = rest() / (1 - load1()), wait2 = wait1 / (1 - load1() - load2());
    struct truth t;

    (void)unused;
    assert_true(fabs(wait1 - 11.0) < 1e-9 && fabs(wait2 - 19.1304) < 1e-4);
    assert_true(fabs(load1() * wait1 + load2() * wait2 - 7.114130) < 1e-6);
    truth_run(&t, scenario, head_of_line);
    truth_expect("head of the line, class 1: wait", truth_interval(&t, truth_wait, 0), wait1);
    truth_expect("head of the line, class 2: wait", truth_interval(&t, truth_wait, 1), wait2);
    truth_expect("head of the line: load x wait", truth_interval(&t, conserved, 0), load1() * wait1 + load2() * wait2);
    truth_end(&t);
}

static void test_preemptive_resume(void **unused)
{
    double response1 = work1 / (1 - load1()), free_share = 1 - load1() - load2();
    double response2 = (work2 * free_share + rest()) / ((1 - load1()) * free_share);
    struct truth t;

    (void)unused;
    assert_true(fabs(response1 - 5.714286) < 1e-6 && fabs(response2 - 53.416149) < 1e-6);
    truth_run(&t, scenario, preemptive);
    truth_expect("preemptive, class 1: response", truth_interval(&t, truth_mean, 0), response1);
    truth_expect("preemptive, class 2: response", truth_interval(&t, truth_mean, 1), response2);
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_head_of_the_line),
        cmocka_unit_test(test_preemptive_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
