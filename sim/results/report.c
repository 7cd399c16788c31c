/* report.c - make one report of the tallies of all replications. */
#include "sim/results/report.h"

#include "policies/controller.h"
#include "sim/results/report_parts.h"

#include <math.h>
#include <string.h>

static int no_memory(struct making *b)
{
    return error_set(b->err, GS_SYSTEM, "no memory for the report of '%s'", b->scenario->name);
}

/* A value that is no estimate. */
static struct interval plain(double value, size_t n)
{
    return (struct interval){value, NAN, NAN, n};
}

double elapsed_s(const struct tally *t)
{
    return (double)(t->to_ns - t->from_ns) / NS_PER_S;
}

/* The 64-bit counter or time at `offset` of a group's tally. */
static double counter(const struct group_tally *g, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)g + offset, sizeof value);
    return (double)value;
}
#define AT(member) offsetof(struct group_tally, member)

static struct interval group_sum(const struct making *b, size_t group, size_t offset)
{
    double sum = 0;
    for (size_t r = 0; r < b->count; r++)
        sum += counter(&b->tally[r]->group[group], offset);
    return plain(sum, b->count);
}

static double total(const struct group_tally *g, size_t offset)
{
    double value;
    memcpy(&value, (const char *)g + offset, sizeof value);
    return value;
}

/* A sum of nanoseconds, in seconds for each completed burst. */
static struct interval group_mean(const struct making *b, size_t group, size_t offset)
{
    for (size_t r = 0; r < b->count; r++) {
        const struct group_tally *g = &b->tally[r]->group[group];
        b->x[r] = total(g, offset) / NS_PER_S;
        b->y[r] = (double)g->completed;
    }
    return interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

static struct interval group_slowdown(const struct making *b, size_t group)
{
    for (size_t r = 0; r < b->count; r++) {
        b->x[r] = b->tally[r]->group[group].response_ns;
        b->y[r] = b->tally[r]->group[group].alone_ns;
    }
    return interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

/* p50, p95, p99 and maximum of the sketch at `offset`, whose values count 1 / `unit`. */
static void group_quantiles(const struct making *b, size_t group, size_t offset, double unit,
                            struct interval stat[STATS])
{
    static const double q[STATS] = {[STAT_P50] = 0.50, [STAT_P95] = 0.95, [STAT_P99] = 0.99};
    double greatest = 0;
    size_t n = 0;
    for (int s = STAT_P50; s <= STAT_P99; s++) {
        n = 0;
        for (size_t r = 0; r < b->count; r++) {
            struct sketch *sketch = (struct sketch *)((char *)&b->tally[r]->group[group] + offset);
            if (sketch->count == 0)
                continue;
            b->x[n++] = sketch_quantile(sketch, q[s]) / unit;
            greatest = fmax(greatest, (double)sketch->max / unit);
        }
        stat[s] = interval_mean(b->x, n, INTERVAL_CONFIDENCE);
    }
    stat[STAT_MAX] = plain(n ? greatest : NAN, n);
}

/* Mean of the last ends, if every replication has one; `group` SIZE_MAX: of the whole run. */
static struct interval makespan(const struct making *b, size_t group)
{
    for (size_t r = 0; r < b->count; r++) {
        gs_ns end_ns = group == SIZE_MAX ? b->tally[r]->makespan_ns : b->tally[r]->group[group].makespan_ns;
        if (end_ns < 0)
            return plain(NAN, 0);
        b->x[r] = (double)end_ns / NS_PER_S;
    }
    return interval_mean(b->x, b->count, INTERVAL_CONFIDENCE);
}

static void build_times(const struct making *b, size_t i, struct report_group *g)
{
    g->response[STAT_MEAN] = group_mean(b, i, AT(response_ns));
    g->alone = group_mean(b, i, AT(alone_ns));
    for (size_t s = 0; s < STALLS; s++)
        g->stall[s] = group_mean(b, i, AT(stall_ns) + s * sizeof(double));
    g->slowdown[STAT_MEAN] = group_slowdown(b, i);
    group_quantiles(b, i, AT(response), NS_PER_S, g->response);
    group_quantiles(b, i, AT(slowdown), SLOWDOWN_ONE, g->slowdown);
    group_quantiles(b, i, AT(ttft), NS_PER_S, g->ttft);
    for (size_t r = 0; r < b->count; r++) {
        const struct sketch *ttft = &b->tally[r]->group[i].ttft;
        b->x[r] = sketch_mean(ttft) * (double)ttft->count / NS_PER_S;
        b->y[r] = (double)ttft->count;
    }
    g->ttft[STAT_MEAN] = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

/* Who was sent off the GPU, and the bytes that were there, or not, when they were wanted. */
static void build_evictions(const struct making *b, size_t i, struct report_group *g)
{
    for (size_t s = 0; s < SERVEDS; s++) {
        g->served_bytes[s] = plain(0, b->count);
        for (size_t r = 0; r < b->count; r++)
            g->served_bytes[s].value += b->tally[r]->group[i].served_bytes[s];
    }
    g->evicted_idle = group_sum(b, i, AT(evicted_idle));
    g->evicted_premature = group_sum(b, i, AT(evicted_premature));
    g->evicted_waiting = group_sum(b, i, AT(evicted_waiting));
    for (size_t r = 0; r < b->count; r++) {
        b->x[r] = (double)b->tally[r]->group[i].evicted_premature;
        b->y[r] = (double)b->tally[r]->group[i].evicted_idle;
    }
    g->premature = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

static void build_group(const struct making *b, size_t i, struct report_group *g)
{
    g->name = b->scenario->workload[i].name;
    g->class = gs_class_name((uint8_t)b->scenario->workload[i].class);
    g->workloads = plain((double)b->tally[0]->group[i].workloads, b->count);
    g->arrived = group_sum(b, i, AT(arrived));
    g->completed = group_sum(b, i, AT(completed));
    g->censored = group_sum(b, i, AT(censored));
    g->rejected = group_sum(b, i, AT(rejected));
    g->oom_kills = group_sum(b, i, AT(oom_kills));
    g->lost = group_sum(b, i, AT(lost));
    g->migrations = group_sum(b, i, AT(migrations));
    for (size_t s = 0; s < SERVEDS; s++)
        g->served[s] = group_sum(b, i, AT(served) + s * sizeof(uint64_t));
    build_evictions(b, i, g);
    build_times(b, i, g);
    g->makespan = makespan(b, i);
    for (size_t r = 0; r < b->count; r++) {
        b->x[r] = (double)b->tally[r]->group[i].completed;
        b->y[r] = elapsed_s(b->tally[r]);
    }
    g->throughput_per_s = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    for (size_t r = 0; r < b->count; r++) {
        b->x[r] = b->tally[r]->group[i].progress_ns;
        b->y[r] = b->tally[r]->group[i].present_ns;
    }
    g->throughput_share = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
}

/* Share of a GPU's time; `part` 0 useful, 1 switching, 2 idle, and 3: switching for each useful second. */
static struct interval gpu_share(const struct making *b, size_t gpu, int part)
{
    double tops = 0;
    for (size_t r = 0; r < b->count; r++) {
        const struct gpu_tally *g = &b->tally[r]->gpu[gpu];
        double spent[] = {(double)g->useful_ns, (double)g->switching_ns, (double)g->idle_ns};
        b->x[r] = spent[part % 3 == 0 && part ? 1 : part];
        b->y[r] = part == 3 ? spent[0] : spent[0] + spent[1] + spent[2];
        tops += b->x[r];
    }
    struct interval share = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    if (part == 3 && isnan(share.value) && tops == 0)
        share.value = 0; /* neither switched nor did anything */
    return share;
}

static void build_gpu(const struct making *b, size_t i, struct report_gpu *g)
{
    g->useful = gpu_share(b, i, 0);
    g->switching = gpu_share(b, i, 1);
    g->idle = gpu_share(b, i, 2);
    g->thrash = gpu_share(b, i, 3);
    double in = 0, out = 0, swaps = 0;
    for (size_t r = 0; r < b->count; r++) {
        const struct gpu_tally *t = &b->tally[r]->gpu[i];
        in += (double)t->swap_in_bytes;
        out += (double)t->swap_out_bytes;
        swaps += (double)t->swaps;
        b->x[r] = t->resident_byte_ns / NS_PER_S;
        b->y[r] = elapsed_s(b->tally[r]);
    }
    g->swap_in_bytes = plain(in, b->count);
    g->swap_out_bytes = plain(out, b->count);
    g->swaps = plain(swaps, b->count);
    g->resident_bytes = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    const struct node_group *node = gpu_group_of(b->scenario, i);
    g->memory = plain(node ? (double)(node->gpu_memory - node->gpu_reserved) : NAN, b->count);
}

static void build_node(const struct making *b, size_t i, struct report_node *n)
{
    double peak = 0, refused = 0;
    for (size_t r = 0; r < b->count; r++) {
        const struct node_tally *t = &b->tally[r]->node[i];
        peak = fmax(peak, (double)t->peak_bytes);
        refused += (double)t->refused_bytes;
        b->x[r] = t->used_byte_ns / NS_PER_S;
        b->y[r] = elapsed_s(b->tally[r]);
    }
    n->peak_bytes = plain(peak, b->count);
    n->refused_bytes = plain(refused, b->count);
    n->mean_bytes = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    const struct node_group *node = node_group_of(b->scenario, i);
    n->cap_bytes = plain(node && node->swap ? (double)node->swap_file : 0, b->count);
}

/* All bursts of a replication, however they are grouped. */
static double all_groups(const struct tally *t, double (*of)(const struct group_tally *g))
{
    double sum = 0;
    for (size_t i = 0; i < t->groups; i++)
        sum += of(&t->group[i]);
    return sum;
}

static double completed_of(const struct group_tally *g)
{
    return (double)g->completed;
}

static double response_of(const struct group_tally *g)
{
    return g->response_ns;
}

/* The least mean response that there could be, and by how much more it was. */
static void build_bounds(const struct making *b, struct report_run *run)
{
    bool bounded = true;
    for (size_t r = 0; r < b->count; r++) {
        bounded = bounded && b->tally[r]->bounded;
        b->x[r] = b->tally[r]->bound_ns / NS_PER_S;
        b->y[r] = all_groups(b->tally[r], completed_of);
    }
    run->response_lower = bounded ? interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE) : plain(NAN, 0);
    for (size_t r = 0; r < b->count; r++) {
        b->y[r] = b->tally[r]->bound_ns;
        b->x[r] = all_groups(b->tally[r], response_of) - b->y[r];
    }
    run->regret = bounded ? interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE) : plain(NAN, 0);
}

static void build_run(const struct making *b, struct report_run *run)
{
    double events = 0, elapsed = 0, simulated = 0, warmup = 0;
    for (size_t r = 0; r < b->count; r++) {
        events += (double)b->tally[r]->events;
        elapsed += elapsed_s(b->tally[r]);
        simulated += (double)b->tally[r]->to_ns / NS_PER_S;
        warmup += (double)b->tally[r]->from_ns / NS_PER_S;
    }
    run->replications = plain((double)b->count, b->count);
    run->events = plain(events, b->count);
    run->elapsed = plain(elapsed, b->count);
    run->simulated = plain(simulated / (double)b->count, b->count);
    run->warmup = plain(warmup / (double)b->count, b->count);
    run->makespan = makespan(b, SIZE_MAX);
    bool sequential = b->scenario->precision > 0;
    run->precision = plain(sequential ? b->scenario->precision : NAN, b->count);
    run->max_replications = plain(sequential ? (double)b->scenario->max_replications : NAN, b->count);
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        double faults = 0;
        for (size_t r = 0; r < b->count; r++)
            faults += (double)b->tally[r]->faults[slot];
        run->faults[slot] = plain(faults, b->count);
    }
    build_bounds(b, run);
    run->wall = plain(floor(b->about->wall_s * 100 + 0.5) / 100, b->count);
}

/* Leave out what was interrupted, and make room. */
static int prepare(struct making *b, struct tally *const *tally, size_t count)
{
    struct report *r = b->report;
    b->tally = arena_array(b->arena, count + 1, sizeof *b->tally);
    b->x = arena_array(b->arena, count + 1, sizeof *b->x);
    b->y = arena_array(b->arena, count + 1, sizeof *b->y);
    if (!b->tally || !b->x || !b->y)
        return no_memory(b);
    for (size_t i = 0; i < count; i++)
        if (!tally[i]->interrupted)
            b->tally[b->count++] = tally[i];
    if (b->count == 0)
        return error_set(b->err, GS_BUG, "'%s' has no finished replication to report", b->scenario->name);
    r->groups = b->tally[0]->groups;
    r->gpus = b->tally[0]->gpus;
    r->nodes = b->tally[0]->nodes;
    r->slas = b->scenario->slas;
    r->group = arena_array(b->arena, r->groups, sizeof *r->group);
    r->gpu = arena_array(b->arena, r->gpus, sizeof *r->gpu);
    r->node = arena_array(b->arena, r->nodes, sizeof *r->node);
    r->sla = arena_array(b->arena, r->slas, sizeof *r->sla);
    return r->group && r->gpu && r->node && r->sla ? GS_OK : no_memory(b);
}

/* Student's interval is symmetric and may reach below 0, where no number of a report can be. */
static int end_at_zero(void *unused, const char *scope, const char *name, const char *metric, struct interval *value)
{
    (void)unused, (void)scope, (void)name, (void)metric;
    if (value->low < 0)
        value->low = 0;
    return GS_OK;
}

int report_build(struct report *report, const struct scenario *scenario, struct tally *const *tally, size_t count,
                 const struct report_about *about, struct arena *arena, struct error *err)
{
    *report = (struct report){0};
    struct making b = {.report = report, .scenario = scenario, .about = about, .arena = arena, .err = err};
    int rc = prepare(&b, tally, count);
    if (rc != GS_OK)
        return rc;
    build_run(&b, &report->run);
    report->is_random = scenario_is_random(scenario);
    for (size_t i = 0; i < report->groups; i++)
        build_group(&b, i, &report->group[i]);
    for (size_t i = 0; i < report->gpus; i++)
        build_gpu(&b, i, &report->gpu[i]);
    for (size_t i = 0; i < report->nodes; i++)
        build_node(&b, i, &report->node[i]);
    make_fairness(&b);
    make_batches(&b);
    make_unended(&b);
    make_refused(&b);
    if ((rc = make_labels(&b)) != GS_OK || (rc = make_slas(&b)) != GS_OK)
        return rc;
    report_each(report, end_at_zero, NULL);
    for (size_t i = 0; i < report->slas; i++) {
        end_at_zero(NULL, "sla", "", "", &report->sla[i].value);
        end_at_zero(NULL, "sla", "", "", &report->sla[i].goodput_per_s);
    }
    return make_advice(&b);
}

double report_faults(const struct report *report)
{
    double sum = 0;
    for (int slot = 0; slot < GS_SLOTS; slot++)
        sum += isnan(report->run.faults[slot].value) ? 0 : report->run.faults[slot].value;
    return sum;
}

const char *report_policy(const struct report *r, enum gs_slot slot)
{
    const char *const name[GS_SLOTS] = {
        [GS_SLOT_VICTIM] = r->victim,     [GS_SLOT_SLICER] = r->slicer, [GS_SLOT_CAP] = r->cap,
        [GS_SLOT_PREFETCH] = r->prefetch, [GS_SLOT_PLACE] = r->place,
    };
    return name[slot];
}

bool report_sla_met(const struct report *report)
{
    for (size_t i = 0; i < report->slas; i++)
        if (!report->sla[i].met)
            return false;
    return true;
}
