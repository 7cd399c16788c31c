/* store_merge.c - one database of the points of a sweep that stand in several. */
#include "sim/base/hash.h"
#include "sim/results/results_parts.h"
#include "sim/results/schema.h"
#include "sim/results/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct stored { /* a point that is done */
    int64_t point, run;
    uint64_t result; /* hash of its numbers */
    bool wanted;     /* it is copied from here */
};

struct shard {
    const char *path;
    sqlite3 *db;
    const char *hash, *scenario; /* of its sweep */
    const char *first, *last;    /* provenance of its points, by the alphabet: the same, or they are mixed */
    int64_t sweep, points;
    struct stored *stored; /* in order of their runs */
    size_t count;
};

struct merge {
    struct shard *shard; /* the inputs, and last the output */
    size_t shards;
    const struct stored **holder; /* of each point; NULL: nobody has it */
    const struct shard **where;
    struct arena *arena;
    struct error *err;
};

static int no_memory(struct merge *m)
{
    return error_set(m->err, GS_SYSTEM, "no memory to join %zu databases", m->shards);
}

/* As of an input: what cannot be read is not our output's fault. */
static int failed(struct merge *m, const struct shard *s)
{
    return schema_error(s->db, s->path, m->err);
}

static int query(struct merge *m, const struct shard *s, sqlite3_stmt **statement, const char *sql)
{
    *statement = NULL;
    return sqlite3_prepare_v2(s->db, sql, -1, statement, NULL) == SQLITE_OK ? GS_OK : failed(m, s);
}

/* The sweep of a database.  `*runs`: those that are no points of it. */
static int read_sweep(struct merge *m, struct shard *s, int64_t *sweeps, int64_t *runs)
{
    sqlite3_stmt *q;
    int rc = query(m, s, &q,
                   "SELECT count(*), max(sweep), max(points), max(hash), max(scenario),"
                   " (SELECT count(*) FROM run WHERE run NOT IN (SELECT run FROM sweep_point)),"
                   " (SELECT min(provenance) FROM run JOIN sweep_point USING(run)),"
                   " (SELECT max(provenance) FROM run JOIN sweep_point USING(run)) FROM sweep");
    if (rc != GS_OK)
        return rc;
    if (sqlite3_step(q) == SQLITE_ROW) {
        const char *first = (const char *)sqlite3_column_text(q, 6), *last = (const char *)sqlite3_column_text(q, 7);
        s->first = arena_strdup(m->arena, first ? first : "");
        s->last = arena_strdup(m->arena, last ? last : "");
        *sweeps = sqlite3_column_int64(q, 0);
        *runs = sqlite3_column_int64(q, 5);
        s->sweep = sqlite3_column_int64(q, 1);
        s->points = sqlite3_column_int64(q, 2);
        const char *hash = (const char *)sqlite3_column_text(q, 3), *name = (const char *)sqlite3_column_text(q, 4);
        s->hash = arena_strdup(m->arena, hash ? hash : "");
        s->scenario = arena_strdup(m->arena, name ? name : "");
        rc = s->hash && s->scenario && s->first && s->last ? GS_OK : no_memory(m);
    } else {
        rc = failed(m, s);
    }
    sqlite3_finalize(q);
    return rc;
}

static int by_run(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    return (x->run > y->run) - (x->run < y->run);
}

static struct stored *find_run(const struct shard *s, int64_t run)
{
    struct stored key = {.run = run};
    return s->count > 0 ? bsearch(&key, s->stored, s->count, sizeof key, by_run) : NULL;
}

/* The numbers of every run, to tell equal results from different ones. */
static int read_results(struct merge *m, struct shard *s, const char *sql)
{
    sqlite3_stmt *q;
    int step, rc = query(m, s, &q, sql);
    if (rc != GS_OK)
        return rc;
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        struct stored *at = find_run(s, sqlite3_column_int64(q, 0));
        for (int c = 1; at && c < sqlite3_column_count(q); c++) {
            int type = sqlite3_column_type(q, c), bytes;
            double real = sqlite3_column_double(q, c);
            const void *text = type == SQLITE_TEXT ? sqlite3_column_text(q, c) : NULL;
            bytes = sqlite3_column_bytes(q, c);
            at->result = text ? hash_bytes(at->result, text, (size_t)bytes + 1)
                              : hash_bytes(hash_bytes(at->result, &type, sizeof type), &real, sizeof real);
        }
    }
    if (step != SQLITE_DONE)
        rc = failed(m, s);
    sqlite3_finalize(q);
    return rc;
}

static int read_points(struct merge *m, struct shard *s)
{
    sqlite3_stmt *q;
    size_t capacity = 0;
    int step, rc = query(m, s, &q,
                         "SELECT point, run, hash FROM sweep_point JOIN run USING(run)"
                         " WHERE status = 'complete' ORDER BY run");
    if (rc != GS_OK)
        return rc;
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        void *grown = arena_grow(m->arena, s->stored, &capacity, s->count + 1, sizeof *s->stored);
        if (!grown)
            break;
        s->stored = grown;
        s->stored[s->count++] = (struct stored){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                                                hash_text(HASH_START, (const char *)sqlite3_column_text(q, 2)), false};
    }
    if (step != SQLITE_DONE)
        rc = step == SQLITE_ROW ? no_memory(m) : failed(m, s);
    sqlite3_finalize(q);
    if (rc == GS_OK)
        rc = read_results(m, s, "SELECT run, scope, name, value, ci_low, ci_high, n FROM metric ORDER BY 1, 2, 3");
    if (rc == GS_OK)
        rc = read_results(m, s, "SELECT run, sla, value, ci_low, ci_high, n, met, attainment FROM sla ORDER BY 1, 2");
    return rc;
}

/* All points of all shards are of one kind; a shard may have none. */
static int check_kind(struct merge *m, const struct shard *s)
{
    const struct shard *other = s;
    for (const struct shard *before = m->shard; before < s && *s->first; before++)
        other = *before->first ? before : other;
    if (strcmp(s->first, s->last) == 0 && strcmp(s->first, other->first) == 0)
        return GS_OK;
    return error_set(m->err, GS_BAD_INPUT,
                     "'%s' holds points that are '%s' and '%s' points that are '%s': what was simulated, measured and "
                     "run on the driver double is not joined",
                     other->path, other->first, s->path, s->last);
}

static int read_input(struct merge *m, struct shard *s)
{
    int64_t sweeps = 0, runs = 0;
    int rc = schema_open_read(&s->db, s->path, m->err);
    if (rc == GS_OK)
        rc = read_sweep(m, s, &sweeps, &runs);
    if (rc != GS_OK)
        return rc;
    if (sweeps != 1)
        return error_set(m->err, GS_BAD_INPUT,
                         sweeps == 0 ? "'%s' holds no sweep"
                                     : "'%s' holds several sweeps; give each sweep databases of its own",
                         s->path);
    if (strcmp(s->hash, m->shard[0].hash) != 0)
        return error_set(
            m->err, GS_BAD_INPUT,
            "'%s' and '%s' are of different sweeps: the scenario, its [sweep], --set or the version of the "
            "program differed",
            m->shard[0].path, s->path);
    if ((rc = check_kind(m, s)) != GS_OK)
        return rc;
    return read_points(m, s);
}

/* What a merge before this one left there. */
static int read_output(struct merge *m, struct store *store)
{
    struct shard *s = &m->shard[m->shards];
    int64_t sweeps = 0, runs = 0;
    s->db = store->db;
    int rc = read_sweep(m, s, &sweeps, &runs);
    if (rc != GS_OK || (sweeps == 0 && runs == 0))
        return rc;
    if (rc == GS_OK && (runs > 0 || sweeps > 1 || strcmp(s->hash, m->shard[0].hash) != 0))
        return error_set(m->err, GS_CANT_CREATE, "'%s' holds other runs; name a new file with -o", s->path);
    rc = read_points(m, s);
    for (size_t i = 0; rc == GS_OK && i < s->count; i++)
        if (s->stored[i].run != s->stored[i].point)
            return error_set(m->err, GS_CANT_CREATE, "'%s' was not made by 'merge'; name a new file with -o", s->path);
    return rc;
}

/* Who gives which point; the same point twice must have the same results. */
static int choose(struct merge *m)
{
    size_t points = (size_t)m->shard[0].points + 1;
    m->holder = arena_array(m->arena, points, sizeof *m->holder);
    m->where = arena_array(m->arena, points, sizeof *m->where);
    if (!m->holder || !m->where)
        return no_memory(m);
    for (size_t i = m->shards + 1; i-- > 0;) {
        struct shard *s = &m->shard[i];
        for (size_t k = 0; k < s->count; k++) {
            struct stored *own = &s->stored[k];
            const struct stored *other = own->point > 0 && own->point < (int64_t)points ? m->holder[own->point] : own;
            if (!other) {
                own->wanted = i < m->shards;
                m->holder[own->point] = own;
                m->where[own->point] = s;
            } else if (other->result != own->result) {
                return error_set(m->err, GS_BAD_INPUT,
                                 "point %lld has different results in '%s' and '%s', though the sweep is the same; a "
                                 "file that it reads may have changed in between. Find out which is right",
                                 (long long)own->point, s->path, m->where[own->point]->path);
            }
        }
    }
    return GS_OK;
}

static bool is_missing(const void *context, int64_t point)
{
    const struct merge *m = context;
    return m->holder[point] == NULL;
}

static int check_gaps(struct merge *m, bool partial)
{
    struct text gaps = {0};
    int64_t missing = points_text(&gaps, m->shard[0].points, is_missing, m);
    int rc = GS_OK;
    if (gaps.failed)
        rc = no_memory(m);
    else if (missing > 0 && !partial)
        rc = error_set(m->err, GS_BAD_INPUT,
                       "%lld of %lld points are missing: %s; run their shards again, or join what there is with "
                       "--partial",
                       (long long)missing, (long long)m->shard[0].points, gaps.data);
    text_fini(&gaps);
    return rc;
}

/* Copy rows of one table; `run_at`: the column that holds the run, or -1. */
static int copy_rows(struct merge *m, const struct shard *s, struct store *store, const char *table, const char *select,
                     int run_at)
{
    sqlite3_stmt *from, *to = NULL;
    struct text sql = {0};
    int step = SQLITE_DONE, rc = query(m, s, &from, select);
    if (rc != GS_OK)
        return rc;
    text_printf(&sql, "INSERT INTO %s VALUES(?", table);
    for (int c = 1; c < sqlite3_column_count(from); c++)
        text_add(&sql, ",?");
    text_add(&sql, ")");
    rc = sql.failed ? no_memory(m) : store_statement(store, &to, sql.data, m->err);
    text_fini(&sql);
    while (rc == GS_OK && (step = sqlite3_step(from)) == SQLITE_ROW) {
        const struct stored *at = run_at < 0 ? NULL : find_run(s, sqlite3_column_int64(from, run_at));
        if (run_at >= 0 && (!at || !at->wanted))
            continue;
        for (int c = 0; c < sqlite3_column_count(from); c++)
            sqlite3_bind_value(to, c + 1, sqlite3_column_value(from, c));
        if (at)
            sqlite3_bind_int64(to, run_at + 1, at->point);
        if (sqlite3_step(to) != SQLITE_DONE)
            rc = schema_error(store->db, store->path, m->err);
        sqlite3_reset(to);
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = failed(m, s);
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    return rc;
}

static int copy_shard(struct merge *m, const struct shard *s, struct store *store)
{
    sqlite3_stmt *table;
    int step = SQLITE_ROW, rc = query(m, s, &table, store_run_tables);
    while (rc == GS_OK && (step = sqlite3_step(table)) == SQLITE_ROW) {
        char sql[160];
        const char *name = (const char *)sqlite3_column_text(table, 0);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", name);
        rc = copy_rows(m, s, store, name, sql, 0);
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = failed(m, s);
    sqlite3_finalize(table);
    if (rc == GS_OK)
        rc = copy_rows(m, s, store, "sweep_point", "SELECT 1, point, run, hash FROM sweep_point", 2);
    return rc;
}

/* The values of the points that have come. */
static int copy_values(struct merge *m, const struct shard *s, struct store *store)
{
    sqlite3_stmt *put = NULL, *from;
    int step = SQLITE_ROW, rc = query(m, s, &from,
                                      "SELECT run, point, axis, key, value FROM sweep_value"
                                      " JOIN sweep_point USING(sweep, point)");
    if (rc == GS_OK)
        rc = store_statement(store, &put, "INSERT INTO sweep_value VALUES(1, ?, ?, ?, ?)", m->err);
    while (rc == GS_OK && (step = sqlite3_step(from)) == SQLITE_ROW) {
        const struct stored *at = find_run(s, sqlite3_column_int64(from, 0));
        if (!at || !at->wanted)
            continue;
        for (int c = 1; c <= 4; c++)
            sqlite3_bind_value(put, c, sqlite3_column_value(from, c));
        if (sqlite3_step(put) != SQLITE_DONE)
            rc = schema_error(store->db, store->path, m->err);
        sqlite3_reset(put);
    }
    if (rc == GS_OK && step != SQLITE_DONE)
        rc = failed(m, s);
    sqlite3_finalize(from);
    sqlite3_finalize(put);
    return rc;
}

static int copy(struct merge *m, struct store *store)
{
    const struct shard *first = &m->shard[0];
    int rc = GS_OK;
    if (m->shard[m->shards].points == 0) {
        rc = copy_rows(m, first, store, "sweep", "SELECT 1, hash, scenario, design, points, version FROM sweep", -1);
        if (rc == GS_OK)
            rc = copy_rows(m, first, store, "sweep_key", "SELECT 1, axis, key, \"values\" FROM sweep_key", -1);
    }
    for (size_t i = 0; i < m->shards && rc == GS_OK; i++)
        if ((rc = copy_shard(m, &m->shard[i], store)) == GS_OK)
            rc = copy_values(m, &m->shard[i], store);
    return rc;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int merge(struct merge *m, const char *output, bool partial)
{
    struct store *store = NULL;
    struct stat before;
    bool is_new = stat(output, &before) != 0;
    int rc = GS_OK;
    for (size_t i = 0; i < m->shards && rc == GS_OK; i++) {
        if (is_same_file(m->shard[i].path, output))
            return error_set(m->err, GS_USAGE, "'%s' is input and output", output);
        rc = read_input(m, &m->shard[i]);
    }
    if (rc == GS_OK)
        rc = store_open(&store, output, true, m->err);
    if (rc == GS_OK)
        rc = read_output(m, store);
    if (rc == GS_OK)
        rc = choose(m);
    if (rc == GS_OK)
        rc = check_gaps(m, partial);
    if (rc == GS_OK && (rc = store_begin(store, m->err)) == GS_OK)
        rc = store_end(store, copy(m, store), m->err);
    bool is_ours = store != NULL && is_new;
    store_close(store);
    if (rc != GS_OK && is_ours)
        remove(output);
    return rc;
}

int store_merge(const char *output, const char *const *input, size_t inputs, bool partial, struct error *err)
{
    struct arena arena = {0};
    struct merge m = {.shards = inputs, .arena = &arena, .err = err};
    m.shard = arena_array(&arena, inputs + 1, sizeof *m.shard);
    if (!m.shard)
        return no_memory(&m);
    for (size_t i = 0; i < inputs; i++)
        m.shard[i].path = input[i];
    m.shard[inputs].path = output;
    int rc = merge(&m, output, partial);
    for (size_t i = 0; i < inputs; i++)
        sqlite3_close(m.shard[i].db);
    arena_fini(&arena);
    return rc;
}
