/* trace.c - the pictures of a trace: distributions of its times and of its memory, and how much goes on at a time. */
#include "plots/page.h"
#include "plots/plots.h"

#include "sim/base/units.h"

#include <math.h>
#include <string.h>

enum { POINTS = 500, CURVES = 7, LEGEND_ROW = 20 };

static double at_share(const struct plots_curve *curve, double share)
{
    double rank = ceil(share * (double)curve->n);
    return curve->value[rank < 1 ? 0 : (size_t)rank - 1];
}

/* The distribution function at steps of the share; values below `least` stand there, where the axis begins. */
static void put_curve(struct picture *picture, const struct plots_curve *curve, double least)
{
    size_t points = curve->n < POINTS ? curve->n : POINTS;
    for (size_t i = 0; i <= points; i++) {
        double share = (double)i / (double)points, value = at_share(curve, share);
        text_number(&picture->data, value > least ? value : least);
        text_add(&picture->data, ",");
        text_number(&picture->data, share);
        text_printf(&picture->data, ",%s\n", curve->label);
    }
    text_add(&picture->data, "\n\n");
}

static void put_label(struct picture *picture, size_t i, const struct plots_curve *curve, bool bytes)
{
    char p50[UNITS_TEXT], p95[UNITS_TEXT], n[UNITS_TEXT], label[160];
    char *(*show)(char out[UNITS_TEXT], double value) = bytes ? units_show_size : units_show_time;
    double unit = bytes ? 1 : 1e9;
    snprintf(label, sizeof label, "%s (%s): p50 %s, p95 %s", curve->label, units_show_count(n, (double)curve->n),
             show(p50, at_share(curve, 0.5) * unit), show(p95, at_share(curve, 0.95) * unit));
    text_printf(&picture->set, "label[%zu] = ", i + 1);
    put_string(&picture->set, label);
    text_add(&picture->set, "\n");
}

static void put_labels(struct picture *picture, const char *x, const char *y, size_t curves)
{
    size_t rows = (curves + 1) / 2;
    text_printf(&picture->set,
                "x_label = '%s ('.x_name.')'\ny_label = '%s'\ncurves = %zu\nlegend = %zu\narray label[%zu]\n", x, y,
                curves, rows, curves);
    picture->height = 534 + LEGEND_ROW * (int)rows;
}

static double first_above_0(const struct plots_curve *curve)
{
    size_t i = 0;
    while (i < curve->n && !(curve->value[i] > 0))
        i++;
    return i < curve->n ? curve->value[i] : INFINITY;
}

/* The least that matters: one value in a thousand may lie left of the axis. */
static double axis_from(const struct plots_curve *curve)
{
    return fmax(first_above_0(curve), at_share(curve, 0.001));
}

static bool some_left_out(const struct plots_trace *trace, size_t curves, double least)
{
    bool some = false;
    for (size_t i = 0; i < curves; i++)
        some = some || trace->curve[i].value[0] < least;
    return some;
}

static void make_times(const struct plots_trace *trace, struct picture *picture)
{
    size_t curves = trace->curves < CURVES ? trace->curves : CURVES;
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < curves; i++) {
        least = fmin(least, axis_from(&trace->curve[i]));
        most = fmax(most, trace->curve[i].value[trace->curve[i].n - 1]);
    }
    if (!curves || !(most > 0)) {
        snprintf(picture->missing, sizeof picture->missing, "there are no bursts and no requests in it");
        return;
    }
    text_add(&picture->title, "times");
    put_times_axis(&picture->set, least, most);
    if (some_left_out(trace, curves, least))
        text_add(&picture->set, "x_name = x_name.'; what is shorter stands at the left end'\n");
    put_labels(picture, "time", "share that is no longer (%)", curves);
    text_add(&picture->data, "time_s,share,what\n");
    for (size_t i = 0; i < curves; i++) {
        put_label(picture, i, &trace->curve[i], false);
        put_curve(picture, &trace->curve[i], least / 1.1);
    }
}

static void make_memory(const struct plots_trace *trace, struct picture *picture)
{
    const double gib = 0x1p30;
    double most = trace->memory.n ? trace->memory.value[trace->memory.n - 1] : 0;
    if (!(most > 0)) {
        snprintf(picture->missing, sizeof picture->missing, "it does not say how much; give it with '--mem'");
        return;
    }
    double step = nice_step(most / gib * 1.05, 10) * gib;
    text_add(&picture->title, "memory of workloads at their arrival");
    text_printf(&picture->set, "x_name = 'GiB'\nx_from = 0\nx_to = %.9g\nx_ticks = \"(", most * 1.05);
    for (size_t i = 0; (double)i * step <= most * 1.05; i++)
        text_printf(&picture->set, "%s'%.6g' %.9g", i ? ", " : "", (double)i * step / gib, (double)i * step);
    text_add(&picture->set, ")\"\n");
    put_labels(picture, "memory", "workloads that hold no more (%)", 1);
    text_add(&picture->data, "memory_bytes,share,what\n");
    put_label(picture, 0, &trace->memory, true);
    put_curve(picture, &trace->memory, 0);
}

static void make_concurrency(const struct plots_trace *trace, struct picture *picture)
{
    double most = 1;
    if (!trace->levels) {
        snprintf(picture->missing, sizeof picture->missing, "it has no length");
        return;
    }
    text_add(&picture->title, "what goes on at a time, each on a GPU of its own");
    text_add(&picture->data, "from_s,present,in_service,in_service_peak\n");
    for (size_t i = 0; i <= trace->levels; i++) {
        const struct plots_level *l = &trace->level[i < trace->levels ? i : trace->levels - 1];
        const double value[] = {i < trace->levels ? l->from_s : trace->end_s, l->present, l->in_service,
                                l->in_service_peak};
        for (size_t k = 0; k < 4; k++) {
            text_add(&picture->data, k ? "," : "");
            text_number(&picture->data, value[k]);
            most = k ? fmax(most, value[k]) : most;
        }
        text_add(&picture->data, "\n");
    }
    put_time_axis(&picture->set, trace->level[0].from_s, trace->end_s);
    text_printf(&picture->set, "top = %.9g\nstep = %.9g\n", most * 1.05, nice_step(most * 1.05, 8));
}

static const struct {
    const char *name, *script, *shows;
    void (*make)(const struct plots_trace *trace, struct picture *picture);
} picture_at[] = {
    {"times", "cdf", "how long bursts, thinks and gaps are", make_times},
    {"memory", "cdf", "how much memory workloads hold", make_memory},
    {"concurrency", NULL, "how much goes on at a time", make_concurrency},
};
enum { PICTURES = sizeof picture_at / sizeof picture_at[0] };

int plots_write_trace(const struct plots_trace *trace, const char *folder, FILE *talk, struct error *err)
{
    const struct page page = {.of = trace->name, .subtitle = trace->subtitle, .set = "", .forms = "svg png"};
    int rc = page_folder(folder, err);
    for (size_t i = 0; i < PICTURES && rc == GS_OK; i++) {
        struct picture picture = {.height = 560, .script = picture_at[i].script};
        const char *name = picture_at[i].name;
        page_remove_old(folder, name);
        picture_at[i].make(trace, &picture);
        if (!picture.missing[0])
            rc = page_write(&page, folder, name, &picture, err);
        if (rc == GS_OK && !picture.missing[0])
            rc = page_draw(folder, name, picture_at[i].shows, talk, err);
        else if (rc == GS_OK && talk)
            fprintf(talk, "note: no picture '%s' (%s): %s\n", name, picture_at[i].shows, picture.missing);
        picture_fini(&picture);
    }
    return rc;
}
