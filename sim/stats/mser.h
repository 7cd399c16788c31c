/* mser.h - where the warm-up ends: MSER-5 on a series of any length in bounded memory.
 *
 * The observations (response of a burst at the time of its end) are averaged in batches of 5; of all d, deleting the
 * first d batches is best where the standard error of the mean of the rest is least:
 *   d* = argmin  sum_{j>d} (Z_j - mean_d)^2 / (n - d)^2.
 * Source: White, Simulation 69(6), 1997; batches of 5: Spratt, thesis, University of Virginia, 1998.
 * More than MSER_BATCHES batches are merged in pairs, which doubles the batch size.
 */
#ifndef GS_MSER_H
#define GS_MSER_H

#include <stdint.h>

enum { MSER_BATCHES = 4096, MSER_BATCH = 5, MSER_FEWEST = 10 };

struct mser {
    uint32_t batches, size;       /* full batches; observations in each */
    uint32_t filled;              /* observations in the one under way */
    double sum;                   /* of the batch under way */
    int64_t end_ns[MSER_BATCHES]; /* time of the last observation of the batch */
    double mean[MSER_BATCHES];
};

void mser_init(struct mser *m);

/* The next observation, in order of time.  Amortised O(1). */
void mser_add(struct mser *m, int64_t at_ns, double value);

/* The d* of a plain series (exposed for tests); the last tenth is not tried: few and correlated values are alike by
 * chance.  O(n). */
uint32_t mser_best(const double *z, uint32_t n);

enum mser_verdict {
    MSER_FOUND,
    MSER_EXTEND, /* the best d lies in the second half, or there are fewer than MSER_FEWEST batches */
};

/* End of the warm-up from the series of `count` replications that all ran to `end_ns`.  Several are averaged on a grid
 * of equal cells of time (as many as the shortest series has batches; an empty cell keeps the value of the one before)
 * and MSER is taken of the average.  `*until_ns` is 0 where nothing has to be deleted, and the best guess where the
 * verdict is MSER_EXTEND. */
enum mser_verdict mser_truncation(const struct mser *const *series, uint32_t count, int64_t end_ns, int64_t *until_ns);

#endif
