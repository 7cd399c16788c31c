/* report_csv.c - the report as flat comma-separated values: scope,name,metric,value,ci_low,ci_high,n. */
#include "sim/results/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A field; quoted where it holds a comma, a quote or a line end (RFC 4180). */
void csv_field(struct text *out, const char *string)
{
    if (!strpbrk(string, ",\"\r\n")) {
        text_add(out, string);
        return;
    }
    text_add(out, "\"");
    for (const char *c = string; *c; c++)
        text_printf(out, *c == '"' ? "\"\"" : "%c", *c);
    text_add(out, "\"");
}

struct csv {
    struct text *out;
    const char *prefix; /* of each line */
};

static int row(void *context, const char *scope, const char *name, const char *metric, struct interval *value)
{
    const struct csv *csv = context;
    struct text *out = csv->out;
    const double number[] = {value->value, value->low, value->high, (double)value->n};
    text_add(out, csv->prefix);
    csv_field(out, scope);
    text_add(out, ",");
    csv_field(out, name);
    text_add(out, ",");
    csv_field(out, metric);
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        text_add(out, ",");
        text_number_or(out, number[i], "");
    }
    text_add(out, "\n");
    return GS_OK;
}

void csv_rows(struct text *out, const char *prefix, const struct report *report)
{
    struct report copy = *report;
    struct csv csv = {out, prefix};
    report_each(&copy, row, &csv);
    for (size_t i = 0; i < report->slas; i++) {
        const struct report_sla *sla = &report->sla[i];
        const struct {
            const char *suffix;
            struct interval value;
        } part[] = {
            {"", sla->value},
            {"_target", {sla->target, NAN, NAN, sla->value.n}},
            {"_attainment", {sla->attainment, NAN, NAN, sla->value.n}},
            {"_goodput_per_s", sla->goodput_per_s},
            {"_met", {sla->met, NAN, NAN, sla->value.n}},
        };
        for (size_t k = 0; k < sizeof part / sizeof part[0]; k++) {
            char metric[64];
            struct interval value = part[k].value;
            snprintf(metric, sizeof metric, "%s%s", sla->metric, part[k].suffix);
            row(&csv, "sla", sla->name, metric, &value);
        }
    }
}

void report_csv(struct text *out, const struct report *report)
{
    text_add(out, "scope,name,metric,value,ci_low,ci_high,n\n");
    if (strcmp(report->provenance, "sim") != 0)
        text_printf(out, "provenance,%s,,,,,\n", report->provenance);
    csv_rows(out, "", report);
}
