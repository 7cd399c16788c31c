/* dist.h - the distributions of a scenario: parse, draw, describe.
 *
 * A constant (`10s`) or exp(mean) uniform(a,b) lognormal(median,sigma) gamma(shape,mean) erlang(k,mean)
 * hyperexp(p1,mean1,mean2) weibull(shape,scale) pareto(xm,alpha) empirical(FILE) mix(w1:DIST, w2:DIST, ...)
 * trunc(DIST,lo,hi).  Dimension-carrying parameters bear the unit of the key (time, size, number); shapes, sigma,
 * alpha, weights are plain.  Values are drawn in base units: nanoseconds, bytes, or plain.
 */
#ifndef GS_DIST_H
#define GS_DIST_H

#include "arena.h"
#include "error.h"
#include "random.h"
#include "units.h"
#include <stdint.h>
#include <stdbool.h>

enum dist_unit { DIST_TIME, DIST_SIZE, DIST_NUMBER };

enum dist_kind {
    DIST_CONSTANT,
    DIST_EXP,
    DIST_UNIFORM,
    DIST_LOGNORMAL,
    DIST_GAMMA,
    DIST_ERLANG,
    DIST_HYPEREXP,
    DIST_WEIBULL,
    DIST_PARETO,
    DIST_EMPIRICAL,
    DIST_MIX,
    DIST_TRUNC,
};

struct dist {
    enum dist_kind kind;
    double a, b, c;      /* parameters in the order of the text, in base units; constant: a; trunc: a = lo, b = hi */
    uint32_t count;      /* empirical: values; mix: parts */
    const double *value; /* empirical values, or cumulative weights of a mix */
    const struct dist *part; /* parts of a mix; the inner one of a trunc */
};

/* Parse `text` into `dist`, memory from `arena`; empirical files are looked up relative to `folder` (may be NULL).
 * Errors, code GS_BAD_INPUT, GS_NO_INPUT or GS_SYSTEM: the message lacks file and line, which the caller adds. */
int dist_parse(struct dist *dist, const char *text, enum dist_unit unit, const char *folder, struct arena *arena,
               struct error *err);

/* The two steps of dist_parse that others may want: a quantity of the given dimension in base units, and the values of
 * an empirical distribution (one a line with its unit, `#` comments, blank lines; errors name file and line). */
int dist_quantity(enum dist_unit unit, const char *text, double *value, char why[UNITS_WHY]);
int dist_read_empirical(struct dist *dist, const char *path, enum dist_unit unit, struct arena *arena,
                        struct error *err);

/* One draw, in base units, finite, never negative for times and sizes (parameters are checked).  exp and constant cost
 * < 10 ns.  A trunc draws until a value fits, and after 10,000 misses takes the nearer limit: dist_parse refuses what
 * keeps less than 0.5 % of its draws, so this happens less than once in 10^21 draws. */
double dist_draw(const struct dist *dist, struct stream *s);

/* The two that a simulation draws most, without a call. */
static inline double dist_draw_inline(const struct dist *dist, struct stream *s)
{
    if (dist->kind == DIST_EXP)
        return dist->a * stream_exponential(s);
    return dist->kind == DIST_CONSTANT ? dist->a : dist_draw(dist, s);
}

/* As integer nanoseconds or bytes, rounded to nearest, capped at 2^60. */
static inline int64_t dist_draw_integer(const struct dist *dist, struct stream *s)
{
    double x = dist_draw_inline(dist, s);
    return x < 0x1p60 ? (int64_t)(x + 0.5) : (int64_t)1 << 60;
}

/* The mean: INFINITY where it does not exist (pareto alpha <= 1); of a trunc that of the kept part. */
double dist_mean(const struct dist *dist);

/* Infimum and supremum of the support; INFINITY if unbounded. */
double dist_lowest(const struct dist *dist);
double dist_highest(const struct dist *dist);

/* The probability of a value in [low, high]; `moment` gets the integral of x over it (mean = moment / probability). */
double dist_mass(const struct dist *dist, double low, double high, double *moment);

#endif
