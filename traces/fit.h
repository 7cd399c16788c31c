/* fit.h - a trace's quantities as samples, for whoever fits laws to them (sim/run/fit_trace.h).
 *
 * Workloads are parted by class; by group, if all of a class have one and there are at most TRACE_GROUPS of them; and
 * those of inference also by how often they are asked, a factor of 4 to a part.
 */
#ifndef GS_TRACES_FIT_H
#define GS_TRACES_FIT_H

#include "traces/trace.h"

enum { TRACE_GROUPS = 6 };

enum trace_quantity {
    TRACE_THINK,     /* from the end of a burst to the next; none before the first */
    TRACE_BURST,     /* work of a burst */
    TRACE_GROW,      /* bytes that a burst allocates; empty if none ever does */
    TRACE_ITERATION, /* training: work of an iteration, one value a T record or burst */
    TRACE_GAP,       /* time off the GPU between iterations; empty if there is never any */
    TRACE_GPU_WORK,  /* work of a whole job */
    TRACE_CPU_WORK,  /* time off the GPU of a whole job; empty if there is never any */
    TRACE_ARRIVAL,   /* inference: from a request to the next of the same workload */
    TRACE_SERVICE,   /* work of a request */
    TRACE_INPUT,     /* tokens; empty if the trace has none */
    TRACE_OUTPUT,
    TRACE_MEMORY, /* swappable bytes of a workload */
    TRACE_START,  /* attach; empty if all are there from the beginning */
    TRACE_QUANTITIES
};

struct trace_sample {
    double *value; /* ns, bytes or tokens */
    size_t n, capacity;
};

struct trace_part {
    const char *name; /* unique; fit for a [workload.NAME] */
    enum gst_class class;
    const char *group; /* "" = not parted by group */
    int band;          /* of inference: 0 = the most often asked */
    size_t workloads;
    size_t requests;
    size_t unfinished;  /* jobs that were cut off, whose length is not known; they are left out of the lengths */
    int64_t iterations; /* of each job; 0 = they differ */
    int64_t slots;      /* inference: greatest of them */
    bool leave;         /* they leave, and others come: fewer are there at a time than there are in all */
    double present;     /* mean number that is there */
    double busy;        /* mean number of GPUs that the work would keep busy */
    int64_t most_bytes; /* that one workload ever holds */
    struct trace_sample sample[TRACE_QUANTITIES];
};

struct trace_parts {
    struct trace_part *part; /* in order of appearance */
    size_t parts, capacity;
    int64_t span_ns; /* from 0 to the last thing that happens */
    size_t skipped;  /* T records of notebooks, which fit no part */
};

/* Memory from `arena`; errors: GS_SYSTEM, GS_BAD_INPUT where nothing happens in the trace. */
int trace_part(struct trace_parts *parts, const struct trace *trace, struct arena *arena, struct error *err);

#endif
