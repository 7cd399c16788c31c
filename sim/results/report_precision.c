/* report_precision.c - how well the headline numbers of a report are known. */
#include "sim/results/report.h"

#include <math.h>

/* Half of an interval over its value.  Where it was cut off at 0, the other half is the whole one. */
static double relative(const struct interval *value)
{
    double half = value->high - value->value;

    if (isnan(half))
        return INFINITY;
    return half > 0 ? half / fabs(value->value) : 0;
}

static void hold(struct report_precision *worst, const char *name, const char *metric, const struct interval *value)
{
    if (isnan(value->value) || relative(value) <= worst->half_width)
        return;
    *worst = (struct report_precision){.half_width = relative(value), .name = name, .metric = metric};
}

struct report_precision report_precision(const struct report *r)
{
    struct report_precision worst = {.half_width = -1};
    double wanted = r->run.precision.value;

    for (size_t i = 0; i < r->groups; i++)
        hold(&worst, r->group[i].name, "response_mean", &r->group[i].response[STAT_MEAN]);
    for (size_t i = 0; i < r->slas; i++)
        hold(&worst, r->sla[i].name, r->sla[i].metric, &r->sla[i].value);
    if (worst.half_width < 0)
        worst.half_width = NAN;
    worst.met = !(worst.half_width > wanted / (1 + wanted));
    return worst;
}
