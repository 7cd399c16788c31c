/* paired.c - Student's t on paired differences, with the cases in which it does not apply, and Holm's adjustment. */
#include "sim/stats/paired.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Less than this share of the values is rounding. */
static const double ROUNDING = 1e-12;

struct moments {
    double mean, squares, greatest; /* squares: of the deviations, summed; greatest: |value| */
};

static bool is_flat(double squares, size_t n, double scale)
{
    return sqrt(squares / (double)n) <= ROUNDING * scale;
}

/* Of the values that have a counterpart, so that those of both sides are of the same replications. */
static struct moments moments(const double *value, const double *other, size_t n)
{
    struct moments m = {0};
    size_t pairs = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i]) || isnan(other[i]))
            continue;
        double step = value[i] - m.mean;
        m.mean += step / (double)++pairs;
        m.squares += step * (value[i] - m.mean);
        m.greatest = fmax(m.greatest, fabs(value[i]));
    }
    return m;
}

struct paired paired_compare(const double *first, const double *second, size_t n, double *difference)
{
    struct paired out = {.state = PAIRED_NONE, .first = NAN, .mean = NAN, .p = NAN, .variance_ratio = NAN};

    for (size_t i = 0; i < n; i++)
        if (!isnan(first[i]) && !isnan(second[i]))
            difference[out.n++] = second[i] - first[i];
    if (out.n == 0)
        return out;
    struct moments a = moments(first, second, n), b = moments(second, first, n);
    struct moments d = moments(difference, difference, out.n);
    double pairs = (double)out.n, scale = fmax(a.greatest, b.greatest);
    out.first = a.mean;
    out.mean = d.mean;
    out.steady = is_flat(a.squares, out.n, a.greatest) && is_flat(b.squares, out.n, b.greatest);
    if (out.n == 1) {
        out.state = PAIRED_ONE;
    } else if (d.greatest <= 0) {
        out.state = PAIRED_IDENTICAL;
        out.p = 1;
    } else if (is_flat(d.squares, out.n, scale)) {
        out.state = PAIRED_CONSTANT;
        out.p = ldexp(1, 1 - (int)fmin(pairs, 1000));
    } else {
        out.state = PAIRED_VARIES;
        out.p = 2 * gsl_cdf_tdist_Q(fabs(d.mean) / sqrt(d.squares / (pairs - 1) / pairs), pairs - 1);
        out.variance_ratio = (a.squares + b.squares) / d.squares;
    }
    return out;
}

size_t paired_holm(const double *p, size_t n, double alpha, double *adjusted, double *level)
{
    size_t family = 0;
    double reached = 0, last = NAN; /* adjusted p and level of the one before */

    for (size_t i = 0; i < n; i++) {
        adjusted[i] = level[i] = NAN;
        family += isnan(p[i]) ? 0 : 1;
    }
    for (size_t left = family; left > 0; left--) {
        size_t least = n;
        for (size_t i = 0; i < n; i++)
            if (!isnan(p[i]) && isnan(adjusted[i]) && (least == n || p[i] < p[least]))
                least = i;
        if (reached <= alpha)
            last = alpha / (double)left;
        reached = fmax(reached, fmin(1, (double)left * p[least]));
        adjusted[least] = reached;
        level[least] = last;
    }
    return family;
}
