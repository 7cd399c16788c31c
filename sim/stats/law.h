/* law.h - densities, probabilities and quantiles of the distributions of a scenario, for fitting.
 *
 * sim/base/dist.h draws and must give the same bits everywhere; this is fast and exact in both tails, and only the
 * rounded text of what it leads to is ever printed.  A constant has probability, but no density.
 */
#ifndef GS_LAW_H
#define GS_LAW_H

#include "sim/base/dist.h"

/* ln of the density at x > 0; -INFINITY where there is none. */
double law_log_density(const struct dist *dist, double x);

/* The probability of [low, high], accurate even where it is small; low <= 0 and high = INFINITY are allowed. */
double law_mass(const struct dist *dist, double low, double high);

/* The least x with law_mass(dist, 0, x) >= p, for 0 < p < 1. */
double law_quantile(const struct dist *dist, double p);

/* As a scenario writes it, numbers with 4 significant digits; bounds of a trunc are rounded outwards.  The text lies in
 * `arena`; NULL when there is no memory. */
char *law_write(const struct dist *dist, enum dist_unit unit, struct arena *arena);

/* One quantity: "13.2s", "1.5GiB", "42".  direction -1 rounds down, 1 up, 0 to nearest. */
enum { LAW_QUANTITY = 32 };
char *law_write_quantity(char out[LAW_QUANTITY], enum dist_unit unit, double value, int direction);

/* The same rounding without the text: the value that the text is read back as, but for its last bits. */
double law_round(enum dist_unit unit, double value, int direction);

#endif
