/* sequential.h - is a mean at most its target?  Look at more and more replications until that is sure.
 *
 * At each look a one-sided bound of Student's says whether the value lies below or above the target.  All looks together
 * may err with a given probability, of which each gets an equal share (repeated confidence intervals: Jennison & Turnbull,
 * J. R. Statist. Soc. B 51(3), 1989; the shares are Bonferroni's).  Numbers of replications double from look to look, so
 * that few looks reach far.  What is closer to the target than the zone of indifference is not worth deciding.
 */
#ifndef GS_SEQUENTIAL_H
#define GS_SEQUENTIAL_H

#include "sim/stats/interval.h"

enum { SEQUENTIAL_LOOKS = 8 };

enum sequential_state {
    SEQUENTIAL_OPEN,  /* take more */
    SEQUENTIAL_BELOW, /* below the target, or at it */
    SEQUENTIAL_ABOVE,
    SEQUENTIAL_CLOSE /* the interval holds the target, and reaches no farther from its value than the zone */
};

struct sequential {
    enum sequential_state state;
    struct interval value; /* its bounds each fail with the share of one look */
};

/* Replications up to look `look`, from 0, where the first has `first`. */
size_t sequential_until(size_t first, int look);

/* The ratio sum(x) / sum(y) of n independent pairs (of means y is 1) against `target`; `zone` in the units of the target.
 * With true value above the target SEQUENTIAL_BELOW is the answer of any of SEQUENTIAL_LOOKS looks with a probability of at
 * most `error`, and the same the other way.  Values that do not vary are decided at once; n must be 2 or more. */
struct sequential sequential_look(const double *x, const double *y, size_t n, double target, double zone, double error);

#endif
