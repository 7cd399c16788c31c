/* replay_parts.h - what loading a trace whole and storing it on disk share (replay.c, stored.c). */
#ifndef GS_TRACES_REPLAY_PARTS_H
#define GS_TRACES_REPLAY_PARTS_H

#include "traces/import.h"

/* The header lines, and the horizon and the reference GPU of them; GS_SYSTEM when there is no memory. */
int trace_copy_header(struct trace *trace, const struct gst_header *header, struct arena *arena);

/* A record of the native format; false when there is no memory. */
bool trace_add_record(struct trace *trace, const struct gst_record *record, struct arena *arena);

/* Memory of the workloads whose trace says none. */
int trace_fill_memory(struct trace *trace, const struct trace_options *options, const struct importer *importer,
                      uint64_t seed, struct arena *arena, struct error *err);

#endif
