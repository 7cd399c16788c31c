/* fit_trace.c - fit a law to each quantity of each part of a trace. */
#include "sim/run/fit_trace.h"

#include "sim/stats/law.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    enum dist_unit unit;
} quantity[TRACE_QUANTITIES] = {
    [TRACE_THINK] = {"think", DIST_TIME},
    [TRACE_BURST] = {"burst", DIST_TIME},
    [TRACE_GROW] = {"grow", DIST_SIZE},
    [TRACE_ITERATION] = {"iteration", DIST_TIME},
    [TRACE_GAP] = {"gap", DIST_TIME},
    [TRACE_GPU_WORK] = {"gpu_work", DIST_TIME},
    [TRACE_CPU_WORK] = {"cpu_work", DIST_TIME},
    [TRACE_ARRIVAL] = {"arrival", DIST_TIME},
    [TRACE_SERVICE] = {"service", DIST_TIME},
    [TRACE_INPUT] = {"input_tokens", DIST_NUMBER},
    [TRACE_OUTPUT] = {"output_tokens", DIST_NUMBER},
    [TRACE_MEMORY] = {"memory", DIST_SIZE},
    [TRACE_START] = {"start", DIST_TIME},
};

const char *fit_quantity_name(enum trace_quantity q)
{
    return quantity[q].name;
}

/* "0.5/s", or by the minute or hour where that is easier to read. */
static const char *rate_text(double per_s, struct arena *arena)
{
    if (per_s >= 0.1)
        return arena_printf(arena, "%.4g/s", per_s);
    return per_s * 60 >= 0.1 ? arena_printf(arena, "%.4g/min", per_s * 60)
                             : arena_printf(arena, "%.4g/h", per_s * 3600);
}

/* Hyperexponential gaps are those of a Poisson stream that is switched on and off for exponential spells (Kuczura, Bell
 * System Technical Journal 52(3), 1973): with g = 1 / mean, rate = p g1 + (1 - p) g2, an on-spell ends at the rate
 * p (1 - p) (g1 - g2)^2 / rate and an off-spell at g1 g2 / rate. */
static const char *onoff_text(const struct dist *gap, struct arena *arena)
{
    char on[LAW_QUANTITY], off[LAW_QUANTITY];
    double p = gap->a, g1 = 1 / gap->b, g2 = 1 / gap->c, rate = p * g1 + (1 - p) * g2;
    double ends = p * (1 - p) * (g1 - g2) * (g1 - g2) / rate, begins = g1 * g2 / rate;
    const char *text = rate_text(rate * 1e9, arena);
    return text ? arena_printf(arena, "onoff(%s,%s,%s)", law_write_quantity(on, DIST_TIME, 1 / ends, 0),
                               law_write_quantity(off, DIST_TIME, 1 / begins, 0), text)
                : NULL;
}

/* The arrivals of a part in the scenario's own words. */
static const char *arrival_text(const struct trace_part *part, const struct fit *fit, int64_t span_ns,
                                struct arena *arena)
{
    char never[LAW_QUANTITY];
    double there = part->present > 0 ? part->present : (double)part->workloads;
    double per_s = (double)part->requests / there / ((double)span_ns / 1e9);
    if (part->requests == 0) /* a service that nobody asks */
        return arena_printf(arena, "schedule(%s)", law_write_quantity(never, DIST_TIME, (double)span_ns, 1));
    bool fitted = fit->fitted && fit->sample_mean > 0; /* else there are no gaps, or all come at once */
    /* Of a model that was asked in a part of the recording only, the gaps do not tell the silence before and after. */
    bool silent_ends = fitted && per_s < 0.9 * 1e9 / fit->sample_mean;
    if (fitted && fit->law.kind == DIST_HYPEREXP && !silent_ends)
        return onoff_text(&fit->law, arena);
    if (fitted && !silent_ends)
        per_s = 1e9 / fit->sample_mean;
    const char *rate = rate_text(per_s, arena);
    if (!rate || !fitted || fit->law.kind == DIST_EXP)
        return rate ? arena_printf(arena, "poisson(%s)", rate) : NULL;
    double p = fit->law.a, b = fit->law.b, c = fit->law.c, mean = p * b + (1 - p) * c;
    double cv =
        fit->law.kind == DIST_HYPEREXP ? sqrt(2 * (p * b * b + (1 - p) * c * c) / (mean * mean) - 1) : 1 / sqrt(p);
    return arena_printf(arena, "gamma(%.4g,%s)", cv, rate);
}

/* A job is told by its iterations if all have the same number, else by its whole. */
static bool is_used(const struct trace_part *part, enum trace_quantity q)
{
    bool by_iterations = part->iterations != 0 && part->iterations != 1;
    if (q == TRACE_ITERATION || q == TRACE_GAP)
        return by_iterations;
    return q == TRACE_GPU_WORK || q == TRACE_CPU_WORK ? !by_iterations : true;
}

static int fit_part(struct trace_fit *fit, size_t i, struct arena *arena, struct error *err)
{
    struct trace_part *part = &fit->parts.part[i];
    int code = GS_OK;
    for (enum trace_quantity q = 0; q < TRACE_QUANTITIES && !code; q++) {
        double grain = quantity[q].unit == DIST_TIME ? 1000 : 1; /* a trace's microsecond; a byte; a token */
        if (part->sample[q].n && is_used(part, q))
            code = fit_sample(&fit->fit[q][i], part->sample[q].value, part->sample[q].n, quantity[q].unit, grain,
                              q == TRACE_ARRIVAL ? FIT_RENEWAL : FIT_ANY, arena, err);
    }
    if (code || part->class != GST_INFERENCE)
        return code;
    fit->arrival[i] = arrival_text(part, &fit->fit[TRACE_ARRIVAL][i], fit->parts.span_ns, arena);
    return fit->arrival[i] ? GS_OK : error_set(err, GS_SYSTEM, "out of memory for the fit");
}

int fit_trace(struct trace_fit *fit, const struct trace *trace, struct arena *arena, struct error *err)
{
    memset(fit, 0, sizeof *fit);
    int code = trace_part(&fit->parts, trace, arena, err);
    if (code)
        return code;
    fit->arrival = arena_array(arena, fit->parts.parts, sizeof *fit->arrival);
    for (int q = 0; q < TRACE_QUANTITIES; q++)
        if (!(fit->fit[q] = arena_array(arena, fit->parts.parts, sizeof **fit->fit)) || !fit->arrival)
            return error_set(err, GS_SYSTEM, "out of memory for the fit");
    for (size_t i = 0; i < fit->parts.parts && !code; i++)
        code = fit_part(fit, i, arena, err);
    return code;
}
