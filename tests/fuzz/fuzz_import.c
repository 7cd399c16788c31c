/* fuzz_import.c - any bytes as a file of the foreign format FORMAT: an error, or a trace that can be written. */
#include "traces/import.h"
#include "traces/replay.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Options that a format needs, or that keep what it makes up small; and others in their place. */
static const struct {
    const char *format, *usual, *other;
} import[] = {
    {"muri", NULL, "unit=min, gpu_part=resource_time, priority=no, merge=100"},
    {"philly", NULL, "iteration=1h, gpu_share=0.3"},
    {"openb", "think=30d", "think=30d, start=scheduled, share=both, gpu_memory=16GiB, iteration=1h, gap=1h"},
    {"pai-minibatch", "iteration=200ms", "iteration=1h, as=jitter"},
    {"gavel", NULL, "gpu=k80, iterations=1000000000000"},
    {"azure-llm", NULL, "models=7, zipf=2.5, first_token_overhead=0s, prefill_per_token=1s, decode_per_token=1s"},
    {"burstgpt", NULL, "failed=keep, first_token_overhead=1h, prefill_per_token=0s, decode_per_token=0s"},
    {"mooncake", NULL, "models=100, zipf=0, spread=1d, first_token_overhead=0s, kv_per_token=512MiB, slots=65536"},
    {"servegen", "max_requests=20000",
     "max_requests=20000, rate_scale=1000, window=1d, start=10m, length=36500d, input_tokens=uniform(-5,9e9)"},
    {"azure-functions", "max_requests=20000",
     "max_requests=20000, rate_scale=0.3, work=pareto(1h,0.1), work_scale=1000000"},
    {"azure-functions-2021", NULL, "work_scale=0.000001"},
    {"disb", NULL, "continuous=yes, work=pareto(1us,0.05)"},
    {"splitwise", NULL, "parameters=10000, min_prompt=0, max_prompt=1073741824"},
};

static const char *choose_options(bool other)
{
    for (size_t i = 0; i < sizeof import / sizeof *import; i++)
        if (!strcmp(import[i].format, FORMAT))
            return other ? import[i].other : import[i].usual;
    return NULL;
}

/* The first byte chooses options and selection, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct lines *lines;
    struct trace trace;
    struct trace_options options;
    unsigned choice = size ? data[0] : 0;
    trace_options_init(&options);
    options.format = FORMAT;
    options.import = choose_options(choice & 1);
    options.single = choice & 2;
    options.sample = choice & 4 ? 2 : 0;
    options.from_ns = choice & 8 ? INT64_C(600000000000) : 0;
    options.to_ns = choice & 16 ? INT64_C(1800000000000) : TRACE_NEVER;
    options.scale_time = choice & 32 ? 0.3 : 1;
    int code = lines_open_memory(&lines, size ? data + 1 : data, size ? size - 1 : 0, "fuzz", LINES_MAX, &err);
    if (!code)
        code = trace_load_lines(&trace, lines, &options, 7, &arena, &err);
    if (!code && trace_write(&trace, "/dev/null", &err))
        abort(); /* every import must obey the native format's rules */
    if (code != err.code || (code && err.lines != 1))
        abort();
    lines_close(lines);
    arena_fini(&arena);
    return 0;
}
