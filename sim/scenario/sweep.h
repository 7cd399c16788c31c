/* sweep.h - [sweep]: which keys take which values, and what the points of the sweep are.
 *
 * A key is varied by a list, `node.gpu_memory = 40GiB, 80GiB`, or a range, `workload.NB.count = 1..12`, with a step where
 * that is not 1.  A grid is every combination, the last key fastest; a Latin hypercube cuts each range into as many
 * parts as there are points and has one point in each.  Points are numbered from 1 and depend on nothing but [sweep].
 */
#ifndef GS_SWEEP_H
#define GS_SWEEP_H

#include "sim/scenario/scenario.h"

enum design { DESIGN_GRID, DESIGN_LATIN };
enum { SWEEP_POINTS_MAX = 1000000 };

struct sweep_axis {     /* a key that is varied */
    const char *key;    /* "workload.NB.count" */
    const char *text;   /* as written */
    struct place place; /* where */
    const char *set;    /* the text after --set; NULL: in a file */
    const char **value; /* the list of its values; NULL: a range that a Latin hypercube draws from */
    size_t values;
    double low, high;
    const char *unit;
    bool whole;   /* it takes whole numbers only */
    double *at;   /* latin: of each point, where in the range it lies: its part, and a share of that */
    int decimals; /* that tell any two points apart */
};

struct sweep {
    int design; /* enum design */
    int64_t points;
    uint64_t seed;
    struct sweep_axis *axis;
    size_t axes;
    uint64_t hash; /* of everything that makes its points: all keys of the scenario but scenario.threads */
};

/* A key and its value at a point. */
struct sweep_choice {
    const char *key, *value;
    struct place place;
    const char *set;
};

/* Read and check the [sweep] of `file` alone; the rest of the scenario may lack what is varied.  Codes as scenario_read;
 * without a [sweep] it is GS_BAD_INPUT. */
int sweep_read(const struct sweep **sweep, const char *file, const struct overrides *overrides, struct arena *arena,
               struct error *err);

/* The values of a point, from 1, one an axis. */
int sweep_choose(const struct sweep *sweep, int64_t point, struct sweep_choice *choice, struct arena *arena,
                 struct error *err);

/* "workload.NB.count=3 node.gpu_memory=40GiB"; NULL: no memory. */
const char *sweep_point_name(const struct sweep_choice *choice, size_t choices, struct arena *arena);

/* sweep_design.c: how many points there are, and for a Latin hypercube where each lies; GS_SYSTEM. */
int sweep_lay_out(struct sweep *sweep, struct arena *arena, struct error *err);

const char *sweep_design_name(const struct sweep *sweep);

#endif
