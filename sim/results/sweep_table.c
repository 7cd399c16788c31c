/* sweep_table.c - a sweep read back from its database: which points are done, and the report of each; JSON and CSV. */
#include "sim/results/json.h"
#include "sim/results/report_parts.h"
#include "sim/results/results_parts.h"
#include "sim/results/schema.h"
#include "sim/results/store.h"

#include <string.h>

static int failed(const struct sweep_table *t, struct error *err)
{
    return schema_error(t->db, t->path, err);
}

static int no_memory(const struct sweep_table *t, struct error *err)
{
    return error_set(err, GS_SYSTEM, "no memory for the sweep of '%s'", t->path);
}

static int query(const struct sweep_table *t, sqlite3_stmt **statement, const char *sql, int64_t number,
                 struct error *err)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(t->db, sql, -1, statement, NULL) != SQLITE_OK)
        return failed(t, err);
    sqlite3_bind_int64(*statement, 1, number);
    return GS_OK;
}

static const char *text(sqlite3_stmt *s, int column, struct arena *arena)
{
    const char *value = (const char *)sqlite3_column_text(s, column);
    return arena_strdup(arena, value ? value : "");
}

static int read_head(struct sweep_table *t, struct arena *arena, struct error *err)
{
    sqlite3_stmt *s;
    int rc = query(t, &s,
                   "SELECT sweep, scenario, design, version, hash, points FROM sweep WHERE sweep = ?1 OR ?1 = 0"
                   " ORDER BY sweep DESC LIMIT 1",
                   t->sweep, err);
    if (rc != GS_OK)
        return rc;
    int step = sqlite3_step(s);
    if (step == SQLITE_ROW) {
        t->sweep = sqlite3_column_int64(s, 0);
        t->scenario = text(s, 1, arena);
        t->design = text(s, 2, arena);
        t->version = text(s, 3, arena);
        t->hash = text(s, 4, arena);
        t->points = sqlite3_column_int64(s, 5);
        rc = t->scenario && t->design && t->version && t->hash ? GS_OK : no_memory(t, err);
    } else {
        rc = step == SQLITE_DONE ? error_set(err, GS_BAD_INPUT, "'%s' holds no sweep", t->path) : failed(t, err);
    }
    sqlite3_finalize(s);
    return rc;
}

static int read_keys(struct sweep_table *t, struct arena *arena, struct error *err)
{
    sqlite3_stmt *s;
    size_t capacity = 0, widths = 0;
    int step,
        rc = query(t, &s,
                   "SELECT key, (SELECT max(length(value)) FROM sweep_value AS v"
                   " WHERE v.sweep = k.sweep AND v.axis = k.axis) FROM sweep_key AS k WHERE sweep = ?1 ORDER BY axis",
                   t->sweep, err);
    if (rc != GS_OK)
        return rc;
    while (rc == GS_OK && (step = sqlite3_step(s)) == SQLITE_ROW) {
        void *key = arena_grow(arena, t->key, &capacity, t->keys + 1, sizeof *t->key);
        void *width = arena_grow(arena, t->width, &widths, t->keys + 1, sizeof *t->width);
        t->key = key ? key : t->key;
        t->width = width ? width : t->width;
        if (!key || !width || !(t->key[t->keys] = text(s, 0, arena)))
            rc = no_memory(t, err);
        else
            t->width[t->keys++] = sqlite3_column_int(s, 1);
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = failed(t, err);
    sqlite3_finalize(s);
    return rc;
}

static int read_done(struct sweep_table *t, struct arena *arena, struct error *err)
{
    sqlite3_stmt *s;
    size_t points = 0, runs = 0;
    int step, rc = query(t, &s,
                         "SELECT point, run FROM sweep_point JOIN run USING(run)"
                         " WHERE sweep = ?1 AND status = 'complete' ORDER BY point",
                         t->sweep, err);
    if (rc != GS_OK)
        return rc;
    while (rc == GS_OK && (step = sqlite3_step(s)) == SQLITE_ROW) {
        void *point = arena_grow(arena, t->point, &points, t->done + 1, sizeof *t->point);
        void *run = arena_grow(arena, t->run, &runs, t->done + 1, sizeof *t->run);
        t->point = point ? point : t->point;
        t->run = run ? run : t->run;
        if (!point || !run) {
            rc = no_memory(t, err);
        } else {
            t->point[t->done] = sqlite3_column_int64(s, 0);
            t->run[t->done++] = sqlite3_column_int64(s, 1);
        }
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = failed(t, err);
    sqlite3_finalize(s);
    return rc;
}

int sweep_table_open(struct sweep_table *t, const char *path, int64_t sweep, struct arena *arena, struct error *err)
{
    sqlite3 *db;
    *t = (struct sweep_table){.path = path, .sweep = sweep};
    int rc = schema_open_read(&db, path, err);
    if (rc != GS_OK)
        return rc;
    t->db = db;
    rc = schema_run(db, path, "BEGIN", err); /* one view of it, and locked once */
    if (rc == GS_OK)
        rc = read_head(t, arena, err);
    if (rc == GS_OK)
        rc = read_keys(t, arena, err);
    if (rc == GS_OK)
        rc = read_done(t, arena, err);
    if (rc != GS_OK)
        sweep_table_close(t);
    return rc;
}

void sweep_table_close(struct sweep_table *t)
{
    sqlite3_close(t->db);
    t->db = NULL;
}

int sweep_table_point(const struct sweep_table *t, size_t i, const char **value, struct report *report,
                      struct arena *arena, struct error *err)
{
    sqlite3_stmt *s;
    size_t n = 0;
    int step = SQLITE_DONE,
        rc = query(t, &s, "SELECT value FROM sweep_value WHERE sweep = ?1 AND point = ?2 ORDER BY axis", t->sweep, err);
    if (rc != GS_OK)
        return rc;
    sqlite3_bind_int64(s, 2, t->point[i]);
    while (rc == GS_OK && n < t->keys && (step = sqlite3_step(s)) == SQLITE_ROW)
        if (!(value[n++] = text(s, 0, arena)))
            rc = no_memory(t, err);
    if (rc == GS_OK && n < t->keys)
        rc = step == SQLITE_DONE
                 ? error_set(err, GS_IO, "'%s' lacks values of point %lld", t->path, (long long)t->point[i])
                 : failed(t, err);
    sqlite3_finalize(s);
    return rc == GS_OK ? report_load(report, t->db, t->path, t->run[i], arena, err) : rc;
}

/* One point after the other, so that a large sweep needs the memory of one. */
static int each_point(struct text *out, const struct sweep_table *t,
                      void (*add)(struct text *out, const struct sweep_table *t, size_t i, const char *const *value,
                                  const struct report *report),
                      struct error *err)
{
    int rc = GS_OK;
    for (size_t i = 0; i < t->done && rc == GS_OK; i++) {
        struct arena arena = {0};
        struct report report;
        const char **value = arena_array(&arena, t->keys, sizeof *value);
        rc = value ? sweep_table_point(t, i, value, &report, &arena, err) : no_memory(t, err);
        if (rc == GS_OK)
            add(out, t, i, value, &report);
        arena_fini(&arena);
    }
    return rc;
}

static void json_point(struct text *out, const struct sweep_table *t, size_t i, const char *const *value,
                       const struct report *report)
{
    json_number(out, i ? ",\n {" : "\n {", "point", (double)t->point[i]);
    json_number(out, ",", "run", (double)t->run[i]);
    text_add(out, ",\"values\":");
    for (size_t k = 0; k < t->keys; k++)
        json_text(out, k ? "," : "{", t->key[k], value[k]);
    text_printf(out, "},\"sla_met\":%s,\n \"report\":", report_sla_met(report) ? "true" : "false");
    report_json(out, report);
    text_add(out, " }");
}

int sweep_json(struct text *out, const struct sweep_table *t, struct error *err)
{
    json_text(out, "{", "sweep", t->scenario);
    json_text(out, ",", "version", t->version);
    json_text(out, ",", "hash", t->hash);
    json_text(out, ",", "design", t->design);
    json_number(out, ",", "of", (double)t->points);
    json_number(out, ",", "done", (double)t->done);
    text_add(out, ",\"keys\":[");
    for (size_t k = 0; k < t->keys; k++) {
        text_add(out, k ? "," : "");
        text_json_string(out, t->key[k]);
    }
    text_add(out, "],\"points\":[");
    int rc = each_point(out, t, json_point, err);
    text_add(out, "]}\n");
    return rc;
}

static void csv_point(struct text *out, const struct sweep_table *t, size_t i, const char *const *value,
                      const struct report *report)
{
    struct text prefix = {0};
    text_printf(&prefix, "%lld,%lld,", (long long)t->point[i], (long long)t->run[i]);
    for (size_t k = 0; k < t->keys; k++) {
        csv_field(&prefix, value[k]);
        text_add(&prefix, ",");
    }
    out->failed |= prefix.failed;
    if (!prefix.failed)
        csv_rows(out, prefix.data, report);
    text_fini(&prefix);
}

int sweep_csv(struct text *out, const struct sweep_table *t, struct error *err)
{
    text_add(out, "point,run,");
    for (size_t k = 0; k < t->keys; k++) {
        csv_field(out, t->key[k]);
        text_add(out, ",");
    }
    text_add(out, "scope,name,metric,value,ci_low,ci_high,n\n");
    return each_point(out, t, csv_point, err);
}
