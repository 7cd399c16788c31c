/* simulate.h - what all commands that run scenarios have in common: options, the run itself, its report. */
#ifndef GS_SIMULATE_H
#define GS_SIMULATE_H

#include "sim/cli/output.h"
#include "sim/results/report.h"
#include "sim/run/run.h"
#include "sim/scenario/scenario.h"

#include <argp.h>

struct live;
enum { SETS_MAX = 256 };

/* A bar of progress on a terminal, for what takes longer than a second. */
struct bar {
    int64_t start_ns; /* machine_ns() */
    const char *label;
    bool wanted;
};

struct simulate {
    const char *db, *json; /* db NULL: no rows are kept; json NULL: not wanted, "-": stdout */
    const char *backend;
    const char *command;              /* how to run this again, for advice; NULL: gpuswap-sim run SCENARIO */
    struct live *live;                /* of a live run (live.h); NULL: it is simulated */
    const struct load_wishes *wishes; /* of a run that is followed; NULL: none is */
    const char *label;                /* before what is said of a run, as "victim=lru: "; "": there is one run only */
    bool quiet, assert_sla;
    const char *set[SETS_MAX]; /* --set and its short forms, in order */
    size_t sets;
    struct arena arena;
    struct error *err; /* of option parsing */
    struct bar bar;
};

/* Options of every run, for use as an argp child; those of commands whose runs are not kept lack --db. */
extern const struct argp simulate_argp, simulate_unkept_argp;

void simulate_init(struct simulate *s);
void simulate_fini(struct simulate *s);

/* Runs that are held against each other: give `scenario` a number of replications that is fixed, and enough for intervals if it has but one, and say so: "`each` 10". */
void simulate_replicate(const struct simulate *s, struct scenario *scenario, const char *each);

/* The first interrupt sets what this points to, so that what is complete can be reported; a second one ends the program. */
const volatile int *simulate_catch(void);

/* The backend that was asked for; GS_USAGE. */
int simulate_backend(const struct simulate *s, const struct backend_ops **backend, struct error *err);

/* The bar, from now on; simulate_progress fits run_options. */
void simulate_bar(const struct simulate *s, struct bar *bar);
void simulate_progress(void *context, uint32_t done, uint32_t of);

/* Run `scenario` and report.  GS_MISSED: --assert and an SLA missed. */
int simulate_run(struct simulate *s, const struct scenario *scenario, struct error *err);

/* The same in steps.  First a run, its rows to the database, its report made of what was complete when an interrupt came;
 * simulated_fini in any case, after the report. */
struct simulated {
    struct run_outcome outcome;
    struct report report;
};
int simulate_one(struct simulate *s, const struct scenario *scenario, struct simulated *done, struct error *err);
void simulated_fini(struct simulated *done);
/* Then the two forms of a report, to where they are wanted; both texts are freed. */
int simulate_print(const struct simulate *s, struct output *file, struct text *json, struct text *words,
                   struct error *err);
/* For runs made elsewhere: the backend of `s`, its bar of progress from now on, and interrupts, once caught, as a reason to
 * stop. */
int simulate_watch(struct simulate *s, struct run_options *run, struct error *err);
/* GS_OK, or 128 + the signal that ended the run early. */
int simulate_stopped(const struct simulate *s, const struct simulated *done, struct error *err);

#endif
