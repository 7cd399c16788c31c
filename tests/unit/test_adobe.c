/* test_adobe.c - notebook sessions from a table, what the selection does to them, and the way out as a native file. */
#include "traces/import.h"
#include "traces/info.h"
#include "traces/lines.h"
#include "traces/replay.h"
#include "sim/base/dist.h"
#include "near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n"
#define MINUTE INT64_C(60000000000)

static const struct dist one_gib = {.kind = DIST_CONSTANT, .a = 1 << 30};

static struct trace_options sample_options(void)
{
    struct trace_options options;
    trace_options_init(&options);
    options.file = "tests/data/sessions.csv";
    options.format = "adobe-notebooks";
    options.memory = &one_gib;
    return options;
}

static struct trace load(const struct trace_options *options, uint64_t seed, struct arena *arena)
{
    struct trace trace;
    struct error err = {0};
    if (trace_load(&trace, options, seed, arena, &err))
        fail_msg("%s", err.text);
    return trace;
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } table[] = {
        {"", "t.csv: file is empty"},
        {"a,b\n", "t.csv:1: column 'num_gpu' is missing"},
        {"num_gpu,submit_time\n", "t.csv:1: column 'duration' is missing"},
        {HEADER, "'t.csv': nothing in it that could be replayed"},
        {HEADER "0,1,2,0,a,3\n", "t.csv:2: row has 6 fields where the header has 7"},
        {HEADER "0,1,x,0,a,3,0\n", "t.csv:2: column 'submit_time': must be an integer from 0"},
        {HEADER "0,1,-2,0,a,3,0\n", "t.csv:2: column 'submit_time'"},
        {HEADER "0,1,2,0,a,0,0\n", "t.csv:2: column 'duration': must be an integer from 1"},
        {HEADER "0,1,2,0,a,1.5,0\n", "t.csv:2: column 'duration'"},
        {HEADER "0,0,2,0,a,1,0\n", "t.csv:2: column 'num_gpu'"},
        {HEADER "0,1,2,0,\"a,1,0\n", "t.csv:2: quoted field does not end"},
        {HEADER "0,1,2,0,\"a\"b,1,0\n", "t.csv:2: quoted field does not end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct lines *lines;
        struct trace trace = {0};
        struct trace_options options = sample_options();
        assert_int_equal(lines_open_memory(&lines, table[i].text, strlen(table[i].text), "t.csv", 4096, &err), GS_OK);
        int code = trace_load_lines(&trace, lines, &options, 1, &arena, &err);
        if (code != GS_BAD_INPUT || strncmp(err.text, table[i].message, strlen(table[i].message)) != 0)
            fail_msg("'%s' gives %d '%s', not '%s'", table[i].text, code, err.text, table[i].message);
        lines_close(lines);
        arena_fini(&arena);
    }
}

/* Marks of other tools: byte order mark, CR LF, quotes, columns in another order, empty lines. */
static void foreign_habits_are_borne(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "duration,\"num_gpu\",model_name,submit_time\r\n"
                               "\"7\",1,\"a,\"\"b\"\"\",100\r\n\r\n3,1,,110";
    struct error err = {0};
    struct arena arena = {0};
    struct lines *lines;
    struct trace trace = {0};
    struct trace_options options = sample_options();
    (void)state;
    assert_int_equal(lines_open_memory(&lines, text, sizeof text - 1, "t.csv", 4096, &err), GS_OK);
    assert_int_equal(trace_load_lines(&trace, lines, &options, 1, &arena, &err), GS_OK);
    assert_int_equal(trace.workloads, 1);
    assert_int_equal(trace.workload[0].bursts, 2);
    assert_int_equal(trace.workload[0].burst[0].work_ns, 7 * MINUTE);
    assert_int_equal(trace.workload[0].burst[1].work_ns, 3 * MINUTE);
    lines_close(lines);
    arena_fini(&arena);
}

/* Within half a minute of a recorded minute. */
static void assert_minute(int64_t ns, int64_t minute)
{
    int64_t off = ns - minute * MINUTE;
    if (off < -MINUTE / 2 || off > MINUTE / 2 || ns % 1000)
        fail_msg("%lld ns is not near minute %lld", (long long)ns, (long long)minute);
}

static void sessions_of_the_sample(void **state)
{
    struct arena arena = {0};
    struct trace_options options = sample_options();
    struct trace trace = load(&options, 1, &arena);
    (void)state;
    /* In order of attach: the third (minute 3), the second (5), the first (10). */
    static const struct {
        const char *name;
        int gpus;
        size_t bursts;
        int64_t first, detach;
    } due[] = {{"nb3", 8, 1, 3, 4}, {"nb2", 4, 3, 5, 41}, {"nb1", 1, 4, 10, 33}};
    assert_int_equal(trace.workloads, 3);
    assert_int_equal(trace.multi_gpu, 2);
    for (size_t i = 0; i < 3; i++) {
        const struct trace_workload *w = &trace.workload[i];
        assert_string_equal(w->name, due[i].name);
        assert_int_equal(w->class, GST_NOTEBOOK);
        assert_int_equal(w->closed && w->swappable, 1);
        assert_int_equal(w->gpus, due[i].gpus);
        assert_int_equal(w->bursts, due[i].bursts);
        assert_int_equal(w->memory_bytes, due[i].gpus * (INT64_C(1) << 30));
        assert_minute(w->attach_ns, due[i].first);
        assert_minute(w->detach_ns, due[i].detach);
        assert_int_equal(w->attach_ns, w->burst[0].ready_ns);
        assert_int_equal(w->why, GST_WHY_END);
    }
    /* Row three starts (minute 17) before row two has ended (19): it follows at once. */
    const struct trace_burst *b = trace.workload[2].burst;
    assert_int_equal(b[0].think_ns, 0);
    assert_int_equal(b[1].think_ns, b[1].ready_ns - b[0].ready_ns - 2 * MINUTE);
    assert_int_equal(b[2].think_ns, 0);
    assert_int_equal(b[3].think_ns, b[3].ready_ns - b[2].ready_ns - MINUTE);
    arena_fini(&arena);
}

static void same_seed_same_trace_other_seed_other_jitter(void **state)
{
    struct arena arena = {0};
    struct trace_options options = sample_options();
    struct trace a = load(&options, 1, &arena), b = load(&options, 1, &arena), c = load(&options, 2, &arena);
    (void)state;
    assert_memory_equal(a.workload[2].burst, b.workload[2].burst, 4 * sizeof *a.workload[2].burst);
    assert_int_not_equal(a.workload[2].burst[0].ready_ns, c.workload[2].burst[0].ready_ns);
    arena_fini(&arena);
}

static void options_select(void **state)
{
    static const struct {
        const char *name;
        bool single, split;
        int64_t from, to, sample;
        double scale;
        size_t workloads, bursts;
    } table[] = {
        {"all", false, false, 0, 0, 0, 1, 3, 8},
        {"single", true, false, 0, 0, 0, 1, 1, 4},
        {"split", false, true, 0, 0, 0, 1, 4, 8},
        {"split and single", true, true, 0, 0, 0, 1, 2, 5},
        {"window", false, false, 12, 35, 0, 1, 2, 4},
        {"window with idle workloads", false, false, 35, 38, 0, 1, 1, 0},
        {"sample of one", false, false, 0, 0, 1, 1, 1, 0},
        {"sample of more than there are", false, false, 0, 0, 9, 1, 3, 8},
        {"twice the time", false, false, 0, 0, 0, 2, 3, 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct trace_options options = sample_options();
        options.single = table[i].single;
        options.import = table[i].split ? "split_gpus=yes" : NULL;
        options.from_ns = table[i].from * MINUTE;
        options.to_ns = table[i].to ? table[i].to * MINUTE : TRACE_NEVER;
        options.sample = table[i].sample;
        options.scale_time = table[i].scale;
        struct trace trace = load(&options, 1, &arena);
        size_t bursts = 0;
        for (size_t j = 0; j < trace.workloads; j++)
            bursts += trace.workload[j].bursts;
        if (trace.workloads != table[i].workloads || (bursts != table[i].bursts && table[i].sample != 1))
            fail_msg("%s: %zu workloads, %zu bursts", table[i].name, trace.workloads, bursts);
        arena_fini(&arena);
    }
}

static void window_shifts_and_cuts(void **state)
{
    struct arena arena = {0};
    struct trace_options options = sample_options();
    struct trace whole = load(&options, 1, &arena);
    options.from_ns = 12 * MINUTE;
    options.to_ns = 32 * MINUTE;
    options.scale_time = 0.5;
    struct trace cut = load(&options, 1, &arena);
    (void)state;
    assert_int_equal(cut.workloads, 2);
    assert_int_equal(cut.horizon_ns, 10 * MINUTE);
    assert_string_equal(cut.workload[1].name, "nb1");
    assert_int_equal(cut.workload[1].attach_ns, 0);
    assert_int_equal(cut.workload[1].detach_ns, 10 * MINUTE);
    assert_int_equal(cut.workload[1].why, GST_WHY_TRUNC);
    assert_int_equal(cut.workload[1].bursts, 3);
    const struct trace_burst *b = cut.workload[1].burst, *w = whole.workload[2].burst + 1;
    assert_near((double)b[0].ready_ns, (double)(w[0].ready_ns - 12 * MINUTE) / 2, 1000);
    assert_int_equal(b[0].think_ns, 0);
    assert_near((double)b[2].think_ns, (double)w[2].think_ns / 2, 1000);
    assert_int_equal(b[2].work_ns, w[2].work_ns);
    arena_fini(&arena);
}

static void selection_that_leaves_nothing(void **state)
{
    static const struct {
        int64_t from, to;
        double scale;
        const char *message;
    } table[] = {
        {100, 200, 1, "no workload is left"},
        {5, 5, 1, "the window is empty"},
        {0, 9, 0, "scale_time"},
        {0, 9, NAN, "scale_time"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct error err = {0};
        struct trace trace;
        struct trace_options options = sample_options();
        options.from_ns = table[i].from * MINUTE;
        options.to_ns = table[i].to * MINUTE;
        options.scale_time = table[i].scale;
        assert_int_equal(trace_load(&trace, &options, 1, &arena, &err), GS_BAD_INPUT);
        assert_non_null(strstr(err.text, table[i].message));
        arena_fini(&arena);
    }
}

/* Straight from the table, and by way of a native file: the same workloads. */
static void written_and_read_back(void **state)
{
    char path[64];
    struct arena arena = {0};
    struct error err = {0};
    struct trace_options options = sample_options();
    struct trace trace = load(&options, 1, &arena);
    (void)state;
    snprintf(path, sizeof path, "/tmp/gpuswap-adobe-%ld.gst", (long)getpid());
    assert_int_equal(trace_write(&trace, path, &err), GS_OK);
    trace_options_init(&options);
    options.file = path;
    struct trace again = load(&options, 1, &arena);
    unlink(path);
    assert_int_equal(again.workloads, trace.workloads);
    assert_int_equal(again.notes, trace.notes);
    for (size_t i = 0; i < trace.workloads; i++) {
        const struct trace_workload *x = &trace.workload[i], *y = &again.workload[i];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->attach_ns, y->attach_ns);
        assert_int_equal(x->detach_ns, y->detach_ns);
        assert_int_equal(x->memory_bytes, y->memory_bytes);
        assert_int_equal(x->context_bytes, y->context_bytes);
        assert_int_equal(x->closed, y->closed);
        assert_int_equal(x->priority, y->priority);
        assert_near(x->limit_share, y->limit_share, 0);
        assert_int_equal(x->bursts, y->bursts);
        assert_memory_equal(x->burst, y->burst, x->bursts * sizeof *x->burst);
    }
    arena_fini(&arena);
}

static void native_sample_is_loaded_whole(void **state)
{
    struct arena arena = {0};
    struct trace_options options;
    trace_options_init(&options);
    options.file = "tests/data/mixed.gst";
    struct trace trace = load(&options, 1, &arena);
    (void)state;
    assert_int_equal(trace.workloads, 4);
    assert_int_equal(trace.horizon_ns, 600 * INT64_C(1000000000));
    assert_int_equal(trace.ref_gpu_bytes, UINT64_C(42949672960));
    assert_int_equal(trace.multi_gpu, 1);
    assert_int_equal(trace.workload[0].updates + trace.workload[1].updates, 1);
    const struct trace_workload *chat = &trace.workload[0], *tune = &trace.workload[2];
    assert_int_equal(chat->class, GST_INFERENCE);
    assert_int_equal(chat->closed, 0);
    assert_near(chat->limit_share, 0.5, 0);
    assert_int_equal(chat->service.slots, 8);
    assert_int_equal(chat->requests, 3);
    assert_int_equal(chat->request[0].first_ns, 4000000 + 900 * 80000 + 12000000);
    assert_int_equal(chat->request[0].work_ns, 4000000 + 900 * 80000 + 120 * INT64_C(12000000));
    assert_int_equal(chat->request[1].work_ns, 350000000);
    assert_int_equal(chat->detach_ns, TRACE_NEVER);
    assert_int_equal(tune->runs, 1);
    assert_near(tune->run[0].jitter, 0.04, 1e-12);
    assert_int_equal(tune->resize[0].bytes, INT64_C(13958643712));
    assert_int_equal(tune->context_bytes, -1);
    assert_int_equal(tune->swappable, 0);

    /* A run of iterations that the window cuts goes on with the rest; memory is what it was then. */
    options.from_ns = 135 * INT64_C(1000000000);
    options.to_ns = 155 * INT64_C(1000000000);
    struct trace cut = load(&options, 1, &arena);
    const struct trace_workload *ana = &cut.workload[1];
    assert_int_equal(ana->memory_bytes, INT64_C(6442450944));
    assert_int_equal(cut.workload[2].runs, 0);
    assert_int_equal(cut.workload[2].memory_bytes, INT64_C(13958643712));
    options.from_ns = 40 * INT64_C(1000000000);
    cut = load(&options, 1, &arena);
    assert_int_equal(cut.workload[1].memory_bytes, INT64_C(6442450944) + 268435456);
    assert_int_equal(cut.workload[2].run[0].iters, 500 - 352);
    assert_int_equal(cut.workload[2].run[0].ready_ns, 0);
    arena_fini(&arena);
}

static void statistics_of_the_sample(void **state)
{
    struct arena arena = {0};
    struct error err = {0};
    struct trace_info info;
    struct trace_counts counts;
    struct trace_options options = sample_options();
    struct trace trace = load(&options, 1, &arena);
    (void)state;
    assert_int_equal(trace_info(&info, &trace, &arena, &err), GS_OK);
    assert_int_equal(info.workloads, 3);
    assert_int_equal(info.bursts, 8);
    assert_near(info.work_s, 25 * 60, 1e-9);
    assert_near(info.burst_s.p50, 2 * 60, 0);
    assert_near(info.burst_s.p75, 3 * 60, 0);
    assert_near(info.burst_s.max, 10 * 60, 0);
    assert_near(info.burst_s.mean, 25 * 60 / 8.0, 1e-9);
    assert_int_equal(info.think_s.n, 5);
    assert_near(info.bursts_per_workload.max, 4, 0);
    assert_int_equal(trace_check(&counts, "tests/data/mixed.gst", &arena, &err), GS_OK);
    assert_int_equal(counts.lines, 24);
    assert_int_equal(counts.live, 1);
    assert_int_equal(counts.too_large, 0);
    arena_fini(&arena);
}

static void unknown_formats_get_a_suggestion(void **state)
{
    struct error err = {0};
    (void)state;
    assert_null(importer_find("adobe-notebook", &err));
    assert_int_equal(err.code, GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "did you mean 'adobe-notebooks'"));
    assert_string_equal(importer_at(0)->name, "gst");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct arena arena = {0};
        struct error err = {0};
        struct trace trace;
        struct trace_options options = sample_options();
        options.sample = 2;
        arena_fail_nth(n);
        int code = trace_load(&trace, &options, 1, &arena, &err);
        if (!code)
            code = trace_write(&trace, "/dev/null", &err);
        arena_fail_nth(0);
        arena_fini(&arena);
        if (!code)
            break;
        assert_int_equal(code, GS_SYSTEM);
        assert_true(n < 1000);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(foreign_habits_are_borne),
        cmocka_unit_test(sessions_of_the_sample),
        cmocka_unit_test(same_seed_same_trace_other_seed_other_jitter),
        cmocka_unit_test(options_select),
        cmocka_unit_test(window_shifts_and_cuts),
        cmocka_unit_test(selection_that_leaves_nothing),
        cmocka_unit_test(written_and_read_back),
        cmocka_unit_test(native_sample_is_loaded_whole),
        cmocka_unit_test(statistics_of_the_sample),
        cmocka_unit_test(unknown_formats_get_a_suggestion),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
