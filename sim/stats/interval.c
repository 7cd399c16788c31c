/* interval.c - confidence intervals for means and ratios of independent values. */
#include "sim/stats/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Half width of the Student interval for the mean of n values whose squared deviations sum to `squares`. */
static double half_width(double squares, size_t n, double confidence)
{
    double freedom = (double)(n - 1);
    return gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, freedom) * sqrt(squares / freedom / (double)n);
}

struct interval interval_mean(const double *value, size_t n, double confidence)
{
    struct interval out = {NAN, NAN, NAN, n};
    if (n == 0)
        return out;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i];
    out.value = sum / (double)n;
    if (n < 2)
        return out;
    for (size_t i = 0; i < n; i++)
        squares += (value[i] - out.value) * (value[i] - out.value);
    double half = half_width(squares, n, confidence);
    out.low = out.value - half;
    out.high = out.value + half;
    return out;
}

struct interval interval_ratio(const double *top, const double *bottom, size_t n, double confidence)
{
    struct interval out = {NAN, NAN, NAN, n};
    double tops = 0, bottoms = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        tops += top[i];
        bottoms += bottom[i];
    }
    if (!(bottoms > 0))
        return out;
    out.value = tops / bottoms;
    if (n < 2)
        return out;
    for (size_t i = 0; i < n; i++) {
        double residual = top[i] - out.value * bottom[i];
        squares += residual * residual;
    }
    double half = half_width(squares, n, confidence) / (bottoms / (double)n);
    out.low = out.value - half;
    out.high = out.value + half;
    return out;
}
