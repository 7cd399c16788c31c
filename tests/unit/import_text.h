/* import_text.h - imports of files given as text, and what comes out of them as text. */
#ifndef GS_TEST_IMPORT_TEXT_H
#define GS_TEST_IMPORT_TEXT_H

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

#define AZURE "TIMESTAMP,ContextTokens,GeneratedTokens\n"
#define BURST "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
#define CLIENTS "client,window_start_s,rate_rps,iat_cv,dist,param1,param2\n"
#define MINUTES "HashOwner,HashApp,HashFunction,Trigger,480,481\n"
#define CALLS "app,func,end_timestamp,duration\n"
#define IMAGES "gmt_create,checkpoint_model_version_id,exec_time_seconds\n"
#define TIMES "model,hardware,prompt_size,batch_size,prompt_time,token_time,tensor_parallel\n"

static const struct dist one_gib = {.kind = DIST_CONSTANT, .a = 1 << 30};

static inline int load_text(struct trace *trace, const char *format, const char *text, const char *import,
                            uint64_t seed, struct arena *arena, struct error *err)
{
    struct lines *lines;
    struct trace_options options;
    trace_options_init(&options);
    options.format = format;
    options.import = import;
    options.memory = &one_gib;
    assert_int_equal(lines_open_memory(&lines, text, strlen(text), "t", LINES_MAX, err), GS_OK);
    int code = trace_load_lines(trace, lines, &options, seed, arena, err);
    lines_close(lines);
    return code;
}

static inline struct trace load(const char *format, const char *text, const char *import, uint64_t seed,
                                struct arena *arena)
{
    struct trace trace;
    struct error err = {0};
    if (load_text(&trace, format, text, import, seed, arena, &err))
        fail_msg("%s", err.text);
    return trace;
}

/* The trace as a native file, read into `text`; `events`: without its header. */
static inline void write_out(const struct trace *trace, bool events, char *text, size_t size)
{
    char path[64], line[1100];
    struct error err = {0};
    size_t used = 0;
    snprintf(path, sizeof path, "/tmp/gpuswap-inference-%ld.gst", (long)getpid());
    if (trace_write(trace, path, &err))
        fail_msg("%s", err.text);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (!events || *line != '#') {
            used += (size_t)snprintf(text + used, size - used, "%s", line);
            assert_true(used < size);
        }
    text[used] = 0;
    fclose(file);
    unlink(path);
}

#endif
