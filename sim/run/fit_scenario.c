/* fit_scenario.c - the laws that were fitted to a trace, written as a scenario. */
#include "sim/run/fit_trace.h"

#include "sim/base/units.h"
#include "sim/stats/law.h"

#include <math.h>
#include <string.h>

static const int64_t gib = INT64_C(1) << 30;
static const int64_t reserve = INT64_C(2) << 30; /* gpu_reserved, by default */

struct writing {
    FILE *out;
    const struct trace_fit *fit;
    struct arena *arena;
    bool out_of_memory;
};

/* --- the opening comment ------------------------------------------------------------------------------------- */

static void write_errors(const struct writing *w, size_t part)
{
    char count[UNITS_TEXT];
    for (enum trace_quantity q = 0; q < TRACE_QUANTITIES; q++) {
        const struct fit *fit = &w->fit->fit[q][part];
        if (!fit->n)
            continue;
        fprintf(w->out, ";   %-14s%10s", fit_quantity_name(q), units_show_count(count, (double)fit->n));
        if (!fit->fitted) {
            fprintf(w->out, "   the values themselves\n");
            continue;
        }
        fprintf(w->out, "%10.4f", fit->ks);
        if (isinf(fit->model_mean) || !(fit->sample_mean > 0))
            fprintf(w->out, "%9s", "-");
        else
            fprintf(w->out, "%+7.1f %%", 100 * (fit->model_mean / fit->sample_mean - 1));
        for (int i = 0; i < FIT_TAILS; i++)
            if (isnan(fit->off[i]))
                fprintf(w->out, "%9s", "-");
            else
                fprintf(w->out, "%+7.1f %%", 100 * fit->off[i]);
        fprintf(w->out, "\n");
    }
}

static void write_comment(const struct writing *w, const struct trace *trace, const char *file)
{
    char span[UNITS_TEXT];
    const char *slash = strrchr(file, '/');
    fprintf(w->out, "; Fitted to the trace '");
    for (const char *p = slash ? slash + 1 : file; *p; p++)
        fputc(*p >= ' ' && *p != 127 ? *p : '?', w->out);
    fprintf(w->out, "': %zu workloads, %s.\n", trace->workloads, units_show_time(span, (double)w->fit->parts.span_ns));
    fprintf(
        w->out,
        "; For each quantity: values; greatest distance of the law's distribution function from theirs (KS); how\n"
        "; far the law's mean and percentiles are off.  `gpuswap-sim trace fit` shows those that were not chosen.\n;\n"
        ";   %-14s%10s%10s%9s%9s%9s%9s\n",
        "", "n", "KS", "mean", "p50", "p95", "p99");
    for (size_t i = 0; i < w->fit->parts.parts; i++) {
        const struct trace_part *part = &w->fit->parts.part[i];
        fprintf(w->out, "; %s: %zu workloads, %.1f there on average, work for %.2f GPUs\n", part->name, part->workloads,
                part->present, part->busy);
        write_errors(w, i);
    }
    if (trace->multi_gpu_dropped)
        fprintf(w->out, "; %llu workloads of several GPUs were left out.\n",
                (unsigned long long)trace->multi_gpu_dropped);
}

/* --- the sections -------------------------------------------------------------------------------------------- */

/* Up to the next second, where that is a fraction not worth writing. */
static int64_t whole(int64_t span_ns)
{
    const int64_t second = 1000000000;
    return span_ns > 1000 * second ? (span_ns + second - 1) / second * second : span_ns;
}

static int64_t count_of(const struct trace_part *part)
{
    double present = floor(part->present + 0.5);
    if (part->class == GST_TRAINING || !part->leave)
        return (int64_t)part->workloads;
    return present < 1 ? 1 : (int64_t)present;
}

/* Whole GiB that hold one workload of each kind, and all of them. */
static void write_node(const struct writing *w)
{
    double all = 0, most = 0, busy = 0;
    for (size_t i = 0; i < w->fit->parts.parts; i++) {
        const struct trace_part *part = &w->fit->parts.part[i];
        all += (double)part->most_bytes * (double)count_of(part);
        most = fmax(most, (double)part->most_bytes);
        busy += part->busy;
    }
    fprintf(w->out, "\n[node]\n");
    if (busy > 0.9)
        fprintf(w->out, "; an example; the load would keep %.1f such GPUs busy\n", busy);
    fprintf(w->out, "gpu_memory = %.0fGiB\n", fmax(80, ceil((most + (double)reserve) / (double)gib)));
    fprintf(w->out, "; room for all of them at once, so that it is no limit\n");
    fprintf(w->out, "swap_file = %.0fGiB\n", fmin(fmax(1, ceil((all + most) / (double)gib)), 0x1p29));
}

/* A law that could go beyond what was seen ends there: nothing larger is known to fit. */
static const char *bounded(struct writing *w, const struct fit *fit)
{
    char most[LAW_QUANTITY];
    const char *text = fit->text;
    if (!isinf(dist_highest(&fit->law)))
        return text;
    text = arena_printf(w->arena, "trunc(%s,%s,%s)", fit->text, fit->unit == DIST_TIME ? "0s" : "0B",
                        law_write_quantity(most, fit->unit, fit->greatest, 1));
    w->out_of_memory |= !text;
    return text;
}

/* `key = law`; `otherwise` where the trace does not say, NULL = no line. */
static void write_key(const struct writing *w, size_t part, enum trace_quantity q, const char *otherwise)
{
    const struct fit *fit = &w->fit->fit[q][part];
    const char *text = fit->n ? fit->text : otherwise;
    if (text)
        fprintf(w->out, "%s = %s\n", fit_quantity_name(q), text);
}

static void write_training(const struct writing *w, size_t i)
{
    const struct trace_part *part = &w->fit->parts.part[i];
    if (part->iterations == 0 || part->iterations == 1) {
        write_key(w, i, TRACE_GPU_WORK, NULL);
        write_key(w, i, TRACE_CPU_WORK, NULL);
    } else if (part->iterations > 1 || w->fit->fit[TRACE_ITERATION][i].n) {
        if (part->iterations < 0)
            fprintf(w->out, "; no job ended in the trace: here, too, they go on to the end\n");
        fprintf(w->out, "iterations = %lld\n",
                (long long)(part->iterations > 0 && part->iterations < 1000000000 ? part->iterations : 1000000000));
        write_key(w, i, TRACE_ITERATION, NULL);
        write_key(w, i, TRACE_GAP, NULL);
    } else {
        fprintf(w->out, "; nothing was recorded of what they do\ngpu_work = 1us\n");
    }
}

static void write_inference(const struct writing *w, size_t i)
{
    const struct trace_part *part = &w->fit->parts.part[i];
    fprintf(w->out, "arrival = %s\n", w->fit->arrival[i]);
    write_key(w, i, TRACE_SERVICE, "1us");
    if (part->slots > 1)
        fprintf(w->out, "slots = %lld\n", (long long)(part->slots < 65536 ? part->slots : 65536));
    for (enum trace_quantity q = TRACE_INPUT; q <= TRACE_OUTPUT; q++)
        if (w->fit->fit[q][i].n)
            fprintf(w->out, "; %s = %s\n", fit_quantity_name(q), w->fit->fit[q][i].text);
}

static void write_part(struct writing *w, size_t i)
{
    static const char *const class[] = {"notebook", "training", "inference"};
    const struct trace_part *part = &w->fit->parts.part[i];
    const struct fit *memory = &w->fit->fit[TRACE_MEMORY][i], *start = &w->fit->fit[TRACE_START][i];
    char span[UNITS_TEXT];
    fprintf(w->out, "\n[workload.%s]\nclass = %s\n", part->name, class[part->class]);
    if (count_of(part) != (int64_t)part->workloads)
        fprintf(w->out, "; of %zu that came and left, so many were there on average\n", part->workloads);
    fprintf(w->out, "count = %lld\n", (long long)count_of(part));
    if (memory->n && memory->greatest > 0)
        fprintf(w->out, "memory = %s\n", bounded(w, memory));
    else
        fprintf(w->out, "; the trace says none\nmemory = 1MiB\n");
    if (start->n && (part->class == GST_TRAINING || !part->leave))
        fprintf(w->out, "start = %s\n", bounded(w, start));
    units_write_time(span, whole(w->fit->parts.span_ns));
    switch (part->class) {
    case GST_TRAINING:
        write_training(w, i);
        break;
    case GST_INFERENCE:
        write_inference(w, i);
        break;
    default: /* who is not seen to come back does not */
        write_key(w, i, TRACE_THINK, span);
        write_key(w, i, TRACE_BURST, "1us");
        if (w->fit->fit[TRACE_GROW][i].n)
            fprintf(w->out, "grow = %s\n", bounded(w, &w->fit->fit[TRACE_GROW][i]));
        break;
    }
}

int fit_scenario(FILE *out, const struct trace_fit *fit, const struct trace *trace, const char *file,
                 struct arena *arena, struct error *err)
{
    struct writing w = {.out = out, .fit = fit, .arena = arena};
    char span[UNITS_TEXT];
    write_comment(&w, trace, file);
    fprintf(out, "\n[scenario]\nduration = %s\n", units_write_time(span, whole(fit->parts.span_ns)));
    write_node(&w);
    for (size_t i = 0; i < fit->parts.parts; i++)
        write_part(&w, i);
    return w.out_of_memory ? error_set(err, GS_SYSTEM, "out of memory for the scenario") : GS_OK;
}
