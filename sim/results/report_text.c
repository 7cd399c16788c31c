/* report_text.c - the report for people: one screen, a hundred columns, a unit to every number. */
#include "sim/results/report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, LISTED = 8 };

/* How many replications the wanted precision took, or that it was not reached. */
static void precision(struct text *out, const struct report *r)
{
    char wanted[CELL], is_text[CELL], n[CELL];
    struct report_precision is = report_precision(r);
    text_printf(out, "precision %s: %s with %s replications", show_percent(wanted, r->run.precision.value),
                is.met ? "reached" : "NOT reached", show_count(n, r->run.replications.value));
    if (!is.met)
        text_printf(out, ", %s %s is known to %s%s", is.name, is.metric,
                    isfinite(is.half_width) ? show_percent(is_text, is.half_width) : "nothing",
                    r->run.replications.value >= r->run.max_replications.value ? "; raise max_replications" : "");
    text_add(out, "\n");
}

/* What ran on something, on what; and what was not simulated and is no measurement either says so before all else. */
static void on_what(struct text *out, const struct report *r)
{
    char text[CELL];
    if (r->device)
        text_printf(out, "%s\n", r->device);
    if (r->interrupted)
        text_printf(out, "INTERRUPTED after %s: all below is up to there\n", report_time(text, r->run.simulated.value));
}

static void heading(struct text *out, const struct report *r)
{
    bool is_double = strcmp(r->provenance, "double") == 0;
    const char *how = is_double ? "on the driver double" : report_how(r);
    if (is_double)
        text_add(out, "DRIVER DOUBLE: no GPU, times are a model's\n");
    int length = snprintf(NULL, 0, "%s   %s   %s, seed %llu   %s, gpuswap-sim %s", r->scenario, r->policy, r->length,
                          (unsigned long long)r->seed, how, r->version);
    const char *gap = length <= COLUMNS ? "   " : "\n";
    text_printf(out, "%s   %s%s%s, seed %llu   %s, gpuswap-sim %s\n", r->scenario, r->policy, gap, r->length,
                (unsigned long long)r->seed, how, r->version);
    on_what(out, r);
    char text[CELL];
    if (r->run.warmup.value > 0)
        text_printf(out, "the first %s of each replication are warm-up and left out\n",
                    report_time(text, r->run.warmup.value));
    if (!isnan(r->run.precision.value))
        precision(out, r);
    if (!isnan(r->run.makespan.value)) {
        text_printf(out, "the last job ended after %s", report_time(text, r->run.makespan.value));
        if (!isnan(r->run.makespan.low))
            text_printf(out, " +/- %s", report_time(text, r->run.makespan.high - r->run.makespan.value));
        text_add(out, "\n");
    }
}

static void slas(struct text *out, const struct report *r)
{
    int name_width = NAME_LEAST, demand_width = 0, bounds_width = 0;
    char text[CELL * 2];
    for (size_t i = 0; i < r->slas; i++) {
        name_width = wider(name_width, r->sla[i].group ? r->sla[i].group : r->sla[i].class);
        sla_demand(text, &r->sla[i]);
        demand_width = wider(demand_width, text);
        sla_bounds(text, &r->sla[i]);
        bounds_width = wider(bounds_width, text);
    }
    name_width = name_width > NAME_MOST ? NAME_MOST : name_width;
    for (size_t i = 0; i < r->slas; i++) {
        const struct report_sla *s = &r->sla[i];
        text_add(out, i ? "     " : "\nSLA  ");
        name_cell(out, name_width, s->group ? s->group : s->class);
        sla_demand(text, s);
        text_printf(out, "%-*s", demand_width, text);
        if (isnan(s->value.value)) {
            text_add(out, "MISSED: no value, as nothing ended\n");
            continue;
        }
        cell(out, 8, sla_show(s), s->value.value);
        sla_bounds(text, s);
        text_printf(out, "  %-*s%s", bounds_width, text, s->met ? "met" : "MISSED");
        if (!isnan(s->attainment))
            text_printf(out, "%*s%s within", s->met ? 5 : 2, "", show_percent(text, s->attainment));
        if (s->missed && (strcmp(s->missed, "stuck") == 0 || strcmp(s->missed, "refused") == 0))
            text_printf(out, "%s %s", isnan(s->attainment) ? " " : ",",
                        s->missed[0] == 's' ? "some are stuck" : "some were refused");
        text_add(out, "\n");
        if (s->alone > s->target)
            text_printf(out, "     %*sno sharing can keep this: alone %s is %s; raise the target, or node.gpu_speed\n",
                        name_width, "", strrchr(s->metric, '_') + 1, report_time(text, s->alone));
    }
}

/* A row under a group: half widths of the 95 % intervals of its means and quantiles. */
static void half_widths(struct text *out, int width, const struct report_group *g)
{
    const struct interval *stat = g->response;
    if (isnan(stat[STAT_MEAN].low))
        return;
    text_printf(out, "%*s", width, isnan(g->batches.value) ? "95 % interval +/-" : "95 % by batches +/-");
    for (int s = STAT_MEAN; s <= STAT_P99; s++)
        cell(out, 10, report_time, stat[s].high - stat[s].value);
    text_add(out, "\n");
}

static void responses(struct text *out, const struct report *r, int width)
{
    text_add(out, "\n");
    name_cell(out, width, "group");
    text_printf(out, "%-10s%6s%10s%10s%10s%10s%10s%10s\n", "class", "n", "bursts", "response", "p50", "p95", "p99",
                "max");
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        name_cell(out, width, g->name);
        text_printf(out, "%-10s", g->class);
        cell(out, 6, show_count, g->workloads.value);
        cell(out, 10, show_count, g->completed.value);
        for (int s = 0; s < STATS; s++)
            cell(out, 10, report_time, g->response[s].value);
        text_add(out, "\n");
        half_widths(out, width + 26, g);
        if (!isnan(g->ttft[STAT_P50].value)) {
            text_printf(out, "%*s", width + 26, "first token");
            for (int s = 0; s < STATS; s++)
                cell(out, 10, report_time, g->ttft[s].value);
            text_add(out, "\n");
        }
    }
}

static void slowdowns(struct text *out, const struct report *r, int width)
{
    text_add(out, "\n");
    name_cell(out, width, "group");
    text_printf(out, "%9s%7s%7s%7s%7s%9s%7s%7s%7s%9s%7s\n", "slowdown", "p50", "p95", "p99", "max", "vs alone", "hot",
                "warm", "cold", "unended", "lost");
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        double served = 0;
        name_cell(out, width, g->name);
        for (int s = 0; s < STATS; s++)
            cell(out, s ? 7 : 9, show_ratio, g->slowdown[s].value);
        cell(out, 9, show_percent, g->throughput_share.value);
        for (int s = 0; s < SERVEDS; s++)
            served += g->served[s].value;
        for (int s = 0; s < SERVEDS; s++)
            cell(out, 7, show_whole_percent, g->served[s].value / served);
        cell(out, 9, show_count, g->censored.value);
        cell(out, 7, show_count, report_refused_bursts(g) + g->lost.value);
        text_add(out, "\n");
    }
}

static void stalls(struct text *out, const struct report *r, int width)
{
    text_add(out, "\nwhere the time of a burst went, on average\n");
    name_cell(out, width, "group");
    text_printf(out, "%9s%10s%10s%10s%10s%11s%10s%10s\n", "alone", "queue", "swap-out", "swap-in", "cap", "preempted",
                "detect", "cold");
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        name_cell(out, width, g->name);
        cell(out, 9, report_time, g->alone.value);
        for (int s = 0; s < STALLS; s++)
            cell(out, s == STALL_PREEMPTED ? 11 : 10, report_time, g->stall[s].value);
        text_add(out, "\n");
    }
}

struct gpu_line {
    double useful, switching, idle, swaps, in, out, resident, thrash;
};

static void gpu_line(struct text *out, const char *name, int width, const struct gpu_line *g)
{
    name_cell(out, width, name);
    cell(out, 9, show_percent, g->useful);
    cell(out, 11, show_percent, g->switching);
    cell(out, 9, show_percent, g->idle);
    cell(out, 10, show_ratio, g->swaps);
    cell(out, 12, show_size, g->in);
    cell(out, 12, show_size, g->out);
    cell(out, 12, show_size, g->resident);
    cell(out, 8, show_ratio, g->thrash);
    text_add(out, "\n");
}

static struct gpu_line gpu_values(const struct report *r, size_t i)
{
    const struct report_gpu *g = &r->gpu[i];
    double hours = r->run.elapsed.value / 3600;
    return (struct gpu_line){
        g->useful.value,
        g->switching.value,
        g->idle.value,
        g->swaps.value / hours,
        g->swap_in_bytes.value / hours,
        g->swap_out_bytes.value / hours,
        g->resident_bytes.value,
        g->thrash.value,
    };
}

/* Least, mean and greatest of each column, and the GPU that switches most. */
static void gpu_summary(struct text *out, const struct report *r, int width)
{
    enum { VALUES = sizeof(struct gpu_line) / sizeof(double) };
    union {
        struct gpu_line line;
        double value[VALUES];
    } least, mean, most, one;
    size_t worst = 0;
    least.line = most.line = gpu_values(r, 0);
    mean.line = (struct gpu_line){0};
    for (size_t i = 0; i < r->gpus; i++) {
        one.line = gpu_values(r, i);
        for (size_t v = 0; v < VALUES; v++) {
            least.value[v] = fmin(least.value[v], one.value[v]);
            most.value[v] = fmax(most.value[v], one.value[v]);
            mean.value[v] += one.value[v] / (double)r->gpus;
        }
        if (r->gpu[i].switching.value > r->gpu[worst].switching.value)
            worst = i;
    }
    gpu_line(out, "least", width, &least.line);
    gpu_line(out, "mean", width, &mean.line);
    gpu_line(out, "most", width, &most.line);
    one.line = gpu_values(r, worst);
    gpu_line(out, r->gpu[worst].id, width, &one.line);
    text_printf(out, "%zu GPUs; the last line is that which switches most\n", r->gpus);
}

static void gpus(struct text *out, const struct report *r)
{
    int width = NAME_LEAST;
    for (size_t i = 0; i < r->gpus; i++)
        width = wider(width, r->gpu[i].id);
    width = width > 17 ? 17 : width;
    text_add(out, "\n");
    name_cell(out, width, "GPU");
    text_printf(out, "%9s%11s%9s%10s%12s%12s%12s%8s\n", "useful", "switching", "idle", "swaps/h", "in/h", "out/h",
                "resident", "thrash");
    if (r->gpus > LISTED) {
        gpu_summary(out, r, width);
        return;
    }
    for (size_t i = 0; i < r->gpus; i++) {
        struct gpu_line line = gpu_values(r, i);
        gpu_line(out, r->gpu[i].id, width, &line);
    }
}

static void swap_line(struct text *out, const struct report_node *n, int width)
{
    name_cell(out, width, n->id);
    cell(out, 12, show_size, n->peak_bytes.value);
    cell(out, 12, show_size, n->mean_bytes.value);
    cell(out, 12, show_size, n->cap_bytes.value);
    cell(out, 12, show_size, n->refused_bytes.value);
    text_add(out, "\n");
}

static void swap_files(struct text *out, const struct report *r)
{
    int width = NAME_LEAST + 4;
    size_t fullest = 0;
    for (size_t i = 0; i < r->nodes; i++) {
        width = wider(width, r->node[i].id);
        if (r->node[i].peak_bytes.value > r->node[fullest].peak_bytes.value)
            fullest = i;
    }
    width = width > NAME_MOST ? NAME_MOST : width;
    text_add(out, "\n");
    name_cell(out, width, "swap file");
    text_printf(out, "%12s%12s%12s%12s\n", "peak", "mean", "cap", "refused");
    for (size_t i = 0; i < r->nodes; i++)
        if (r->nodes <= LISTED || i == fullest)
            swap_line(out, &r->node[i], width);
    if (r->nodes > LISTED)
        text_printf(out, "the fullest of %zu nodes\n", r->nodes);
}

/* What no policy could have done better. */
static void bound(struct text *out, const struct report *r)
{
    char least[CELL], is[CELL], share[CELL];
    double lower = r->run.response_lower.value, regret = r->run.regret.value;
    if (!isnan(regret))
        text_printf(out, "Bound: no policy has a mean response of these bursts below %s; here it is %s, regret %s.\n",
                    report_time(least, lower), report_time(is, lower * (1 + regret)), show_percent(share, regret));
}

void report_text(struct text *out, const struct report *r)
{
    int width = NAME_LEAST + 4;
    for (size_t i = 0; i < r->groups; i++)
        width = wider(width, r->group[i].name);
    int wide = width > NAME_MOST ? NAME_MOST : width, narrow = width > 14 ? 14 : width;
    heading(out, r);
    report_alarms(out, r);
    slas(out, r);
    responses(out, r, wide);
    slowdowns(out, r, width > 17 ? 17 : width);
    stalls(out, r, narrow);
    gpus(out, r);
    swap_files(out, r);
    text_add(out, "\n");
    report_notes(out, r);
    bound(out, r);
    report_beside(out, r);
    text_printf(out, "What limits: %s.\nNext: %s\n", r->limits, r->next);
}
