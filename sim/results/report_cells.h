/* report_cells.h - the cells of the text report. */
#ifndef GS_REPORT_CELLS_H
#define GS_REPORT_CELLS_H

#include "sim/results/report.h"

enum { NAME_LEAST = 8, NAME_MOST = 20, CELL = REPORT_CELL };

/* A value with its unit, "-" if it is NAN. */
const char *show_ratio(char out[CELL], double x);
const char *show_percent(char out[CELL], double share);
const char *show_whole_percent(char out[CELL], double share);
const char *show_size(char out[CELL], double bytes);
const char *show_count(char out[CELL], double n);

typedef const char *(*show_fn)(char out[CELL], double value);
void cell(struct text *out, int width, show_fn show, double value);

/* Left-justified and cut to `width`, two of which stay blank. */
void name_cell(struct text *out, int width, const char *name);
int wider(int width, const char *name);

/* What a count is of: "1 burst", "2 bursts". */
void counted(struct text *out, double n, const char *what);

/* What the numbers come from: "simulated". */
const char *report_how(const struct report *report);

/* The parts of a promise: how its numbers are shown; "response p95 <= 30.0 s"; "[39.8 s, 42.7 s]", or nothing. */
show_fn sla_show(const struct report_sla *sla);
const char *sla_demand(char out[CELL * 2], const struct report_sla *sla);
const char *sla_bounds(char out[CELL * 2], const struct report_sla *sla);

/* report_notes.c: what must be known before the numbers are believed, and what they leave out. */
void report_alarms(struct text *out, const struct report *report);
/* Its times leave out so many, refused, stuck or not ended, that there is an alarm. */
bool report_is_partial(const struct report_group *group);
void report_notes(struct text *out, const struct report *report);

/* report_beside.c: a line where jobs and others share the nodes, but for many groups. */
void report_beside(struct text *out, const struct report *report);

#endif
