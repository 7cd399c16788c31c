/* test_import_inference.c - recorded requests to models of foreign formats, and the way out as native files. */
#include "traces/import.h"
#include "traces/stamp.h"
#include "import_text.h"

#define PLAIN "first_token_overhead=1ms,prefill_per_token=1us,decode_per_token=1ms,kv_per_token=2B,slots=3"

static void what_comes_out(void **state)
{
    static const struct {
        const char *format, *import, *text, *due;
    } table[] = {
        {"azure-llm", PLAIN,
         AZURE "2023-11-16 18:15:46.6805900,374,44\n2023-11-16T18:15:47,0,1\n2023-11-16 18:15:46.5Z,1,2\n",
         "0,W,llm,i,1,1073741824,,,,,,o\n0,S,llm,1000,1000,1000000,2,3\n"
         "0,R,llm,1,2\n180590,R,llm,374,44\n500000,R,llm,0,1\n"},
        {"azure-llm", PLAIN, /* marks of other tools; over the end of a leap year's February */
         "\xef\xbb\xbf\"GeneratedTokens\",ContextTokens,TIMESTAMP\r\n1,2,2024-02-29 23:59:59.9+00:00\r\n\r\n"
         "3,4,2024-03-01 00:00:00+00:00",
         "0,W,llm,i,1,1073741824,,,,,,o\n0,S,llm,1000,1000,1000000,2,3\n0,R,llm,2,1\n100000,R,llm,4,3\n"},
        {"azure-llm", "first_token_overhead=0s", /* a request that asks for nothing */
         AZURE "2023-01-01 00:00:00,0,0\n2023-01-01 00:00:01,1,0\n",
         "0,W,llm,i,1,1073741824,,,,,,o\n0,S,llm,0,90000,15000000,131072,16\n0,R,llm,1\n"},
        {"burstgpt", PLAIN, BURST "5,ChatGPT,472,18,490,x\n4.25,GPT-4,1,2,3,x\n6,ChatGPT,9,0,9,x\n",
         "0,W,ChatGPT,i,1,1073741824,,,,,,o\n0,S,ChatGPT,1000,1000,1000000,2,3\n"
         "0,W,GPT-4,i,1,1073741824,,,,,,o\n0,S,GPT-4,1000,1000,1000000,2,3\n"
         "0,R,GPT-4,1,2\n750000,R,ChatGPT,472,18\n"},
        {"burstgpt", PLAIN ",failed=keep",
         "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
         "7.5,u,1,a b,9,0,9,x\n8,u,1,a-b,9,1,10,x\n9,u,1,a_b,1,1,2,x\n9,u,1,a b,2,2,4,x\n",
         "0,W,a_b,i,1,1073741824,,,,,,o\n0,S,a_b,1000,1000,1000000,2,3\n0,R,a_b,9\n"
         "0,W,a-b,i,1,1073741824,,,,,,o\n0,S,a-b,1000,1000,1000000,2,3\n"
         "0,W,a_b-3,i,1,1073741824,,,,,,o\n0,S,a_b-3,1000,1000,1000000,2,3\n"
         "500000,R,a-b,9,1\n1500000,R,a_b,2,2\n1500000,R,a_b-3,1,1\n"},
        {"mooncake", PLAIN ",spread=0s",
         "\xef\xbb\xbf{\"timestamp\": 3000, \"input_length\": 5, \"output_length\": 6}\r\n\n"
         "{\"output_length\": 8, \"timestamp\": 27.5, \"input_length\": 7, \"hash_ids\": [1]}",
         "0,W,llm,i,1,1073741824,,,,,,o\n0,S,llm,1000,1000,1000000,2,3\n27500,R,llm,7,8\n3000000,R,llm,5,6\n"},
        {"azure-functions", "work=5ms,work_scale=2", MINUTES "o,a,f1,timer,1,3\no,a,f2,http,0,0\n",
         "0,W,f1,i,1,1073741824,,,,,,o\n0,R,f1,0,0,10000\n0,W,f2,i,1,1073741824,,,,,,o\n"
         "60000000,R,f1,0,0,10000\n80000000,R,f1,0,0,10000\n100000000,R,f1,0,0,10000\n"},
        {"azure-functions", "work=5ms", "Trigger,7,HashFunction,5\ntimer,1,0123456789abcdef,1\n",
         "0,W,0123456789ab,i,1,1073741824,,,,,,o\n"
         "0,R,0123456789ab,0,0,5000\n120000000,R,0123456789ab,0,0,5000\n"},
        {"azure-functions-2021", "work_scale=2", CALLS "a1,f,7.25,5.5\na1,g,2,3\na2,f,1,0\n",
         "0,W,a1.f,i,1,1073741824,,,,,,o\n0,W,a1.g,i,1,1073741824,,,,,,o\n0,R,a1.g,0,0,6000000\n0,W,a2.f,i,1,"
         "1073741824,,,,,,o\n"
         "1000000,R,a2.f,0,0,1\n1750000,R,a1.f,0,0,11000000\n"},
        {"disb", "work=8ms",
         "{\"time\": 2, \"tasks\": [{\"id\": \"a\", \"load\": {\"type\": \"trace\", \"trace\": [10, 1.5]}},"
         " {\"id\": \"c\", \"load\": {\"type\": \"continuous\"}},"
         " {\"id\": \"a\", \"load\": {\"type\": \"trace\", \"trace\": []}}]}",
         "0,W,a,i,1,1073741824,,,,,,o\n0,W,a-2,i,1,1073741824,,,,,,o\n1500,R,a,0,0,8000\n10000,R,a,0,0,8000\n"},
        {"disb", "work=8ms,continuous=yes",
         "{\"time\": 2, \"tasks\": [{\"id\": \"c\", \"load\": {\"type\": \"continuous\"}},\n"
         " {\"id\": \"a\", \"load\": {\"type\": \"trace\", \"trace\": [3000]}}]}",
         "0,W,c,t,1,1073741824,,,,,,o\n0,T,c,375,8000\n0,W,a,i,1,1073741824,,,,,,o\n3000000,R,a,0,0,8000\n"},
        {"splitwise", "kv_per_token=4B", /* 10 ms + 0.2 ms a token; below 512 and other rows do not count */
         TIMES "llama2-70b,a100-80gb,128,1,200,99,2\nllama2-70b,a100-80gb,1000,1,210,50,2\n"
               "llama2-70b,a100-80gb,2000,1,410,51,2\nllama2-70b,a100-80gb,2000,2,900,1,2\n"
               "llama2-70b,a100-80gb,2000,1,300,1,4\nllama2-70b,h100-80gb,2000,1,300,1,2\n"
               "other,a100-80gb,2000,1,300,1,2\n",
         "0,W,llama2-70b,i,2,140000000000,,,,,,o\n0,S,llama2-70b,10000,200000,51000000,4,16\n"},
        {"splitwise", "parameters=7,kv_per_token=0B", /* a tenth of the size, the work of two GPUs; through 0 */
         TIMES "llama2-70b,a100-80gb,600,1,100,50,2\nllama2-70b,a100-80gb,1200,1,350,50,2\n",
         "0,W,llama2-70b,i,1,14000000000,,,,,,o\n0,S,llama2-70b,0,53333,10000000,0,16\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena = {0};
        char text[4096];
        struct trace trace = load(table[i].format, table[i].text, table[i].import, 1, &arena);
        write_out(&trace, true, text, sizeof text);
        if (strcmp(text, table[i].due) != 0)
            fail_msg("row %zu, %s:\n%sis not\n%s", i, table[i].format, text, table[i].due);
        arena_fini(&arena);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *format, *text, *message;
    } table[] = {
        {"azure-llm", "", "t: file is empty"},
        {"azure-llm", "TIMESTAMP,ContextTokens\n", "t:1: column 'GeneratedTokens' is missing"},
        {"azure-llm", AZURE, "'t': no request in it"},
        {"azure-llm", AZURE "2023-11-16 18:15:46.6,374\n", "t:2: row has 2 fields where the header has 3"},
        {"azure-llm", AZURE "2023-11-16 18:15:46,1,2\n16.11.2023 18:15,1,2\n", "t:3: column 'TIMESTAMP': must be YYYY"},
        {"azure-llm", AZURE "2023-11-16 18:15:46,-1,2\n", "t:2: column 'ContextTokens': must be an integer from 0"},
        {"azure-llm", AZURE "2023-11-16 18:15:46,1,1073741825\n", "t:2: column 'GeneratedTokens'"},
        {"azure-llm", AZURE "2023-11-16 18:15:46,1,99999999999999999999\n", "t:2: column 'GeneratedTokens'"},
        {"azure-llm", AZURE "2023-11-16 18:15:46,1,\n", "t:2: column 'GeneratedTokens'"},
        {"burstgpt", BURST "-1,a,1,1,2,x\n", "t:2: column 'Timestamp': must be a number from 0"},
        {"burstgpt", BURST "1e18,a,1,1,2,x\n", "t:2: column 'Timestamp'"},
        {"burstgpt", BURST "1,a,1.5,1,2,x\n", "t:2: column 'Request tokens'"},
        {"burstgpt", BURST "1,a,1,x,2,x\n", "t:2: column 'Response tokens'"},
        {"burstgpt", BURST "1,,1,1,2,x\n", "t:2: column 'Model' is empty"},
        {"burstgpt", BURST "1,a,1,0,1,x\n", "'t': no request in it"},
        {"mooncake", "", "'t': no request in it"},
        {"mooncake", "{\"timestamp\": 1,\n", "t:1: broken JSON"},
        {"mooncake", "\n[1]\n", "t:2: line is no JSON object"},
        {"mooncake", "{\"timestamp\": 1, \"input_length\": 2}\n", "t:1: member 'output_length' is missing"},
        {"mooncake", "{\"timestamp\": -1}\n", "t:1: member 'timestamp': must be a number from 0"},
        {"mooncake", "{\"timestamp\": \"1\"}\n", "t:1: member 'timestamp': must be a number"},
        {"mooncake", "{\"timestamp\": 1, \"input_length\": 1.5}\n", "t:1: member 'input_length': must be a whole"},
        {"mooncake", "{\"timestamp\": 1, \"input_length\": 1e10}\n", "t:1: member 'input_length': must be a number"},
        {"servegen", CLIENTS "0,0,1,1,Pareto,1,1\n", "t:2: column 'dist': must be 'Gamma', 'Weibull' or empty"},
        {"servegen", CLIENTS "0,0,1,1,Gamma,0,1\n", "t:2: column 'param1': must be a number from 0.001"},
        {"servegen", CLIENTS "0,0,1,1,Weibull,0.05,1\n", "t:2: column 'param1': must be a number from 0.1"},
        {"servegen", CLIENTS "0,0,-1,1,Gamma,1,1\n", "t:2: column 'rate_rps'"},
        {"servegen", CLIENTS "0,0.5,1,1,Gamma,1,1\n", "t:2: column 'window_start_s'"},
        {"servegen", CLIENTS "0,0,1e9,1,Gamma,1,1\n", "t:2: more than 10000000 requests; lower 'rate_scale'"},
        {"azure-functions", "HashFunction,Trigger\nf,http\n", "t:1: no column is a minute of the day"},
        {"azure-functions", "HashFunction,Trigger,2000000\n", "t:1: column '2000000': a minute is at most"},
        {"azure-functions", "HashFunction,1,2\n", "t:1: column 'Trigger' is missing"},
        {"azure-functions", MINUTES "o,a,f,http,0,-1\n", "t:2: column '481': must be an integer from 0"},
        {"azure-functions", MINUTES "o,a,f,http,x,1\n", "t:2: column '480': must be an integer from 0"},
        {"azure-functions", MINUTES "o,a,f,http,1\n", "t:2: row has 5 fields"},
        {"azure-functions", MINUTES "o,a,f,http,0,0\n", "'t': no request in it"},
        {"azure-functions-2021", CALLS "a,f,-1,1\n", "t:2: column 'end_timestamp'"},
        {"azure-functions-2021", CALLS "a,f,1,1\na,f,1,nan\n", "t:3: column 'duration'"},
        {"genai-2026", IMAGES "2024-13-01 00:00:00,a,1\n", "t:2: column 'gmt_create': must be YYYY"},
        {"genai-2026", IMAGES "2024-12-01 00:00:00,a,-1\n", "t:2: column 'exec_time_seconds'"},
        {"genai-2026", IMAGES "2024-12-01 00:00:00,a,\n", "'t': no request in it"},
        {"disb", "[]", "t: member 'tasks' is missing or no array"},
        {"disb", "{\"tasks\": [\n1,,2]}", "t:2: broken JSON"},
        {"disb", "{\"tasks\": [], \"time\": -1}", "t: member 'time'"},
        {"disb", "{\"tasks\": [{\"id\": \"a\"}]}", "t: task 1: has no 'id' or no 'load'"},
        {"disb", "{\"tasks\": [{\"id\": \"a\", \"load\": {\"type\": \"poisson\"}}]}",
         "t: task 1: its load is of another"},
        {"disb", "{\"tasks\": [{\"id\": \"a\", \"load\": {\"type\": \"trace\"}}]}",
         "t: task 1: load of type 'trace' has no"},
        {"disb", "{\"tasks\": [{\"id\": \"a\", \"load\": {\"type\": \"trace\", \"trace\": [1, -5]}}]}",
         "t: task 1: request 2: must be a time from 0"},
        {"splitwise", TIMES "m,h,1,1,1,1,1\n", "'t': no line through 0 rows of model 'llama2-70b'"},
        {"splitwise", TIMES "llama2-70b,a100-80gb,600,1,1,1,2\n", "'t': no line through 1 rows"},
        {"splitwise", TIMES "llama2-70b,a100-80gb,600,1,9,1,2\nllama2-70b,a100-80gb,700,1,1,1,2\n", "'t': no line"},
        {"splitwise", TIMES "llama2-70b,a100-80gb,0,1,9,1,2\n", "t:2: column 'prompt_size'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct trace trace = {0};
        const char *import = strcmp(table[i].format, "servegen") != 0 ? NULL : "rate_scale=1";
        int code = load_text(&trace, table[i].format, table[i].text, import, 1, &arena, &err);
        if (code != GS_BAD_INPUT || strncmp(err.text, table[i].message, strlen(table[i].message)) != 0)
            fail_msg("row %zu: '%s' gives %d '%s', not '%s'", i, table[i].text, code, err.text, table[i].message);
        arena_fini(&arena);
    }
}

static void stamps(void **state)
{
    static const struct {
        const char *text;
        int64_t us; /* -1 = refused */
    } table[] = {
        {"2000-01-01 00:00:00", 0},
        {"2000-03-01 00:00:00", INT64_C(60) * 86400000000},
        {"2001-01-01T00:00:01.5Z", INT64_C(366) * 86400000000 + 1500000},
        {"2024-05-10 00:00:00.009930+00:00", INT64_C(8896) * 86400000000 + 9930},
        {"2099-12-31 23:59:59.999999999", INT64_C(36525) * 86400000000 - 1},
        {"2023-02-29 00:00:00", -1},
        {"2023-04-31 00:00:00", -1},
        {"2023-00-10 00:00:00", -1},
        {"1999-12-31 23:59:59", -1},
        {"2100-01-01 00:00:00", -1},
        {"2023-01-01 24:00:00", -1},
        {"2023-01-01 00:60:00", -1},
        {"2023-01-01 00:00:00.", -1},
        {"2023-01-01 00:00:00.1234567890", -1},
        {"2023-01-01 00:00:00+01:00", -1},
        {"2023-01-01 00:00:00 ", -1},
        {"2023-01-01 00:00", -1},
        {"2023-01-01", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t us = 0;
        bool ok = stamp_parse(table[i].text, &us);
        if (ok != (table[i].us >= 0) || (ok && us != table[i].us))
            fail_msg("'%s' is %d, %lld", table[i].text, ok, (long long)us);
    }
}

/* The samples, what their beginning says they are, and what is in them. */
static const struct {
    const char *file, *format, *import;
    size_t workloads, requests;
} samples[] = {
    {"tests/data/llm-azure.csv", "azure-llm", NULL, 1, 4},
    {"tests/data/llm-azure.csv", "azure-llm", "models=5", 5, 4},
    {"tests/data/llm-burstgpt.csv", "burstgpt", NULL, 2, 2},
    {"tests/data/llm-mooncake.jsonl", "mooncake", NULL, 1, 3},
    {"tests/data/clients-servegen.csv", "servegen", "rate_scale=0.1", 2, 0},
    {"tests/data/functions-azure.csv", "azure-functions", NULL, 3, 10},
    {"tests/data/functions-azure.csv", "azure-functions", "durations=tests/data/functions-azure-durations.csv", 3, 10},
    {"tests/data/functions-azure-2021.csv", "azure-functions-2021", NULL, 3, 3},
    {"tests/data/images-genai.csv", "genai-2026", NULL, 2, 2},
    {"tests/data/tasks-disb.json", "disb", NULL, 2, 5},
    {"tests/data/tasks-disb.json", "disb", "continuous=yes", 3, 5},
    {"tests/data/times-splitwise.csv", "splitwise", NULL, 1, 0},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static int load_sample(struct trace *trace, size_t i, struct arena *arena, struct error *err)
{
    struct trace_options options;
    trace_options_init(&options);
    options.file = samples[i].file;
    options.import = samples[i].import;
    return trace_load(trace, &options, 1, arena, err);
}

static void samples_are_told_by_their_beginning(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct trace trace;
        size_t requests = 0;
        const struct importer *importer = importer_guess(samples[i].file, &err);
        if (!importer || strcmp(importer->name, samples[i].format) != 0 || load_sample(&trace, i, &arena, &err))
            fail_msg("%s: %s", samples[i].file, importer && !err.code ? importer->name : err.text);
        for (size_t j = 0; j < trace.workloads; j++)
            requests += trace.workload[j].requests;
        if (trace.workloads != samples[i].workloads || (samples[i].requests && requests != samples[i].requests))
            fail_msg("%s: %zu workloads, %zu requests", samples[i].file, trace.workloads, requests);
        arena_fini(&arena);
    }
}

static void written_read_and_written_again_the_same(void **state)
{
    static char first[1 << 20], second[1 << 20];
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/gpuswap-inference-again-%ld.gst", (long)getpid());
    for (size_t i = 0; i < SAMPLES; i++) {
        struct error err = {0};
        struct arena arena = {0};
        struct trace trace, again;
        struct trace_options options;
        assert_int_equal(load_sample(&trace, i, &arena, &err), GS_OK);
        write_out(&trace, false, first, sizeof first);
        assert_int_equal(trace_write(&trace, path, &err), GS_OK);
        trace_options_init(&options);
        options.file = path;
        assert_int_equal(trace_load(&again, &options, 2, &arena, &err), GS_OK);
        write_out(&again, false, second, sizeof second);
        assert_string_equal(first, second);
        for (size_t j = 0; j < trace.workloads; j++)
            assert_memory_equal(trace.workload[j].request, again.workload[j].request,
                                trace.workload[j].requests * sizeof *trace.workload[j].request);
        unlink(path);
        arena_fini(&arena);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++)
        for (uint64_t n = 1;; n++) {
            struct arena arena = {0};
            struct error err = {0};
            struct trace trace;
            arena_fail_nth(n);
            int code = load_sample(&trace, i, &arena, &err);
            arena_fail_nth(0);
            arena_fini(&arena);
            if (!code)
                break;
            if (code != GS_SYSTEM || n > 1000)
                fail_msg("%s, allocation %llu: %d %s", samples[i].file, (unsigned long long)n, code, err.text);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(stamps),
        cmocka_unit_test(samples_are_told_by_their_beginning),
        cmocka_unit_test(written_read_and_written_again_the_same),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
