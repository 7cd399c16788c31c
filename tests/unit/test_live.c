/* test_live.c - live mode on the driver double: whole runs through the loop, controller and recorder.  Each time somebody
 * has been swapped in, every word on the GPU is checked; and users wait as long as the simulated node says. */
#include "live_fixture.h"

#define GPU "[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\nchunk = 256KiB\n"
#define DOUBLE "memory=10MiB context=1MiB granularity=256KiB in=125MB/s out=125MB/s "
#define RATES "h2d = 125MB/s\nd2h = 125MB/s\nduplex = 0.8\nswap_overhead = 0s\n"

/* Scenarios of a small GPU, of the ways in which workloads come, run, are stopped, swapped and grow. */
static const char *const scenarios[] = {
    "[scenario]\nduration = 5m\nwarmup = 0s\n" GPU RATES
    "[workload.NB]\nclass = notebook\ncount = 4\nmemory = 3840KiB\ncontext = 0B\nthink = exp(4s)\nburst = exp(1s)\n",

    "[scenario]\nduration = 3m\nwarmup = 0s\n" GPU RATES
    "transfer = overlapped\n[policy]\nslicer = rr\nslicer.quantum = 2s\n"
    "[workload.NB]\nclass = notebook\ncount = 3\nmemory = 6400KiB\ncontext = 0B\nthink = exp(3s)\nburst = exp(4s)\n",

    "[scenario]\nwarmup = 0s\n" GPU RATES
    "transfer = overlapped\nswap_file = 10MiB\n[policy]\nslicer = rr\nslicer.quantum = 1s\n"
    "[workload.J]\nclass = training\ncount = 3\nmemory = 5MiB\ncontext = 0B\niterations = 6\niteration = 3s\ngap = "
    "1s\n",

    "[scenario]\nduration = 2m\nwarmup = 0s\n" GPU RATES "transfer = overlapped\n[policy]\nslicer = nvshare\n"
    "[workload.NB]\nclass = notebook\ncount = 2\nmemory = 3840KiB\ncontext = 0B\nthink = exp(4s)\nburst = exp(2s)\n"
    "[workload.TR]\nclass = training\ncount = 1\nmemory = 3MiB\ncontext = 0B\ngpu_work = 10m\n",

    /* model servers that begin in the swap file, with copies that stay there */
    "[scenario]\nduration = 3m\nwarmup = 0s\n" GPU RATES "transfer = overlapped\nidle_detect = 100ms\n"
    "[workload.IN]\nclass = inference\ncount = 4\nmemory = 3MiB\ncontext = 0B\narrival = poisson(6/min)\n"
    "service = exp(200ms)\nkeep_host_copy = yes\ndirty = 0\n",

    /* memory that grows for a burst; copies written ahead, while others and they themselves run */
    "[scenario]\nduration = 3m\nwarmup = 0s\n" GPU RATES "transfer = overlapped\n[policy]\nprefetch = clean\n"
    "[workload.NB]\nclass = notebook\ncount = 4\nmemory = 2MiB\ncontext = 0B\nthink = exp(4s)\nburst = exp(1s)\n"
    "grow = uniform(0B,2MiB)\ndirty = 40%\nkeep_host_copy = yes\n",

    /* who begins on the GPU */
    "[scenario]\nduration = 4m\nwarmup = 0s\n" GPU RATES "[policy]\nslicer = rr\nslicer.quantum = 1s\n"
    "[workload.NB]\nclass = notebook\ncount = 2\nmemory = 3840KiB\ncontext = 0B\nthink = exp(4s)\nburst = exp(1s)\n"
    "state = gpu\n[workload.NC]\nclass = notebook\ncount = 2\nmemory = 3MiB\ncontext = 0B\nthink = exp(4s)\n"
    "burst = exp(1s)\n",
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static bool all;

static void test_every_word(void **state)
{
    (void)state;
    for (int i = 0; i < SCENARIOS; i++) {
        struct figures figures = run_live(scenarios[i], DOUBLE, true);

        assert_true(figures.completed > 5);
        assert_true(seen.swap_ins > 5 && seen.swap_outs > 2);
    }
}

/* Within 1 %, as in tests/truth/test_live_as_simulated.c, which says why many runs. */
static void test_as_simulated(void **state)
{
    static const bool quick[SCENARIOS] = {
        [1] = true, [2] = true, [3] = true, [4] = true}; /* little is left to chance */
    unsigned off = 0, runs = all ? 60 : 3;

    (void)state;
    without_sanitizers();
    for (int i = 0; i < SCENARIOS; i++) {
        struct figures live, simulated;

        if (!quick[i] &&
            (!all || i == SCENARIOS - 1)) /* the last: turns of a second, in which who is first is chance */
            continue;
        print_message("scenario %d\n", i);
        double_reset(DOUBLE "latency=0");
        live = run_often(scenarios[i], runs, &live_node);
        assert_no_violation();
        simulated = run_often(scenarios[i], runs, &backend_sim);
        off += responses_off(&live, &simulated, 0.01);
    }
    assert_int_equal(off, 0);
}

/* Random delays of all that nothing orders: the words are still right. */
static void test_chaos(void **state)
{
    (void)state;
    for (int i = 0; i < SCENARIOS; i += 2) {
        char options[200];

        snprintf(options, sizeof options, DOUBLE "chaos=%d", i + 1);
        run_live(scenarios[i], options, true);
    }
}

/* By the machine's clock, as on a GPU: the loop waits for the load, naps while the GPU works, and the words are right. */
static void test_real_clock(void **state)
{
    struct figures figures =
        run_live("[scenario]\nduration = 2s\nwarmup = 0s\n" GPU RATES "transfer = overlapped\n[policy]\nslicer = rr\n"
                 "slicer.quantum = 30ms\n[workload.NB]\nclass = notebook\ncount = 3\nmemory = 5MiB\ncontext = 0B\n"
                 "think = exp(50ms)\nburst = exp(50ms)\n",
                 DOUBLE "real_clock=yes", true);

    (void)state;
    assert_true(figures.completed > 0 && seen.swap_ins > 0);
}

/* No memory for a while, or from some time on: swap-ins fail, the controller tries again or refuses, nothing is lost. */
static void test_no_memory(void **state)
{
    static const char *const faults[] = {"fault=cuMemCreate#40=2", "fault=cuMemCreate#40=2 fault=cuMemCreate#41=2",
                                         "fault=cuMemCreate#60+=2"};
    static struct error err;

    (void)state;
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
            char options[300];

            snprintf(options, sizeof options, DOUBLE "%s", faults[k]);
            if (run_with(scenarios[i], options, &err) != GS_OK)
                fail_msg("scenario %d with '%s': %s", i, faults[k], err.text);
            assert_int_equal(seen.wrong, 0);
            assert_int_equal(dbl->leaks(), 0);
            assert_no_violation();
        }
}

/* The GPU is lost in the middle: the run ends, and says why. */
static void test_lost(void **state)
{
    static const struct {
        const char *fault, *text;
    } cases[] = {
        {"fault=cuLaunchKernel#100=op719", "CUDA_ERROR_LAUNCH_FAILED"},
        {"fault=cuMemcpyDtoHAsync#30=op214", "CUDA_ERROR_ECC_UNCORRECTABLE"},
        {"fault=cuMemcpyHtoDAsync#30=op700", "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {"fault=cuMemUnmap#7=lost46", "CUDA_ERROR_DEVICE_UNAVAILABLE"},
        {"fault=cuDevicePrimaryCtxRetain#1=2", "GPU 0 (?): 'cuDevicePrimaryCtxRetain': out of memory"},
        {"fault=cuLaunchKernel#100=2", "GPU 0 (FFFF:00:00.0): 'cuLaunchKernel': out of memory"},
        {"fault=cuLaunchKernel#100=2", "who else uses it (see 'nvidia-smi')"},
    };
    static struct error err;

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char options[300];

        snprintf(options, sizeof options, DOUBLE "%s", cases[k].fault);
        assert_int_not_equal(run_with(scenarios[1], options, &err), GS_OK);
        if (strstr(err.text, cases[k].text) == NULL)
            fail_msg("'%s' ends with: %s", cases[k].fault, err.text);
        assert_no_violation();
    }
}

/* What live mode does not do yet is refused before anything runs. */
static void test_refused(void **state)
{
    static const char load[] =
        "[workload.NB]\nclass = notebook\nmemory = 1MiB\ncontext = 0B\nthink = exp(4s)\nburst = exp(1s)\n";
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[scenario]\nduration = 1m\n[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\ngpus = 2\n", "the driver shows 1"},
        {"[scenario]\nduration = 1m\n[node]\ngpu_memory = 80GiB\nchunk = 256KiB\n", "the scenario asks for"},
        {"[scenario]\nduration = 1m\n[node]\ncount = 2\ngpu_memory = 8MiB\ngpu_reserved = 0B\n", "has 2 nodes"},
    };
    static struct error err;

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[2000];

        snprintf(text, sizeof text, "%s%s", cases[k].text, load);
        assert_int_equal(run_with(text, DOUBLE, &err), GS_UNSATISFIABLE);
        if (strstr(err.text, cases[k].says) == NULL)
            fail_msg("it says: %s", err.text);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
    }
    setenv("GPUSWAP_LIBCUDA", "/nonexistent", 1);
    {
        struct figures figures;

        memset(&err, 0, sizeof err);
        assert_int_equal(attempt(scenarios[0], 0, &live_node, &figures, &err), GS_NO_DEVICE);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word), cmocka_unit_test(test_as_simulated), cmocka_unit_test(test_chaos),
        cmocka_unit_test(test_real_clock), cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_lost),
        cmocka_unit_test(test_refused),
    };
    const struct CMUnitTest compared[] = {cmocka_unit_test(test_as_simulated)};

    all = argc > 1 && strcmp(argv[1], "all") == 0;
    return all ? cmocka_run_group_tests(compared, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
