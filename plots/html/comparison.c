/* comparison.c - alternatives against the first of them: which are better, by how much, and whether that may be chance. */
#include "plots/html/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 24, ROW_HEIGHT = 26 };

static const json_t *alternatives(const json_t *json)
{
    return json_object_get(json, "alternatives");
}

/* Its name, or "#2" where that is longer than a picture has room for. */
static const char *name_of(char out[CELL], const json_t *json, size_t i, size_t most)
{
    const char *name = finding_word(json_array_get(alternatives(json), i), "name");
    snprintf(out, CELL, "#%zu", i + 1);
    if (strlen(name) <= most)
        snprintf(out, CELL, "%s", name);
    return out;
}

/* What a verdict is in the table and in the picture. */
static const char *sign_of(const char *verdict)
{
    return strcmp(verdict, "unclear") == 0     ? "≈"
           : strcmp(verdict, "identical") == 0 ? "≈ identical"
           : strcmp(verdict, "partial") == 0   ? "?"
           : *verdict                          ? verdict
                                               : "-";
}

static const char *signed_number(char out[CELL], show_fn show, double value)
{
    char text[CELL];
    snprintf(out, CELL, "%s%s", value > 0 ? "+" : "", show(text, value));
    return out;
}

static const json_t *difference_of(const json_t *metric, size_t alternative)
{
    return json_array_get(json_object_get(metric, "differences"), alternative - 1);
}

/* --- the picture --- */

/* What is drawn: the mean and the tail of what users wait for. */
static bool is_drawn(const json_t *metric)
{
    const char *name = finding_word(metric, "metric");
    return strcmp(finding_word(metric, "scope"), "group") == 0 &&
           (strcmp(name, "response_mean") == 0 || strcmp(name, "response_p95") == 0);
}

/* A row: the difference as a share of the baseline, its interval, the verdict. */
static bool put_row(struct picture *picture, const json_t *json, const json_t *metric, size_t a, size_t row,
                    double *span)
{
    const json_t *d = difference_of(metric, a);
    double first = finding_number(json_array_get(json_object_get(metric, "values"), 0), "value"), bounds[2];
    double share = 100 * finding_number(d, "difference") / first;
    const char *verdict = finding_word(d, "verdict");
    char label[4 * CELL + NAME_BYTES], name[CELL], group[NAME_BYTES], words[CELL];
    finding_bounds(d, "ci_holm", bounds);
    if (!isfinite(share))
        return false;
    text_printf(&picture->data, "%zu", row);
    const double cell[] = {share, 100 * bounds[0] / first, 100 * bounds[1] / first};
    for (size_t k = 0; k < 3; k++) {
        text_add(&picture->data, ",");
        text_number(&picture->data, isfinite(cell[k]) ? cell[k] : share);
        *span = fmax(*span, fabs(isfinite(cell[k]) ? cell[k] : share));
    }
    text_printf(&picture->data, ",%s,%s,%s,", *verdict ? verdict : "none", finding_word(metric, "name"),
                finding_word(metric, "metric"));
    text_json_string(&picture->data, finding_word(json_array_get(alternatives(json), a), "name"));
    text_add(&picture->data, "\n");
    snprintf(label, sizeof label, "%s %s, %s", short_name(group, finding_word(metric, "name")),
             finding_metric(words, finding_word(metric, "metric")) + strlen("response "),
             name_of(name, json, a, NAME_MOST));
    text_printf(&picture->set, "label[%zu] = ", row);
    put_tick(&picture->set, label);
    text_printf(&picture->set, "\nsays[%zu] = ", row);
    snprintf(words, sizeof words, "%+.1f %% %s", share, sign_of(verdict));
    put_string(&picture->set, words);
    text_add(&picture->set, "\n");
    text_printf(&picture->says, "%s%s: %s", row > 1 ? "; " : "", label, words);
    return true;
}

static int forest(struct text *out, const json_t *json, struct page_run *run, const char *name, const char *work,
                  struct error *err)
{
    struct picture picture = {.script = "forest"};
    const json_t *metrics = json_object_get(json, "metrics");
    char first[CELL], title[NAME_BYTES];
    size_t rows = 0;
    double span = 0;
    int rc = GS_OK;
    text_add(&picture.data, "row,difference_percent,low,high,verdict,group,metric,alternative\n");
    text_printf(&picture.set, "array label[%d]\narray says[%d]\n", ROWS, ROWS);
    for (size_t m = 0; m < json_array_size(metrics); m++)
        for (size_t a = 1; a < json_array_size(alternatives(json)) && rows < ROWS; a++)
            rows += is_drawn(json_array_get(metrics, m)) &&
                    put_row(&picture, json, json_array_get(metrics, m), a, rows + 1, &span);
    text_printf(&picture.set, "rows = %zu\nx_step = %.9g\nx_label = ", rows, nice_step(span > 0 ? 2 * span : 1, 6));
    snprintf(title, sizeof title, "difference from %s (%%)", name_of(first, json, 0, NAME_MOST));
    put_string(&picture.set, title);
    text_add(&picture.set, "\n");
    text_printf(&picture.title, "response times against %s", name_of(first, json, 0, NAME_MOST));
    text_add(&picture.says, ". Lines: intervals; those that hold 0 may be chance.");
    picture.narrow_more = 16 * (int)rows;
    picture.height = 160 + ROW_HEIGHT * (int)(rows < 3 ? 3 : rows);
    if (rows > 0)
        rc = section_made(out, run, name, &picture, work, err);
    picture_fini(&picture);
    return rc;
}

/* --- the tables --- */

static void metric_rows(struct html_table *t, const json_t *json, const json_t *metric)
{
    const json_t *values = json_object_get(metric, "values");
    show_fn show = finding_show(finding_word(metric, "metric"));
    for (size_t a = 0; a < json_array_size(alternatives(json)); a++) {
        const json_t *value = json_array_get(values, a), *d = a > 0 ? difference_of(metric, a) : NULL;
        const json_t *met = json_object_get(value, "met");
        double bounds[2], ratio = finding_number(d, "variance_ratio");
        char text[CELL], share[CELL], bounds_text[2 * CELL + 8];
        html_cell_more(t, finding_metric(text, finding_word(metric, "metric")),
                       !met                ? ""
                       : json_is_true(met) ? "kept"
                                           : "MISSED");
        html_cell(t, finding_word(json_array_get(alternatives(json), a), "name"));
        html_cell(t, show(text, finding_number(value, "value")));
        finding_bounds(a == 0 ? value : d, a == 0 ? "ci95" : "ci_holm", bounds);
        if (a == 0)
            html_cell(t, "");
        else
            html_cell_more(t, signed_number(text, show, finding_number(d, "difference")),
                           signed_number(share, show_percent, finding_number(d, "share")));
        html_cell(t, finding_interval(bounds_text, show, bounds));
        if (ratio < 999.5)
            snprintf(text, sizeof text, "x %s", show_ratio(share, ratio));
        else
            snprintf(text, sizeof text, "> 999");
        html_cell(t, isnan(ratio) ? "" : text);
        html_cell(t, a == 0 ? "baseline" : sign_of(finding_word(d, "verdict")));
    }
}

static void tables(struct text *out, const json_t *json)
{
    static const char *const column[] = {"metric",        "<alternative", "value",    "difference",
                                         "95 % interval", "paired",       "<verdict", NULL};
    const json_t *metrics = json_object_get(json, "metrics"), *before = NULL;
    struct html_table t = {0};
    for (size_t m = 0; m < json_array_size(metrics); m++) {
        const json_t *metric = json_array_get(metrics, m);
        const char *scope = finding_word(metric, "scope");
        char caption[NAME_BYTES + CELL], name[NAME_BYTES];
        if (!before || strcmp(finding_word(before, "scope"), scope) != 0 ||
            strcmp(finding_word(before, "name"), finding_word(metric, "name")) != 0) {
            if (before)
                html_table_close(&t);
            snprintf(caption, sizeof caption, "%s %s",
                     *scope == 'g'   ? "Group"
                     : *scope == 's' ? "Promise"
                                     : "All GPUs, a replication",
                     short_title(name, finding_word(metric, "name")));
            t = html_table_open(out, caption, column);
        }
        metric_rows(&t, json, metric);
        before = metric;
    }
    if (before)
        html_table_close(&t);
}

int section_comparison(struct text *out, const struct finding *f, struct page_run *run, const char *name,
                       const char *work, struct error *err)
{
    int rc = forest(out, f->json, run, name, work, err);
    tables(out, f->json);
    text_add(out,
             "<p class=\"hint\">Everybody had the same users. ≈: may be chance, the interval holds 0. Verdicts hold "
             "together at 95 % (Holm), and intervals go with them. <i>Paired</i>: without the same users it takes so "
             "many times as many replications. ?: no verdict for whose times leave out the refused, the stuck or the "
             "unended.</p>\n");
    return rc;
}
