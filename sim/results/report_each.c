/* report_each.c - walk all numbers of a report under the names that they bear in the database and in CSV. */
#include "sim/results/report.h"

#include <stddef.h>
#include <string.h>

struct field {
    const char *name;
    size_t offset;
};
#define FIELD(type, name, member)                                                                                      \
    {                                                                                                                  \
        name, offsetof(struct type, member)                                                                            \
    }
#define RUN(name, member) FIELD(report_run, name, member)
#define GROUP(name, member) FIELD(report_group, name, member)
#define GPU(name, member) FIELD(report_gpu, name, member)
#define NODE(name, member) FIELD(report_node, name, member)

static const struct field run_field[] = {
    RUN("replications", replications),
    RUN("simulated_s", simulated),
    RUN("warmup_s", warmup),
    RUN("elapsed_s", elapsed),
    RUN("makespan_s", makespan),
    RUN("events", events),
    RUN("wall_s", wall),
    RUN("precision", precision),
    RUN("max_replications", max_replications),
    RUN("policy_faults_victim", faults[GS_SLOT_VICTIM]),
    RUN("policy_faults_slicer", faults[GS_SLOT_SLICER]),
    RUN("policy_faults_cap", faults[GS_SLOT_CAP]),
    RUN("policy_faults_prefetch", faults[GS_SLOT_PREFETCH]),
    RUN("policy_faults_place", faults[GS_SLOT_PLACE]),
    RUN("response_mean_s_lower", response_lower),
    RUN("regret", regret),
    {NULL, 0},
};

static const struct field group_field[] = {
    GROUP("workloads", workloads),
    GROUP("arrived", arrived),
    GROUP("completed", completed),
    GROUP("censored", censored),
    GROUP("rejected", rejected),
    GROUP("oom_kills", oom_kills),
    GROUP("lost", lost),
    GROUP("migrations", migrations),
    GROUP("response_mean_s", response[STAT_MEAN]),
    GROUP("response_p50_s", response[STAT_P50]),
    GROUP("response_p95_s", response[STAT_P95]),
    GROUP("response_p99_s", response[STAT_P99]),
    GROUP("response_max_s", response[STAT_MAX]),
    GROUP("slowdown_mean", slowdown[STAT_MEAN]),
    GROUP("slowdown_p50", slowdown[STAT_P50]),
    GROUP("slowdown_p95", slowdown[STAT_P95]),
    GROUP("slowdown_p99", slowdown[STAT_P99]),
    GROUP("slowdown_max", slowdown[STAT_MAX]),
    GROUP("ttft_mean_s", ttft[STAT_MEAN]),
    GROUP("ttft_p50_s", ttft[STAT_P50]),
    GROUP("ttft_p95_s", ttft[STAT_P95]),
    GROUP("ttft_p99_s", ttft[STAT_P99]),
    GROUP("ttft_max_s", ttft[STAT_MAX]),
    GROUP("alone_s", alone),
    GROUP("stall_queue_s", stall[STALL_QUEUE]),
    GROUP("stall_swap_out_s", stall[STALL_SWAP_OUT]),
    GROUP("stall_swap_in_s", stall[STALL_SWAP_IN]),
    GROUP("stall_cap_s", stall[STALL_CAP]),
    GROUP("stall_preempted_s", stall[STALL_PREEMPTED]),
    GROUP("stall_detect_s", stall[STALL_DETECT]),
    GROUP("stall_cold_s", stall[STALL_COLD]),
    GROUP("throughput_per_s", throughput_per_s),
    GROUP("throughput_share", throughput_share),
    GROUP("makespan_s", makespan),
    GROUP("served_hot", served[SERVED_HOT]),
    GROUP("served_warm", served[SERVED_WARM]),
    GROUP("served_cold", served[SERVED_COLD]),
    GROUP("served_hot_bytes", served_bytes[SERVED_HOT]),
    GROUP("served_warm_bytes", served_bytes[SERVED_WARM]),
    GROUP("served_cold_bytes", served_bytes[SERVED_COLD]),
    GROUP("evicted_idle", evicted_idle),
    GROUP("evicted_premature", evicted_premature),
    GROUP("evicted_waiting", evicted_waiting),
    GROUP("premature_share", premature),
    GROUP("fairness_jain", jain),
    GROUP("fairness_share_min", share_least),
    GROUP("fairness_share_max", share_most),
    GROUP("batches", batches),
    GROUP("batch_size", batch_size),
    GROUP("batch_correlation", batch_correlation),
    GROUP("unended_age_p50_s", unended_p50),
    GROUP("unended_age_max_s", unended_max),
    GROUP("unended_stall_queue_s", unended_stall[STALL_QUEUE]),
    GROUP("unended_stall_swap_out_s", unended_stall[STALL_SWAP_OUT]),
    GROUP("unended_stall_swap_in_s", unended_stall[STALL_SWAP_IN]),
    GROUP("unended_stall_cap_s", unended_stall[STALL_CAP]),
    GROUP("unended_stall_preempted_s", unended_stall[STALL_PREEMPTED]),
    GROUP("unended_stall_detect_s", unended_stall[STALL_DETECT]),
    GROUP("unended_stall_cold_s", unended_stall[STALL_COLD]),
    GROUP("stuck", stuck),
    GROUP("waiting_max_s", waiting_max),
    GROUP("waiting_queue_s", waiting[STALL_QUEUE]),
    GROUP("waiting_swap_out_s", waiting[STALL_SWAP_OUT]),
    GROUP("waiting_swap_in_s", waiting[STALL_SWAP_IN]),
    GROUP("waiting_cap_s", waiting[STALL_CAP]),
    GROUP("waiting_preempted_s", waiting[STALL_PREEMPTED]),
    GROUP("waiting_detect_s", waiting[STALL_DETECT]),
    GROUP("waiting_cold_s", waiting[STALL_COLD]),
    GROUP("waiting_memory_s", waiting_memory),
    GROUP("refused", refused),
    GROUP("refused_pool", refused_by[REFUSED_POOL]),
    GROUP("refused_seats", refused_by[REFUSED_SEATS]),
    GROUP("refused_reserve", refused_by[REFUSED_RESERVE]),
    GROUP("refused_set", refused_by[REFUSED_SET]),
    GROUP("refused_cap", refused_by[REFUSED_CAP]),
    GROUP("refused_large", refused_by[REFUSED_LARGE]),
    GROUP("refused_wide", refused_by[REFUSED_WIDE]),
    GROUP("refused_apart", refused_by[REFUSED_APART]),
    GROUP("recorded", recorded),
    GROUP("unreached", unreached),
    {NULL, 0},
};

static const struct field gpu_field[] = {
    GPU("useful", useful),
    GPU("switching", switching),
    GPU("idle", idle),
    GPU("swap_in_bytes", swap_in_bytes),
    GPU("swap_out_bytes", swap_out_bytes),
    GPU("swaps", swaps),
    GPU("resident_bytes_mean", resident_bytes),
    GPU("thrash_index", thrash),
    GPU("memory_bytes", memory),
    {NULL, 0},
};

static const struct field node_field[] = {
    NODE("cap_bytes", cap_bytes),
    NODE("peak_bytes", peak_bytes),
    NODE("mean_bytes", mean_bytes),
    NODE("refused_bytes", refused_bytes),
    {NULL, 0},
};

struct walk {
    int (*visit)(void *context, const char *scope, const char *name, const char *metric, struct interval *value);
    void *context;
};

static int fields(const struct walk *w, const char *scope, const char *name, const struct field *field, void *record)
{
    for (; field->name; field++) {
        struct interval *value = (struct interval *)(void *)((char *)record + field->offset);
        int rc = w->visit(w->context, scope, name, field->name, value);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

int report_each(struct report *report,
                int (*visit)(void *context, const char *scope, const char *name, const char *metric,
                             struct interval *value),
                void *context)
{
    struct walk w = {visit, context};
    int rc = fields(&w, "run", "", run_field, &report->run);
    for (size_t i = 0; i < report->groups && rc == GS_OK; i++)
        rc = fields(&w, "group", report->group[i].name, group_field, &report->group[i]);
    for (size_t i = 0; i < report->gpus && rc == GS_OK; i++)
        rc = fields(&w, "gpu", report->gpu[i].id, gpu_field, &report->gpu[i]);
    for (size_t i = 0; i < report->nodes && rc == GS_OK; i++)
        rc = fields(&w, "node", report->node[i].id, node_field, &report->node[i]);
    return rc;
}

const char *report_metric(const char *scope, size_t i)
{
    static const struct {
        const char *scope;
        const struct field *field;
        size_t fields;
    } table[] = {
        {"run", run_field, sizeof run_field / sizeof run_field[0]},
        {"group", group_field, sizeof group_field / sizeof group_field[0]},
        {"gpu", gpu_field, sizeof gpu_field / sizeof gpu_field[0]},
        {"node", node_field, sizeof node_field / sizeof node_field[0]},
    };
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++)
        if (strcmp(scope, table[t].scope) == 0)
            return i < table[t].fields ? table[t].field[i].name : NULL;
    return NULL;
}
