/* report_fairness.c - are the workloads of a group served alike? */
#include "sim/results/report_parts.h"

#include <math.h>

static double least(const struct group_tally *g)
{
    return g->shares > 0 ? g->share_least : NAN;
}

static double most(const struct group_tally *g)
{
    return g->shares > 0 ? g->share_most : NAN;
}

/* Over the replications that have it. */
static struct interval over(const struct making *b, size_t group, double (*of)(const struct group_tally *g))
{
    size_t n = 0;

    for (size_t r = 0; r < b->count; r++) {
        double value = of(&b->tally[r]->group[group]);
        if (!isnan(value))
            b->x[n++] = value;
    }
    return interval_mean(b->x, n, INTERVAL_CONFIDENCE);
}

/* No index exceeds 1. */
static struct interval end_at_one(struct interval value)
{
    if (value.high > 1)
        value.high = 1;
    return value;
}

void make_fairness(struct making *b)
{
    for (size_t i = 0; i < b->report->groups; i++) {
        struct report_group *g = &b->report->group[i];
        g->jain = end_at_one(over(b, i, tally_jain));
        g->share_least = end_at_one(over(b, i, least));
        g->share_most = end_at_one(over(b, i, most));
    }
}
