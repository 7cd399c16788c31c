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
    return sla_concerns(b->scenario, sla, group);
}

/* The values of a measure of all that the promise is about in replication `r`; of one group these are its own, of several
 * they are merged into `pooled`, which is empty.  NULL: no memory. */
static struct sketch *sketch_of(const struct making *b, const struct sla *sla, size_t r, size_t offset,
                                struct sketch *pooled)
{
    for (size_t g = 0; g < b->report->groups; g++) {
        struct sketch *own = (struct sketch *)(void *)((char *)&b->tally[r]->group[g] + offset);
        if (sla->group >= 0 && concerns(b, sla, g))
            return own;
        if (concerns(b, sla, g) && !sketch_merge(pooled, own))
            return NULL;
    }
    return pooled;
}

static int no_memory(const struct making *b, const struct sla *sla)
{
    return error_set(b->err, GS_SYSTEM, "no memory to check the SLA '%s'", sla->name);
}

/* Bursts that have no response and yet are outside of the target: refused, killed, or under way for longer already. */
static double late(struct group_tally *g, enum measure measure, uint64_t limit)
{
    double lost = (double)(g->rejected - tally_refused(g) + g->lost);
    struct sketch *unended = measure == RESPONSE ? &g->unended : measure == TTFT ? &g->untold : &g->unended_slowdown;
    return lost + round((double)unended->count * (1 - sketch_share_within(unended, limit)));
}

/* Bursts within the target a second, of all measured time; b->y holds their number in each replication. */
static void goodput(struct making *b, struct report_sla *out)
{
    for (size_t r = 0; r < b->count; r++) {
        b->x[r] = b->y[r];
        b->y[r] = elapsed_s(b->tally[r]);
    }
    out->goodput_per_s = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

/* A single replication may have an interval of a group's responses all the same. */
static void take_interval(const struct making *b, const struct sla *sla, struct report_sla *out)
{
    static const enum report_stat stat[] = {[SLA_RESPONSE_P50] = STAT_P50,
                                            [SLA_RESPONSE_P95] = STAT_P95,
                                            [SLA_RESPONSE_P99] = STAT_P99,
                                            [SLA_RESPONSE_MEAN] = STAT_MEAN};
    if (b->count > 1 || sla->group < 0 || asks[sla->metric].measure != RESPONSE)
        return;
    const struct interval *own = &b->report->group[sla->group].response[stat[sla->metric]];
    out->value.low = own->low;
    out->value.high = own->high;
}

/* Quantile over replications and the share of all bursts within the target.  `q` 0: only the share.  `*share_missed`: there
 * are late ones, of which the quantile knows nothing, and the share is less than `q`. */
static int over_sketches(struct making *b, const struct sla *sla, struct report_sla *out, bool *share_missed)
{
    enum measure measure = asks[sla->metric].measure;
    double unit = measure == SLOWDOWN ? SLOWDOWN_ONE : NS_PER_S, q = asks[sla->metric].q;
    uint64_t limit = (uint64_t)(sla->target * unit + 0.5);
    double all_within = 0, ended = 0, outside = 0;
    size_t n = 0;
    static const size_t offset[] = {
        [RESPONSE] = offsetof(struct group_tally, response),
        [SLOWDOWN] = offsetof(struct group_tally, slowdown),
        [TTFT] = offsetof(struct group_tally, ttft),
    };
    for (size_t r = 0; r < b->count; r++) {
        struct sketch pooled;
        sketch_init(&pooled);
        struct sketch *sketch = sketch_of(b, sla, r, offset[measure], &pooled);
        for (size_t g = 0; g < b->report->groups; g++)
            outside += concerns(b, sla, g) ? late(&b->tally[r]->group[g], measure, limit) : 0;
        b->y[r] = 0;
        if (sketch && sketch->count > 0) {
            b->x[n++] = sketch_quantile(sketch, q) / unit;
            b->y[r] = sketch_share_within(sketch, limit) * (double)sketch->count;
            all_within += b->y[r];
            ended += (double)sketch->count;
        }
        sketch_fini(&pooled);
        if (!sketch)
            return no_memory(b, sla);
    }
    if (q > 0)
        out->value = interval_mean(b->x, n, INTERVAL_CONFIDENCE);
    out->counted = ended + outside;
    out->late = outside;
    if (out->counted > 0)
        out->attainment = all_within / out->counted;
    goodput(b, out);
    *share_missed = outside > 0 && out->attainment < q;
    return GS_OK;
}

/* The same quantile of the times alone. */
static int alone(struct making *b, const struct sla *sla, struct report_sla *out)
{
    double sum = 0;
    size_t n = 0;
    for (size_t r = 0; r < b->count; r++) {
        struct sketch pooled;
        sketch_init(&pooled);
        struct sketch *sketch = sketch_of(b, sla, r, offsetof(struct group_tally, alone), &pooled);
        if (sketch && sketch->count > 0) {
            sum += sketch_quantile(sketch, asks[sla->metric].q) / NS_PER_S;
            n++;
        }
        sketch_fini(&pooled);
        if (!sketch)
            return no_memory(b, sla);
    }
    out->alone = n ? sum / (double)n : NAN;
    return GS_OK;
}

/* Means, shares and counts, from the sums of a replication. */
static void over_sums(struct making *b, const struct sla *sla, struct report_sla *out)
{
    enum measure measure = asks[sla->metric].measure;
    double alone_ns = 0, completed = 0;
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
            alone_ns += (double)g->alone_ns;
            completed += (double)g->completed;
        }
        b->x[r] = x;
        b->y[r] = measure == KILLS ? 1 : y;
    }
    out->value = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    if (measure == RESPONSE && completed > 0)
        out->alone = alone_ns / completed / NS_PER_S;
}

double report_sla_weight(const struct scenario *scenario, const struct sla *sla, const struct tally *tally)
{
    double weight = 0;
    for (size_t g = 0; g < tally->groups; g++) {
        if (!sla_concerns(scenario, sla, g))
            continue;
        weight += sla->metric == SLA_RESPONSE_MEAN      ? (double)tally->group[g].completed
                  : sla->metric == SLA_SLOWDOWN_MEAN    ? tally->group[g].alone_ns
                  : sla->metric == SLA_THROUGHPUT_SHARE ? tally->group[g].present_ns
                                                        : NAN;
    }
    return weight;
}

const char *report_sla_without(const struct report *report, const struct scenario *scenario, const struct sla *sla)
{
    bool stuck = false;
    if (asks[sla->metric].measure == KILLS)
        return NULL;
    for (size_t g = 0; g < report->groups; g++) {
        if (!sla_concerns(scenario, sla, g))
            continue;
        if (report->group[g].refused.value > 0)
            return "refused";
        stuck |= report->group[g].stuck.value > 0;
    }
    return stuck ? "stuck" : NULL;
}

/* The value is of bursts that ended: it says nothing of those that should have and did not, and of those who were never
 * let in. */
static void judge(const struct making *b, const struct sla *sla, struct report_sla *out, bool share_missed)
{
    const char *without = report_sla_without(b->report, b->scenario, sla);
    bool kept = out->is_floor ? out->value.value >= sla->target : out->value.value <= sla->target; /* NAN: no */
    if (!kept)
        out->missed = "value";
    else if (without)
        out->missed = without;
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
            .goodput_per_s = {NAN, NAN, NAN, 0},
            .alone = NAN,
            .is_floor = sla_metric_is_floor(sla->metric),
        };
        bool share_missed = false;
        if (measure <= TTFT) {
            int rc = over_sketches(b, sla, out, &share_missed);
            if (rc == GS_OK && measure == RESPONSE && asks[sla->metric].q > 0)
                rc = alone(b, sla, out);
            if (rc != GS_OK)
                return rc;
        }
        if (asks[sla->metric].q <= 0)
            over_sums(b, sla, out);
        out->goodput_per_s.n = out->value.n;
        take_interval(b, sla, out);
        judge(b, sla, out, share_missed);
    }
    return GS_OK;
}
