/* law.c - densities, probabilities and quantiles of distributions, by libm and GSL. */
#include "sim/stats/law.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

static const double ln_sqrt_two_pi = 0.91893853320467274178;

static double log_sum(double a, double b)
{
    double most = a > b ? a : b;
    return most == -(double)INFINITY ? most : most + log(exp(a - most) + exp(b - most));
}

static double exp_log_density(double mean, double x)
{
    return -log(mean) - x / mean;
}

static double mix_log_density(const struct dist *dist, double x)
{
    double sum = -(double)INFINITY, before = 0;
    for (uint32_t i = 0; i < dist->count; i++) {
        if (dist->value[i] > before)
            sum = log_sum(sum, log(dist->value[i] - before) + law_log_density(&dist->part[i], x));
        before = dist->value[i];
    }
    return sum;
}

double law_log_density(const struct dist *dist, double x)
{
    double scale, z;
    switch (dist->kind) {
    case DIST_EXP:
        return exp_log_density(dist->a, x);
    case DIST_UNIFORM:
        return x < dist->a || x > dist->b ? -(double)INFINITY : -log(dist->b - dist->a);
    case DIST_LOGNORMAL:
        z = log(x / dist->a) / dist->b;
        return -0.5 * z * z - log(x * dist->b) - ln_sqrt_two_pi;
    case DIST_GAMMA:
    case DIST_ERLANG:
        scale = dist->b / dist->a;
        return (dist->a - 1) * log(x / scale) - x / scale - log(scale) - gsl_sf_lngamma(dist->a);
    case DIST_HYPEREXP:
        return log_sum(log(dist->a) + exp_log_density(dist->b, x), log1p(-dist->a) + exp_log_density(dist->c, x));
    case DIST_WEIBULL:
        z = log(x / dist->b);
        return log(dist->a / dist->b) + (dist->a - 1) * z - exp(dist->a * z);
    case DIST_PARETO:
        return x < dist->a ? -(double)INFINITY : log(dist->b / x) - dist->b * log(x / dist->a);
    case DIST_MIX:
        return mix_log_density(dist, x);
    case DIST_TRUNC:
        if (x < dist->a || x > dist->b)
            return -(double)INFINITY;
        return law_log_density(dist->part, x) - log(law_mass(dist->part, dist->a, dist->b));
    case DIST_CONSTANT:
    case DIST_EMPIRICAL:
        break;
    }
    return -(double)INFINITY;
}

/* Probability of more than x, and of at most x, for the laws with a density that are made of nothing else. */
static double upper(const struct dist *dist, double x)
{
    if (x <= 0)
        return 1;
    if (isinf(x))
        return 0;
    switch (dist->kind) {
    case DIST_EXP:
        return exp(-x / dist->a);
    case DIST_UNIFORM:
        return x <= dist->a ? 1 : x >= dist->b ? 0 : (dist->b - x) / (dist->b - dist->a);
    case DIST_LOGNORMAL:
        return 0.5 * erfc(log(x / dist->a) / dist->b * M_SQRT1_2);
    case DIST_GAMMA:
    case DIST_ERLANG:
        return gsl_sf_gamma_inc_Q(dist->a, x * dist->a / dist->b);
    case DIST_HYPEREXP:
        return dist->a * exp(-x / dist->b) + (1 - dist->a) * exp(-x / dist->c);
    case DIST_WEIBULL:
        return exp(-pow(x / dist->b, dist->a));
    case DIST_PARETO:
        return x <= dist->a ? 1 : pow(dist->a / x, dist->b);
    default:
        return 0;
    }
}

static double lower(const struct dist *dist, double x)
{
    if (x <= 0)
        return 0;
    if (isinf(x))
        return 1;
    switch (dist->kind) {
    case DIST_EXP:
        return -expm1(-x / dist->a);
    case DIST_UNIFORM:
        return x <= dist->a ? 0 : x >= dist->b ? 1 : (x - dist->a) / (dist->b - dist->a);
    case DIST_LOGNORMAL:
        return 0.5 * erfc(-log(x / dist->a) / dist->b * M_SQRT1_2);
    case DIST_GAMMA:
    case DIST_ERLANG:
        return gsl_sf_gamma_inc_P(dist->a, x * dist->a / dist->b);
    case DIST_HYPEREXP:
        return -dist->a * expm1(-x / dist->b) - (1 - dist->a) * expm1(-x / dist->c);
    case DIST_WEIBULL:
        return -expm1(-pow(x / dist->b, dist->a));
    case DIST_PARETO:
        return x <= dist->a ? 0 : -expm1(dist->b * log(dist->a / x));
    default:
        return 0;
    }
}

static double mix_mass(const struct dist *dist, double low, double high)
{
    double sum = 0, before = 0;
    for (uint32_t i = 0; i < dist->count; i++) {
        sum += (dist->value[i] - before) * law_mass(&dist->part[i], low, high);
        before = dist->value[i];
    }
    return sum;
}

static double empirical_mass(const struct dist *dist, double low, double high)
{
    uint32_t inside = 0;
    for (uint32_t i = 0; i < dist->count; i++)
        inside += dist->value[i] >= low && dist->value[i] <= high;
    return (double)inside / dist->count;
}

double law_mass(const struct dist *dist, double low, double high)
{
    if (!(low <= high))
        return 0;
    switch (dist->kind) {
    case DIST_CONSTANT:
        return dist->a >= low && dist->a <= high;
    case DIST_EMPIRICAL:
        return empirical_mass(dist, low, high);
    case DIST_MIX:
        return mix_mass(dist, low, high);
    case DIST_TRUNC:
        return law_mass(dist->part, low > dist->a ? low : dist->a, high < dist->b ? high : dist->b) /
               law_mass(dist->part, dist->a, dist->b);
    default:
        break;
    }
    double below = lower(dist, low); /* the difference of the smaller pair, which rounds less */
    return below < 0.5 ? lower(dist, high) - below : upper(dist, low) - upper(dist, high);
}

double law_quantile(const struct dist *dist, double p)
{
    double high = 1, low = 0;
    while (high < 1e300 && law_mass(dist, 0, high) < p) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
        double middle = 0.5 * (low + high);
        if (law_mass(dist, 0, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return high;
}
