/* plots.h - pictures of a run in the database, or of a trace, drawn by gnuplot.
 *
 * For each picture the folder gets NAME.csv (its data, times in seconds, sizes in bytes), NAME.gp (the gnuplot script,
 * which draws it again: `gnuplot NAME.gp`), NAME.svg and NAME.png.  The same run gives the same bytes.  docs/results.md
 * describes the pictures and their columns.
 */
#ifndef GS_PLOTS_H
#define GS_PLOTS_H

#include "sim/base/error.h"
#include "sim/results/report.h"

#include <stddef.h>
#include <stdio.h>

/* Draw the run that `report` was read from, in the database `path`, into `folder`, which is made if need be.  `talk` (may
 * be NULL) hears which pictures there are, and which could not be made of this run and why; that is no failure.
 * GS_CANT_CREATE, GS_IO: a file cannot be written; GS_SYSTEM: gnuplot is missing or failed, the data is there. */
int plots_write(const char *path, const struct report *report, const char *folder, FILE *talk, struct error *err);

/* One page, FOLDER/index.html, of `reports` runs of the database, and of what `files` hold that other commands found (JSON):
 * all it shows is in it, pictures and their data, and it loads nothing.  It is there whole or not at all.  The same runs give the same bytes.  Where gnuplot is missing the page
 * is written without pictures, and says so; the code is GS_SYSTEM all the same. */
int plots_write_html(const char *path, const struct report *report, size_t reports, const char *const *file,
                     size_t files, const char *folder, FILE *talk, struct error *err);

/* What is drawn of a trace. */
struct plots_curve { /* a distribution: values, rising */
    const char *label;
    const double *value;
    size_t n;
};
struct plots_level { /* from then on: means, and the greatest */
    double from_s, present, in_service, in_service_peak;
};
struct plots_trace {
    const char *name, *subtitle;
    const struct plots_curve *curve; /* of times, in seconds */
    size_t curves;
    struct plots_curve memory;       /* bytes; n = 0: not known */
    const struct plots_level *level; /* how many workloads there are, how many bursts and requests are served */
    size_t levels;
    double end_s;
};

/* The same for a trace: "times", "memory", "concurrency". */
int plots_write_trace(const struct plots_trace *trace, const char *folder, FILE *talk, struct error *err);

#endif
