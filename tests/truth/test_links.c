/* test_links.c - swap-ins over a link as a queue: M/D/1, a mix of sizes first come first served, and shared evenly; and
 * exchanges, chunk by chunk, to the nanosecond.
 *
 * The queues are driven through the backend's own functions: Poisson swap-ins, each of a workload of its own, without a
 * controller that would make them wait.  Pollaczek-Khinchine: wait = rate E[S^2] / 2 (1 - rho); shared: S / (1 - rho)
 * (Kleinrock, Queueing Systems 1 and 2, 1975, 1976).
 *
 * 4 checks of 1 % each; fixed seed. */
#include "sim/base/random.h"
#include "sim/run/setup.h"
#include "tests/truth/truth.h"

#include <math.h>
#include <string.h>

enum { WORKLOADS = 1000, SWAPS = 40000, REPLICATIONS = 40, WARMUP = 1000 };

static const char roomy[] = "[scenario]\nduration = 1s\n"
                            "[node]\ngpu_memory = 1000000GB\ngpu_reserved = 0GB\n"
                            "[workload.M]\nclass = inference\nstate = new\ncount = 1000\nmemory = 1GB\n"
                            "arrival = poisson(1/s)\nservice = 1s\n";

struct size {
    double share; /* of all swap-ins */
    int64_t bytes;
};

/* One replication: fills the mean time on the link of each of up to two sizes. */
struct traffic {
    const struct size *size;
    double rate_per_s;
    struct backend *be;
    const struct backend_ops *ops;
    gs_ns began_ns[WORKLOADS];
    uint8_t which[WORKLOADS];
    bool moving[WORKLOADS];
    uint64_t count[2];
    double sum_s[2];
};

static void submit(struct traffic *tr, uint8_t kind, uint32_t workload, int64_t bytes, int64_t moved_bytes)
{
    struct gs_command command = {.kind = kind,
                                 .workload = workload,
                                 .gpu = 0,
                                 .bytes = bytes,
                                 .moved_bytes = moved_bytes,
                                 .requester = GS_NONE,
                                 .timer = GS_NONE};
    struct error err = {0};

    if (tr->ops->submit(tr->be, &command, &err) != GS_OK)
        fail_msg("%s", err.text);
}

/* Let the node work until `at_ns`.  What has come in leaves at once, without a transfer. */
static void work_until(struct traffic *tr, gs_ns at_ns, bool counts)
{
    const struct backend_event *event;
    struct error err = {0};

    for (;;) {
        if (tr->ops->wait(tr->be, at_ns, &event, &err) != GS_OK)
            fail_msg("%s", err.text);
        if (event->kind == BACKEND_NOTHING)
            return;
        uint32_t w = event->event.workload;
        if (event->event.command == GS_SWAP_OUT) {
            tr->moving[w] = false;
            continue;
        }
        tr->count[tr->which[w]] += counts;
        tr->sum_s[tr->which[w]] += counts ? (double)(event->event.at_ns - tr->began_ns[w]) * 1e-9 : 0.0;
        submit(tr, GS_SWAP_OUT, w, tr->size[tr->which[w]].bytes, 0);
    }
}

static void drive(struct traffic *tr, uint32_t replication)
{
    struct stream gaps, sizes;
    gs_ns now_ns = 0;

    stream_init(&gaps, 2, replication, 0, PURPOSE_ARRIVAL);
    stream_init(&sizes, 2, replication, 0, PURPOSE_MEMORY);
    for (uint32_t w = 0; w < WORKLOADS; w++)
        submit(tr, GS_PLACE, w, 0, 0);
    for (int i = 0; i < SWAPS; i++) {
        uint32_t w = (uint32_t)i % WORKLOADS;
        now_ns += (gs_ns)(stream_exponential(&gaps) / tr->rate_per_s * 1e9 + 0.5);
        work_until(tr, now_ns, i > WARMUP);
        assert_false(tr->moving[w]);
        tr->which[w] = stream_uniform(&sizes) >= tr->size[0].share;
        tr->began_ns[w] = now_ns;
        tr->moving[w] = true;
        submit(tr, GS_SWAP_IN, w, tr->size[tr->which[w]].bytes, tr->size[tr->which[w]].bytes);
    }
}

/* Mean times of both sizes, and of all, in each replication. */
static void measure(const char *discipline, const struct size *size, double rate_per_s, struct interval time[3])
{
    static double mean[3][REPLICATIONS];
    const char *set[] = {discipline};
    struct overrides overrides = {set, 1};

    for (uint32_t r = 0; r < REPLICATIONS; r++) {
        static struct traffic tr;
        struct arena arena = {0};
        struct scenario scenario;
        struct gs_setup setup;
        struct gs_workload_spec *spec;
        struct load_traces *traces;
        uint32_t workloads;
        struct error err = {0};

        memset(&tr, 0, sizeof tr);
        tr.size = size;
        tr.rate_per_s = rate_per_s;
        tr.ops = &backend_sim;
        if (scenario_parse(&scenario, roomy, sizeof roomy - 1, "roomy.ini", NULL, &overrides, &arena, &err) != GS_OK ||
            load_read_traces(&traces, &scenario, &arena, &err) != GS_OK ||
            load_specs(&scenario, traces, r, &spec, &workloads, &arena, &err) != GS_OK ||
            setup_make(&setup, &scenario, spec, workloads, &arena, &err) != GS_OK)
            fail_msg("%s", err.text);
        struct backend_setup with = {&scenario, &setup, &arena, 0};
        if (tr.ops->open(&tr.be, &with, &err) != GS_OK)
            fail_msg("%s", err.text);
        drive(&tr, r);
        tr.ops->close(tr.be);
        arena_fini(&arena);
        mean[0][r] = tr.sum_s[0] / (double)tr.count[0];
        mean[1][r] = tr.count[1] > 0 ? tr.sum_s[1] / (double)tr.count[1] : 0.0;
        mean[2][r] = (tr.sum_s[0] + tr.sum_s[1]) / (double)(tr.count[0] + tr.count[1]);
    }
    for (int i = 0; i < 3; i++)
        time[i] = interval_mean(mean[i], REPLICATIONS, truth_confidence());
}

static void test_link_of_equal_swaps_is_m_d_1(void **unused)
{
    static const struct size size[2] = {{1.0, 31250000000}, {0.0, 1}}; /* 1.25 s at 25 GB/s */
    const double rho = 0.4 * 1.25;
    struct interval time[3];

    (void)unused;
    assert_true(fabs(1.25 + rho * 1.25 / (2 * (1 - rho)) - 1.875) < 1e-12);
    measure("node.link_discipline=fcfs", size, 0.4, time);
    truth_expect("link M/D/1: response", time[2], 1.25 + rho * 1.25 / (2 * (1 - rho)));
}

static const struct size mix[2] = {{0.6, 16000000000}, {0.4, 40000000000}};

static void test_link_of_a_mix_first_come_first_served(void **unused)
{
    const double mean = .6 * .64 + .4 * 1.6, square = .6 * .64 * .64 + .4 * 1.6 * 1.6, rho = 0.5 * mean;
    const double wait = 0.5 * square / (2 * (1 - rho));
    struct interval time[3];

    (void)unused;
    assert_true(fabs(wait - .650492) < 1e-6 && fabs(mean + wait - 1.674492) < 1e-6);
    measure("node.link_discipline=fcfs", mix, 0.5, time);
    truth_expect("link M/G/1, 60 % 16 GB, 40 % 40 GB: response", time[2], mean + wait);
}

static void test_link_of_a_mix_shared(void **unused)
{
    const double rho = 0.5 * (.6 * .64 + .4 * 1.6);
    struct interval time[3];

    (void)unused;
    assert_true(fabs(.64 / (1 - rho) - 1.311475) < 1e-6 && fabs(1.6 / (1 - rho) - 3.278689) < 1e-6);
    measure("node.link_discipline=ps", mix, 0.5, time);
    truth_expect("link shared, 16 GB: response", time[0], .64 / (1 - rho));
    truth_expect("link shared, 40 GB: response", time[1], 1.6 / (1 - rho));
}

/* --- exchanges: A is on the GPU and fills it, B comes from the swap file at 10 s --- */

#define EXCHANGE(size)                                                                                                 \
    "[scenario]\nduration = 60s\n"                                                                                     \
    "[node]\ngpu_memory = " size "\ngpu_reserved = 0GB\nchunk = 256MB\n"                                               \
    "[workload.A]\nclass = inference\nstate = gpu\nmemory = " size "\narrival = schedule(1s)\nservice = 1s\n"          \
    "[workload.B]\nclass = inference\nstate = host\nmemory = " size "\narrival = schedule(10s)\nservice = 1s\n"

struct exchange {
    const char *text;
    const char *set[4];
    double out, in; /* seconds B waits for A to leave, and for its own bytes */
};

static void test_exchanges_take_what_the_pipeline_takes(void **unused)
{
    static const struct exchange row[] = {
        /* 40 GB each way at 25 GB/s: 1.6 s + 1.6 s, or the second after the first chunk of 10.24 ms. */
        {EXCHANGE("40GB"), {NULL}, 1.6, 1.6},
        {EXCHANGE("40GB"), {"node.transfer=overlapped", NULL}, 0, 1.6 + 0.01024},
        /* Half duplex: the two directions together have 25 GB/s, so 80 GB take 3.2 s. */
        {EXCHANGE("40GB"), {"node.transfer=overlapped", "node.duplex=0.5", NULL}, 0, 3.2},
        /* 80 % each while both are busy: the first chunk out alone, 10.24 ms; then pairs of 12.8 ms: 155 whole chunks and
         * one with the last 64 MB out (3.2 ms), which leaves 192 MB (7.68 ms) and then 64 MB (2.56 ms) in alone. */
        {EXCHANGE("40GB"),
         {"node.transfer=overlapped", "node.duplex=0.8", NULL},
         0,
         .01024 + 155 * .0128 + .0032 + .00768 + .00256},
        /* 64 chunks of 256 MB; out 10.24 ms each, in 5 ms or 15 ms each: the slower stage, and one step of the other. */
        {EXCHANGE("16.384GB"), {"node.h2d=51.2GB/s", NULL}, .65536, .32},
        {EXCHANGE("16.384GB"), {"node.transfer=overlapped", "node.h2d=51.2GB/s", NULL}, 0, .66036},
        {EXCHANGE("16.384GB"), {"node.h2d=17.066666666666666GB/s", NULL}, .65536, .96},
        {EXCHANGE("16.384GB"), {"node.transfer=overlapped", "node.h2d=17.066666666666666GB/s", NULL}, 0, .97024},
        /* An overhead each way delays both directions alike. */
        {EXCHANGE("40GB"), {"node.swap_overhead=100ms", NULL}, 1.7, 1.7},
        {EXCHANGE("40GB"), {"node.transfer=overlapped", "node.swap_overhead=100ms", NULL}, 0, 1.7 + 0.01024},
        /* The pool of the host holds 40 GB/s: 20 each while both are busy, 12.8 ms a chunk, as with a duplex of 0.8. */
        {EXCHANGE("40GB"),
         {"node.transfer=overlapped", "node.host_bandwidth=40GB/s", NULL},
         0,
         .01024 + 155 * .0128 + .0032 + .00768 + .00256},
        /* And less than one direction: serial exchange at 10 GB/s. */
        {EXCHANGE("40GB"), {"node.host_bandwidth=10GB/s", NULL}, 4, 4},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double start = 10 + row[i].out + row[i].in;
        const struct truth_burst due[] = {
            {.workload = 0, .ready = 1, .start = 1, .end = 2},
            {.workload = 1,
             .ready = 10,
             .start = start,
             .end = start + 1,
             .swap_out = row[i].out,
             .swap_in = row[i].in},
        };
        print_message("exchange %zu: %.9f s\n", i, row[i].out + row[i].in);
        TRUTH_TIMELINE(row[i].text, row[i].set, due);
    }
}

static const char two_at_once[] =
    "[scenario]\nduration = 60s\n"
    "[node]\ngpu_memory = 80GB\n"
    "[workload.A]\nclass = inference\nstate = host\nmemory = 16GB\narrival = schedule(10s)\nservice = 1s\n"
    "[workload.B]\nclass = inference\nstate = host\nmemory = 16GB\narrival = schedule(10s)\nservice = 1s\n";

/* Both are in at 11.28, and share the GPU. */
static void test_two_swap_ins_share_the_link(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 11.28, .end = 13.28, .swap_in = 1.28, .queue = 1},
        {.workload = 1, .ready = 10, .start = 11.28, .end = 13.28, .swap_in = 1.28, .queue = 1},
    };
    (void)unused;
    TRUTH_TIMELINE(two_at_once, NULL, due);
}

/* A is in at 10.64 and has done 0.64 when B is in, at 11.28; its other 0.36 take twice as long. */
static void test_two_swap_ins_one_after_the_other(void **unused)
{
    static const char *const set[] = {"node.link_discipline=fcfs", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 10.64, .end = 12, .swap_in = .64, .queue = .36},
        {.workload = 1, .ready = 10, .start = 11.28, .end = 12.64, .swap_in = 1.28, .queue = .36},
    };
    (void)unused;
    TRUTH_TIMELINE(two_at_once, set, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_of_equal_swaps_is_m_d_1),
        cmocka_unit_test(test_link_of_a_mix_first_come_first_served),
        cmocka_unit_test(test_link_of_a_mix_shared),
        cmocka_unit_test(test_exchanges_take_what_the_pipeline_takes),
        cmocka_unit_test(test_two_swap_ins_share_the_link),
        cmocka_unit_test(test_two_swap_ins_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
