/* advice.h - what `gpuswap-sim advise` found out, and how it is told. */
#ifndef GS_ADVICE_H
#define GS_ADVICE_H

#include "sim/results/text.h"
#include "sim/run/capacity.h"
#include "sim/scenario/scenario.h"
#include "sim/stats/interval.h"

/* Of a [node.NAME] that swaps. */
struct advice_node {
    const char *name;
    struct interval peak; /* bytes, of the fullest of its nodes, where the file has room for all */
    int64_t most;         /* of all replications */
    int64_t least;        /* with that still nobody waited for room; 0: it was not looked for */
    int64_t file;         /* recommended */
    double a_gpu;         /* workloads on one GPU, on average */
    int64_t context;      /* the largest of a workload */
};

/* Of a group of workloads, and what keeps it apart from the others. */
struct advice_group {
    const char *name, *why; /* why NULL: it may stay */
    double before, after;   /* response p95 in seconds, as it is and with the split */
};

/* Nodes of a group of nodes that should not swap. */
struct advice_split {
    size_t node;
    int64_t nodes, of;
    bool tried;
    double refused; /* workloads that found no GPU then, all replications */
};

struct advice {
    const struct scenario *scenario;
    int64_t replications;
    struct advice_node *node;
    size_t nodes;
    struct advice_group *group;
    size_t groups;
    struct advice_split split;
    const char *counted;    /* the group whose count was searched; NULL: there are no promises */
    struct capacity found;  /* what was found; no answer: not even one keeps all promises */
    const char *found_says; /* in a sentence */
    double count_a_gpu;
    int runs;
};

void advice_text(struct text *out, const struct advice *advice);
void advice_json(struct text *out, const struct advice *advice);

#endif
