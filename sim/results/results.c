/* results.c - write runs into the database: transactions, one writer at a time. */
#include "sim/results/results.h"

#include "sim/results/results_parts.h"
#include "sim/results/schema.h"
#include "sim/results/store.h"

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
    [INSERT_SWEEP_POINT] = {"sweep_point", 4},
    [INSERT_SWEEP_VALUE] = {"sweep_value", 5},
    [INSERT_OPERATION] = {"operation", 8},
    [INSERT_SLA] = {"sla", 19},
};

static int prepare(struct store *s, struct error *err)
{
    for (int i = 0; i < INSERTS; i++) {
        char sql[256];
        int n = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(?", target[i].table);
        for (int c = 1; c < target[i].columns; c++)
            n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
        snprintf(sql + n, sizeof sql - (size_t)n, ")");
        if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->insert[i], NULL) != SQLITE_OK)
            return schema_error(s->db, s->path, err);
    }
    return GS_OK;
}

struct row row_begin(struct results *r, enum insert table)
{
    return (struct row){r->store->insert[table], 0};
}

int row_end(struct results *r, const struct row *row, struct error *err)
{
    int rc = sqlite3_step(row->statement) == SQLITE_DONE ? GS_OK : schema_error(r->store->db, r->store->path, err);
    sqlite3_reset(row->statement);
    return rc;
}

int store_begin(struct store *store, struct error *err)
{
    return schema_run(store->db, store->path, "BEGIN IMMEDIATE", err);
}

int store_end(struct store *store, int rc, struct error *err)
{
    if (rc == GS_OK)
        rc = schema_run(store->db, store->path, "COMMIT", err);
    if (rc != GS_OK && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int store_open(struct store **out, const char *path, bool alone, struct error *err)
{
    *out = NULL;
    size_t length = strlen(path) + 1;
    struct store *s = heap_resize(NULL, sizeof *s);
    char *copy = s ? heap_resize(NULL, length) : NULL;
    if (!copy) {
        heap_free(s);
        return error_set(err, GS_SYSTEM, "no memory for the database '%s'", path);
    }
    memcpy(copy, path, length);
    *s = (struct store){.path = copy};
    int rc = schema_open(&s->db, path, alone, err);
    if (rc == GS_OK && !(s->mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST)) && sqlite3_threadsafe())
        rc = error_set(err, GS_SYSTEM, "no memory for the database '%s'", path);
    if (rc == GS_OK)
        rc = prepare(s, err);
    if (rc != GS_OK) {
        store_close(s);
        return rc;
    }
    *out = s;
    return GS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < INSERTS; i++)
        sqlite3_finalize(store->insert[i]);
    sqlite3_close(store->db);
    sqlite3_mutex_free(store->mutex);
    heap_free(store->path);
    heap_free(store);
}

int results_begin(struct results **out, struct store *store, const struct store_point *point,
                  const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads,
                  const char *version, const char *provenance, struct error *err)
{
    struct results *r = *out = heap_resize(NULL, sizeof *r);
    if (!r)
        return error_set(err, GS_SYSTEM, "no memory for the database '%s'", store->path);
    *r = (struct results){.store = store,
                          .limit_bytes = scenario->record_limit,
                          .first = {point, scenario, spec, workloads, version, provenance}};
    r->is_brief = point && scenario->record == RECORD_SUMMARY;
    return GS_OK;
}

/* Is there no room for more rows?  From then on there never is, so that those of each replication end once.  In a
 * transaction, as threads ask. */
static int look_at_room(struct results *r, struct error *err)
{
    sqlite3_stmt *size = NULL;

    if (r->limit_bytes == 0 || r->is_full)
        return GS_OK;
    int rc =
        store_statement(r->store, &size, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", err);
    if (rc == GS_OK && sqlite3_step(size) == SQLITE_ROW)
        r->is_full = sqlite3_column_int64(size, 0) >= r->limit_bytes;
    sqlite3_finalize(size);
    return rc;
}

/* Begin a transaction; the run's own rows come first. */
static int begin(struct results *r, struct error *err)
{
    const struct first_rows *f = &r->first;
    sqlite3_mutex_enter(r->store->mutex);
    int rc = store_begin(r->store, err);
    if (rc == GS_OK)
        rc = look_at_room(r, err);
    if (rc != GS_OK || r->is_entered)
        return rc;
    rc = rows_run(r, f->scenario, f->spec, f->workloads, f->version, f->provenance, err);
    if (rc == GS_OK && f->point)
        rc = rows_point(r, f->point, err);
    return rc;
}

static int end(struct results *r, int rc, struct error *err)
{
    rc = store_end(r->store, rc, err);
    r->is_entered = r->is_entered || rc == GS_OK;
    sqlite3_mutex_leave(r->store->mutex);
    return rc;
}

int results_open(struct results **out, const char *path, const struct scenario *scenario,
                 const struct gs_workload_spec *spec, uint32_t workloads, const char *version, const char *provenance,
                 struct error *err)
{
    struct store *store;
    *out = NULL;
    int rc = store_open(&store, path, false, err);
    if (rc != GS_OK)
        return rc;
    rc = results_begin(out, store, NULL, scenario, spec, workloads, version, provenance, err);
    if (rc != GS_OK) {
        store_close(store);
        return rc;
    }
    (*out)->owns_store = true;
    rc = end(*out, begin(*out, err), err);
    if (rc != GS_OK) {
        results_close(*out);
        *out = NULL;
    }
    return rc;
}

int results_device(struct results *r, const char *device, struct error *err)
{
    int rc = begin(r, err);
    return end(r, rc == GS_OK ? rows_device(r, device, err) : rc, err);
}

bool results_is_full(const struct results *r)
{
    return r->is_full;
}

int results_operations(struct results *r, const struct operation_row *row, size_t rows, struct error *err)
{
    int rc = begin(r, err);
    return end(r, rc == GS_OK && !r->is_full ? rows_operations(r, row, rows, err) : rc, err);
}

int64_t results_run(const struct results *r)
{
    return r->run;
}

int results_chunk(struct results *r, const struct chunk *chunk, struct error *err)
{
    int rc = begin(r, err);
    return end(r, rc == GS_OK && !r->is_full ? rows_chunk(r, chunk, err) : rc, err);
}

int results_replication(struct results *r, const struct chunk *last, struct tally *tally, struct error *err)
{
    int rc = begin(r, err);
    if (rc == GS_OK && last && !r->is_full)
        rc = rows_chunk(r, last, err);
    if (rc == GS_OK)
        rc = rows_tally(r, tally, err);
    if (rc == GS_OK && !r->is_brief)
        rc = pool_add(r, tally, err);
    return end(r, rc, err);
}

int results_finish(struct results *r, const struct report *report, struct error *err)
{
    int rc = begin(r, err);
    return end(r, rc == GS_OK ? rows_report(r, report, err) : rc, err);
}

void results_close(struct results *r)
{
    if (!r)
        return;
    pool_fini(r);
    if (r->owns_store)
        store_close(r->store);
    heap_free(r);
}
