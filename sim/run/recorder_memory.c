/* recorder_memory.c - bytes over time: what each GPU holds, what each node's swap file holds. */
#include "sim/run/recorder_state.h"

/* Where transfers overlap, a workload on its way in and those that make room for it are both on the books: together they
 * hold what the GPU has. */
void recorder_gpu_until(struct recorder *rec, uint32_t gpu, gs_ns now_ns)
{
    struct gpu_watch *g = &rec->gpu[gpu];
    const struct gs_node_spec *node = &rec->setup.setup->node[rec->setup.view->gpu[gpu].node];
    int64_t usable = node->gpu_bytes - node->reserved_bytes;
    double resident = (double)(g->resident_bytes < usable ? g->resident_bytes : usable);

    rec->tally.gpu[gpu].resident_byte_ns += resident * (double)(now_ns - g->at_ns);
    series_gpu(rec, gpu, g->at_ns, now_ns, resident);
    g->at_ns = now_ns;
}

void recorder_node_until(struct recorder *rec, uint32_t node, gs_ns now_ns)
{
    struct node_watch *n = &rec->node[node];

    rec->tally.node[node].used_byte_ns += (double)n->used_bytes * (double)(now_ns - n->at_ns);
    series_node(rec, node, n->at_ns, now_ns, n->used_bytes);
    n->at_ns = now_ns;
}

void recorder_node_changed(struct recorder *rec, uint32_t node, gs_ns now_ns)
{
    int64_t used = rec->setup.view->node[node].swap_used_bytes;

    if (used == rec->node[node].used_bytes)
        return;
    recorder_node_until(rec, node, now_ns);
    rec->node[node].used_bytes = used;
    if (used > rec->tally.node[node].peak_bytes)
        rec->tally.node[node].peak_bytes = used;
}

void recorder_left_gpu(struct recorder *rec, uint32_t workload, int64_t stay_bytes, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    if (w->gpu_bytes == 0)
        return;
    recorder_gpu_until(rec, w->gpu, now_ns);
    rec->gpu[w->gpu].resident_bytes -= w->gpu_bytes - stay_bytes;
    w->gpu_bytes = stay_bytes;
    rows_running(rec, workload, false, now_ns);
    rows_state(rec, workload, GS_ABSENT, now_ns);
}

void recorder_shrunk(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];
    const struct gs_workload *v = &rec->setup.view->workload[workload];

    if (w->gpu_bytes == 0 || v->gpu == GS_NONE || w->gpu_bytes <= v->base_bytes)
        return;
    recorder_gpu_until(rec, v->gpu, now_ns);
    rec->gpu[v->gpu].resident_bytes -= w->gpu_bytes - v->base_bytes;
    w->gpu_bytes = v->base_bytes;
}
