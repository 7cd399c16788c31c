/* capacity_point.c - run one value of the key until it is known whether every promise is kept. */
#include "sim/run/capacity.h"

#include "sim/base/exact.h"
#include "sim/load/load.h"
#include "sim/stats/sequential.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUE, SHARE };

/* What all replications so far say of a promise: of its value, and of the share of bursts within it. */
struct series {
    double *x[2], *y[2]; /* VALUE, SHARE */
    size_t n[2], capacity[2];
    double late; /* bursts that are outside without having a value */
    const char *without;
};

struct running {
    const struct capacity_plan *plan;
    struct capacity_point *point;
    struct scenario scenario;
    struct load_traces *traces;
    struct series *series;
    struct arena *kept, own; /* own: until the point is decided */
    bool is_random;
    double error;
    struct error *err;
};

static int no_memory(struct running *r)
{
    return error_set(r->err, GS_SYSTEM, "out of memory for the replications of '%s'", r->scenario.name);
}

static bool append(struct running *r, struct series *s, int which, double x, double y)
{
    if (s->n[which] == s->capacity[which]) {
        size_t same = s->capacity[which];
        double *grown = arena_grow(&r->own, s->x[which], &same, s->n[which] + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        s->x[which] = grown;
        grown = arena_grow(&r->own, s->y[which], &s->capacity[which], s->n[which] + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        s->y[which] = grown;
    }
    s->x[which][s->n[which]] = x;
    s->y[which][s->n[which]++] = y;
    return true;
}

/* A report of the replication alone gives its values, so that no number is made in two ways. */
static int read_replication(struct running *r, struct tally *tally, struct arena *scratch)
{
    struct report_about about = {.version = "", .provenance = "sim"};
    struct scenario one = r->scenario;
    struct tally *const list[] = {tally};
    struct report report;

    one.replications = 1;
    int rc = report_build(&report, &one, list, 1, &about, scratch, r->err);
    for (size_t i = 0; rc == GS_OK && i < one.slas; i++) {
        const struct report_sla *sla = &report.sla[i];
        double weight = report_sla_weight(&one, &one.sla[i], tally);
        double y = isnan(weight) ? 1 : weight;
        if (!isnan(sla->value.value) && y > 0 && !append(r, &r->series[i], VALUE, sla->value.value * y, y))
            return no_memory(r);
        if (sla->counted > 0 && !append(r, &r->series[i], SHARE, sla->attainment * sla->counted, sla->counted))
            return no_memory(r);
        r->series[i].late += sla->late;
    }
    return rc;
}

/* Of several replications: who was refused or stuck, and whether there is anything random at all. */
static int read_batch(struct running *r, const struct run_outcome *done, struct arena *scratch)
{
    struct report_about about = {.version = "", .provenance = "sim"};
    struct report report;
    int rc = report_build(&report, &r->scenario, done->tally, done->completed, &about, scratch, r->err);

    if (rc != GS_OK)
        return rc;
    for (size_t i = 0; i < r->scenario.slas; i++) {
        const char *without = report_sla_without(&report, &r->scenario, &r->scenario.sla[i]);
        r->series[i].without = r->series[i].without != NULL ? r->series[i].without : without;
    }
    r->is_random = report.is_random;
    if (r->point->policy == NULL && (r->point->policy = arena_strdup(r->kept, report.policy)) == NULL)
        return no_memory(r);
    r->point->faulty |= report_faults(&report) > 0;
    for (uint32_t i = 0; rc == GS_OK && i < done->completed; i++)
        rc = read_replication(r, done->tally[i], scratch);
    return rc;
}

static int run_batch(struct running *r, uint64_t from, uint64_t to, const char *setting)
{
    struct run_options options = r->plan->run;
    struct run_outcome done = {0};
    struct arena scratch = {0};

    if (r->plan->tell != NULL)
        r->plan->tell(r->plan->context, setting, from, to);
    options.first = (uint32_t)from;
    r->scenario.replications = (int64_t)(to - from);
    int rc = run_scenario(&r->scenario, &options, r->traces, &done, &scratch, r->err);
    if (rc == GS_OK && done.completed < to - from)
        rc = error_set(r->err, 128 + (options.stop == NULL ? 0 : *options.stop),
                       "interrupted at '%s'; there is no answer", setting);
    /* What the first batch found holds for all: a point has one warm-up. */
    r->scenario.warmup = done.warmup_ns;
    r->point->unsettled |= done.warmup_unsettled;
    if (rc == GS_OK)
        rc = read_batch(r, &done, &scratch);
    run_fini(&done);
    arena_fini(&scratch);
    return rc;
}

/* The share within the target that a percentile asks for; NAN: it is no percentile. */
static double share_asked(enum sla_metric metric)
{
    static const double share[SLA_METRICS] = {
        [SLA_RESPONSE_P50] = 0.50, [SLA_RESPONSE_P95] = 0.95, [SLA_RESPONSE_P99] = 0.99,
        [SLA_SLOWDOWN_P50] = 0.50, [SLA_SLOWDOWN_P95] = 0.95, [SLA_SLOWDOWN_P99] = 0.99,
        [SLA_TTFT_P50] = 0.50,     [SLA_TTFT_P95] = 0.95,     [SLA_TTFT_P99] = 0.99,
    };
    return share[metric] > 0 ? share[metric] : NAN;
}

/* One series against its target; kept is below, or above for a floor.  `*close`: undecided, and as close as it matters. */
static enum capacity_state hold(const struct running *r, const struct series *s, int which, double target, bool floor,
                                bool *close)
{
    /* A share moves about so far where the target of an exponential tail moves by 1. */
    double per_one = which == VALUE ? target : -(1 - target) * exact_log(1 - target);
    struct sequential look =
        sequential_look(s->x[which], s->y[which], s->n[which], target, r->plan->indifference * per_one,
                        r->error / (2.0 * (double)r->point->checks));

    *close = look.state == SEQUENTIAL_CLOSE;
    if (!r->is_random) {
        double value = look.value.value;
        return (floor ? value >= target : value <= target) ? CAPACITY_KEPT : CAPACITY_MISSED;
    }
    if (look.state == SEQUENTIAL_OPEN || look.state == SEQUENTIAL_CLOSE)
        return CAPACITY_UNDECIDED;
    return (look.state == SEQUENTIAL_ABOVE) == floor ? CAPACITY_KEPT : CAPACITY_MISSED;
}

/* A promise, in the order of the report's reasons; `*close`: more replications are not worth while. */
static void check_one(const struct running *r, size_t i, struct capacity_check *check, bool *close)
{
    const struct sla *sla = &r->scenario.sla[i];
    const struct series *s = &r->series[i];
    bool floor = sla_metric_is_floor(sla->metric);
    double share = share_asked(sla->metric);
    bool share_close;

    check->value = interval_ratio(s->x[VALUE], s->y[VALUE], s->n[VALUE], INTERVAL_CONFIDENCE);
    check->attainment = interval_ratio(s->x[SHARE], s->y[SHARE], s->n[SHARE], INTERVAL_CONFIDENCE).value;
    check->slack = floor ? sla->target / check->value.value - 1 : check->value.value / fmax(sla->target, 1e-9) - 1;
    check->missed = NULL;
    check->state = s->n[VALUE] == 0 ? CAPACITY_MISSED : hold(r, s, VALUE, sla->target, floor, close);
    if (check->state == CAPACITY_MISSED)
        check->missed = s->n[VALUE] == 0 ? "unended" : "value";
    if (check->state != CAPACITY_MISSED && s->without != NULL) {
        check->state = CAPACITY_MISSED;
        check->missed = s->without;
    }
    if (check->state == CAPACITY_MISSED || isnan(share) || s->late == 0)
        return;
    enum capacity_state within = hold(r, s, SHARE, share, true, &share_close);
    if (within == CAPACITY_KEPT)
        return;
    /* Either of two that are undecided may settle the matter. */
    *close = share_close && (*close || check->state == CAPACITY_KEPT);
    check->state = within;
    if (within == CAPACITY_MISSED)
        check->missed = "share";
}

/* All promises; false: another look is needed. */
static bool decide(struct running *r)
{
    struct capacity_point *p = r->point;
    bool all_close = true;

    p->state = CAPACITY_KEPT;
    for (size_t i = 0; i < p->checks; i++) {
        bool close;
        check_one(r, i, &p->check[i], &close);
        if (p->check[i].state == CAPACITY_MISSED)
            p->state = CAPACITY_MISSED;
        else if (p->check[i].state == CAPACITY_UNDECIDED && p->state == CAPACITY_KEPT)
            p->state = CAPACITY_UNDECIDED;
        all_close = all_close && (p->check[i].state != CAPACITY_UNDECIDED || close);
    }
    return p->state != CAPACITY_UNDECIDED || all_close;
}

static int run_point(struct running *r, const char *setting)
{
    struct capacity_point *p = r->point;
    uint64_t done = 0;
    int rc = load_read_traces(&r->traces, &r->scenario, &r->own, r->err);

    p->checks = r->scenario.slas;
    p->check = arena_array(r->kept, p->checks, sizeof *p->check);
    r->series = arena_array(&r->own, p->checks, sizeof *r->series);
    if (rc == GS_OK && (p->check == NULL || r->series == NULL))
        return no_memory(r);
    for (int look = 0; rc == GS_OK && look < SEQUENTIAL_LOOKS; look++) {
        uint64_t until = sequential_until((size_t)r->plan->first, look);
        rc = run_batch(r, done, until, setting);
        done = until;
        if (rc == GS_OK && (decide(r) || !r->is_random))
            break;
    }
    p->replications = done;
    for (size_t i = 0; i < p->checks; i++)
        p->check[i].sla = &r->scenario.sla[i];
    return rc;
}

int capacity_try(const struct capacity_plan *plan, const struct vary *vary, struct capacity_point *point, double error,
                 struct arena *arena, struct error *err)
{
    struct running r = {.plan = plan, .point = point, .kept = arena, .error = error, .err = err};
    struct error own = {0};
    const char **set = arena_array(arena, plan->sets + 1, sizeof *set);
    const char *setting = vary_setting(arena, vary, point->value);

    if (set == NULL || setting == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    if (plan->sets > 0)
        memcpy(set, plan->set, plan->sets * sizeof *set);
    set[plan->sets] = setting;
    struct overrides with = {set, plan->sets + 1};
    int rc = plan->text == NULL ? scenario_read(&r.scenario, plan->file, &with, arena, &own)
                                : scenario_parse(&r.scenario, plan->text, strlen(plan->text), plan->file, plan->folder,
                                                 &with, arena, &own);
    if (rc == GS_UNSATISFIABLE) {
        point->state = CAPACITY_MISSED;
        point->impossible = arena_strdup(arena, own.text);
        return point->impossible == NULL ? error_set(err, GS_SYSTEM, "out of memory") : GS_OK;
    }
    if (rc != GS_OK) {
        *err = own;
        return rc;
    }
    rc = run_point(&r, setting);
    load_close_traces(r.traces);
    arena_fini(&r.own);
    return rc;
}
