/* check.c - do the books balance?  Every counter against the sum over workloads that it stands for. */
#include "state.h"

struct sums {
    int64_t held, freeing, claimed, context;
    uint32_t attached, residents, in_line, granted, holding;
};

static struct sums sum_gpu(const struct controller *ctl, uint32_t gpu)
{
    struct sums s = {0};

    for (uint32_t i = 0; i < ctl->view.workloads; i++) {
        const struct gs_workload *w = &ctl->workload[i];
        if (w->state == GS_ABSENT || w->gpu != gpu)
            continue;
        s.attached++;
        s.context += w->context_bytes;
        s.held += w->gpu_bytes;
        s.residents += memory_on_gpu(ctl, i);
        s.freeing += w->state == GS_SWAPPING_OUT ? ctl->seat[i].leave_bytes : 0;
        s.claimed += ctl->seat[i].claim_bytes;
        s.in_line += ctl->seat[i].queued;
        s.granted += w->granted;
        s.holding += w->holding;
    }
    return s;
}

/* Lone GPUs lead themselves; of a set the first counts all, and the others have nothing. */
static bool is_in_order(const struct controller *ctl, uint32_t gpu)
{
    const struct gs_gpu *g = &ctl->gpu[gpu], *lead = &ctl->gpu[g->lead];

    if (g->node != lead->node || lead->width == 0 || gpu - g->lead >= lead->width)
        return false;
    return g->lead == gpu ? g->width == 1 || g->attached > 0
                          : g->width == 0 && g->attached == 0 && g->capacity_bytes == 0 && g->free_bytes == 0;
}

static uint32_t length(const struct controller *ctl, const struct line *line)
{
    uint32_t count = 0;

    for (uint32_t i = line->head; i != GS_NONE; i = ctl->seat[i].link[line->link].next)
        count++;
    return count;
}

static const char *check_gpu(const struct controller *ctl, uint32_t gpu)
{
    const struct gs_gpu *g = &ctl->gpu[gpu];
    const struct lane *lane = &ctl->lane[gpu];
    struct sums s = sum_gpu(ctl, gpu);

    if (!is_in_order(ctl, gpu))
        return "a set of GPUs counts others than belong to it";
    if (s.attached != g->attached || s.context != lane->context_bytes)
        return "a GPU counts other workloads than are attached to it";
    if (s.held != g->capacity_bytes - g->free_bytes)
        return "a GPU's free memory is not what its workloads leave";
    if (s.held - s.freeing > g->capacity_bytes && !lane->overdrawn && lane->context_bytes == 0 &&
        ctl->setup->node[g->node].reserved_per_workload_bytes == 0)
        return "workloads hold more than a GPU's memory";
    if (s.freeing != lane->freeing_bytes || s.claimed != lane->claimed_bytes)
        return "memory promised or being freed is miscounted";
    if (s.residents != g->residents || s.residents != length(ctl, &lane->residents))
        return "the list of residents does not hold the residents";
    if (s.in_line != length(ctl, &lane->waiting))
        return "the run queue does not hold those who wait";
    if (s.granted != g->running)
        return "a GPU counts others than those that run on it";
    if (s.holding != g->holders)
        return "a GPU counts others than those whose turn it is";
    for (uint32_t i = 0; i < g->holders; i++)
        if (!ctl->workload[lane->holder[i]].wants || !ctl->workload[lane->holder[i]].holding)
            return "a workload that wants nothing has the turn";
    return NULL;
}

static const char *check_node(const struct controller *ctl, uint32_t node)
{
    const struct gs_node *n = &ctl->node[node];
    int64_t used = 0;

    for (uint32_t i = 0; i < ctl->view.workloads; i++)
        if (ctl->workload[i].state != GS_ABSENT && ctl->workload[i].node == node)
            used += ctl->workload[i].host_bytes - ctl->seat[i].lent_bytes;
    if (used != n->swap_used_bytes)
        return "the use of a swap file is not the sum of what lies in it";
    if (used > n->swap_cap_bytes && !ctl->overfull)
        return "a swap file holds more than its cap";
    return NULL;
}

/* Who lends comes in, and lends no more than he has; who borrows has it in the file. */
static const char *check_loans(const struct controller *ctl, uint32_t id)
{
    const struct gs_workload *w = &ctl->workload[id];
    const struct seat *seat = &ctl->seat[id];
    int64_t lent = 0;

    if (seat->borrowed_bytes < 0 || seat->borrowed_bytes > w->host_bytes)
        return "a workload borrows room in the swap file that it does not use";
    if (seat->borrowed_bytes > 0 && (w->state == GS_RESIDENT || ctl->seat[seat->lender].lent_bytes == 0))
        return "a workload borrows room in the swap file from one that lends none";
    if (seat->lent_bytes == 0)
        return NULL;
    for (uint32_t i = 0; i < ctl->view.workloads; i++)
        lent += ctl->seat[i].lender == id ? ctl->seat[i].borrowed_bytes : 0;
    if (lent != seat->lent_bytes || lent > w->host_bytes)
        return "a workload lends other room in the swap file than is borrowed from it, or more than it has";
    if (!seat->claiming && w->state != GS_SWAPPING_IN)
        return "a workload lends room in the swap file and does not come in";
    return NULL;
}

static const char *check_workload(const struct controller *ctl, uint32_t id)
{
    const struct gs_workload *w = &ctl->workload[id];
    const struct seat *seat = &ctl->seat[id];

    bool there = w->state == GS_RESIDENT || (w->state == GS_SWAPPING_IN && seat->soiled);
    if (w->granted && (!there || seat->queued || seat->claiming))
        return "a workload runs that is not resident, or still waits";
    if (seat->queued && seat->claiming)
        return "a workload stands in two lines";
    if (w->wants && !w->granted && !seat->queued && !seat->claiming && w->state != GS_SWAPPING_IN)
        return "a workload wants the GPU and stands in no line";
    if ((w->clean && !w->has_host_copy) || (w->has_host_copy && w->host_bytes == 0 && w->bytes > 0))
        return "a copy counts as whole that is not";
    if ((w->state == GS_RESIDENT || w->state == GS_SWAPPING_IN) && w->gpu_bytes != w->bytes)
        return "a workload is resident without all of its bytes";
    if (w->gpu_bytes < 0 || w->gpu_bytes > w->bytes)
        return "a workload has more on the GPU than it has, or less than nothing";
    if (w->state == GS_HOST && w->host_bytes < w->bytes - w->gpu_bytes - ctl->setup->workload[id].drop_bytes)
        return "a swapped-out workload has less in the swap file than it holds";
    return check_loans(ctl, id);
}

const char *controller_check(const struct controller *ctl)
{
    const char *wrong = NULL;

    for (uint32_t gpu = 0; wrong == NULL && gpu < ctl->view.gpus; gpu++)
        wrong = check_gpu(ctl, gpu);
    for (uint32_t node = 0; wrong == NULL && node < ctl->view.nodes; node++)
        wrong = check_node(ctl, node);
    for (uint32_t id = 0; wrong == NULL && id < ctl->view.workloads; id++)
        wrong = check_workload(ctl, id);
    return wrong;
}
