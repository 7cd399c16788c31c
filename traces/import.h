/* import.h - the formats a trace can come in: one table. */
#ifndef GS_TRACES_IMPORT_H
#define GS_TRACES_IMPORT_H

#include "traces/trace.h"

struct importer {
    const char *name; /* as in `format = NAME` and `trace import --format NAME` */
    const char *help;
    const char *memory; /* default distribution of what the format does not say; NULL: the trace says it */
    /* Read options->file whole into `trace` (zeroed, horizon_ns = TRACE_NEVER), workloads in order of their attach.
     * Window, scale, sample and memory are not its business. */
    int (*read)(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
                struct error *err);
};

/* The i-th importer, NULL past the end; "gst" is the first. */
const struct importer *importer_at(size_t i);

/* By name; NULL with the error set (GS_BAD_INPUT, with a suggestion). */
const struct importer *importer_find(const char *name, struct error *err);

#endif
