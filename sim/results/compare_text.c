/* compare_text.c - a comparison for people: a row an alternative, a hundred columns. */
#include "sim/results/compare.h"

#include "sim/results/report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    METRIC = 14,
    NAME = 15,
    VALUE = 9,
    DIFFERENCE = 11,
    PERCENT = 8,
    INTERVAL = 23,
    PAIRED = 7,
    BOUNDS = 2 * CELL + 8
};

/* Names in full, or "#2", where one is too long or two are the same. */
static const char *short_name(char out[CELL], const struct comparison *c, size_t a)
{
    bool fit = true;

    for (size_t i = 0; i < c->alternatives; i++) {
        fit = fit && strlen(c->alternative[i].name) <= NAME - 2;
        for (size_t k = 0; k < i; k++)
            fit = fit && strcmp(c->alternative[i].name, c->alternative[k].name) != 0;
    }
    snprintf(out, CELL, "#%zu", a + 1);
    return fit ? c->alternative[a].name : out;
}

static show_fn show_of(const struct compare_metric *m)
{
    static const show_fn show[] = {
        [UNIT_SECONDS] = report_time, [UNIT_RATIO] = show_ratio, [UNIT_SHARE] = show_percent, [UNIT_BYTES] = show_size};

    return show[m->unit];
}

static const char *show_signed(char out[CELL], show_fn show, double value)
{
    char text[CELL];

    snprintf(out, CELL, "%s%s", value > 0 ? "+" : "", show(text, value));
    return out;
}

static const char *bounds(char out[BOUNDS], show_fn show, const struct interval *i, bool with_sign)
{
    char low[CELL], high[CELL], text[CELL];

    if (isnan(i->low))
        return "";
    if (with_sign)
        snprintf(out, BOUNDS, "[%s, %s]", show_signed(low, show, i->low), show_signed(high, show, i->high));
    else
        snprintf(out, BOUNDS, "[%s, %s]", show(low, i->low), show(text, i->high));
    return out;
}

/* Why there is nothing to judge. */
static const char *missing(const struct compare_metric *m, const struct compared *of)
{
    if (!m->of[0].there || !of->there)
        return "not in both";
    if (isnan(m->of[0].value.value) && isnan(of->value.value))
        return "nothing ended";
    if (isnan(of->value.value))
        return strcmp(m->metric, "makespan") == 0 ? "not all ended" : "nothing ended here";
    if (isnan(m->of[0].value.value))
        return "nothing to hold it against";
    return "never in the same replication";
}

static const char *verdict_text(const struct compared *of)
{
    return of->verdict == VERDICT_UNCLEAR     ? "≈"
           : of->verdict == VERDICT_IDENTICAL ? "≈ identical"
           : of->verdict == VERDICT_PARTIAL   ? "? see above"
           : of->verdict == VERDICT_NONE      ? "one pair"
                                              : verdict_name(of->verdict);
}

static void difference(struct text *out, const struct compare_metric *m, const struct compared *of)
{
    char text[BOUNDS], pairing[CELL];
    show_fn show = show_of(m);
    bool constant = of->state == PAIRED_CONSTANT;

    text_printf(out, "%*s", DIFFERENCE, show_signed(text, show, of->difference.value));
    text_printf(out, "%*s", PERCENT,
                show_signed(text, fabs(of->share) < 0.0995 ? show_percent : show_whole_percent, of->share));
    text_printf(out, "%*s", INTERVAL,
                constant ? of->exact ? "exact" : "always the same" : bounds(text, show, &of->difference, true));
    if (of->variance_ratio < 999.5)
        snprintf(text, sizeof text, "x %s", show_ratio(pairing, of->variance_ratio));
    else
        snprintf(text, sizeof text, "> 999");
    text_printf(out, "%*s", PAIRED, isnan(of->variance_ratio) ? "-" : text);
    text_printf(out, "  %s", verdict_text(of));
    /* The heading has the baseline's target. */
    if (of->sla && (of->sla->target < m->of[0].sla->target || of->sla->target > m->of[0].sla->target))
        text_printf(out, "  (its target: %s)", show(text, of->sla->target));
    text_add(out, "\n");
}

static void metric_rows(struct text *out, const struct comparison *c, const struct compare_metric *m)
{
    char label[CELL], text[BOUNDS];
    show_fn show = show_of(m);

    snprintf(label, sizeof label, "%s", m->metric);
    for (char *p = label; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    for (size_t a = 0; a < c->alternatives; a++) {
        const struct compared *of = &m->of[a];
        const char *first = *m->scope != 's' ? a == 0 ? label : "" : !of->sla ? "" : of->sla->met ? "met" : "MISSED";
        text_printf(out, "%-*s", METRIC, first);
        name_cell(out, NAME, short_name(text, c, a));
        cell(out, VALUE, show, of->value.value);
        if (a == 0)
            text_printf(out, "%*s%*s  baseline\n", DIFFERENCE + PERCENT + INTERVAL,
                        c->alternative[0].report->is_random ? bounds(text, show, &of->value, false) : "", PAIRED, "");
        else if (of->state == PAIRED_NONE)
            text_printf(out, "   %s\n", missing(m, of));
        else
            difference(out, m, of);
    }
}

static void head(struct text *out, const char *title)
{
    int taken = METRIC + NAME + VALUE;

    text_add(out, "\n");
    if ((int)strlen(title) < taken - 5)
        text_printf(out, "%-*s%*s", taken - VALUE, title, VALUE, "value");
    else
        text_printf(out, "%s\n%*s", title, taken, "value");
    text_printf(out, "%*s%*s%*s%*s  verdict\n", DIFFERENCE, "difference", PERCENT, "", INTERVAL, "95 % interval",
                PAIRED, "paired");
}

static void section(struct text *out, const struct comparison *c, const struct compare_metric *m)
{
    char title[4 * CELL], target[CELL];
    const struct report *first = c->alternative[0].report;

    if (*m->scope == 'r') {
        head(out, "all GPUs, a replication");
        return;
    }
    for (size_t g = 0; *m->scope == 'g' && g < first->groups; g++)
        if (strcmp(first->group[g].name, m->name) == 0)
            snprintf(title, sizeof title, "group %.*s, %s", CELL, m->name, first->group[g].class);
    if (*m->scope == 's') {
        snprintf(title, sizeof title, "SLA %.*s: %s %s %s", CELL, m->name, m->metric,
                 m->of[0].sla->is_floor ? ">=" : "<=", show_of(m)(target, m->of[0].sla->target));
        for (char *p = strstr(title, m->metric); *p; p++)
            *p = *p == '_' ? ' ' : *p;
    }
    head(out, title);
}

static void heading(struct text *out, const struct comparison *c)
{
    const struct report *first = c->alternative[0].report;
    char text[CELL];
    int width = NAME_LEAST;
    bool same_length = true;

    for (size_t a = 1; a < c->alternatives; a++)
        same_length = same_length && strcmp(c->alternative[a].report->length, first->length) == 0;
    text_printf(out, "%s: %s   %s%sseed %llu   simulated, gpuswap-sim %s\n\n", c->title,
                c->against_itself ? "against the scenario as it is" : "against the first of them",
                same_length ? first->length : "", same_length ? ", " : "", (unsigned long long)first->seed,
                first->version);
    for (size_t a = 0; a < c->alternatives; a++)
        width = wider(width, c->alternative[a].name);
    for (size_t a = 0; a < c->alternatives; a++) {
        const char *name = c->alternative[a].name, *number = short_name(text, c, a);
        text_printf(out, "%-*s", number == name ? 0 : 5, number == name ? "" : number);
        text_printf(out, "%-*s%s%s%s%s\n", width, name, c->alternative[a].report->policy, same_length ? "" : "   ",
                    same_length ? "" : c->alternative[a].report->length, a == 0 ? "   (baseline)" : "");
    }
    for (size_t a = 0; a < c->alternatives; a++) {
        struct text alarms = {0};
        report_alarms(&alarms, c->alternative[a].report);
        if (alarms.length > 0)
            text_printf(out, "\n%s:%s", c->alternative[a].name, alarms.data);
        out->failed |= alarms.failed;
        text_fini(&alarms);
    }
}

/* How many pairs there are, where not every replication has a value: told once a group. */
static void missing_pairs(struct text *out, const struct comparison *c)
{
    for (size_t m = 0; m < c->metrics; m++)
        for (size_t a = 1; a < c->alternatives; a++) {
            const struct compare_metric *metric = &c->metric[m];
            uint64_t pairs = metric->of[a].difference.n;
            bool told = *metric->scope == 's';
            for (size_t before = 0; before < m; before++)
                told = told || (strcmp(c->metric[before].name, metric->name) == 0 &&
                                c->metric[before].of[a].difference.n == pairs);
            if (!told && pairs > 0 && pairs < c->replications)
                text_printf(
                    out, "Note: percentiles of %s, %s: of the %llu replications of %zu in which both ended a burst.\n",
                    metric->name, c->alternative[a].name, (unsigned long long)pairs, c->replications);
        }
}

/* Groups that the baseline does not have. */
static void further_groups(struct text *out, const struct comparison *c)
{
    const struct report *first = c->alternative[0].report;

    for (size_t a = 1; a < c->alternatives; a++) {
        const struct report *r = c->alternative[a].report;
        for (size_t g = 0; g < r->groups; g++) {
            bool found = false;
            for (size_t i = 0; i < first->groups; i++)
                found = found || strcmp(first->group[i].name, r->group[g].name) == 0;
            if (!found)
                text_printf(out, "Note: the baseline has no group %s, as %s has.\n", r->group[g].name,
                            c->alternative[a].name);
        }
    }
}

static void legend(struct text *out, const struct comparison *c)
{
    bool partial = false, unclear = false, exact = true;
    size_t largest = 0;

    for (size_t m = 0; m < c->metrics; m++) {
        largest = c->metric[m].family > largest ? c->metric[m].family : largest;
        for (size_t a = 1; a < c->alternatives; a++) {
            const struct compared *of = &c->metric[m].of[a];
            partial = partial || of->verdict == VERDICT_PARTIAL;
            unclear = unclear || of->verdict == VERDICT_UNCLEAR;
            exact = exact && (of->exact || of->state == PAIRED_NONE);
        }
    }
    if (partial)
        text_add(out, "? No verdict for whose times leave out the refused, the stuck or the unended.\n");
    if (exact) {
        text_add(out,
                 "Note: nothing here is random. Replications do not differ, so there are no intervals; differences\n"
                 "are exact for this load, and tell nothing of another one.\n");
        return;
    }
    if (unclear)
        text_add(out, "≈ may be chance: its interval holds 0; more replications narrow it.\n");
    text_add(out, "All use the same random numbers; 'paired': without that, it takes x times as many replications.\n");
    if (largest > 1)
        text_printf(out,
                    "Up to %zu comparisons a metric: verdicts hold together at 95 %% (Holm), intervals go with them.\n",
                    largest);
}

static void notes(struct text *out, const struct comparison *c)
{
    const struct report *first = c->alternative[0].report;

    text_add(out, "\n");
    missing_pairs(out, c);
    further_groups(out, c);
    for (size_t a = 1; a < c->alternatives; a++)
        if (fabs(c->alternative[a].report->run.warmup.value - first->run.warmup.value) > 0)
            text_printf(out, "Note: %s has another warm-up than the baseline; for the same: --set scenario.warmup=1h\n",
                        c->alternative[a].name);
    for (size_t a = 1; a < c->alternatives; a++)
        if (strcmp(c->alternative[a].report->length, first->length) != 0)
            text_printf(out,
                        "Note: %s is simulated for another time than the baseline; swapped bytes are of all of it.\n",
                        c->alternative[a].name);
    legend(out, c);
}

void compare_text(struct text *out, const struct comparison *c)
{
    heading(out, c);
    for (size_t m = 0; m < c->metrics; m++) {
        const struct compare_metric *metric = &c->metric[m], *before = m > 0 ? metric - 1 : NULL;
        bool new_section = !before || strcmp(before->scope, metric->scope) != 0 ||
                           strcmp(before->name, metric->name) != 0 || *metric->scope == 's';
        if (new_section)
            section(out, c, metric);
        metric_rows(out, c, metric);
    }
    notes(out, c);
}
