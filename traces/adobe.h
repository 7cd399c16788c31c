/* adobe.h - import notebook sessions from the Tiresias CSV of the Adobe trace (NotebookOS). */
#ifndef GS_TRACES_ADOBE_H
#define GS_TRACES_ADOBE_H

#include "traces/trace.h"

/* The recording has no memory column.  This gives p50 3.8, p75 5.7, p90 8.6, p95 11 GiB: close to the memory of common
 * single-GPU training jobs as measured in the Lucid study (2.0 GiB least; 2.9, 4.0, 8.4, 11.7 GiB). */
#define ADOBE_MEMORY "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)"

/* One row is one burst of GPU activity, in whole minutes; a session starts where submit_time decreases (with
 * options->split_gpus also where num_gpu changes).  Start times get a jitter of +-30 s from the session's own stream. */
int adobe_read(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
               struct error *err);

/* The same from open lines, for tests and fuzzing; `lines` stays the caller's. */
struct lines;
int adobe_read_lines(struct trace *trace, struct lines *lines, const struct trace_options *options, uint64_t seed,
                     struct arena *arena, struct error *err);

#endif
