/* info_parts.h - what the files that describe a trace share. */
#ifndef GS_TRACES_INFO_PARTS_H
#define GS_TRACES_INFO_PARTS_H

#include "traces/info.h"

struct info_sample {
    double *value; /* room for all that is added */
    size_t n;
};
void info_add(struct info_sample *sample, double value);

/* Sorts the values, which stay with the result. */
struct trace_quantiles info_summarise(struct info_sample *sample);

/* Parts of trace_info; false when there is no memory. */
bool info_levels(struct trace_info *info, const struct trace *trace);
bool info_arrivals(struct trace_info *info, const struct trace *trace, struct arena *arena);

#endif
