/* batches.c - batch means of one long series, and whether they are independent enough for an interval. */
#include "sim/stats/batches.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { JUDGED = 60 }; /* batches, at least, at which the correlation is judged; at first twice as many */

void batches_init(struct batches *b)
{
    b->count = 0;
    b->sum = 0;
    b->means = b->filled = b->values = b->skip = 0;
    b->size = b->stride = 1;
}

void batches_merge(struct batches *b)
{
    for (uint32_t i = 0; i < b->means / 2; i++)
        b->mean[i] = 0.5 * (b->mean[2 * i] + b->mean[2 * i + 1]);
    b->means /= 2;
    b->size *= 2;
}

void batches_thin(struct batches *b)
{
    for (uint32_t i = 0; i < b->values / 2; i++)
        b->value[i] = b->value[2 * i];
    b->values /= 2;
    b->stride *= 2;
}

/* Batches of `each` means, the oldest left out where they do not come out even. */
static uint32_t join(const double *mean, uint32_t n, uint32_t each, double *out)
{
    uint32_t batches = n / each;

    mean += n - batches * each;
    for (uint32_t i = 0; i < batches; i++) {
        double sum = 0;
        for (uint32_t k = 0; k < each; k++)
            sum += mean[i * each + k];
        out[i] = sum / each;
    }
    return batches;
}

static double average(const double *value, uint32_t n)
{
    double sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += value[i];
    return sum / n;
}

static double squares(const double *value, uint32_t n, double mean)
{
    double sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += (value[i] - mean) * (value[i] - mean);
    return sum;
}

/* Of neighbours; 0 where nothing varies. */
static double correlation(const double *value, uint32_t n)
{
    double mean = average(value, n), all = squares(value, n, mean), products = 0;

    for (uint32_t i = 0; i + 1 < n; i++)
        products += (value[i] - mean) * (value[i + 1] - mean);
    return all > 0 ? products / all : 0;
}

struct batches_found batches_judge(const double *mean, uint32_t n, double size, double confidence)
{
    struct batches_found out = {.correlation = NAN, .half = NAN};
    double joined[BATCHES_MEANS], batch[BATCHES_MOST];

    if ((double)n * size < BATCHES_FEWEST || n < 2 * JUDGED || n > BATCHES_MEANS)
        return out;
    for (uint32_t each = n / (2 * JUDGED); n / each >= JUDGED; each *= 2) {
        uint32_t judged = join(mean, n, each, joined);
        out.correlation = correlation(joined, judged);
        if (out.correlation >= BATCHES_CORRELATION)
            continue;
        uint32_t together = (judged + BATCHES_MOST - 1) / BATCHES_MOST;
        out.batches = join(joined, judged, together, batch);
        out.size = size * each * together;
        double all = squares(batch, out.batches, average(batch, out.batches)), freedom = out.batches - 1;
        out.half = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, freedom) * sqrt(all / freedom / out.batches);
        out.found = true;
        break;
    }
    return out;
}

struct batches_found batches_mean(const struct batches *b, double confidence)
{
    return batches_judge(b->mean, b->means, b->size, confidence);
}

struct batches_found batches_share(const struct batches *b, double x, double q, double confidence)
{
    struct batches_found out = {.correlation = NAN, .half = NAN};
    double mean[BATCHES_MEANS];
    uint32_t size = b->values / BATCHES_MEANS + 1, n = b->values / size, next = b->values - n * size;

    if ((double)b->values * fmin(q, 1 - q) < BATCHES_RARE)
        return out;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t within = 0;
        for (uint32_t k = 0; k < size; k++)
            within += (double)b->value[next++] <= x;
        mean[i] = (double)within / size;
    }
    return batches_judge(mean, n, (double)size * b->stride, confidence);
}
