/* test_memory.c - every allocation of a run, and of an explanation of it, fails in turn: each time a clean error, no leak (the address sanitizer looks), and
 * never a different result. */
#include "sim/base/arena.h"
#include "sim/explain/explain.h"
#include "sim/results/report.h"
#include "sim/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { ALLOCATIONS_MAX = 20000 };

static const char notebooks[] =
    "[scenario]\nduration = 10m\nreplications = 2\nthreads = 1\n"
    "[node]\ngpu_memory = 40GiB\n[policy]\nvictim = mru\n"
    "[workload.NB]\nclass = notebook\ncount = 5\nmemory = uniform(10GiB,20GiB)\nthink = exp(20s)\n"
    "burst = mix(0.9:exp(2s),0.1:exp(20s))\ngrow = exp(1GiB)\n"
    "[sla.NB]\ngroup = NB\nresponse_p95 = 10s\n";

static const char jobs[] =
    "[scenario]\nthreads = 1\nrecord = events\n"
    "[node]\ngpu_memory = 40GiB\ntransfer = overlapped\nhost_bandwidth = 20GB/s\nsharing = exclusive\n"
    "[node.B]\ngpus = 2\ngpu_memory = 40GiB\nswap_file = 1GiB\n[policy]\nslicer = rr\nslicer.quantum = 1s\n"
    "slicer.switch_cost = 10ms\nprefetch = eager\nplace = pack\n"
    "[workload.A]\nclass = training\ncount = 3\nmemory = 20GiB\niterations = 5\niteration = 3s\ngap = 1s\n"
    "[workload.B]\nclass = training\ncount = 3\nmemory = 20GiB\ngpu_work = 5s\nstate = disk\n";

static const char requests[] =
    "[scenario]\nduration = 2m\nwarmup = auto\nreplications = 2\nthreads = 1\nrecord = bursts\n"
    "[node]\ngpu_memory = 40GiB\n"
    "[workload.I]\nclass = inference\ncount = 3\nmemory = 20GiB\narrival = gamma(2,0.2/s)\n"
    "service = exp(1s)\nslots = 2\nkeep_host_copy = yes\n"
    "[workload.S]\nclass = inference\nmemory = 20GiB\narrival = schedule(1s 2s 2s 9s)\nservice = 1s\n";

/* So many timers that the event queue outgrows its first memory. */
static const char crowd[] =
    "[scenario]\nduration = 40s\nthreads = 1\n[node]\ngpu_memory = 80GiB\n[policy]\nprefetch = eager\n"
    "prefetch.after = 1h\n"
    "[workload.C]\nclass = notebook\ncount = 60\nmemory = 1GiB\nthink = exp(1s)\nburst = exp(1ms)\n";

static const char trace[] =
    "[scenario]\nthreads = 1\n[node]\ngpu_memory = 40GiB\n"
    "[trace.T]\nfile = tests/data/plain.gst\nsample = 2\nto = 130s\n[trace.A]\nfile = tests/data/sessions.csv\n"
    "format = adobe-notebooks\nmemory = 10GiB\nsample = 3\n";

static const char stream[] = "[scenario]\nthreads = 1\n[node]\ngpu_memory = 40GiB\n"
                             "[trace.T]\nfile = tests/data/mixed.gst\nstream = yes\nto = 100s\nsample = 2\n";

struct ended {
    int rc;
    struct error err;
    struct text json, text;
};

static void report_run(struct ended *o, const struct scenario *scenario, const struct run_outcome *outcome,
                       struct results *results, struct arena *arena)
{
    struct report_about about = {.version = "test", .provenance = "sim"};
    struct report report;

    o->rc = report_build(&report, scenario, outcome->tally, outcome->completed, &about, arena, &o->err);
    if (o->rc == GS_OK && results != NULL)
        o->rc = results_finish(results, &report, &o->err);
    if (o->rc != GS_OK)
        return;
    report_json(&o->json, &report);
    report_text(&o->text, &report);
    if (o->json.failed || o->text.failed)
        o->rc = error_set(&o->err, GS_SYSTEM, "out of memory for the report");
}

/* All that `gpuswap-sim run` does, but for the command line. */
static void whole_run(struct ended *o, const char *text, const char *db)
{
    struct arena arena = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct run_options options = {.backend = backend_at(0)};
    struct run_outcome outcome = {0};
    struct load_traces *traces = NULL;
    struct gs_workload_spec *spec;
    uint32_t workloads;

    memset(o, 0, sizeof *o);
    o->rc = scenario_parse(&scenario, text, strlen(text), "memory.ini", NULL, &none, &arena, &o->err);
    if (o->rc == GS_OK)
        o->rc = load_read_traces(&traces, &scenario, &arena, &o->err);
    if (o->rc == GS_OK && db != NULL)
        o->rc = load_specs(&scenario, traces, 0, &spec, &workloads, &arena, &o->err);
    if (o->rc == GS_OK && db != NULL)
        o->rc = results_open(&options.results, db, &scenario, spec, workloads, "test", "sim", &o->err);
    if (o->rc == GS_OK) {
        o->rc = run_scenario(&scenario, &options, traces, &outcome, &arena, &o->err);
        if (o->rc == GS_OK)
            report_run(o, &scenario, &outcome, options.results, &arena);
        results_close(options.results);
        run_fini(&outcome);
    }
    load_close_traces(traces);
    arena_fini(&arena);
}

/* Every burst of the last run in `db`. */
static void whole_explanation(struct ended *o, const char *text, const char *db)
{
    const struct explain_wish all = {.replication = 0, .burst = -1, .slowest = -1, .workload = GS_NONE};
    struct arena arena = {0};
    struct explain *explain = NULL;
    struct explain_burst *burst;
    size_t bursts = 0;

    (void)text;
    memset(o, 0, sizeof *o);
    o->rc = explain_open(&explain, db, 0, &arena, &o->err);
    if (o->rc == GS_OK)
        o->rc = explain_pick(explain, &all, &burst, &bursts, &o->err);
    if (o->rc == GS_OK)
        o->rc = explain_read(explain, 0, -1, GS_NEVER, &o->err);
    for (size_t i = 0; i < bursts && o->rc == GS_OK; i++) {
        o->rc = explain_burst(explain, &burst[i], &o->err);
        explain_text(&o->text, explain, &burst[i]);
        explain_json(&o->json, explain, &burst[i]);
    }
    if (o->rc == GS_OK && (o->json.failed || o->text.failed))
        o->rc = error_set(&o->err, GS_SYSTEM, "out of memory for the explanation");
    explain_close(explain);
    arena_fini(&arena);
}

/* Had the failure that was asked for not come yet?  Then one of the next `n` allocations fails. */
static bool still_to_fail(uint64_t n)
{
    struct arena arena = {0};
    bool failed = false;

    for (uint64_t i = 0; i < n && !failed; i++)
        failed = arena_alloc(&arena, 1) == NULL;
    arena_fini(&arena);
    arena_fail_nth(0);
    return failed;
}

static bool same_report(const struct ended *a, const struct ended *b)
{
    return a->rc == GS_OK && strcmp(a->json.data, b->json.data) == 0 && strcmp(a->text.data, b->text.data) == 0;
}

typedef void whole(struct ended *o, const char *text, const char *db);

static void fail_each(whole *all, const char *text, const char *db)
{
    struct ended good, o;
    bool reached = false;

    all(&good, text, db);
    if (good.rc != GS_OK)
        fail_msg("the run fails by itself: %s", good.err.text);
    for (uint64_t n = 1; !reached; n++) {
        assert_true(n < ALLOCATIONS_MAX);
        arena_fail_nth(n);
        all(&o, text, db);
        reached = still_to_fail(n);
        if (reached && o.rc != GS_OK)
            fail_msg("without a failure: %s", o.err.text);
        if (!reached && o.rc != GS_SYSTEM && !same_report(&o, &good)) /* some have another way without memory */
            fail_msg("allocation %llu failed, and the run ended with exit code %d: %s", (unsigned long long)n, o.rc,
                     o.err.text);
        if (!reached && o.rc != GS_OK && (o.err.lines == 0 || strstr(o.err.text, "memory") == NULL))
            fail_msg("allocation %llu failed, and the error was '%s'", (unsigned long long)n, o.err.text);
        text_fini(&o.json);
        text_fini(&o.text);
    }
    text_fini(&good.json);
    text_fini(&good.text);
}

static void of_notebooks(void **state)
{
    (void)state;
    fail_each(whole_run, notebooks, NULL);
}

static void of_jobs(void **state)
{
    (void)state;
    fail_each(whole_run, jobs, NULL);
}

static void of_requests(void **state)
{
    (void)state;
    fail_each(whole_run, requests, NULL);
}

static void of_a_crowd(void **state)
{
    (void)state;
    fail_each(whole_run, crowd, NULL);
}

static void of_traces(void **state)
{
    (void)state;
    fail_each(whole_run, trace, NULL);
    fail_each(whole_run, stream, NULL);
}

static void of_rows(void **state)
{
    char db[] = "/tmp/gpuswap-memory-XXXXXX", other[64];
    int file = mkstemp(db);

    (void)state;
    assert_true(file >= 0);
    close(file);
    fail_each(whole_run, jobs, db);
    fail_each(whole_explanation, NULL, db);
    unlink(db);
    for (int i = 0; i < 2; i++) {
        snprintf(other, sizeof other, "%s%s", db, i == 0 ? "-wal" : "-shm");
        unlink(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_notebooks), cmocka_unit_test(of_jobs),   cmocka_unit_test(of_requests),
        cmocka_unit_test(of_a_crowd),   cmocka_unit_test(of_traces), cmocka_unit_test(of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
