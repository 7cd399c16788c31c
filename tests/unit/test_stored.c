/* test_stored.c - a trace on disk is the trace in memory: the same workloads, each with the same bursts, runs, requests,
 * changes of memory and updates, however it is cut, sampled and scaled. */
#include "traces/replay.h"
#include "traces/stored.h"
#include "sim/base/dist.h"
#include "sim/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORKLOADS = 60, STEPS = 4000, STEP_US = 50000 };

static char path[64];

/* One record of workload `id` at `t`; many fall on the same time, and in any order within it. */
static void put_record(FILE *f, struct stream *s, long long t, unsigned id, int64_t *kept, bool inference)
{
    unsigned long long n = stream_bits(s) % 1000000;
    long long keep = *kept > 0 && n % 2 ? -(*kept / 2) : (long long)n;
    switch (stream_bits(s) % (inference ? 7 : 6)) {
    case 0:
        fprintf(f, "%lld,M,w%u,%llu\n", t, id, n * 1000);
        *kept = 0;
        break;
    case 1:
        fprintf(f, "%lld,T,w%u,%llu,%llu,%llu,%llu\n", t, id, 1 + n % 50, 1 + n % 70000, n % 30000, n % 3 * 50000);
        break;
    case 2:
        fprintf(f, "%lld,U,w%u,%s,%llu\n", t, id,
                n % 9 == 0 ? "req"
                : n % 2    ? "prio"
                           : "swap",
                n % 9 == 0 ? n / 9
                : n % 2    ? n % 256
                           : n % 4 / 2);
        break;
    case 3:
        fprintf(f, "%lld,R,w%u,,,%llu\n", t, id, 1 + n);
        break;
    case 4:
        fprintf(f, "%lld,B,w%u,%llu,%llu,%llu\n", t, id, 1 + n, n / 3, n * 7);
        break;
    case 5:
        fprintf(f, "%lld,B,w%u,%llu,%llu,,%lld\n", t, id, 1 + n, n / 5, keep);
        *kept += keep;
        break;
    default:
        fprintf(f, "%lld,R,w%u,%llu,%llu\n", t, id, n % 4000, 1 + n % 300);
        break;
    }
}

static void write_trace(void)
{
    struct stream s;
    FILE *f = fopen(path, "w");
    int64_t kept[WORKLOADS] = {0};
    unsigned here = 0, gone = 0;
    assert_non_null(f);
    stream_init(&s, 5, 0, 0, PURPOSE_TRACE);
    fputs("#gpuswap-trace,1\n#meta,horizon,900000000\n", f);
    for (int i = 0; i < STEPS; i++) {
        long long t = (long long)i * STEP_US / 3 / STEP_US * STEP_US;
        unsigned what = (unsigned)(stream_bits(&s) % 100);
        if (here < WORKLOADS && (here == gone || what < 4)) {
            kept[here] = 0;
            fprintf(f, "%lld,W,w%u,%c,%u,%s,,,,,,%s\n", t, here, "nit"[here % 3], here % 11 == 5 ? 2 : 1,
                    here % 4 == 3 ? "" : "5000000", here % 5 == 4 ? (here % 2 ? "c" : "o") : "");
            if (here % 3 == 1)
                fprintf(f, "%lld,S,w%u,4000,80000,1200,131072,8\n", t, here);
            here++;
        } else if (here > gone && what < 6) {
            fprintf(f, "%lld,D,w%u,%s\n", t, gone, what == 4 ? "trunc" : "end");
            gone++;
        } else if (here > gone) {
            unsigned id = gone + (unsigned)(stream_bits(&s) % (here - gone));
            put_record(f, &s, t, id, &kept[id], id % 3 == 1);
        }
    }
    assert_int_equal(fclose(f), 0);
}

/* --- the same ---------------------------------------------------------------------------------------------------- */

static void same_workload(const struct trace_workload *is, const struct trace_workload *due)
{
    assert_string_equal(is->name, due->name);
    assert_string_equal(is->group, due->group);
    assert_int_equal(is->class, due->class);
    assert_int_equal(is->closed, due->closed);
    assert_int_equal(is->swappable, due->swappable);
    assert_int_equal(is->memory_bytes, due->memory_bytes);
    assert_int_equal(is->priority, due->priority);
    assert_int_equal(is->attach_ns, due->attach_ns);
    assert_int_equal(is->detach_ns, due->detach_ns);
    assert_int_equal(is->why, due->why);
    assert_int_equal(is->bursts, due->bursts);
    assert_int_equal(is->runs, due->runs);
    assert_int_equal(is->requests, due->requests);
    assert_int_equal(is->resizes, due->resizes);
    assert_int_equal(is->updates, due->updates);
}

/* All of a list, held against an array. */
#define SAME_LIST(stored, list, of, read, type, array, count)                                                          \
    do {                                                                                                               \
        unsigned char block[SPOOL_BLOCK];                                                                              \
        struct spool_reader reader = {.next = (of)->first[list], .block = block};                                      \
        struct error why = {0};                                                                                        \
        for (size_t at = 0; at <= (count); at++) {                                                                     \
            type item;                                                                                                 \
            bool more;                                                                                                 \
            assert_int_equal(read(stored, &reader, &item, &more, &why), GS_OK);                                        \
            assert_int_equal(more, at < (count));                                                                      \
            if (more)                                                                                                  \
                assert_memory_equal(&item, &(array)[at], sizeof item);                                                 \
        }                                                                                                              \
    } while (0)

/* Updates have padding: field by field. */
static void same_updates(const struct trace_stored *stored, const struct stored_workload *of,
                         const struct trace_workload *due)
{
    unsigned char block[SPOOL_BLOCK];
    struct spool_reader reader = {.next = of->first[STORED_UPDATES], .block = block};
    struct error err = {0};
    struct trace_update update;
    bool more, requests = false;
    for (size_t i = 0; i <= due->updates; i++) {
        assert_int_equal(stored_update(stored, &reader, &update, &more, &err), GS_OK);
        assert_int_equal(more, i < due->updates);
        if (!more)
            break;
        assert_int_equal(update.at_ns, due->update[i].at_ns);
        assert_int_equal(update.field, due->update[i].field);
        assert_int_equal(update.value, due->update[i].value);
        requests |= update.field == GST_UPDATE_REQ;
    }
    assert_int_equal(of->changes_request, requests);
}

static uint64_t iterations_of(const struct trace_workload *w)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < w->runs; i++)
        sum += trace_iterations(w, &w->run[i]);
    return sum;
}

/* Wishes come by time; per workload they are its open-loop bursts and its requests, merged. */
static void same_wishes(const struct trace_stored *stored, const struct trace *due, size_t *wishes)
{
    unsigned char block[SPOOL_BLOCK];
    struct spool_reader reader = {.next = stored->wishes, .block = block};
    struct error err = {0};
    size_t burst[WORKLOADS] = {0}, request[WORKLOADS] = {0}, left = 0;
    struct stored_wish wish, last = {.at_ns = -1};
    bool more;
    for (size_t i = 0; i < due->workloads; i++)
        left += due->workload[i].requests + (due->workload[i].closed ? 0 : due->workload[i].bursts);
    *wishes += left;
    for (;; left--, last = wish) {
        assert_int_equal(stored_wish(stored, &reader, &wish, &more, &err), GS_OK);
        if (!more)
            break;
        const struct trace_workload *w = &due->workload[wish.member];
        size_t *b = &burst[wish.member], *r = &request[wish.member];
        bool is_burst =
            !w->closed && *b < w->bursts && (*r == w->requests || w->burst[*b].ready_ns <= w->request[*r].ready_ns);
        assert_true(last.at_ns < wish.at_ns || (last.at_ns == wish.at_ns && last.member <= wish.member));
        assert_int_equal(wish.at_ns, is_burst ? w->burst[*b].ready_ns : w->request[*r].ready_ns);
        assert_int_equal(wish.work_ns, is_burst ? w->burst[*b].work_ns : w->request[*r].work_ns);
        assert_int_equal(wish.grow_bytes, is_burst ? w->burst[*b].grow_bytes : 0);
        assert_int_equal(wish.keep_bytes, is_burst ? w->burst[*b].keep_bytes : 0);
        ++*(is_burst ? b : r);
    }
    assert_int_equal(left, 0);
}

static void same_trace(const char *file, const struct trace_options *asked, int loop, size_t *wishes)
{
    struct arena arena = {0};
    struct error err = {0};
    struct trace due, is;
    struct trace_stored stored;
    struct trace_options options = *asked;
    options.file = file;
    assert_int_equal(trace_load(&due, &options, 9, &arena, &err), GS_OK);
    assert_int_equal(trace_store(&stored, &is, &options, loop, 9, &arena, &err), GS_OK);
    assert_int_equal(is.workloads, due.workloads);
    assert_int_equal(is.multi_gpu_dropped, due.multi_gpu_dropped);
    assert_int_equal(is.horizon_ns, due.horizon_ns);
    assert_int_equal(is.notes, due.notes);
    for (size_t i = 0; i < due.workloads; i++) {
        struct trace_workload *w = &due.workload[i];
        const struct stored_workload *of = &stored.workload[i];
        same_workload(&is.workload[i], w);
        w->closed = loop < 0 ? w->closed : loop == 0;
        SAME_LIST(&stored, STORED_BURSTS, of, stored_burst, struct trace_burst, w->burst, w->closed ? w->bursts : 0);
        SAME_LIST(&stored, STORED_RUNS, of, stored_run, struct trace_run, w->run, w->runs);
        SAME_LIST(&stored, STORED_RESIZES, of, stored_resize, struct trace_resize, w->resize, w->resizes);
        same_updates(&stored, of, w);
        assert_int_equal(of->iterations, iterations_of(w));
    }
    same_wishes(&stored, &due, wishes);
    trace_stored_close(&stored);
    arena_fini(&arena);
}

static void test_the_same_as_in_memory(void **unused)
{
    static const int64_t s = 1000000000;
    const struct dist memory = {.kind = DIST_UNIFORM, .a = 1e6, .b = 9e6};
    const struct trace_options asked[] = {
        {.to_ns = TRACE_NEVER, .scale_time = 1, .memory = &memory},
        {.to_ns = TRACE_NEVER, .scale_time = 1, .memory = &memory, .single = true},
        {.to_ns = 40 * s, .scale_time = 1, .memory = &memory, .single = true},
        {.from_ns = 20 * s, .to_ns = TRACE_NEVER, .scale_time = 1, .memory = &memory, .single = true},
        {.from_ns = 20 * s + 1, .to_ns = 30 * s + 1, .scale_time = 0.3, .memory = &memory, .single = true},
        {.to_ns = TRACE_NEVER, .scale_time = 1e-6, .memory = &memory, .single = true}, /* all at once */
        {.from_ns = 30 * s, .to_ns = TRACE_NEVER, .scale_time = 7, .sample = 12, .memory = &memory, .single = true},
    };
    static const char *const file[] = {path,
                                       "tests/data/mixed.gst",
                                       "tests/data/changes.gst",
                                       "tests/data/keeps.gst",
                                       "tests/data/runs.gst",
                                       "scenarios/office.gst"};
    size_t wishes = 0;

    (void)unused;
    for (size_t f = 0; f < sizeof file / sizeof *file; f++)
        for (size_t i = 0; i < (f == 0 ? sizeof asked / sizeof *asked : 2); i++)
            for (int loop = -1; loop <= 1; loop++)
                same_trace(file[f], &asked[i], loop, &wishes);
    assert_true(wishes > 10000);
}

/* What is wrong with the file is told as it is for a trace in memory, and nothing stays open. */
static void test_errors(void **unused)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"#gpuswap-trace,1\n0,W,a,n,1,5\n1,B,a,7\n1,B,b,7\n", ":4: field 'id': 'b' is not declared"},
        {"#gpuswap-trace,1\n0,W,a,n\n1,B,a,7\n", "workload 'a' has no memory"},
        {"#gpuswap-trace,1\n", "trace has no workload"},
    };
    struct trace_options options;

    (void)unused;
    trace_options_init(&options);
    options.file = path;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena = {0};
        struct error err = {0};
        struct trace trace;
        struct trace_stored stored;
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(bad[i].text, f);
        fclose(f);
        int lowest = dup(0);
        close(lowest);
        assert_int_equal(trace_store(&stored, &trace, &options, -1, 1, &arena, &err), GS_BAD_INPUT);
        assert_non_null(strstr(err.text, bad[i].says));
        assert_int_equal(dup(0), lowest);
        close(lowest);
        arena_fini(&arena);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_as_in_memory),
        cmocka_unit_test(test_errors),
    };
    snprintf(path, sizeof path, "/tmp/gpuswap-stored-%ld.gst", (long)getpid());
    write_trace();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
