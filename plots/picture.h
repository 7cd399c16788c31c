/* picture.h - what the files that make the pictures share: a picture under way, and how to write for gnuplot. */
#ifndef GS_PICTURE_H
#define GS_PICTURE_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/results/report_cells.h"

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
    struct text says; /* what is to be seen, in sentences, for those who cannot see it and those in a hurry */
    int height;
    int narrow_more;    /* so much higher is the narrow form, whose legend takes more lines */
    const char *script; /* that draws it; NULL: the one of its name */
    char missing[256];  /* why it cannot be made of this run, and what to do; "" */
};
void picture_fini(struct picture *picture);

/* The pictures of a run, in their order. */
enum { PLOT_KINDS = 6 };
struct plot_kind {
    const char *name, *shows;
    int (*make)(struct album *album, struct picture *picture);
};
extern const struct plot_kind plot_kind[PLOT_KINDS];

/* Open the database `path` for pictures of a run in it; fails also where there is nothing to draw.  `album_close` is
 * needed in either case. */
int album_open(struct album *album, const char *path, const struct report *report, struct error *err);
void album_close(struct album *album);
/* What stands below the title of each picture, and the variables that all scripts need. */
void album_captions(const struct album *album, struct text *subtitle, struct text *set);

/* Each makes one picture; GS_OK also where it leaves `missing`. */
int picture_response(struct album *album, struct picture *picture);
int picture_stalls(struct album *album, struct picture *picture);
int picture_residency(struct album *album, struct picture *picture);
int picture_swap(struct album *album, struct picture *picture);
int picture_link(struct album *album, struct picture *picture);
int picture_gpu(struct album *album, struct picture *picture);

/* `sql` about the run, whose number is ?1. */
int album_query(struct album *album, sqlite3_stmt **statement, const char *sql);
/* The next row; false at the end, and when something went wrong: then `*rc` is the code. */
bool album_next(struct album *album, sqlite3_stmt *statement, int *rc);
/* The distribution function of a group's response times, as a block of "value,share,label" lines; widens least..most. */
int put_response_curve(struct album *album, struct text *data, size_t group, const char *label, double *least,
                       double *most);
/* One number, NAN if it is null or there is no row. */
int album_number(struct album *album, const char *sql, double *number);
int album_no_memory(struct album *album);

/* The (at most) `most` of `n` items with the greatest weights, rising by number; negative weights never.  Sets `*shown`.
 * NULL if there is no memory. */
size_t *album_pick(struct album *album, size_t n, size_t most, double (*weight)(const struct report *report, size_t i),
                   size_t *shown);

/* Bytes of the UTF-8 character at `s`, 0 if it is none (a control character is none either). */
size_t character(const char *s);

/* A gnuplot string, quoted so that nothing in it is taken for anything else; as a label of a tick, `%` counts too. */
void put_string(struct text *out, const char *string);
void put_tick(struct text *out, const char *string);

/* A name cut to NAME_MOST characters as the report cuts it; the name of a scenario may have TITLE_MOST. */
enum { TITLE_MOST = 32, NAME_BYTES = 4 * TITLE_MOST + 4 };
const char *short_name(char out[NAME_BYTES], const char *name);
const char *short_title(char out[NAME_BYTES], const char *name);

/* A time axis in seconds: the variables x_from, x_to, x_ticks (of `set xtics`, labels as people count time) and x_name,
 * the unit of the labels ("h", "h:min"); few_ticks and few_name for narrow pictures. */
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
