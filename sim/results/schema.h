/* schema.h - the database: opening it, its tables and views, and what SQLite's errors mean to the user. */
#ifndef GS_SCHEMA_H
#define GS_SCHEMA_H

#include "sim/base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

enum {
    SCHEMA_APPLICATION = 0x67737770, /* "gswp", PRAGMA application_id */
    SCHEMA_VERSION = 10,             /* PRAGMA user_version */
};

/* The text of schema.sql: the statements that create all tables, and the views that schema.c does not make itself. */
extern const char schema_sql[];

/* Open for writing; an empty or new file gets the tables.  `alone`: keep everybody else out, also readers; that needs no
 * shared memory, which network file systems do not have.  See results_open for the codes. */
int schema_open(sqlite3 **db, const char *path, bool alone, struct error *err);

/* Open for reading; works on read-only folders, too. */
int schema_open_read(sqlite3 **db, const char *path, struct error *err);

/* Run statements that return no rows. */
int schema_run(sqlite3 *db, const char *path, const char *sql, struct error *err);

/* Say what went wrong in `db` (NULL: out of memory) and what to do; returns the code. */
int schema_error(sqlite3 *db, const char *path, struct error *err);

#endif
