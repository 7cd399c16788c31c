/* capacity.c - how far a key may go: the answer, the curve of what binds it, everything that was tried. */
#include "plots/html/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const json_t *check_of(const json_t *point, const char *name)
{
    const json_t *checks = json_object_get(point, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++)
        if (strcmp(finding_word(json_array_get(checks, i), "name"), name) == 0)
            return json_array_get(checks, i);
    return NULL;
}

/* The promise that is drawn: what binds, else the first. */
static const char *drawn(const json_t *json)
{
    const json_t *curve = json_object_get(json, "curve");
    const char *name = finding_word(json, "binding");
    for (size_t i = 0; i < json_array_size(curve) && !*name; i++)
        name = finding_word(json_array_get(json_object_get(json_array_get(curve, i), "checks"), 0), "name");
    return name;
}

/* "response_p95" of "NB.response_p95" */
static const char *metric_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* In which unit numbers of up to `most` are drawn. */
static double unit_of_show(show_fn show, double most, const char **name)
{
    static const struct {
        double least, factor;
        const char *name;
    } time[] = {{7200, 3600, "h"}, {600, 60, "min"}, {1, 1, "s"}, {0, 1e-3, "ms"}};
    size_t i = 0;
    *name = show == show_percent ? "%" : "";
    if (show != report_time)
        return show == show_percent ? 0.01 : 1;
    while (time[i].least > most)
        i++;
    *name = time[i].name;
    return time[i].factor;
}

static double unit_of_key(const char *unit, double most, const char **name)
{
    static const char *const size[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double factor = 1;
    size_t i = 0;
    *name = strcmp(unit, "1/s") == 0 ? "1/s" : "";
    if (strcmp(unit, "seconds") == 0)
        return unit_of_show(report_time, most, name);
    if (strncmp(unit, "bytes", 5) != 0)
        return 1;
    if (unit[5]) { /* rates are decimal */
        *name = "GB/s";
        return 1e9;
    }
    for (; i < 4 && most >= 2 * 1024 * factor; i++)
        factor *= 1024;
    *name = size[i];
    return factor;
}

struct range {
    double low, high, most;
    size_t points;
    bool otherwise; /* some are missed though the value is not */
};

/* The points that have a value: CSV, in words, and how far they reach. */
static struct range put_points(struct picture *picture, const json_t *json, const char *name)
{
    struct text *out = &picture->data;
    struct range range = {INFINITY, -INFINITY, 0, 0, false};
    show_fn show = finding_show(metric_of(name));
    const json_t *curve = json_object_get(json, "curve");
    text_add(out, "value,promise,ci_low,ci_high,state,replications,text\n");
    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *p = json_array_get(curve, i), *c = check_of(p, name);
        double x = finding_number(p, "value"), y = finding_number(c, "value"), bounds[2];
        char text[CELL];
        if (!isfinite(x) || !isfinite(y))
            continue;
        finding_bounds(c, "ci95", bounds);
        const double cell[] = {x, y, bounds[0], bounds[1]};
        for (size_t k = 0; k < 4; k++) {
            text_number_or(out, cell[k], "");
            text_add(out, ",");
        }
        text_printf(out, "%s,", finding_word(p, "state"));
        text_number(out, finding_number(p, "replications"));
        text_printf(out, ",%s\n", finding_word(p, "text"));
        text_printf(&picture->says, "%s%s: %s, %s", range.points ? "; " : "", finding_word(p, "text"), show(text, y),
                    finding_word(p, "state"));
        range.low = fmin(range.low, x);
        range.high = fmax(range.high, x);
        range.most = fmax(fmax(range.most, isnan(bounds[1]) ? y : bounds[1]), finding_number(c, "target"));
        range.points++;
        const char *missed = finding_word(c, "missed");
        range.otherwise = range.otherwise || (*missed && strcmp(missed, "value") != 0);
    }
    return range;
}

static void put_axis(struct text *out, const char *axis, const char *what, const char *unit, double factor, double span)
{
    char name[2 * CELL + NAME_BYTES];
    snprintf(name, sizeof name, *unit ? "%s (%s)" : "%s", what, unit);
    text_printf(out, "%s_unit = %.9g\n%s_step = %.9g\n%s_label = ", axis, factor, axis, nice_step(span / factor, 8),
                axis);
    put_string(out, name);
    text_add(out, "\n");
}

static int curve_figure(struct text *out, const json_t *json, struct page_run *run, const char *name, const char *work,
                        struct error *err)
{
    struct picture picture = {.height = 460, .script = "capacity", .narrow_more = 24};
    const char *check = drawn(json), *key = finding_word(json, "key"), *unit;
    char words[CELL], promise[3 * CELL], target_text[CELL], short_key[NAME_BYTES];
    show_fn show = finding_show(metric_of(check));
    struct range range = put_points(&picture, json, check);
    const json_t *curve = json_object_get(json, "curve");
    double target = NAN, room = range.points > 1 ? (range.high - range.low) * 0.04 : 0.5;
    int rc = GS_OK;
    for (size_t i = 0; i < json_array_size(curve) && isnan(target); i++)
        target = finding_number(check_of(json_array_get(curve, i), check), "target");
    if (range.points > 0 && isfinite(target)) {
        snprintf(promise, sizeof promise, "%.*s of %.*s", CELL - 1, finding_metric(words, metric_of(check)),
                 (int)(metric_of(check) - check > CELL ? CELL : metric_of(check) - check - 1), check);
        double factor = unit_of_key(finding_word(json, "unit"), range.high, &unit);
        put_axis(&picture.set, "x", short_title(short_key, key), unit, factor, range.high - range.low + 2 * room);
        if (strcmp(finding_word(json, "unit"), "count") == 0)
            text_add(&picture.set, "x_step = x_step < 1 ? 1 : x_step\n");
        text_printf(&picture.set, "x_from = %.9g\nx_to = %.9g\n", (range.low - room) / factor,
                    (range.high + room) / factor);
        factor = unit_of_show(show, range.most, &unit);
        put_axis(&picture.set, "y", promise, unit, factor, range.most * 1.1);
        text_printf(&picture.set, "y_top = %.9g\ntarget = %.9g\ntarget_label = ", range.most * 1.1 / factor,
                    target / factor);
        snprintf(words, sizeof words, "target %s", show(target_text, target));
        put_string(&picture.set, words);
        text_add(&picture.set, "\n");
        text_printf(&picture.title, "%s, by %s", promise, short_key);
        text_add(&picture.says, ". Band: 95 % interval; the marks tell whether all promises are kept.");
        if (range.otherwise)
            text_add(&picture.says, " Some are missed for another reason than this value; the table says which.");
        rc = section_made(out, run, name, &picture, work, err);
    }
    picture_fini(&picture);
    return rc;
}

static void point_rows(struct html_table *t, const json_t *point)
{
    const json_t *checks = json_object_get(point, "checks");
    size_t n = json_array_size(checks);
    for (size_t k = 0; k < (n ? n : 1); k++) {
        const json_t *c = json_array_get(checks, k);
        const char *name = finding_word(c, "name"), *missed = finding_word(c, "missed");
        show_fn show = finding_show(metric_of(name));
        char text[CELL], words[3 * CELL], bounds_text[2 * CELL + 8];
        double bounds[2];
        html_cell(t, finding_word(point, "text"));
        html_cell_more(t, finding_word(point, "state"), n ? "" : finding_word(point, "impossible"));
        html_cell(t, show_count(text, finding_number(point, "replications")));
        snprintf(words, sizeof words, "%.*s", (int)sizeof words - 1, name);
        for (char *p = words; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        html_cell_more(t, words, *missed && strcmp(missed, "value") != 0 ? missed : "");
        html_cell(t, show(text, finding_number(c, "value")));
        finding_bounds(c, "ci95", bounds);
        html_cell(t, finding_interval(bounds_text, show, bounds));
        html_cell(t, show(text, finding_number(c, "target")));
    }
}

static void cases_table(struct text *out, const json_t *list)
{
    static const char *const column[] = {"with", "<answer", NULL};
    if (json_array_size(list) == 0)
        return;
    struct html_table t = html_table_open(out, "The answer in other circumstances", column);
    for (size_t i = 0; i < json_array_size(list); i++) {
        html_cell(&t, finding_word(json_array_get(list, i), "name"));
        html_cell(&t, finding_word(json_array_get(list, i), "says"));
    }
    html_table_close(&t);
}

int section_capacity(struct text *out, const struct finding *f, struct page_run *run, const char *name,
                     const char *work, struct error *err)
{
    const json_t *json = f->json, *curve = json_object_get(json, "curve");
    const char *const column[] = {"value tried", "<all promises", "runs",   "<promise",
                                  "value",       "95 % interval", "target", NULL};
    char caption[2 * NAME_BYTES];
    if (!curve) {
        cases_table(out, json_object_get(json, "frontier"));
        return GS_OK;
    }
    text_add(out, "<p class=\"finding\">");
    html_printf(out, "%s.", finding_word(json, "says"));
    text_add(out, "</p>\n");
    int rc = curve_figure(out, json, run, name, work, err);
    snprintf(caption, sizeof caption, "All values of %.200s that were tried", finding_word(json, "key"));
    struct html_table t = html_table_open(out, caption, column);
    for (size_t i = 0; i < json_array_size(curve); i++)
        point_rows(&t, json_array_get(curve, i));
    html_table_close(&t);
    cases_table(out, json_object_get(json, "sensitivity"));
    return rc;
}
