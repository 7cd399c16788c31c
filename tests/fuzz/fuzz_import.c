/* fuzz_import.c - any bytes as a file of the foreign format FORMAT: an error, or a trace that can be written. */
#include "traces/import.h"
#include "traces/replay.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the selection, the rest is the file. */
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
