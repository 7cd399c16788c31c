/* recorder_memory.c - bytes over time: what each GPU holds, what each node's swap file holds. */
#include "sim/run/recorder_state.h"

/* Where transfers overlap, a workload on its way in and those that make room for it are both on the books: together they
 * hold what the GPU has. */
void recorder_gpu_until(struct recorder *rec, uint32_t gpu, gs_ns now_ns)
{
    const struct gpu_watch *lead = &rec->gpu[rec->gpu[gpu].lead];
    const struct gs_node_spec *node = &rec->setup.setup->node[rec->setup.view->gpu[gpu].node];
    double usable = (double)(node->gpu_bytes - node->reserved_bytes);
    double resident = (double)lead->resident_bytes / lead->width;

    resident = resident < usable ? resident : usable;
    for (uint32_t i = rec->gpu[gpu].lead, end = i + lead->width; i < end; i++) {
        struct gpu_watch *g = &rec->gpu[i];
        rec->tally.gpu[i].resident_byte_ns += resident * (double)(now_ns - g->at_ns);
        series_gpu(rec, i, g->at_ns, now_ns, resident);
        g->at_ns = now_ns;
    }
}

/* Of bytes that k GPUs move together, those of the i-th: in all no byte more or less. */
static int64_t share_of(int64_t bytes, uint32_t k, uint32_t i)
{
    return bytes / k + (i < bytes % k);
}

void recorder_moved(struct recorder *rec, const struct gs_command *command, gs_ns now_ns)
{
    uint32_t width = rec->gpu[command->gpu].width;
    bool out = command->kind != GS_SWAP_IN;

    for (uint32_t i = 0; i < width; i++) {
        struct gpu_tally *g = &rec->tally.gpu[command->gpu + i];
        int64_t bytes = share_of(command->moved_bytes, width, i);
        g->swaps += command->kind == GS_SWAP_OUT || (!out && command->moved_bytes > 0);
        *(out ? &g->swap_out_bytes : &g->swap_in_bytes) += bytes;
        series_swap(rec, command->gpu + i, now_ns, out, bytes);
    }
}

/* Sets form and dissolve while nobody is on their GPUs: it is soon enough to notice when one gets a workload. */
void recorder_placed(struct recorder *rec, uint32_t gpu, gs_ns now_ns)
{
    const struct gs_view *view = rec->setup.view;
    const struct gs_node *node = &view->node[view->gpu[gpu].node];

    if (rec->gpu[gpu].width == view->gpu[gpu].width)
        return;
    for (uint32_t i = node->first_gpu; i < node->first_gpu + node->gpus; i++)
        recorder_gpu_until(rec, i, now_ns);
    for (uint32_t i = node->first_gpu; i < node->first_gpu + node->gpus; i++) {
        rec->gpu[i].lead = view->gpu[i].lead;
        rec->gpu[i].width = view->gpu[i].width;
    }
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
