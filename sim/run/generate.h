/* generate.h - a synthetic trace out of a scenario: what its workloads would ask for if each had a GPU to itself. */
#ifndef GS_GENERATE_H
#define GS_GENERATE_H

#include "sim/base/error.h"
#include "sim/scenario/scenario.h"

struct generated {
    uint64_t records; /* all that were written, the header apart */
    uint64_t bursts;  /* bursts, requests, runs of iterations */
    uint32_t workloads;
    int64_t end_ns;
};

/* Write the load of the scenario, its first replication, to `path` (as gst_create takes it), up to its duration or the
 * last thing that happens.  Memory is that of the workloads, however long the trace.  Errors: those of the trace
 * writer; GS_BAD_INPUT for a scenario with a [trace] of its own; GS_SYSTEM. */
int generate_trace(struct generated *made, const struct scenario *scenario, const char *path, struct error *err);

#endif
