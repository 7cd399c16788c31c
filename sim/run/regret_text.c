/* regret_text.c - the regret for people, as a waterfall, and as JSON. */
#include "sim/results/json.h"
#include "sim/run/regret.h"

#include "sim/results/report_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 18, POLICY = 34, TIME = 9, DIFFERENCE = 12, PART = 10, PERCENT = 8, INTERVAL = 24, BAR = 40 };

/* Less than this share of the whole is shown as nothing. */
static const double LITTLE = 0.005;

/* "+1.20 s" */
static const char *with_sign(char out[CELL], double value)
{
    char text[CELL];

    snprintf(out, CELL, "%s%s", value > 0 ? "+" : "", report_time(text, value));
    return out;
}

/* "[-5.86 s, -4.77 s]"; no column where nothing is random. */
static void bounds(struct text *out, const struct regret *g, const struct interval *i, show_fn show)
{
    char low[CELL], high[CELL], text[3 * CELL] = "";

    if (!isnan(i->low))
        snprintf(text, sizeof text, "[%s, %s]", show(low, i->low), show(high, i->high));
    if (g->run[REGRET_AS_IS].report->is_random)
        text_printf(out, "%*s", INTERVAL, text);
}

static void runs(struct text *out, const struct regret *g)
{
    bool is_random = g->run[REGRET_AS_IS].report->is_random;

    text_printf(out, "\n%-*s%-*s%*s%*s%*s\n", NAME, "run", POLICY, "victim + slicer", TIME, "response", DIFFERENCE,
                "difference", is_random ? INTERVAL : 0, is_random ? "95 % interval" : "");
    for (int s = 0; s < REGRET_STEPS; s++) {
        const struct regret_run *run = &g->run[s];
        name_cell(out, NAME, regret_step_name((enum regret_step)s));
        name_cell(out, POLICY, run->report->policy);
        cell(out, TIME, report_time, run->response.value);
        if (s != REGRET_AS_IS) {
            cell(out, DIFFERENCE, with_sign, run->gain.value);
            bounds(out, g, &run->gain, with_sign);
        }
        text_add(out, "\n");
    }
}

/* From where the parts below it end; what is below 0 reaches back. */
static void bar(struct text *out, double from, double to, double all)
{
    double low = fmin(from, to) / all, high = fmax(from, to) / all;
    int begin = (int)floor(BAR * fmax(0, low) + 0.5), end = (int)floor(BAR * fmin(1.5, high) + 0.5);

    if (end > begin)
        text_printf(out, "  %*s", begin, "");
    for (int i = begin; i < end; i++)
        text_add(out, to < from ? "-" : "#");
    text_add(out, "\n");
}

static void parts(struct text *out, const struct regret *g)
{
    double all = g->run[REGRET_AS_IS].response.value, sum = 0;
    char text[CELL];

    text_printf(out, "\nwhere the %s of a burst go\n", report_time(text, all));
    for (int p = 0; p < PARTS; p++) {
        const struct interval *part = &g->part[p];
        if (isnan(part->value))
            continue;
        double share = part->value / all;
        name_cell(out, PART, regret_part_name((enum regret_part)p));
        cell(out, TIME, report_time, part->value);
        cell(out, PERCENT, show_whole_percent, fabs(share) < LITTLE ? 0 : share);
        bounds(out, g, part, report_time);
        bar(out, sum, sum + part->value, all);
        sum += part->value;
    }
}

static bool is_partial(const struct regret_run *run)
{
    for (size_t g = 0; g < run->report->groups; g++)
        if (report_is_partial(&run->report->group[g]))
            return true;
    return false;
}

static void notes(struct text *out, const struct regret *g)
{
    const struct report *r = g->run[REGRET_AS_IS].report;
    char least[CELL], share[CELL];
    bool negative = false, partial = false;

    text_add(out, "\n");
    for (int s = 0; s < REGRET_STEPS; s++)
        partial |= is_partial(&g->run[s]);
    if (partial)
        text_add(
            out,
            "Note: not every run ended the same bursts, as some were refused or had not ended; parts are rough.\n");
    if (g->bounded)
        text_printf(out, "Bound: no policy has a mean response of these bursts below %s; regret %s.\n",
                    report_time(least, r->run.response_lower.value), show_percent(share, r->run.regret.value));
    else
        text_add(out,
                 "No bound: some bursts wait for the end of others before they come, so that each policy has other\n"
                 "arrivals. 'queueing' is what remains with memory for all.\n");
    for (int p = 0; p < PARTS; p++)
        negative |= g->part[p].value <= -LITTLE * g->run[REGRET_AS_IS].response.value;
    if (negative)
        text_add(out,
                 "Below 0: the change did harm. With memory for all more share a GPU at once, and an oracle need not\n"
                 "be the best for this load.\n");
    if (!r->is_random)
        text_add(out, "Note: nothing in this load is random, so there are no intervals.\n");
    text_add(out, "Best turns: srpt; best victims: belady_size; both know the future. srpt does not weigh swaps, so\n"
                  "'turns' is what it wins with memory for all. All runs see the same users.\n");
}

void regret_text(struct text *out, const struct regret *g)
{
    const struct report *r = g->run[REGRET_AS_IS].report;

    text_printf(out, "%s   %s   %s, seed %llu   simulated, gpuswap-sim %s\n", r->scenario, r->policy, r->length,
                (unsigned long long)r->seed, r->version);
    report_alarms(out, r);
    runs(out, g);
    parts(out, g);
    notes(out, g);
}

/* --- JSON --- */

static void interval(struct text *out, const char *key, const char *of, const struct interval *i)
{
    json_number(out, ",", key, i->value);
    json_bounds(out, of, i);
}

void regret_json(struct text *out, const struct regret *g)
{
    const struct report *r = g->run[REGRET_AS_IS].report;
    bool begun = false;

    json_text(out, "{", "scenario", r->scenario);
    json_text(out, ",", "version", r->version);
    json_text(out, ",", "provenance", r->provenance);
    text_printf(out, ",\"seed\":%llu", (unsigned long long)r->seed);
    json_number(out, ",", "replications", (double)g->replications);
    text_add(out, ",\n \"runs\":[");
    for (int s = 0; s < REGRET_STEPS; s++) {
        const struct regret_run *run = &g->run[s];
        json_text(out, s > 0 ? ",\n  {" : "\n  {", "name", regret_step_name((enum regret_step)s));
        json_text(out, ",", "victim", run->report->victim);
        json_text(out, ",", "slicer", run->report->slicer);
        json_number(out, ",", "warmup_s", run->report->run.warmup.value);
        text_printf(out, ",\"partial\":%s", is_partial(run) ? "true" : "false");
        interval(out, "response_mean_s", "response_mean_ci95", &run->response);
        interval(out, "difference_s", "difference_ci95", &run->gain);
        text_add(out, "}");
    }
    text_add(out, "],\n \"parts\":[");
    for (int p = 0; p < PARTS; p++) {
        if (isnan(g->part[p].value))
            continue;
        json_text(out, begun ? ",\n  {" : "\n  {", "name", regret_part_name((enum regret_part)p));
        interval(out, "mean_s", "ci95", &g->part[p]);
        json_number(out, ",", "share", g->part[p].value / g->run[REGRET_AS_IS].response.value);
        text_add(out, "}");
        begun = true;
    }
    json_number(out, "],\n \"bounds\":{", "response_mean_s_lower", r->run.response_lower.value);
    json_number(out, ",", "regret", r->run.regret.value);
    text_add(out, "}}\n");
}
