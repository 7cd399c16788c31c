/* recorder_refused.c - a workload was refused when it arrived: why, and how large a GPU it would have needed; or a request,
 * as too many waited already. */
#include "sim/run/recorder_state.h"

/* Memory of a GPU that would take the workload, or its share of the workload, by itself. */
static int64_t needs_bytes(const struct gs_node_spec *node, const struct gs_workload_spec *spec)
{
    int64_t reserved = node->reserved_bytes + node->reserved_per_workload_bytes;
    int64_t bytes = spec->gpus > 1 ? (spec->bytes + spec->gpus - 1) / spec->gpus : spec->bytes;
    int64_t with_reserve = bytes + (spec->context_bytes > reserved ? spec->context_bytes : reserved);
    double by_limit = spec->limit > 0 ? (double)bytes / spec->limit : 0;

    return by_limit > (double)with_reserve ? (int64_t)(by_limit + 1) : with_reserve;
}

/* Would the GPU take it, as it is used now? */
static bool has_room(const struct gs_gpu *g, const struct gs_node_spec *node, const struct gs_workload_spec *spec)
{
    int64_t reserved = node->reserved_bytes + node->reserved_per_workload_bytes * (int64_t)(g->attached + 1);
    int64_t width = spec->gpus > 1 ? spec->gpus : 1, bytes = (spec->bytes + width - 1) / width;

    return g->width == width && g->attached < node->max_workloads_per_gpu && bytes + reserved <= node->gpu_bytes &&
           bytes + spec->context_bytes <= g->capacity_bytes / width && !(spec->never_on_swap_node && node->swap);
}

/* What kept one GPU from taking it, or from leading those that would. */
static enum refusal obstacle(const struct recorder *rec, uint32_t gpu, const struct gs_workload_spec *spec)
{
    const struct gs_gpu *g = &rec->setup.view->gpu[gpu];
    const struct gs_node_spec *node = &rec->setup.setup->node[g->node];

    if (spec->pools != NULL && !spec->pools[node->pool])
        return has_room(g, node, spec) ? REFUSED_POOL : REFUSED_APART;
    if (spec->never_on_swap_node && node->swap)
        return REFUSED_APART;
    if (node->gpus < spec->gpus)
        return REFUSED_WIDE;
    if (needs_bytes(node, spec) > node->gpu_bytes)
        return REFUSED_LARGE;
    if (g->width != (spec->gpus > 1 ? spec->gpus : 1))
        return REFUSED_SET;
    return g->attached >= node->max_workloads_per_gpu ? REFUSED_SEATS : REFUSED_RESERVE;
}

void recorder_refused(struct recorder *rec, uint32_t workload, uint8_t reason, gs_ns at_ns)
{
    const struct gs_workload_spec *spec = &rec->setup.setup->workload[workload];
    struct group_tally *g = &rec->tally.group[spec->group];
    enum refusal why = reason == GS_BECAUSE_CAP ? REFUSED_CAP : REFUSED_APART;
    int64_t needs = INT64_MAX;

    for (uint32_t gpu = 0; gpu < rec->tally.gpus; gpu++) {
        enum refusal here = obstacle(rec, gpu, spec);
        int64_t needs_here = needs_bytes(&rec->setup.setup->node[rec->setup.view->gpu[gpu].node], spec);
        why = here < why && reason != GS_BECAUSE_CAP ? here : why;
        needs = here != REFUSED_APART && needs_here < needs ? needs_here : needs;
    }
    rec->watch[workload].attached_ns = at_ns;
    rec->watch[workload].refused = true;
    g->rejected++;
    g->refused[why]++;
    if (needs < INT64_MAX && needs > g->refused_needs_bytes)
        g->refused_needs_bytes = needs;
}

/* It was never among those that wait, so nothing of its workload changes. */
void recorder_turned_away(struct recorder *rec, struct job *job)
{
    static const gs_ns stall_ns[STALLS];
    struct watch *w = &rec->watch[job->workload];

    rec->tally.events++;
    if (job->ready_ns < rec->setup.warmup_ns)
        return;
    w->arrived++;
    group_of(rec, w)->rejected++;
    job->served = served_from(rec, job->workload);
    if (rec->rows.bursts)
        rows_burst(rec, job, job->ready_ns, 0, stall_ns, OUTCOME_REJECTED);
}
