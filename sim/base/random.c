/* random.c - seed the streams, and finish the draws that the ziggurat's fast path leaves open. */
#include "sim/base/random.h"

#include "sim/base/exact.h"

/* The finaliser of splitmix64 (Steele, Lea & Flood, OOPSLA 2014): an input bit flips half of the output bits. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Fold three words into one; `key` tells apart the words of the state that are made from the same input. */
static uint64_t fold(uint64_t key, const uint64_t word[3])
{
    uint64_t h = mix(key * UINT64_C(0x9e3779b97f4a7c15));
    for (int i = 0; i < 3; i++)
        h = mix((h ^ word[i]) + UINT64_C(0x9e3779b97f4a7c15));
    return h;
}

void stream_init(struct stream *s, uint64_t seed, uint32_t replication, uint32_t workload, enum purpose purpose)
{
    const uint64_t word[3] = {seed, (uint64_t)replication << 32 | workload, (uint64_t)purpose};
    *s = (struct stream){fold(1, word), fold(2, word), fold(3, word), 1};
    for (int i = 0; i < 12; i++)
        stream_bits(s);
}

/* The tail of an exponential beyond r is r plus an exponential again, so a draw from it starts over to the right.
 * In a wedge between layers i and i+1, a height u of the way from f(x_i) up to f(x_i+1) is under the curve at x if
 * f(x_i) + u (f(x_i+1) - f(x_i)) < f(x); both sides are divided by f(x_i). */
double stream_exponential_slow(struct stream *s, unsigned layer, double x)
{
    double start = 0;
    for (;;) {
        const struct ziggurat_layer *edge = &ziggurat_exponential[layer];
        if (layer == 0) {
            start += edge->x1;
        } else {
            double right = edge->w * 0x1p53;
            if (1 + stream_uniform(s) * (exact_exp(right - edge->x1) - 1) < exact_exp(right - x))
                return start + x;
        }
        uint64_t bits = stream_bits(s);
        layer = bits & 255;
        x = (double)(int64_t)(bits >> 11) * ziggurat_exponential[layer].w;
        if (x < ziggurat_exponential[layer].x1)
            return start + x;
    }
}

/* The tail beyond r: exponential with rate r, kept with probability exp(-x^2 / 2) (Marsaglia, 1964). */
static double normal_tail(struct stream *s, double r)
{
    double x, y;
    do {
        x = stream_exponential(s) / r;
        y = stream_exponential(s);
    } while (y + y < x * x);
    return r + x;
}

double stream_normal_slow(struct stream *s, unsigned layer, double x)
{
    for (;;) {
        const struct ziggurat_layer *edge = &ziggurat_normal[layer];
        if (layer == 0)
            return normal_tail(s, edge->x1);
        double right = edge->w * 0x1p53, square = right * right;
        double gain = exact_exp(0.5 * (square - edge->x1 * edge->x1)) - 1;
        if (1 + stream_uniform(s) * gain < exact_exp(0.5 * (square - x * x)))
            return x;
        uint64_t bits = stream_bits(s);
        layer = bits & 255;
        x = (double)(int64_t)(bits >> 11) * ziggurat_normal[layer].w;
        if (x < ziggurat_normal[layer].x1)
            return x;
    }
}
