/* explain_open.c - a run of the database: what it is, who takes part in it, which bursts it has. */
#include "sim/explain/explain_parts.h"
#include "sim/base/units.h"
#include "sim/results/schema.h"

#include <string.h>

static int failed(struct explain *e, struct error *err)
{
    schema_error(e->db, e->path, err);
    if (err->code == GS_CANT_CREATE)
        err->code = GS_IO;
    return err->code;
}

int explain_no_memory(struct explain *e, struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for '%s'", e->path);
}

int explain_query(struct explain *e, sqlite3_stmt **s, const char *sql, struct error *err)
{
    *s = NULL;
    if (sqlite3_prepare_v2(e->db, sql, -1, s, NULL) != SQLITE_OK)
        return failed(e, err);
    sqlite3_bind_int64(*s, 1, e->about.run);
    sqlite3_bind_int64(*s, 2, e->replication);
    return GS_OK;
}

bool explain_row(struct explain *e, sqlite3_stmt *s, int *rc, struct error *err)
{
    int step = sqlite3_step(s);

    if (step != SQLITE_ROW && step != SQLITE_DONE)
        *rc = failed(e, err);
    return step == SQLITE_ROW;
}

static const char *text(struct explain *e, sqlite3_stmt *s, int column)
{
    const char *value = (const char *)sqlite3_column_text(s, column);
    const char *copy = arena_strdup(e->arena, value == NULL ? "" : value);

    e->no_memory |= copy == NULL;
    return copy == NULL ? "" : copy;
}

static int read_run(struct explain *e, struct error *err)
{
    sqlite3_stmt *s;
    int rc = explain_query(e, &s,
                           "SELECT run, scenario, file, coalesce(policy, victim || ' + ' || slicer), victim,"
                           " provenance, record, status FROM run WHERE ?1 = 0 OR run = ?1 ORDER BY run DESC LIMIT 1",
                           err);
    struct explain_run *a = &e->about;

    if (rc != GS_OK)
        return rc;
    if (explain_row(e, s, &rc, err)) {
        const char **field[] = {&a->scenario, &a->file, &a->policy, &a->victim, &a->provenance};
        a->run = sqlite3_column_int64(s, 0);
        for (int i = 0; i < (int)(sizeof field / sizeof *field); i++)
            *field[i] = text(e, s, i + 1);
        const char *record = text(e, s, 6);
        a->events = strcmp(record, "events") == 0;
        a->complete = strcmp(text(e, s, 7), "incomplete") != 0;
        if (strcmp(record, "summary") == 0)
            rc = error_set(err, GS_BAD_INPUT,
                           "run %lld of '%s' kept no bursts; run it again with '--set scenario.record=events'",
                           (long long)a->run, e->path);
    } else if (rc == GS_OK) {
        rc = a->run > 0 ? error_set(err, GS_BAD_INPUT, "'%s' has no run %lld", e->path, (long long)a->run)
                        : error_set(err, GS_BAD_INPUT, "'%s' has no run yet", e->path);
    }
    sqlite3_finalize(s);
    return rc;
}

static int count(struct explain *e, const char *sql, uint32_t *n, struct error *err)
{
    sqlite3_stmt *s;
    int rc = explain_query(e, &s, sql, err);

    if (rc == GS_OK && explain_row(e, s, &rc, err))
        *n = (uint32_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return rc;
}

static int read_workloads(struct explain *e, struct error *err)
{
    sqlite3_stmt *s;
    int rc = explain_query(e, &s,
                           "SELECT g.name, row_number() OVER (PARTITION BY w.grp ORDER BY w.workload) - 1,"
                           " count(*) OVER (PARTITION BY w.grp) FROM workload AS w"
                           " JOIN workload_group AS g USING(run, grp) WHERE w.run = ?1 ORDER BY w.workload",
                           err);

    for (uint32_t i = 0; rc == GS_OK && i < e->about.workloads && explain_row(e, s, &rc, err); i++) {
        struct explain_workload *w = &e->about.workload[i];
        w->group = w->name = text(e, s, 0);
        if (sqlite3_column_int64(s, 2) > 1)
            w->name = arena_printf(e->arena, "%s-%lld", w->group, (long long)sqlite3_column_int64(s, 1));
        e->no_memory |= w->name == NULL;
    }
    sqlite3_finalize(s);
    return rc;
}

static int read_places(struct explain *e, struct error *err)
{
    sqlite3_stmt *s;
    int rc = explain_query(e, &s, "SELECT name, node FROM gpu WHERE run = ?1 ORDER BY gpu", err);

    for (uint32_t i = 0; rc == GS_OK && i < e->about.gpus && explain_row(e, s, &rc, err); i++)
        e->about.gpu[i] = (struct explain_gpu){text(e, s, 0), (uint32_t)sqlite3_column_int64(s, 1)};
    sqlite3_finalize(s);
    if (rc != GS_OK)
        return rc;
    rc = explain_query(e, &s, "SELECT name, swap_cap_bytes FROM node WHERE run = ?1 ORDER BY node", err);
    for (uint32_t i = 0; rc == GS_OK && i < e->about.nodes && explain_row(e, s, &rc, err); i++)
        e->about.node[i] = (struct explain_node){text(e, s, 0), sqlite3_column_int64(s, 1)};
    sqlite3_finalize(s);
    return rc;
}

static int read_about(struct explain *e, struct error *err)
{
    struct explain_run *a = &e->about;
    int rc = read_run(e, err);

    if (rc != GS_OK || (rc = count(e, "SELECT count(*) FROM workload WHERE run = ?1", &a->workloads, err)) != GS_OK ||
        (rc = count(e, "SELECT count(*) FROM gpu WHERE run = ?1", &a->gpus, err)) != GS_OK ||
        (rc = count(e, "SELECT count(*) FROM node WHERE run = ?1", &a->nodes, err)) != GS_OK)
        return rc;
    a->workload = arena_array(e->arena, a->workloads, sizeof *a->workload);
    a->gpu = arena_array(e->arena, a->gpus, sizeof *a->gpu);
    a->node = arena_array(e->arena, a->nodes, sizeof *a->node);
    if (a->workload == NULL || a->gpu == NULL || a->node == NULL)
        return explain_no_memory(e, err);
    if ((rc = read_workloads(e, err)) != GS_OK || (rc = read_places(e, err)) != GS_OK)
        return rc;
    return e->no_memory ? explain_no_memory(e, err) : GS_OK;
}

int explain_open(struct explain **out, const char *path, int64_t run, struct arena *arena, struct error *err)
{
    struct explain *e = arena_alloc(arena, sizeof *e);
    int rc;

    *out = NULL;
    if (e == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for '%s'", path);
    e->path = path;
    e->arena = arena;
    e->about.run = run;
    if ((rc = schema_open_read(&e->db, path, err)) != GS_OK)
        return rc;
    *out = e;
    return read_about(e, err);
}

void explain_close(struct explain *e)
{
    if (e == NULL)
        return;
    replayed_close(e->replayed);
    event_log_close(e->log);
    arena_fini(&e->story);
    sqlite3_close(e->db);
}

static const char *name_at(size_t i, const void *context)
{
    return ((const struct explain *)context)->about.workload[i].name;
}

int explain_find(const struct explain *e, const char *name, uint32_t *workload, struct error *err)
{
    char why[UNITS_WHY];
    int64_t id;

    for (uint32_t i = 0; i < e->about.workloads; i++)
        if (strcmp(e->about.workload[i].name, name) == 0) {
            *workload = i;
            return GS_OK;
        }
    if (units_integer(name, &id, why) == GS_OK && id >= 0 && id < (int64_t)e->about.workloads) {
        *workload = (uint32_t)id;
        return GS_OK;
    }
    for (uint32_t i = 0; i < e->about.workloads; i++) {
        const char *own = e->about.workload[i].name;
        size_t length = strlen(name);
        if (strncmp(own, name, length) == 0 && own[length] == '-')
            return error_set(err, GS_USAGE, "--workload '%s' is a group; take one of it, such as '%s', or --group '%s'",
                             name, own, name);
    }
    const char *near = units_nearest(name, e->about.workloads, name_at, e);
    return error_set(err, GS_USAGE, "--workload '%s': run %lld of '%s' has none of that name%s%s%s", name,
                     (long long)e->about.run, e->path, near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
                     near == NULL ? "" : "'?");
}

/* --- bursts --- */

static uint8_t number_of(const char *text, const char *const *name, uint8_t names)
{
    uint8_t i = 0;

    while (text != NULL && i + 1 < names && strcmp(text, name[i]) != 0)
        i++;
    return i;
}

static struct explain_burst burst_of(sqlite3_stmt *s)
{
    struct explain_burst b = {.replication = (uint32_t)sqlite3_column_int64(s, 0),
                              .number = (uint64_t)sqlite3_column_int64(s, 1),
                              .gpu = GS_NONE};

    b.row = (struct burst_row){
        .workload = (uint32_t)sqlite3_column_int64(s, 2),
        .index = (uint32_t)sqlite3_column_int64(s, 3),
        .ready_ns = sqlite3_column_int64(s, 4),
        .start_ns = sqlite3_column_type(s, 5) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 5),
        .end_ns = sqlite3_column_int64(s, 6),
        .alone_ns = sqlite3_column_int64(s, 7),
        .served = number_of((const char *)sqlite3_column_text(s, 8), served_name, SERVEDS),
        .outcome = number_of((const char *)sqlite3_column_text(s, 9), outcome_name, OUTCOMES),
    };
    for (int i = 0; i < STALLS; i++)
        b.row.stall_ns[i] = sqlite3_column_int64(s, 10 + i);
    return b;
}

static int none_picked(struct explain *e, const struct explain_wish *wish, struct error *err)
{
    const char *whose = wish->workload == GS_NONE ? "" : e->about.workload[wish->workload].name;
    long long run = e->about.run, burst = wish->burst;

    if (burst < 0)
        return error_set(err, GS_BAD_INPUT, "run %lld of '%s' has no burst of that group, workload and replication",
                         run, e->path);
    return error_set(err, GS_BAD_INPUT, "run %lld of '%s' has no burst %lld%s%s%s; --slowest 3 finds the slowest ones",
                     run, e->path, burst, *whose ? " of '" : "", whose, *whose ? "'" : "");
}

/* Of equal ones the first.  A replication that was cut off is not whole: its bursts are left out. */
int explain_pick(struct explain *e, const struct explain_wish *wish, struct explain_burst **out, size_t *count,
                 struct error *err)
{
    static const char sql[] =
        "SELECT b.replication, burst, b.workload, nth, ready_ns, start_ns, end_ns, alone_ns, served, outcome, queue_ns,"
        " swap_out_ns, swap_in_ns, cap_ns, preempted_ns, detect_ns, cold_ns FROM burst AS b"
        " JOIN replication USING(run, replication) JOIN workload AS w USING(run, workload)"
        " JOIN workload_group AS g ON g.run = b.run AND g.grp = w.grp"
        " WHERE b.run = ?1 AND (?2 < 0 OR b.replication = ?2) AND (?3 IS NULL OR b.workload = ?3)"
        " AND (?4 IS NULL OR g.name = ?4) AND (?5 < 0 OR ?5 = CASE WHEN ?3 IS NULL THEN burst ELSE nth END)"
        " ORDER BY end_ns - ready_ns DESC, b.replication, burst LIMIT ?6";
    sqlite3_stmt *s;
    size_t capacity = 0;
    int rc = explain_query(e, &s, sql, err);

    *out = NULL;
    *count = 0;
    sqlite3_bind_int64(s, 2, wish->replication);
    if (wish->workload != GS_NONE)
        sqlite3_bind_int64(s, 3, wish->workload);
    if (wish->group != NULL)
        sqlite3_bind_text(s, 4, wish->group, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, wish->burst);
    sqlite3_bind_int64(s, 6, wish->slowest);
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        struct explain_burst *grown = arena_grow(e->arena, *out, &capacity, *count + 1, sizeof *grown);
        if (grown == NULL) {
            rc = explain_no_memory(e, err);
            break;
        }
        *out = grown;
        grown[(*count)++] = burst_of(s);
    }
    sqlite3_finalize(s);
    return rc == GS_OK && *count == 0 ? none_picked(e, wish, err) : rc;
}
