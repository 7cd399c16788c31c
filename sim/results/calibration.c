/* calibration.c - the rows of a calibration, written and read. */
#include "sim/results/calibration.h"
#include "sim/results/results_parts.h"
#include "sim/results/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct writing {
    sqlite3 *db;
    const char *path;
    struct error *err;
};

static int begin(struct writing *w, struct row *row, const char *sql)
{
    *row = (struct row){0};
    return sqlite3_prepare_v2(w->db, sql, -1, &row->statement, NULL) == SQLITE_OK
               ? GS_OK
               : schema_error(w->db, w->path, w->err);
}

static int insert(struct writing *w, struct row *row)
{
    int rc = sqlite3_step(row->statement) == SQLITE_DONE ? GS_OK : schema_error(w->db, w->path, w->err);

    sqlite3_reset(row->statement);
    row->column = 0;
    return rc;
}

static int write_head(struct writing *w, struct calibration *c)
{
    struct row row;
    int rc = begin(w, &row, "INSERT INTO calibration VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    if (rc != GS_OK)
        return rc;
    put_text(&row, c->made);
    put_text(&row, c->host);
    put_text(&row, c->device);
    put_text(&row, c->gpu);
    put_text(&row, c->uuid);
    put_text(&row, c->pci);
    put_text(&row, c->driver);
    put_integer(&row, c->cuda);
    put_integer(&row, c->memory_bytes);
    put_integer(&row, c->chunk_bytes);
    put_real(&row, c->duplex);
    put_text(&row, c->version);
    put_text(&row, c->provenance);
    put_text(&row, c->node);
    rc = insert(w, &row);
    sqlite3_finalize(row.statement);
    c->number = sqlite3_last_insert_rowid(w->db);
    return rc;
}

static int write_meases(struct writing *w, const struct calibration *c)
{
    struct row row;
    int rc = begin(w, &row, "INSERT INTO meas VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    for (unsigned i = 0; i < c->meases && rc == GS_OK; i++) {
        const struct calibration_meas *meas = &c->meas[i];

        put_integer(&row, c->number);
        put_integer(&row, i);
        put_text(&row, meas->kind);
        put_integer(&row, meas->size);
        put_text(&row, meas->unit);
        put_integer(&row, meas->n);
        put_real(&row, meas->p50);
        put_real(&row, meas->p95);
        put_real(&row, meas->min);
        put_real(&row, meas->max);
        put_integer(&row, meas->steady);
        rc = insert(w, &row);
    }
    sqlite3_finalize(row.statement);
    return rc;
}

static int write_samples(struct writing *w, const struct calibration *c)
{
    struct row row;
    int rc = begin(w, &row, "INSERT INTO sample VALUES(?, ?, ?, ?)");

    for (unsigned i = 0; i < c->meases; i++)
        for (unsigned k = 0; k < c->meas[i].n && rc == GS_OK; k++) {
            put_integer(&row, c->number);
            put_integer(&row, i);
            put_integer(&row, k);
            put_real(&row, c->meas[i].sample[k]);
            rc = insert(w, &row);
        }
    sqlite3_finalize(row.statement);
    return rc;
}

static int write_fits(struct writing *w, const struct calibration *c)
{
    struct row row;
    int rc = begin(w, &row, "INSERT INTO fit VALUES(?, ?, ?, ?, ?, ?, ?, ?)");

    for (unsigned i = 0; i < c->fits && rc == GS_OK; i++) {
        put_integer(&row, c->number);
        put_text(&row, c->fit[i].kind);
        put_real(&row, c->fit[i].fixed_ns);
        put_real(&row, c->fit[i].per_s);
        put_real(&row, c->fit[i].worst);
        put_integer(&row, c->fit[i].n);
        put_integer(&row, c->fit[i].from);
        put_integer(&row, c->fit[i].to);
        rc = insert(w, &row);
    }
    sqlite3_finalize(row.statement);
    return rc;
}

/* There is no such file. */
static int check_folder(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";

    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return errno == ENOENT && access(folder, W_OK | X_OK) == 0
               ? GS_OK
               : error_set(err, GS_CANT_CREATE, "cannot open or create '%s': %s; name another database with --db", path,
                           strerror(errno));
}

int calibration_check(const char *path, struct error *err)
{
    sqlite3 *db;
    int rc;

    if (access(path, F_OK) != 0)
        return check_folder(path, err);
    if ((rc = schema_open(&db, path, false, err)) == GS_OK)
        sqlite3_close(db);
    return rc;
}

int calibration_store(struct calibration *c, const char *path, struct error *err)
{
    struct writing w = {.path = path, .err = err};
    int rc = schema_open(&w.db, path, false, err);

    if (rc != GS_OK)
        return rc;
    if ((rc = schema_run(w.db, path, "BEGIN IMMEDIATE", err)) == GS_OK && (rc = write_head(&w, c)) == GS_OK &&
        (rc = write_meases(&w, c)) == GS_OK && (rc = write_samples(&w, c)) == GS_OK &&
        (rc = write_fits(&w, c)) == GS_OK)
        rc = schema_run(w.db, path, "COMMIT", err);
    sqlite3_close(w.db);
    return rc;
}

static const char *copy(sqlite3_stmt *s, int column, struct arena *arena, bool *no_memory)
{
    const unsigned char *value = sqlite3_column_text(s, column);
    const char *text = value != NULL ? arena_strdup(arena, (const char *)value) : NULL;

    *no_memory |= value != NULL && text == NULL;
    return text;
}

static int read_head(struct calibration *c, sqlite3_stmt *s, struct arena *arena, struct error *err)
{
    const char **text[] = {&c->made, &c->host, &c->device, &c->gpu, &c->uuid, &c->pci, &c->driver};
    bool no_memory = false;
    int column = 0;

    *c = (struct calibration){.number = sqlite3_column_int64(s, column)};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        *text[i] = copy(s, ++column, arena, &no_memory);
    c->cuda = sqlite3_column_int64(s, ++column);
    c->memory_bytes = sqlite3_column_int64(s, ++column);
    c->chunk_bytes = sqlite3_column_int64(s, ++column);
    c->duplex = sqlite3_column_double(s, ++column);
    c->version = copy(s, ++column, arena, &no_memory);
    c->provenance = copy(s, ++column, arena, &no_memory);
    c->node = copy(s, ++column, arena, &no_memory);
    return no_memory ? error_set(err, GS_SYSTEM, "no memory for a calibration") : GS_OK;
}

static int missing(const char *path, int64_t wanted, const char *provenance, struct error *err)
{
    if (wanted > 0)
        return error_set(err, GS_BAD_INPUT, "'%s' holds no calibration %lld", path, (long long)wanted);
    return error_set(err, GS_BAD_INPUT,
                     "'%s' holds no calibration of the GPU, so nothing is known of its links; make one: "
                     "gpuswap-sim calibrate --device %s --db %s",
                     path, strcmp(provenance, "double") == 0 ? "double" : "cuda:0", path);
}

int calibration_load(struct calibration *c, const char *path, int64_t wanted, const char *provenance,
                     const char *device, struct arena *arena, struct error *err)
{
    sqlite3_stmt *s = NULL;
    sqlite3 *db;
    int rc = schema_open_read(&db, path, err), step;

    if (rc != GS_OK)
        return rc;
    if (sqlite3_prepare_v2(db,
                           "SELECT * FROM calibration WHERE calibration = ?1 OR (?1 = 0 AND provenance = ?2 AND"
                           " instr(?3, uuid) > 0) ORDER BY calibration DESC LIMIT 1",
                           -1, &s, NULL) != SQLITE_OK) {
        rc = schema_error(db, path, err);
        sqlite3_close(db);
        return rc;
    }
    sqlite3_bind_int64(s, 1, wanted);
    sqlite3_bind_text(s, 2, provenance, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, device, -1, SQLITE_STATIC);
    step = sqlite3_step(s);
    rc = step == SQLITE_ROW    ? read_head(c, s, arena, err)
         : step == SQLITE_DONE ? missing(path, wanted, provenance, err)
                               : schema_error(db, path, err);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return rc;
}
