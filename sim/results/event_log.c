/* event_log.c - read a run's recorded events and commands back, in order. */
#include "sim/results/event_log.h"
#include "sim/results/schema.h"
#include "sim/results/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct event_log {
    sqlite3 *db;
    sqlite3_stmt *event, *command, *candidate;
    const char *path, *scenario, *file;
    int64_t run;
    uint32_t replications;
    bool command_waits, candidate_waits; /* they stand on a row that belongs to a later event or command */
    struct arena *arena;
    struct gs_commands step;
    size_t capacity, candidate_capacity;
};

static int failed(struct event_log *log, struct error *err)
{
    int code = schema_error(log->db, log->path, err);

    if (code == GS_CANT_CREATE)
        err->code = GS_IO;
    return err->code;
}

static gs_ns time_of(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? GS_NEVER : sqlite3_column_int64(s, column);
}

static uint32_t id_of(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? GS_NONE : (uint32_t)sqlite3_column_int64(s, column);
}

/* The number of a name; `kinds` if it is none. */
static uint8_t number_of(sqlite3_stmt *s, int column, const char *(*name)(uint8_t), uint8_t kinds)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    uint8_t i = 0;

    while (text != NULL && i < kinds && strcmp(name(i), text) != 0)
        i++;
    return text == NULL ? 0 : i;
}

/* "workload.NB.count = 6" lines to sections; a parameter of a policy has a dot in its key. */
static const char *scenario_text(const char *keys, struct arena *arena)
{
    struct text ini = {0};
    char section[256] = "";

    while (*keys != '\0') {
        size_t length = strcspn(keys, "\n"), dot = 0, equals = strcspn(keys, "=");
        for (size_t i = 0; i < equals && i < length; i++)
            if (keys[i] == '.' && (dot == 0 || strncmp(keys, "policy.", 7) != 0))
                dot = i;
        if (dot >= sizeof section)
            dot = sizeof section - 1;
        if (strlen(section) != dot || strncmp(section, keys, dot) != 0) {
            snprintf(section, sizeof section, "%.*s", (int)dot, keys);
            text_printf(&ini, "[%s]\n", section);
        }
        text_printf(&ini, "%.*s\n", (int)(length - dot - 1), keys + dot + 1);
        keys += length + (keys[length] == '\n');
    }
    const char *copy = ini.failed ? NULL : arena_strdup(arena, ini.data == NULL ? "" : ini.data);
    text_fini(&ini);
    return copy;
}

/* `events`: it must have recorded them. */
static int find_run(struct event_log *log, int64_t run, bool events, struct error *err)
{
    static const char sql[] =
        "SELECT run, keys, file, record, (SELECT count(*) FROM replication AS r WHERE r.run = run.run)"
        " FROM run WHERE ?1 = 0 OR run = ?1 ORDER BY run DESC LIMIT 1";
    sqlite3_stmt *s;
    int rc = GS_OK;

    if (sqlite3_prepare_v2(log->db, sql, -1, &s, NULL) != SQLITE_OK)
        return failed(log, err);
    sqlite3_bind_int64(s, 1, run);
    if (sqlite3_step(s) != SQLITE_ROW) {
        rc = error_set(err, GS_BAD_INPUT, "'%s' has no such run", log->path);
    } else if (events && strcmp((const char *)sqlite3_column_text(s, 3), "events") != 0) {
        rc = error_set(err, GS_BAD_INPUT, "run %lld of '%s' kept no events; run it with '--set scenario.record=events'",
                       (long long)sqlite3_column_int64(s, 0), log->path);
    } else if (events && sqlite3_column_int64(s, 4) == 0) { /* nothing to compare is not the same as no difference */
        rc = error_set(err, GS_BAD_INPUT,
                       "run %lld of '%s' is incomplete: it ended before its events were kept; run it again",
                       (long long)sqlite3_column_int64(s, 0), log->path);
    } else {
        log->run = sqlite3_column_int64(s, 0);
        log->scenario = scenario_text((const char *)sqlite3_column_text(s, 1), log->arena);
        log->file = arena_strdup(log->arena, (const char *)sqlite3_column_text(s, 2));
        log->replications = (uint32_t)sqlite3_column_int64(s, 4);
        if (log->scenario == NULL || log->file == NULL)
            rc = error_set(err, GS_SYSTEM, "out of memory for '%s'", log->path);
    }
    sqlite3_finalize(s);
    return rc;
}

int event_log_open(struct event_log **out, const char *path, int64_t run, struct arena *arena, struct error *err)
{
    struct event_log *log = arena_alloc(arena, sizeof *log);
    int rc;

    if (log == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for '%s'", path);
    log->path = path;
    log->arena = arena;
    if ((rc = schema_open_read(&log->db, path, err)) != GS_OK)
        return rc;
    if ((rc = find_run(log, run, true, err)) != GS_OK) {
        event_log_close(log);
        return rc;
    }
    *out = log;
    return GS_OK;
}

int event_log_read_scenario(const char **text, const char **file, const char *path, int64_t run, struct arena *arena,
                            struct error *err)
{
    struct event_log log = {.path = path, .arena = arena};
    int rc = schema_open_read(&log.db, path, err);

    if (rc == GS_OK)
        rc = find_run(&log, run, false, err);
    *text = log.scenario;
    *file = log.file;
    sqlite3_close(log.db);
    return rc;
}

void event_log_close(struct event_log *log)
{
    if (log == NULL)
        return;
    sqlite3_finalize(log->event);
    sqlite3_finalize(log->command);
    sqlite3_finalize(log->candidate);
    sqlite3_close(log->db);
}

int64_t event_log_run(const struct event_log *log)
{
    return log->run;
}

const char *event_log_scenario(const struct event_log *log)
{
    return log->scenario;
}

const char *event_log_file(const struct event_log *log)
{
    return log->file;
}

uint32_t event_log_replications(const struct event_log *log)
{
    return log->replications;
}

static int prepare(struct event_log *log, sqlite3_stmt **s, const char *sql, uint32_t replication, struct error *err)
{
    sqlite3_finalize(*s);
    *s = NULL;
    if (sqlite3_prepare_v2(log->db, sql, -1, s, NULL) != SQLITE_OK)
        return failed(log, err);
    sqlite3_bind_int64(*s, 1, log->run);
    sqlite3_bind_int64(*s, 2, replication);
    return GS_OK;
}

int event_log_rewind(struct event_log *log, uint32_t replication, struct error *err)
{
    int rc = prepare(log, &log->event,
                     "SELECT event, at_ns, kind, workload, command, since_ns, bytes, timer FROM event"
                     " WHERE run = ?1 AND replication = ?2 ORDER BY event",
                     replication, err);

    if (rc == GS_OK)
        rc = prepare(log, &log->command,
                     "SELECT event, kind, workload, gpu, requester, bytes, moved_bytes, at_ns, delay_ns,"
                     " linger_ns, timer, reason, yield, command FROM command WHERE run = ?1 AND replication = ?2"
                     " ORDER BY command",
                     replication, err);
    if (rc == GS_OK)
        rc = prepare(log, &log->candidate,
                     "SELECT command, workload, chosen, keep FROM candidate WHERE run = ?1 AND replication = ?2"
                     " ORDER BY command, rowid",
                     replication, err);
    log->command_waits = log->candidate_waits = false;
    return rc;
}

static struct gs_command read_command(sqlite3_stmt *s)
{
    return (struct gs_command){
        .kind = number_of(s, 1, gs_command_name, GS_COMMAND_KINDS),
        .workload = id_of(s, 2),
        .gpu = id_of(s, 3),
        .requester = id_of(s, 4),
        .bytes = sqlite3_column_int64(s, 5),
        .moved_bytes = sqlite3_column_int64(s, 6),
        .at_ns = sqlite3_column_type(s, 7) == SQLITE_NULL ? 0 : sqlite3_column_int64(s, 7),
        .delay_ns = sqlite3_column_int64(s, 8),
        .linger_ns = sqlite3_column_int64(s, 9),
        .timer = id_of(s, 10),
        .reason = number_of(s, 11, gs_reason_name, GS_REASONS),
        .yield = sqlite3_column_int(s, 12) != 0,
    };
}

/* The next row of `s`, whose first column is `owner`; false if it is of a later one, or there is none. */
static bool next_of(struct event_log *log, sqlite3_stmt *s, int64_t owner, bool *waits, int *rc, struct error *err)
{
    if (!*waits) {
        int step = sqlite3_step(s);
        if (step != SQLITE_ROW && step != SQLITE_DONE)
            *rc = failed(log, err);
        if (step != SQLITE_ROW)
            return false;
    }
    *waits = sqlite3_column_int64(s, 0) != owner;
    return !*waits;
}

/* What its victim was chosen from.  A worth that is not finite is stored as nothing. */
static int read_candidates(struct event_log *log, int64_t number, struct gs_command *command, struct error *err)
{
    struct gs_commands *step = &log->step;
    sqlite3_stmt *s = log->candidate;
    int rc = GS_OK;

    command->first_candidate = step->candidates;
    while (next_of(log, s, number, &log->candidate_waits, &rc, err)) {
        struct gs_candidate *grown =
            arena_grow(log->arena, step->candidate, &log->candidate_capacity, step->candidates + 1u, sizeof *grown);
        if (grown == NULL)
            return error_set(err, GS_SYSTEM, "out of memory for '%s'", log->path);
        step->candidate = grown;
        grown[step->candidates++] =
            (struct gs_candidate){.workload = id_of(s, 1),
                                  .chosen = sqlite3_column_int(s, 2) != 0,
                                  .keep = sqlite3_column_type(s, 3) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 3)};
    }
    command->candidates = step->candidates - command->first_candidate;
    return rc;
}

/* The commands of event number `event` into log->step. */
static int read_commands(struct event_log *log, int64_t event, struct error *err)
{
    struct gs_commands *step = &log->step;
    int rc = GS_OK;

    step->count = step->candidates = 0;
    while (rc == GS_OK && next_of(log, log->command, event, &log->command_waits, &rc, err)) {
        struct gs_command *grown = arena_grow(log->arena, step->item, &log->capacity, step->count + 1u, sizeof *grown);
        if (grown == NULL)
            return error_set(err, GS_SYSTEM, "out of memory for '%s'", log->path);
        step->item = grown;
        grown[step->count] = read_command(log->command);
        rc = read_candidates(log, sqlite3_column_int64(log->command, 13), &grown[step->count++], err);
    }
    return rc;
}

int event_log_next(struct event_log *log, struct gs_event *event, const struct gs_commands **commands, bool *more,
                   struct error *err)
{
    sqlite3_stmt *s = log->event;
    int step = sqlite3_step(s);

    *more = step == SQLITE_ROW;
    if (step == SQLITE_DONE)
        return GS_OK;
    if (step != SQLITE_ROW)
        return failed(log, err);
    *event = (struct gs_event){
        .at_ns = sqlite3_column_int64(s, 1),
        .kind = number_of(s, 2, gs_event_name, GS_EVENT_KINDS),
        .workload = id_of(s, 3),
        .command = number_of(s, 4, gs_command_name, GS_COMMAND_KINDS),
        .since_ns = time_of(s, 5),
        .bytes = sqlite3_column_int64(s, 6),
        .timer = id_of(s, 7),
    };
    if (event->kind == GS_UPDATE)
        event->command = number_of(s, 4, gs_field_name, GS_FIELDS);
    *commands = &log->step;
    return read_commands(log, sqlite3_column_int64(s, 0), err);
}
