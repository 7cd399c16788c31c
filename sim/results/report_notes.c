/* report_notes.c - what must be known before the numbers of the text report are believed, and what they leave out. */
#include "sim/results/report_cells.h"

#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

/* Of the bursts that became ready: where more have not ended, the times of those that did are too good. */
static const double MANY_UNENDED = 0.02;

/* `label  GROUP  who,` and below it `how_long TIME: cause`. */
static void alarm(struct text *out, const char *label, const struct report_group *g, const char *who,
                  const char *how_long, double longest_s)
{
    char time[UNITS_TEXT];
    int width = wider(NAME_LEAST, g->name), indent = (int)strlen(label) + 2;
    width = width > NAME_MOST ? NAME_MOST : width;
    text_printf(out, "%s  ", label);
    name_cell(out, width, g->name);
    text_printf(out, "%s,\n%*s%s %s: %s\n", who, indent + width, "", how_long, units_show_time(time, 1e9 * longest_s),
                report_cause_text(report_cause(g)));
}

void report_alarms(struct text *out, const struct report *r)
{
    size_t before = out->length;
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        char who[REPORT_CELL * 2], of[CELL], n[CELL];
        bool many = g->censored.value > MANY_UNENDED * g->arrived.value;
        if ((g->stuck.value > 0 || many) && out->length == before)
            text_add(out, "\n");
        if (g->stuck.value > 0) {
            report_stuck_text(who, sizeof who, r, g, "waited for the GPU when the run ended");
            alarm(out, "STUCK", g, who, "for up to", g->waiting_max.value);
        } else if (many) {
            snprintf(who, sizeof who, "%s of %s bursts had not ended when the run did",
                     show_count(n, g->censored.value), show_count(of, g->arrived.value));
            alarm(out, "UNENDED", g, who, "after up to", g->unended_max.value);
        }
    }
    if (out->length > before)
        text_add(out, "No time below counts what has not ended.\n");
}

void report_notes(struct text *out, const struct report *r)
{
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        double with = (double)g->response[STAT_P50].n, all = r->run.replications.value;
        if (with == 0)
            text_printf(out, "Note: no burst of %s ended.\n", g->name);
        else if (with < all)
            text_printf(out,
                        "Note: no burst of %s ended in %.0f of %.0f replications; its quantiles are of the others.\n",
                        g->name, all - with, all);
        if (g->rejected.value + g->oom_kills.value > 0) {
            text_add(out, "Note: ");
            counted(out, g->rejected.value, "burst");
            text_printf(out, " of %s refused, ", g->name);
            counted(out, g->oom_kills.value, "OOM kill");
            text_add(out, ".\n");
        }
    }
    if (!r->is_random)
        text_add(out, "Note: nothing in this load is random; every replication is the same.\n");
    else if (r->run.replications.value == 1)
        text_add(out, "Note: one replication has no confidence interval; --replications 10 gives them.\n");
}
