/* capacity.h - how far may a key of a scenario go until a promise is broken?  The greatest count, the smallest swap file.
 *
 * A value of the key is a point.  At each point replications are run until every promise is known to be kept or one to be
 * missed (sim/stats/sequential.h), or, where a promise is too close to its target, the point stays undecided.  The edge is
 * bracketed by growing steps and then bisected, on the assumption that promises are harder to keep the further the key
 * goes; then its neighbours are tried, and what contradicts the assumption is reported.  The k-th point that is tried may
 * err with 1 / (k (k + 1)) of the whole error, so that all of them together keep the confidence, however many they are.
 *
 * Every point has the seed of the scenario: two of them see the same users, of the last group also the same but for those
 * that one of them has more.  Batches of replications have sizes that do not depend on threads.
 */
#ifndef GS_CAPACITY_H
#define GS_CAPACITY_H

#include "sim/results/report.h"
#include "sim/run/run.h"
#include "sim/scenario/vary.h"

enum capacity_state { CAPACITY_UNDECIDED, CAPACITY_KEPT, CAPACITY_MISSED };

/* A promise at a point. */
struct capacity_check {
    const struct sla *sla;
    enum capacity_state state;
    const char *missed;    /* why: "value", "share", "refused", "stuck", "unended"; NULL if it is not */
    struct interval value; /* at 95 %; NAN where nothing ended */
    double attainment;     /* share of bursts within the target, as in a report; NAN */
    double slack;          /* value over target, less 1, and the other way round for floors; greater is worse */
};

struct capacity_point {
    int64_t place; /* of struct vary */
    double value;
    enum capacity_state state;
    const char *impossible; /* the scenario cannot be with this value: why; else NULL */
    const char *policy;     /* as reports call it */
    uint64_t replications;
    bool faulty, unsettled;       /* a plug-in gave answers that were none; the warm-up asks for longer runs */
    struct capacity_check *check; /* one an SLA row */
    size_t checks;
};

/* What is meant unless the user says otherwise. */
#define CAPACITY_CONFIDENCE 0.95
#define CAPACITY_INDIFFERENCE 0.01
enum { CAPACITY_FIRST_LOOK = 10 }; /* replications, where the scenario has one */

/* How to run points. */
struct capacity_plan {
    const char *file;
    const char *text, *folder; /* the scenario itself, not read from `file`, and where its files are; NULL */
    const char *const *set;    /* of the command line, and of what is looked at besides the key */
    size_t sets;
    double indifference;
    int64_t first; /* replications of the first look */
    struct run_options run;
    /* Told before each batch: the setting, and the replications from .. to; may be NULL. */
    void (*tell)(void *context, const char *setting, uint64_t from, uint64_t to);
    void *context;
};

/* Try one value, which may err with `error`.  What stays is in `arena`; the rest of the scenario `base` serves for names. */
int capacity_try(const struct capacity_plan *plan, const struct vary *vary, struct capacity_point *point, double error,
                 struct arena *arena, struct error *err);

struct capacity {
    const struct vary *vary;
    int way; /* of places towards the harder side: +1, -1; 0: both ends are alike */
    double confidence;
    struct capacity_point *point; /* tried, by rising value */
    size_t points, capacity;
    const struct capacity_point *answer;  /* the hardest that is kept, next to one that is not; NULL: none is kept */
    const struct capacity_point *beyond;  /* the next harder one: missed or undecided; NULL: the range ends */
    const struct capacity_check *binding; /* of `beyond`: what is missed most, or is undecided; NULL: nothing */
    /* Contradict the assumption: the first is missed and the other, though harder, kept.  NULL: none do. */
    const struct capacity_point *easier_missed, *harder_kept;
};

/* What tries a point: capacity_try, or of tests anything else. */
typedef int capacity_probe(void *context, struct capacity_point *point, double error, struct error *err);

/* Search from the place `start`, which is brought into the range.  Memory from `arena`. */
int capacity_search(struct capacity *c, const struct vary *vary, int64_t start, double confidence,
                    capacity_probe *probe, void *context, struct arena *arena, struct error *err);

/* Where to start: for a count of notebooks that of the machine repairman that keeps the promises to them, else as it is. */
int64_t capacity_start(const struct vary *vary, const struct scenario *scenario);

/* What could be changed about the scenario besides the key: people who think 10 % longer, faster GPUs and links, more memory. */
enum { CAPACITY_CHANGES = 8, CAPACITY_SETS = 16 };
struct capacity_change {
    const char *name;
    const char *set[CAPACITY_SETS];
    size_t sets;
};
/* Number of changes, in `change`; 0 also for want of memory, then with an error. */
size_t capacity_changes(const struct vary *vary, const struct scenario *scenario,
                        struct capacity_change change[CAPACITY_CHANGES], struct arena *arena, struct error *err);

/* "NB.response_p95" */
const char *capacity_check_name(char out[REPORT_CELL * 2], const struct capacity_check *check);

/* What is told: searches with the same key under other circumstances. */
struct capacity_case {
    const char *name; /* "node.swap_file=64GiB", "GPUs 10 % faster" */
    double value;     /* of the second key */
    struct capacity found;
};
struct capacity_report {
    const struct scenario *scenario;
    const char *version;
    const struct vary *vary;
    double confidence, indifference;
    const struct capacity *found;         /* NULL: a frontier was asked for */
    const struct vary *second;            /* of the frontier; NULL: none */
    const struct capacity_case *frontier; /* a case a value of `second` */
    size_t frontiers;
    const struct capacity_case *what_if; /* from the answer of `found` on */
    size_t what_ifs;
};
/* What a search found, in one sentence without a stop. */
void capacity_answer(struct text *out, const struct capacity_report *r, const struct capacity *found);
void capacity_text(struct text *out, const struct capacity_report *r);
void capacity_json(struct text *out, const struct capacity_report *r);

#endif
