/* test_import_training.c - training jobs, pods and tables of speeds: what comes out of small files. */
#include "traces/import.h"
#include "traces/replay.h"
#include "sim/base/dist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct dist one_gib = {.kind = DIST_CONSTANT, .a = 1 << 30};

static struct trace_options options_of(const char *format, const char *import)
{
    struct trace_options options;
    trace_options_init(&options);
    options.format = format;
    options.import = import;
    options.memory = &one_gib;
    return options;
}

static const char *path_of(int i)
{
    static char path[2][64];
    snprintf(path[i], sizeof path[i], "/tmp/gpuswap-training-%ld-%d.gst", (long)getpid(), i);
    return path[i];
}

/* The whole file at `path`, which is removed. */
static char *take(const char *path, struct arena *arena)
{
    char *text = arena_alloc(arena, 65536);
    FILE *file = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(file);
    size_t n = fread(text, 1, 65535, file);
    text[n] = 0;
    fclose(file);
    unlink(path);
    return text;
}

/* Without the lines that name format, file and options. */
static void strip(char *text)
{
    static const char *const dull[] = {"#gpuswap-trace,1\n", "#meta,name,", "#meta,source,", "#meta,importer,"};
    for (size_t i = 0; i < sizeof dull / sizeof *dull; i++) {
        assert_int_equal(strncmp(text, dull[i], strlen(dull[i])), 0);
        const char *rest = strchr(text, '\n') + 1;
        memmove(text, rest, strlen(rest) + 1);
    }
}

/* Out as a native file, in again and out again: the same bytes. */
static char *written(struct trace *trace, struct arena *arena)
{
    struct error err = {0};
    struct trace again;
    struct trace_options options = options_of("gst", NULL);
    options.file = path_of(0);
    if (trace_write(trace, path_of(0), &err) || trace_load(&again, &options, 2, arena, &err) ||
        trace_write(&again, path_of(1), &err))
        fail_msg("%s", err.text);
    char *once = take(path_of(0), arena), *twice = take(path_of(1), arena);
    assert_string_equal(once, twice);
    return once;
}

static void what_comes_out(void **state)
{
    static const struct {
        const char *format, *file, *import, *text;
    } table[] = {
        /* clang-format off */
        {"muri", "tests/data/jobs-muri.csv", NULL,
         "#assume,t,times of the table in ms\n"
         "#assume,iter_work,iteration_time; all of it on the GPU\n"
         "#assume,mem,given\n"
         "0,W,job0,t,1,1073741824,,,,1,,o\n"
         "0,T,job0,1000,426000\n"
         "20000000,W,job3,t,1,1073741824,,,,0,,o\n"
         "20000000,T,job3,40,490500\n"
         "30000000,W,job1,t,8,8589934592,,,,0,,o\n"
         "30000000,T,job1,500,107000\n"
         "39620000,D,job3,end\n"
         "45000000,W,job2,t,1,1073741824,,,,1,,o\n"
         "45000000,T,job2,3,178000\n"
         "45534000,D,job2,end\n"
         "83500000,D,job1,end\n"
         "426000000,D,job0,end\n"},
        {"muri", "tests/data/jobs-muri.csv", "gpu_part=resource_time, priority=no, merge=3",
         "#assume,t,times of the table in ms\n"
         "#assume,iter_work,iteration_time; resource_time_1 of it on the GPU\n"
         "#assume,iters,3 iterations as one\n"
         "#assume,gap,0 for 1 jobs whose GPU part is longer than the iteration\n"
         "#assume,mem,given\n"
         "0,W,job0,t,1,1073741824,,,,,,o\n"
         "0,T,job0,333,1230000,48000\n"
         "20000000,W,job3,t,1,1073741824,,,,,,o\n"
         "20000000,T,job3,13,24000,1447500\n"
         "30000000,W,job1,t,8,8589934592,,,,,,o\n"
         "30000000,T,job1,167,204000,117000\n"
         "39129500,D,job3,end\n"
         "45000000,W,job2,t,1,1073741824,,,,,,o\n"
         "45000000,T,job2,1,534000\n"
         "45534000,D,job2,end\n"
         "83607000,D,job1,end\n"
         "425574000,D,job0,end\n"},
        {"muri", "tests/data/jobs-tiresias.csv", "unit=s",
         "#assume,t,times of the table in s\n"
         "#assume,iter_work,duration over iterations; all of it on the GPU\n"
         "#assume,mem,given\n"
         "5500000,W,job7,t,1,1073741824,,,,,,o\n"
         "5500000,T,job7,200,500000\n"
         "60000000,W,job9,t,2,2147483648,,,,,,o\n"
         "60000000,T,job9,10,3000000\n"
         "90000000,D,job9,end\n"
         "105500000,D,job7,end\n"},
        {"philly", "tests/data/jobs-philly.csv", NULL,
         "#meta,origin,1000000000000 us\n"
         "#assume,iter_work,the same for all jobs: iterations of 0.1 s; 1 of each on the GPU\n"
         "#assume,W,1 jobs of no length left out\n"
         "#assume,W,1 jobs without GPU left out\n"
         "#assume,mem,given\n"
         "0,W,job2,t,1,1073741824,,,,,,o,vc_a\n"
         "0,T,job2,3,100000\n"
         "300000,D,job2,end\n"
         "200000000,W,job4,t,4,4294967296,,,,,,o\n"
         "200000000,T,job4,600,100000\n"
         "260000000,D,job4,end\n"
         "500000000,W,job1,t,1,1073741824,,,,,,o,vc-b\n"
         "500000000,T,job1,100,100000\n"
         "510000000,D,job1,end\n"},
        {"philly", "tests/data/jobs-philly.csv", "iteration=1s, gpu_share=25%",
         "#meta,origin,1000000000000 us\n"
         "#assume,iter_work,the same for all jobs: iterations of 1 s; 0.25 of each on the GPU\n"
         "#assume,W,1 jobs of no length left out\n"
         "#assume,W,1 jobs without GPU left out\n"
         "#assume,mem,given\n"
         "0,W,job2,t,1,1073741824,,,,,,o,vc_a\n"
         "0,T,job2,1,62500,187500\n"
         "250000,D,job2,end\n"
         "200000000,W,job4,t,4,4294967296,,,,,,o\n"
         "200000000,T,job4,60,250000,750000\n"
         "260000000,D,job4,end\n"
         "500000000,W,job1,t,1,1073741824,,,,,,o,vc-b\n"
         "500000000,T,job1,10,250000,750000\n"
         "510000000,D,job1,end\n"},
        {"openb", "tests/data/pods-openb.csv", "think=20m, burst=5m",
         "#meta,origin,1000000000 us\n"
         "#assume,W,left out: 2 pods that never ran; 1 without GPU; 1 of no length\n"
         "#assume,class,LS pods are inference; others training\n"
         "#assume,share,gpu_milli; a share of compute; as req of memory\n"
         "#assume,R,LS pods: made up; on for a burst of mean 300 s; off for a think of mean 1200 s\n"
         "#assume,T,other pods: made up; iterations of 0.1 s and 0 s off the GPU\n"
         "#assume,mem,given\n"
         "0,W,pod-0,i,1,1073741824,,460000,,8,,o\n"
         "100000000,W,pod-1,t,1,1073741824,,500000,,1,,o,V100M16_V100M32\n"
         "100000000,T,pod-1,2500,100000\n"
         "300000000,W,pod-5,t,8,8589934592,,1000000,,6,,o,T4\n"
         "300000000,T,pod-5,100,100000\n"
         "310000000,D,pod-5,kill\n"
         "400000000,D,pod-1,end\n"
         "1200000000,R,pod-0,0,0,300000000\n"
         "2700000000,R,pod-0,0,0,300000000\n"
         "4000000000,D,pod-0,kill\n"},
        {"openb", "tests/data/pods-openb.csv", "think=2000s, burst=1h, start=scheduled, share=both, gpu_memory=16GiB, iteration=7s, gap=1s",
         "#meta,origin,1010000000 us\n"
         "#assume,W,left out: 2 pods that never ran; 1 without GPU; 1 of no length\n"
         "#assume,class,LS pods are inference; others training\n"
         "#assume,share,gpu_milli; a share of compute; as req and lim of memory\n"
         "#assume,R,LS pods: made up; on for a burst of mean 3600 s; off for a think of mean 2000 s\n"
         "#assume,T,other pods: made up; iterations of 7 s and 1 s off the GPU\n"
         "#assume,mem,gpu_milli of 17179869184 bytes\n"
         "0,W,pod-0,i,1,7902739824,,460000,460000,8,,o\n"
         "140000000,W,pod-1,t,1,8589934592,,500000,500000,1,,o,V100M16_V100M32\n"
         "140000000,T,pod-1,31,7000000,1000000\n"
         "290000000,W,pod-5,t,8,137438953472,,1000000,1000000,6,,o,T4\n"
         "290000000,T,pod-5,1,7000000,1000000\n"
         "300000000,D,pod-5,kill\n"
         "390000000,D,pod-1,end\n"
         "2000000000,R,pod-0,0,0,1990000000\n"
         "3990000000,D,pod-0,kill\n"},
        {"pai-minibatch", "tests/data/batches-pai.csv", "iteration=200ms",
         "#assume,work,batch_time_norm over its mean of 200 times 0.2 s; all on the GPU\n"
         "#assume,share,percent of a GPU; a share of compute; as req of memory\n"
         "#assume,W,workers of one job; none waits for another\n"
         "#assume,mem,given\n"
         "0,W,worker0,t,1,1073741824,,250000,,,,c\n"
         "0,B,worker0,100000\n"
         "0,W,worker1,t,1,1073741824,,200000,,,,c\n"
         "0,B,worker1,300000\n"
         "100000,B,worker0,200000\n"
         "300000,B,worker0,1\n"
         "300000,B,worker1,300000\n"
         "300001,D,worker0,end\n"
         "600000,B,worker1,300000\n"
         "900000,D,worker1,end\n"},
        {"pai-minibatch", "tests/data/batches-pai.csv", "iteration=200ms, as=jitter",
         "#assume,work,batch_time_norm over its mean of 200 times 0.2 s; all on the GPU\n"
         "#assume,share,percent of a GPU; a share of compute; as req of memory\n"
         "#assume,W,workers of one job; none waits for another\n"
         "#assume,mem,given\n"
         "0,W,worker0,t,1,1073741824,,250000,,,,o\n"
         "0,T,worker0,3,100000,0,816497\n"
         "0,W,worker1,t,1,1073741824,,200000,,,,o\n"
         "0,T,worker1,3,300000\n"
         "300000,D,worker0,end\n"
         "900000,D,worker1,end\n"},
        {"gavel", "tests/data/speeds-gavel.json", NULL,
         "#meta,ref_gpu,v100\n"
         "#assume,t,all arrive at once\n"
         "#assume,iters,1000 for every kind of job\n"
         "#assume,iter_work,the whole iteration alone on the GPU; 0 kinds without speed left out\n"
         "#assume,mem,given\n"
         "0,W,LM_batch_size_5.1,t,1,1073741824,,,,,,o\n"
         "0,T,LM_batch_size_5.1,1000,250000\n"
         "0,W,A3C.2,t,2,2147483648,,,,,,o\n"
         "0,T,A3C.2,1000,400000\n"
         "250000000,D,LM_batch_size_5.1,end\n"
         "400000000,D,A3C.2,end\n"},
        {"gavel", "tests/data/speeds-gavel.json", "gpu=k80, iterations=2",
         "#meta,ref_gpu,k80\n"
         "#assume,t,all arrive at once\n"
         "#assume,iters,2 for every kind of job\n"
         "#assume,iter_work,the whole iteration alone on the GPU; 1 kinds without speed left out\n"
         "#assume,mem,given\n"
         "0,W,A3C.2,t,2,2147483648,,,,,,o\n"
         "0,T,A3C.2,2,2000000\n"
         "4000000,D,A3C.2,end\n"},
        /* clang-format on */
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        struct error err = {0};
        struct trace trace;
        struct trace_options options = options_of(table[i].format, table[i].import);
        options.file = table[i].file;
        if (trace_load(&trace, &options, 1, &arena, &err))
            fail_msg("%s: %s", table[i].file, err.text);
        char *text = written(&trace, &arena);
        strip(text);
        if (strcmp(text, table[i].text) != 0)
            fail_msg("%s, %s:\n%s", table[i].file, table[i].import ? table[i].import : "no options", text);
        arena_fini(&arena);
    }
}

#define PAI_OPTION "iteration=200ms"

static void every_allocation_may_fail(void **state)
{
    static const struct {
        const char *format, *file, *import;
    } table[] = {
        {"muri", "tests/data/jobs-muri.csv", NULL},
        {"philly", "tests/data/jobs-philly.csv", NULL},
        {"openb", "tests/data/pods-openb.csv", "think=1h"},
        {"pai-minibatch", "tests/data/batches-pai.csv", PAI_OPTION},
        {"pai-minibatch", "tests/data/batches-pai.csv", PAI_OPTION ", as=jitter"},
        {"gavel", "tests/data/speeds-gavel.json", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (uint64_t n = 1;; n++) {
            struct arena arena = {0};
            struct error err = {0};
            struct trace trace;
            struct trace_options options = options_of(table[i].format, table[i].import);
            options.file = table[i].file;
            arena_fail_nth(n);
            int code = trace_load(&trace, &options, 1, &arena, &err);
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
        cmocka_unit_test(what_comes_out),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
