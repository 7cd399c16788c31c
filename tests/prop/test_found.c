/* test_found.c - small scenarios of what random ones once found, named after what broke. */
#include "sim/run/run.h"
#include "tests/prop/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define NODE "[scenario]\nreplications = 2\n[node]\ngpu_memory = 40GiB\n"
#define TRACE "[trace.T]\nfile = found.gst\n"

struct found {
    const char *broke, *trace, *text;
    uint64_t completed, censored; /* of the last group, in each replication */
    double share_min, share_max;  /* progress over time present */
};

static const struct found cases[] = {
    {"an open-loop trace without departures ended before its first request",
     "#gpuswap-trace,1\n0,W,a,i,1,8589934592,,,,,,o\n1000000,R,a,,,1000000\n20000000,R,a,,,1000000\n30000000,R,a,,,"
     "500000\n",
     NODE TRACE, 3, 0, 1.0, 1.0},
    {"a trace of somebody who only holds memory never ended",
     "#gpuswap-trace,1\n0,W,idle,n,1,8589934592,,,,,,c\n0,W,a,n,1,8589934592,,,,,,c\n1000000,B,a,1000000,0\n",
     NODE TRACE, 1, 0, 0.0, 1.0},
    {"delays of bursts that waited at the same time were taken off the same time",
     "#gpuswap-trace,1\n0,W,a,n,1,8589934592,,,,,,o\n0,B,a,9000000\n0,B,a,9000000\n0,B,a,9000000\n0,B,a,9000000\n"
     "0,B,a,9000000\n40000000,D,a,kill\n",
     NODE TRACE, 4, 1, 0.79, 0.81},
    {"what shrank while its copy was written was taken off the GPU at once",
     "#gpuswap-trace,1\n0,W,a,n,1,8589934592,,,,,,c\n1000000,B,a,1000000,0\n2100000,M,a,4294967296\n"
     "9000000,B,a,1000000,7000000\n",
     "[scenario]\nreplications = 2\nduration = 2200ms\n[node]\ngpu_memory = 40GiB\n"
     "[policy]\nprefetch = clean\nprefetch.after = 0s\n" TRACE,
     1, 0, 0.0, 1.0},
    {"of one that was gone when a part of it had left the GPU the rest stayed there",
     "#gpuswap-trace,1\n0,W,a,n,1,21474836480,,,,,,c\n0,W,b,n,1,32212254720,,,,,,c\n1000000,B,a,1000000,0\n"
     "3000000,B,b,1000000,0\n3100000,D,a,end\n",
     "[scenario]\nreplications = 2\n[node]\ngpu_memory = 40GiB\n[policy]\nvictim = partial\n" TRACE, 2, 0, 0.0, 1.0},
    {"a burst that was to be its last waited for its last bytes, and never went on", "",
     "[scenario]\nreplications = 2\n[policy]\nslicer = salus\ncap = maxmin\nprefetch = pipeline\nprefetch.who = all\n"
     "[node]\ngpu_memory = 9GiB\ngpu_reserved = 0MiB\nswap_file = 10000MiB\ntransfer = overlapped\ndisk = 1MB/s\n"
     "[workload.W0]\nclass = training\ncount = 4\nmemory = uniform(48MiB,4596MiB)\niterations = 2\n"
     "iteration = 765831us\npriority = 254\n"
     "[workload.W1]\nclass = training\ncount = 10\nmemory = uniform(1152MiB,4730MiB)\ngpu_work = gamma(0.5,9641758us)\n"
     "cpu_work = gamma(0.5,14756293us)\nstart = gamma(0.5,34490741us)\n",
     10, 0, 0.0, 1.0},
};

/* With swaps that fail as draft.h has it: what must be true of every scenario, promises to those who wait among it. */
static const struct {
    const char *broke, *text;
} trials[] = {
    {"who stayed on the GPU as its swap-out failed counted as brought there past those who waited: two at once",
     "[scenario]\nseed = 975\n[policy]\nvictim = random\nslicer = rr\nslicer.quantum = 2s\nslicer.width = 2\n"
     "[node]\ngpu_memory = 15GiB\n"
     "[workload.W0]\nclass = training\ncount = 8\nmemory = uniform(1920MiB,6890MiB)\ngpu_work = 45s\nstart = 67s\n"
     "[workload.W1]\nclass = training\ncount = 5\nmemory = 4GiB\ngpu_work = uniform(7338370us,22015112us)\n"
     "start = lognormal(23095889us,1.2)\n;! swap 5 3\n"},
    {"who stayed on the GPU as its swap-out failed counted as brought there past those who waited: short ones first",
     "[scenario]\nreplications = 2\n[policy]\nslicer = cost\n[node]\ngpu_memory = 36GiB\nswap_overhead = 100138us\n"
     "[workload.W0]\nclass = training\ncount = 5\nmemory = uniform(9216MiB,37542MiB)\niterations = 6\n"
     "iteration = lognormal(3904710us,1.2)\ngap = gamma(0.5,4255437us)\n"
     "[workload.W1]\nclass = training\ncount = 9\nmemory = 3735MiB\niterations = 3\n"
     "iteration = uniform(4093183us,12279550us)\n;! swap 3 2\n"},
    {"who stayed on the GPU as its swap-out failed counted as brought there past those who waited: a file of 1 MiB",
     "[scenario]\nseed = 585\nreplications = 2\n[policy]\nslicer = cost\ncap = maxmin\nprefetch = eager\n"
     "place = balance\n[node]\nswap_file = 1MiB\ngpu_memory = 62GiB\ngpu_reserved = 612MiB\npageable = 12961MB/s\n"
     "link_discipline = fcfs\ndisk = 6846MB/s\n"
     "[workload.W0]\nclass = training\ncount = 4\nmemory = uniform(7936MiB,26300MiB)\niterations = 10\n"
     "iteration = uniform(1844810us,5534432us)\ngap = 4931055us\nstart = hyperexp(0.9,37799673us,377996722us)\n"
     "[workload.W1]\nclass = training\ncount = 12\nmemory = uniform(7936MiB,33826MiB)\n"
     "gpu_work = hyperexp(0.9,27025074us,270250731us)\ncpu_work = exp(5921387us)\ncontext = 1MiB\n"
     "start = uniform(29088382us,87265147us)\n;! swap_out 11 1\n"},
};

static void check(const struct found *c, const char *folder)
{
    struct arena arena = {0};
    struct error err = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct run_options options = {.backend = &backend_sim};
    struct run_outcome outcome;
    struct load_traces *traces;
    char path[128];

    snprintf(path, sizeof path, "%s/found.gst", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(c->trace, file);
    fclose(file);
    if (scenario_parse(&scenario, c->text, strlen(c->text), "found.ini", folder, &none, &arena, &err) != GS_OK ||
        load_read_traces(&traces, &scenario, &arena, &err) != GS_OK ||
        run_scenario(&scenario, &options, traces, &outcome, &arena, &err) != GS_OK)
        fail_msg("%s: %s", c->broke, err.text);
    for (uint32_t k = 0; k < outcome.completed; k++) {
        const struct group_tally *t = &outcome.tally[k]->group[scenario.workloads - 1];
        double share = t->progress_ns / t->present_ns;
        if (t->completed != c->completed || t->censored != c->censored ||
            !(share >= c->share_min && share <= c->share_max))
            fail_msg("%s: %llu completed, %llu censored, progress %g", c->broke, (unsigned long long)t->completed,
                     (unsigned long long)t->censored, share);
    }
    unlink(path);
    run_fini(&outcome);
    arena_fini(&arena);
}

static void check_trial(const char *broke, const char *text, const char *folder)
{
    struct trial_options options = {.folder = folder, .audited = true};
    char why[TRIAL_WHY];

    if (trial_run(text, strlen(text), &options, why) != TRIAL_GOOD)
        fail_msg("%s: %s", broke, why);
    trial_clean(folder);
}

static void stays_mended(void **state)
{
    const char *home = getenv("TMPDIR");
    char folder[64];

    (void)state;
    snprintf(folder, sizeof folder, "%s/gpuswap-found-XXXXXX", home == NULL ? "/tmp" : home);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], folder);
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        check_trial(trials[i].broke, trials[i].text, folder);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stays_mended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
