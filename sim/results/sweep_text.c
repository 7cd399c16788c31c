/* sweep_text.c - a sweep for people: a row a point, with what was varied, what came of it, and whether promises were kept. */
#include "sim/results/report_cells.h"
#include "sim/results/report_parts.h"
#include "sim/results/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER = 7, VALUE = 10, INTERVAL = 21 };

/* What the rows have told when they end. */
struct summary {
    size_t met, promised, partial, faulty;
    bool intervals;
};

static int key_width(const struct sweep_table *t, size_t k)
{
    return wider(t->width[k] + 2, t->key[k]);
}

static void with_interval(struct text *out, const struct interval *value)
{
    char low[CELL], high[CELL], both[2 * CELL] = "";
    cell(out, VALUE, report_time, value->value);
    if (!isnan(value->low))
        snprintf(both, sizeof both, "  [%s, %s]", report_time(low, value->low), report_time(high, value->high));
    text_printf(out, "%-*s", INTERVAL, both);
}

static void head(struct text *out, const struct sweep_table *t, const struct report *first)
{
    int left = 2 * NUMBER;
    text_printf(out, "%s   %s, %zu of %lld points   %s each, seed %llu   simulated, gpuswap-sim %s\n\n", t->scenario,
                t->design, t->done, (long long)t->points, first->length, (unsigned long long)first->seed, t->version);
    for (size_t k = 0; k < t->keys; k++)
        left += key_width(t, k);
    text_printf(out, "%*s", left, "");
    for (size_t g = 0; g < first->groups; g++) {
        char title[2 * CELL];
        snprintf(title, sizeof title, "%.*s: response", CELL, first->group[g].name);
        text_printf(out, "%5s%-*s", "", g + 1 < first->groups ? 2 * (VALUE + INTERVAL) - 5 : 0, title);
    }
    text_printf(out, "\n%*s%*s", NUMBER, "point", NUMBER, "run");
    for (size_t k = 0; k < t->keys; k++)
        text_printf(out, "%*s", key_width(t, k), t->key[k]);
    for (size_t g = 0; g < first->groups; g++)
        text_printf(out, "%*s%-*s%*s%-*s", VALUE, "mean", INTERVAL, "", VALUE, "p95", INTERVAL, "");
    text_add(out, first->slas > 0 ? "SLA\n" : "\n");
}

/* "met", or the promises that were missed. */
static void promises(struct text *out, const struct report *r)
{
    const char *comma = "MISSED: ";
    if (r->slas > 0 && report_sla_met(r))
        text_add(out, "met");
    for (size_t i = 0; i < r->slas; i++)
        if (!r->sla[i].met) {
            text_printf(out, "%s%s %s", comma, r->sla[i].name, r->sla[i].metric);
            comma = ", ";
        }
}

static void row(struct text *out, const struct sweep_table *t, size_t i, const char *const *value,
                const struct report *r, struct summary *all)
{
    bool partial = false;
    for (size_t g = 0; g < r->groups; g++)
        partial = partial || report_is_partial(&r->group[g]);
    text_printf(out, "%*lld%*lld", NUMBER, (long long)t->point[i], NUMBER, (long long)t->run[i]);
    for (size_t k = 0; k < t->keys; k++)
        text_printf(out, "%*s", key_width(t, k), value[k]);
    for (size_t g = 0; g < r->groups; g++) {
        with_interval(out, &r->group[g].response[STAT_MEAN]);
        with_interval(out, &r->group[g].response[STAT_P95]);
        all->intervals = all->intervals || !isnan(r->group[g].response[STAT_MEAN].low);
    }
    promises(out, r);
    text_add(out, partial ? "  ?\n" : "\n");
    all->met += r->slas > 0 && report_sla_met(r);
    all->promised += r->slas > 0;
    all->partial += partial;
    all->faulty += report_faults(r) > 0;
}

static bool is_missing(const void *context, int64_t point)
{
    const struct sweep_table *t = context;
    size_t low = 0, high = t->done;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->point[middle] < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low == t->done || t->point[low] != point;
}

static void tail(struct text *out, const struct sweep_table *t, const struct summary *all)
{
    struct text gaps = {0};
    int64_t missing = points_text(&gaps, t->points, is_missing, t);
    text_add(out, "\n");
    if (all->promised > 0)
        text_printf(out, "SLA met at %zu of %zu points.\n", all->met, all->promised);
    if (all->partial > 0)
        text_add(out, "? These times leave out many who were refused, stuck, or had not ended.\n");
    if (all->faulty > 0)
        text_printf(out, "A plug-in gave invalid answers at %zu points.\n", all->faulty);
    if (missing > 0)
        text_printf(out, "Not here: %s %s.\n", missing == 1 ? "point" : "points", gaps.failed ? "" : gaps.data);
    if (t->done > 0)
        text_printf(out, "%sA point in full: gpuswap-sim report %s --run RUN\n",
                    all->intervals ? "All points use the same random numbers. Intervals at 95 %. " : "", t->path);
    out->failed |= gaps.failed;
    text_fini(&gaps);
}

int sweep_text(struct text *out, const struct sweep_table *t, bool *met, struct error *err)
{
    struct summary all = {0};
    int rc = GS_OK;
    if (t->done == 0)
        text_printf(out, "%s   %s, 0 of %lld points\n", t->scenario, t->design, (long long)t->points);
    for (size_t i = 0; i < t->done && rc == GS_OK; i++) {
        struct arena arena = {0};
        struct report report = {0};
        const char **value = arena_array(&arena, t->keys, sizeof *value);
        rc = value ? sweep_table_point(t, i, value, &report, &arena, err)
                   : error_set(err, GS_SYSTEM, "no memory for the sweep of '%s'", t->path);
        if (rc == GS_OK && i == 0)
            head(out, t, &report);
        if (rc == GS_OK)
            row(out, t, i, value, &report, &all);
        arena_fini(&arena);
    }
    if (rc == GS_OK)
        tail(out, t, &all);
    *met = all.met == all.promised && all.faulty == 0;
    return rc;
}
