/* test_stream.c - a trace that lies on disk takes no more memory if it is longer; if it cannot be read on, the replication
 * under way fails and says why, and those that were complete stay. */
#include "sim/load/load.h"
#include "sim/run/run.h"
#include "traces/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char scenario_text[] = "[scenario]\nreplications = 3\nthreads = 1\n[node]\ngpu_memory = 40GiB\n"
                                    "[trace.T]\nfile = scenarios/office.gst\nmemory = 8GiB\nstream = yes\n";

/* After so many replications the file loses what is in it. */
struct sabotage {
    int fd;
    uint32_t after;
};

static void tear(void *context, uint32_t done, uint32_t of)
{
    struct sabotage *s = context;

    (void)of;
    if (done == s->after)
        assert_int_equal(ftruncate(s->fd, 0), 0);
}

static void test_unreadable_in_mid_run(void **unused)
{
    (void)unused;
    for (uint32_t after = 0; after < 4; after++) {
        struct arena arena = {0};
        struct error err = {0};
        struct scenario scenario;
        struct load_traces *traces;
        struct run_outcome outcome;
        struct sabotage sabotage = {.after = after};
        struct run_options options = {.backend = &backend_sim, .progress = tear, .context = &sabotage};

        assert_int_equal(
            scenario_parse(&scenario, scenario_text, strlen(scenario_text), "test.ini", NULL, NULL, &arena, &err),
            GS_OK);
        int lowest = dup(0);
        close(lowest);
        assert_int_equal(load_read_traces(&traces, &scenario, &arena, &err), GS_OK);
        sabotage.fd = lowest + 1; /* the trace was open when it was made */
        if (after == 0)
            tear(&sabotage, 0, 0);
        int rc = run_scenario(&scenario, &options, traces, &outcome, &arena, &err);
        assert_int_equal(rc, after < 3 ? GS_IO : GS_OK);
        assert_int_equal(outcome.completed, after);
        if (after < 3)
            assert_non_null(strstr(err.text, "cannot read a temporary file in"));
        run_fini(&outcome);
        load_close_traces(traces);
        arena_fini(&arena);
    }
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

enum { LIVE = 8 };

/* Workloads come one after the other, eight at a time, and each has so many bursts and changes of memory.  In the closed
 * loops the GPU is far behind the recording; in the open ones it is not, for bursts that wait take memory. */
static void write_trace(const char *path, int workloads, int records)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs("#gpuswap-trace,1\n", f);
    for (int from = 0; from < workloads; from += LIVE) {
        long long t = from * 1000000LL;
        for (int i = from; i < from + LIVE; i++)
            fprintf(f, "%lld,W,w%d,%c,1,1000000000\n", t, i, i % 2 ? 'n' : 'i');
        for (int k = 0; k < records; k++)
            for (int i = from; i < from + LIVE; i++)
                if (k % 3 == 0)
                    fprintf(f, "%lld,M,w%d,1000000000\n", t + 100LL * k, i);
                else
                    fprintf(f, "%lld,B,w%d,%d,10\n", t + 100LL * k, i, i % 2 ? 1000 : 1);
        for (int i = from; i < from + LIVE; i++)
            fprintf(f, "%lld,D,w%d,%s\n", t + 2000000, i, i % 3 ? "end" : "kill");
    }
    assert_int_equal(fclose(f), 0);
}

/* Bytes that the replication took, and those that all share. */
static void run(const char *path, bool stream, size_t *replication, size_t *shared)
{
    struct arena arena = {0};
    struct error err = {0};
    struct scenario scenario;
    struct load_traces *traces;
    struct run_outcome outcome;
    struct run_options options = {.backend = &backend_sim};
    char text[300];

    snprintf(text, sizeof text,
             "[scenario]\nduration = 1h\n[node]\ngpu_memory = 40GiB\n[trace.T]\nfile = %s\nstream = %s\n", path,
             stream ? "yes" : "no");
    assert_int_equal(scenario_parse(&scenario, text, strlen(text), "test.ini", NULL, NULL, &arena, &err), GS_OK);
    size_t before = arena.used_bytes;
    assert_int_equal(load_read_traces(&traces, &scenario, &arena, &err), GS_OK);
    *shared = arena.used_bytes - before;
    assert_int_equal(run_scenario(&scenario, &options, traces, &outcome, &arena, &err), GS_OK);
    *replication = outcome.arena[0].used_bytes;
    run_fini(&outcome);
    load_close_traces(traces);
    arena_fini(&arena);
}

static void test_memory_does_not_grow_with_the_trace(void **unused)
{
    size_t small, small_shared, large, large_shared;
    char path[64];

    (void)unused;
    snprintf(path, sizeof path, "/tmp/gpuswap-stream-%ld.gst", (long)getpid());
    write_trace(path, 5 * LIVE, 3000);
    run(path, true, &small, &small_shared);
    write_trace(path, 5 * LIVE, 15000);
    run(path, true, &large, &large_shared);
    assert_int_equal(large_shared, small_shared);
    assert_true(large < small + small / 8); /* but for the bursts that wait */
    write_trace(path, 50 * LIVE, 3000);     /* those who have left leave their blocks to others */
    run(path, true, &large, &large_shared);
    assert_true(large - small < 45 * LIVE * 2 * SPOOL_BLOCK);
    write_trace(path, 5 * LIVE, 15000);
    run(path, false, &small, &small_shared); /* the same in memory: the test can see it */
    assert_true(small_shared > 2 * large_shared);
    unlink(path);
}

/* The load itself says so at the next event: the run does not go on without the trace. */
static void test_failure_comes_at_once(void **unused)
{
    struct arena arena = {0};
    struct error err = {0};
    struct scenario scenario;
    struct load_traces *traces;
    struct gs_workload_spec *spec;
    struct load_event event = {0};
    struct load *load;
    uint32_t count;

    (void)unused;
    assert_int_equal(
        scenario_parse(&scenario, scenario_text, strlen(scenario_text), "test.ini", NULL, NULL, &arena, &err), GS_OK);
    int lowest = dup(0);
    close(lowest);
    assert_int_equal(load_read_traces(&traces, &scenario, &arena, &err), GS_OK);
    assert_int_equal(load_specs(&scenario, traces, 0, &spec, &count, &arena, &err), GS_OK);
    assert_int_equal(load_open(&load, &scenario, traces, 0, spec, count, &arena, &err), GS_OK);
    load_next(load, &event);
    assert_int_equal(event.kind, LOAD_ATTACH);
    assert_false(load_failed(load));
    assert_int_equal(ftruncate(lowest + 1, 0), 0);
    while (!load_failed(load))
        load_next(load, &event);
    load_next(load, &event);
    assert_int_equal(event.kind, LOAD_FAILED);
    assert_int_equal(load_error(load, &err), GS_IO);
    load_close_traces(traces);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_does_not_grow_with_the_trace),
        cmocka_unit_test(test_failure_comes_at_once),
        cmocka_unit_test(test_unreadable_in_mid_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
