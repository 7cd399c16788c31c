/* report_json.c - the report as JSON: keys and their order are a promise to scripts (docs/results.md). */
#include "sim/results/json.h"
#include "sim/results/report.h"

#include <math.h>

static void quantiles(struct text *out, const char *key, const struct interval stat[STATS], bool with_bounds)
{
    text_printf(out, ",\n   \"%s\":{", key);
    json_number(out, "", "mean", stat[STAT_MEAN].value);
    if (with_bounds)
        json_bounds(out, "mean_ci95", &stat[STAT_MEAN]);
    json_number(out, ",", "p50", stat[STAT_P50].value);
    json_number(out, ",", "p95", stat[STAT_P95].value);
    if (with_bounds)
        json_bounds(out, "p95_ci95", &stat[STAT_P95]);
    json_number(out, ",", "p99", stat[STAT_P99].value);
    json_number(out, ",", "max", stat[STAT_MAX].value);
    text_add(out, "}");
}

/* Who is served how well, who was sent away, and what the intervals of a single replication stand on. */
static void fairness(struct text *out, const struct report_group *g)
{
    text_add(out, ",\n   \"fairness\":");
    json_number(out, "{", "jain", g->jain.value);
    json_bounds(out, "jain_ci95", &g->jain);
    json_number(out, ",", "share_min", g->share_least.value);
    json_number(out, ",", "share_max", g->share_most.value);
    text_add(out, "},\"evictions\":");
    json_number(out, "{", "idle", g->evicted_idle.value);
    json_number(out, ",", "premature", g->evicted_premature.value);
    json_number(out, ",", "premature_share", g->premature.value);
    json_number(out, ",", "waiting", g->evicted_waiting.value);
    text_add(out, "},\"served_bytes\":");
    json_number(out, "{", "hot", g->served_bytes[SERVED_HOT].value);
    json_number(out, ",", "warm", g->served_bytes[SERVED_WARM].value);
    json_number(out, ",", "cold", g->served_bytes[SERVED_COLD].value);
    text_add(out, "}");
    if (isnan(g->batches.value)) {
        text_add(out, ",\"batches\":null");
        return;
    }
    text_add(out, ",\"batches\":");
    json_number(out, "{", "count", g->batches.value);
    json_number(out, ",", "size", g->batch_size.value);
    json_number(out, ",", "correlation", g->batch_correlation.value);
    text_add(out, "}");
}

static void group(struct text *out, const struct report_group *g)
{
    json_text(out, "{", "name", g->name);
    json_text(out, ",", "class", g->class);
    json_number(out, ",", "workloads", g->workloads.value);
    json_number(out, ",", "completed", g->completed.value);
    json_number(out, ",", "censored", g->censored.value);
    quantiles(out, "response_s", g->response, true);
    quantiles(out, "slowdown", g->slowdown, false);
    if (isnan(g->ttft[STAT_P50].value))
        text_add(out, ",\n   \"ttft_s\":null");
    else
        quantiles(out, "ttft_s", g->ttft, true);
    text_add(out, ",\n   \"stall_s\":");
    for (int s = 0; s < STALLS; s++)
        json_number(out, s ? "," : "{", stall_name[s], g->stall[s].value);
    text_add(out, "}");
    json_number(out, ",\n   ", "throughput_per_s", g->throughput_per_s.value);
    json_number(out, ",", "throughput_share", g->throughput_share.value);
    json_number(out, ",", "makespan_s", g->makespan.value);
    text_add(out, ",\n   \"served\":");
    json_number(out, "{", "hot", g->served[SERVED_HOT].value);
    json_number(out, ",", "warm", g->served[SERVED_WARM].value);
    json_number(out, ",", "cold", g->served[SERVED_COLD].value);
    json_number(out, "},", "oom_kills", g->oom_kills.value);
    json_number(out, ",", "rejected", g->rejected.value);
    json_number(out, ",", "lost", g->lost.value);
    json_number(out, ",", "migrations", g->migrations.value);
    json_number(out, ",\n   \"unended_age_s\":{", "p50", g->unended_p50.value);
    json_number(out, ",", "max", g->unended_max.value);
    text_add(out, "},\"unended_stall_s\":");
    for (int s = 0; s < STALLS; s++)
        json_number(out, s ? "," : "{", stall_name[s], g->unended_stall[s].value);
    json_number(out, "},", "stuck", g->stuck.value);
    json_number(out, ",", "waiting_max_s", g->waiting_max.value);
    fairness(out, g);
    json_number(out, ",\n   ", "refused", g->refused.value);
    json_number(out, ",", "recorded", g->recorded.value);
    json_number(out, ",", "unreached", g->unreached.value);
    text_add(out, "}");
}

static void gpu(struct text *out, const struct report_gpu *g)
{
    json_text(out, "{", "id", g->id);
    json_number(out, ",", "useful", g->useful.value);
    json_number(out, ",", "switching", g->switching.value);
    json_number(out, ",", "idle", g->idle.value);
    json_number(out, ",", "swap_in_bytes", g->swap_in_bytes.value);
    json_number(out, ",", "swap_out_bytes", g->swap_out_bytes.value);
    json_number(out, ",", "swaps", g->swaps.value);
    json_number(out, ",", "resident_bytes_mean", g->resident_bytes.value);
    json_number(out, ",", "thrash_index", g->thrash.value);
    text_add(out, "}");
}

static void swap_file(struct text *out, const struct report_node *n)
{
    json_text(out, "{", "node", n->id);
    json_number(out, ",", "cap_bytes", n->cap_bytes.value);
    json_number(out, ",", "peak_bytes", n->peak_bytes.value);
    json_number(out, ",", "mean_bytes", n->mean_bytes.value);
    json_number(out, ",", "refused_bytes", n->refused_bytes.value);
    text_add(out, "}");
}

static void promise(struct text *out, const struct report_sla *s)
{
    json_text(out, "{", "name", s->name);
    json_text(out, ",", "group", s->group);
    if (!s->group)
        json_text(out, ",", "class", s->class);
    json_text(out, ",", "metric", s->metric);
    json_number(out, ",", "target", s->target);
    json_number(out, ",", "value", s->value.value);
    json_bounds(out, "ci95", &s->value);
    text_printf(out, ",\"met\":%s", s->met ? "true" : "false");
    json_number(out, ",", "attainment", s->attainment);
    json_text(out, ",", "missed", s->missed);
    json_number(out, ",", "alone", s->alone);
    json_number(out, ",", "goodput_per_s", s->goodput_per_s.value);
    json_bounds(out, "goodput_ci95", &s->goodput_per_s);
    text_add(out, "}");
}

/* Slots whose policy gave answers that were none. */
static void faults(struct text *out, const struct report *r)
{
    const char *comma = "";
    text_add(out, ",\"policy_faults\":{");
    for (int slot = 0; slot < GS_SLOTS; slot++)
        if (r->run.faults[slot].value > 0) {
            json_number(out, comma, gs_slot_name((enum gs_slot)slot), r->run.faults[slot].value);
            comma = ",";
        }
    text_add(out, "}");
}

static void precision(struct text *out, const struct report *r)
{
    struct report_precision is = report_precision(r);
    json_number(out, ",\n \"precision\":{", "wanted", r->run.precision.value);
    json_number(out, ",", "half_width", is.half_width);
    json_text(out, ",", "name", is.name);
    json_text(out, ",", "metric", is.metric);
    json_number(out, ",", "max_replications", r->run.max_replications.value);
    text_printf(out, ",\"met\":%s}", isnan(r->run.precision.value) ? "null" : is.met ? "true" : "false");
}

void report_json_policy(struct text *out, const char *comma, const struct report *r)
{
    text_printf(out, "%s\"policy\":", comma);
    json_text(out, "{", "victim", r->victim);
    json_text(out, ",", "slicer", r->slicer);
    json_text(out, ",", "cap", r->cap);
    json_text(out, ",", "prefetch", r->prefetch);
    json_text(out, ",", "place", r->place);
    text_printf(out, ",\"parameters\":{%s}}", r->parameters);
}

void report_json(struct text *out, const struct report *r)
{
    json_text(out, "{", "scenario", r->scenario);
    json_text(out, ",", "version", r->version);
    json_text(out, ",", "provenance", r->provenance);
    if (r->device) {
        json_text(out, ",", "device", r->device);
        text_printf(out, ",\"interrupted\":%s", r->interrupted ? "true" : "false");
    }
    text_printf(out, ",\"seed\":%llu", (unsigned long long)r->seed);
    json_number(out, ",", "replications", r->run.replications.value);
    report_json_policy(out, ",\n ", r);
    faults(out, r);
    json_number(out, ",\n ", "simulated_s", r->run.simulated.value);
    json_number(out, ",", "warmup_s", r->run.warmup.value);
    json_number(out, ",", "makespan_s", r->run.makespan.value);
    json_number(out, ",", "events", r->run.events.value);
    json_number(out, ",", "wall_s", r->run.wall.value);
    precision(out, r);
    text_add(out, ",\n \"groups\":[");
    for (size_t i = 0; i < r->groups; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        group(out, &r->group[i]);
    }
    text_add(out, "],\n \"gpus\":[");
    for (size_t i = 0; i < r->gpus; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        gpu(out, &r->gpu[i]);
    }
    text_add(out, "],\n \"swap_files\":[");
    for (size_t i = 0; i < r->nodes; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        swap_file(out, &r->node[i]);
    }
    text_add(out, "],\n \"sla\":[");
    for (size_t i = 0; i < r->slas; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        promise(out, &r->sla[i]);
    }
    json_number(out, "],\n \"bounds\":{", "response_mean_s_lower", r->run.response_lower.value);
    json_number(out, ",", "regret", r->run.regret.value);
    text_add(out, "}}\n");
}
