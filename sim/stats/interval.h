/* interval.h - confidence intervals over replications, which are independent; bursts of one replication are not, and have
 * batches.h.
 *
 * A result that does not exist (fewer than two values) has NAN as low and high.
 */
#ifndef GS_INTERVAL_H
#define GS_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#define INTERVAL_CONFIDENCE 0.95

struct interval {
    double value;     /* point estimate; NAN of no values */
    double low, high; /* NAN unless n >= 2 */
    uint64_t n;
};

/* Mean of `n` independent values and its Student t interval with n - 1 degrees of freedom. */
struct interval interval_mean(const double *value, size_t n, double confidence);

/* Ratio of sums, sum(top) / sum(bottom), over `n` independent pairs: a mean per burst, a share of time.  The
 * interval is Student's on the residuals top - ratio * bottom (ratio estimator: Cochran, Sampling Techniques, 1977,
 * section 6.4); with equal bottoms it is that of interval_mean.  NAN where the bottoms sum to 0. */
struct interval interval_ratio(const double *top, const double *bottom, size_t n, double confidence);

#endif
