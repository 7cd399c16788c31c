/* dist_mass.c - probabilities and means of the distributions, in closed form with exact.h's functions only. */
#include "sim/base/dist.h"

#include "sim/base/exact.h"

#include <math.h>

/* ln Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) from 10 on, below by Gamma(x + 1) = x Gamma(x). */
static double log_gamma(double x)
{
    double product = 1;
    for (; x < 10; x += 1)
        product *= x;
    double z = 1 / (x * x);
    double series =
        1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188 - z * (691.0 / 360360)))));
    return (x - 0.5) * exact_log(x) - x + 0x1.d67f1c864beb5p-1 + series / x - exact_log(product);
}

/* The regularised lower incomplete gamma function P(a, x), to 1e-14 and 1e-16 a.  Below a + 1 the power series
 * (DLMF 8.11.4), above one minus the continued fraction (DLMF 8.9.2), from its far end inwards; both need about
 * 10 sqrt(a) terms, and dist_parse bounds a by 10^6. */
static double gamma_p(double a, double x)
{
    if (x <= 0)
        return 0;
    if (x > 1e300)
        return 1;
    double front = exact_exp(a * exact_log(x) - x - log_gamma(a));
    int terms = 200 + (int)(20 * sqrt(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < terms && term > 1e-17 * sum; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return front * sum;
    }
    double rest = 0;
    for (int n = terms; n > 0; n--)
        rest = n * (n - a) / (x + 2 * n + 1 - a - rest);
    return 1 - front / (x + 1 - a - rest);
}

/* The standard normal's distribution function, from erf(x) = P(1/2, x^2). */
static double normal_p(double z)
{
    double p = gamma_p(0.5, 0.5 * z * z);
    return z < 0 ? 0.5 - 0.5 * p : 0.5 + 0.5 * p;
}

static double point_mass(double x, double low, double high, double *moment)
{
    double p = x >= low && x <= high;
    *moment = p * x;
    return p;
}

static double exp_mass(double mean, double low, double high, double *moment)
{
    double left = exact_exp(-low / mean), right = exact_exp(-high / mean);
    *moment = (low + mean) * left - (right > 0 ? (high + mean) * right : 0);
    return left - right;
}

static double uniform_mass(double a, double b, double low, double high, double *moment)
{
    if (a >= b)
        return point_mass(a, low, high, moment);
    low = low > a ? low : a;
    high = high < b ? high : b;
    double p = low < high ? (high - low) / (b - a) : 0;
    *moment = p * 0.5 * (low + high);
    return p;
}

/* ln X is normal; weighting by x shifts it by sigma^2 (Aitchison & Brown, The Lognormal Distribution, 1957). */
static double lognormal_mass(double median, double sigma, double low, double high, double *moment)
{
    if (sigma <= 0)
        return point_mass(median, low, high, moment);
    double left = exact_log(low / median) / sigma, right = exact_log(high / median) / sigma;
    *moment = median * exact_exp(0.5 * sigma * sigma) * (normal_p(right - sigma) - normal_p(left - sigma));
    return normal_p(right) - normal_p(left);
}

static double gamma_mass(double shape, double mean, double low, double high, double *moment)
{
    double scale = mean / shape;
    *moment = mean * (gamma_p(shape + 1, high / scale) - gamma_p(shape + 1, low / scale));
    return gamma_p(shape, high / scale) - gamma_p(shape, low / scale);
}

/* (X / scale)^shape is exponential. */
static double weibull_mass(double shape, double scale, double low, double high, double *moment)
{
    double left = exact_pow(low / scale, shape), right = exact_pow(high / scale, shape), a = 1 + 1 / shape;
    *moment = scale * exact_exp(log_gamma(a)) * (gamma_p(a, right) - gamma_p(a, left));
    return exact_exp(-left) - exact_exp(-right);
}

static double pareto_mass(double least, double alpha, double low, double high, double *moment)
{
    low = low > least ? low : least;
    high = high > low ? high : low;
    double left = least / low, right = least / high, over = alpha - 1;
    if (fabs(over) < 1e-9)
        *moment = least * exact_log(high / low);
    else
        *moment = alpha * least / over * (exact_pow(left, over) - exact_pow(right, over));
    return exact_pow(left, alpha) - exact_pow(right, alpha);
}

static double empirical_mass(const struct dist *dist, double low, double high, double *moment)
{
    double p = 0, sum = 0;
    for (uint32_t i = 0; i < dist->count; i++) {
        double m;
        p += point_mass(dist->value[i], low, high, &m);
        sum += m;
    }
    *moment = sum / dist->count;
    return p / dist->count;
}

static double mix_mass(const struct dist *dist, double low, double high, double *moment)
{
    double p = 0, sum = 0, before = 0;
    for (uint32_t i = 0; i < dist->count; i++) {
        double m, weight = dist->value[i] - before;
        if (weight <= 0) /* lost to rounding: must not meet an infinite moment */
            continue;
        p += weight * dist_mass(&dist->part[i], low, high, &m);
        sum += weight * m;
        before = dist->value[i];
    }
    *moment = sum;
    return p;
}

static double trunc_mass(const struct dist *dist, double low, double high, double *moment)
{
    double all = dist_mass(dist->part, dist->a, dist->b, moment);
    low = low > dist->a ? low : dist->a;
    high = high < dist->b ? high : dist->b;
    *moment = 0;
    if (low > high)
        return 0;
    double p = dist_mass(dist->part, low, high, moment);
    *moment /= all;
    return p / all;
}

double dist_mass(const struct dist *dist, double low, double high, double *moment)
{
    double from = low > 0 ? low : 0, other, p; /* `from` for those without negative values */
    *moment = 0;
    if (!(low <= high))
        return 0;
    switch (dist->kind) {
    case DIST_CONSTANT:
        return point_mass(dist->a, low, high, moment);
    case DIST_UNIFORM:
        return uniform_mass(dist->a, dist->b, low, high, moment);
    case DIST_EMPIRICAL:
        return empirical_mass(dist, low, high, moment);
    case DIST_MIX:
        return mix_mass(dist, low, high, moment);
    case DIST_TRUNC:
        return trunc_mass(dist, low, high, moment);
    default:
        break;
    }
    if (high < from)
        return 0;
    switch (dist->kind) {
    case DIST_EXP:
        return exp_mass(dist->a, from, high, moment);
    case DIST_LOGNORMAL:
        return lognormal_mass(dist->a, dist->b, from, high, moment);
    case DIST_GAMMA:
    case DIST_ERLANG:
        return gamma_mass(dist->a, dist->b, from, high, moment);
    case DIST_HYPEREXP:
        p = dist->a * exp_mass(dist->b, from, high, moment);
        p += (1 - dist->a) * exp_mass(dist->c, from, high, &other);
        *moment = dist->a * *moment + (1 - dist->a) * other;
        return p;
    case DIST_WEIBULL:
        return weibull_mass(dist->a, dist->b, from, high, moment);
    case DIST_PARETO:
        return pareto_mass(dist->a, dist->b, from, high, moment);
    default:
        return 0;
    }
}

double dist_mean(const struct dist *dist)
{
    double moment, p;
    switch (dist->kind) {
    case DIST_CONSTANT:
    case DIST_EXP:
        return dist->a;
    case DIST_GAMMA:
    case DIST_ERLANG:
        return dist->b;
    case DIST_PARETO:
        return dist->b > 1 ? dist->a * dist->b / (dist->b - 1) : (double)INFINITY;
    case DIST_TRUNC:
        p = dist_mass(dist->part, dist->a, dist->b, &moment);
        return moment / p;
    default:
        dist_mass(dist, -(double)INFINITY, (double)INFINITY, &moment);
        return moment;
    }
}
