/* report_beside.c - jobs beside those who wait for answers: what speed the jobs kept, and what the others paid. */
#include "sim/results/report_cells.h"

#include <math.h>
#include <string.h>

enum { SHOWN = 3 }; /* groups of each kind */

static bool is_background(const struct report_group *g)
{
    return strcmp(g->class, "training") == 0 && isfinite(g->throughput_share.value);
}

static bool is_in_front(const struct report_group *g)
{
    return strcmp(g->class, "training") != 0 && g->completed.value > 0 && isfinite(g->response[STAT_MEAN].value);
}

static size_t count(const struct report *r, bool (*is)(const struct report_group *))
{
    size_t n = 0;
    for (size_t i = 0; i < r->groups; i++)
        n += is(&r->group[i]);
    return n;
}

static void paid(struct text *out, const struct report_group *g)
{
    char more[CELL], swaps[CELL];
    double moved = g->stall[STALL_SWAP_OUT].value + g->stall[STALL_SWAP_IN].value;
    text_printf(out, "a burst of %s took %s longer than alone", g->name,
                report_time(more, g->response[STAT_MEAN].value - g->alone.value));
    if (moved > 0)
        text_printf(out, " (swaps: %s)", report_time(swaps, moved));
}

void report_beside(struct text *out, const struct report *r)
{
    size_t background = count(r, is_background), front = count(r, is_in_front), told = 0;
    char share[CELL];
    if (background == 0 || background > SHOWN || front == 0 || front > SHOWN)
        return;
    text_add(out, "Side by side: ");
    for (size_t i = 0; i < r->groups; i++)
        if (is_background(&r->group[i]))
            text_printf(out, "%s%s kept %s of its speed alone", told++ > 0 ? ", " : "", r->group[i].name,
                        show_percent(share, r->group[i].throughput_share.value));
    for (size_t i = 0; i < r->groups; i++)
        if (is_in_front(&r->group[i])) {
            text_add(out, "; ");
            paid(out, &r->group[i]);
        }
    text_add(out, ".\n");
}
