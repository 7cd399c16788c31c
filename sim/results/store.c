/* store.c - sweeps in the database: which points they have, which are done, and what a kill left of the others. */
#include "sim/results/store.h"

#include "sim/results/results_parts.h"
#include "sim/results/schema.h"

#include <inttypes.h>
#include <stdio.h>

void store_hash_text(char out[STORE_HASH], uint64_t hash)
{
    snprintf(out, STORE_HASH, "%016" PRIx64, hash);
}

int rows_point(struct results *r, const struct store_point *point, struct error *err)
{
    struct row row = row_begin(r, INSERT_SWEEP_POINT);
    put_integer(&row, point->sweep);
    put_integer(&row, point->point);
    put_integer(&row, r->run);
    put_text(&row, point->hash);
    int rc = row_end(r, &row, err);
    for (size_t i = 0; i < point->choices && rc == GS_OK; i++) {
        row = row_begin(r, INSERT_SWEEP_VALUE);
        put_integer(&row, point->sweep);
        put_integer(&row, point->point);
        put_integer(&row, (int64_t)i);
        put_text(&row, point->choice[i].key);
        put_text(&row, point->choice[i].value);
        rc = row_end(r, &row, err);
    }
    return rc;
}

int store_statement(struct store *store, sqlite3_stmt **statement, const char *sql, struct error *err)
{
    *statement = NULL;
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK
               ? GS_OK
               : schema_error(store->db, store->path, err);
}

/* Take the last row of a statement that writes, and end it. */
static int finish(struct store *store, sqlite3_stmt *statement, struct error *err)
{
    int rc = sqlite3_step(statement) == SQLITE_DONE ? GS_OK : schema_error(store->db, store->path, err);
    sqlite3_finalize(statement);
    return rc;
}

static int find(struct store *store, const char *hash, int64_t *sweep, struct error *err)
{
    sqlite3_stmt *s;
    int rc = store_statement(store, &s, "SELECT sweep FROM sweep WHERE hash = ?", err);
    if (rc != GS_OK)
        return rc;
    sqlite3_bind_text(s, 1, hash, -1, SQLITE_STATIC);
    int step = sqlite3_step(s);
    *sweep = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        rc = schema_error(store->db, store->path, err);
    sqlite3_finalize(s);
    return rc;
}

static int enter(struct store *store, const struct store_sweep *what, int64_t *sweep, struct error *err)
{
    sqlite3_stmt *s;
    int rc = store_statement(store, &s, "INSERT INTO sweep VALUES(NULL, ?, ?, ?, ?, ?)", err);
    if (rc != GS_OK)
        return rc;
    struct row row = {s, 0};
    put_text(&row, what->hash);
    put_text(&row, what->scenario);
    put_text(&row, sweep_design_name(what->sweep));
    put_integer(&row, what->sweep->points);
    put_text(&row, what->version);
    rc = finish(store, s, err);
    *sweep = sqlite3_last_insert_rowid(store->db);
    for (size_t i = 0; i < what->sweep->axes && rc == GS_OK; i++) {
        rc = store_statement(store, &s, "INSERT INTO sweep_key VALUES(?, ?, ?, ?)", err);
        row = (struct row){s, 0};
        put_integer(&row, *sweep);
        put_integer(&row, (int64_t)i);
        put_text(&row, what->sweep->axis[i].key);
        put_text(&row, what->sweep->axis[i].text);
        if (rc == GS_OK)
            rc = finish(store, s, err);
    }
    return rc;
}

const char *const store_run_tables = "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND"
                                     " (SELECT name FROM pragma_table_info(t.name) WHERE cid = 0) = 'run'"
                                     " ORDER BY name <> 'run', name";

/* Rows of runs that were points of a sweep and did not come to their end. */
static int sweep_away(struct store *store, struct error *err)
{
    sqlite3_stmt *table;
    char sql[256];
    int rc = schema_run(store->db, store->path,
                        "CREATE TEMP TABLE partial AS SELECT run FROM sweep_point JOIN run USING(run)"
                        " WHERE status <> 'complete'",
                        err);
    if (rc != GS_OK || (rc = store_statement(store, &table, store_run_tables, err)) != GS_OK)
        return rc;
    int step = SQLITE_ROW;
    while (rc == GS_OK && (step = sqlite3_step(table)) == SQLITE_ROW) {
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE EXISTS (SELECT 1 FROM partial) AND run IN partial",
                 (const char *)sqlite3_column_text(table, 0));
        rc = schema_run(store->db, store->path, sql, err);
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = schema_error(store->db, store->path, err);
    sqlite3_finalize(table);
    if (rc == GS_OK)
        rc = schema_run(store->db, store->path,
                        "DELETE FROM sweep_value WHERE (sweep, point) IN"
                        " (SELECT sweep, point FROM sweep_point WHERE run IN partial);"
                        "DELETE FROM sweep_point WHERE run IN partial; DROP TABLE partial",
                        err);
    return rc;
}

int store_sweep(struct store *store, const struct store_sweep *what, int64_t *sweep, struct error *err)
{
    int rc = store_begin(store, err);
    if (rc != GS_OK)
        return rc;
    rc = find(store, what->hash, sweep, err);
    if (rc == GS_OK && *sweep == 0)
        rc = enter(store, what, sweep, err);
    if (rc == GS_OK)
        rc = sweep_away(store, err);
    return store_end(store, rc, err);
}

int store_done(struct store *store, int64_t sweep, int (*visit)(void *context, int64_t point, const char *hash),
               void *context, struct error *err)
{
    sqlite3_stmt *s;
    int step = SQLITE_ROW;
    int rc = store_statement(store, &s,
                             "SELECT point, hash FROM sweep_point JOIN run USING(run)"
                             " WHERE sweep = ? AND status = 'complete' ORDER BY point",
                             err);
    if (rc != GS_OK)
        return rc;
    sqlite3_bind_int64(s, 1, sweep);
    while (rc == GS_OK && (step = sqlite3_step(s)) == SQLITE_ROW)
        rc = visit(context, sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1));
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = schema_error(store->db, store->path, err);
    sqlite3_finalize(s);
    return rc;
}

int64_t points_text(struct text *out, int64_t points, bool (*is)(const void *context, int64_t point),
                    const void *context)
{
    enum { RANGES = 12 };
    int64_t count = 0, ranges = 0;
    for (int64_t p = 1; p <= points; p++) {
        int64_t first = p;
        if (!is(context, p))
            continue;
        while (p < points && is(context, p + 1))
            p++;
        count += p - first + 1;
        ranges++;
        if (ranges == RANGES + 1)
            text_add(out, ", ...");
        if (ranges > RANGES)
            continue;
        text_printf(out, "%s%lld", ranges > 1 ? ", " : "", (long long)first);
        if (p > first)
            text_printf(out, "%s%lld", p > first + 1 ? "-" : ", ", (long long)p);
    }
    return count;
}
