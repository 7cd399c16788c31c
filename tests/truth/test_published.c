/* test_published.c - measurements of others of how models take turns on a GPU, by the simulator; docs/reproduction.md says where
 * they are from and which constants are fitted to them. */
#include "tests/truth/truth.h"

#include <stdio.h>
#include <string.h>

/* --- vLLM's sleep mode: https://blog.vllm.ai/2025/10/26/sleep-mode.html, the lists of events behind its figures --- */

struct pair { /* of models A and B that take turns, means of a run's events in seconds */
    const char *name;
    double bytes_gb[2];
    double load[2], first[2], prompt[2]; /* from disk; the first request after that; a later one */
    double wake[2], sleep[2];            /* 0: its run has none: a model ends when the other one comes */
    double total;                        /* of all events */
};

static const struct pair published[] = {
    {"235B and 30B, A100 x 4, asleep",
     {235, 61},
     {97.61, 47.63},
     {2.38, 2.42},
     {1.473, .823},
     {5.407, 2.867},
     {5.893, 2.78},
     204.99},
    {"235B and 30B, A100 x 4, loaded", {235, 61}, {97.67, 47.42}, {3.74, 3.017}, {3.74, 3.017}, {0, 0}, {0, 0}, 455.54},
    {"0.6B and 4.2B, A100, level 1",
     {1.2, 8.3},
     {36.27, 58.24},
     {2.53, 5.95},
     {.43, .76},
     {.26, .823},
     {.093, .415},
     110.92},
    {"0.6B and 4.2B, A100, level 2",
     {1.2, 8.3},
     {38.55, 61.23},
     {2.53, 5.75},
     {.527, .757},
     {.847, 2.583},
     {.113, .455},
     123.45},
    {"0.6B and 4.2B, A100, loaded",
     {1.2, 8.3},
     {37.963, 58.123},
     {3.673, 6.303},
     {3.673, 6.303},
     {0, 0},
     {0, 0},
     318.19},
    {"0.6B and 4.2B, A4000, asleep",
     {1.2, 8.3},
     {21.01, 46.01},
     {2.49, 7.37},
     {.433, 1.793},
     {.103, .8},
     {.13, .68},
     88.02},
    {"0.6B and 4.2B, A4000, loaded", {1.2, 8.3}, {21, 46.017}, {2.59, 9.527}, {2.59, 9.527}, {0, 0}, {0, 0}, 237.40},
};

/* A rate and a fixed time by which two sizes take two times; no fixed time below 0. */
static void fit(const double bytes_gb[2], const double time_s[2], double *rate_gb, double *fixed_s)
{
    *rate_gb = (bytes_gb[1] - bytes_gb[0]) / (time_s[1] - time_s[0]);
    *fixed_s = time_s[0] - bytes_gb[0] / *rate_gb;
    if (*fixed_s >= 0)
        return;
    *fixed_s = 0;
    *rate_gb = bytes_gb[bytes_gb[1] > bytes_gb[0]] / time_s[bytes_gb[1] > bytes_gb[0]];
}

/* What starting takes is a time, whatever of it was the disk's: the disk is beyond measure. */
static void model(char *out, size_t size, const struct pair *p, int which, const char *arrivals, double warm_s)
{
    bool sleeps = p->wake[0] > 0;

    snprintf(out, size,
             "[workload.%c]\nclass = inference\nmemory = %.1fGB\nkv_cache = %.1fGB\nstate = disk\nunload = %s\n"
             "arrival = schedule(%s)\nservice = %.3fs\ncold_start = %.3fs\nwarm_start = %.4fs\n",
             "AB"[which], 300.0, 300.0 - p->bytes_gb[which], sleeps ? "swap" : "stop", arrivals, p->prompt[which],
             p->load[which] + p->first[which] - p->prompt[which], warm_s);
}

static double simulated(const struct pair *p)
{
    bool sleeps = p->wake[0] > 0;
    double in_gb = 1, out_gb = 1, in_s = 0, out_s = 0;
    char text[2048], a[512], b[512];
    struct truth t;

    if (sleeps) {
        fit(p->bytes_gb, p->wake, &in_gb, &in_s);
        fit(p->bytes_gb, p->sleep, &out_gb, &out_s);
    }
    double both_s = in_s < out_s ? in_s : out_s;
    out_s = sleeps ? out_s : 0;
    model(a, sizeof a, p, 0, sleeps ? "0s 1000s 3000s 5000s" : "0s 2000s 4000s", in_s - both_s);
    model(b, sizeof b, p, 1, sleeps ? "500s 2000s 4000s 6000s" : "1000s 3000s 5000s", in_s - both_s);
    snprintf(text, sizeof text,
             "[scenario]\nduration = 7000s\n[node]\ngpu_memory = 320GB\ngpu_reserved = 0GB\nswap_file = 400GB\n"
             "disk = 1000000GB/s\nh2d = %.4fGB/s\nd2h = %.4fGB/s\nswap_overhead = %.4fs\n%s%s",
             in_gb, out_gb, both_s, a, b);
    truth_run(&t, text, NULL);
    const struct group_tally *g = t.outcome.tally[0]->group;
    assert_int_equal(g[0].completed + g[1].completed, sleeps ? 8 : 6);
    double total_ns = g[0].response_ns + g[1].response_ns;
    if (sleeps) /* the lists have no sleeps between the loads and the first wake-up, one of each model */
        total_ns -= g[0].stall_ns[STALL_SWAP_OUT] / 3 + g[1].stall_ns[STALL_SWAP_OUT] / 4;
    truth_end(&t);
    return total_ns / 1e9;
}

static void test_sleep_mode(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        double is = simulated(&published[i]), error = is / published[i].total - 1;
        print_message("%-34s %8.2f s, published %8.2f s, %+.1f %%\n", published[i].name, is, published[i].total,
                      100 * error);
        assert_true(error > -.02 && error < .02);
    }
}

/* What one run says of loads, for the total of the other: no constant of the runs that load each time.  The runs differ in what
 * comes after a load: those that sleep have a warm-up there, the others the first prompt, which has to do what the warm-up does
 * and then its own. */
static void test_loads_of_the_other_run(void **unused)
{
    static const size_t with[] = {0, 2, 5}, without[] = {1, 4, 6};
    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        struct pair p = published[without[i]];
        for (int m = 0; m < 2; m++) {
            p.load[m] = published[with[i]].load[m];
            p.first[m] = p.prompt[m] = published[with[i]].first[m] + published[with[i]].prompt[m];
        }
        double is = simulated(&p), error = is / p.total - 1;
        print_message("%-34s %8.2f s, published %8.2f s, %+.1f %%, by the loads of the other run\n", p.name, is,
                      p.total, 100 * error);
        assert_true(error > -.02 && error < .02);
    }
}

/* --- PipeSwitch, OSDI 2020: its kill-restart baseline, requests a second by the cycle of two models --- */

static double throughput(int cycle_s)
{
    char text[1024];
    struct truth t;

    snprintf(
        text, sizeof text,
        "[scenario]\nduration = 3000s\n[node]\ngpu_memory = 16GB\ngpu_reserved = 0GB\nsharing = exclusive\n"
        "disk = 1000000GB/s\n[policy]\nslicer = rr\nslicer.quantum = %ds\nslicer.swap_in_quantum = yes\n"
        "[workload.M]\nclass = inference\ncount = 2\nmemory = 10GB\nstate = disk\nunload = stop\ncold_start = 5.62s\n"
        "arrival = poisson(30/s)\nservice = %.9fs\n",
        cycle_s, 1 / 26.4);
    truth_run(&t, text, NULL);
    double rate = (double)t.outcome.tally[0]->group[0].completed / 3000;
    truth_end(&t);
    return rate;
}

static void test_kill_and_restart(void **unused)
{
    static const struct {
        int cycle_s;
        double published;
    } point[] = {{10, 11.35}, {30, 20.83}};
    (void)unused;
    for (size_t i = 0; i < sizeof point / sizeof point[0]; i++) {
        double is = throughput(point[i].cycle_s), closed = 26.4 * (1 - 5.62 / point[i].cycle_s);
        print_message("kill-restart, cycle %d s: %.2f/s, closed form %.2f/s, published %.2f/s\n", point[i].cycle_s, is,
                      closed, point[i].published);
        assert_true(is > .99 * closed && is < 1.01 * closed);
        assert_true(is > .95 * point[i].published && is < 1.05 * point[i].published);
    }
}

/* --- Run:ai: first tokens after a swap in 2 to 3 s, from zero after more than 140 s --- */

static double first_token(const char *node, const char *further)
{
    char text[1024];
    struct truth t;

    snprintf(
        text, sizeof text,
        "[scenario]\nduration = 2000s\n[node]\ngpu_memory = 48GB\ngpu_reserved = 0GB\nh2d = 25GB/s\nd2h = 25GB/s\n%s\n"
        "[workload.M]\nclass = inference\ncount = 2\nmemory = 43GB\nrouter = round_robin\n"
        "arrival = schedule(1s 300s 600s 900s)\ninput_tokens = 1000\noutput_tokens = 100\n"
        "prefill_per_token = 90us\ndecode_per_token = 15ms\n%s\n",
        node, further);
    truth_run(&t, text, NULL);
    double s = (double)sketch_quantile(&t.outcome.tally[0]->group[0].ttft, 0.99) / 1e9;
    truth_end(&t);
    return s;
}

/* 86 GB at 25 GB/s, both ways at once or one after the other, and 0.105 s of work: the band lies in between. */
static void test_swap_against_from_zero(void **unused)
{
    double one = first_token("transfer = serial", ""), both = first_token("transfer = overlapped", "");
    double zero = first_token("", "unload = stop\ncold_start = 118.5s"); /* 43 GB at 2 GB/s take the rest of 140 s */
    (void)unused;
    print_message("first token: %.2f s overlapped, %.2f s serial, %.1f s from zero: %.0f to %.0f times\n", both, one,
                  zero, zero / one, zero / both);
    assert_true(both < 2 && one > 3);
    assert_true(both > 1.8 && one < 3.6);
    assert_true(zero / one < 44 && zero / both > 66);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleep_mode),
        cmocka_unit_test(test_loads_of_the_other_run),
        cmocka_unit_test(test_kill_and_restart),
        cmocka_unit_test(test_swap_against_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
