/* test_live_as_simulated.c - live mode on the driver double against the simulated node: the same wishes, so the same mean and
 * 95th percentile of the response, within 1 % by the virtual clock.
 *
 * Many short runs, not a long one: where two things happen within a millisecond, who is first is chance, and from there on
 * each has a run of its own; in a short one there is little left of it.  Chunks are small beside the memory of a workload, as
 * on a GPU, and bursts long beside a quantum of 5 ms.  With the argument "all", all trials and more runs. */
#include "tests/unit/live_fixture.h"

#define DOUBLE "memory=10MiB context=1MiB granularity=64KiB latency=0 "
#define NODE "[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\nchunk = 64KiB\n"
#define RUN "[scenario]\nwarmup = 0s\nduration = 1m\n"

struct trial {
    const char *name, *text, *link; /* the double's */
    bool quick;                     /* little is left to chance: a few runs tell */
};

static const struct trial trials[] = {
    {"fcfs, serial",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\n[policy]\nslicer = fcfs\n[workload.NB]\nclass = notebook\ncount = 4\n"
          "memory = uniform(2MiB,4MiB)\nthink = exp(8s)\nburst = exp(1s)\n",
     "in=8MB/s out=8MB/s duplex=1", true},
    {"round robin, serial",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\n[policy]\nslicer = rr\nslicer.quantum = 2s\n[workload.NB]\n"
          "class = notebook\ncount = 4\nmemory = 3840KiB\nthink = exp(8s)\nburst = exp(2s)\n",
     "in=8MB/s out=8MB/s duplex=1", false},
    {"nvshare, overlapped, duplex 0.8, beside training",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.8\ntransfer = overlapped\n[policy]\nslicer = nvshare\n"
          "slicer.quantum = 10s\nslicer.early_release = 1s\n"
          "[workload.NB]\nclass = notebook\ncount = 2\nmemory = 3840KiB\nthink = exp(8s)\nburst = exp(2s)\n"
          "[workload.TR]\nclass = training\nmemory = 3MiB\niterations = 10000\niteration = exp(3s)\ngap = 1s\n",
     "in=8MB/s out=8MB/s duplex=0.8", true},
    {"shared freely, memory for all",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\n[policy]\nslicer = ps\n[workload.NB]\nclass = notebook\ncount = 4\n"
          "memory = 1MiB\nthink = exp(3s)\nburst = exp(1s)\n",
     "in=8MB/s out=8MB/s duplex=1", false},
    {"shared freely, overlapped, duplex 0.5",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.5\ntransfer = overlapped\n[policy]\nslicer = ps\n"
          "[workload.NB]\nclass = notebook\ncount = 5\nmemory = 2560KiB\nthink = exp(5s)\nburst = exp(1s)\n",
     "in=8MB/s out=8MB/s duplex=0.5", false},
    {"shared freely, overlapped, full duplex",
     NODE "h2d = 8MB/s\nd2h = 6MB/s\nduplex = 1\ntransfer = overlapped\n[policy]\nslicer = ps\n"
          "[workload.NB]\nclass = notebook\ncount = 5\nmemory = uniform(1MiB,3MiB)\nthink = exp(5s)\nburst = exp(1s)\n",
     "in=8MB/s out=6MB/s duplex=1", false},
    {"shared freely, serial",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 1\n[policy]\nslicer = ps\n"
          "[workload.NB]\nclass = notebook\ncount = 5\nmemory = 2560KiB\nthink = exp(5s)\nburst = exp(1s)\n",
     "in=8MB/s out=8MB/s duplex=1", false},
    {"models whose copies stay, warm start",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.8\ntransfer = overlapped\nidle_detect = 100ms\nswap_overhead = 20ms\n"
          "[workload.IN]\nclass = inference\ncount = 4\nmemory = 3MiB\narrival = poisson(6/min)\n"
          "service = exp(200ms)\nkeep_host_copy = yes\ndirty = 0\nwarm_start = 100ms\n",
     "in=8MB/s out=8MB/s duplex=0.8", true},
    {"memory that grows, inclusive copies",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.8\ntransfer = overlapped\n"
          "[workload.NB]\nclass = notebook\ncount = 4\nmemory = 2MiB\nthink = exp(4s)\nburst = exp(1s)\n"
          "grow = uniform(0B,2MiB)\ndirty = 40%\nkeep_host_copy = yes\n",
     "in=8MB/s out=8MB/s duplex=0.8", false},
    {"training beside notebooks, priority",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.8\ntransfer = overlapped\nidle_detect = 200ms\nswap_overhead = 50ms\n"
          "[policy]\nslicer = priority\n[workload.NB]\nclass = notebook\ncount = 2\nmemory = 3840KiB\n"
          "think = exp(10s)\nburst = exp(1s)\n[workload.TR]\nclass = training\nmemory = 6MiB\niterations = 10000\n"
          "iteration = exp(3s)\ngap = 1s\n",
     "in=8MB/s out=8MB/s duplex=0.8", true},
    {"sent away early, brought in ahead",
     NODE "h2d = 8MB/s\nd2h = 8MB/s\nduplex = 0.8\ntransfer = overlapped\n[policy]\nslicer = rr\n"
          "slicer.quantum = 2s\nprefetch = eager\nprefetch.after = 1s\nprefetch.ahead = yes\n"
          "[workload.NB]\nclass = notebook\ncount = 4\nmemory = 2560KiB\nthink = exp(8s)\nburst = exp(2s)\n",
     "in=8MB/s out=8MB/s duplex=0.8", false},
};
enum { TRIALS = sizeof trials / sizeof *trials };

static bool all;

static void test_virtual_clock(void **state)
{
    unsigned off = 0;

    (void)state;
    for (int i = 0; i < TRIALS; i++) {
        struct figures live, simulated;
        unsigned runs = all ? 200 : 10;
        char options[300], text[2000];

        if (!trials[i].quick && !all)
            continue;
        snprintf(options, sizeof options, DOUBLE "%s", trials[i].link);
        snprintf(text, sizeof text, RUN "%s", trials[i].text);
        double_reset(options);
        live = run_often(text, runs, &live_node);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
        simulated = run_often(text, runs, &backend_sim);
        print_message("%s: %llu swaps live, %llu simulated\n", trials[i].name, (unsigned long long)live.swaps,
                      (unsigned long long)simulated.swaps);
        off += responses_off(&live, &simulated, 0.01);
    }
    assert_int_equal(off, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_virtual_clock)};

    all = argc > 1 && strcmp(argv[1], "all") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
