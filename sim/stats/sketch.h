/* sketch.h - quantiles of a stream in bounded memory: exact up to SKETCH_EXACT values, then a log-binned histogram.
 *
 * Values are unsigned integers (nanoseconds, or a ratio in units of 2^-20).  Histogram bins share the leading
 * SKETCH_BITS + 1 bits of the value, so a quantile from bins (reported as the bin's middle) is off by at most
 * 2^-(SKETCH_BITS+1) of itself (0.1 %).  Count, sum, minimum and maximum are always exact.
 */
#ifndef GS_SKETCH_H
#define GS_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKETCH_BITS = 9, SKETCH_EXACT = 1 << 16 };

struct sketch {
    uint64_t count, min, max;
    uint64_t sum_low, sum_high; /* sum of all values, exact: 128 bits */
    uint64_t *value;            /* exact values while count <= SKETCH_EXACT */
    size_t capacity;
    bool sorted;
    uint64_t *bin; /* afterwards; NULL before */
};

void sketch_init(struct sketch *s);
void sketch_fini(struct sketch *s);

/* Add one value; amortised O(1), below 10 ns.  Returns false when there is no memory. */
bool sketch_add(struct sketch *s, uint64_t value);

/* Add all of `from`.  The result does not depend on the order in which sketches are merged. */
bool sketch_merge(struct sketch *into, const struct sketch *from);

/* The q-quantile, 0 <= q <= 1: the ceil(q n)-th smallest value (inverse of the empirical distribution), 0 if empty.
 * Sorts on first use. */
double sketch_quantile(struct sketch *s, double q);

/* Mean of all values, 0 if empty. */
double sketch_mean(const struct sketch *s);

/* Share of the values <= limit, exact while exact, else to within one bin; 1 if empty. */
double sketch_share_within(struct sketch *s, uint64_t limit);

/* Points of the distribution function for plots: calls `each(value, share <= value)` at most `points` times, rising. */
void sketch_cdf(struct sketch *s, size_t points, void (*each)(void *context, double value, double share),
                void *context);

#endif
