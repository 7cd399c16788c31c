/* test_live_real_clock.c - live mode on the driver double by the machine's clock, against the simulated node: mean and 95th
 * percentile of the response within 5 %; and what a decision takes in between.
 *
 * Only a run that kept up says anything: one in which the loop was late by little of what a burst takes, and had not to wait
 * for a processor.  A machine that is too busy gets three tries, and then the test is skipped.  Without the argument "all", one trial. */
#include "tests/unit/live_fixture.h"

#include <sched.h>
#include <time.h>

#define DOUBLE "memory=10MiB context=1MiB granularity=64KiB latency=0 real_clock=yes in=40MB/s out=40MB/s "
#define NODE "[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\nchunk = 64KiB\nh2d = 40MB/s\nd2h = 40MB/s\n"
#define RUN "[scenario]\nwarmup = 0s\n"

/* Jobs that end, so that no burst is cut off by the end of the run: a second here is some ten of a user's, and bursts are
 * long beside a quantum. */
#define JOBS(count, memory, iteration)                                                                                 \
    "[workload.J]\nclass = training\ncount = " count "\nmemory = " memory "\nstart = uniform(0s,300ms)\n"              \
    "iterations = 6\niteration = " iteration "\ngap = uniform(300ms,500ms)\n"
/* Who is stopped works on for up to two quanta, 10 ms: turns are long beside that, too. */
#define TURNS                                                                                                          \
    "[workload.J]\nclass = training\ncount = 2\nmemory = 5MiB\nstart = uniform(0s,300ms)\niterations = 2\n"            \
    "iteration = uniform(700ms,900ms)\ngap = uniform(100ms,200ms)\n"
static const struct trial {
    const char *name, *text, *link;
} trials[] = {
    {"fcfs, serial", "[policy]\nslicer = fcfs\n" JOBS("3", "3840KiB", "uniform(100ms,200ms)"), "duplex=1"},
    {"round robin, overlapped",
     "duplex = 0.8\ntransfer = overlapped\n[policy]\nslicer = rr\nslicer.quantum = 500ms\n" TURNS, "duplex=0.8"},
    {"nvshare, on one link",
     "duplex = 0.5\ntransfer = overlapped\n[policy]\nslicer = nvshare\nslicer.quantum = 800ms\n"
     "slicer.early_release = 50ms\n" TURNS,
     "duplex=0.5"},
    {"priority, found idle late",
     "transfer = overlapped\nidle_detect = 50ms\nswap_overhead = 10ms\n[policy]\nslicer = priority\n" JOBS(
         "1", "4MiB", "uniform(100ms,200ms)") "priority = 200\n[workload.T]\nclass = training\nmemory = 6MiB\n"
                                              "iterations = 4\niteration = 300ms\ngap = 50ms\n",
     "duplex=1"},
    {"models whose copies stay",
     "transfer = overlapped\n[workload.A]\nclass = inference\ncount = 1\nmemory = 3MiB\n"
     "arrival = schedule(0.1s 0.9s 1.7s 2.5s)\nservice = uniform(50ms,100ms)\nkeep_host_copy = yes\ndirty = 0\n"
     "warm_start = 20ms\n[workload.B]\nclass = inference\ncount = 2\nmemory = 3MiB\n"
     "arrival = schedule(0.5s 1.3s 2.1s 2.9s)\nservice = uniform(50ms,100ms)\nkeep_host_copy = yes\ndirty = 0\n"
     "warm_start = 20ms\n",
     "duplex=1"},
    {"shared freely",
     "[workload.J]\nclass = training\ncount = 3\nmemory = 2MiB\nstart = uniform(0s,1s)\niterations = 2\n"
     "iteration = uniform(1s,2s)\ngap = uniform(300ms,500ms)\n",
     "duplex=1"},
};
enum { TRIALS = sizeof trials / sizeof *trials, TRIES = 3 };

static bool all;
static struct {
    uint64_t looks, start_ns;
    double late_s, least_s; /* sum of the times by which the loop was late when it asked, and the least of these */
} watch;

/* How long decisions took, in the loop between everything else that it does. */
static struct {
    int64_t ns[65536];
    size_t count;
} decision;

const struct gs_commands *__real_controller_step(struct controller *ctl, const struct gs_event *event);
const struct gs_commands *__wrap_controller_step(struct controller *ctl, const struct gs_event *event);

static int64_t machine_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How long this thread was ready and had no processor; 0 where the kernel does not tell. */
static double queued_s(void)
{
    unsigned long long ran_ns = 0, queued_ns = 0;
    FILE *file = fopen("/proc/thread-self/schedstat", "r");

    if (file != NULL && fscanf(file, "%llu %llu", &ran_ns, &queued_ns) != 2)
        queued_ns = 0;
    if (file != NULL)
        fclose(file);
    return (double)queued_ns * 1e-9;
}

const struct gs_commands *__wrap_controller_step(struct controller *ctl, const struct gs_event *event)
{
    int64_t start_ns = machine_ns();
    const struct gs_commands *commands = __real_controller_step(ctl, event);

    if (decision.count < sizeof decision.ns / sizeof *decision.ns)
        decision.ns[decision.count++] = machine_ns() - start_ns;
    return commands;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = live_node.wait(be, until_ns, event, err);
    double now_s = (double)(dbl->now_ns() - watch.start_ns) * 1e-9;

    if (((const struct backend_clock *)(const void *)be)->now_ns == 0) /* time may begin anew when all are in place */
        return rc;
    watch.looks++;
    now_s -= (double)((const struct backend_clock *)(const void *)be)->now_ns * 1e-9;
    watch.late_s += now_s;
    watch.least_s = now_s < watch.least_s ? now_s : watch.least_s;
    return rc;
}

static int open_live(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    int rc = live_node.open(be, setup, err);

    watch.start_ns = dbl->now_ns();
    return rc;
}

/* Whether it kept up; `*off`: figures that differ. */
static bool keeps_up(const struct trial *trial, unsigned *off)
{
    struct backend_ops ops = live_node;
    struct figures live, simulated;
    char options[300], text[2000];
    double late_s, waited_s, p99_us;

    ops.wait = wait;
    ops.open = open_live;
    snprintf(options, sizeof options, DOUBLE "%s", trial->link);
    snprintf(text, sizeof text, RUN "%s" NODE "%s", strstr(trial->text, "inference") != NULL ? "duration = 4s\n" : "",
             trial->text);
    double_reset(options);
    memset(&watch, 0, sizeof watch);
    decision.count = 0;
    watch.least_s = 1e9;
    waited_s = queued_s();
    live = run(text, &ops);
    waited_s = queued_s() - waited_s;
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
    qsort(decision.ns, decision.count, sizeof *decision.ns, by_value);
    p99_us = (double)decision.ns[decision.count * 99 / 100] * 1e-3;
    print_message("%s: %zu decisions, median %.2f us, p99 %.2f us\n", trial->name, decision.count,
                  (double)decision.ns[decision.count / 2] * 1e-3, p99_us);
    simulated = run(text, &backend_sim);
    late_s = watch.late_s / (double)watch.looks - watch.least_s;
    print_message("%s: late by %.6f s, without a processor for %.6f s in all\n", trial->name, late_s, waited_s);
    *off = responses_off(&live, &simulated, 0.05);
    return late_s < 0.01 * simulated.group[0].mean_s && waited_s < 0.01 * simulated.response_s;
}

static void test_real_clock(void **state)
{
    unsigned off = 0, late = 0;

    (void)state;
    for (int i = 0; i < TRIALS && (i == 0 || all); i++) {
        unsigned differ = 1;
        bool kept_up = false;

        for (int k = 0; k < TRIES && (differ > 0 || !kept_up); k++)
            kept_up = keeps_up(&trials[i], &differ);
        off += kept_up && differ > 0;
        late += !kept_up;
    }
    assert_int_equal(off, 0);
    if (late > 0) {
        print_message("skipped: machine too busy\n");
        skip();
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_real_clock)};

    const struct sched_param soon = {.sched_priority = 1};

    sched_setscheduler(0, SCHED_RR, &soon); /* who may not has to hope that the machine is idle */
    all = argc > 1 && strcmp(argv[1], "all") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
