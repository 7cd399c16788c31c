/* sketch.c - quantiles of a stream in bounded memory: a list of the values, later a histogram with logarithmic bins. */
#include "sim/stats/sketch.h"

#include "sim/base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BINS_PER_OCTAVE = 1 << SKETCH_BITS,
    OCTAVES = 64 - SKETCH_BITS - 1, /* above the first, in which each value has its own bin */
    BINS = (OCTAVES + 2) * BINS_PER_OCTAVE,
    FIRST_CAPACITY = 64,
};

static void bin_range(size_t bin, uint64_t *low, uint64_t *width)
{
    if (bin < 2 * BINS_PER_OCTAVE) {
        *low = bin;
        *width = 1;
        return;
    }
    unsigned shift = (unsigned)(bin / BINS_PER_OCTAVE) - 1;
    *low = (uint64_t)(bin % BINS_PER_OCTAVE + BINS_PER_OCTAVE) << shift;
    *width = (uint64_t)1 << shift;
}

static double clamp(const struct sketch *s, double value)
{
    return fmax((double)s->min, fmin((double)s->max, value));
}

static double bin_middle(const struct sketch *s, size_t bin)
{
    uint64_t low, width;
    bin_range(bin, &low, &width);
    return clamp(s, (double)low + 0.5 * (double)(width - 1));
}

void sketch_init(struct sketch *s)
{
    *s = (struct sketch){.min = UINT64_MAX};
}

void sketch_fini(struct sketch *s)
{
    heap_free(s->value);
    heap_free(s->bin);
    sketch_init(s);
}

static bool reserve(struct sketch *s, size_t need)
{
    if (need <= s->capacity)
        return true;
    size_t capacity = s->capacity ? s->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    uint64_t *value = heap_resize(s->value, capacity * sizeof *value);
    if (!value)
        return false;
    s->value = value;
    s->capacity = capacity;
    return true;
}

static bool to_bins(struct sketch *s)
{
    if (s->bin)
        return true;
    uint64_t *bin = heap_resize(NULL, BINS * sizeof *bin);
    if (!bin)
        return false;
    memset(bin, 0, BINS * sizeof *bin);
    for (size_t i = 0; i < s->count; i++)
        bin[sketch_bin(s->value[i])]++;
    heap_free(s->value);
    s->value = NULL;
    s->capacity = 0;
    s->bin = bin;
    return true;
}

bool sketch_make_room(struct sketch *s)
{
    return s->count < SKETCH_EXACT ? reserve(s, (size_t)s->count + 1) : to_bins(s);
}

bool sketch_merge(struct sketch *into, const struct sketch *from)
{
    if (from->count == 0)
        return true;
    if (into->bin || into->count + from->count > SKETCH_EXACT) {
        if (!to_bins(into))
            return false;
        if (from->bin) {
            for (size_t i = 0; i < BINS; i++)
                into->bin[i] += from->bin[i];
        } else {
            for (size_t i = 0; i < from->count; i++)
                into->bin[sketch_bin(from->value[i])]++;
        }
    } else {
        if (!reserve(into, (size_t)(into->count + from->count)))
            return false;
        memcpy(into->value + into->count, from->value, (size_t)from->count * sizeof *from->value);
    }
    into->sorted = false;
    into->count += from->count;
    into->min = from->min < into->min ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
    into->sum_low += from->sum_low;
    into->sum_high += from->sum_high + (into->sum_low < from->sum_low);
    return true;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Radix sort by bytes from the least, passes over bytes that all values share left out: a report sorts every sketch of
 * every replication, and qsort would take a tenth of a short run. */
static void sort(struct sketch *s)
{
    if (s->sorted)
        return;
    s->sorted = true;
    size_t n = (size_t)s->count;
    uint64_t *from = s->value, *to = n < 256 ? NULL : heap_resize(NULL, s->capacity * sizeof *to);
    if (!to) {
        if (n > 1)
            qsort(s->value, n, sizeof *s->value, by_value);
        return;
    }
    uint64_t differ = s->min ^ s->max;
    int top = differ ? 64 - __builtin_clzll(differ) : 0; /* above, all values between min and max agree */
    for (int shift = 0; shift < top; shift += 8) {
        size_t at[257] = {0};
        for (size_t i = 0; i < n; i++)
            at[(from[i] >> shift & 255) + 1]++;
        for (size_t b = 0; b < 256; b++)
            at[b + 1] += at[b];
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 255]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    s->value = from;
    heap_free(to);
}

/* Rank of the q-quantile, 1 .. count.  q n is formed in double; a product that rounds to just above a whole number must
 * still give that rank. */
static uint64_t rank_of(const struct sketch *s, double q)
{
    double x = q * (double)s->count;
    double rank = ceil(x - 1e-12 * x);
    if (!(rank >= 1))
        return 1;
    return rank >= (double)s->count ? s->count : (uint64_t)rank;
}

double sketch_quantile(struct sketch *s, double q)
{
    if (s->count == 0)
        return 0;
    uint64_t rank = rank_of(s, q);
    if (rank == s->count)
        return (double)s->max;
    if (rank == 1)
        return (double)s->min;
    if (!s->bin) {
        sort(s);
        return (double)s->value[rank - 1];
    }
    uint64_t seen = 0;
    for (size_t bin = sketch_bin(s->min); bin < BINS; bin++) {
        seen += s->bin[bin];
        if (seen >= rank)
            return bin_middle(s, bin);
    }
    return (double)s->max;
}

double sketch_mean(const struct sketch *s)
{
    return s->count ? ((double)s->sum_high * 0x1p64 + (double)s->sum_low) / (double)s->count : 0;
}

double sketch_share_within(struct sketch *s, uint64_t limit)
{
    if (s->count == 0 || limit >= s->max)
        return 1;
    if (limit < s->min)
        return 0;
    if (!s->bin) {
        sort(s);
        size_t low = 0, high = (size_t)s->count; /* value[low - 1] <= limit < value[high] */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (s->value[middle] <= limit)
                low = middle + 1;
            else
                high = middle;
        }
        return (double)low / (double)s->count;
    }
    size_t last = sketch_bin(limit);
    double within = 0;
    for (size_t bin = sketch_bin(s->min); bin < last; bin++)
        within += (double)s->bin[bin];
    uint64_t from, width;
    bin_range(last, &from, &width);
    within += (double)s->bin[last] * ((double)(limit - from + 1) / (double)width);
    return within / (double)s->count;
}

/* Ranks k n / points, each moved on to the last equal value, so that every point lies on the distribution function. */
void sketch_cdf(struct sketch *s, size_t points, void (*each)(void *context, double value, double share), void *context)
{
    if (s->count == 0 || points == 0)
        return;
    double n = (double)s->count;
    size_t k = 1, bin = sketch_bin(s->min);
    uint64_t seen = 0;
    if (!s->bin)
        sort(s);
    while (k <= points) {
        uint64_t rank = rank_of(s, (double)k / (double)points);
        double value;
        if (s->bin) {
            while (seen < rank && bin < BINS)
                seen += s->bin[bin++];
            value = seen == s->count ? (double)s->max : bin_middle(s, bin - 1);
        } else {
            seen = rank;
            while (seen < s->count && s->value[seen] == s->value[rank - 1])
                seen++;
            value = (double)s->value[rank - 1];
        }
        each(context, value, (double)seen / n);
        while (k <= points && rank_of(s, (double)k / (double)points) <= seen)
            k++;
    }
}
