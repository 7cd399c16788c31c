/* test_import_training_text.c - training jobs, pods and tables of speeds: mistakes, foreign habits, guesses. */
#include "traces/import.h"
#include "traces/lines.h"
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

static int load_text(struct trace *trace, const char *format, const char *import, const char *text, struct arena *arena,
                     struct error *err)
{
    struct lines *lines;
    struct trace_options options = options_of(format, import);
    assert_int_equal(lines_open_memory(&lines, text, strlen(text), "t", LINES_MAX, err), GS_OK);
    int code = trace_load_lines(trace, lines, &options, 1, arena, err);
    lines_close(lines);
    return code;
}

#define MURI "job_id,num_gpu,submit_time,iterations,iteration_time,resource_time_1,priority\n"
#define PHILLY "timestamp,duration,num_gpus,gpu_time,cluster\n"
#define OPENB "name,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n"
#define PAI ",worker,gpu,time,batch_time_norm\n"
#define PAI_OPTION "iteration=200ms"

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *format, *import, *text, *message;
    } table[] = {
        {"muri", NULL, "", "t: file is empty"},
        {"muri", NULL, "job_id,num_gpu\n", "t:1: column 'submit_time' is missing"},
        {"muri", NULL, "job_id,num_gpu,submit_time,iterations\n",
         "t:1: neither column 'iteration_time' nor 'duration'"},
        {"muri", "gpu_part=resource_time", "job_id,num_gpu,submit_time,iterations,duration\n",
         "t:1: column 'resource_time_1' is missing"},
        {"muri", "unit=h", MURI, "option 'unit': 'h': must be one of 'ms', 's', 'min'"},
        {"muri", NULL, MURI, "'t': nothing in it that could be replayed"},
        {"muri", NULL, MURI "a,1,0,1,5,5,0\na,1,0,1,5,5,0\n", "t:3: column 'job_id': 'joba' was there before"},
        {"muri", NULL, MURI "a,1,-1,1,5,5,0\n", "t:2: column 'submit_time': must be a number from 0"},
        {"muri", NULL, MURI "a,1,1e300,1,5,5,0\n", "t:2: column 'submit_time'"},
        {"muri", NULL, MURI "a,1,0,0,5,5,0\n", "t:2: column 'iterations': must be an integer from 1"},
        {"muri", NULL, MURI "a,1,0,99999999999999999999,5,5,0\n", "t:2: column 'iterations'"},
        {"muri", NULL, MURI "a,1,0,1000000000000,1000000,5,0\n", "t:2: the job ends after more than 100 years"},
        {"muri", "merge=1000000000", MURI "a,1,0,3155760000000000,1e6,5,0\n", "t:2: 'merge' makes iterations of more"},
        {"muri", NULL, MURI "a,1,0,1,x,5,0\n", "t:2: column 'iteration_time': must be a number"},
        {"muri", NULL, MURI "a,0,0,1,5,5,0\n", "t:2: column 'num_gpu': must be an integer from 1 to 1024"},
        {"muri", NULL, MURI "a,1,0,1,5,5,256\n", "t:2: column 'priority': must be an integer from 0 to 255"},
        {"muri", "gpu_part=resource_time", MURI "a,1,0,1,5,-5,0\n", "t:2: column 'resource_time_1'"},
        {"muri", NULL, MURI "a,1,0,1,5\n", "t:2: row has 5 fields where the header has 7"},
        {"philly", NULL, "timestamp,duration,num_gpus\n", "t:1: column 'cluster' is missing"},
        {"philly", NULL, PHILLY "0,-1,1,1,a\n", "t:2: column 'duration'"},
        {"philly", NULL, PHILLY "2017-10-03,1,1,1,a\n",
         "t:2: column 'timestamp': must be a number from 0 to 3155760000"},
        {"philly", NULL, PHILLY "0,1,1.5,1,a\n", "t:2: column 'num_gpus'"},
        {"philly", NULL, PHILLY "0,1,1,1,a\n3155760000,1,1,1,a\n", "t:3: the job ends after more than 100 years"},
        {"philly", "iteration=0", PHILLY, "option 'iteration': '0' is not within 1000 to 3.6e+12 ns"},
        {"philly", "gpu_share=2", PHILLY, "option 'gpu_share'"},
        {"openb", NULL, "name,num_gpu\n", "t:1: column 'gpu_milli' is missing"},
        {"openb", NULL, OPENB "a,1,0,,BE,Running,1,2,1\n",
         "t:2: column 'gpu_milli': must be an integer from 1 to 1000"},
        {"openb", NULL, OPENB "a,1,9,,XX,Running,1,2,1\n",
         "t:2: column 'qos': must be LS, Guaranteed, Burstable or BE"},
        {"openb", NULL, OPENB "a,1,9,,BE,Running,5,9,4\n", "t:2: column 'scheduled_time': must be an integer from 5"},
        {"openb", NULL, OPENB "a,1,9,,BE,Running,5,6,7\n", "t:2: column 'deletion_time': must be an integer from 7"},
        {"openb", NULL, OPENB "a,1,9,,BE,Running,5,,5\n", "t:2: column 'deletion_time'"},
        {"openb", NULL, OPENB "a,1,9,,BE,Running,1,3,2\na,1,9,,LS,Running,1,3,2\n",
         "t:3: column 'name': 'a' was there"},
        {"openb", "think=1us, burst=1us", OPENB "a,1,9,,LS,Running,1,300,1\n",
         "t:2: more than 10000000 requests so far"},
        {"pai-minibatch", NULL, PAI, "format 'pai-minibatch' needs option 'iteration'"},
        {"pai-minibatch", PAI_OPTION, "worker,time\n", "t:1: column 'gpu' is missing"},
        {"pai-minibatch", PAI_OPTION, PAI "0,0,25,2,5\n1,0,25,1,5\n",
         "t:3: column 'time': 1 follows 2 of the same worker"},
        {"pai-minibatch", PAI_OPTION, PAI "0,0,25,2,-5\n", "t:2: column 'batch_time_norm'"},
        {"pai-minibatch", PAI_OPTION, PAI "0,0,101,2,5\n", "t:2: column 'gpu': must be a number from 1 to 100"},
        {"pai-minibatch", PAI_OPTION, PAI "0,0,25,2,0\n", "'t': all of batch_time_norm is 0"},
        {"pai-minibatch", PAI_OPTION, PAI, "'t': nothing in it that could be replayed"},
        {"gavel", NULL, "", "t:1: broken JSON: '[' or '{' expected near end of file"},
        {"gavel", NULL, "{\n\"v100\":\n{]\n", "t:3: broken JSON"},
        {"gavel", NULL, "{}\n{}", "t:2: broken JSON: end of file expected near '{'"},
        {"gavel", NULL, "{\n\"a\": 1,\n\"a\": 2}", "t:3: broken JSON: duplicate object key"},
        {"gavel", NULL, "{\"p100\": {}}", "t: no table 'v100'"},
        {"gavel", NULL, "{\"v100\": []}", "t: no table 'v100'"},
        {"gavel", NULL, "{\"v100\": {}}", "'t': nothing in it that could be replayed"},
        {"gavel", NULL, "{\"v100\": {\"LM\\n\": {\"null\": 1}}}", "t: 'v100': 'LM_': is no kind of job"},
        {"gavel", NULL, "{\"v100\": {\"('LM', 0)\": {\"null\": 1}}}", "t: 'v100': '__LM___0_': is no kind of job"},
        {"gavel", NULL, "{\"v100\": {\"('LM', 1)\": {}}}", "t: 'v100': 'LM.1': needs its speed alone"},
        {"gavel", NULL, "{\"v100\": {\"('LM', 1)\": {\"null\": -1}}}", "t: 'v100': 'LM.1': needs its speed alone"},
        {"gavel", NULL, "{\"v100\": {\"('LM', 1)\": {\"null\": \"1\"}}}", "t: 'v100': 'LM.1': needs its speed alone"},
        {"gavel", NULL, "{\"v100\": {\"('L M', 1)\": {\"null\": 1}, \"('L+M', 1)\": {\"null\": 1}}}",
         "t:0: column 'v100': 'L_M.1' was there before"},
        {"gavel", "iterations=1000000000000", "{\"v100\": {\"('LM', 1)\": {\"null\": 1e-6}}}",
         "t:0: the job ends after more than 100 years"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct trace trace = {0};
        int code = load_text(&trace, table[i].format, table[i].import, table[i].text, &arena, &err);
        if (code != GS_BAD_INPUT || strncmp(err.text, table[i].message, strlen(table[i].message)) != 0)
            fail_msg("%s '%s' gives %d '%s', not '%s'", table[i].format, table[i].text, code, err.text,
                     table[i].message);
        arena_fini(&arena);
    }
}

/* Byte order mark, CR LF, columns in another order or too many, no last line end, rows out of order. */
static void foreign_habits_are_borne(void **state)
{
    static const struct {
        const char *format, *import, *text, *first, *last; /* names of workloads */
    } table[] = {
        {"muri", NULL,
         "\xef\xbb\xbf"
         "iterations,job_id,submit_time,num_gpu,x,duration\r\n5,\"a,b\",9,1,?,20\r\n\r\n5,c,2,1,?,20",
         "jobc", "joba_b"},
        {"philly", NULL, "\xef\xbb\xbf" PHILLY "5,1.5,1,1.5,x\r\n4,1,1,1,x", "job2", "job1"},
        {"openb", NULL,
         "\xef\xbb\xbf" OPENB "a,1,9,,BE,Running,5,9,5\r\nb,1,9,,Burstable,Pending,0,9,\r\nc,1,9,,LS,Running,3,9,4",
         "c", "a"},
        {"pai-minibatch", PAI_OPTION, "\xef\xbb\xbf" PAI "0,x,25,2,5\r\n1,y,25,1,5\r\n2,x,25,2,6", "workerx",
         "workery"},
        {"gavel", NULL, "\xef\xbb\xbf{\"v100\":{\"('L (4)', 1)\":{\"null\":1},\"('M', 1024)\":{\"null\":9e5}}}",
         "L_4.1", "M.1024"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct trace trace = {0};
        if (load_text(&trace, table[i].format, table[i].import, table[i].text, &arena, &err))
            fail_msg("%s", err.text);
        assert_int_equal(trace.workloads, 2);
        assert_string_equal(trace.workload[0].name, table[i].first);
        assert_string_equal(trace.workload[1].name, table[i].last);
        arena_fini(&arena);
    }
}

/* Small files of all formats, and what their beginning tells; NULL = nothing. */
static void formats_are_told_by_content(void **state)
{
    static const struct {
        const char *text, *format;
    } table[] = {
        {MURI, NULL},
        {"job_id,num_gpu,submit_time,iterations,iteration_time,resource_time_0\n", "muri"},
        {"\xef\xbb\xbfjob_id,num_gpu,submit_time,iterations,iteration_time,resource_time_0,x\r\n", "muri"},
        {"job_id,num_gpu,submit_time,iterations,iteration_time,resource_time_00\n", NULL},
        {PHILLY, "philly"},
        {"timestamp,duration,num_gpus,gpu_time,cluster,more\n", NULL},
        {OPENB, "openb"},
        {PAI, "pai-minibatch"},
        {"{\"k80\": {\"('LM', 1)\": {\"null\": 1}}}", "gavel"},
        {" {\n \"v100_unconsolidated\" : {\"('LM', 1)\": {\"null\": 1}}}", "gavel"},
        {"{\"v1000\": {\"('LM', 1)\": {\"null\": 1}}}", NULL},
        {"job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n1,1,5,0,a,1,1\n2,", "adobe-notebooks"},
        {"job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n1,1,5,0,a,1,1\n1,1,5,7,a,1,1\n", NULL},
        {"job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n", NULL},
        {"job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n1,1\n2,2\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        char path[64];
        snprintf(path, sizeof path, "/tmp/gpuswap-guess-%ld", (long)getpid());
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(table[i].text, file);
        fclose(file);
        const struct importer *found = importer_guess(path, &err);
        unlink(path);
        if (!table[i].format != !found || (found && strcmp(found->name, table[i].format) != 0))
            fail_msg("'%s' is told as '%s'", table[i].text, found ? found->name : err.text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(foreign_habits_are_borne),
        cmocka_unit_test(formats_are_told_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
