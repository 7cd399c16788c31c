/* batches.h - intervals from one long series of dependent values: batch means.
 *
 * Values that follow one another are alike, means of long batches of them hardly.  The series is kept as several hundred
 * batch means (merged in pairs as it grows).  Cut into 60 to 239 batches, neighbours must have a correlation below 0.1,
 * first at the finer, then at the coarser end; if so, two or more of these together make one of the 20 to 30 batches of the
 * interval, whose correlation is lower still.  With no more than 30 batches themselves the correlation could not be told
 * from chance.  Sources: Schmeiser, Operations Research 30(3), 1982 (why 10 to 30 batches); Law & Carson, Operations
 * Research 27(5), 1979 (the correlation is judged at many short batches, the interval is of few long ones).
 *
 * A quantile x has the batch means of "is it at most x?" (Heidelberger & Lewis, Operations Research 32(1), 1984); they
 * take the values themselves, of a long series every second, fourth ... one.
 */
#ifndef GS_BATCHES_H
#define GS_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BATCHES_MEANS = 960,    /* kept means; 480 at least once the series has that many values */
    BATCHES_VALUES = 32768, /* kept values; half of it at least */
    BATCHES_FEWEST = 300,   /* values: ten a batch */
    BATCHES_MOST = 30,      /* of the interval; 20 at least */
    BATCHES_RARE = 10,      /* values that must lie beyond a quantile */
};
#define BATCHES_CORRELATION 0.1

struct batches {
    uint64_t count;
    double sum; /* of the batch under way */
    uint32_t means, size, filled;
    uint32_t values, stride, skip; /* every stride-th value is kept; so many are left out before the next */
    double mean[BATCHES_MEANS];
    uint64_t value[BATCHES_VALUES];
};

void batches_init(struct batches *b);

void batches_merge(struct batches *b);
void batches_thin(struct batches *b);

/* The next value, in order of time.  A few ns. */
static inline void batches_add(struct batches *b, uint64_t value)
{
    b->count++;
    b->sum += (double)value;
    if (++b->filled >= b->size) {
        if (b->means == BATCHES_MEANS) {
            batches_merge(b); /* the batch under way is half of one now, and goes on */
        } else {
            b->mean[b->means++] = b->sum / b->size;
            b->sum = 0;
            b->filled = 0;
        }
    }
    if (b->skip-- > 0)
        return;
    if (b->values == BATCHES_VALUES)
        batches_thin(b);
    b->value[b->values++] = value;
    b->skip = b->stride - 1;
}

struct batches_found {
    bool found;         /* `half` is there; else the series is too short, or its batches too much alike */
    uint32_t batches;   /* of the interval */
    double size;        /* values in each */
    double correlation; /* of neighbours, where it was judged last; NAN of too few values */
    double half;        /* half width of Student's interval */
};

/* Half width of the interval of the mean. */
struct batches_found batches_mean(const struct batches *b, double confidence);

/* Of the share of values <= x, which is about q where x is the q-quantile: what lies between the quantiles for q - half
 * and q + half is the interval of x. */
struct batches_found batches_share(const struct batches *b, double x, double q, double confidence);

/* The same for plain means of `size` values each; exposed for tests. */
struct batches_found batches_judge(const double *mean, uint32_t n, double size, double confidence);

#endif
