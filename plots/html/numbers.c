/* numbers.c - the numbers of the report as tables. */
#include "plots/html/sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GPUS_LISTED = 16, NODES_LISTED = 16 };

static void remark(char *out, size_t size, const struct report *r, const struct report_sla *s)
{
    char alone[CELL], why[2 * CELL];
    report_missed_text(why, sizeof why, r, s);
    if (s->alone > s->target)
        snprintf(out, size, "no sharing can keep this: it is %s alone", report_time(alone, s->alone));
    else
        snprintf(out, size, "%s", why);
}

void section_slas(struct text *out, const struct report *r)
{
    static const char *const column[] = {"promised to",   "<promise", "<verdict", "found",
                                         "95 % interval", "within",   NULL};
    char text[4 * CELL];
    if (r->slas == 0)
        return;
    struct html_table t = html_table_open(out, "What was promised, and what became of it", column);
    for (size_t i = 0; i < r->slas; i++) {
        const struct report_sla *s = &r->sla[i];
        html_cell(&t, s->group ? s->group : s->class);
        html_cell(&t, sla_demand(text, s));
        remark(text, sizeof text, r, s);
        html_cell_more(&t, s->met ? "✓ met" : "✗ MISSED", text);
        html_cell(&t, sla_show(s)(text, s->value.value));
        html_cell(&t, *sla_bounds(text, s) ? text : "-");
        html_cell(&t, show_percent(text, s->attainment));
    }
    html_table_close(&t);
}

const char *section_half_width(char out[CELL], const struct report *r, const struct interval *value)
{
    char text[CELL];
    bool has_one = r->is_random && !isnan(value->low);
    snprintf(out, CELL, "%s%s", has_one ? "± " : "", has_one ? report_time(text, value->high - value->value) : "");
    return out;
}

static void responses(struct text *out, const struct report *r)
{
    static const char *const column[] = {"group", "<class", "n", "bursts", "mean", "p50", "p95", "p99", "max", NULL};
    char text[CELL], small[CELL];
    struct html_table t = html_table_open(out, "How long bursts took, from the wish for the GPU to their end", column);
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        html_cell(&t, g->name);
        html_cell(&t, g->class);
        html_cell(&t, show_count(text, g->workloads.value));
        html_cell(&t, show_count(text, g->completed.value));
        for (int s = 0; s < STATS; s++)
            html_cell_more(&t, report_time(text, g->response[s].value),
                           s == STAT_MAX ? "" : section_half_width(small, r, &g->response[s]));
    }
    html_table_close(&t);
}

static void slowdowns(struct text *out, const struct report *r)
{
    static const char *const column[] = {"group", "slowdown", "p95",     "p99",  "speed kept", "hot",
                                         "warm",  "cold",     "unended", "lost", NULL};
    char text[CELL];
    struct html_table t = html_table_open(
        out, "How much slower than on a GPU of one's own, and where the memory was when the wish came", column);
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        double served = 0;
        html_cell(&t, g->name);
        html_cell(&t, show_ratio(text, g->slowdown[STAT_MEAN].value));
        html_cell(&t, show_ratio(text, g->slowdown[STAT_P95].value));
        html_cell(&t, show_ratio(text, g->slowdown[STAT_P99].value));
        html_cell(&t, show_percent(text, g->throughput_share.value));
        for (int s = 0; s < SERVEDS; s++)
            served += g->served[s].value;
        for (int s = 0; s < SERVEDS; s++)
            html_cell(&t, show_whole_percent(text, g->served[s].value / served));
        html_cell(&t, show_count(text, g->censored.value));
        html_cell(&t, show_count(text, report_refused_bursts(g) + g->oom_kills.value));
    }
    html_table_close(&t);
}

void section_groups(struct text *out, const struct report *r)
{
    if (r->groups == 0)
        return;
    responses(out, r);
    slowdowns(out, r);
}

void section_stalls(struct text *out, const struct report *r)
{
    static const char *const column[] = {"group", "alone",     "queue",  "swap-out", "swap-in",
                                         "cap",   "preempted", "detect", "cold",     NULL};
    char text[CELL];
    double ended = 0;
    for (size_t i = 0; i < r->groups; i++)
        ended += r->group[i].completed.value;
    if (!(ended > 0))
        return;
    struct html_table t = html_table_open(out, "Mean of a burst; the parts add up to the mean response", column);
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        html_cell(&t, g->name);
        html_cell(&t, report_time(text, g->alone.value));
        for (int s = 0; s < STALLS; s++)
            html_cell(&t, report_time(text, g->stall[s].value));
    }
    html_table_close(&t);
}

static double switching(const struct report *r, size_t gpu)
{
    return r->gpu[gpu].switching.value;
}

void section_gpus(struct text *out, struct album *album)
{
    static const char *const column[] = {"GPU",  "useful", "switching", "idle",   "swaps/h",
                                         "in/h", "out/h",  "resident",  "thrash", NULL};
    const struct report *r = album->report;
    char text[CELL], caption[2 * CELL] = "What the GPUs did";
    size_t gpus = 0, *gpu = album_pick(album, r->gpus, GPUS_LISTED, switching, &gpus);
    double hours = r->run.elapsed.value / 3600;
    out->failed = out->failed || !gpu;
    if (gpus == 0)
        return;
    if (gpus < r->gpus)
        snprintf(caption, sizeof caption, "What the GPUs did: the %zu of %zu that switch most", gpus, r->gpus);
    struct html_table t = html_table_open(out, caption, column);
    for (size_t i = 0; i < gpus; i++) {
        const struct report_gpu *g = &r->gpu[gpu[i]];
        html_cell(&t, g->id);
        html_cell(&t, show_percent(text, g->useful.value));
        html_cell(&t, show_percent(text, g->switching.value));
        html_cell(&t, show_percent(text, g->idle.value));
        html_cell(&t, show_ratio(text, g->swaps.value / hours));
        html_cell(&t, show_size(text, g->swap_in_bytes.value / hours));
        html_cell(&t, show_size(text, g->swap_out_bytes.value / hours));
        html_cell(&t, show_size(text, g->resident_bytes.value));
        html_cell(&t, show_ratio(text, g->thrash.value));
    }
    html_table_close(&t);
}

static double peak(const struct report *r, size_t node)
{
    return r->node[node].cap_bytes.value > 0 ? r->node[node].peak_bytes.value : -1;
}

void section_nodes(struct text *out, struct album *album)
{
    static const char *const column[] = {"node", "peak", "mean", "cap", "refused", NULL};
    const struct report *r = album->report;
    char text[CELL], caption[2 * CELL] = "The swap files in CPU memory";
    size_t nodes = 0, *node = album_pick(album, r->nodes, NODES_LISTED, peak, &nodes);
    out->failed = out->failed || !node;
    if (nodes == 0)
        return;
    if (nodes < r->nodes)
        snprintf(caption, sizeof caption, "The swap files in CPU memory: the fullest %zu of %zu nodes", nodes,
                 r->nodes);
    struct html_table t = html_table_open(out, caption, column);
    for (size_t i = 0; i < nodes; i++) {
        const struct report_node *n = &r->node[node[i]];
        html_cell(&t, n->id);
        html_cell(&t, show_size(text, n->peak_bytes.value));
        html_cell(&t, show_size(text, n->mean_bytes.value));
        html_cell(&t, show_size(text, n->cap_bytes.value));
        html_cell(&t, show_size(text, n->refused_bytes.value));
    }
    html_table_close(&t);
}
