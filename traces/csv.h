/* csv.h - tables with a header line: fields by the names of their columns.
 *
 * Reads RFC 4180 on one line (a quoted field may hold commas and doubled quotes, but no line break), LF or CR LF, with
 * or without a byte order mark: foreign files come from everywhere.
 */
#ifndef GS_TRACES_CSV_H
#define GS_TRACES_CSV_H

#include "traces/lines.h"

enum { CSV_COLUMNS = 2048 };

struct csv {
    struct lines *lines;
    int want[CSV_COLUMNS]; /* index of each wanted column in the file */
    const char *name[CSV_COLUMNS];
    int wanted;
    char *field[CSV_COLUMNS]; /* of the present row, as NUL-terminated text */
    int fields, columns;      /* of the present row; of the header */
};

/* Read the header from `lines` (which stays the caller's) and find `wanted` columns; all must be there. */
int csv_open(struct csv *csv, struct lines *lines, const char *const *name, int wanted, struct error *err);

/* After csv_open and before the first row: a column that may be missing.  Its number for the calls below, which follows
 * those of the wanted ones, or -1 if the file has none. */
int csv_optional(struct csv *csv, const char *name);

/* The next row; *more = false at the end.  Empty lines are passed over; a row of another width is an error. */
int csv_next(struct csv *csv, bool *more, struct error *err);

/* For guesses, on the beginning of a file: is its first line just `header`; does it hold all columns of `names` (both
 * "a,b,c", no quotes)? */
bool csv_header_is(const char *head, const char *header);
bool csv_header_has(const char *head, const char *names);

/* Wanted column `i` of the row, as text, as an integer or as a number from min to max. */
const char *csv_text(const struct csv *csv, int i);
int csv_integer(const struct csv *csv, int i, int64_t min, int64_t max, int64_t *value, struct error *err);
int csv_number(const struct csv *csv, int i, double min, double max, double *value, struct error *err);

#endif
