/* report_batches.c - a single replication has intervals, too, if it is long: of mean and quantiles of the responses of each
 * group, from batches of its bursts. */
#include "sim/results/report_parts.h"

#include <math.h>

/* The quantiles for q - half and q + half, where half is what the share of bursts below the q-quantile is unsure by.  An
 * interval that would reach beyond the greatest value is none. */
static void quantile(struct group_tally *t, double q, struct interval *value)
{
    double at = sketch_quantile(&t->response, q);
    struct batches_found found = batches_share(t->batches, at, q, INTERVAL_CONFIDENCE);

    if (!found.found || q + found.half > 1 || q - found.half < 0)
        return;
    value->low = sketch_quantile(&t->response, q - found.half) / NS_PER_S;
    value->high = sketch_quantile(&t->response, q + found.half) / NS_PER_S;
}

static void group(struct group_tally *t, struct report_group *g)
{
    struct batches_found found = batches_mean(t->batches, INTERVAL_CONFIDENCE);
    struct interval *mean = &g->response[STAT_MEAN];

    g->batches.value = found.batches;
    g->batch_correlation.value = found.correlation;
    if (!found.found)
        return;
    g->batch_size.value = found.size;
    mean->low = mean->value - found.half / NS_PER_S;
    mean->high = mean->value + found.half / NS_PER_S;
    quantile(t, 0.50, &g->response[STAT_P50]);
    quantile(t, 0.95, &g->response[STAT_P95]);
    quantile(t, 0.99, &g->response[STAT_P99]);
}

void make_batches(struct making *b)
{
    for (size_t i = 0; i < b->report->groups; i++) {
        struct report_group *g = &b->report->group[i];
        struct group_tally *t = &b->tally[0]->group[i];
        g->batches = g->batch_size = g->batch_correlation = (struct interval){NAN, NAN, NAN, b->count};
        if (b->count == 1 && b->report->is_random && t->batches != NULL)
            group(t, g);
    }
}
