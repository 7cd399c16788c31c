/* fit_report.c - what was fitted to a trace: every candidate, and the errors of the chosen one. */
#include "sim/run/fit_trace.h"

#include "sim/base/units.h"

#include <math.h>

static const char *show(char out[UNITS_TEXT], enum dist_unit unit, double value)
{
    if (isinf(value))
        return "infinite";
    return unit == DIST_TIME   ? units_show_time(out, value)
           : unit == DIST_SIZE ? units_show_size(out, value)
                               : units_show_count(out, value);
}

static void report_quantity(FILE *out, const struct fit *fit, const char *name)
{
    static const char *const tail[] = {"p50", "p95", "p99"};
    char count[UNITS_TEXT], mean[UNITS_TEXT], model[UNITS_TEXT], resolution[UNITS_TEXT];
    fprintf(out, "  %s: n %s, mean %s, of the law %s", name, units_show_count(count, (double)fit->n),
            show(mean, fit->unit, fit->sample_mean), show(model, fit->unit, fit->model_mean));
    if (!fit->fitted) {
        fprintf(out, "\n    the values themselves: %s\n", fit->text);
        return;
    }
    fprintf(out, ", recorded to %s\n    KS %.4f", show(resolution, fit->unit, fit->resolution), fit->ks);
    for (int i = 0; i < FIT_TAILS; i++) {
        fprintf(out, "   %s %s", tail[i], show(mean, fit->unit, fit->sample[i]));
        if (!isnan(fit->off[i]))
            fprintf(out, " %+.1f %%", 100 * fit->off[i]);
    }
    fprintf(out, "\n    %16s %16s  k\n", "BIC", "ln likelihood");
    for (int i = 0; i < fit->candidates; i++)
        fprintf(out, "  %c %16.1f %16.1f  %d  %s\n", i == 0 ? '*' : ' ', fit->candidate[i].bic,
                fit->candidate[i].likelihood, fit->candidate[i].parameters, fit->candidate[i].text);
}

void fit_report(FILE *out, const struct trace_fit *fit)
{
    for (size_t i = 0; i < fit->parts.parts; i++) {
        const struct trace_part *part = &fit->parts.part[i];
        fprintf(out, "%s%s: %zu workloads, %.1f there on average, work for %.2f GPUs\n", i == 0 ? "" : "\n", part->name,
                part->workloads, part->present, part->busy);
        if (part->unfinished)
            fprintf(out, "  %zu jobs did not end in the trace and are left out of gpu_work, cpu_work and iterations\n",
                    part->unfinished);
        for (enum trace_quantity q = 0; q < TRACE_QUANTITIES; q++) {
            if (fit->fit[q][i].n)
                report_quantity(out, &fit->fit[q][i], fit_quantity_name(q));
            if (q == TRACE_ARRIVAL && fit->arrival[i])
                fprintf(out, "    arrival = %s\n", fit->arrival[i]);
        }
    }
    fprintf(out, "\nDensities are per second, GiB or token; * is chosen.  A think or gap that the end of the trace "
                 "cut off is left out.\n");
    if (fit->parts.skipped)
        fprintf(out, "%zu runs of iterations of notebooks are left out.\n", fit->parts.skipped);
}
