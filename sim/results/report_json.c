/* report_json.c - the report as JSON: keys and their order are a promise to scripts (docs/results.md). */
#include "sim/results/report.h"

#include <math.h>

/* `"key":number` after a comma, if it is not the first. */
static void number(struct text *out, const char *comma, const char *key, double value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_number(out, value);
}

static void string(struct text *out, const char *comma, const char *key, const char *value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_json_string(out, value);
}

static void bounds(struct text *out, const char *key, const struct interval *value)
{
    text_printf(out, ",\"%s\":", key);
    if (isnan(value->low)) {
        text_add(out, "null");
        return;
    }
    text_add(out, "[");
    text_number(out, value->low);
    text_add(out, ",");
    text_number(out, value->high);
    text_add(out, "]");
}

static void quantiles(struct text *out, const char *key, const struct interval stat[STATS], bool with_bounds)
{
    text_printf(out, ",\n   \"%s\":{", key);
    number(out, "", "mean", stat[STAT_MEAN].value);
    if (with_bounds)
        bounds(out, "mean_ci95", &stat[STAT_MEAN]);
    number(out, ",", "p50", stat[STAT_P50].value);
    number(out, ",", "p95", stat[STAT_P95].value);
    if (with_bounds)
        bounds(out, "p95_ci95", &stat[STAT_P95]);
    number(out, ",", "p99", stat[STAT_P99].value);
    number(out, ",", "max", stat[STAT_MAX].value);
    text_add(out, "}");
}

static void group(struct text *out, const struct report_group *g)
{
    string(out, "{", "name", g->name);
    string(out, ",", "class", g->class);
    number(out, ",", "workloads", g->workloads.value);
    number(out, ",", "completed", g->completed.value);
    number(out, ",", "censored", g->censored.value);
    quantiles(out, "response_s", g->response, true);
    quantiles(out, "slowdown", g->slowdown, false);
    if (isnan(g->ttft[STAT_P50].value))
        text_add(out, ",\n   \"ttft_s\":null");
    else
        quantiles(out, "ttft_s", g->ttft, true);
    text_add(out, ",\n   \"stall_s\":");
    for (int s = 0; s < STALLS; s++)
        number(out, s ? "," : "{", stall_name[s], g->stall[s].value);
    text_add(out, "}");
    number(out, ",\n   ", "throughput_per_s", g->throughput_per_s.value);
    number(out, ",", "throughput_share", g->throughput_share.value);
    number(out, ",", "makespan_s", g->makespan.value);
    text_add(out, ",\n   \"served\":");
    number(out, "{", "hot", g->served[SERVED_HOT].value);
    number(out, ",", "warm", g->served[SERVED_WARM].value);
    number(out, ",", "cold", g->served[SERVED_COLD].value);
    number(out, "},", "oom_kills", g->oom_kills.value);
    number(out, ",", "rejected", g->rejected.value);
    number(out, ",", "migrations", g->migrations.value);
    number(out, ",\n   \"unended_age_s\":{", "p50", g->unended_p50.value);
    number(out, ",", "max", g->unended_max.value);
    text_add(out, "},\"unended_stall_s\":");
    for (int s = 0; s < STALLS; s++)
        number(out, s ? "," : "{", stall_name[s], g->unended_stall[s].value);
    number(out, "},", "stuck", g->stuck.value);
    number(out, ",", "waiting_max_s", g->waiting_max.value);
    number(out, ",\n   ", "refused", g->refused.value);
    number(out, ",", "recorded", g->recorded.value);
    number(out, ",", "unreached", g->unreached.value);
    text_add(out, "}");
}

static void gpu(struct text *out, const struct report_gpu *g)
{
    string(out, "{", "id", g->id);
    number(out, ",", "useful", g->useful.value);
    number(out, ",", "switching", g->switching.value);
    number(out, ",", "idle", g->idle.value);
    number(out, ",", "swap_in_bytes", g->swap_in_bytes.value);
    number(out, ",", "swap_out_bytes", g->swap_out_bytes.value);
    number(out, ",", "swaps", g->swaps.value);
    number(out, ",", "resident_bytes_mean", g->resident_bytes.value);
    number(out, ",", "thrash_index", g->thrash.value);
    text_add(out, "}");
}

static void swap_file(struct text *out, const struct report_node *n)
{
    string(out, "{", "node", n->id);
    number(out, ",", "cap_bytes", n->cap_bytes.value);
    number(out, ",", "peak_bytes", n->peak_bytes.value);
    number(out, ",", "mean_bytes", n->mean_bytes.value);
    number(out, ",", "refused_bytes", n->refused_bytes.value);
    text_add(out, "}");
}

static void promise(struct text *out, const struct report_sla *s)
{
    string(out, "{", "name", s->name);
    string(out, ",", "group", s->group);
    if (!s->group)
        string(out, ",", "class", s->class);
    string(out, ",", "metric", s->metric);
    number(out, ",", "target", s->target);
    number(out, ",", "value", s->value.value);
    bounds(out, "ci95", &s->value);
    text_printf(out, ",\"met\":%s", s->met ? "true" : "false");
    number(out, ",", "attainment", s->attainment);
    string(out, ",", "missed", s->missed);
    number(out, ",", "alone", s->alone);
    text_add(out, "}");
}

/* Slots whose policy gave answers that were none. */
static void faults(struct text *out, const struct report *r)
{
    const char *comma = "";
    text_add(out, ",\"policy_faults\":{");
    for (int slot = 0; slot < GS_SLOTS; slot++)
        if (r->run.faults[slot].value > 0) {
            number(out, comma, gs_slot_name((enum gs_slot)slot), r->run.faults[slot].value);
            comma = ",";
        }
    text_add(out, "}");
}

void report_json(struct text *out, const struct report *r)
{
    string(out, "{", "scenario", r->scenario);
    string(out, ",", "version", r->version);
    string(out, ",", "provenance", r->provenance);
    text_printf(out, ",\"seed\":%llu", (unsigned long long)r->seed);
    number(out, ",", "replications", r->run.replications.value);
    string(out, ",\n \"policy\":{", "victim", r->victim);
    string(out, ",", "slicer", r->slicer);
    string(out, ",", "cap", r->cap);
    string(out, ",", "prefetch", r->prefetch);
    string(out, ",", "place", r->place);
    text_printf(out, ",\"parameters\":{%s}}", r->parameters);
    faults(out, r);
    number(out, ",\n ", "simulated_s", r->run.simulated.value);
    number(out, ",", "warmup_s", r->run.warmup.value);
    number(out, ",", "makespan_s", r->run.makespan.value);
    number(out, ",", "events", r->run.events.value);
    number(out, ",", "wall_s", r->run.wall.value);
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
    number(out, "],\n \"bounds\":{", "response_mean_s_lower", r->run.response_lower.value);
    number(out, ",", "regret", r->run.regret.value);
    text_add(out, "}}\n");
}
