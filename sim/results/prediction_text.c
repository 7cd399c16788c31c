/* prediction_text.c - a prediction for people, and as JSON. */
#include "sim/results/json.h"
#include "sim/results/prediction.h"
#include "sim/results/report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static const char *show(char out[CELL], const char *metric, double value)
{
    if (isnan(value))
        return "-";
    return ends_with(metric, "_s")         ? report_time(out, value)
           : ends_with(metric, "_bytes")   ? show_size(out, value)
           : strcmp(metric, "useful") == 0 ? show_percent(out, value)
                                           : show_count(out, value);
}

static bool is_double(const struct prediction *p)
{
    return strcmp(p->run->provenance, "double") == 0;
}

static void head(struct text *out, const struct prediction *p)
{
    const struct calibration *c = p->calibration;

    text_printf(out, "%s   %s   %s   run %lld, seed %llu, simulated with calibration %lld%s\n", p->live->scenario,
                p->live->policy, p->live->length, (long long)p->run->number, (unsigned long long)p->live->seed,
                (long long)c->number, is_double(p) ? "   THE DRIVER DOUBLE, NO GPU" : "");
    text_printf(out, "live        %s on %s\n", p->run->started, p->run->device);
    text_printf(out, "calibrated  %s on %s %s\n", c->made, c->gpu, c->uuid);
    text_printf(out, "load        %s\n\n",
                p->run->ready_ns != NULL
                    ? "the same draws, and bursts wished for when they were in the live run"
                    : "the same draws; when bursts were wished for was not recorded (record = bursts does)");
}

static const double far_off = 0.05; /* a simulation that is to be planned with errs by less */

/* What a burst's time consists of is weighed against all of it: a small part may be off by much. */
static bool is_far(const struct prediction_row *row, double response_s)
{
    if (ends_with(row->metric, "_s") && strncmp(row->metric, "response", 8) != 0 && response_s > 0)
        return fabs(row->simulated - row->live) > far_off * response_s;
    return fabs(row->error) > far_off;
}

void prediction_text(struct text *out, const struct prediction *p)
{
    struct prediction_row row;
    const char *last = NULL;
    unsigned shown = 0, far = 0;
    double response_s = 0;

    head(out, p);
    text_printf(out, "%-14s  %-16s %12s %12s %10s\n", "", "", "live", "simulated", "error");
    for (size_t i = 0; prediction_row_at(p, i, &row); i++) {
        char live[CELL], simulated[CELL], error[24] = "-";
        bool is_off;

        if (row.name != last)
            response_s = 0;
        if (strcmp(row.metric, "response_mean_s") == 0)
            response_s = row.live;
        if (isnan(row.live) && isnan(row.simulated))
            continue;
        if (!isnan(row.error))
            snprintf(error, sizeof error, "%+.2f %%", row.error * 100);
        name_cell(out, 14, row.name == last ? "" : *row.name != '\0' ? row.name : "run");
        shown += isnan(row.error) ? 0 : 1;
        is_off = is_far(&row, response_s);
        far += is_off ? 1 : 0;
        text_printf(out, "  %-16.*s %12s %12s %10s%s\n",
                    (int)(strlen(row.metric) - (ends_with(row.metric, "_s") ? 2 : 0)), row.metric,
                    show(live, row.metric, row.live), show(simulated, row.metric, row.simulated), error,
                    is_off ? "  far off" : "");
        last = row.name;
    }
    text_printf(out, "\n%u of %u numbers are far off, by more than %g %%%s\n", far, shown, far_off * 100,
                far > 0 ? ": do not plan with these on this calibration" : "");
    for (size_t i = 0; i < p->notes; i++)
        text_printf(out, "%sNote: %s.\n", i == 0 ? "\n" : "", p->note[i]);
}

void prediction_json(struct text *out, const struct prediction *p)
{
    struct prediction_row row;

    json_text(out, "{", "scenario", p->live->scenario);
    json_text(out, ",", "version", p->simulated->version);
    json_text(out, ",", "provenance", p->run->provenance);
    json_text(out, ",", "device", p->run->device);
    json_number(out, ",", "run", (double)p->run->number);
    json_number(out, ",", "seed", (double)p->live->seed);
    json_number(out, ",", "calibration", (double)p->calibration->number);
    json_text(out, ",", "calibrated", p->calibration->made);
    json_text(out, ",", "load", p->run->ready_ns != NULL ? "recorded" : "drawn");
    json_text(out, ",", "gpu", p->calibration->gpu);
    json_text(out, ",", "uuid", p->calibration->uuid);
    text_add(out, ",\"metrics\":[");
    for (size_t i = 0; prediction_row_at(p, i, &row); i++) {
        text_add(out, i > 0 ? "," : "");
        json_text(out, "{", "scope", row.scope);
        json_text(out, ",", "name", row.name);
        json_text(out, ",", "metric", row.metric);
        json_number(out, ",", "live", row.live);
        json_number(out, ",", "simulated", row.simulated);
        json_number(out, ",", "error", row.error);
        text_add(out, "}");
    }
    text_add(out, "],\"notes\":[");
    for (size_t i = 0; i < p->notes; i++) {
        text_add(out, i > 0 ? "," : "");
        text_json_string(out, p->note[i]);
    }
    text_add(out, "]}\n");
}
