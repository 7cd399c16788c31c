/* test_import_samples.c - samples of memory and utilisation, of tables and metrics, become bursts and M records. */
#include "traces/import.h"
#include "traces/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The trace's records as a native file holds them, without its header. */
static const char *records(const struct trace *trace)
{
    static char text[16384];
    char path[64], line[2048];
    struct error err = {0};
    size_t n = 0;
    snprintf(path, sizeof path, "/tmp/gpuswap-samples-%ld.gst", (long)getpid());
    if (trace_write(trace, path, &err))
        fail_msg("%s", err.text);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (*line != '#')
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", line);
    fclose(file);
    unlink(path);
    text[n] = 0;
    return text;
}

/* `text` as the file "s", or the file `path`. */
static int load(const char *text, const char *path, const char *options, struct trace *trace, struct arena *arena,
                struct error *err)
{
    struct trace_options o;
    struct lines *lines;
    trace_options_init(&o);
    o.import = options;
    o.file = path;
    if (path)
        return trace_load(trace, &o, 1, arena, err);
    o.format = "samples";
    int code = lines_open_memory(&lines, text, strlen(text), "s", LINES_MAX, err);
    if (!code)
        code = trace_load_lines(trace, lines, &o, 1, arena, err);
    lines_close(lines);
    return code;
}

static void holds(const char *text, const char *path, const char *options, const char *expected)
{
    struct arena arena = {0};
    struct error err = {0};
    struct trace trace;
    if (load(text, path, options, &trace, &arena, &err))
        fail_msg("%s: %s", path ? path : text, err.text);
    const char *got = records(&trace);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n%s\nbecomes\n%s\nand not\n%s", path ? path : text, options ? options : "", got, expected);
    arena_fini(&arena);
}

/* Each is told by its content. */
static void what_monitors_write(void **state)
{
    (void)state;
    holds(NULL, "tests/data/samples_smi.csv", NULL,
          "0,W,gpu0,n,1,1048576000,,,,,,c\n"
          "0,W,gpu1,n,1,524288000,,,,,,c\n"
          "0,B,gpu1,3000000\n"
          "1000000,B,gpu0,1400000\n"
          "2000000,M,gpu0,2097152000\n"
          "3000000,D,gpu1,end\n"
          "5000000,B,gpu0,500000,2000000\n"
          "6000000,D,gpu0,end\n"
          "1205000000,W,gpu0-2,n,1,734003200,,,,,,c\n"
          "1205000000,B,gpu0-2,500000\n");
    holds(NULL, "tests/data/samples_apps.csv", NULL,
          "0,W,python3-77,n,1,1048576000,,,,,,c\n"
          "1000000,M,python3-77,1887436800\n"
          "1000000,W,vllm_serve-78,n,1,18874368000,,,,,,c\n");
    holds(NULL, "tests/data/samples_prometheus.json", NULL,
          "0,W,nb-0,n,1,1048576000,,,,,,c,lab\n"
          "15000000,B,nb-0,21000000\n"
          "15000000,W,n1-gpu1,n,1,10485760,,,,,,c\n"
          "30000000,M,nb-0,3145728000\n");
    holds(NULL, "tests/data/samples_dcgm.txt", NULL,
          "0,W,nb-0,n,1,104857600,,,,,,c,lab\n"
          "10000000,M,nb-0,943718400\n"
          "10000000,B,nb-0,7000000\n");
}

/* A second a row: idle, three busy, idle, one busy, idle; then away. */
#define ROWS                                                                                                           \
    "time,mem,util\n"                                                                                                  \
    "10,1,0\n11,1,50\n12,1,100\n13,1,20\n14,1,0\n15,1,40\n16,1,0\n"
#define W_GPU "0,W,gpu,n,1,1048576,,,,,,c\n"

static void options_choose(void **state)
{
    static const struct {
        const char *text, *options, *expected;
    } table[] = {
        {ROWS, NULL, W_GPU "1000000,B,gpu,1700000\n5000000,B,gpu,400000,1000000\n"},
        {ROWS, "idle=20%", W_GPU "1000000,B,gpu,1500000\n5000000,B,gpu,400000,2000000\n"},
        {ROWS, "idle=1", W_GPU},
        {ROWS, "min_samples=2", W_GPU "1000000,B,gpu,1700000\n"},
        {ROWS, "min_samples=3", W_GPU "1000000,B,gpu,1700000\n"},
        {ROWS, "min_samples=4", W_GPU},
        {ROWS, "keep_pace=yes", W_GPU "1000000,B,gpu,1700000\n5000000,B,gpu,400000,2300000\n"},
        {ROWS, "class=training, loop=open",
         "0,W,gpu,t,1,1048576,,,,,,o\n1000000,B,gpu,1700000\n5000000,B,gpu,400000\n"},
        {ROWS, "time_unit=min, gap=2m", W_GPU "60000000,B,gpu,102000000\n300000000,B,gpu,24000000,60000000\n"},
        {ROWS, "mem_unit=GB, util_unit=percent",
         "0,W,gpu,n,1,1000000000,,,,,,c\n1000000,B,gpu,1700000\n5000000,B,gpu,400000,1000000\n"},
        {"t,who,a,b\n0.5,x y,1 GiB,0.25\n1,x y,1 GiB,25 %\n", "time=t, id=who, mem=a, util=b, util_unit=share",
         "0,W,x_y,n,1,1073741824,,,,,,c\n0,B,x_y,250000\n"},
        {"time,mem\n0,100\n1,164\n2,165\n3,100\n4,229\n", NULL,
         "0,W,gpu,n,1,104857600,,,,,,c\n2000000,M,gpu,173015040\n3000000,M,gpu,104857600\n4000000,M,gpu,240123904\n"},
        {"time,mem\n0,100\n1,101\n2,101\n", "mem_change=0", "0,W,gpu,n,1,104857600,,,,,,c\n1000000,M,gpu,105906176\n"},
        {"time,mem,util\n0,1,10\n1,1,10\n2,1,10\n4,1,10\n6,1,0\n", NULL, W_GPU "0,B,gpu,600000\n"},
        {"time,mem,util\n0,1,10\n1,1,10\n2,1,10\n4,1,10\n6,1,0\n", "gap=1s",
         W_GPU "0,B,gpu,300000\n3000000,D,gpu,end\n4000000,W,gpu-2,n,1,1048576,,,,,,c\n4000000,B,gpu-2,100000\n"
               "5000000,D,gpu-2,end\n6000000,W,gpu-3,n,1,1048576,,,,,,c\n"},
        {"time,mem,util\n0,1,10\n1,1,10\n", "step=4s", W_GPU "0,B,gpu,500000\n"},
        {"time,mem,util\n0,1,10\n", NULL, W_GPU "0,B,gpu,100000\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        holds(table[i].text, NULL, table[i].options, table[i].expected);
}

#define LONG_61 "a23456789.a23456789.a23456789.a23456789.a23456789.a23456789.a"
#define LONG LONG_61 "bc" /* 63 characters */
#define LONG_2 LONG_61 "-2"

static void gaps_and_order(void **state)
{
    static const struct {
        const char *text, *options, *expected;
    } table[] = {
        /* Rows in any order, twice the same time, times in words. */
        {"time,mem,util\n2,1,0\n1,1,100\n0,1,0\n1,1,50\n", NULL, W_GPU "1000000,B,gpu,1000000\n"},
        {"time,mem,util\n2024-02-28T23:59:59.5Z,1,100\n2024-02-29 00:00:00.500000,1,0\n2024/03/01 00:00:00,1,0\n",
         "gap=2d, step=1s", W_GPU "0,B,gpu,1000000\n"},
        /* What was not sampled goes on. */
        {"time,mem,util\n0,N/A,\n1,1,100\n2,[N/A],nan\n3,1,0\n", NULL, W_GPU "1000000,B,gpu,2000000\n"},
        /* Who has left is somebody else when he comes back, and ids that clash get numbers. */
        {"time,id,mem\n0,a,1\n0,a:,1\n0,a_,1\n0,a__,1\n1,a,1\n", NULL,
         "0,W,a,n,1,1048576,,,,,,c\n0,W,a_,n,1,1048576,,,,,,c\n0,W,a_-2,n,1,1048576,,,,,,c\n"
         "0,W,a__,n,1,1048576,,,,,,c\n"},
        {"time,id,mem\n0,a,1\n0,b,1\n1,b,1\n2,b,1\n3,b,1\n4,b,1\n", "gap=4s",
         "0,W,a,n,1,1048576,,,,,,c\n0,W,b,n,1,1048576,,,,,,c\n"},
        {"time,id,mem\n0,a,1\n0,b,1\n1,b,1\n2,b,1\n3,b,1\n4,b,1\n", "gap=3s",
         "0,W,a,n,1,1048576,,,,,,c\n0,W,b,n,1,1048576,,,,,,c\n1000000,D,a,end\n"},
        {"time,id,mem\n0," LONG "x,1\n0," LONG "y,1\n", NULL,
         "0,W," LONG ",n,1,1048576,,,,,,c\n0,W," LONG_2 ",n,1,1048576,,,,,,c\n"},
        /* The same process id on two GPUs is two workloads. */
        {"timestamp,gpu_uuid,pid,process_name,used_gpu_memory [MiB]\n0,A,5,x,1 MiB\n0,B,5,x,2 MiB\n", NULL,
         "0,W,x-5,n,1,1048576,,,,,,c\n0,W,x-5-2,n,1,2097152,,,,,,c\n"},
        /* Scrapes without times come every step; with times of their own, then. */
        {"# TYPE x gauge\nDCGM_FI_DEV_FB_USED{gpu=\"3\"} 1\nDCGM_FI_DEV_GPU_UTIL{gpu=\"3\"} 100\nother 7\n"
         "DCGM_FI_DEV_FB_USED{gpu=\"3\"} 1\nDCGM_FI_DEV_GPU_UTIL{gpu=\"3\"} 0\n",
         "step=30s", "0,W,gpu3,n,1,1048576,,,,,,c\n0,B,gpu3,30000000\n"},
        {"DCGM_FI_DEV_FB_USED{exported_pod=\"p\",pod=\"exporter\"} 1 0\n", NULL, "0,W,p,n,1,1048576,,,,,,c\n"},
        {"DCGM_FI_DEV_FB_USED{gpu=\"3\",Hostname=\"a\\\"b,}\"} 1 1000\n"
         "DCGM_FI_DEV_FB_USED{gpu=\"3\",Hostname=\"a\\\"b,}\"} 99 3000\n",
         NULL, "0,W,a_b__-gpu3,n,1,1048576,,,,,,c\n2000000,M,a_b__-gpu3,103809024\n"},
        /* Metrics of other names; an instance of a GPU cut in parts. */
        {"{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"m\",\"gpu\":\"0\",\"GPU_I_ID\":\"7\"},\"values\":"
         "[[1,\"1\"],[2,\"NaN\"]]},{\"metric\":{\"__name__\":\"u\",\"gpu\":\"0\",\"GPU_I_ID\":\"7\"},\"values\":"
         "[[1,\"0.5\"],[2,\"1.004\"]]}]}}",
         "mem=m, util=u, util_unit=share", "0,W,gpu0-mig7,n,1,1048576,,,,,,c\n0,B,gpu0-mig7,1500000\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        holds(table[i].text, NULL, table[i].options, table[i].expected);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *options, *message;
    } table[] = {
        {"", NULL, "s: file is empty"},
        {"time,mem\n", NULL, "'s': nothing in it that could be replayed"},
        {"a,mem\n", NULL, "s:1: no column 'timestamp' or 'time'; say which it is with the option 'time'"},
        {"time,b\n", NULL, "s:1: no column 'memory.used', 'mem', 'utilization.gpu' or 'util'"},
        {"time,mem\n", "id=x", "s:1: column 'x' is missing"},
        {"time,mem\nsoon,1\n", NULL, "s:2: 'soon' is no time"},
        {"time,mem\n1e30,1\n", NULL, "s:2: '1e30' is no time"},
        {"time,mem\n1,much\n", NULL, "s:2: 'much' is no size of memory"},
        {"time,mem\n1,-1\n", NULL, "s:2: '-1' is no size of memory"},
        {"time,mem\n1,5 MeB\n", NULL, "s:2: '5 MeB' is no size of memory"},
        {"time,mem\n1,1e300\n", NULL, "s:2: '1e300' is no size of memory"},
        {"time,util\n1,130\n", NULL, "s:2: '130' is no utilisation from 0 to 100 %"},
        {"time,util\n1,50\n", "util_unit=share", "s:2: '50' is no utilisation"},
        {"time,util\n1,50\n", NULL, "workload 'gpu' has no memory"},
        {"time,mem\n1,5\n2,5,6\n", NULL, "s:3: row has 3 fields"},
        {"time,mem\n0,5\n600,5\n", NULL, "'s': samples are 10 min apart, longer than the gap of 5 min"},
        {"time,mem\n0,5\n4e9,5\n", NULL, "'s': samples are"},
        {"time,mem\n0,5\n1,5\n4e9,5\n", NULL, "'s': samples span more than 100 years"},
        {"time,mem\n", "gaps=1", "format 'samples' has no option 'gaps'; did you mean 'gap'?"},
        {"{\"status\":\"error\",\"error\":\"too many points\"}", NULL, "s: the query failed: too many points"},
        {"{\"data\":{\"resultType\":\"vector\",\"result\":[]}}", NULL, "s: result is a 'vector', not a matrix"},
        {"{\"data\":1}", NULL, "s: no 'result' in it"},
        {"{\"data\":{\"result\":[]}}", NULL, "'s': nothing in it that could be replayed"},
        {"{\"data\":{\"result\":[{},{\"metric\":{\"__name__\":\"DCGM_FI_DEV_FB_USED\"},\"value\":[1,\"1\"]}]}}", NULL,
         "s: result 2: 'values' is missing"},
        {"{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"DCGM_FI_DEV_FB_USED\"},\"values\":[[1,2]]}]}}", NULL,
         "s: result 1: 'values' must hold pairs"},
        {"{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"DCGM_FI_DEV_GPU_UTIL\"},\"values\":[[1,\"x\"]]}]}}", NULL,
         "s: result 1: a value is no utilisation"},
        {"{\"data\":\n{,}}", NULL, "s:2: broken JSON"},
        {"# x\nDCGM_FI_DEV_FB_USED{gpu=0} 1\n", NULL, "s:2: labels must be"},
        {"# x\nDCGM_FI_DEV_FB_USED{gpu=\"0\" 1\n", NULL, "s:2: labels must be"},
        {"# x\nDCGM_FI_DEV_FB_USED{gpu=\"0\"}\n", NULL, "s:2: '' is no value of 'DCGM_FI_DEV_FB_USED'"},
        {"# x\nDCGM_FI_DEV_FB_USED{gpu=\"0\"} 1 x\n", NULL, "s:2: 'x' is no time in milliseconds"},
        {"# x\nDCGM_FI_DEV_FB_USED 1\nDCGM_FI_DEV_FB_USED 1\n", NULL, "s:3: another scrape begins"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct error err = {0};
        struct trace trace;
        int code = load(table[i].text, NULL, table[i].options, &trace, &arena, &err);
        if (code != GS_BAD_INPUT || !strstr(err.text, table[i].message))
            fail_msg("%s\n'%s' does not say '%s'", table[i].text, err.text, table[i].message);
        arena_fini(&arena);
    }
}

/* One line of more bytes than a line of text may have. */
static void answers_are_one_long_line(void **state)
{
    static char text[LINES_MAX * 3];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "{\"data\":{\"result\":[{\"metric\":{\"__name__\":"
                                "\"DCGM_FI_DEV_FB_USED\",\"gpu\":\"0\"},\"values\":[[0,\"1\"]");
    for (int i = 1; i <= 10000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ",[%d,\"1\"]", i);
    snprintf(text + n, sizeof text - n, "]}]}}\n");
    (void)state;
    assert_true(n > LINES_MAX);
    holds(text, NULL, NULL, "0,W,gpu0,n,1,1048576,,,,,,c\n");
}

static void every_allocation_may_fail(void **state)
{
    static const char *const file[] = {"smi.csv", "apps.csv", "prometheus.json", "dcgm.txt"};
    (void)state;
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        for (uint64_t n = 1;; n++) {
            char path[64];
            struct arena arena = {0};
            struct error err = {0};
            struct trace trace;
            snprintf(path, sizeof path, "tests/data/samples_%s", file[i]);
            arena_fail_nth(n);
            int code = load(NULL, path, NULL, &trace, &arena, &err);
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
        cmocka_unit_test(what_monitors_write),
        cmocka_unit_test(options_choose),
        cmocka_unit_test(gaps_and_order),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(answers_are_one_long_line),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
