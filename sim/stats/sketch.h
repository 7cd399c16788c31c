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

/* Values below 2^(SKETCH_BITS + 1) have a bin each; above, a bin is named by the leading SKETCH_BITS + 1 bits. */
static inline size_t sketch_bin(uint64_t value)
{
    if (value < (uint64_t)2 << SKETCH_BITS)
        return (size_t)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - SKETCH_BITS;
    return ((size_t)shift << SKETCH_BITS) + (size_t)(value >> shift);
}

bool sketch_make_room(struct sketch *s); /* for one value more; use sketch_add() */

/* Add one value; amortised O(1), a few ns.  Returns false when there is no memory. */
static inline bool sketch_add(struct sketch *s, uint64_t value)
{
    if (s->bin == NULL && s->count == s->capacity && !sketch_make_room(s))
        return false;
    if (s->bin != NULL)
        s->bin[sketch_bin(value)]++;
    else
        s->value[s->count] = value;
    s->sorted = false;
    s->count++;
    s->min = value < s->min ? value : s->min;
    s->max = value > s->max ? value : s->max;
    s->sum_low += value;
    s->sum_high += s->sum_low < value;
    return true;
}

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
