/* run.h - run a scenario: replications side by side on threads, each the one loop of controller and backend. */
#ifndef GS_RUN_H
#define GS_RUN_H

#include "backend/backend.h"
#include "sim/results/results.h"
#include "sim/results/tally.h"

/* Somebody who looks on while time passes by itself: the loop of a live run. */
struct run_sight {
    gs_ns now_ns, end_ns; /* end_ns GS_NEVER: none is set */
    const struct gs_view *view;
    const struct gs_setup *setup;
    const struct tally *tally;     /* what has been counted so far; its sketches are being filled */
    const struct group_sums *sums; /* of each node, then of none: each group; they come into the tally at the end */
    struct backend *backend;
    const struct backend_ops *ops;
};
struct run_watch {
    gs_ns slice_ns; /* the loop looks up as often as this */
    void (*look)(void *context, const struct run_sight *sight);
    void (*step)(void *context, const struct gs_event *event, const struct gs_commands *commands);
    void *context;
};

/* What is needed to run one replication. */
struct replication_plan {
    const struct scenario *scenario;
    const struct load_traces *traces;
    const struct backend_ops *backend;
    uint32_t replication;
    gs_ns warmup_ns;
    struct results *results;  /* rows go there; NULL: none are kept */
    const volatile int *stop; /* becomes non-zero: stop at once; NULL: never */
    const struct live_device *device;
    const struct run_watch *watch;    /* NULL: time is simulated */
    const struct load_wishes *wishes; /* of a run that is followed; NULL: none is */
    uint32_t threads;                 /* that it may use, where its nodes can be simulated by themselves; 0: one */
    bool whole;                       /* simulate all nodes at once, even where they could be by themselves */
    struct mser *mser;                /* takes (end, response) of every burst, for the truncation; NULL: not wanted */
};

/* Simulate it to its end.  The tally lives in `arena`; release its sketches with tally_fini.  Its rows are in the database
 * when it returns, and the replication is marked as complete there; a stopped one is `interrupted` and leaves no mark. */
int replication_run(const struct replication_plan *plan, struct tally **tally, struct arena *arena, struct error *err);

struct run_options {
    struct results *results; /* may be NULL */
    const struct backend_ops *backend;
    const volatile int *stop;
    const struct live_device
        *device; /* of a live run, which is one replication, and is looked on by `watch`; else NULL */
    const struct run_watch *watch;
    const struct load_wishes *wishes; /* of a run of one replication that is followed; NULL: none is */
    bool whole;                       /* simulate all nodes at once, even where they could be by themselves */
    uint32_t first;                   /* number of the first replication: further ones of a run that had so many */
    /* Told after each replication, from one thread at a time; may be NULL. */
    void (*progress)(void *context, uint32_t done, uint32_t of);
    void *context;
};

/* With `precision`, the first replications are as many at least, and more are added by that number. */
enum { RUN_BATCH = 10 };

struct run_outcome {
    struct tally **tally;             /* completed ones, in the order of their numbers, whatever the threads */
    uint32_t completed, replications; /* the latter: begun, or to be begun when an interrupt came */
    gs_ns warmup_ns;                  /* as applied: of `warmup = auto`, what MSER-5 found */
    bool warmup_unsettled;            /* MSER-5 asks for a longer run */
    struct arena *arena;              /* one a replication */
};

/* All replications of a scenario.  The outcome does not depend on the number of threads. */
int run_scenario(const struct scenario *scenario, const struct run_options *options, const struct load_traces *traces,
                 struct run_outcome *outcome, struct arena *arena, struct error *err);
void run_fini(struct run_outcome *outcome);

/* A scenario under way; what the files of sim/run share. */
struct run_state {
    const struct scenario *scenario;
    const struct run_options *options;
    const struct load_traces *traces;
    gs_ns warmup_ns;
    bool warmup_unsettled;
    struct mser *mser; /* one a replication in the first pass of `warmup = auto`, else NULL */
    const struct mser **series;
    struct tally **tally;
    struct arena *arena; /* one a replication */
    uint32_t replications, next, done;
    uint32_t most;           /* replications, if precision asks for more */
    bool precise;            /* it was, when the last batch was done */
    struct run_state *after; /* opened after this one */
};

/* Make it ready; `options` and `scenario` stay the caller's.  run_collect in any case gives what is complete. */
int run_prepare(struct run_state *run, const struct scenario *scenario, const struct run_options *options,
                const struct load_traces *traces, struct arena *arena, struct error *err);
void run_collect(struct run_state *run, struct run_outcome *outcome);

/* Where runs come from, and who takes them when nothing more is to be done: `next` is asked by one thread at a time, and
 * gives NULL when there are no more; `over` is told by several threads at a time, also of runs that were cut short. */
struct run_source {
    int (*next)(void *context, struct run_state **run, struct error *err);
    int (*over)(void *context, struct run_state *run, struct error *err);
    void *context;
    const volatile int *stop;
};

/* All runs of a source on `threads` threads (0: all cores), no more than `most`: replications of one run side by side, and
 * runs side by side where that leaves threads idle.  The first error ends everything. */
int run_all(const struct run_source *source, int64_t threads, uint64_t most, struct error *err);

#endif
