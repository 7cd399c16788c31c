/* random.h - random streams: sfc64, 256-layer ziggurat exponential and normal, all inline on the hot path.
 *
 * One stream per (seed, replication, workload, purpose): two policies see the same load (common random numbers),
 * and no draw of one purpose shifts another's.  Results are the same bytes on every machine and compiler: nothing
 * here or in dist.c calls libm's exp, log or pow, whose last bit depends on the processor (see exact.h).
 * Sources: sfc64, C. Doty-Humphrey, PractRand; ziggurat, Marsaglia & Tsang, J. Stat. Software 5(8), 2000.
 */
#ifndef GS_RANDOM_H
#define GS_RANDOM_H

#include <stdint.h>

struct stream {
    uint64_t a, b, c, counter;
};

/* What a stream is for.  Append only: the number enters the seed. */
enum purpose {
    PURPOSE_START,
    PURPOSE_MEMORY,
    PURPOSE_THINK,
    PURPOSE_BURST,
    PURPOSE_GROW,
    PURPOSE_ARRIVAL,
    PURPOSE_SERVICE,
    PURPOSE_POLICY,
    PURPOSE_TRACE,
    PURPOSE_TEST,
    PURPOSE_SWEEP,
    PURPOSE_ROUTE,
};

/* Seed the stream of (seed, replication, workload, purpose); distinct tuples give unrelated streams. */
void stream_init(struct stream *s, uint64_t seed, uint32_t replication, uint32_t workload, enum purpose purpose);

static inline uint64_t stream_bits(struct stream *s)
{
    uint64_t out = s->a + s->b + s->counter++;
    s->a = s->b ^ (s->b >> 11);
    s->b = s->c + (s->c << 3);
    s->c = ((s->c << 24) | (s->c >> 40)) + out;
    return out;
}

/* Uniform in [0, 1), 53 bits. */
static inline double stream_uniform(struct stream *s)
{
    return (double)(stream_bits(s) >> 11) * 0x1p-53;
}

/* Ziggurat tables, 256 layers of equal area from the bottom up.  w = width of the layer * 2^-53, x1 = right edge of the
 * layer above: what lies left of it lies under the curve for sure.  Layer 0 holds the tail: its x1 is where the tail
 * begins.  Constant data, see ziggurat_tables.c. */
struct ziggurat_layer {
    double w, x1;
};
extern const struct ziggurat_layer ziggurat_exponential[256];
extern const struct ziggurat_layer ziggurat_normal[256];

/* What to do with an x (for the normal: its magnitude) not surely covered by its layer: 2.2 % and 1.5 % of draws. */
double stream_exponential_slow(struct stream *s, unsigned layer, double x);
double stream_normal_slow(struct stream *s, unsigned layer, double x);

/* Exponential with mean 1. */
static inline double stream_exponential(struct stream *s)
{
    uint64_t bits = stream_bits(s);
    unsigned layer = bits & 255;
    double x = (double)(int64_t)(bits >> 11) * ziggurat_exponential[layer].w;
    if (__builtin_expect(x < ziggurat_exponential[layer].x1, 1))
        return x;
    return stream_exponential_slow(s, layer, x);
}

/* Normal with mean 0, variance 1.  Layer, sign and magnitude come from different bits. */
static inline double stream_normal(struct stream *s)
{
    uint64_t bits = stream_bits(s);
    unsigned layer = bits & 255;
    double sign = 1.0 - (double)((bits >> 7) & 2);
    double x = (double)(int64_t)(bits >> 11) * ziggurat_normal[layer].w;
    if (__builtin_expect(x < ziggurat_normal[layer].x1, 1))
        return sign * x;
    return sign * stream_normal_slow(s, layer, x);
}

#endif
