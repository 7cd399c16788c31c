/* replication.h - a replication under way, or a part of one: some nodes that are simulated by themselves.  For sim/run only. */
#ifndef GS_REPLICATION_H
#define GS_REPLICATION_H

#include "sim/run/oracle.h"
#include "sim/run/recorder.h"
#include "sim/run/run.h"
#include "sim/run/setup.h"

struct replication_part {
    struct gs_setup setup;        /* its nodes and workloads */
    const uint32_t *number;       /* of each workload, in the whole scenario */
    struct recorder_part watched; /* where its nodes are among all */
    gs_ns settled_ns;             /* the last workload of all arrives then; before, nobody may leave */
};

struct replication {
    const struct replication_plan *plan;
    const struct replication_part *part; /* NULL: it is whole */
    struct gs_setup setup;
    struct oracle oracle;
    struct controller *ctl;
    struct load *load;
    struct backend *backend;
    struct backend_clock *clock; /* what the backend's state begins with */
    const struct backend_ops *ops;
    struct recorder *rec;
    struct load_event happening;
    struct gs_event event;
    gs_ns at_ns;      /* reached */
    gs_ns end_ns;     /* GS_NEVER: until all is done */
    gs_ns until_ns;   /* this stretch of it ends */
    gs_ns mark_ns;    /* when the loop itself has something to do next: the end, or a mark of the recorder */
    gs_ns settled_ns; /* -1: it is whole */
    bool dead_end;    /* nothing will ever happen again, and yet not all is done */
    bool stopped;
    bool coupled; /* of a part: where others are placed may depend on what happened here */
};

/* `plan` and `part` must outlive it.  What is open when an error comes is for replication_close. */
int replication_open(struct replication *r, const struct replication_plan *plan, const struct replication_part *part,
                     struct arena *arena, struct error *err);
/* On to `until_ns`, or to its end if that is earlier, or until it is stopped. */
int replication_until(struct replication *r, gs_ns until_ns, struct error *err);
void replication_close(struct replication *r);

#endif
