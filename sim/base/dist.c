/* dist.c - draw from the distributions of a scenario and tell their support. */
#include "sim/base/dist.h"

#include "sim/base/exact.h"

#include <math.h>

enum {
    TRUNC_MISSES = 10000, /* then the nearer limit is taken */
    ERLANG_SUM = 6,       /* from here on one gamma is cheaper than so many exponentials */
};

/* Gamma of mean `shape`, scale 1: Marsaglia & Tsang, ACM Transactions on Mathematical Software 26(3), 2000; shapes
 * below 1 by their section 6: G(a) = G(a + 1) U^(1/a), with U = exp(-E). */
static double draw_gamma(struct stream *s, double shape)
{
    double boost = 1;
    if (shape < 1) {
        boost = exact_exp(-stream_exponential(s) / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = stream_normal(s), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        double u = 1 - stream_uniform(s), square = x * x;
        if (u < 1 - 0.0331 * square * square || exact_log(u) < 0.5 * square + d * (1 - v + exact_log(v)))
            return boost * d * v;
    }
}

static double draw_erlang(struct stream *s, double k, double mean)
{
    if (k >= ERLANG_SUM)
        return draw_gamma(s, k) * (mean / k);
    double sum = 0;
    for (int i = 0; i < (int)k; i++)
        sum += stream_exponential(s);
    return sum * (mean / k);
}

static double draw_empirical(struct stream *s, const struct dist *dist)
{
    return dist->value[(uint64_t)(stream_uniform(s) * dist->count)];
}

static double draw_mix(struct stream *s, const struct dist *dist)
{
    double u = stream_uniform(s);
    uint32_t i = 0;
    while (u >= dist->value[i])
        i++;
    return dist_draw(&dist->part[i], s);
}

static double draw_trunc(struct stream *s, const struct dist *dist)
{
    double x = 0;
    for (int misses = 0; misses < TRUNC_MISSES; misses++) {
        x = dist_draw(dist->part, s);
        if (x >= dist->a && x <= dist->b)
            return x;
    }
    return x < dist->a ? dist->a : dist->b;
}

double dist_draw(const struct dist *dist, struct stream *s)
{
    switch (dist->kind) {
    case DIST_CONSTANT:
        return dist->a;
    case DIST_EXP:
        return dist->a * stream_exponential(s);
    case DIST_UNIFORM:
        return dist->a + (dist->b - dist->a) * stream_uniform(s);
    case DIST_LOGNORMAL:
        return dist->a * exact_exp(dist->b * stream_normal(s));
    case DIST_GAMMA:
        return draw_gamma(s, dist->a) * (dist->b / dist->a);
    case DIST_ERLANG:
        return draw_erlang(s, dist->a, dist->b);
    case DIST_HYPEREXP:
        return (stream_uniform(s) < dist->a ? dist->b : dist->c) * stream_exponential(s);
    case DIST_WEIBULL:
        return dist->b * exact_pow(stream_exponential(s), 1 / dist->a);
    case DIST_PARETO:
        return dist->a * exact_exp(stream_exponential(s) / dist->b);
    case DIST_EMPIRICAL:
        return draw_empirical(s, dist);
    case DIST_MIX:
        return draw_mix(s, dist);
    case DIST_TRUNC:
        return draw_trunc(s, dist);
    }
    return 0;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

double dist_lowest(const struct dist *dist)
{
    double low = (double)INFINITY;
    switch (dist->kind) {
    case DIST_CONSTANT:
    case DIST_UNIFORM:
    case DIST_PARETO:
        return dist->a;
    case DIST_LOGNORMAL:
        return dist->b > 0 ? 0 : dist->a;
    case DIST_EMPIRICAL:
        for (uint32_t i = 0; i < dist->count; i++)
            low = smaller(low, dist->value[i]);
        return low;
    case DIST_MIX:
        for (uint32_t i = 0; i < dist->count; i++)
            low = smaller(low, dist_lowest(&dist->part[i]));
        return low;
    case DIST_TRUNC:
        return greater(dist->a, dist_lowest(dist->part));
    case DIST_EXP:
    case DIST_GAMMA:
    case DIST_ERLANG:
    case DIST_HYPEREXP:
    case DIST_WEIBULL:
        return 0;
    }
    return 0;
}

double dist_highest(const struct dist *dist)
{
    double high = -(double)INFINITY;
    switch (dist->kind) {
    case DIST_CONSTANT:
        return dist->a;
    case DIST_UNIFORM:
        return dist->b;
    case DIST_LOGNORMAL:
        return dist->b > 0 ? (double)INFINITY : dist->a;
    case DIST_EMPIRICAL:
        for (uint32_t i = 0; i < dist->count; i++)
            high = greater(high, dist->value[i]);
        return high;
    case DIST_MIX:
        for (uint32_t i = 0; i < dist->count; i++)
            high = greater(high, dist_highest(&dist->part[i]));
        return high;
    case DIST_TRUNC:
        return smaller(dist->b, dist_highest(dist->part));
    case DIST_EXP:
    case DIST_GAMMA:
    case DIST_ERLANG:
    case DIST_HYPEREXP:
    case DIST_WEIBULL:
    case DIST_PARETO:
        return (double)INFINITY;
    }
    return 0;
}
