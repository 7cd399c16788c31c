/* waterfall.c - the regret: where the mean response goes, part by part, and what was run to know it. */
#include "plots/html/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int waterfall(struct text *out, const json_t *json, struct page_run *run, const char *name, const char *work,
                     struct error *err)
{
    struct picture picture = {.script = "waterfall"};
    const json_t *parts = json_object_get(json, "parts");
    size_t n = json_array_size(parts);
    double sum = 0;
    text_add(&picture.data, "row,from_s,to_s,ci_low_s,ci_high_s,share,part\n");
    text_printf(&picture.set, "rows = %zu\narray label[%zu]\narray says[%zu]\n", n, n, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *part = json_array_get(parts, i);
        double mean = finding_number(part, "mean_s"), bounds[2];
        char time[CELL], share[CELL], words[2 * CELL + 8];
        finding_bounds(part, "ci95", bounds);
        text_printf(&picture.data, "%zu", i + 1);
        const double cell[] = {sum, sum + mean, sum + (isnan(bounds[0]) ? mean : bounds[0]),
                               sum + (isnan(bounds[1]) ? mean : bounds[1]), finding_number(part, "share")};
        for (size_t k = 0; k < 5; k++) {
            text_add(&picture.data, ",");
            text_number(&picture.data, cell[k]);
        }
        text_printf(&picture.data, ",%s\n", finding_word(part, "name"));
        snprintf(words, sizeof words, "%s, %s", report_time(time, mean),
                 show_whole_percent(share, finding_number(part, "share")));
        text_printf(&picture.set, "label[%zu] = ", i + 1);
        put_tick(&picture.set, finding_word(part, "name"));
        text_printf(&picture.set, "\nsays[%zu] = ", i + 1);
        put_string(&picture.set, words);
        text_add(&picture.set, "\n");
        text_printf(&picture.says, "%s%s: %s", i ? "; " : "", finding_word(part, "name"), words);
        sum += mean;
    }
    text_add(&picture.title, "where the mean response goes");
    text_add(&picture.says, ". Lines: 95 % intervals.");
    picture.height = 160 + 34 * (int)n;
    int rc = section_made(out, run, name, &picture, work, err);
    picture_fini(&picture);
    return rc;
}

static void parts_table(struct text *out, const json_t *parts)
{
    static const char *const column[] = {"part", "mean", "share", "95 % interval", NULL};
    struct html_table t = html_table_open(out, "The parts of a burst's mean response", column);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        char text[CELL], bounds_text[2 * CELL + 8];
        double bounds[2];
        finding_bounds(part, "ci95", bounds);
        html_cell(&t, finding_word(part, "name"));
        html_cell(&t, report_time(text, finding_number(part, "mean_s")));
        html_cell(&t, show_whole_percent(text, finding_number(part, "share")));
        html_cell(&t, finding_interval(bounds_text, report_time, bounds));
    }
    html_table_close(&t);
}

static void runs_table(struct text *out, const json_t *runs)
{
    static const char *const column[] = {"run",        "<victim",       "<slicer", "mean response",
                                         "difference", "95 % interval", NULL};
    struct html_table t = html_table_open(out, "What was run to know", column);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        char text[CELL], bounds_text[2 * CELL + 8];
        double bounds[2];
        finding_bounds(run, "difference_ci95", bounds);
        html_cell_more(&t, finding_word(run, "name"),
                       json_is_true(json_object_get(run, "partial")) ? "leaves out who was refused or did not end"
                                                                     : "");
        html_cell(&t, finding_word(run, "victim"));
        html_cell(&t, finding_word(run, "slicer"));
        html_cell(&t, report_time(text, finding_number(run, "response_mean_s")));
        html_cell(&t, i > 0 ? report_time(text, finding_number(run, "difference_s")) : "");
        html_cell(&t, i > 0 ? finding_interval(bounds_text, report_time, bounds) : "");
    }
    html_table_close(&t);
}

int section_regret(struct text *out, const struct finding *f, struct page_run *run, const char *name, const char *work,
                   struct error *err)
{
    const json_t *bounds = json_object_get(f->json, "bounds");
    double lower = finding_number(bounds, "response_mean_s_lower");
    char least[CELL], share[CELL];
    int rc = waterfall(out, f->json, run, name, work, err);
    parts_table(out, json_object_get(f->json, "parts"));
    text_printf(out,
                "<dl class=\"terms\">\n"
                "<dt>alone</dt><dd>the burst itself, as on a GPU of one's own</dd>\n"
                "<dt>queueing</dt><dd>%s</dd>\n"
                "<dt>turns</dt><dd>what the best slicer would win, with memory for all</dd>\n"
                "<dt>memory</dt><dd>what memory for all would win besides</dd>\n"
                "<dt>victims</dt><dd>what the best choice of victims would win; it knows the future</dd>\n</dl>\n",
                isnan(lower) ? "what remains with memory for all and the best turns"
                             : "waiting that no policy can avoid; rest: between that and the best that was run");
    if (!isnan(lower))
        html_printf(out, "No policy has a mean response of these bursts below %s; regret %s. ",
                    report_time(least, lower), show_percent(share, finding_number(bounds, "regret")));
    runs_table(out, json_object_get(f->json, "runs"));
    return rc;
}
