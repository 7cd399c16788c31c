/* picture.h - what the files that make the pictures share: a picture under way, and how to write for gnuplot. */
#ifndef GS_PICTURE_H
#define GS_PICTURE_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/results/report.h"

#include <sqlite3.h>

/* Where pictures are made from. */
struct album {
    sqlite3 *db;
    const char *path;
    const struct report *report;
    struct arena arena;
    double end_s;  /* of the first replication */
    bool is_brief; /* a point of a sweep that kept totals only */
    struct error *err;
};

enum { PICTURE_WIDTH = 1000 };

/* A picture: what C writes down, for a script that only draws. */
struct picture {
    struct text data; /* CSV */
    struct text set;  /* gnuplot statements: the variables of the script */
    struct text title;
    int height;
    const char *script; /* that draws it; NULL: the one of its name */
    char missing[256];  /* why it cannot be made of this run, and what to do; "" */
};
void picture_fini(struct picture *picture);

/* Each makes one picture; GS_OK also where it leaves `missing`. */
int picture_response(struct album *album, struct picture *picture);
int picture_stalls(struct album *album, struct picture *picture);
int picture_residency(struct album *album, struct picture *picture);
int picture_swap(struct album *album, struct picture *picture);
int picture_gpu(struct album *album, struct picture *picture);

/* `sql` about the run, whose number is ?1. */
int album_query(struct album *album, sqlite3_stmt **statement, const char *sql);
/* The next row; false at the end, and when something went wrong: then `*rc` is the code. */
bool album_next(struct album *album, sqlite3_stmt *statement, int *rc);
/* One number, NAN if it is null or there is no row. */
int album_number(struct album *album, const char *sql, double *number);
int album_no_memory(struct album *album);

/* The (at most) `most` of `n` items with the greatest weights, rising by number; negative weights never.  Sets `*shown`.
 * NULL if there is no memory. */
size_t *album_pick(struct album *album, size_t n, size_t most, double (*weight)(const struct report *report, size_t i),
                   size_t *shown);

/* A gnuplot string, quoted so that nothing in it is taken for anything else; as a label of a tick, `%` counts too. */
void put_string(struct text *out, const char *string);
void put_tick(struct text *out, const char *string);

/* A name cut to NAME_MOST characters as the report cuts it; the name of a scenario may have TITLE_MOST. */
enum { NAME_MOST = 20, TITLE_MOST = 32, NAME_BYTES = 4 * TITLE_MOST + 4 };
const char *short_name(char out[NAME_BYTES], const char *name);
const char *short_title(char out[NAME_BYTES], const char *name);

/* A time axis in seconds: the variables x_from, x_to, x_ticks (of `set xtics`, labels as people count time) and x_name,
 * the unit of the labels ("h", "h:min"). */
void put_time_axis(struct text *out, double from_s, double to_s);
/* The same for values of any kind of size, from the least that is above 0 to the most: logarithmic where they are far
 * apart. */
void put_times_axis(struct text *out, double least, double most);
/* A step of 1, 2 or 5 times a power of ten that cuts `span` into about `parts`. */
double nice_step(double span, double parts);
/* A nice time not above `s`: 1 s, 2 s, 5 s, .. 1 min, ..; below a millisecond `s` itself. */
double nice_time_below(double s);
/* A round time in words: "1 h 30 min". */
const char *show_span(char out[32], double s);

#endif
