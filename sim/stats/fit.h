/* fit.h - the law that a sample was drawn from, as a distribution of a scenario.
 *
 * Every law below is fitted by maximum likelihood (Nelder and Mead's simplex on logarithms and logits of the
 * parameters), and the one with the least BIC is chosen; one within 10 of it where only that has the right mean:
 *   exp uniform lognormal gamma weibull hyperexp pareto; trunc of exp, lognormal, gamma, weibull and pareto where the
 *   data end sooner than the law would have them; mix of two lognormals; mix of a body, cut at xm, and a Pareto
 *   tail from xm on, itself cut at the greatest value or not; the body is a lognormal or, from 500 values on and where
 *   nothing simpler fits, two.
 * A recording has a resolution: where all values are multiples of a unit (whole minutes), a value v stands for all of
 * [v - unit/2, v + unit/2], and the likelihood is that of the interval.  Zeros are intervals, too, unless they are many
 * among values far above the resolution: then they are a part of their own.  Up to 8 different values that repeat are
 * taken as they are, with their shares, and so are fewer than 8 values at all.
 */
#ifndef GS_FIT_H
#define GS_FIT_H

#include "sim/base/dist.h"

enum { FIT_CANDIDATES = 24, FIT_TAILS = 3 };

struct fit_candidate {
    const char *text;  /* as a scenario writes it */
    int parameters;    /* that were fitted */
    double likelihood; /* ln, of the rounded text; densities per second, GiB or one */
    double bic;        /* parameters ln n - 2 likelihood */
};

struct fit {
    size_t n;
    enum dist_unit unit;
    double resolution;                              /* all values are multiples of it; base units */
    bool fitted;                                    /* a law was fitted; else `text` repeats the values themselves */
    const char *text;                               /* the law chosen */
    struct dist law;                                /* the text, read back */
    struct fit_candidate candidate[FIT_CANDIDATES]; /* the chosen one first, then by BIC */
    int candidates;
    double ks;                                                  /* greatest distance of the distribution functions */
    double sample[FIT_TAILS], model[FIT_TAILS], off[FIT_TAILS]; /* p50, p95, p99; off = model / sample - 1, or NAN */
    double sample_mean, model_mean;                             /* the latter may be INFINITY */
    double greatest;                                            /* value */
};

/* Which laws may be chosen: any, or those that arrivals can have, exp, gamma and hyperexp. */
enum fit_choice { FIT_ANY, FIT_RENEWAL };

/* The shares of `sample`, `model` and `off`. */
extern const double fit_tail[FIT_TAILS];

/* Fit `n` >= 1 values >= 0 in base units; `grain` is the resolution of the format (1 us in a trace), of which all are
 * multiples.  Sorts `value`.  Errors: GS_SYSTEM, GS_BUG. */
int fit_sample(struct fit *fit, double *value, size_t n, enum dist_unit unit, double grain, enum fit_choice choice,
               struct arena *arena, struct error *err);

#endif
