/* explain.h - why one burst took as long as it did: its time cut into pieces, each with a cause and with who had a part in
 * it, out of the rows of a database.
 *
 * With `record = events` every piece comes from what was decided, and room in the swap file from the controller's books as the
 * same events lead to them again; with `record = bursts` from who was where, and then waiting is just waiting.
 */
#ifndef GS_EXPLAIN_H
#define GS_EXPLAIN_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/results/rows.h"
#include "sim/results/text.h"

/* What a piece of a burst's time is. */
enum explain_kind {
    EXPLAIN_TURN,      /* waits: others are ahead */
    EXPLAIN_PREEMPTED, /* the same, after it was stopped */
    EXPLAIN_DETECT,    /* the same, while one that has nothing to do keeps the GPU */
    EXPLAIN_SWAP_OUT,  /* waits for victims, or its own workload, to leave */
    EXPLAIN_SWAP_IN,   /* its bytes are on their way in */
    EXPLAIN_SWITCH,    /* has the GPU, which is switching to it */
    EXPLAIN_CAP,       /* no room in the swap file */
    EXPLAIN_COLD,      /* its bytes come from disk */
    EXPLAIN_BEHIND,    /* its workload has the GPU, for bursts that came earlier */
    EXPLAIN_RUN,       /* has the GPU, perhaps with others */
    EXPLAIN_PAUSE, /* was stopped, and wants nothing for a moment: of a served program, whose burst goes on or not */
    EXPLAIN_WAIT,  /* waits; for what was not recorded */
    EXPLAIN_KINDS
};
const char *explain_kind_name(enum explain_kind kind); /* "turn", "swap_out", ... */

/* What somebody else did meanwhile. */
enum explain_deed {
    EXPLAIN_USED,    /* executed on the GPU */
    EXPLAIN_KEPT,    /* had the GPU and nothing to do */
    EXPLAIN_CAME,    /* was swapped in */
    EXPLAIN_LEFT,    /* was swapped out */
    EXPLAIN_CLEANED, /* had its copy written ahead */
    EXPLAIN_HELD,    /* held room of the swap file */
    EXPLAIN_DEEDS
};
const char *explain_deed_name(enum explain_deed deed);

/* Why one on the GPU was not among the candidates. */
enum explain_bar { EXPLAIN_HAD_TURN, EXPLAIN_COMING, EXPLAIN_LEAVING, EXPLAIN_BARRED };
const char *explain_bar_name(enum explain_bar bar);

struct explain_barred {
    uint32_t workload;
    enum explain_bar why;
};

struct explain_candidate {
    uint32_t workload;
    bool chosen;
    double keep;   /* what it is worth to keep, to its policy; NAN: nothing finite */
    gs_ns idle_ns; /* since it last had the GPU; -1: it never had */
    int64_t bytes; /* it would free; where the books are not known, what it held when it last came in or ran */
};

/* A choice of victims. */
struct explain_choice {
    gs_ns at_ns;
    uint32_t requester; /* GS_NONE: nobody in particular */
    const struct explain_candidate *candidate;
    const struct explain_barred *barred; /* others on that GPU */
    uint32_t candidates, barreds;
};

struct explain_part {
    enum explain_deed deed;
    uint32_t workload, requester;        /* EXPLAIN_LEFT: for whom, or GS_NONE */
    bool same_link;                      /* its transfer goes over the link that the piece waits for */
    uint8_t reason;                      /* of its transfer */
    gs_ns ns;                            /* how long, within the piece */
    int64_t bytes;                       /* of its transfer or its room; else 0 */
    const struct explain_choice *choice; /* that sent it out, or NULL */
};

struct explain_piece {
    enum explain_kind kind;
    uint8_t reason; /* of the wait, the swap-in or the stop */
    gs_ns from_ns, to_ns;
    int64_t bytes; /* of its own transfer */
    uint32_t next; /* EXPLAIN_PREEMPTED: who had the GPU next; else GS_NONE */
    struct explain_part *part;
    size_t parts;
};

struct explain_burst {
    uint64_t number; /* in its replication */
    uint32_t replication, gpu;
    struct burst_row row;
    uint8_t reason;              /* why it was refused */
    const char *untold;          /* why the controller's books are not known: nobody is EXPLAIN_HELD; NULL: they are */
    gs_ns located_ns[STALLS];    /* the stalls as the pieces have them; queue: waiting and sharing */
    struct explain_piece *piece; /* in order, without gaps, from ready to end */
    size_t pieces;
};

struct explain_workload {
    const char *name; /* "NB-3" */
    const char *group;
};

struct explain_gpu {
    const char *name;
    uint32_t node;
};

struct explain_node {
    const char *name;
    int64_t swap_cap_bytes;
};

struct explain_run {
    int64_t run;
    const char *scenario, *file, *policy, *victim, *provenance;
    bool events, complete;
    struct explain_workload *workload;
    struct explain_gpu *gpu;
    struct explain_node *node;
    uint32_t workloads, gpus, nodes;
};

struct explain;

/* Open run `run` (0 = the last one) of the database `path`.  GS_BAD_INPUT if it kept no bursts. */
int explain_open(struct explain **explain, const char *path, int64_t run, struct arena *arena, struct error *err);
void explain_close(struct explain *explain); /* takes NULL */
const struct explain_run *explain_about(const struct explain *explain);

/* The id of the workload of that name ("NB-3", or its number). */
int explain_find(const struct explain *explain, const char *name, uint32_t *workload, struct error *err);

/* Which bursts: */
struct explain_wish {
    int64_t replication; /* -1: any */
    int64_t burst;       /* its number, with `workload` that within the workload; -1: the slowest */
    int64_t slowest;     /* how many of them */
    uint32_t workload;   /* GS_NONE: any */
    const char *group;   /* NULL: any */
};
/* Their rows, the slowest first.  GS_BAD_INPUT if there is none. */
int explain_pick(struct explain *explain, const struct explain_wish *wish, struct explain_burst **burst, size_t *bursts,
                 struct error *err);

/* Read what happened in a replication between two times; then explain bursts that lie within them: all but what
 * explain_pick knows is filled in.  What is read and explained lives until the next explain_read. */
int explain_read(struct explain *explain, uint32_t replication, gs_ns from_ns, gs_ns to_ns, struct error *err);
int explain_burst(struct explain *explain, struct explain_burst *burst, struct error *err);

void explain_text(struct text *out, const struct explain *explain, const struct explain_burst *burst);
void explain_json(struct text *out, const struct explain *explain, const struct explain_burst *burst);

#endif
