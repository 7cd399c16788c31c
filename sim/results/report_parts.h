/* report_parts.h - what the files that build a report share among themselves. */
#ifndef GS_REPORT_PARTS_H
#define GS_REPORT_PARTS_H

#include "sim/results/report.h"

enum { NS_PER_S = 1000000000, STUCK_RESPONSES = 10 };
static const double STUCK_SHARE = 0.1;

/* The replications at work, and scratch memory of two values a replication. */
struct making {
    struct report *report;
    const struct scenario *scenario;
    const struct report_about *about;
    struct tally **tally;
    size_t count;
    double *x, *y;
    const char *reason; /* of the next command */
    bool searches;      /* which asks for the capacity in the key of the setting, and not for the setting */
    struct arena *arena;
    struct error *err;
};

void make_batches(struct making *b);  /* report_batches.c: intervals of a single replication; after the groups */
void make_fairness(struct making *b); /* report_fairness.c; after the groups */
void make_unended(struct making *b);  /* report_unended.c; after the groups' quantiles */
void make_refused(struct making *b);  /* report_refused.c */
int make_slas(struct making *b);      /* report_sla.c; after the groups */
int make_labels(struct making *b);    /* report_labels.c: policy, parameters, length, ids */
int make_advice(struct making *b);    /* report_advice.c; after everything else */

/* Measured seconds of a replication. */
double elapsed_s(const struct tally *tally);

/* What limits a run. */
enum limit {
    LIMIT_NOTHING,
    LIMIT_NOT_ENDED,
    LIMIT_ALONE,       /* a promise that not even a GPU of one's own keeps */
    LIMIT_TURNED_AWAY, /* workloads refused */
    LIMIT_REFUSED,     /* bursts refused, for want of room in the swap file */
    LIMIT_NO_ROOM,     /* for want of memory */
    LIMIT_QUEUES,      /* as 'max_waiting' requests waited already */
    LIMIT_FULL,
    LIMIT_NO_SWAP, /* GPUs full for good */
    LIMIT_STARVED,
    LIMIT_OVERLOAD,
    LIMIT_WAIT,
    LIMIT_SWAP,
    LIMIT_CAP,
    LIMIT_COLD
};

/* The first promise that is missed; NULL: none. */
const struct report_sla *first_missed(const struct report *report);

/* report_next.c: "section.key=value" to try next, or "section.key" if b->searches, where `limit` holds `group` up (GS_NONE:
 * nothing ended), with its reason in b->reason; "": none; NULL: no memory. */
const char *next_setting(struct making *b, enum limit limit, size_t group);

/* report_refused.c: the group with the largest share of refused workloads, GS_NONE if none were; and what kept them out. */
size_t most_refused(const struct report *report);
const char *refused_sentence(struct making *b, size_t group);

/* report_labels.c: something in the load is drawn, so that replications differ. */
bool scenario_is_random(const struct scenario *scenario);

/* "node-0" of the n-th node and "node-0/gpu-0" of the n-th GPU, counted over all; NULL if there is no memory. */
const char *label_node(struct arena *arena, const struct scenario *scenario, size_t node);
const char *label_gpu(struct arena *arena, const struct scenario *scenario, size_t gpu);

/* The group of nodes that the n-th node, or GPU, belongs to. */
const struct node_group *node_group_of(const struct scenario *scenario, size_t node);
const struct node_group *gpu_group_of(const struct scenario *scenario, size_t gpu);

/* report_csv.c: a field, quoted where it must be; the lines of a report, each after `prefix`. */
void csv_field(struct text *out, const char *string);
void csv_rows(struct text *out, const char *prefix, const struct report *report);

#endif
