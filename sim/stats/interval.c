/* interval.c - confidence intervals for means, ratios and quantiles of independent values. */
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

/* Least k in 0 .. n with P(B <= k) >= p, B binomial. */
static uint64_t binomial_quantile(uint64_t n, double q, double p)
{
    uint64_t low = 0, high = n;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (gsl_cdf_binomial_P((unsigned)middle, q, (unsigned)n) >= p)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int interval_quantile_ranks(uint64_t n, double q, double confidence, uint64_t *low, uint64_t *high)
{
    double tail = 0.5 * (1 - confidence);
    if (n == 0 || n > UINT32_MAX || !(q > 0 && q < 1))
        return -1;
    /* P(X(l) > quantile) = P(B <= l - 1) must stay below the tail, P(X(h) < quantile) = 1 - P(B <= h - 1) too. */
    uint64_t l = binomial_quantile(n, q, tail);
    uint64_t h = binomial_quantile(n, q, 1 - tail) + 1;
    if (l < 1 || h > n)
        return -1;
    *low = l;
    *high = h;
    return 0;
}
