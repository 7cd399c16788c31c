/* cmd_trace_info.c - `gpuswap-sim trace info FILE`: what is in a trace, as text, as JSON, as pictures. */
#include "sim/cli/cmd_trace.h"
#include "sim/base/units.h"
#include "sim/base/dist.h"
#include "sim/results/text.h"
#include "plots/plots.h"
#include "traces/import.h"
#include "traces/info.h"
#include "traces/replay.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- the rows, for text and JSON --------------------------------------------------------------------------------- */

enum shown_as { TIME, COUNT, SHARE, SIZE, NUMBER };

struct row {
    const char *name, *key; /* of the text, of the JSON */
    const struct trace_quantiles *q;
    enum shown_as as;
    bool of_models; /* tells something only where there are several */
};
enum { ROWS = 15 };

static void make_rows(struct row row[ROWS], const struct trace_info *info)
{
    const struct trace_arrivals *a = &info->arrivals;
    const struct row rows[ROWS] = {
        {"burst", "burst_s", &info->burst_s, TIME, false},
        {"think", "think_s", &info->think_s, TIME, false},
        {"start to start", "start_to_start_s", &info->gap_s, TIME, false},
        {"bursts a workload", "bursts_per_workload", &info->bursts_per_workload, COUNT, false},
        {"attach to detach", "life_s", &info->life_s, TIME, false},
        {"busy share", "busy_share", &info->busy_share, SHARE, false},
        {"request", "request_s", &info->request_work_s, TIME, false},
        {"input tokens", "input_tokens", &info->request_in, COUNT, false},
        {"output tokens", "output_tokens", &info->request_out, COUNT, false},
        {"arrival gap", "arrival_gap_s", &a->gap_s, TIME, false},
        {"  of one model", "model_gap_s", &a->model_gap_s, TIME, true},
        {"  a model's p50", "model_gap_p50_s", &a->model_gap_p50_s, TIME, true},
        {"  a model's cv", "model_gap_cv", &a->model_gap_cv, NUMBER, true},
        {"10 min with traffic", "model_traffic_share", &a->model_traffic, SHARE, true},
        {"memory", "memory_bytes", &info->memory_bytes, SIZE, false},
    };
    memcpy(row, rows, sizeof rows);
}

static char *show(char out[UNITS_TEXT], enum shown_as as, double value)
{
    if (as == TIME)
        return units_show_time(out, value * 1e9);
    if (as == COUNT)
        return units_show_count(out, value);
    if (as == SIZE)
        return units_show_size(out, value);
    snprintf(out, UNITS_TEXT, as == SHARE ? "%.1f %%" : "%.2f", as == SHARE ? value * 100 : value);
    return out;
}

static void print_row(const struct row *row)
{
    const struct trace_quantiles *q = row->q;
    const double value[] = {q->mean, q->p25, q->p50, q->p75, q->p90, q->p95, q->p99, q->max};
    if (!q->n)
        return;
    printf("%-20s%9zu", row->name, q->n);
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        char text[UNITS_TEXT];
        printf(" %11s", show(text, row->as, value[i]));
    }
    printf("  %7.2f\n", q->cv);
}

/* --- text -------------------------------------------------------------------------------------------------------- */

/* The horizon is microseconds: for people, "14 d" reads better. */
static const char *readable(char out[UNITS_TEXT], const struct gst_note *note)
{
    char why[UNITS_WHY];
    int64_t us;
    if (note->assume || strcmp(note->key, "horizon") != 0 || units_integer(note->value, &us, why) || us < 0 ||
        us > GST_TIME_MAX)
        return note->value;
    return units_show_time(out, (double)us * 1e3);
}

/* `select` lines are KEY=VALUE parted by semicolons, and times of them end in _us. */
static void print_note(const struct gst_note *note)
{
    char text[UNITS_TEXT];
    printf("%-8s%-11s ", note->assume ? "assume" : "meta", note->key);
    if (note->assume || strcmp(note->key, "select") != 0) {
        printf("%s\n", readable(text, note));
        return;
    }
    for (const char *p = note->value; *p;) {
        char part[GST_LINE_MAX + 1], why[UNITS_WHY];
        size_t n = strcspn(p, ";");
        int64_t us;
        snprintf(part, sizeof part, "%.*s", (int)n, p);
        char *key = strstr(part, "_us="), *value = key ? key + 4 : NULL;
        if (value && !units_integer(value, &us, why) && us >= 0 && us <= GST_TIME_MAX)
            printf("%.*s=%s", (int)(key - part), part, units_show_time(text, (double)us * 1e3));
        else
            printf("%s", part);
        p += n;
        if (*p++ != ';')
            break;
        printf("; ");
    }
    printf("\n");
}

static void print_levels(const char *name, const struct trace_levels *l)
{
    printf("%-12smean %.1f, p5 %.0f, p50 %.0f, p95 %.0f, at most %.0f\n", name, l->mean, l->p5, l->p50, l->p95, l->max);
}

static void print_arrivals(const struct trace_arrivals *a)
{
    char text[3][UNITS_TEXT], slope[40] = "";
    if (!a->models)
        return;
    if (!isnan(a->slope))
        snprintf(slope, sizeof slope, "; rank-size slope %.2f", a->slope);
    if (a->models > 1)
        printf("popularity  %zu models: the first has %.1f %% of the requests, the first 5 %.1f %%, 10 %.1f %%%s\n",
               a->models, a->top1 * 100, a->top5 * 100, a->top10 * 100, slope);
    for (int i = 0; i < 3; i++)
        snprintf(text[i], UNITS_TEXT, isnan(a->dispersion[i]) ? "-" : "%.1f", a->dispersion[i]);
    printf("dispersion  %s in 1 s, %s in 10 s, %s in 60 s (variance over mean of the requests in a window)\n", text[0],
           text[1], text[2]);
}

static void print_info(const struct trace *trace, const struct trace_info *info)
{
    char from[UNITS_TEXT], to[UNITS_TEXT], work[UNITS_TEXT];
    struct row row[ROWS];
    make_rows(row, info);
    for (size_t i = 0; i < trace->notes; i++)
        print_note(&trace->note[i]);
    printf("workloads   %zu: notebook %zu, training %zu, inference %zu, other %zu; of several GPUs %llu\n",
           info->workloads, info->by_class[GST_NOTEBOOK], info->by_class[GST_TRAINING], info->by_class[GST_INFERENCE],
           info->by_class[GST_OTHER], (unsigned long long)trace->multi_gpu);
    printf("span        %s to %s\n", units_show_time(from, (double)info->first_ns),
           units_show_time(to, (double)info->end_ns));
    printf("records     bursts %zu, iteration runs %zu, requests %zu, memory samples %zu\n", info->bursts, info->runs,
           info->requests, info->resizes);
    printf("GPU work    %s\n", units_show_time(work, info->work_s * 1e9));
    print_levels("present", &info->present);
    print_levels("in service", &info->in_service);
    print_arrivals(&info->arrivals);
    printf("\n%-20s%9s %11s %11s %11s %11s %11s %11s %11s %11s  %7s\n", "", "n", "mean", "p25", "p50", "p75", "p90",
           "p95", "p99", "max", "cv");
    for (size_t i = 0; i < ROWS; i++)
        if (!row[i].of_models || info->arrivals.models > 1)
            print_row(&row[i]);
}

/* --- JSON -------------------------------------------------------------------------------------------------------- */

/* One after another: "key":number, and a comma before all but the first. */
struct field {
    const char *key;
    double value;
};
static void put_fields(struct text *t, const struct field *field, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        text_printf(t, "%s\"%s\":", i ? "," : "", field[i].key);
        text_number(t, field[i].value);
    }
}
#define PUT(t, ...)                                                                                                    \
    put_fields(t, (const struct field[]){__VA_ARGS__},                                                                 \
               sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

static void put_levels(struct text *t, const char *key, const struct trace_levels *l)
{
    text_printf(t, ",\n \"%s\":{", key);
    PUT(t, {"mean", l->mean}, {"p5", l->p5}, {"p50", l->p50}, {"p95", l->p95}, {"max", l->max});
    text_add(t, "}");
}

static void put_notes(struct text *t, const struct trace *trace)
{
    text_add(t, ",\n \"notes\":[");
    for (size_t i = 0; i < trace->notes; i++) {
        const struct gst_note *note = &trace->note[i];
        text_printf(t, "%s\n  {\"kind\":\"%s\",\"key\":", i ? "," : "", note->assume ? "assume" : "meta");
        text_json_string(t, note->key);
        text_add(t, ",\"value\":");
        text_json_string(t, note->value);
        text_add(t, "}");
    }
    text_add(t, "]");
}

static void put_arrivals(struct text *t, const struct trace_arrivals *a)
{
    if (!a->models) {
        text_add(t, ",\n \"arrivals\":null");
        return;
    }
    text_add(t, ",\n \"arrivals\":{");
    PUT(t, {"models", (double)a->models}, {"top1_share", a->top1}, {"top5_share", a->top5}, {"top10_share", a->top10},
        {"rank_size_slope", a->slope}, {"dispersion_1s", a->dispersion[0]}, {"dispersion_10s", a->dispersion[1]},
        {"dispersion_60s", a->dispersion[2]});
    text_add(t, "}");
}

static int print_json(const struct trace *trace, const struct trace_info *info, struct error *err)
{
    struct text t = {0};
    struct row row[ROWS];
    make_rows(row, info);
    text_add(&t, "{");
    PUT(&t, {"from_s", (double)info->first_ns / 1e9}, {"to_s", (double)info->end_ns / 1e9},
        {"workloads", (double)info->workloads}, {"notebook", (double)info->by_class[GST_NOTEBOOK]},
        {"training", (double)info->by_class[GST_TRAINING]}, {"inference", (double)info->by_class[GST_INFERENCE]},
        {"other", (double)info->by_class[GST_OTHER]}, {"multi_gpu", (double)trace->multi_gpu},
        {"bursts", (double)info->bursts}, {"runs", (double)info->runs}, {"requests", (double)info->requests},
        {"memory_samples", (double)info->resizes}, {"work_s", info->work_s});
    put_levels(&t, "present", &info->present);
    put_levels(&t, "in_service", &info->in_service);
    put_arrivals(&t, &info->arrivals);
    text_add(&t, ",\n \"distributions\":{");
    const char *comma = "";
    for (size_t i = 0; i < ROWS; i++) {
        const struct trace_quantiles *q = row[i].q;
        if (!q->n)
            continue;
        text_printf(&t, "%s\n  \"%s\":{", comma, row[i].key);
        PUT(&t, {"n", (double)q->n}, {"mean", q->mean}, {"cv", q->cv}, {"p25", q->p25}, {"p50", q->p50},
            {"p75", q->p75}, {"p90", q->p90}, {"p95", q->p95}, {"p99", q->p99}, {"max", q->max});
        text_add(&t, "}");
        comma = ",";
    }
    text_add(&t, "}");
    put_notes(&t, trace);
    text_add(&t, "}\n");
    bool failed = t.failed;
    if (!failed)
        fwrite(t.data, 1, t.length, stdout);
    text_fini(&t);
    return failed ? error_set(err, GS_SYSTEM, "out of memory") : GS_OK;
}

/* --- pictures ---------------------------------------------------------------------------------------------------- */

enum { BINS = 250 };

/* "153 workloads, 20,304 bursts   13 d 15 h" */
static void put_subtitle(struct text *out, const struct trace_info *info)
{
    const struct {
        size_t n;
        const char *name;
    } part[] = {{info->workloads, "workload"},
                {info->bursts, "burst"},
                {info->requests, "request"},
                {info->runs, "iteration run"}};
    char text[UNITS_TEXT];
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (part[i].n)
            text_printf(out, "%s%s %s%s", i ? ", " : "", units_show_count(text, (double)part[i].n), part[i].name,
                        part[i].n == 1 ? "" : "s");
    text_printf(out, "   %s", units_show_time(text, (double)(info->end_ns - info->first_ns)));
}

static int draw(const struct trace *trace, const struct trace_info *info, const char *file, const char *folder,
                struct arena *arena, struct error *err)
{
    const struct {
        const char *label;
        const struct trace_quantiles *q;
    } time[] = {
        {"burst", &info->burst_s},
        {"think", &info->think_s},
        {"start to start", &info->gap_s},
        {"request", &info->request_work_s},
        {"arrival gap", &info->arrivals.gap_s},
        {"gap of one model", info->arrivals.models > 1 ? &info->arrivals.model_gap_s : NULL},
    };
    struct plots_curve curve[sizeof time / sizeof *time];
    struct text subtitle = {0};
    const char *base = strrchr(file, '/');
    struct plots_trace plot = {.name = base ? base + 1 : file,
                               .curve = curve,
                               .memory = {"memory", info->memory_bytes.value, info->memory_bytes.n},
                               .end_s = (double)info->end_ns / 1e9};
    for (size_t i = 0; i < sizeof time / sizeof *time; i++)
        if (time[i].q && time[i].q->n)
            curve[plot.curves++] = (struct plots_curve){time[i].label, time[i].q->value, time[i].q->n};
    struct trace_bin *bin = trace_bins(trace, BINS, arena);
    struct plots_level *level = arena_array(arena, BINS, sizeof *level);
    if (!bin || !level)
        return error_set(err, GS_SYSTEM, "no memory for the pictures of '%s'", file);
    for (size_t i = 0; i < BINS; i++)
        level[i] = (struct plots_level){bin[i].from_s, bin[i].present, bin[i].in_service, bin[i].in_service_peak};
    plot.level = level;
    plot.levels = info->end_ns > info->first_ns ? BINS : 0;
    put_subtitle(&subtitle, info);
    plot.subtitle = subtitle.failed ? "" : subtitle.data;
    int code = plots_write_trace(&plot, folder, stderr, err);
    text_fini(&subtitle);
    return code;
}

int trace_info_command(struct trace_options *options, uint64_t seed, bool json, const char *plots, struct arena *arena,
                       struct error *err)
{
    struct trace trace;
    struct trace_info info;
    struct dist nothing = {.kind = DIST_CONSTANT};
    const struct importer *importer =
        options->format ? importer_find(options->format, err) : importer_guess(options->file, err);
    if (!importer)
        return err->code;
    options->format = importer->name;
    if (!options->memory && !importer->memory) {
        options->memory = &nothing; /* a trace without memory can be described all the same */
        options->memory_text = "not said, 0 here";
    }
    int code = trace_load(&trace, options, seed, arena, err);
    if (!code)
        code = trace_info(&info, &trace, arena, err);
    if (!code && json)
        code = print_json(&trace, &info, err);
    else if (!code && !plots)
        print_info(&trace, &info);
    return code || !plots ? code : draw(&trace, &info, options->file, plots, arena, err);
}
