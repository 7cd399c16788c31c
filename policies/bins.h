/* bins.h - bins for idle times, two an octave, from a quarter of a second on: what victims that learn histograms share.  They
 * are read off the bits of 4 s + 1, of which the exponent and the first bit behind it count bins. */
#ifndef GS_BINS_H
#define GS_BINS_H

#include <stdint.h>
#include <string.h>

enum { BINS_SHIFT = 51 };                               /* bits of a double within its bin */
static const int64_t BINS_FIRST = INT64_C(0x3ff) << 52; /* of 1 */

/* The bin of x = 4 s + 1, at least 1. */
static inline int64_t bins_of_x(double x)
{
    int64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (bits >> BINS_SHIFT) - (BINS_FIRST >> BINS_SHIFT);
}

static inline int64_t bins_of(double s)
{
    return bins_of_x(4 * s + 1);
}

/* The seconds at which `bin` begins. */
static inline double bins_begin(int bin)
{
    int64_t bits = ((int64_t)bin << BINS_SHIFT) + BINS_FIRST;
    double x;

    memcpy(&x, &bits, sizeof x);
    return (x - 1) / 4;
}

#endif
