/* compare.c - values of each replication of each alternative, their paired differences, and what can be said of them. */
#include "sim/results/compare.h"

#include "sim/results/report_cells.h"

#include <math.h>
#include <string.h>

/* A metric's value in a replication, and its weight there if it is a ratio of sums; NAN: a mean of replications. */
struct point {
    double value, weight;
};

enum { SWAPS_PER_H, SWAPPED_BYTES, RUN_METRICS };
enum { RESPONSE_MEAN, RESPONSE_P95, SLOWDOWN_MEAN, SLOWDOWN_P95, TTFT_MEAN, TTFT_P95, MAKESPAN, GROUP_METRICS };

struct kind {
    const char *name;
    enum compare_unit unit;
    enum compare_aim aim;
};
static const struct kind group_kind[GROUP_METRICS] = {
    [RESPONSE_MEAN] = {"response_mean", UNIT_SECONDS, AIM_LOW},
    [RESPONSE_P95] = {"response_p95", UNIT_SECONDS, AIM_LOW},
    [SLOWDOWN_MEAN] = {"slowdown_mean", UNIT_RATIO, AIM_LOW},
    [SLOWDOWN_P95] = {"slowdown_p95", UNIT_RATIO, AIM_LOW},
    [TTFT_MEAN] = {"ttft_mean", UNIT_SECONDS, AIM_LOW},
    [TTFT_P95] = {"ttft_p95", UNIT_SECONDS, AIM_LOW},
    [MAKESPAN] = {"makespan", UNIT_SECONDS, AIM_LOW},
};
static const struct kind run_kind[RUN_METRICS] = {
    [SWAPS_PER_H] = {"swaps_per_h", UNIT_RATIO, AIM_NONE},
    [SWAPPED_BYTES] = {"swapped_bytes", UNIT_BYTES, AIM_NONE},
};

/* The work in hand; `x` holds the linearised values of all metrics, alternatives and replications. */
struct comparing {
    struct comparison *c;
    size_t count;
    int *which;                 /* of each metric: its row in the table, or the SLA */
    double *x, *y;              /* [metric][alternative][replication] */
    double *difference;         /* [metric][alternative][replication] */
    double *p, *p_holm, *level; /* scratch, of a family */
    struct arena scratch;       /* reports of single replications */
    struct arena *arena;
    struct error *err;
};

static double *row(const struct comparing *w, double *all, size_t metric, size_t a)
{
    return all + (metric * w->c->alternatives + a) * w->count;
}

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory to compare; use fewer replications or alternatives");
}

static const struct report_group *find_group(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->groups; i++)
        if (strcmp(report->group[i].name, name) == 0)
            return &report->group[i];
    return NULL;
}

static const struct report_sla *find_sla(const struct report *report, const char *name, const char *metric)
{
    for (size_t i = 0; i < report->slas; i++)
        if (strcmp(report->sla[i].name, name) == 0 && strcmp(report->sla[i].metric, metric) == 0)
            return &report->sla[i];
    return NULL;
}

static struct point group_point(const struct report_group *g, const struct tally *t, size_t i, int which)
{
    double completed = g->completed.value;

    switch (which) {
    case RESPONSE_MEAN:
        return (struct point){g->response[STAT_MEAN].value, completed};
    case RESPONSE_P95:
        return (struct point){g->response[STAT_P95].value, NAN};
    case SLOWDOWN_MEAN:
        return (struct point){g->slowdown[STAT_MEAN].value, t->group[i].alone_ns};
    case SLOWDOWN_P95:
        return (struct point){g->slowdown[STAT_P95].value, NAN};
    case TTFT_MEAN:
        return (struct point){g->ttft[STAT_MEAN].value, (double)t->group[i].ttft.count};
    case TTFT_P95:
        return (struct point){g->ttft[STAT_P95].value, NAN};
    default:
        return (struct point){g->makespan.value, NAN};
    }
}

static struct point sla_point(const struct report_sla *s, const struct scenario *scenario, const struct tally *t,
                              size_t i)
{
    return (struct point){s->value.value, report_sla_weight(scenario, &scenario->sla[i], t)};
}

static struct point run_point(const struct report *r, int which)
{
    double swaps = 0, bytes = 0;

    for (size_t i = 0; i < r->gpus; i++) {
        swaps += r->gpu[i].swaps.value;
        bytes += r->gpu[i].swap_in_bytes.value + r->gpu[i].swap_out_bytes.value;
    }
    if (which == SWAPS_PER_H)
        return (struct point){swaps * 3600 / r->run.elapsed.value, r->run.elapsed.value};
    return (struct point){bytes, NAN};
}

static struct point point(const struct compare_metric *m, int which, const struct alternative *a,
                          const struct report *one, const struct tally *t)
{
    if (*m->scope == 'r')
        return run_point(one, which);
    if (*m->scope == 's') {
        const struct report_sla *sla = find_sla(one, m->name, m->metric);
        return sla ? sla_point(sla, a->scenario, t, (size_t)(sla - one->sla)) : (struct point){NAN, NAN};
    }
    const struct report_group *group = find_group(one, m->name);
    return group ? group_point(group, t, (size_t)(group - one->group), which) : (struct point){NAN, NAN};
}

/* Reports of each replication alone give its values, so that no number is made in two ways. */
static int read_points(struct comparing *w, size_t a)
{
    const struct alternative *alternative = &w->c->alternative[a];
    struct report_about about = {.version = "", .provenance = "sim"};

    for (size_t r = 0; r < w->count; r++) {
        struct report one;
        int rc = report_build(&one, alternative->scenario, &alternative->tally[r], 1, &about, &w->scratch, w->err);
        if (rc != GS_OK)
            return rc;
        for (size_t m = 0; m < w->c->metrics; m++) {
            struct point p = point(&w->c->metric[m], w->which[m], alternative, &one, alternative->tally[r]);
            row(w, w->x, m, a)[r] = p.value;
            row(w, w->y, m, a)[r] = p.weight;
        }
        arena_fini(&w->scratch);
    }
    return GS_OK;
}

/* Values whose mean is the ratio of the sums and whose Student interval is that of interval_ratio.  A replication without
 * weight stands with the ratio itself, as it says nothing about it. */
static void linearise(double *value, const double *weight, size_t n)
{
    double tops = 0, bottoms = 0;

    if (isnan(weight[0]))
        return;
    for (size_t r = 0; r < n; r++) {
        tops += weight[r] > 0 ? value[r] * weight[r] : 0;
        bottoms += weight[r];
    }
    for (size_t r = 0; r < n; r++) {
        double residual = weight[r] > 0 ? (value[r] - tops / bottoms) * weight[r] : 0;
        value[r] = bottoms > 0 ? tops / bottoms + residual / (bottoms / (double)n) : NAN;
    }
}

/* As in the report: the interval of what cannot be negative ends at 0. */
static struct interval value_of(const double *value, double *scratch, size_t n)
{
    size_t there = 0;

    for (size_t r = 0; r < n; r++)
        if (!isnan(value[r]))
            scratch[there++] = value[r];
    struct interval out = interval_mean(scratch, there, INTERVAL_CONFIDENCE);
    if (out.low < 0)
        out.low = 0;
    return out;
}

/* Shares of the speed alone and kills count those who never ended, too. */
static bool is_partial(const struct compare_metric *m, const struct alternative *a, const struct report_sla *sla)
{
    if (m->aim != AIM_LOW || strcmp(m->metric, "oom_kills") == 0)
        return false;
    for (size_t g = 0; g < a->report->groups; g++) {
        const struct report_group *group = &a->report->group[g];
        bool concerned = sla ? sla_concerns(a->scenario, &a->scenario->sla[sla - a->report->sla], g)
                             : *m->scope == 'g' && strcmp(group->name, m->name) == 0;
        if (concerned && report_is_partial(group))
            return true;
    }
    return false;
}

static void compare_one(struct comparing *w, size_t metric, size_t a)
{
    struct compare_metric *m = &w->c->metric[metric];
    const struct alternative *alternative = &w->c->alternative[a];
    const struct report_group *group = *m->scope == 'g' ? find_group(alternative->report, m->name) : NULL;
    struct compared *of = &m->of[a];
    double *difference = row(w, w->difference, metric, a), *value = row(w, w->x, metric, a);

    if (group != NULL && w->which[metric] == MAKESPAN && isnan(group->makespan.value))
        for (size_t r = 0; r < w->count; r++)
            value[r] = NAN; /* where a job did not end, those that ended early say little */
    linearise(value, row(w, w->y, metric, a), w->count);
    of->value = value_of(value, difference, w->count);
    of->sla = *m->scope == 's' ? find_sla(alternative->report, m->name, m->metric) : NULL;
    of->there = *m->scope == 's' ? of->sla != NULL : *m->scope == 'r' || group != NULL;
    of->partial = is_partial(m, alternative, of->sla);
    if (a == 0)
        return;
    struct paired pair = paired_compare(row(w, w->x, metric, 0), value, w->count, difference);
    of->exact = pair.n > 0 && pair.steady && !alternative->report->is_random && !w->c->alternative[0].report->is_random;
    of->state = pair.state;
    of->difference = (struct interval){.value = pair.mean, .low = NAN, .high = NAN, .n = pair.n};
    of->plain = of->state == PAIRED_VARIES ? interval_mean(difference, pair.n, INTERVAL_CONFIDENCE) : of->difference;
    of->share = pair.first > 0 ? pair.mean / pair.first : NAN;
    of->p = of->exact ? NAN : pair.p;
    of->variance_ratio = pair.variance_ratio;
}

static bool same_family(const struct compare_metric *a, const struct compare_metric *b)
{
    return strcmp(a->scope, b->scope) == 0 && strcmp(a->metric, b->metric) == 0;
}

static enum verdict judged(const struct compare_metric *m, const struct compared *of)
{
    bool more = of->difference.value > 0;

    if (of->state == PAIRED_IDENTICAL)
        return VERDICT_IDENTICAL;
    if (!of->exact && isnan(of->p_holm))
        return VERDICT_NONE;
    if (!of->exact && of->p_holm > 1 - INTERVAL_CONFIDENCE)
        return VERDICT_UNCLEAR;
    if (m->aim == AIM_NONE)
        return more ? VERDICT_MORE : VERDICT_LESS;
    bool better = more == (m->aim == AIM_HIGH);
    if (better ? of->partial : m->of[0].partial)
        return VERDICT_PARTIAL;
    return better ? VERDICT_BETTER : VERDICT_WORSE;
}

/* All comparisons of one metric, over groups and alternatives, starting with the metric `first` of them. */
static void judge_family(struct comparing *w, size_t first)
{
    struct comparison *c = w->c;
    size_t n = 0, family;

    for (size_t m = first; m < c->metrics; m++)
        for (size_t a = 1; same_family(&c->metric[first], &c->metric[m]) && a < c->alternatives; a++)
            w->p[n++] = c->metric[m].of[a].p;
    family = paired_holm(w->p, n, 1 - INTERVAL_CONFIDENCE, w->p_holm, w->level);
    n = 0;
    for (size_t m = first; m < c->metrics; m++) {
        struct compare_metric *metric = &c->metric[m];
        if (!same_family(&c->metric[first], metric))
            continue;
        metric->family = family;
        for (size_t a = 1; a < c->alternatives; a++) {
            struct compared *of = &metric->of[a];
            of->p_holm = w->p_holm[n];
            of->confidence = 1 - w->level[n++];
            if (of->state == PAIRED_VARIES)
                of->difference = interval_mean(row(w, w->difference, m, a), of->difference.n, of->confidence);
            of->verdict = judged(metric, of);
        }
    }
}

static void add(struct comparing *w, const char *scope, const char *name, int which, const struct kind *kind)
{
    w->which[w->c->metrics] = which;
    w->c->metric[w->c->metrics++] = (struct compare_metric){
        .scope = scope, .name = name, .metric = kind->name, .unit = kind->unit, .aim = kind->aim};
}

/* Somebody has a value: kinds of load differ in what there is to measure. */
static bool is_measured(const struct comparison *c, const char *name, int which)
{
    for (size_t a = 0; a < c->alternatives; a++) {
        const struct report_group *g = find_group(c->alternative[a].report, name);
        if (g && (which < TTFT_MEAN || !isnan(which == MAKESPAN ? g->makespan.value : g->ttft[STAT_P95].value)))
            return true;
    }
    return false;
}

static void list_metrics(struct comparing *w)
{
    const struct report *first = w->c->alternative[0].report;

    for (size_t g = 0; g < first->groups; g++)
        for (int i = 0; i < GROUP_METRICS; i++)
            if (is_measured(w->c, first->group[g].name, i))
                add(w, "group", first->group[g].name, i, &group_kind[i]);
    for (size_t s = 0; s < first->slas; s++) {
        const struct report_sla *sla = &first->sla[s];
        bool seconds = strncmp(sla->metric, "response", 8) == 0 || strncmp(sla->metric, "ttft", 4) == 0;
        struct kind kind = {.name = sla->metric,
                            .unit = seconds         ? UNIT_SECONDS
                                    : sla->is_floor ? UNIT_SHARE
                                                    : UNIT_RATIO,
                            .aim = sla->is_floor ? AIM_HIGH : AIM_LOW};
        add(w, "sla", sla->name, (int)s, &kind);
    }
    for (int i = 0; i < RUN_METRICS; i++)
        add(w, "run", "", i, &run_kind[i]);
}

static int prepare(struct comparing *w)
{
    struct comparison *c = w->c;
    const struct report *first = c->alternative[0].report;
    size_t most = first->groups * GROUP_METRICS + first->slas + RUN_METRICS, all = most * c->alternatives;

    c->metric = arena_array(w->arena, most, sizeof *c->metric);
    w->which = arena_array(w->arena, most, sizeof *w->which);
    w->p = arena_array(w->arena, all, sizeof *w->p);
    w->p_holm = arena_array(w->arena, all, sizeof *w->p_holm);
    w->level = arena_array(w->arena, all, sizeof *w->level);
    w->x = arena_array(w->arena, all * w->count, sizeof *w->x);
    w->y = arena_array(w->arena, all * w->count, sizeof *w->y);
    w->difference = arena_array(w->arena, all * w->count, sizeof *w->difference);
    if (!c->metric || !w->which || !w->p || !w->p_holm || !w->level || !w->x || !w->y || !w->difference)
        return no_memory(w->err);
    list_metrics(w);
    for (size_t m = 0; m < c->metrics; m++)
        if (!(c->metric[m].of = arena_array(w->arena, c->alternatives, sizeof *c->metric[m].of)))
            return no_memory(w->err);
    return GS_OK;
}

int compare_build(struct comparison *c, const char *title, const struct alternative *alternative, size_t alternatives,
                  struct arena *arena, struct error *err)
{
    *c = (struct comparison){
        .title = title, .alternative = alternative, .alternatives = alternatives, .replications = alternative[0].count};
    struct comparing w = {.c = c, .count = alternative[0].count, .arena = arena, .err = err};
    int rc = prepare(&w);

    for (size_t a = 0; rc == GS_OK && a < alternatives; a++) {
        rc = read_points(&w, a);
    }
    arena_fini(&w.scratch);
    if (rc != GS_OK)
        return rc;
    for (size_t m = 0; m < c->metrics; m++)
        for (size_t a = 0; a < alternatives; a++)
            compare_one(&w, m, a);
    for (size_t m = 0; m < c->metrics; m++) {
        bool begun = false;
        for (size_t before = 0; before < m; before++)
            begun |= same_family(&c->metric[before], &c->metric[m]);
        if (!begun)
            judge_family(&w, m);
    }
    return GS_OK;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const name[] = {
        [VERDICT_NONE] = NULL,         [VERDICT_UNCLEAR] = "unclear", [VERDICT_IDENTICAL] = "identical",
        [VERDICT_PARTIAL] = "partial", [VERDICT_BETTER] = "better",   [VERDICT_WORSE] = "worse",
        [VERDICT_LESS] = "less",       [VERDICT_MORE] = "more",
    };
    return name[verdict];
}
