/* paired.h - do two systems differ?  Values of the same replications under common random numbers, pair by pair.
 *
 * Where both see the same load, their values rise and fall together, and the differences vary less than the values do.
 * These are independent of one another, so Student's t applies to them.
 */
#ifndef GS_PAIRED_H
#define GS_PAIRED_H

#include <stdbool.h>
#include <stddef.h>

enum paired_state {
    PAIRED_NONE,      /* no pair: a value is missing on one side or on both */
    PAIRED_ONE,       /* one pair: a difference, and nothing to tell how far it can be trusted */
    PAIRED_IDENTICAL, /* every difference is exactly 0 */
    PAIRED_CONSTANT,  /* every difference is the same, and not 0: it has no interval */
    PAIRED_VARIES     /* as it should be */
};

struct paired {
    enum paired_state state;
    size_t n;              /* pairs */
    bool steady;           /* neither side varies at all */
    double first;          /* mean of the first side; NAN without a pair */
    double mean;           /* of the differences, second less first; NAN without a pair */
    double p;              /* two-sided; NAN with less than two pairs */
    double variance_ratio; /* of the difference of independent runs over that of the pairs; NAN unless it varies */
};

/* Compare n values with their counterparts; pairs with a NAN are left out.  The differences of the others go to
 * `difference` (room for n), for interval_mean.  `p` is that of Student's t with pairs - 1 degrees of freedom; it is 1
 * where all are identical; where the difference is constant t says nothing, and it is that of the sign test. */
struct paired paired_compare(const double *first, const double *second, size_t n, double *difference);

/* Holm's adjustment of the n `p` of one family (Scandinavian Journal of Statistics 6(2), 1979): who rejects where
 * `adjusted` <= alpha rejects any true hypothesis of the family in at most that share of all cases.  `level`, against
 * which a p itself was held: alpha over the number of those not rejected before it, so that an interval with the
 * confidence 1 - level leaves out 0 exactly where it is rejected.  NAN counts nowhere and stays.  Returns the size of the
 * family: those that are not NAN. */
size_t paired_holm(const double *p, size_t n, double alpha, double *adjusted, double *level);

#endif
