/* capacity_text.c - what a search found, for people: the answer, what it was read from, what would change it. */
#include "sim/results/report_cells.h"
#include "sim/run/capacity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE = 512 };

const char *capacity_check_name(char out[REPORT_CELL * 2], const struct capacity_check *check)
{
    snprintf(out, REPORT_CELL * 2, "%s.%s", check->sla->name, sla_metric_name(check->sla->metric));
    return out;
}

/* A number of a promise in its unit. */
static const char *show(char out[CELL], enum sla_metric metric, double value)
{
    const char *name = sla_metric_name(metric);

    if (strncmp(name, "response", 8) == 0 || strncmp(name, "ttft", 4) == 0)
        return report_time(out, value);
    return metric == SLA_THROUGHPUT_SHARE ? show_percent(out, value) : show_ratio(out, value);
}

/* "response p95" */
static const char *metric_words(char out[CELL], enum sla_metric metric)
{
    snprintf(out, CELL, "%s", sla_metric_name(metric));
    for (char *blank = out; (blank = strchr(blank, '_')) != NULL;)
        *blank = ' ';
    return out;
}

static const char *whom(const struct capacity_report *r, const struct sla *sla)
{
    return sla->group >= 0 ? r->scenario->workload[sla->group].name : gs_class_name((uint8_t)sla->class);
}

/* The group whose members are counted; NULL: the key is another. */
static const struct workload_group *counted_group(const struct capacity_report *r)
{
    char key[VARY_TEXT * 2];

    for (size_t i = 0; i < r->scenario->workloads; i++) {
        snprintf(key, sizeof key, "workload.%s.count", r->scenario->workload[i].name);
        if (strcmp(key, r->vary->key) == 0)
            return &r->scenario->workload[i];
    }
    return NULL;
}

/* "9 notebooks", "node.swap_file = 121GiB" */
static void quantity(struct text *out, const struct capacity_report *r, double value)
{
    static const char *const noun[] = {
        [GS_NOTEBOOK] = "notebook", [GS_TRAINING] = "training job", [GS_INFERENCE] = "server"};
    const struct workload_group *group = counted_group(r);
    char number[VARY_TEXT];

    if (group != NULL)
        counted(out, value, noun[group->class]);
    else
        text_printf(out, "%s = %s", r->vary->key, vary_number(number, r->vary, value));
}

static void number(struct text *out, const struct capacity_report *r, double value)
{
    char text[VARY_TEXT];
    text_add(out, vary_number(text, r->vary, value));
}

static void interval(struct text *out, const struct capacity_check *c)
{
    char low[CELL], high[CELL];

    if (!isnan(c->value.low))
        text_printf(out, " [%s, %s]", show(low, c->sla->metric, c->value.low),
                    show(high, c->sla->metric, c->value.high));
}

/* "misses response p95 of NB (64.4 s > 60.0 s)" */
static void missed(struct text *out, const struct capacity_report *r, const struct capacity_point *p,
                   const struct capacity_check *c, const char *misses)
{
    char words[CELL], value[CELL], target[CELL];

    if (p->impossible != NULL) {
        text_printf(out, "cannot be: %s", p->impossible);
        return;
    }
    text_printf(out, "%s %s of %s", misses, metric_words(words, c->sla->metric), whom(r, c->sla));
    if (strcmp(c->missed, "value") == 0)
        text_printf(out, " (%s %c %s)", show(value, c->sla->metric, c->value.value),
                    sla_metric_is_floor(c->sla->metric) ? '<' : '>', show(target, c->sla->metric, c->sla->target));
    else if (strcmp(c->missed, "share") == 0)
        text_printf(out, " (%s within %s)", show_percent(value, c->attainment),
                    show(target, c->sla->metric, c->sla->target));
    else
        text_printf(out, " (%s)",
                    strcmp(c->missed, "refused") == 0 ? "somebody is refused"
                    : strcmp(c->missed, "stuck") == 0 ? "somebody is stuck"
                                                      : "nothing ended");
}

static void undecided(struct text *out, const struct capacity_report *r, const struct capacity_check *c)
{
    char words[CELL], value[CELL], target[CELL];

    text_printf(out, "is undecided: %s of %s is %s", metric_words(words, c->sla->metric), whom(r, c->sla),
                show(value, c->sla->metric, c->value.value));
    interval(out, c);
    text_printf(out, ", too close to %s", show(target, c->sla->metric, c->sla->target));
}

/* The nearest value that is known to be missed; NULL: none. */
static const struct capacity_point *first_missed(const struct capacity *c)
{
    const struct capacity_point *first = NULL;

    for (size_t i = 0; i < c->points; i++) {
        const struct capacity_point *p = &c->point[i];
        bool harder = (p->place - c->beyond->place) * c->way > 0;
        if (harder && p->state == CAPACITY_MISSED && (first == NULL || (first->place - p->place) * c->way > 0))
            first = p;
    }
    return first;
}

static void beyond(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    if (c->beyond->state != CAPACITY_UNDECIDED || c->binding == NULL) {
        bool many = c->answer == NULL && counted_group(r) != NULL && c->beyond->value > 1;
        missed(out, r, c->beyond, c->binding, many ? "miss" : "misses");
        return;
    }
    undecided(out, r, c->binding);
    if (first_missed(c) != NULL) {
        text_add(out, "; ");
        number(out, r, first_missed(c)->value);
        text_add(out, " misses");
    }
}

/* The key may have no harder value. */
static bool is_last(const struct capacity *c)
{
    return c->way > 0 ? c->answer->value >= c->vary->max : c->answer->value <= c->vary->min;
}

void capacity_answer(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    char sure[CELL];

    show_whole_percent(sure, c->confidence);
    if (c->way == 0) {
        text_printf(out, "No edge (%s confidence): both ends of the range %s", sure,
                    c->point[0].state == CAPACITY_KEPT ? "keep every promise" : "miss a promise");
    } else if (c->answer == NULL) {
        text_printf(out, "None (%s confidence): even ", sure);
        quantity(out, r, c->beyond->value);
        text_add(out, " ");
        beyond(out, r, c);
    } else if (c->beyond == NULL) {
        quantity(out, r, c->answer->value);
        text_printf(out, " (%s confidence), %s", sure, is_last(c) ? "as far as it can go" : "the end of the range");
    } else {
        quantity(out, r, c->answer->value);
        text_printf(out, " (%s confidence); ", sure);
        number(out, r, c->beyond->value);
        text_add(out, " ");
        beyond(out, r, c);
    }
}

/* --- the curve --- */

static const char *verdict(enum capacity_state state)
{
    return state == CAPACITY_KEPT ? "kept" : state == CAPACITY_MISSED ? "MISSED" : "undecided";
}

static void curve(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    int width = wider(NAME_LEAST, c->vary->key);

    text_printf(out, "\n%-*s%-11s%6s  %-36s%10s  95 %% interval\n", width, c->vary->key, "", "runs", "promise",
                "value");
    for (size_t i = 0; i < c->points; i++) {
        const struct capacity_point *p = &c->point[i];
        char text[VARY_TEXT], runs[CELL];
        text_printf(out, "%-*s%-11s%6s", width, vary_number(text, c->vary, p->value), verdict(p->state),
                    show_count(runs, (double)p->replications));
        if (p->impossible != NULL)
            text_printf(out, "  %s\n", p->impossible);
        for (size_t k = 0; k < p->checks; k++) {
            const struct capacity_check *check = &p->check[k];
            char words[CELL], target[CELL], promise[SENTENCE];
            snprintf(promise, sizeof promise, "%s %s %s %s", whom(r, check->sla),
                     metric_words(words, check->sla->metric), sla_metric_is_floor(check->sla->metric) ? ">=" : "<=",
                     show(target, check->sla->metric, check->sla->target));
            text_printf(out, "%*s  %-36s%10s ", k == 0 ? 0 : width + 17, "", promise,
                        show(words, check->sla->metric, check->value.value));
            interval(out, check);
            if (check->missed != NULL && strcmp(check->missed, "value") != 0)
                text_printf(out, "  %s", check->missed);
            text_add(out, "\n");
        }
    }
}

/* --- notes --- */

static bool any(const struct capacity *c, enum capacity_state state)
{
    for (size_t i = 0; i < c->points; i++)
        if (c->point[i].state == state)
            return true;
    return false;
}

static void notes(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    char percent[CELL];
    bool faulty = false, unsettled = false;

    for (size_t i = 0; i < c->points; i++) {
        faulty |= c->point[i].faulty;
        unsettled |= c->point[i].unsettled;
    }
    if (c->harder_kept != NULL) {
        text_add(out, "\nNot monotone: ");
        number(out, r, c->easier_missed->value);
        text_add(out, " is missed, and ");
        number(out, r, c->harder_kept->value);
        text_add(out, ", which should be harder, is kept. The answer is one edge of several.\n");
    }
    if (any(c, CAPACITY_UNDECIDED))
        text_printf(
            out,
            "\nUndecided: closer to the target than %s, or not sure after the last run; it counts as not kept.\n"
            "A longer 'duration', more --replications and a smaller --indifference tell more.\n",
            show_percent(percent, r->indifference));
    if (faulty)
        text_add(out, "\nNote: a policy gave answers that were none; 'run' says which.\n");
    if (unsettled)
        text_add(out, "\nNote: the responses had not settled when a run ended; give it a longer 'duration'.\n");
}

static const char *policy_of(const struct capacity *c)
{
    for (size_t i = 0; i < c->points; i++)
        if (c->point[i].policy != NULL)
            return c->point[i].policy;
    return "";
}

static void head(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    text_printf(out, "%s   %s   seed %llu   simulated, gpuswap-sim %s\n\n", r->scenario->name, policy_of(c),
                (unsigned long long)r->scenario->seed, r->version);
}

static void frontier(struct text *out, const struct capacity_report *r)
{
    int width = wider(NAME_LEAST, r->second->key);

    head(out, r, &r->frontier[0].found);
    text_printf(out, "%-*s%s\n", width, r->second->key, r->vary->key);
    for (size_t i = 0; i < r->frontiers; i++) {
        char text[VARY_TEXT];
        text_printf(out, "%-*s", width, vary_number(text, r->second, r->frontier[i].value));
        capacity_answer(out, r, &r->frontier[i].found);
        text_add(out, "\n");
    }
    for (size_t i = 0; i < r->frontiers; i++)
        if (any(&r->frontier[i].found, CAPACITY_UNDECIDED) || r->frontier[i].found.harder_kept != NULL) {
            notes(out, r, &r->frontier[i].found);
            break;
        }
}

static void what_if(struct text *out, const struct capacity_report *r)
{
    text_add(out, "\nwith                                answer\n");
    for (size_t i = 0; i < r->what_ifs; i++) {
        text_printf(out, "%-36s", r->what_if[i].name);
        capacity_answer(out, r, &r->what_if[i].found);
        text_add(out, "\n");
    }
}

void capacity_text(struct text *out, const struct capacity_report *r)
{
    if (r->found == NULL) {
        frontier(out, r);
        return;
    }
    head(out, r, r->found);
    capacity_answer(out, r, r->found);
    if (r->found->binding != NULL) {
        char words[CELL];
        text_printf(out, "; binding: %s of %s", metric_words(words, r->found->binding->sla->metric),
                    whom(r, r->found->binding->sla));
    }
    text_add(out, ".\n");
    curve(out, r, r->found);
    if (r->what_ifs > 0)
        what_if(out, r);
    notes(out, r, r->found);
}
