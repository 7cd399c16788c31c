/* sweep_show.h - the table of a sweep, to where it is wanted. */
#ifndef GS_SWEEP_SHOW_H
#define GS_SWEEP_SHOW_H

#include "sim/cli/output.h"

#include <stdint.h>

struct sweep_show {
    const char *json, *csv; /* NULL: not wanted; "-": standard output, instead of the text */
    bool quiet, assert_sla;
    struct output json_file, csv_file;
};

/* Before anything runs: both files can be written. */
int sweep_show_open(struct sweep_show *show, struct error *err);
/* The sweep of that number in `db`, 0: the only one; GS_MISSED if a promise was missed and that was asked for. */
int sweep_show(struct sweep_show *show, const char *db, int64_t sweep, struct error *err);
void sweep_show_close(struct sweep_show *show);

#endif
