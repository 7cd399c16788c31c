/* test_published_loads.c - measurements of others of how long models take to load, against what the simulator makes of their sizes
 * and of a rate that was measured elsewhere; docs/reproduction.md has the sources, and what falls short. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>

static double response_of(const char *text)
{
    struct truth t;

    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->group[0].completed, 1);
    double s = t.outcome.tally[0]->group[0].response_ns * 1e-9;
    truth_end(&t);
    return s;
}

/* --- PipeSwitch, OSDI 2020, on a V100: models that run while they come in --- */

/* Sizes: 60,192,808, 27,161,264 and 109,482,240 parameters of 4 bytes.  A layer runs when it is there: the largest is a
 * convolution of 512 x 512 x 3 x 3, a matrix of 2048 x 1000, and the embeddings, 30,522 x 768. */
static const struct pipelined {
    const char *name;
    double bytes_mb, layer_mb, ready_ms; /* ready: on the GPU already */
    double together_ms, grouped_ms;      /* PipeSwitch; the same without its pipeline */
} models[] = {
    {"ResNet152", 240.77, 9.44, 37.06, 41.06, 60.06},
    {"Inception_v3", 108.65, 8.19, 40.54, 39.51, 50.38},
    {"BERT-base", 437.93, 93.76, 39.33, 53.65, 83.16},
};
enum { MODELS = sizeof models / sizeof models[0] };

static double latency_ms(const struct pipelined *m, const char *prefetch)
{
    char text[1024];

    snprintf(text, sizeof text,
             "[scenario]\nduration = 10s\n[node]\ngpu_memory = 16GB\ngpu_reserved = 0GB\nh2d = 12GB/s\nchunk = %.2fMB\n"
             "[policy]\nprefetch = %s\n[workload.M]\nclass = inference\nmemory = %.2fMB\nstate = host\n"
             "arrival = schedule(1s)\nservice = %.2fms\n",
             m->layer_mb, prefetch, m->bytes_mb, m->ready_ms);
    return 1e3 * response_of(text);
}

/* 12 GB/s for a PCIe 3.0 x16 link as for nvshare; nothing is fitted.  The orders are right, the times too short: PipeSwitch and
 * the drivers take some milliseconds of their own. */
static void test_models_that_run_while_they_come_in(void **unused)
{
    static const double short_by[MODELS] = {4, 0, 7.5}; /* at most, ms */

    (void)unused;
    for (size_t i = 0; i < MODELS; i++) {
        const struct pipelined *m = &models[i];
        double together = latency_ms(m, "pipeline"), first = latency_ms(m, "none");
        print_message("%-13s pipelined %.2f ms, published %.2f (%+.1f %%); not %.2f, published %.2f (%+.1f %%)\n",
                      m->name, together, m->together_ms, 100 * (together / m->together_ms - 1), first, m->grouped_ms,
                      100 * (first / m->grouped_ms - 1));
        assert_true(m->ready_ms < together && together < first);
        assert_true(first < m->grouped_ms && first > .91 * m->grouped_ms);
        assert_true(m->together_ms - together < short_by[i] && m->together_ms - together > -3);
    }
}

/* Two that take turns of T seconds, both always with requests to serve: what a switch costs hardly shows. */
static void test_turns_of_models_that_run_while_they_come_in(void **unused)
{
    static const struct {
        int cycle_s;
        double published;
    } point[] = {{1, 26.75}, {2, 27.1}, {5, 26.4}, {10, 26.55}, {30, 26.2}};
    double last = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof point / sizeof point[0]; i++) {
        char text[1024];
        struct truth t;
        snprintf(text, sizeof text,
                 "[scenario]\nduration = 600s\n[node]\ngpu_memory = 250MB\ngpu_reserved = 0GB\nsharing = exclusive\n"
                 "h2d = 12GB/s\nchunk = 9.44MB\n[policy]\nslicer = rr\nslicer.quantum = %ds\n"
                 "slicer.swap_in_quantum = yes\nprefetch = pipeline\n[workload.M]\nclass = inference\ncount = 2\n"
                 "memory = 240.77MB\nstate = host\ndirty = 0\nkeep_host_copy = yes\narrival = poisson(30/s)\n"
                 "service = %.9fs\n",
                 point[i].cycle_s, 1 / 26.4);
        truth_run(&t, text, NULL);
        double rate = (double)t.outcome.tally[0]->group[0].completed / 600;
        truth_end(&t);
        print_message("turns of %d s: %.2f/s, published %.2f/s (%+.1f %%)\n", point[i].cycle_s, rate,
                      point[i].published, 100 * (rate / point[i].published - 1));
        assert_true(fabs(rate / point[i].published - 1) < .05 && rate >= last);
        last = rate;
    }
}

/* --- ServerlessLLM's repository, an H100, December 2025: loads from NVMe and from memory --- */

static double load_s(double bytes_gb, const char *state, double rate_gb)
{
    char text[512];

    snprintf(text, sizeof text,
             "[scenario]\nduration = 100s\n[node]\ngpu_memory = 80GB\ngpu_reserved = 0GB\nswap_file = 100GB\n"
             "disk = %.4fGB/s\nh2d = %.4fGB/s\n[workload.M]\nclass = inference\nmemory = %.2fGB\nstate = %s\n"
             "arrival = schedule(1s)\nservice = 1ms\n",
             rate_gb, rate_gb, bytes_gb, state);
    return response_of(text) - .001;
}

/* The rate of one model, for another one: a second model of the same size, and one of a quarter. */
static void test_the_rate_of_one_model_for_another(void **unused)
{
    static const struct {
        const char *what, *state;
        double of_gb, of_s, for_gb, published_s, low, high;
    } row[] = {
        {"Qwen3-32B for R1-Distill-Qwen-32B, NVMe", "disk", 65.5, 3.216, 65.5, 3.220, -.02, .02},
        {"Qwen3-32B for R1-Distill-Qwen-32B, memory", "host", 65.5, 1.253, 65.5, 1.184, -.07, .07},
        {"Qwen3-32B for Llama-3.1-8B, NVMe", "disk", 65.5, 3.216, 16.1, .678, .1, .2},
        {"Qwen3-32B for Llama-3.1-8B, safetensors", "disk", 65.5, 20.592, 16.1, 4.437, .1, .2},
        {"the disk's 29.4 GB/s for Qwen3-32B", "disk", 29.4, 1, 65.5, 3.216, -.35, -.25},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double is = load_s(row[i].for_gb, row[i].state, row[i].of_gb / row[i].of_s),
               error = is / row[i].published_s - 1;
        print_message("%-43s %.3f s, published %.3f s (%+.1f %%)\n", row[i].what, is, row[i].published_s, 100 * error);
        assert_true(error > row[i].low && error < row[i].high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_that_run_while_they_come_in),
        cmocka_unit_test(test_turns_of_models_that_run_while_they_come_in),
        cmocka_unit_test(test_the_rate_of_one_model_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
