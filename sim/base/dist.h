/* dist.h - the distributions of a scenario: parse, draw, describe.
 *
 * A constant (`10s`) or exp(mean) uniform(a,b) lognormal(median,sigma) gamma(shape,mean) erlang(k,mean)
 * hyperexp(p1,mean1,mean2) weibull(shape,scale) pareto(xm,alpha) empirical(FILE) mix(w1:DIST, w2:DIST, ...)
 * trunc(DIST,lo,hi).  Dimension-carrying parameters bear the unit of the key (time, size, number); shapes, sigma, alpha,
 * weights are plain.  Values are drawn in base units: nanoseconds, bytes, or plain.
 */
#ifndef GS_DIST_H
#define GS_DIST_H

#include "arena.h"
#include "error.h"
#include "random.h"
#include <stdint.h>
#include <stdbool.h>

enum dist_unit { DIST_TIME, DIST_SIZE, DIST_NUMBER };

enum dist_kind {
    DIST_CONSTANT, DIST_EXP, DIST_UNIFORM, DIST_LOGNORMAL, DIST_GAMMA, DIST_ERLANG, DIST_HYPEREXP, DIST_WEIBULL,
    DIST_PARETO, DIST_EMPIRICAL, DIST_MIX, DIST_TRUNC,
};

struct dist {
    enum dist_kind kind;
    double a, b, c;                 /* parameters in base units; see dist.c's table for which is which */
    uint32_t count;                 /* empirical: values; mix: parts */
    const double *value;            /* empirical values, or cumulative weights of a mix */
    const struct dist *part;        /* parts of a mix; the inner one of a trunc */
};

/* Parse `text` into `dist`, memory from `arena`; empirical files are looked up relative to `folder` (may be NULL).
 * Errors, code GS_BAD_INPUT or GS_NO_INPUT: the message lacks file and line, which the caller puts in front. */
int dist_parse(struct dist *dist, const char *text, enum dist_unit unit, const char *folder, struct arena *arena, struct error *err);

/* One draw, in base units, never negative for times and sizes (parameters are checked).  exp and constant cost < 10 ns. */
double dist_draw(const struct dist *dist, struct stream *s);

/* As integer nanoseconds or bytes, rounded to nearest, capped at 2^60. */
static inline int64_t dist_draw_integer(const struct dist *dist, struct stream *s)
{
    double x = dist_draw(dist, s);
    return x < 0x1p60 ? (int64_t)(x + 0.5) : (int64_t)1 << 60;
}

double dist_mean(const struct dist *dist);      /* INFINITY where it does not exist (pareto alpha <= 1); trunc: numeric */
double dist_lowest(const struct dist *dist);    /* infimum and supremum of the support; INFINITY if unbounded */
double dist_highest(const struct dist *dist);

#endif
