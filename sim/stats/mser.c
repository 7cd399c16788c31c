/* mser.c - the MSER-5 rule for deleting the warm-up. */
#include "sim/stats/mser.h"

void mser_init(struct mser *m)
{
    m->batches = m->filled = 0;
    m->size = MSER_BATCH;
    m->sum = 0;
}

static void merge_pairs(struct mser *m)
{
    for (uint32_t i = 0; i < m->batches / 2; i++) {
        m->mean[i] = 0.5 * (m->mean[2 * i] + m->mean[2 * i + 1]);
        m->end_ns[i] = m->end_ns[2 * i + 1];
    }
    m->batches /= 2;
    m->size *= 2;
}

void mser_add(struct mser *m, int64_t at_ns, double value)
{
    m->sum += value;
    if (++m->filled < m->size)
        return;
    if (m->batches == MSER_BATCHES) {
        merge_pairs(m); /* the batch under way is half of one now, and goes on */
        return;
    }
    m->mean[m->batches] = m->sum / m->size;
    m->end_ns[m->batches++] = at_ns;
    m->sum = 0;
    m->filled = 0;
}

uint32_t mser_best(const double *z, uint32_t n)
{
    /* Mean and squared deviations of z[d..n), grown from the end (Welford); the first d tried is the last allowed. */
    uint32_t tail = n / 10 > MSER_BATCH ? n / 10 : MSER_BATCH;
    uint32_t best = 0;
    double mean = 0, squares = 0, least = 0;
    for (uint32_t left = 1; left <= n; left++) {
        uint32_t d = n - left;
        double off = z[d] - mean;
        mean += off / left;
        squares += off * (z[d] - mean);
        double error = squares / ((double)left * left);
        if (left == tail || (left > tail && error <= least)) {
            least = error;
            best = d;
        }
    }
    return best;
}

/* Average of the series on cells of end_ns / cells; `z` gets one value a cell. */
static void average(const struct mser *const *series, uint32_t count, int64_t end_ns, double *z, uint32_t cells)
{
    for (uint32_t c = 0; c < cells; c++)
        z[c] = 0;
    for (uint32_t r = 0; r < count; r++) {
        const struct mser *m = series[r];
        double last = m->mean[0];
        for (uint32_t c = 0, i = 0; c < cells; c++) {
            double edge_ns = (double)end_ns * (c + 1) / cells, sum = 0;
            uint32_t first = i;
            while (i < m->batches && ((double)m->end_ns[i] <= edge_ns || c + 1 == cells))
                sum += m->mean[i++];
            if (i > first)
                last = sum / (i - first);
            z[c] += last / count;
        }
    }
}

enum mser_verdict mser_truncation(const struct mser *const *series, uint32_t count, int64_t end_ns, int64_t *until_ns)
{
    *until_ns = 0;
    uint32_t n = count ? MSER_BATCHES : 0;
    for (uint32_t r = 0; r < count; r++)
        if (series[r]->batches < n)
            n = series[r]->batches;
    if (n < MSER_FEWEST)
        return MSER_EXTEND;
    uint32_t d;
    if (count == 1) {
        d = mser_best(series[0]->mean, n);
        *until_ns = d ? series[0]->end_ns[d - 1] : 0;
    } else {
        double z[MSER_BATCHES];
        average(series, count, end_ns, z, n);
        d = mser_best(z, n);
        *until_ns = (int64_t)((double)end_ns * d / n);
    }
    return d > n / 2 ? MSER_EXTEND : MSER_FOUND;
}
