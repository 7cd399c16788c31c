/* stored.h - a native trace too large for memory: its workloads are known, what they ask for lies on disk.
 *
 * The file is read and checked once.  Memory is proportional to the workloads; for each there is a list of its bursts of
 * a closed loop, its runs, changes of memory and updates, and one list for the requests and the bursts of open loops of
 * all.  Once made, it may be read by several threads.
 */
#ifndef GS_TRACES_STORED_H
#define GS_TRACES_STORED_H

#include "traces/spool.h"
#include "traces/trace.h"

enum stored_list { STORED_BURSTS, STORED_RUNS, STORED_RESIZES, STORED_UPDATES, STORED_LISTS };

struct stored_workload {
    uint64_t first[STORED_LISTS]; /* for spool_reader.next */
    uint64_t iterations;          /* of all its runs; of a cut-off recording, those it has room for */
    bool changes_request;         /* an update of `req` is among them */
};

struct stored_wish { /* a request, or a burst of an open loop */
    int64_t at_ns, work_ns, grow_bytes, keep_bytes;
    int64_t first_ns; /* of work_ns, until the first token; 0: none */
    uint32_t member;  /* index of its workload */
};

struct trace_stored {
    struct spool *spool;
    struct stored_workload *workload; /* one for each of the trace's */
    uint32_t *member;                 /* by number of the W record; UINT32_MAX: not selected */
    uint64_t wishes;                  /* by time, then workload, then bursts before requests; for spool_reader.next */
};

/* Read options->file, a native trace, and select, as trace_load does.  `trace` gets the workloads: bursts, runs, requests,
 * resizes and updates are counts, the arrays are NULL.  `loop` as in [trace.NAME]: -1 as recorded, 0 closed, 1 open.
 * Errors as of trace_load and spool_open; after one there is nothing to close. */
int trace_store(struct trace_stored *stored, struct trace *trace, const struct trace_options *options, int loop,
                uint64_t seed, struct arena *arena, struct error *err);
void trace_stored_close(struct trace_stored *stored); /* takes NULL */

/* The next of a list, as trace_load would have it; *more = false: there is none.  Errors: GS_IO. */
int stored_burst(const struct trace_stored *stored, struct spool_reader *reader, struct trace_burst *burst, bool *more,
                 struct error *err);
int stored_run(const struct trace_stored *stored, struct spool_reader *reader, struct trace_run *run, bool *more,
               struct error *err);
int stored_resize(const struct trace_stored *stored, struct spool_reader *reader, struct trace_resize *resize,
                  bool *more, struct error *err);
int stored_update(const struct trace_stored *stored, struct spool_reader *reader, struct trace_update *update,
                  bool *more, struct error *err);
int stored_wish(const struct trace_stored *stored, struct spool_reader *reader, struct stored_wish *wish, bool *more,
                struct error *err);

#endif
