/* results_parts.h - what the files that write the database share: prepared inserts and a cursor that binds a row. */
#ifndef GS_RESULTS_PARTS_H
#define GS_RESULTS_PARTS_H

#include "sim/results/results.h"

#include <math.h>
#include <sqlite3.h>

enum insert {
    INSERT_RUN,
    INSERT_GROUP,
    INSERT_WORKLOAD,
    INSERT_NODE,
    INSERT_GPU,
    INSERT_REPLICATION,
    INSERT_BURST,
    INSERT_RESIDENCY,
    INSERT_EVENT,
    INSERT_COMMAND,
    INSERT_CANDIDATE,
    INSERT_GPU_USAGE,
    INSERT_SWAP_USAGE,
    INSERT_REPLICATION_GROUP,
    INSERT_REPLICATION_GPU,
    INSERT_REPLICATION_NODE,
    INSERT_METRIC,
    INSERT_DISTRIBUTION,
    INSERT_SLA,
    INSERT_SWEEP_POINT,
    INSERT_SWEEP_VALUE,
    INSERT_OPERATION,
    INSERTS
};

enum { DISTRIBUTIONS = 3 }; /* response, slowdown, time to the first token */

/* An open database; one thread at a time uses it. */
struct store {
    sqlite3 *db;
    sqlite3_mutex *mutex;
    sqlite3_stmt *insert[INSERTS];
    char *path;
};

/* What the first rows of a run are made of, while they are not written. */
struct first_rows {
    const struct store_point *point;
    const struct scenario *scenario;
    const struct gs_workload_spec *spec;
    uint32_t workloads;
    const char *version, *provenance;
};

struct results {
    struct store *store;
    bool owns_store;
    bool is_entered; /* its row is there */
    bool is_brief;   /* no time series and distributions: a point of a sweep with record = summary */
    struct first_rows first;
    int64_t run;
    struct sketch *pool; /* [group][DISTRIBUTIONS], of all replications so far; NULL before the first */
    uint32_t groups;
    uint64_t operations; /* rows so far */
    int64_t limit_bytes; /* `record_limit` */
    bool is_full;        /* it has come to that */
};

/* A row under way: put its columns in the order of the table, then end it. */
struct row {
    sqlite3_stmt *statement;
    int column;
};

struct row row_begin(struct results *r, enum insert table);
/* Insert it; GS_OK or the error. */
int row_end(struct results *r, const struct row *row, struct error *err);

/* A transaction: commit if all went well, else undo; the first error counts. */
int store_begin(struct store *store, struct error *err);
int store_end(struct store *store, int rc, struct error *err);

static inline void put_integer(struct row *row, int64_t value)
{
    sqlite3_bind_int64(row->statement, ++row->column, value);
}

/* Not finite = NULL. */
static inline void put_real(struct row *row, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(row->statement, ++row->column, value);
    else
        sqlite3_bind_null(row->statement, ++row->column);
}

/* The text must stay until row_end; NULL = NULL. */
static inline void put_text(struct row *row, const char *text)
{
    sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC);
}

/* GS_NEVER = NULL. */
static inline void put_time(struct row *row, gs_ns ns)
{
    if (ns == GS_NEVER)
        sqlite3_bind_null(row->statement, ++row->column);
    else
        put_integer(row, ns);
}

/* -1 = NULL. */
static inline void put_past(struct row *row, gs_ns ns)
{
    put_time(row, ns < 0 ? GS_NEVER : ns);
}

/* GS_NONE = NULL. */
static inline void put_id(struct row *row, uint32_t id)
{
    put_time(row, id == GS_NONE ? GS_NEVER : (gs_ns)id);
}

/* results_rows.c: all rows of a chunk; the time series and sums of a replication. */
int rows_chunk(struct results *r, const struct chunk *chunk, struct error *err);
int rows_operations(struct results *r, const struct operation_row *row, size_t rows, struct error *err);
int rows_tally(struct results *r, struct tally *tally, struct error *err);

/* results_distribution.c: pool the sketches of a replication; write the pooled distribution functions; free the pool. */
int pool_add(struct results *r, const struct tally *t, struct error *err);
int pool_rows(struct results *r, struct error *err);
void pool_fini(struct results *r);

/* results_run.c: what is known of a run before it starts, and at its end. */
int rows_run(struct results *r, const struct scenario *scenario, const struct gs_workload_spec *spec,
             uint32_t workloads, const char *version, const char *provenance, struct error *err);
int rows_device(struct results *r, const char *device, struct error *err);
int rows_report(struct results *r, const struct report *report, struct error *err);

/* store.c: the rows that say which point of a sweep a run is; the names of the tables whose rows belong to a run. */
struct store_point;
int rows_point(struct results *r, const struct store_point *point, struct error *err);
extern const char *const store_run_tables;
int store_statement(struct store *store, sqlite3_stmt **statement, const char *sql, struct error *err);

/* results_load.c: the report of a run, from a database that is open. */
int report_load(struct report *report, sqlite3 *db, const char *path, int64_t run, struct arena *arena,
                struct error *err);

#endif
