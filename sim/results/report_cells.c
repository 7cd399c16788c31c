/* report_cells.c - numbers as the text report shows them: three digits, a unit, a column. */
#include "sim/results/report_cells.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *report_time(char out[REPORT_CELL], double s)
{
    static const struct {
        const char *unit;
        double seconds, below_s;
    } scale[] = {
        {"us", 1e-6, 0.9995e-3}, {"ms", 1e-3, 0.9995},      {"s", 1, 999.5},
        {"min", 60, 99.95 * 60}, {"h", 3600, 99.95 * 3600}, {"d", 86400, INFINITY},
    };
    size_t i = 0;
    if (isnan(s))
        return "-";
    if (fabs(s) < 5e-9) /* "0.00 us": what rounding has left of nothing */
        return "0 s";
    while (i + 1 < sizeof scale / sizeof scale[0] && fabs(s) >= scale[i].below_s)
        i++;
    double x = s / scale[i].seconds;
    snprintf(out, CELL, "%.*f %s", fabs(x) < 9.995 ? 2 : fabs(x) < 99.95 ? 1 : 0, x, scale[i].unit);
    return out;
}

const char *show_ratio(char out[CELL], double x)
{
    if (isnan(x))
        return "-";
    int digits = fabs(x) < 9.995 ? 2 : fabs(x) < 99.95 ? 1 : 0;
    snprintf(out, CELL, fabs(x) < 999999 ? "%.*f" : "%.*e", digits, x);
    return out;
}

const char *show_percent(char out[CELL], double share)
{
    if (isnan(share))
        return "-";
    snprintf(out, CELL, "%.1f %%", 100 * share);
    return out;
}

const char *show_whole_percent(char out[CELL], double share)
{
    if (isnan(share))
        return "-";
    snprintf(out, CELL, "%.0f %%", 100 * share);
    return out;
}

const char *show_size(char out[CELL], double bytes)
{
    char text[UNITS_TEXT];
    snprintf(out, CELL, "%s", isnan(bytes) ? "-" : units_show_size(text, bytes));
    return out;
}

const char *show_count(char out[CELL], double n)
{
    char text[UNITS_TEXT];
    snprintf(out, CELL, "%s", isnan(n) ? "-" : units_show_count(text, n));
    return out;
}

void cell(struct text *out, int width, show_fn show, double value)
{
    char text[CELL];
    text_printf(out, "%*s", width, show(text, value));
}

void name_cell(struct text *out, int width, const char *name)
{
    if ((int)strlen(name) > width - 2)
        text_printf(out, "%.*s..  ", width - 4, name);
    else
        text_printf(out, "%-*s", width, name);
}

int wider(int width, const char *name)
{
    int length = (int)strlen(name) + 2;
    return length > width ? length : width;
}

void counted(struct text *out, double n, const char *what)
{
    char text[CELL];
    text_printf(out, "%s %s%s", show_count(text, n), what, n == 1 ? "" : "s");
}

const char *report_how(const struct report *r)
{
    return strcmp(r->provenance, "sim") == 0      ? "simulated"
           : strcmp(r->provenance, "double") == 0 ? "driver double: no GPU, times are a model's"
                                                  : "on a GPU";
}

show_fn sla_show(const struct report_sla *s)
{
    bool time = strncmp(s->metric, "response", 8) == 0 || strncmp(s->metric, "ttft", 4) == 0;
    return time ? report_time : s->is_floor ? show_percent : show_ratio;
}

const char *sla_demand(char out[CELL * 2], const struct report_sla *s)
{
    char metric[CELL], target[CELL];
    snprintf(metric, sizeof metric, "%s", s->metric);
    for (char *c = metric; *c; c++)
        if (*c == '_')
            *c = ' ';
    snprintf(out, CELL * 2, "%s %s %s", metric, s->is_floor ? ">=" : "<=", sla_show(s)(target, s->target));
    return out;
}

const char *sla_bounds(char out[CELL * 2], const struct report_sla *s)
{
    char low[CELL], high[CELL];
    out[0] = 0;
    if (!isnan(s->value.low))
        snprintf(out, CELL * 2, "[%s, %s]", sla_show(s)(low, s->value.low), sla_show(s)(high, s->value.high));
    return out;
}
