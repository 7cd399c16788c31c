/* report_notes.c - what must be known before the numbers of the text report are believed, and what they leave out. */
#include "sim/results/report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of the bursts that became ready: where more have not ended, the times of those that did are too good. */
static const double MANY_UNENDED = 0.02;

/* `label  GROUP  who`, and `rest` in a line below it. */
static void alarm(struct text *out, const char *label, const struct report_group *g, const char *who, const char *rest)
{
    int width = wider(NAME_LEAST, g->name), indent = (int)strlen(label) + 2;
    width = width > NAME_MOST ? NAME_MOST : width;
    text_printf(out, "%s  ", label);
    name_cell(out, width, g->name);
    text_printf(out, "%s\n%*s%s\n", who, indent + width, "", rest);
}

/* What kept them out, and what to do about it. */
static void refused(struct text *out, const struct report *r, const struct report_group *g)
{
    static const char *const why[REFUSALS] = {
        [REFUSED_POOL] = "their nodes are full, while others had room; widen their 'nodes', or add gpus there",
        [REFUSED_SEATS] = "each has all the workloads it may; raise max_workloads_per_gpu or gpus",
        [REFUSED_RESERVE] = "the reserve, which grows with each workload, is in the way; add gpus",
        [REFUSED_SET] = "no GPUs beside each other were free of others; add gpus",
        [REFUSED_CAP] = "no room in the swap file, where they start; raise swap_file",
        [REFUSED_LARGE] = "they are larger than an empty GPU has room for; raise gpu_memory",
        [REFUSED_WIDE] = "they use more GPUs at once than any node has; raise gpus",
        [REFUSED_APART] = "they may not be swapped, and every node swaps; add one with swap = no",
    };
    char who[REPORT_CELL * 2];
    report_who_text(who, sizeof who, r, g, g->refused.value, "found no GPU when they arrived and were refused:");
    alarm(out, "REFUSED", g, who, why[report_refusal(g)]);
}

static void unended(struct text *out, const struct report *r, const struct report_group *g)
{
    bool stuck = g->stuck.value > 0;
    char who[REPORT_CELL * 2], of[CELL], n[CELL], time[CELL], rest[REPORT_CELL * 3];
    if (stuck)
        report_who_text(who, sizeof who, r, g, g->stuck.value, "waited for the GPU when the run ended,");
    else
        snprintf(who, sizeof who, "%s of %s bursts had not ended when the run did,", show_count(n, g->censored.value),
                 show_count(of, g->arrived.value));
    snprintf(rest, sizeof rest, "%s up to %s: %s", stuck ? "for" : "after",
             report_time(time, stuck ? g->waiting_max.value : g->unended_max.value),
             report_cause_text(report_cause(g)));
    alarm(out, stuck ? "STUCK" : "UNENDED", g, who, rest);
}

static bool has_unended(const struct report_group *g)
{
    return g->stuck.value > 0 || g->censored.value > MANY_UNENDED * g->arrived.value;
}

bool report_is_partial(const struct report_group *g)
{
    return g->refused.value > 0 || has_unended(g);
}

/* A policy that does not answer what it was asked. */
static void faults(struct text *out, const struct report *r)
{
    char n[CELL];
    if (report_faults(r) > 0)
        text_add(out, "\n");
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        double count = r->run.faults[slot].value;
        if (count > 0)
            text_printf(out, "FAULTY  the %s policy '%s' gave %s answer%s that %s none; safe ones took their place\n",
                        gs_slot_name((enum gs_slot)slot), report_policy(r, (enum gs_slot)slot), show_count(n, count),
                        count > 1 ? "s" : "", count > 1 ? "were" : "was");
    }
}

void report_alarms(struct text *out, const struct report *r)
{
    bool any_refused = false, any_unended = false;
    faults(out, r);
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        bool is_refused = g->refused.value > 0;
        bool is_unended = has_unended(g);
        if ((is_refused || is_unended) && !any_refused && !any_unended)
            text_add(out, "\n");
        if (is_refused)
            refused(out, r, g);
        if (is_unended)
            unended(out, r, g);
        any_refused |= is_refused;
        any_unended |= is_unended;
    }
    if (any_refused || any_unended)
        text_printf(out, "No time below counts %s%s%s.\n", any_refused ? "who was refused" : "",
                    any_refused && any_unended ? ", or " : "", any_unended ? "what has not ended" : "");
}

static void note_count(struct text *out, double count, const char *what, const char *group, const char *how)
{
    if (count <= 0)
        return;
    text_add(out, "Note: ");
    counted(out, count, what);
    text_printf(out, " of %s%s%s.\n", group, how == NULL ? "" : " ", how == NULL ? "" : how);
}

/* What was lost, and what of a recording was left. */
static void losses(struct text *out, const struct report_group *g)
{
    char left[CELL], of[CELL];
    double bursts = report_refused_bursts(g);
    if (g->refused.value > 0) {
        text_add(out, "Note: ");
        counted(out, g->refused.value, "workload");
        text_printf(out, " of %s refused on arrival, with all their bursts.\n", g->name);
    }
    note_count(out, bursts, "burst", g->name, "refused");
    note_count(out, g->oom_kills.value, "OOM kill", g->name, NULL);
    note_count(out, g->migrations.value, "move", g->name, "to another GPU, each a loss of what it had on the first");
    if (g->unreached.value > 0)
        text_printf(out,
                    "Note: %s of %s recorded bursts of %s were not reached before the trace or the run was cut off.\n",
                    show_count(left, g->unreached.value), show_count(of, g->recorded.value), g->name);
}

/* Where its intervals come from, if it has any. */
static void one_replication(struct text *out, const struct report *r)
{
    bool any = false, alike = false;
    for (size_t i = 0; i < r->groups; i++) {
        any |= r->group[i].batches.value > 0;
        alike |= !(r->group[i].batches.value > 0) && !isnan(r->group[i].batch_correlation.value);
    }
    if (r->device) /* a live run is one */
        return;
    if (any)
        text_add(out,
                 "Note: intervals of one replication are by batches of its bursts; --replications 10 are surer.\n");
    else
        text_printf(out, "Note: one replication has no confidence interval%s; --replications 10 gives them.\n",
                    alike ? ", as its batches are too much alike" : "");
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
        losses(out, g);
    }
    if (!r->is_random)
        text_add(out, "Note: nothing in this load is random; every replication is the same.\n");
    else if (r->run.replications.value == 1)
        one_replication(out, r);
}
