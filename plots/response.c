/* response.c - the distribution functions of the response times of the groups, and the targets promised for them. */
#include "plots/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVES = 14, LEGEND_ROW = 20 };

static double bursts(const struct report *r, size_t group)
{
    return r->group[group].completed.value > 0 ? r->group[group].completed.value : -1;
}

int put_response_curve(struct album *album, struct text *data, size_t group, const char *label, double *least,
                       double *most)
{
    sqlite3_stmt *s;
    bool first = true;
    int rc = album_query(album, &s,
                         "SELECT share, value FROM distribution WHERE run = ?1 AND metric = 'response_s' AND grp = ?2"
                         " ORDER BY share");
    sqlite3_bind_int64(s, 2, (sqlite3_int64)group);
    while (rc == GS_OK && album_next(album, s, &rc)) {
        double share = sqlite3_column_double(s, 0), value = sqlite3_column_double(s, 1);
        for (int from_zero = first; from_zero >= 0; from_zero--) {
            text_number(data, value);
            text_add(data, ",");
            text_number(data, from_zero ? 0 : share);
            text_printf(data, ",%s\n", label);
        }
        *least = first ? fmin(*least, value) : *least;
        *most = fmax(*most, value);
        first = false;
    }
    text_add(data, "\n\n");
    sqlite3_finalize(s);
    return rc;
}

/* Those of the chosen groups; `least` and `most` are the ends of all. */
static int points(struct album *album, struct picture *picture, const size_t *group, size_t groups, double *least,
                  double *most)
{
    int rc = GS_OK;
    text_add(&picture->data, "response_s,share,group\n");
    for (size_t i = 0; i < groups && rc == GS_OK; i++)
        rc = put_response_curve(album, &picture->data, group[i], album->report->group[group[i]].name, least, most);
    return rc;
}

/* 0.95 of "response_p95"; NAN: a mean, or no response time at all. */
static double quantile_of(const char *metric)
{
    static const struct {
        const char *metric;
        double share;
    } known[] = {{"response_p50", 0.50}, {"response_p95", 0.95}, {"response_p99", 0.99}, {"response_mean", -1}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(metric, known[i].metric) == 0)
            return known[i].share;
    return NAN;
}

/* The colour of the group that is promised it, from 1; 0 (black) for a class. */
static size_t colour_of(const struct report *r, const struct report_sla *sla, const size_t *group, size_t groups)
{
    for (size_t i = 0; sla->group && i < groups; i++)
        if (strcmp(r->group[group[i]].name, sla->group) == 0)
            return i + 1;
    return 0;
}

/* "met at 41.2 s"; where a promise is missed whose value is within the target, why: "MISSED: 4 of 6 stuck". */
static void verdict(char *out, size_t size, const struct report *r, const struct report_sla *sla)
{
    char value[REPORT_CELL], why[REPORT_CELL * 2];
    const char *word = sla->met ? "met" : "MISSED";
    report_missed_text(why, sizeof why, r, sla);
    if (why[0])
        snprintf(out, size, "%s: %s", word, why);
    else if (isnan(sla->value.value))
        snprintf(out, size, "%s", word);
    else
        snprintf(out, size, "%s at %s", word, report_time(value, sla->value.value));
}

static void put_target(struct text *out, size_t n, const struct report *r, const struct report_sla *sla, size_t colour)
{
    char label[256], name[NAME_BYTES], target[REPORT_CELL], end[REPORT_CELL * 3];
    verdict(end, sizeof end, r, sla);
    snprintf(label, sizeof label, "SLA %s: %s ≤ %s, %s", short_name(name, sla->group ? sla->group : sla->class),
             sla->metric + strlen("response_"), report_time(target, sla->target), end);
    text_printf(out, "target[%zu] = %.9g\ntarget_share[%zu] = %.9g\ntarget_colour[%zu] = %zu\ntarget_label[%zu] = ", n,
                sla->target, n, quantile_of(sla->metric), n, colour, n);
    put_string(out, label);
    text_add(out, "\n");
}

/* The targets on response times of the groups shown; the axis is made to hold them. */
static size_t targets(struct album *album, struct picture *picture, const size_t *group, size_t groups, double *least,
                      double *most)
{
    const struct report *r = album->report;
    struct text *out = &picture->set;
    size_t n = 0, all = 0;
    text_printf(out, "array target[%d]\narray target_share[%d]\narray target_colour[%d]\narray target_label[%d]\n",
                CURVES, CURVES, CURVES, CURVES);
    for (size_t i = 0; i < r->slas; i++) {
        const struct report_sla *sla = &r->sla[i];
        size_t colour = colour_of(r, sla, group, groups);
        if (isnan(quantile_of(sla->metric)) || (sla->group && !colour) || !(sla->target > 0) || all++ >= CURVES)
            continue;
        put_target(out, ++n, r, sla, colour);
        *least = fmin(*least, sla->target);
        *most = fmax(*most, sla->target);
    }
    if (n == 0) /* gnuplot looks at the first of a loop even where there is none */
        text_add(out, "target[1] = 0\ntarget_share[1] = 0\ntarget_colour[1] = 0\ntarget_label[1] = ''\n");
    text_printf(out, "targets = %zu\n", n);
    if (all > n)
        text_printf(&picture->title, " (%zu of %zu targets)", n, all);
    return n;
}

static void labels(struct album *album, struct text *out, const size_t *group, size_t groups)
{
    text_printf(out, "groups = %zu\narray label[%zu]\n", groups, groups);
    for (size_t i = 0; i < groups; i++) {
        const struct report_group *g = &album->report->group[group[i]];
        char label[256], name[NAME_BYTES], mean[REPORT_CELL], p50[REPORT_CELL], p95[REPORT_CELL];
        snprintf(label, sizeof label, "%s: mean %s, p50 %s, p95 %s", short_name(name, g->name),
                 report_time(mean, g->response[STAT_MEAN].value), report_time(p50, g->response[STAT_P50].value),
                 report_time(p95, g->response[STAT_P95].value));
        text_printf(out, "label[%zu] = ", i + 1);
        put_string(out, label);
        text_add(out, "\n");
    }
}

/* Of at most SAID groups: more can be read from the table. */
static void sentences(struct album *album, struct text *says, const size_t *group, size_t groups)
{
    enum { SAID = 4 };
    for (size_t i = 0; i < groups && i < SAID; i++) {
        const struct report_group *g = &album->report->group[group[i]];
        char name[NAME_BYTES], p50[REPORT_CELL], p95[REPORT_CELL], most[REPORT_CELL];
        text_printf(says,
                    "%sOf the bursts of %s, half took no longer than %s and 95 %% no longer than %s; the longest %s.",
                    i ? " " : "", short_name(name, g->name), report_time(p50, g->response[STAT_P50].value),
                    report_time(p95, g->response[STAT_P95].value), report_time(most, g->response[STAT_MAX].value));
    }
}

int picture_response(struct album *album, struct picture *picture)
{
    size_t groups = 0, with = 0;
    double least = INFINITY, most = 0;
    const struct report *r = album->report;
    size_t *group = album_pick(album, r->groups, CURVES, bursts, &groups);
    if (!group)
        return album_no_memory(album);
    for (size_t i = 0; i < r->groups; i++)
        with += bursts(r, i) > 0;
    if (groups == 0) {
        snprintf(picture->missing, sizeof picture->missing, "no burst ended in this run");
        return GS_OK;
    }
    int rc = points(album, picture, group, groups, &least, &most);
    labels(album, &picture->set, group, groups);
    sentences(album, &picture->says, group, groups);
    text_add(&picture->title, "response time");
    if (with > groups)
        text_printf(&picture->title, " (the %zu of %zu groups with most bursts)", groups, with);
    size_t promised = targets(album, picture, group, groups, &least, &most);
    size_t rows = promised == 0 ? (groups + 1) / 2 : promised > groups ? promised : groups; /* of two columns */
    put_times_axis(&picture->set, least, most);
    picture->height = 534 + LEGEND_ROW * (int)rows;
    picture->narrow_more = LEGEND_ROW * (int)(groups + promised - rows);
    text_printf(&picture->set, "legend = %zu\n", rows);
    return rc;
}
