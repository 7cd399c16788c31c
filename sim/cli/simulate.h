/* simulate.h - what `run` and `replay` have in common: options, the run itself, its report. */
#ifndef GS_SIMULATE_H
#define GS_SIMULATE_H

#include "sim/scenario/scenario.h"
#include <argp.h>

enum { SETS_MAX = 256 };

struct simulate {
    const char *db, *json; /* json NULL: not wanted; "-": stdout */
    const char *backend;
    const char *command; /* how to run this again, for advice; NULL: gpuswap-sim run SCENARIO */
    bool quiet, assert_sla;
    const char *set[SETS_MAX]; /* --set and its short forms, in order */
    size_t sets;
    struct arena arena;
    struct error *err; /* of option parsing */
};

/* Options of every run, for use as an argp child. */
extern const struct argp simulate_argp;

void simulate_init(struct simulate *s);
/* Run `scenario` and report.  GS_MISSED: --assert and an SLA missed. */
int simulate_run(struct simulate *s, const struct scenario *scenario, struct error *err);
void simulate_fini(struct simulate *s);

#endif
