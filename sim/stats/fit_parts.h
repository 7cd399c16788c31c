/* fit_parts.h - what the files of the fit share: a sample as cells, and the candidates. */
#ifndef GS_FIT_PARTS_H
#define GS_FIT_PARTS_H

#include "sim/stats/fit.h"

/* Equal values, or neighbours so near that one stands for them. */
struct fit_cell {
    double x, low, high; /* low, high: what the value may have been before it was recorded */
    double n;
    bool wide; /* the likelihood is that of [low, high], not the density at x */
};

struct fit_cells {
    struct fit_cell *cell; /* by x */
    size_t count;
    double n;
    double resolution;
};

/* ln of the likelihood, density per base unit; -INFINITY if it cannot be. */
double fit_likelihood(const struct fit_cells *cells, const struct dist *dist);

/* One proposal; what it points to lives in `arena`. */
struct fit_proposal {
    struct dist dist;
    int parameters;
};

/* All laws fitted to the cells, at most FIT_CANDIDATES; bounds are such that law_write's rounding keeps all values in.
 * Returns their number, -1 where there is no memory. */
int fit_propose(struct fit_proposal *out, const struct fit_cells *cells, enum dist_unit unit, enum fit_choice choice,
                struct arena *arena);

/* Minimise f over `dimensions` <= 5 values from `at`, which gets the place; f may return anything finite.  False where
 * there is no memory. */
enum { FIT_DIMENSIONS = 5 };
bool fit_minimise(double (*f)(const double *at, void *context), void *context, double *at, int dimensions);

#endif
