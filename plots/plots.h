/* plots.h - pictures of a run in the database, drawn by gnuplot.
 *
 * For each picture the folder gets NAME.csv (its data, times in seconds, sizes in bytes), NAME.gp (the gnuplot script,
 * which draws it again: `gnuplot NAME.gp`), NAME.svg and NAME.png.  The same run gives the same bytes.  docs/results.md
 * describes the pictures and their columns.
 */
#ifndef GS_PLOTS_H
#define GS_PLOTS_H

#include "sim/base/error.h"
#include "sim/results/report.h"

#include <stdio.h>

/* Draw the run that `report` was read from, in the database `path`, into `folder`, which is made if need be.  `talk` (may
 * be NULL) hears which pictures there are, and which could not be made of this run and why; that is no failure.
 * GS_CANT_CREATE, GS_IO: a file cannot be written; GS_SYSTEM: gnuplot is missing or failed, the data is there. */
int plots_write(const char *path, const struct report *report, const char *folder, FILE *talk, struct error *err);

#endif
