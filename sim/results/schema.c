/* schema.c - create and open the database, and put SQLite's errors into words. */
#include "sim/results/schema.h"

#include "sim/results/report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 5000, WAL_PAGES = 4000 };

/* Why a file cannot be opened or made.  SQLite tries again to read only, and knows but that there was nothing to read. */
static const char *why_not_open(const char *path, int system)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    if (system == ENOENT && access(folder, F_OK) == 0 && access(folder, W_OK | X_OK) != 0)
        system = errno;
    return system ? strerror(system) : "it is a folder, or its folder does not exist";
}

int schema_error(sqlite3 *db, const char *path, struct error *err)
{
    int rc = db ? sqlite3_errcode(db) : SQLITE_NOMEM, system = db ? sqlite3_system_errno(db) : 0;
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return error_set(err, GS_SYSTEM, "no memory for the database '%s'", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, GS_BUSY,
                         "'%s' is being written by another program; wait for it, or name another database with --db",
                         path);
    case SQLITE_FULL:
        return error_set(err, GS_IO,
                         "no room left for '%s'; what was committed is kept; make room, name another database with "
                         "--db, or write less with --set scenario.record=summary",
                         path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error_set(err, GS_CANT_CREATE,
                         "'%s' cannot be written; make it writable, or name another database with --db", path);
    case SQLITE_CANTOPEN:
        return error_set(err, GS_CANT_CREATE, "cannot open or create '%s': %s; name another database with --db", path,
                         why_not_open(path, system));
    case SQLITE_NOTADB:
        return error_set(err, GS_CANT_CREATE, "'%s' is not a SQLite database; name another file", path);
    case SQLITE_CORRUPT:
        return error_set(
            err, GS_IO,
            "the database '%s' is damaged; move it away, or rescue what is left with: sqlite3 FILE .recover", path);
    case SQLITE_IOERR:
        return error_set(err, GS_IO, "reading or writing '%s' failed: %s", path,
                         system ? strerror(system) : sqlite3_errmsg(db));
    default:
        return error_set(err, GS_BUG, "database '%s': %s", path, sqlite3_errmsg(db));
    }
}

int schema_run(sqlite3 *db, const char *path, const char *sql, struct error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? GS_OK : schema_error(db, path, err);
}

static int pragma(sqlite3 *db, const char *path, const char *sql, int *value, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = GS_OK;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        rc = schema_error(db, path, err);
    else
        *value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return rc;
}

/* Is it ours, and of this version?  `*is_empty`: it has no tables at all. */
static int recognise(sqlite3 *db, const char *path, int code, int *is_empty, struct error *err)
{
    int application = 0, version = 0, tables_there = 0, rc;
    if ((rc = pragma(db, path, "PRAGMA application_id", &application, err)) != GS_OK ||
        (rc = pragma(db, path, "PRAGMA user_version", &version, err)) != GS_OK ||
        (rc = pragma(db, path, "SELECT count(*) FROM sqlite_schema", &tables_there, err)) != GS_OK)
        return rc;
    *is_empty = tables_there == 0 && application == 0;
    if (*is_empty)
        return GS_OK;
    const char *option = code == GS_CANT_CREATE ? " with --db" : ""; /* reading, there is no such option */
    if (application != SCHEMA_APPLICATION)
        return error_set(err, code, "'%s' is a database of another program; name another file%s", path, option);
    if (version != SCHEMA_VERSION)
        return error_set(err, code,
                         "'%s' was written by %s version of gpuswap-sim (its schema is %d, this program's is %d); "
                         "use that version to read it, or name another file%s",
                         path, version < SCHEMA_VERSION ? "an older" : "a newer", version, SCHEMA_VERSION, option);
    return GS_OK;
}

/* A view with a row for each group, GPU or node and a column for each of its numbers. */
static int create_pivot(sqlite3 *db, const char *path, const char *view, const char *scope, const char *label,
                        struct error *err)
{
    struct text sql = {0};
    const char *metric;
    text_printf(&sql, "CREATE VIEW %s AS SELECT run, substr(scope, %zu) AS %s", view, strlen(scope) + 2, label);
    for (size_t i = 0; (metric = report_metric(scope, i)); i++)
        text_printf(&sql, ", max(CASE name WHEN '%s' THEN value END) AS %s", metric, metric);
    text_printf(&sql, " FROM metric WHERE scope LIKE '%s:%%' GROUP BY run, scope", scope);
    int rc = sql.failed ? schema_error(NULL, path, err) : schema_run(db, path, sql.data, err);
    text_fini(&sql);
    return rc;
}

/* schema.sql, and the views whose columns are the numbers of the report. */
static int create(sqlite3 *db, const char *path, struct error *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", SCHEMA_APPLICATION,
             SCHEMA_VERSION);
    int rc = schema_run(db, path, sql, err);
    if (rc == GS_OK)
        rc = schema_run(db, path, schema_sql, err);
    if (rc == GS_OK)
        rc = create_pivot(db, path, "report_group", "group", "name", err);
    if (rc == GS_OK)
        rc = create_pivot(db, path, "report_gpu", "gpu", "id", err);
    if (rc == GS_OK)
        rc = create_pivot(db, path, "report_swap_file", "node", "node", err);
    return rc;
}

int schema_open(sqlite3 **out, const char *path, bool alone, struct error *err)
{
    sqlite3 *db = NULL;
    int is_empty = 0, rc = GS_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char wal[64];
    snprintf(wal, sizeof wal, "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = %d;", WAL_PAGES);
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK)
        rc = schema_error(db, path, err);
    if (rc == GS_OK) {
        sqlite3_busy_timeout(db, BUSY_MS);
        rc = alone ? schema_run(db, path, "PRAGMA locking_mode = EXCLUSIVE", err) : GS_OK;
    }
    if (rc == GS_OK) {
        rc = recognise(db, path, GS_CANT_CREATE, &is_empty, err);
    }
    if (rc == GS_OK && sqlite3_db_readonly(db, "main") == 1)
        rc = error_set(err, GS_CANT_CREATE,
                       "'%s' cannot be written; make it writable, or name another database with --db", path);
    if (rc == GS_OK)
        rc = schema_run(db, path, "PRAGMA journal_mode = WAL", err);
    if (rc == GS_OK)
        rc = schema_run(db, path, wal, err);
    if (rc == GS_OK)
        rc = schema_run(db, path, "BEGIN IMMEDIATE", err);
    if (rc == GS_OK) /* somebody may have made the tables meanwhile */
        rc = recognise(db, path, GS_CANT_CREATE, &is_empty, err);
    if (rc == GS_OK && is_empty)
        rc = create(db, path, err);
    if (rc == GS_OK)
        rc = schema_run(db, path, "COMMIT", err);
    if (rc != GS_OK) {
        sqlite3_close(db);
        db = NULL;
    }
    *out = db;
    return rc;
}

/* A file of a read-only folder that was left in WAL mode can only be read as one that nobody changes. */
static sqlite3 *open_immutable(const char *path)
{
    char uri[4096 * 3 + 32];
    size_t n = (size_t)snprintf(uri, sizeof uri, "file:");
    for (const char *c = path; *c && n + 32 < sizeof uri; c++) {
        bool special = *c == '?' || *c == '#' || *c == '%';
        n += (size_t)snprintf(uri + n, sizeof uri - n, special ? "%%%02x" : "%c", (unsigned)(unsigned char)*c);
    }
    snprintf(uri + n, sizeof uri - n, "?immutable=1");
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

int schema_open_read(sqlite3 **out, const char *path, struct error *err)
{
    sqlite3 *db = NULL;
    int is_empty = 0, rc = GS_OK;
    *out = NULL;
    if (access(path, R_OK) != 0)
        return error_set(err, GS_NO_INPUT, "cannot read '%s': %s", path, strerror(errno));
    /* Only a connection that may write clears the files beside a database away; without the right to, it only reads. */
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        error_set(err, GS_IO, "cannot read '%s': %s", path, sqlite3_errmsg(db));
        sqlite3_close(db);
        return GS_IO;
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    int tried = sqlite3_exec(db, "PRAGMA query_only = 1; SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    if (tried == SQLITE_CANTOPEN || tried == SQLITE_READONLY) {
        sqlite3 *quiet = open_immutable(path);
        if (quiet) {
            sqlite3_close(db);
            db = quiet;
        }
    }
    rc = recognise(db, path, GS_BAD_INPUT, &is_empty, err);
    if (rc == GS_CANT_CREATE)
        err->code = rc = GS_BAD_INPUT; /* as input, not as output */
    if (rc == GS_OK && is_empty)
        rc = error_set(err, GS_BAD_INPUT, "'%s' holds no runs", path);
    if (rc != GS_OK) {
        sqlite3_close(db);
        return rc;
    }
    *out = db;
    return GS_OK;
}
