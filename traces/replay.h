/* replay.h - a trace as the load needs it: each workload with all that it will ask for.
 *
 * Memory is proportional to the trace.  How the load uses it:
 *   bursts    closed loop: the first is ready at ready_ns, each other think_ns after the one before it ended;
 *             open loop: ready at ready_ns
 *   runs      `iters` iterations of work_ns (times a lognormal with mean 1 and that jitter), each followed by gap_ns
 *   requests  open loop, work_ns each
 */
#ifndef GS_TRACES_REPLAY_H
#define GS_TRACES_REPLAY_H

#include "traces/trace.h"

/* Read options->file, fill in memory that the trace lacks (one draw a workload, from its own stream of `seed`, so that
 * sample and window change nobody's memory), and select.  Workloads of several GPUs are kept and counted in
 * trace->multi_gpu: the caller refuses or skips them.  Errors: GS_NO_INPUT, GS_BAD_INPUT, GS_IO, GS_SYSTEM. */
int trace_load(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
               struct error *err);

/* The same from the open lines of a foreign format, options->format, which must be given; they stay the caller's. */
struct lines;
int trace_load_lines(struct trace *trace, struct lines *lines, const struct trace_options *options, uint64_t seed,
                     struct arena *arena, struct error *err);

#endif
