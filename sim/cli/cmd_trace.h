/* cmd_trace.h - the trace commands that have files of their own. */
#ifndef GS_CMD_TRACE_H
#define GS_CMD_TRACE_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "traces/trace.h"

/* `trace info`: as text, or JSON, and pictures into the folder `plots`, NULL = none. */
int trace_info_command(struct trace_options *options, uint64_t seed, bool json, const char *plots, struct arena *arena,
                       struct error *err);

/* `trace fit`: `output` NULL = the report only. */
int trace_fit_command(struct trace_options *options, uint64_t seed, const char *output, struct arena *arena,
                      struct error *err);

/* `trace generate`, with its own options. */
int trace_generate_command(int argc, char **argv, struct error *err);

#endif
