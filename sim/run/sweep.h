/* sweep.h - run the points of a sweep, those that are not done, side by side. */
#ifndef GS_RUN_SWEEP_H
#define GS_RUN_SWEEP_H

#include "sim/run/run.h"
#include "sim/scenario/sweep.h"

struct sweep_plan {
    const char *file;
    const struct overrides *overrides;
    const struct sweep *sweep;
    const char *db, *version;
    uint32_t shard, shards; /* 1 of 1: all points */
    const struct backend_ops *backend;
    const volatile int *stop;
    /* Told after each point, from one thread at a time; may be NULL. */
    void (*progress)(void *context, uint32_t done, uint32_t of);
    void *context;
};

struct sweep_told {
    int64_t sweep;                /* its number in the database */
    uint32_t own, before, done;   /* points of the shard; of those, done before this run, and after it */
    uint32_t unsettled, left_out; /* points whose warm-up was not settled; workloads that a trace lost */
};

/* Check all points of the shard, then run those that the database does not hold yet.  Results depend neither on threads
 * nor on shards.  An interrupt by `stop` is no error: told->done is less than told->own. */
int sweep_run(const struct sweep_plan *plan, struct sweep_told *told, struct error *err);

/* sweep_content.c: hash of all that makes the results of a scenario: its keys but scenario.threads, and what the files
 * hold that it names.  GS_NO_INPUT. */
int sweep_content(const struct scenario *scenario, uint64_t *hash, struct error *err);

#endif
