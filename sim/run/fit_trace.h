/* fit_trace.h - a scenario whose load resembles a trace: a law for each quantity of each part of the trace. */
#ifndef GS_FIT_TRACE_H
#define GS_FIT_TRACE_H

#include "sim/stats/fit.h"
#include "traces/fit.h"

#include <stdio.h>

struct trace_fit {
    struct trace_parts parts;
    struct fit *fit[TRACE_QUANTITIES]; /* one a part; n = 0: the part has no such quantity */
    const char **arrival;              /* one a part, as a scenario writes it; NULL where there are no requests */
};

/* Memory from `arena`.  Errors: GS_BAD_INPUT, GS_SYSTEM. */
int fit_trace(struct trace_fit *fit, const struct trace *trace, struct arena *arena, struct error *err);

/* All candidates of all quantities, and how far the chosen ones are off. */
void fit_report(FILE *out, const struct trace_fit *fit);

/* A scenario that runs as it is: the trace's span, one GPU, a workload group a part.  `file` is named in its comment.
 * GS_SYSTEM when there is no memory. */
int fit_scenario(FILE *out, const struct trace_fit *fit, const struct trace *trace, const char *file,
                 struct arena *arena, struct error *err);

/* Name of a quantity, as the key of a scenario. */
const char *fit_quantity_name(enum trace_quantity quantity);

#endif
