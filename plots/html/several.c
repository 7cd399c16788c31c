/* several.c - runs side by side: their answers, what they differ in, the same groups in one picture. */
#include "plots/html/sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVES = 14, LEGEND_ROW = 20, MOST = 16 };

static const struct report_group *find_group(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->groups; i++)
        if (strcmp(r->group[i].name, name) == 0)
            return &r->group[i];
    return NULL;
}

static const char *run_name(char out[CELL], const struct page_run *run)
{
    snprintf(out, CELL, "run %lld", (long long)run->report->number);
    return out;
}

/* The same as the heading of a column of words. */
static const char *words_name(char out[CELL], const struct page_run *run)
{
    snprintf(out, CELL, "<run %lld", (long long)run->report->number);
    return out;
}

/* "18.2 s", and below "± 655 ms, -29 %": the half width of its interval, and how it differs from the first run's, unless
 * that would be in favour of one whose times leave somebody out. */
static void timed(struct html_table *t, const struct report *r, const struct report_group *g,
                  const struct report_group *first, enum report_stat stat)
{
    const struct interval *value = &g->response[stat], *other = first ? &first->response[stat] : NULL;
    const struct report_group *better = other && value->value > other->value ? first : g;
    char text[CELL], half[CELL], share[CELL] = "", small[2 * CELL + 8];
    section_half_width(half, r, value);
    if (other && other->value > 0 && !isnan(value->value) && !report_is_partial(better))
        snprintf(share, sizeof share, "%+.1f %%", 100 * (value->value / other->value - 1));
    snprintf(small, sizeof small, "%s%s%s", half, *half && *share ? ", " : "", share);
    html_cell_more(t, report_time(text, value->value), small);
}

/* The runs in which the group is, against the first of them on the page. */
static void group_table(struct text *out, const struct page_run *run, size_t runs, const char *name)
{
    static const char *const column[] = {"run", "<policy",  "mean response", "p95",
                                         "max", "slowdown", "speed kept",    NULL};
    char text[CELL], caption[512];
    const struct report_group *first = NULL;
    snprintf(caption, sizeof caption, "%.300s: how long bursts took", name);
    struct html_table t = html_table_open(out, caption, column);
    for (size_t i = 0; i < runs; i++) {
        const struct report_group *g = find_group(run[i].report, name);
        if (!g)
            continue;
        html_cell(&t, run_name(text, &run[i]));
        html_cell_more(&t, run[i].report->policy,
                       report_is_partial(g) ? "the times leave out who was refused, was stuck or had not ended" : "");
        timed(&t, run[i].report, g, first, STAT_MEAN);
        timed(&t, run[i].report, g, first, STAT_P95);
        html_cell(&t, report_time(text, g->response[STAT_MAX].value));
        html_cell(&t, show_ratio(text, g->slowdown[STAT_MEAN].value));
        html_cell(&t, show_percent(text, g->throughput_share.value));
        first = first ? first : g;
    }
    html_table_close(&t);
}

static void run_table(struct text *out, const struct page_run *run, size_t runs)
{
    static const char *const column[] = {"run",    "<scenario", "<policy", "<promises",       "swaps/h",
                                         "useful", "switching", "idle",    "swap file, peak", NULL};
    char text[CELL];
    struct html_table t = html_table_open(out, "All runs", column);
    for (size_t i = 0; i < runs; i++) {
        const struct report *r = run[i].report;
        double swaps = 0, share[3] = {0}, peak = 0;
        size_t met = 0;
        for (size_t g = 0; g < r->gpus; g++) {
            swaps += r->gpu[g].swaps.value / (r->run.elapsed.value / 3600);
            share[0] += r->gpu[g].useful.value / (double)r->gpus;
            share[1] += r->gpu[g].switching.value / (double)r->gpus;
            share[2] += r->gpu[g].idle.value / (double)r->gpus;
        }
        for (size_t n = 0; n < r->nodes; n++)
            peak = fmax(peak, r->node[n].peak_bytes.value);
        for (size_t s = 0; s < r->slas; s++)
            met += r->sla[s].met;
        html_cell(&t, run_name(text, &run[i]));
        html_cell(&t, r->scenario);
        html_cell(&t, r->policy);
        snprintf(text, sizeof text, "%zu of %zu kept", met, r->slas);
        html_cell(&t, r->slas ? text : "none");
        html_cell(&t, show_ratio(text, swaps));
        for (int k = 0; k < 3; k++)
            html_cell(&t, show_percent(text, share[k]));
        html_cell(&t, show_size(text, peak));
    }
    html_table_close(&t);
}

/* Simulated, measured, of the double: a difference between such runs is none of policies. */
static void mixed(struct text *out, const struct page_run *run, size_t runs)
{
    bool same = true;
    for (size_t i = 1; i < runs; i++)
        same = same && strcmp(run[i].report->provenance, run[0].report->provenance) == 0;
    if (same)
        return;
    text_add(out, "<p class=\"mixed\">These runs are not of one kind: ");
    for (size_t i = 0; i < runs; i++)
        html_printf(out, "%srun %lld is %s", i ? "; " : "", (long long)run[i].report->number,
                    report_how(run[i].report));
    text_add(out, ". What they differ in is more than their policies.</p>\n");
}

void section_side_by_side(struct text *out, const struct page_run *run, size_t runs)
{
    mixed(out, run, runs);
    run_table(out, run, runs);
    for (size_t i = 0; i < runs; i++)
        for (size_t g = 0; g < run[i].report->groups; g++) {
            const char *name = run[i].report->group[g].name;
            bool seen = false;
            size_t in = 0;
            for (size_t k = 0; k < runs; k++) {
                in += find_group(run[k].report, name) != NULL;
                seen = seen || (k < i && find_group(run[k].report, name));
            }
            if (!seen && in > 1)
                group_table(out, run, runs, name);
        }
}

/* --- what the scenarios differ in --- */

static size_t key_length(const char *line)
{
    return strcspn(line, "=\n");
}

/* The value of the key of `line` in other keys; its length goes to `*length`; NULL: not given there. */
static const char *value_of(const char *keys, const char *line, size_t *length)
{
    size_t n = key_length(line);
    for (const char *c = keys; *c; c += strcspn(c, "\n"), c += *c == '\n')
        if (key_length(c) == n && memcmp(c, line, n) == 0 && c[n] == '=') {
            const char *value = c + n + 1 + (c[n + 1] == ' ');
            *length = strcspn(value, "\n");
            return value;
        }
    *length = 0;
    return NULL;
}

static bool differs(const struct page_run *run, size_t runs, const char *line)
{
    size_t length, other;
    const char *first = value_of(run[0].keys, line, &length);
    for (size_t i = 1; i < runs; i++) {
        const char *value = value_of(run[i].keys, line, &other);
        if (!value != !first || other != length || (value && memcmp(value, first, length) != 0))
            return true;
    }
    return false;
}

void section_differences(struct text *out, const struct page_run *run, size_t runs)
{
    const char *column[MOST + 2] = {"key"};
    char name[MOST][CELL];
    struct html_table t = {0};
    runs = runs < MOST ? runs : MOST;
    for (size_t i = 0; i < runs; i++)
        column[i + 1] = words_name(name[i], &run[i]);
    for (size_t i = 0; i < runs; i++)
        for (const char *line = run[i].keys; *line; line += strcspn(line, "\n"), line += *line == '\n') {
            bool seen = false;
            char cell_text[256];
            size_t length;
            for (size_t k = 0; k < i; k++)
                seen = seen || value_of(run[k].keys, line, &length);
            if (seen || !differs(run, runs, line))
                continue;
            if (!t.out)
                t = html_table_open(out, "What the scenarios differ in; - is the default", column);
            snprintf(cell_text, sizeof cell_text, "%.*s", (int)strcspn(line, " =\n"), line);
            html_cell(&t, cell_text);
            for (size_t k = 0; k < runs; k++) {
                const char *value = value_of(run[k].keys, line, &length);
                snprintf(cell_text, sizeof cell_text, "%.*s", (int)length, value ? value : "");
                html_cell(&t, value ? cell_text : "-");
            }
        }
    if (t.out)
        html_table_close(&t);
}

/* --- the distributions of all runs in one picture --- */

static int curves(struct picture *picture, struct page_run *run, size_t runs, size_t *shown, size_t *all, double *least,
                  double *most)
{
    int rc = GS_OK;
    text_add(&picture->data, "response_s,share,run and group\n");
    text_printf(&picture->set, "array label[%d]\n", CURVES);
    for (size_t i = 0; i < runs; i++)
        for (size_t g = 0; g < run[i].report->groups && rc == GS_OK; g++) {
            const struct report_group *group = &run[i].report->group[g];
            char label[3 * CELL + NAME_BYTES], name[NAME_BYTES], number[CELL], p95[CELL];
            if (!(group->completed.value > 0) || (*all)++ >= CURVES)
                continue;
            snprintf(label, sizeof label, "%s %s", run_name(number, &run[i]), short_name(name, group->name));
            rc = put_response_curve(&run[i].album, &picture->data, g, label, least, most);
            report_time(p95, group->response[STAT_P95].value);
            text_printf(&picture->says, "%s%s: 95 %% within %s", *shown ? "; " : "", label, p95);
            snprintf(label, sizeof label, "%s %s: p95 %s", number, name, p95);
            text_printf(&picture->set, "label[%zu] = ", ++*shown);
            put_string(&picture->set, label);
            text_add(&picture->set, "\n");
        }
    return rc;
}

int section_overlay(struct text *out, struct page_run *run, size_t runs, const char *work, struct error *err)
{
    struct picture picture = {.script = "cdf"};
    double least = INFINITY, most = 0;
    size_t shown = 0, all = 0;
    int rc = curves(&picture, run, runs, &shown, &all, &least, &most);
    size_t rows = (shown + 1) / 2;
    put_times_axis(&picture.set, least, most);
    text_printf(&picture.set,
                "x_label = 'response time ('.x_name.')'\ny_label = 'bursts that took no longer (%%)'\ncurves = %zu\n"
                "legend = %zu\n",
                shown, rows);
    text_add(&picture.title, "response times of all runs");
    if (shown < all)
        text_printf(&picture.title, " (the first %zu of %zu curves)", shown, all);
    text_add(&picture.says, ".");
    picture.height = 534 + LEGEND_ROW * (int)rows;
    picture.narrow_more = LEGEND_ROW * (int)(shown - rows);
    if (rc == GS_OK && shown > 0)
        rc = section_made(out, run, "all", &picture, work, err);
    picture_fini(&picture);
    return rc;
}
