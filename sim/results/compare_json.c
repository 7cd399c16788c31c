/* compare_json.c - a comparison as JSON: keys and their order are a promise to scripts (docs/cli.md). */
#include "sim/results/compare.h"

#include <math.h>

static void number(struct text *out, const char *comma, const char *key, double value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_number(out, value);
}

static void string(struct text *out, const char *comma, const char *key, const char *value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_json_string(out, value);
}

static void bounds(struct text *out, const char *key, const struct interval *value)
{
    text_printf(out, ",\"%s\":", key);
    if (isnan(value->low)) {
        text_add(out, "null");
        return;
    }
    text_add(out, "[");
    text_number(out, value->low);
    text_add(out, ",");
    text_number(out, value->high);
    text_add(out, "]");
}

static void one_alternative(struct text *out, const struct alternative *a)
{
    const struct report *r = a->report;

    string(out, "{", "name", a->name);
    string(out, ",", "scenario", r->scenario);
    string(out, ",\"policy\":{", "victim", r->victim);
    string(out, ",", "slicer", r->slicer);
    string(out, ",", "cap", r->cap);
    string(out, ",", "prefetch", r->prefetch);
    string(out, ",", "place", r->place);
    text_printf(out, ",\"parameters\":{%s}}", r->parameters);
    number(out, ",", "warmup_s", r->run.warmup.value);
    text_printf(out, ",\"sla_met\":%s}", report_sla_met(r) ? "true" : "false");
}

static void value(struct text *out, const struct compared *of)
{
    number(out, "{", "value", of->value.value);
    bounds(out, "ci95", &of->value);
    text_printf(out, ",\"partial\":%s", of->partial ? "true" : "false");
    if (of->sla)
        text_printf(out, ",\"met\":%s", of->sla->met ? "true" : "false");
    text_add(out, "}");
}

static void difference(struct text *out, size_t a, const struct compared *of)
{
    text_printf(out, "{\"alternative\":%zu", a);
    number(out, ",", "difference", of->difference.value);
    number(out, ",", "share", of->share);
    bounds(out, "ci95", &of->plain);
    bounds(out, "ci_holm", &of->difference);
    number(out, ",", "confidence", of->confidence);
    number(out, ",", "p", of->p);
    number(out, ",", "p_holm", of->p_holm);
    string(out, ",", "verdict", verdict_name(of->verdict));
    number(out, ",", "variance_ratio", of->variance_ratio);
    number(out, ",", "pairs", (double)of->difference.n);
    text_printf(out, ",\"exact\":%s}", of->exact ? "true" : "false");
}

static void one_metric(struct text *out, const struct comparison *c, const struct compare_metric *m)
{
    string(out, "{", "scope", m->scope);
    string(out, ",", "name", m->name);
    string(out, ",", "metric", m->metric);
    number(out, ",", "comparisons", (double)m->family);
    text_add(out, ",\n   \"values\":[");
    for (size_t a = 0; a < c->alternatives; a++) {
        text_add(out, a ? "," : "");
        value(out, &m->of[a]);
    }
    text_add(out, "],\n   \"differences\":[");
    for (size_t a = 1; a < c->alternatives; a++) {
        text_add(out, a > 1 ? ",\n    " : "\n    ");
        difference(out, a, &m->of[a]);
    }
    text_add(out, "]}");
}

void compare_json(struct text *out, const struct comparison *c)
{
    const struct report *first = c->alternative[0].report;

    string(out, "{", "comparison", c->title);
    string(out, ",", "version", first->version);
    string(out, ",", "provenance", first->provenance);
    text_printf(out, ",\"seed\":%llu", (unsigned long long)first->seed);
    number(out, ",", "replications", (double)c->replications);
    text_add(out, ",\"baseline\":0,\n \"alternatives\":[");
    for (size_t a = 0; a < c->alternatives; a++) {
        text_add(out, a ? ",\n  " : "\n  ");
        one_alternative(out, &c->alternative[a]);
    }
    text_add(out, "],\n \"metrics\":[");
    for (size_t m = 0; m < c->metrics; m++) {
        text_add(out, m ? ",\n  " : "\n  ");
        one_metric(out, c, &c->metric[m]);
    }
    text_add(out, "]}\n");
}
