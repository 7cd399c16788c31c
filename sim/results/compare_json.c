/* compare_json.c - a comparison as JSON: keys and their order are a promise to scripts (docs/cli.md). */
#include "sim/results/json.h"
#include "sim/results/compare.h"

#include <math.h>

static void one_alternative(struct text *out, const struct alternative *a)
{
    const struct report *r = a->report;

    json_text(out, "{", "name", a->name);
    json_text(out, ",", "scenario", r->scenario);
    report_json_policy(out, ",", r);
    json_number(out, ",", "warmup_s", r->run.warmup.value);
    text_printf(out, ",\"sla_met\":%s}", report_sla_met(r) ? "true" : "false");
}

static void value(struct text *out, const struct compared *of)
{
    json_number(out, "{", "value", of->value.value);
    json_bounds(out, "ci95", &of->value);
    text_printf(out, ",\"partial\":%s", of->partial ? "true" : "false");
    if (of->sla)
        text_printf(out, ",\"met\":%s", of->sla->met ? "true" : "false");
    text_add(out, "}");
}

static void difference(struct text *out, size_t a, const struct compared *of)
{
    text_printf(out, "{\"alternative\":%zu", a);
    json_number(out, ",", "difference", of->difference.value);
    json_number(out, ",", "share", of->share);
    json_bounds(out, "ci95", &of->plain);
    json_bounds(out, "ci_holm", &of->difference);
    json_number(out, ",", "confidence", of->confidence);
    json_number(out, ",", "p", of->p);
    json_number(out, ",", "p_holm", of->p_holm);
    json_text(out, ",", "verdict", verdict_name(of->verdict));
    json_number(out, ",", "variance_ratio", of->variance_ratio);
    json_number(out, ",", "pairs", (double)of->difference.n);
    text_printf(out, ",\"exact\":%s}", of->exact ? "true" : "false");
}

static void one_metric(struct text *out, const struct comparison *c, const struct compare_metric *m)
{
    json_text(out, "{", "scope", m->scope);
    json_text(out, ",", "name", m->name);
    json_text(out, ",", "metric", m->metric);
    json_number(out, ",", "comparisons", (double)m->family);
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

    json_text(out, "{", "comparison", c->title);
    json_text(out, ",", "version", first->version);
    json_text(out, ",", "provenance", first->provenance);
    text_printf(out, ",\"seed\":%llu", (unsigned long long)first->seed);
    json_number(out, ",", "replications", (double)c->replications);
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
