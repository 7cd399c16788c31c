/* results_load.c - read the report of a run back from its rows. */
#include "sim/results/results_parts.h"
#include "sim/results/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stored_metric {
    const char *scope, *name;
    struct interval value;
};

struct loading {
    sqlite3 *db;
    struct stored_metric *metric; /* in the order of their key */
    size_t metrics;
    const char *path;
    int64_t run;
    struct report *report;
    struct arena *arena;
    struct error *err;
    bool no_memory;
};

static int failed(struct loading *l)
{
    schema_error(l->db, l->path, l->err);
    if (l->err->code == GS_CANT_CREATE || l->err->code == GS_BUG)
        l->err->code = GS_IO;
    return l->err->code;
}

static int no_memory(struct loading *l)
{
    return error_set(l->err, GS_SYSTEM, "no memory for the report of '%s'", l->path);
}

/* `sql` for the run; ?1 is its number. */
static int query(struct loading *l, sqlite3_stmt **statement, const char *sql)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(l->db, sql, -1, statement, NULL) != SQLITE_OK)
        return failed(l);
    sqlite3_bind_int64(*statement, 1, l->run);
    return GS_OK;
}

static double real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

/* In the arena; NULL stays NULL. */
static const char *text(struct loading *l, sqlite3_stmt *s, int column)
{
    const unsigned char *value = sqlite3_column_text(s, column);
    if (!value)
        return NULL;
    const char *copy = arena_strdup(l->arena, (const char *)value);
    l->no_memory |= !copy;
    return copy;
}

static struct interval interval(sqlite3_stmt *s, int column)
{
    return (struct interval){real(s, column), real(s, column + 1), real(s, column + 2),
                             (uint64_t)sqlite3_column_int64(s, column + 3)};
}

/* An incomplete run has no report; name the last one that has. */
static int incomplete(struct loading *l)
{
    sqlite3_stmt *s;
    long long done = 0, of = 0, complete = 0;
    int rc = query(l, &s,
                   "SELECT (SELECT count(*) FROM replication WHERE run = ?1), replications,"
                   " (SELECT max(run) FROM run WHERE status <> 'incomplete') FROM run WHERE run = ?1");
    if (rc != GS_OK)
        return rc;
    if (sqlite3_step(s) == SQLITE_ROW) {
        done = sqlite3_column_int64(s, 0);
        of = sqlite3_column_int64(s, 1);
        complete = sqlite3_column_int64(s, 2);
    }
    sqlite3_finalize(s);
    if (complete > 0)
        return error_set(l->err, GS_BAD_INPUT,
                         "run %lld in '%s' is incomplete: it ended after %lld of %lld replications; run it "
                         "again, or ask for the last complete one with --run %lld",
                         (long long)l->run, l->path, done, of, complete);
    return error_set(l->err, GS_BAD_INPUT,
                     "run %lld in '%s' is incomplete: it ended after %lld of %lld replications; run it again",
                     (long long)l->run, l->path, done, of);
}

static int run_row(struct loading *l)
{
    sqlite3_stmt *s;
    struct report *r = l->report;
    int rc =
        query(l, &s,
              "SELECT run, status, scenario, version, provenance, victim, slicer, cap, prefetch, place, parameters,"
              " policy, length, limits, next, seed, is_random, device FROM run WHERE run = ?1 OR ?1 = 0 ORDER BY run "
              "DESC LIMIT 1");
    if (rc != GS_OK)
        return rc;
    int step = sqlite3_step(s);
    if (step == SQLITE_ROW) {
        l->run = r->number = sqlite3_column_int64(s, 0);
        const char *status = (const char *)sqlite3_column_text(s, 1);
        bool complete = strcmp(status, "incomplete") != 0;
        r->interrupted = strcmp(status, "interrupted") == 0;
        const char **field[] = {&r->scenario, &r->version,  &r->provenance, &r->victim,     &r->slicer,
                                &r->cap,      &r->prefetch, &r->place,      &r->parameters, &r->policy,
                                &r->length,   &r->limits,   &r->next};
        for (int i = 0; i < (int)(sizeof field / sizeof field[0]); i++)
            *field[i] = text(l, s, 2 + i);
        r->seed = (uint64_t)sqlite3_column_int64(s, 15);
        r->is_random = sqlite3_column_int(s, 16) != 0;
        r->device = sqlite3_column_type(s, 17) == SQLITE_NULL ? NULL : text(l, s, 17);
        rc = complete ? GS_OK : incomplete(l);
    } else if (step == SQLITE_DONE && l->run) {
        rc = error_set(l->err, GS_BAD_INPUT, "'%s' has no run %lld", l->path, (long long)l->run);
    } else if (step == SQLITE_DONE) {
        rc = error_set(l->err, GS_BAD_INPUT, "'%s' holds no runs", l->path);
    } else {
        rc = failed(l);
    }
    sqlite3_finalize(s);
    return rc;
}

/* Count the rows of a table, make the array, and fill each item's one or two names. */
static int names(struct loading *l, const char *count_sql, const char *sql, size_t size, size_t first, size_t second,
                 void **array, size_t *count)
{
    sqlite3_stmt *s;
    int rc = query(l, &s, count_sql);
    if (rc != GS_OK)
        return rc;
    size_t n = sqlite3_step(s) == SQLITE_ROW ? (size_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    char *items = arena_array(l->arena, n, size);
    if (!items)
        return no_memory(l);
    if ((rc = query(l, &s, sql)) != GS_OK)
        return rc;
    *count = 0;
    int step = SQLITE_DONE;
    while (*count < n && (step = sqlite3_step(s)) == SQLITE_ROW) {
        char *item = items + (*count)++ * size;
        *(const char **)(void *)(item + first) = text(l, s, 0);
        if (second != SIZE_MAX)
            *(const char **)(void *)(item + second) = text(l, s, 1);
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        rc = failed(l);
    sqlite3_finalize(s);
    *array = items;
    return rc;
}

static int sla_rows(struct loading *l)
{
    sqlite3_stmt *s;
    size_t i = 0;
    int rc = query(l, &s,
                   "SELECT name, grp, class, metric, target, value, ci_low, ci_high, n, met, attainment, floor,"
                   " missed, alone, goodput_per_s, goodput_ci_low, goodput_ci_high, n FROM sla"
                   " WHERE run = ?1 ORDER BY sla");
    if (rc != GS_OK)
        return rc;
    int step = SQLITE_DONE;
    while (i < l->report->slas && (step = sqlite3_step(s)) == SQLITE_ROW) {
        l->report->sla[i++] = (struct report_sla){
            .name = text(l, s, 0),
            .group = text(l, s, 1),
            .class = text(l, s, 2),
            .metric = text(l, s, 3),
            .target = real(s, 4),
            .value = interval(s, 5),
            .met = sqlite3_column_int(s, 9) != 0,
            .attainment = real(s, 10),
            .is_floor = sqlite3_column_int(s, 11) != 0,
            .missed = text(l, s, 12),
            .alone = real(s, 13),
            .goodput_per_s = interval(s, 14),
        };
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        rc = failed(l);
    sqlite3_finalize(s);
    return rc;
}

/* All numbers of the run at once. */
static int metric_rows(struct loading *l)
{
    sqlite3_stmt *s;
    size_t capacity = 0;
    int step = SQLITE_DONE;
    int rc =
        query(l, &s, "SELECT scope, name, value, ci_low, ci_high, n FROM metric WHERE run = ?1 ORDER BY scope, name");
    if (rc != GS_OK)
        return rc;
    while (!l->no_memory && (step = sqlite3_step(s)) == SQLITE_ROW) {
        void *grown = arena_grow(l->arena, l->metric, &capacity, l->metrics + 1, sizeof *l->metric);
        l->no_memory |= !grown;
        l->metric = grown ? grown : l->metric;
        if (grown)
            l->metric[l->metrics++] = (struct stored_metric){text(l, s, 0), text(l, s, 1), interval(s, 2)};
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        rc = failed(l);
    sqlite3_finalize(s);
    return rc == GS_OK && l->no_memory ? no_memory(l) : rc;
}

static int by_key(const void *a, const void *b)
{
    const struct stored_metric *x = a, *y = b;
    int order = strcmp(x->scope, y->scope);
    return order ? order : strcmp(x->name, y->name);
}

static int metric(void *context, const char *scope, const char *name, const char *metric_name, struct interval *value)
{
    struct loading *l = context;
    char full[256];
    snprintf(full, sizeof full, *name ? "%s:%s" : "%s", scope, name);
    const struct stored_metric key = {.scope = full, .name = metric_name};
    const struct stored_metric *found =
        l->metrics > 0 ? bsearch(&key, l->metric, l->metrics, sizeof key, by_key) : NULL;
    *value = found ? found->value : (struct interval){NAN, NAN, NAN, 0};
    return GS_OK;
}

static int rows(struct loading *l)
{
    struct report *r = l->report;
    void *array[4];
    int rc = run_row(l);
    if (rc != GS_OK)
        return rc;
    if ((rc =
             names(l, "SELECT count(*) FROM workload_group WHERE run = ?1",
                   "SELECT name, class FROM workload_group WHERE run = ?1 ORDER BY grp", sizeof *r->group,
                   offsetof(struct report_group, name), offsetof(struct report_group, class), &array[0], &r->groups)) ||
        (rc = names(l, "SELECT count(*) FROM gpu WHERE run = ?1", "SELECT name FROM gpu WHERE run = ?1 ORDER BY gpu",
                    sizeof *r->gpu, offsetof(struct report_gpu, id), SIZE_MAX, &array[1], &r->gpus)) ||
        (rc = names(l, "SELECT count(*) FROM node WHERE run = ?1", "SELECT name FROM node WHERE run = ?1 ORDER BY node",
                    sizeof *r->node, offsetof(struct report_node, id), SIZE_MAX, &array[2], &r->nodes)) ||
        (rc = names(l, "SELECT count(*) FROM sla WHERE run = ?1", "SELECT name FROM sla WHERE run = ?1 ORDER BY sla",
                    sizeof *r->sla, offsetof(struct report_sla, name), SIZE_MAX, &array[3], &r->slas)))
        return rc;
    r->group = array[0];
    r->gpu = array[1];
    r->node = array[2];
    r->sla = array[3];
    rc = l->no_memory ? no_memory(l) : metric_rows(l);
    if (rc == GS_OK)
        rc = report_each(r, metric, l);
    if (rc == GS_OK)
        rc = sla_rows(l);
    return rc == GS_OK && l->no_memory ? no_memory(l) : rc;
}

int report_load(struct report *report, sqlite3 *db, const char *path, int64_t run, struct arena *arena,
                struct error *err)
{
    *report = (struct report){0};
    struct loading l = {.db = db, .path = path, .run = run, .report = report, .arena = arena, .err = err};
    return rows(&l);
}

int results_load_report(struct report *report, const char *path, int64_t run, struct arena *arena, struct error *err)
{
    sqlite3 *db;
    int rc = schema_open_read(&db, path, err);
    *report = (struct report){0};
    if (rc != GS_OK)
        return rc;
    rc = report_load(report, db, path, run, arena, err);
    sqlite3_close(db);
    return rc;
}
