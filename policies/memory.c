/* memory.c - the books of GPU memory and swap file: who holds what, who was promised what, what moves. */
#include "state.h"

/* Memory that nobody holds and nobody was promised, counting what is on its way out. */
int64_t memory_unpromised(const struct controller *ctl, uint32_t gpu)
{
    const struct lane *lane = &ctl->lane[gpu];

    return ctl->gpu[gpu].free_bytes + lane->freeing_bytes - lane->claimed_bytes;
}

int64_t memory_ceiling(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    int64_t limit = (int64_t)(ctl->seat[workload].limit * (double)ctl->lane[w->gpu].physical_bytes);
    int64_t capacity = ctl->gpu[w->gpu].capacity_bytes;

    return limit < capacity ? limit : capacity;
}

bool memory_on_gpu(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    return w->gpu_bytes > 0 || w->state == GS_RESIDENT || w->state == GS_SWAPPING_IN || w->state == GS_SWAPPING_OUT;
}

bool memory_swaps(const struct controller *ctl, uint32_t gpu)
{
    const struct gs_node_spec *node = &ctl->setup->node[ctl->gpu[gpu].node];

    return node->swap && !(node->freeze_rule && ctl->lane[gpu].regulars > 0);
}

static struct gs_command *send_out(struct controller *ctl, uint32_t workload, uint32_t requester, uint8_t reason)
{
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    bool to_disk = ctl->seat[workload].to_disk && !spec->stops;
    struct gs_command *command = emit(ctl, GS_SWAP_OUT, workload, to_disk ? GS_BECAUSE_SPILL : reason);

    command->requester = requester;
    command->bytes = ctl->seat[workload].leave_bytes;
    command->moved_bytes = spec->stops ? 0
                           : to_disk   ? command->bytes - spec->drop_bytes
                                       : host_stale_bytes(ctl, workload);
    return command;
}

void memory_send_out(struct controller *ctl, uint32_t workload)
{
    struct seat *seat = &ctl->seat[workload];

    seat->deferred = false;
    send_out(ctl, workload, seat->requester, seat->reason);
}

struct gs_command *memory_swap_out(struct controller *ctl, uint32_t workload, uint32_t requester, uint8_t reason)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    w->state = GS_SWAPPING_OUT;
    memory_start_swap(ctl, workload);
    ctl->lane[w->gpu].freeing_bytes += seat->leave_bytes;
    plan_forget(ctl, workload);
    if (victim->evicted != NULL)
        victim->evicted(&ctl->victim, workload, reason == GS_BECAUSE_PRESSURE);
    if (!seat->cleaning)
        return send_out(ctl, workload, requester, reason);
    seat->deferred = true;
    seat->requester = requester;
    seat->reason = reason;
    return NULL;
}

void memory_swap_in(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    bool ahead = !w->wants || seat->queued;
    uint8_t reason = w->state == GS_DISK            ? (seat->spilled ? GS_BECAUSE_SPILL : GS_BECAUSE_COLD)
                     : w->state == GS_HOST && ahead ? GS_BECAUSE_AHEAD
                                                    : GS_BECAUSE_NOTHING;
    const struct gs_prefetch_policy *prefetch = ctl->setup->policies.prefetch;
    struct gs_command *command = emit(ctl, GS_SWAP_IN, workload, reason);
    int64_t want_bytes = seat->want_bytes;

    command->yield = !ahead && prefetch->streams != NULL && prefetch->streams(&ctl->prefetch, workload);

    /* What it left with comes back, but for what a burst had grown by that was refused meanwhile. */
    command->moved_bytes = w->state == GS_NEW ? 0 : (w->bytes < want_bytes ? w->bytes : want_bytes) - w->gpu_bytes;
    if (w->state != GS_NEW)
        command->moved_bytes -= ctl->setup->workload[workload].drop_bytes; /* one that drops any leaves as a whole */
    command->bytes = want_bytes;
    if (w->gpu_bytes == 0) {
        ctl->gpu[w->gpu].residents++;
        line_append(ctl, &ctl->lane[w->gpu].residents, workload);
    }
    seat->part_bytes = w->gpu_bytes;
    w->bytes = w->gpu_bytes = want_bytes;
    w->state = GS_SWAPPING_IN;
    memory_start_swap(ctl, workload);
}

void memory_vacate(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    ctl->gpu[w->gpu].free_bytes += w->gpu_bytes;
    w->gpu_bytes = 0;
    ctl->gpu[w->gpu].residents--;
    line_remove(ctl, &ctl->lane[w->gpu].residents, workload);
}

void memory_shrink(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (w->bytes > w->base_bytes)
        w->bytes = w->base_bytes;
    if (w->gpu_bytes > w->bytes) {
        ctl->gpu[w->gpu].free_bytes += w->gpu_bytes - w->bytes;
        w->gpu_bytes = w->bytes;
    }
    host_shrink(ctl, workload, w->state == GS_HOST ? w->base_bytes - w->gpu_bytes : w->base_bytes);
}

/* A base that grows is paid for with its next burst, one that shrinks as soon as nothing of it moves or is wanted. */
void memory_resize(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    struct gs_workload *w = &ctl->workload[workload];
    bool moving = w->state == GS_SWAPPING_IN || w->state == GS_SWAPPING_OUT || ctl->seat[workload].cleaning;

    ctl->gpu[w->gpu].attached_bytes += bytes - w->base_bytes;
    w->base_bytes = bytes;
    if (w->state == GS_NEW || w->state == GS_DISK)
        w->bytes = bytes;
    else if (!w->wants && !moving)
        memory_shrink(ctl, workload);
    emit(ctl, GS_HOLD, workload, GS_BECAUSE_NOTHING)->bytes = bytes;
    memory_settle(ctl, w->gpu); /* after the note: the backend frees first what others then get */
}

void memory_unclaim(struct controller *ctl, uint32_t workload)
{
    struct seat *seat = &ctl->seat[workload];
    struct lane *lane = lane_of(ctl, workload);

    if (!seat->claiming)
        return;
    line_remove(ctl, &lane->claims, workload);
    lane->claimed_bytes -= seat->claim_bytes;
    seat->claim_bytes = 0;
    seat->claiming = false;
}

/* The claim of `workload` is covered: take the memory and go on. */
static void fulfil(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    ctl->gpu[w->gpu].free_bytes -= seat->claim_bytes;
    memory_unclaim(ctl, workload);
    if (w->state == GS_RESIDENT) {
        w->bytes = w->gpu_bytes = seat->want_bytes;
        run_start(ctl, workload);
    } else {
        memory_swap_in(ctl, workload);
    }
}

void memory_settle(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];

    while (lane->claims.head != GS_NONE) {
        uint32_t first = lane->claims.head;
        bool early = ctl->setup->node[ctl->gpu[gpu].node].overlapped && ctl->workload[first].state != GS_RESIDENT;
        int64_t usable = ctl->gpu[gpu].free_bytes + (early ? lane->freeing_bytes : 0);
        if (ctl->seat[first].claim_bytes > usable)
            break;
        fulfil(ctl, first);
    }
}

/* Make room, if need be by those whose swap-out failed before: a few times, then not again until they have run. */
static bool evict_any(struct controller *ctl, uint32_t gpu, uint32_t requester, int64_t need, bool *cap_refused)
{
    struct lane *lane = &ctl->lane[gpu];

    if (evict_for(ctl, gpu, requester, need, cap_refused))
        return true;
    if (!lane->barred)
        return false;
    lane->barred = false;
    for (uint32_t i = lane->residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next)
        ctl->seat[i].barred = ctl->seat[i].stays >= FAILURES_MAX;
    return evict_for(ctl, gpu, requester, need, cap_refused);
}

enum acquired memory_acquire(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    struct lane *lane = &ctl->lane[w->gpu];
    int64_t need = seat->want_bytes - w->gpu_bytes;
    bool cap_refused = false;

    if (w->state == GS_SWAPPING_IN && w->bytes >= seat->want_bytes) {
        run_leave_queue(ctl, workload); /* it was brought in ahead */
        return ACQUIRED;
    }
    if (w->state == GS_SWAPPING_OUT || w->state == GS_SWAPPING_IN)
        return ACQUIRE_LATER;
    if (seat->want_bytes > memory_ceiling(ctl, workload))
        return ACQUIRE_NEVER;
    int64_t missing = need - memory_unpromised(ctl, w->gpu);
    if (missing > 0 && !evict_any(ctl, w->gpu, workload, missing, &cap_refused) &&
        !kill_for(ctl, workload, missing, cap_refused))
        return cap_refused ? ACQUIRE_CAP : ACQUIRE_LATER;
    run_leave_queue(ctl, workload);
    seat->claim_bytes = need;
    seat->claiming = true;
    lane->claimed_bytes += need;
    line_append(ctl, &lane->claims, workload);
    return ACQUIRED;
}

bool memory_bring(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    int64_t free = ctl->gpu[w->gpu].free_bytes - ctl->lane[w->gpu].claimed_bytes;

    if ((w->state != GS_HOST && w->state != GS_DISK && w->state != GS_NEW) || seat->failures > 0)
        return false;
    if (!w->wants)
        seat->want_bytes = w->base_bytes;
    if (seat->want_bytes - w->gpu_bytes > free || seat->want_bytes > memory_ceiling(ctl, workload))
        return false;
    ctl->gpu[w->gpu].free_bytes -= seat->want_bytes - w->gpu_bytes;
    memory_swap_in(ctl, workload);
    return true;
}

/* Those who come in may lend room in the swap file to those who leave, as for any who leave for them. */
static bool evict_for_comers(struct controller *ctl, uint32_t gpu, int64_t need)
{
    const struct lane *lane = &ctl->lane[gpu];
    bool cap_refused = false;

    if (evict_any(ctl, gpu, GS_NONE, need, &cap_refused))
        return true;
    if (!cap_refused)
        return false;
    if (lane->claims.tail != GS_NONE && evict_any(ctl, gpu, lane->claims.tail, need, &cap_refused))
        return true;
    for (uint32_t i = lane->residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next)
        if (ctl->workload[i].state == GS_SWAPPING_IN && evict_any(ctl, gpu, i, need, &cap_refused))
            return true;
    return false;
}

void memory_repair(struct controller *ctl, uint32_t gpu)
{
    int64_t excess = -memory_unpromised(ctl, gpu);

    ctl->lane[gpu].overdrawn = excess > 0 && !evict_for_comers(ctl, gpu, excess);
}

/* LIMIT: where transfers overlap, a swap-in is under way before its victims have left; if none of them can be swapped out, it
 * waits until somebody leaves by himself. */
void memory_retract(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];

    while (lane->claims.tail != GS_NONE && memory_unpromised(ctl, gpu) < 0) {
        uint32_t last = lane->claims.tail;
        memory_unclaim(ctl, last);
        host_call_in(ctl, last);
        run_again(ctl, last);
    }
    memory_settle(ctl, gpu);
}

void memory_capacity(struct controller *ctl, uint32_t gpu)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    struct lane *lane = &ctl->lane[gpu];
    const struct gs_node_spec *spec = &ctl->setup->node[g->node];
    int64_t reserved = spec->reserved_bytes + spec->reserved_per_workload_bytes * (int64_t)g->attached;

    if (lane->context_bytes > reserved)
        reserved = lane->context_bytes;
    int64_t capacity = spec->gpu_bytes > reserved ? spec->gpu_bytes - reserved : 0;
    capacity *= g->width;
    g->free_bytes += capacity - g->capacity_bytes;
    g->capacity_bytes = capacity;
}
