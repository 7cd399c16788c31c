/* store.h - a database that several runs are written to at the same time: the points of a sweep, and which are done.
 *
 * A point is done when its run is complete, which is one transaction: what a kill leaves behind is a run that is not, and
 * store_sweep takes it away with all its rows.
 */
#ifndef GS_STORE_H
#define GS_STORE_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/results/text.h"
#include "sim/scenario/sweep.h"

struct store;
struct report;

enum { STORE_HASH = 17 }; /* a hash as text */

struct store_sweep {
    char hash[STORE_HASH]; /* of all that makes its points: the scenario, the version of the program */
    const char *scenario, *version;
    const struct sweep *sweep;
};

struct store_point { /* the point that a run is */
    int64_t sweep, point;
    char hash[STORE_HASH]; /* of the scenario at this point, and of the files that it names */
    const struct sweep_choice *choice;
    size_t choices;
};

void store_hash_text(char out[STORE_HASH], uint64_t hash);

/* Enter the sweep, or find it by its hash; runs that are not complete are taken away.  `*sweep` is its number. */
int store_sweep(struct store *store, const struct store_sweep *what, int64_t *sweep, struct error *err);

/* Every point that is done. */
int store_done(struct store *store, int64_t sweep, int (*visit)(void *context, int64_t point, const char *hash),
               void *context, struct error *err);

/* Points as people write them, "3, 7-9", at most so many ranges of those for which `is` holds; returns how many there are. */
int64_t points_text(struct text *out, int64_t points, bool (*is)(const void *context, int64_t point),
                    const void *context);

/* Join the points of the databases `input` in `output`, in order of their numbers: run N is point N.  All is one
 * transaction.  GS_BAD_INPUT, and nothing is written: points are missing (unless `partial`), a point has different
 * results in two of them, or they are not of one sweep.  `output` may hold some of the points already. */
int store_merge(const char *output, const char *const *input, size_t inputs, bool partial, struct error *err);

/* What a sweep in a database has come to. */
struct sweep_table {
    const char *path, *scenario, *design, *version, *hash;
    int64_t sweep, points; /* its number; how many points it has */
    const char **key;
    int *width; /* of the longest value of each key */
    size_t keys;
    int64_t *point, *run; /* of those that are done, in order */
    size_t done;
    void *db; /* sqlite3 */
};

/* Open the sweep of that number, 0: the only one.  Memory from `arena`. */
int sweep_table_open(struct sweep_table *table, const char *path, int64_t sweep, struct arena *arena,
                     struct error *err);
void sweep_table_close(struct sweep_table *table);

/* The i-th point that is done: its values and its report. */
int sweep_table_point(const struct sweep_table *table, size_t i, const char **value, struct report *report,
                      struct arena *arena, struct error *err);

/* The three forms.  `*met`, where it is wanted: every promise was kept at every point, and no policy gave answers that
 * were none. */
int sweep_text(struct text *out, const struct sweep_table *table, bool *met, struct error *err);
int sweep_json(struct text *out, const struct sweep_table *table, struct error *err);
int sweep_csv(struct text *out, const struct sweep_table *table, struct error *err);

#endif
