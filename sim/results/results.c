/* results.c - write a run into the database: transactions, one writer at a time. */
#include "sim/results/results.h"

#include "sim/results/results_parts.h"
#include "sim/results/schema.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *table;
    int columns;
} target[INSERTS] = {
    [INSERT_RUN] = {"run", 25},
    [INSERT_GROUP] = {"workload_group", 4},
    [INSERT_WORKLOAD] = {"workload", 11},
    [INSERT_NODE] = {"node", 4},
    [INSERT_GPU] = {"gpu", 6},
    [INSERT_REPLICATION] = {"replication", 7},
    [INSERT_BURST] = {"burst", 19},
    [INSERT_RESIDENCY] = {"residency", 8},
    [INSERT_EVENT] = {"event", 10},
    [INSERT_COMMAND] = {"command", 16},
    [INSERT_CANDIDATE] = {"candidate", 6},
    [INSERT_GPU_USAGE] = {"gpu_usage", 10},
    [INSERT_SWAP_USAGE] = {"swap_usage", 7},
    [INSERT_REPLICATION_GROUP] = {"replication_group", 65},
    [INSERT_REPLICATION_GPU] = {"replication_gpu", 10},
    [INSERT_REPLICATION_NODE] = {"replication_node", 7},
    [INSERT_METRIC] = {"metric", 7},
    [INSERT_DISTRIBUTION] = {"distribution", 5},
    [INSERT_SLA] = {"sla", 19},
};

static int prepare(struct results *r, struct error *err)
{
    for (int i = 0; i < INSERTS; i++) {
        char sql[256];
        int n = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(?", target[i].table);
        for (int c = 1; c < target[i].columns; c++)
            n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
        snprintf(sql + n, sizeof sql - (size_t)n, ")");
        if (sqlite3_prepare_v3(r->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &r->insert[i], NULL) != SQLITE_OK)
            return schema_error(r->db, r->path, err);
    }
    return GS_OK;
}

struct row row_begin(struct results *r, enum insert table)
{
    return (struct row){r->insert[table], 0};
}

int row_end(struct results *r, const struct row *row, struct error *err)
{
    int rc = sqlite3_step(row->statement) == SQLITE_DONE ? GS_OK : schema_error(r->db, r->path, err);
    sqlite3_reset(row->statement);
    return rc;
}

static int begin(struct results *r, struct error *err)
{
    return schema_run(r->db, r->path, "BEGIN IMMEDIATE", err);
}

/* Commit if all went well, else undo; the first error counts. */
static int end(struct results *r, int rc, struct error *err)
{
    if (rc == GS_OK)
        rc = schema_run(r->db, r->path, "COMMIT", err);
    if (rc != GS_OK && !sqlite3_get_autocommit(r->db))
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int results_open(struct results **out, const char *path, const struct scenario *scenario,
                 const struct gs_workload_spec *spec, uint32_t workloads, const char *version, const char *provenance,
                 struct error *err)
{
    *out = NULL;
    size_t length = strlen(path) + 1;
    struct results *r = heap_resize(NULL, sizeof *r);
    char *copy = r ? heap_resize(NULL, length) : NULL;
    if (!copy) {
        heap_free(r);
        return error_set(err, GS_SYSTEM, "no memory for the database '%s'", path);
    }
    memcpy(copy, path, length);
    *r = (struct results){.path = copy};
    int rc = schema_open(&r->db, path, err);
    if (rc == GS_OK && !(r->mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST)) && sqlite3_threadsafe())
        rc = error_set(err, GS_SYSTEM, "no memory for the database '%s'", path);
    if (rc == GS_OK)
        rc = prepare(r, err);
    if (rc == GS_OK && (rc = begin(r, err)) == GS_OK)
        rc = end(r, rows_run(r, scenario, spec, workloads, version, provenance, err), err);
    if (rc != GS_OK) {
        results_close(r);
        return rc;
    }
    *out = r;
    return GS_OK;
}

int64_t results_run(const struct results *r)
{
    return r->run;
}

int results_chunk(struct results *r, const struct chunk *chunk, struct error *err)
{
    sqlite3_mutex_enter(r->mutex);
    int rc = begin(r, err);
    if (rc == GS_OK)
        rc = end(r, rows_chunk(r, chunk, err), err);
    sqlite3_mutex_leave(r->mutex);
    return rc;
}

int results_replication(struct results *r, const struct chunk *last, struct tally *tally, struct error *err)
{
    sqlite3_mutex_enter(r->mutex);
    int rc = begin(r, err);
    if (rc == GS_OK) {
        int written = last ? rows_chunk(r, last, err) : GS_OK;
        if (written == GS_OK)
            written = rows_tally(r, tally, err);
        if (written == GS_OK)
            written = pool_add(r, tally, err);
        rc = end(r, written, err);
    }
    sqlite3_mutex_leave(r->mutex);
    return rc;
}

int results_finish(struct results *r, const struct report *report, struct error *err)
{
    sqlite3_mutex_enter(r->mutex);
    int rc = begin(r, err);
    if (rc == GS_OK)
        rc = end(r, rows_report(r, report, err), err);
    sqlite3_mutex_leave(r->mutex);
    return rc;
}

void results_close(struct results *r)
{
    if (!r)
        return;
    for (int i = 0; i < INSERTS; i++)
        sqlite3_finalize(r->insert[i]);
    pool_fini(r);
    sqlite3_close(r->db);
    sqlite3_mutex_free(r->mutex);
    heap_free(r->path);
    heap_free(r);
}
