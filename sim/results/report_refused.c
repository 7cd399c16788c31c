/* report_refused.c - workloads that were refused when they arrived, and recorded bursts to which it never came. */
#include "sim/results/report_parts.h"

#include "policies/controller.h"

#include <math.h>

static struct interval sum(const struct making *b, double value)
{
    return (struct interval){value, NAN, NAN, b->count};
}

static void group_refused(struct making *b, size_t i, struct report_group *g)
{
    double all = 0, by[REFUSALS] = {0}, recorded = 0, unreached = 0;
    for (size_t r = 0; r < b->count; r++) {
        const struct group_tally *t = &b->tally[r]->group[i];
        for (int why = 0; why < REFUSALS; why++) {
            by[why] += (double)t->refused[why];
            all += (double)t->refused[why];
        }
        recorded += (double)t->recorded;
        unreached += (double)t->unreached;
    }
    g->refused = sum(b, all);
    for (int why = 0; why < REFUSALS; why++)
        g->refused_by[why] = sum(b, by[why]);
    g->recorded = sum(b, recorded);
    g->unreached = sum(b, unreached);
}

void make_refused(struct making *b)
{
    for (size_t i = 0; i < b->report->groups; i++)
        group_refused(b, i, &b->report->group[i]);
}

enum refusal report_refusal(const struct report_group *g)
{
    enum refusal most = 0;
    for (enum refusal why = 1; why < REFUSALS; why++)
        if (g->refused_by[why].value > g->refused_by[most].value)
            most = why;
    return most;
}

double report_refused_bursts(const struct report_group *g)
{
    return g->rejected.value - g->refused.value;
}

size_t most_refused(const struct report *r)
{
    size_t most = GS_NONE;
    double share = 0;
    for (size_t i = 0; i < r->groups; i++) {
        double here = r->group[i].refused.value / r->group[i].workloads.value;
        if (here > share) {
            share = here;
            most = i;
        }
    }
    return most;
}

const char *refused_sentence(struct making *b, size_t group)
{
    static const char *const what[REFUSALS] = {
        [REFUSED_POOL] = "the node pool",
        [REFUSED_SEATS] = "the number of workloads of a GPU",
        [REFUSED_RESERVE] = "the reserve of the GPUs",
        [REFUSED_SET] = "the number of GPUs",
        [REFUSED_CAP] = "the cap of the swap file",
        [REFUSED_LARGE] = "the memory of a GPU",
        [REFUSED_WIDE] = "the number of GPUs of a node",
        [REFUSED_APART] = "that every node swaps",
    };
    const struct report_group *g = &b->report->group[group];
    char who[REPORT_CELL * 2];
    report_who_text(who, sizeof who, b->report, g, g->refused.value, "of");
    return arena_printf(b->arena, "%s: %s %s refused on arrival", what[report_refusal(g)], who, g->name);
}
