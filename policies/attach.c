/* attach.c - workloads come and go: which GPU one gets, where its bytes are at first, what its leaving frees. */
#include "state.h"

bool attach_may(const struct controller *ctl, uint32_t gpu, uint32_t workload)
{
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    const struct gs_gpu *g = &ctl->gpu[gpu];
    const struct gs_node_spec *node = &ctl->setup->node[g->node];
    int64_t reserved = node->reserved_bytes + node->reserved_per_workload_bytes * (int64_t)(g->attached + 1);
    int64_t context = ctl->lane[gpu].context_bytes + spec->context_bytes;
    uint32_t width = set_width(ctl, workload);

    if (spec->pools != NULL && !spec->pools[node->pool])
        return false;
    if (g->width != width || g->attached >= node->max_workloads_per_gpu || (spec->never_on_swap_node && node->swap))
        return false;
    return spec->bytes <= width * (node->gpu_bytes - (context > reserved ? context : reserved)) &&
           (double)spec->bytes <= spec->limit * (double)(width * node->gpu_bytes);
}

bool attach_admits(struct controller *ctl, uint32_t gpu, uint32_t workload)
{
    const struct gs_cap_policy *cap = ctl->setup->policies.cap;

    return attach_may(ctl, gpu, workload) && (cap->attach == NULL || cap->attach(&ctl->cap, workload, gpu));
}

/* False: it may not go there. */
static bool score(struct controller *ctl, uint32_t gpu, uint32_t workload, double *worth)
{
    if (!attach_admits(ctl, gpu, workload))
        return false;
    *worth = ctl->setup->policies.place->score(&ctl->place, gpu, workload);
    *worth = answer_worth(ctl, GS_SLOT_PLACE, *worth, (double)ctl->gpu[gpu].attached);
    return true;
}

/* Of several GPUs: each set there is, and each that could be, stands for as long as it is looked at. */
static uint32_t choose_gpu(struct controller *ctl, uint32_t workload)
{
    uint32_t best = rank_find(ctl, workload);
    double least = 0.0, worth;

    for (uint32_t gpu = best == GS_NONE ? 0 : ctl->view.gpus; gpu < ctl->view.gpus; gpu++) {
        bool formed = set_form(ctl, gpu, set_width(ctl, workload));
        bool may = score(ctl, gpu, workload, &worth);
        if (formed)
            set_dissolve(ctl, gpu);
        if (may && (best == GS_NONE || worth < least)) {
            best = gpu;
            least = worth;
        }
    }
    return best;
}

static void settle_in(struct controller *ctl, uint32_t workload, uint32_t gpu, int sign)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];

    g->attached += (uint32_t)sign;
    g->attached_bytes += sign * ctl->workload[workload].base_bytes;
    ctl->lane[gpu].context_bytes += sign * spec->context_bytes;
    ctl->lane[gpu].regulars += spec->regular_fraction ? (uint32_t)sign : 0;
    memory_capacity(ctl, gpu);
    rank_update(ctl, gpu);
    if (g->attached == 0)
        set_dissolve(ctl, gpu);
}

static bool start_in_swap_file(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (!host_book(ctl, workload, GS_NONE))
        return false;
    ctl->seat[workload].booked_bytes = 0; /* held, not on its way */
    ctl->seat[workload].booked = false;
    ctl->seat[workload].spilled = ctl->seat[workload].to_disk;
    w->has_host_copy = !ctl->seat[workload].to_disk;
    w->state = ctl->seat[workload].to_disk ? GS_DISK : GS_HOST;
    ctl->seat[workload].to_disk = false;
    return true;
}

/* Hot from the start where it fits without sending anybody away; else it comes when it is wanted. */
static void start_on_gpu(struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    const struct lane *lane = &ctl->lane[w->gpu];

    if (w->bytes > ctl->gpu[w->gpu].free_bytes - lane->claimed_bytes)
        return;
    memory_acquire(ctl, workload);
    memory_settle(ctl, w->gpu);
}

void attach(struct controller *ctl, uint32_t workload)
{
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    uint32_t gpu;

    if (w->state != GS_ABSENT)
        return;
    w->attached_ns = w->last_end_ns = w->last_use_ns = ctl->view.now_ns;
    w->bytes = w->base_bytes = seat->want_bytes = spec->bytes;
    w->gpu_bytes = seat->leave_bytes = 0;
    seat->limit = spec->limit;
    seat->spilled = seat->barred = false; /* of an earlier stay */
    seat->failures = seat->stays = 0;
    seat->pinned_ns = GS_NEVER;
    gpu = choose_gpu(ctl, workload);
    if (gpu == GS_NONE) {
        emit(ctl, GS_REJECT, workload, GS_BECAUSE_NO_PLACE);
        return;
    }
    w->gpu = gpu;
    w->node = ctl->gpu[gpu].node;
    set_form(ctl, gpu, set_width(ctl, workload));
    if (spec->initial == GS_HOST && !start_in_swap_file(ctl, workload)) {
        if (ctl->gpu[gpu].attached == 0)
            set_dissolve(ctl, gpu);
        emit(ctl, GS_REJECT, workload, GS_BECAUSE_CAP);
        return;
    }
    settle_in(ctl, workload, gpu, 1);
    emit(ctl, GS_PLACE, workload, seat->spilled ? GS_BECAUSE_SPILL : GS_BECAUSE_NOTHING);
    if (spec->initial != GS_HOST)
        w->state = spec->initial == GS_DISK ? GS_DISK : GS_NEW;
    memory_repair(ctl, gpu);
    if (spec->initial == GS_RESIDENT)
        start_on_gpu(ctl, workload);
}

void attach_move(struct controller *ctl, uint32_t workload, uint32_t gpu)
{
    struct gs_workload *w = &ctl->workload[workload];
    bool queued = ctl->seat[workload].queued;

    run_leave_queue(ctl, workload);
    settle_in(ctl, workload, w->gpu, -1);
    w->gpu = gpu;
    settle_in(ctl, workload, gpu, 1);
    emit(ctl, GS_PLACE, workload, GS_BECAUSE_MOVED);
    if (queued)
        run_queue(ctl, workload);
}

static void vanish(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    uint32_t gpu = w->gpu;

    host_leave(ctl, workload);
    w->state = GS_ABSENT;
    if (ctl->setup->policies.victim->gone != NULL)
        ctl->setup->policies.victim->gone(&ctl->victim, workload);
    settle_in(ctl, workload, gpu, -1);
    memory_settle(ctl, gpu);
}

void detach_moved(struct controller *ctl, uint32_t workload)
{
    ctl->seat[workload].leaving = false;
    if (memory_on_gpu(ctl, workload))
        memory_vacate(ctl, workload);
    vanish(ctl, workload);
}

void detach(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (w->state == GS_ABSENT)
        return;
    run_leave_queue(ctl, workload);
    memory_unclaim(ctl, workload);
    run_end(ctl, workload);
    ctl->seat[workload].stopping = false;
    w->wants = false;
    w->since_ns = GS_NEVER;
    plan_forget(ctl, workload);
    if (w->state == GS_SWAPPING_IN || w->state == GS_SWAPPING_OUT || ctl->seat[workload].cleaning) {
        ctl->seat[workload].leaving = true;
        return;
    }
    if (memory_on_gpu(ctl, workload))
        memory_vacate(ctl, workload);
    vanish(ctl, workload);
}
