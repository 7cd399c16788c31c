/* report_sla.c - hold every promise of the scenario against what was measured. */
#include "sim/results/report_parts.h"

#include "policies/controller.h"

#include <math.h>

enum measure { RESPONSE, SLOWDOWN, TTFT, THROUGHPUT, KILLS };

/* What each metric asks of: a measure, and the quantile (0: the mean). */
static const struct {
    enum measure measure;
    double q;
} asks[SLA_METRICS] = {
    [SLA_RESPONSE_P50] = {RESPONSE, 0.50}, [SLA_RESPONSE_P95] = {RESPONSE, 0.95},
    [SLA_RESPONSE_P99] = {RESPONSE, 0.99}, [SLA_RESPONSE_MEAN] = {RESPONSE, 0},
    [SLA_SLOWDOWN_P50] = {SLOWDOWN, 0.50}, [SLA_SLOWDOWN_P95] = {SLOWDOWN, 0.95},
    [SLA_SLOWDOWN_P99] = {SLOWDOWN, 0.99}, [SLA_SLOWDOWN_MEAN] = {SLOWDOWN, 0},
    [SLA_TTFT_P50] = {TTFT, 0.50},         [SLA_TTFT_P95] = {TTFT, 0.95},
    [SLA_TTFT_P99] = {TTFT, 0.99},         [SLA_THROUGHPUT_SHARE] = {THROUGHPUT, 0},
    [SLA_OOM_KILLS] = {KILLS, 0},
};

static bool concerns(const struct making *b, const struct sla *sla, size_t group)
{
    return sla->group >= 0 ? group == (size_t)sla->group : b->scenario->workload[group].class == sla->class;
}

static struct sketch *sketch_of(struct group_tally *g, enum measure measure)
{
    return measure == RESPONSE ? &g->response : measure == SLOWDOWN ? &g->slowdown : &g->ttft;
}

/* Bursts that have no response and yet are outside of the target: refused, killed, or under way for longer already. */
static double late(struct group_tally *g, enum measure measure, uint64_t limit)
{
    double lost = (double)(g->rejected + g->oom_kills);
    struct sketch *unended = measure == RESPONSE ? &g->unended : &g->unended_slowdown;
    if (measure == TTFT)
        return lost;
    return lost + round((double)unended->count * (1 - sketch_share_within(unended, limit)));
}

/* Quantile over replications and the share of all bursts within the target.  `q` 0: only the share.  `*share_missed`: there
 * are late ones, of which the quantile knows nothing, and the share is less than `q`. */
static int over_sketches(struct making *b, const struct sla *sla, struct report_sla *out, bool *share_missed)
{
    enum measure measure = asks[sla->metric].measure;
    double unit = measure == SLOWDOWN ? SLOWDOWN_ONE : NS_PER_S, q = asks[sla->metric].q;
    uint64_t limit = (uint64_t)(sla->target * unit + 0.5);
    double within = 0, ended = 0, outside = 0;
    size_t n = 0;
    for (size_t r = 0; r < b->count; r++) {
        struct sketch pooled, *sketch = &pooled;
        sketch_init(&pooled);
        for (size_t g = 0; g < b->report->groups; g++) {
            if (!concerns(b, sla, g))
                continue;
            struct group_tally *tally = &b->tally[r]->group[g];
            outside += late(tally, measure, limit);
            if (sla->group >= 0)
                sketch = sketch_of(tally, measure);
            else if (!sketch_merge(&pooled, sketch_of(tally, measure))) {
                sketch_fini(&pooled);
                return error_set(b->err, GS_SYSTEM, "no memory to check the SLA '%s'", sla->name);
            }
        }
        if (sketch->count > 0) {
            b->x[n++] = sketch_quantile(sketch, q) / unit;
            within += sketch_share_within(sketch, limit) * (double)sketch->count;
            ended += (double)sketch->count;
        }
        sketch_fini(&pooled);
    }
    if (q > 0)
        out->value = interval_mean(b->x, n, INTERVAL_CONFIDENCE);
    if (ended + outside > 0)
        out->attainment = within / (ended + outside);
    *share_missed = outside > 0 && out->attainment < q;
    return GS_OK;
}

/* Means, shares and counts, from the sums of a replication. */
static void over_sums(struct making *b, const struct sla *sla, struct report_sla *out)
{
    enum measure measure = asks[sla->metric].measure;
    for (size_t r = 0; r < b->count; r++) {
        double x = 0, y = 0;
        for (size_t i = 0; i < b->report->groups; i++) {
            const struct group_tally *g = &b->tally[r]->group[i];
            if (!concerns(b, sla, i))
                continue;
            x += measure == KILLS        ? (double)g->oom_kills
                 : measure == THROUGHPUT ? g->progress_ns
                                         : (double)g->response_ns;
            y += measure == RESPONSE   ? (double)g->completed * NS_PER_S
                 : measure == SLOWDOWN ? (double)g->alone_ns
                                       : g->present_ns;
        }
        b->x[r] = x;
        b->y[r] = measure == KILLS ? 1 : y;
    }
    out->value = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

static bool is_stuck(const struct making *b, const struct sla *sla)
{
    for (size_t g = 0; g < b->report->groups; g++)
        if (concerns(b, sla, g) && b->report->group[g].stuck.value > 0)
            return true;
    return false;
}

/* The value is of bursts that ended: it says nothing of those that should have and did not. */
static void judge(const struct making *b, const struct sla *sla, struct report_sla *out, bool share_missed)
{
    bool kept = out->is_floor ? out->value.value >= sla->target : out->value.value <= sla->target; /* NAN: no */
    if (!kept)
        out->missed = "value";
    else if (asks[sla->metric].measure != KILLS && is_stuck(b, sla))
        out->missed = "stuck";
    else if (share_missed)
        out->missed = "share";
    out->met = !out->missed;
}

int make_slas(struct making *b)
{
    for (size_t i = 0; i < b->report->slas; i++) {
        const struct sla *sla = &b->scenario->sla[i];
        struct report_sla *out = &b->report->sla[i];
        enum measure measure = asks[sla->metric].measure;
        *out = (struct report_sla){
            .name = sla->name,
            .group = sla->group >= 0 ? b->scenario->workload[sla->group].name : NULL,
            .class = gs_class_name((uint8_t)(sla->group >= 0 ? b->scenario->workload[sla->group].class : sla->class)),
            .metric = sla_metric_name(sla->metric),
            .target = sla->target,
            .value = {NAN, NAN, NAN, 0},
            .attainment = NAN,
            .is_floor = sla_metric_is_floor(sla->metric),
        };
        bool share_missed = false;
        if (measure <= TTFT) {
            int rc = over_sketches(b, sla, out, &share_missed);
            if (rc != GS_OK)
                return rc;
        }
        if (asks[sla->metric].q <= 0)
            over_sums(b, sla, out);
        judge(b, sla, out, share_missed);
    }
    return GS_OK;
}
