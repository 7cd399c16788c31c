/* results.h - the database of runs: SQLite, one writer, rows as they come.
 *
 * A run is a row of `run` that says 'incomplete' until results_finish; what was committed before a crash stays and
 * opens.  Each chunk of rows is one transaction.  The tables and the report_* views are described in
 * docs/results.md; schema.c creates them.
 */
#ifndef GS_RESULTS_H
#define GS_RESULTS_H

#include "sim/base/error.h"
#include "sim/results/report.h"
#include "sim/results/rows.h"
#include "sim/scenario/scenario.h"

struct results;
struct store;
struct store_point;

/* Open or create `path`, for several runs at the same time.  `alone`: nobody else may read or write it meanwhile, which
 * is safe on network file systems, too.  See results_open for the codes. */
int store_open(struct store **out, const char *path, bool alone, struct error *err);
/* Takes NULL. */
void store_close(struct store *store);

/* A run in `store`, for any thread; its row, its workloads, GPUs and nodes come with the first rows that are written, and
 * all that is handed in here must stay until then.  `point`: it is a point of a sweep (store.h); NULL: it is not. */
int results_begin(struct results **out, struct store *store, const struct store_point *point,
                  const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads,
                  const char *version, const char *provenance, struct error *err);

/* Open or create `path` and add a run: its row, its workloads, GPUs and nodes are committed when this returns.
 * GS_CANT_CREATE: it cannot be created or written, or is no database of this program; GS_BUSY: somebody else has been
 * writing for 5 s. */
int results_open(struct results **out, const char *path, const struct scenario *scenario,
                 const struct gs_workload_spec *spec, uint32_t workloads, const char *version, const char *provenance,
                 struct error *err);

/* What the driver says of the GPUs of a live run. */
int results_device(struct results *r, const char *device, struct error *err);

/* Further operations of a live run, as one transaction. */
int results_operations(struct results *r, const struct operation_row *row, size_t rows, struct error *err);

/* Number of the run in the database, from 1. */
int64_t results_run(const struct results *r);

/* The database has come to `record_limit`: rows are left out from there on.  What is there is without gaps up to then. */
bool results_is_full(const struct results *r);

/* Write a chunk.  Threads may call this and results_replication at the same time. */
int results_chunk(struct results *r, const struct chunk *chunk, struct error *err);

/* A replication is complete: its last chunk (may be NULL), time series and sums, in one transaction.  Sorts
 * sketches. */
int results_replication(struct results *r, const struct chunk *last, struct tally *tally, struct error *err);

/* The run is complete. */
int results_finish(struct results *r, const struct report *report, struct error *err);

/* Takes NULL.  A run that is not finished stays 'incomplete'. */
void results_close(struct results *r);

/* Read the report of a run back, `run` 0 = the last one; memory from `arena`.  It prints the same bytes as the run did.
 * GS_NO_INPUT: there is no such file; GS_BAD_INPUT: no such run, an incomplete one, or no database of this program;
 * GS_IO: it cannot be read. */
int results_load_report(struct report *report, const char *path, int64_t run, struct arena *arena, struct error *err);

#endif
