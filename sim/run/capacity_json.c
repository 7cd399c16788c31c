/* capacity_json.c - what a search found, for programs. */
#include "sim/results/json.h"
#include "sim/run/capacity.h"

#include <math.h>
#include <stdio.h>

static const char *state_name(enum capacity_state state)
{
    static const char *const name[] = {
        [CAPACITY_UNDECIDED] = "undecided", [CAPACITY_KEPT] = "kept", [CAPACITY_MISSED] = "missed"};
    return name[state];
}

/* Seconds, bytes, counts. */
static double plain(const struct vary *vary, double value)
{
    return vary->unit == VARY_TIME ? value * 1e-9 : value;
}

static void value(struct text *out, const char *comma, const char *key, const struct vary *vary,
                  const struct capacity_point *point)
{
    json_number(out, comma, key, point == NULL ? NAN : plain(vary, point->value));
}

static void check(struct text *out, const char *comma, const struct capacity_check *c)
{
    char name[REPORT_CELL * 2];

    json_text(out, comma, "name", capacity_check_name(name, c));
    json_number(out, ",", "target", c->sla->target);
    json_number(out, ",", "value", c->value.value);
    json_bounds(out, "ci95", &c->value);
    json_number(out, ",", "attainment", c->attainment);
    json_text(out, ",", "state", state_name(c->state));
    json_text(out, ",", "missed", c->missed);
    text_add(out, "}");
}

static void curve(struct text *out, const struct capacity *c)
{
    text_add(out, ",\"curve\":[");
    for (size_t i = 0; i < c->points; i++) {
        const struct capacity_point *p = &c->point[i];
        char number[VARY_TEXT];
        value(out, i > 0 ? ",\n  {" : "\n  {", "value", c->vary, p);
        json_text(out, ",", "text", vary_number(number, c->vary, p->value));
        json_text(out, ",", "state", state_name(p->state));
        json_number(out, ",", "replications", (double)p->replications);
        json_text(out, ",", "impossible", p->impossible);
        text_add(out, ",\"checks\":[");
        for (size_t k = 0; k < p->checks; k++)
            check(out, k > 0 ? ",{" : "{", &p->check[k]);
        text_add(out, "]}");
    }
    text_add(out, "]");
}

/* The members that a search has, from "says" on. */
static void search(struct text *out, const struct capacity_report *r, const struct capacity *c)
{
    char name[REPORT_CELL * 2];
    struct text says = {0};
    bool begun = false;

    capacity_answer(&says, r, c);
    json_text(out, ",", "says", says.data);
    out->failed |= says.failed;
    text_fini(&says);
    value(out, ",", "answer", c->vary, c->answer);
    json_number(out, ",", "confidence", c->confidence);
    json_text(out, ",", "binding", c->binding == NULL ? NULL : capacity_check_name(name, c->binding));
    value(out, ",", "beyond", c->vary, c->beyond);
    json_text(out, ",", "beyond_state", c->beyond == NULL ? NULL : state_name(c->beyond->state));
    text_printf(out, ",\"monotone\":%s,\"undecided\":[", c->harder_kept == NULL ? "true" : "false");
    for (size_t i = 0; i < c->points; i++) {
        if (c->point[i].state != CAPACITY_UNDECIDED)
            continue;
        text_add(out, begun ? "," : "");
        text_number(out, plain(c->vary, c->point[i].value));
        begun = true;
    }
    text_add(out, "]");
    curve(out, c);
}

static void cases(struct text *out, const struct capacity_report *r, const struct capacity_case *list, size_t n,
                  const struct vary *second)
{
    for (size_t i = 0; i < n; i++) {
        json_text(out, i > 0 ? ",\n {" : "\n {", "name", list[i].name);
        if (second != NULL)
            json_number(out, ",", "value", plain(second, list[i].value));
        search(out, r, &list[i].found);
        text_add(out, "}");
    }
}

void capacity_json(struct text *out, const struct capacity_report *r)
{
    static const char *const unit[] = {[VARY_COUNT] = "count",  [VARY_SIZE] = "bytes",    [VARY_TIME] = "seconds",
                                       [VARY_RATE] = "bytes/s", [VARY_FREQUENCY] = "1/s", [VARY_NUMBER] = "number"};

    json_text(out, "{", "scenario", r->scenario->name);
    json_text(out, ",", "version", r->version);
    json_text(out, ",", "provenance", "sim");
    text_printf(out, ",\"seed\":%llu", (unsigned long long)r->scenario->seed);
    json_text(out, ",", "key", r->vary->key);
    json_text(out, ",", "unit", unit[r->vary->unit]);
    json_number(out, ",", "indifference", r->indifference);
    if (r->found != NULL) {
        search(out, r, r->found);
        if (r->what_ifs > 0) {
            text_add(out, ",\n\"sensitivity\":[");
            cases(out, r, r->what_if, r->what_ifs, NULL);
            text_add(out, "]");
        }
    } else {
        json_text(out, ",", "second", r->second->key);
        text_add(out, ",\n\"frontier\":[");
        cases(out, r, r->frontier, r->frontiers, r->second);
        text_add(out, "]");
    }
    text_add(out, "}\n");
}
