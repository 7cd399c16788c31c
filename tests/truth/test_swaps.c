/* test_swaps.c - every burst swaps, and bursts that find their workload still there: closed forms of whole scenarios.
 *
 * Closed network: think, link and GPU, both shared evenly, have a product form; mean value analysis gives its means:
 * R_k(N) = D_k (1 + Q_k(N - 1)), X = N / (Z + sum R_k), Q_k = X R_k (Reiser & Lavenberg, J. ACM 27, 1980).
 * Keep-alive: exponential think times outlast `tau` with probability exp(-tau / Z).
 *
 * 12 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

/* 40 GB at 25 GB/s are 1.6 s on the way in; nothing is written on the way out, since the swap file keeps a clean copy.
 * There is room on the GPU for all. */
static const char every_burst_swaps[] =
    "[scenario]\nduration = 700000s\nwarmup = 5000s\nreplications = 30\n"
    "[node]\ngpu_memory = 1000GB\nswap_file = 1000GB\n"
    "[policy]\nslicer = ps\nprefetch = eager\nprefetch.after = 0s\n"
    "[workload.N]\nclass = notebook\nstate = host\nmemory = 40GB\ndirty = 0\nkeep_host_copy = yes\n"
    "think = exp(120s)\nburst = exp(10s)\n";

struct network {
    double throughput, response, at_gpu, at_link;
};

static struct network mean_values(int notebooks)
{
    const double think = 120.0, gpu = 10.0, link = 1.6;
    double at_gpu = 0.0, at_link = 0.0;
    struct network net = {0};

    for (int n = 1; n <= notebooks; n++) {
        net.at_gpu = gpu * (1.0 + at_gpu);
        net.at_link = link * (1.0 + at_link);
        net.response = net.at_gpu + net.at_link;
        net.throughput = n / (think + net.response);
        at_gpu = net.throughput * net.at_gpu;
        at_link = net.throughput * net.at_link;
    }
    return net;
}

static double swap_in(struct tally *tally, uint32_t group)
{
    return (double)tally->group[group].stall_ns[STALL_SWAP_IN] / (double)tally->group[group].completed * 1e-9;
}

static void test_every_burst_swaps(void **unused)
{
    static const struct {
        int notebooks;
        double response;
    } row[] = {{8, 20.1466}, {12, 31.0858}, {16, 51.1267}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct network net = mean_values(row[i].notebooks);
        char count[40], what[64];
        const char *set[] = {count, NULL};
        struct truth t;

        assert_true(fabs(net.response - row[i].response) < 1e-4);
        snprintf(count, sizeof count, "workload.N.count=%d", row[i].notebooks);
        truth_run(&t, every_burst_swaps, set);
        snprintf(what, sizeof what, "think, link, GPU, N = %d: response", row[i].notebooks);
        truth_expect(what, truth_interval(&t, truth_mean, 0), net.response);
        snprintf(what, sizeof what, "think, link, GPU, N = %d: time on the link", row[i].notebooks);
        truth_expect(what, truth_interval(&t, swap_in, 0), net.at_link);
        snprintf(what, sizeof what, "think, link, GPU, N = %d: GPU utilisation", row[i].notebooks);
        truth_expect(what, truth_interval(&t, truth_useful, 0), net.throughput * 10.0);
        assert_true(t.outcome.tally[0]->group[0].served[SERVED_HOT] == 0);
        truth_end(&t);
    }
}

static const char kept_for_a_while[] = "[scenario]\nduration = 200000s\nwarmup = 1000s\nreplications = 20\n"
                                       "[node]\ngpu_memory = 1000GB\nswap_file = 1000GB\n"
                                       "[policy]\nslicer = ps\nprefetch = eager\n"
                                       "[workload.N]\nclass = notebook\ncount = 8\nmemory = 1GB\nthink = exp(120s)\n"
                                       "burst = 100ms\n";

static void test_bursts_after_the_keep_alive_are_warm(void **unused)
{
    static const struct {
        const char *after;
        double tau, share;
    } row[] = {
        {"policy.prefetch.after=5s", 5, .959189},
        {"policy.prefetch.after=30s", 30, .778801},
        {"policy.prefetch.after=120s", 120, .367879},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *set[] = {row[i].after, NULL};
        char what[64];
        struct truth t;

        assert_true(fabs(exp(-row[i].tau / 120.0) - row[i].share) < 1e-6);
        truth_run(&t, kept_for_a_while, set);
        snprintf(what, sizeof what, "swapped out after %g s idle: share warm", row[i].tau);
        truth_expect(what, truth_interval(&t, truth_warm, 0), exp(-row[i].tau / 120.0));
        truth_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_burst_swaps),
        cmocka_unit_test(test_bursts_after_the_keep_alive_are_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
