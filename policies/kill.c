/* kill.c - the last resort when nobody can be swapped out: GPU processes end, and with them what they hold.
 *
 * Two published rules, in this order.  A node-level scheduler ends the process of an idle notebook, which begins anew on
 * another GPU of the node, one with free memory.  Else, where the cap policy says so, the out-of-memory rule: who needs no
 * more than his request is entitled to it, and gets it from those who hold more than theirs.  Which of them is nowhere
 * published: least priority first, then who holds most above his request, then the lowest id. */
#include "state.h"

static int64_t request_bytes(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    return w->request < 0 ? w->base_bytes : (int64_t)(w->request * (double)ctl->lane[w->gpu].physical_bytes);
}

/* Nothing of it moves, and nobody counts on it. */
static bool at_rest(const struct controller *ctl, uint32_t workload)
{
    const struct seat *seat = &ctl->seat[workload];

    return ctl->workload[workload].state == GS_RESIDENT && !seat->claiming && !seat->cleaning && !seat->leaving &&
           !seat->barred;
}

/* Where the notebook would find free memory at once. */
static uint32_t other_gpu(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    const struct gs_node *node = &ctl->node[w->node];
    uint32_t best = GS_NONE;

    for (uint32_t gpu = node->first_gpu; gpu < node->first_gpu + node->gpus; gpu++)
        if (gpu != w->gpu && attach_may(ctl, gpu, workload) && memory_unpromised(ctl, gpu) >= w->base_bytes &&
            ctl->lane[gpu].waiting.head == GS_NONE &&
            (best == GS_NONE || memory_unpromised(ctl, gpu) > memory_unpromised(ctl, best)))
            best = gpu;
    return best;
}

static bool may_move(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    bool bursts =
        (double)request_bytes(ctl, workload) < ctl->seat[workload].limit * (double)ctl->lane[w->gpu].physical_bytes;

    return w->class == GS_NOTEBOOK && set_width(ctl, workload) == 1 && !w->wants && !w->granted && !w->holding &&
           bursts && at_rest(ctl, workload) && other_gpu(ctl, workload) != GS_NONE;
}

static bool may_be_killed(const struct controller *ctl, uint32_t workload, bool cap_refused)
{
    const struct gs_workload *w = &ctl->workload[workload];

    return w->bytes > request_bytes(ctl, workload) && at_rest(ctl, workload) &&
           (cap_refused || !w->swappable || !memory_swaps(ctl, w->gpu));
}

/* The greater, the sooner it dies: priority first, and bytes above the request within it. */
static double urgency(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    double over = (double)(w->bytes - request_bytes(ctl, workload)) / ((double)ctl->lane[w->gpu].physical_bytes + 1);

    return -(double)w->priority + over;
}

static void end_process(struct controller *ctl, uint32_t workload, uint32_t requester, uint32_t moves_to)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    if (w->wants)
        w->last_end_ns = ctl->view.now_ns;
    run_leave_queue(ctl, workload);
    run_end(ctl, workload);
    seat->stopping = false;
    w->wants = false;
    w->since_ns = GS_NEVER;
    plan_forget(ctl, workload);
    w->state = GS_SWAPPING_OUT;
    memory_start_swap(ctl, workload);
    seat->leave_bytes = w->gpu_bytes;
    ctl->lane[w->gpu].freeing_bytes += w->gpu_bytes;
    seat->dying = true;
    seat->moves_to = moves_to;
    if (victim->evicted != NULL)
        victim->evicted(&ctl->victim, workload, false);
    struct gs_command *command =
        emit(ctl, GS_KILL, workload, moves_to == GS_NONE ? GS_BECAUSE_MEMORY : GS_BECAUSE_MOVED);
    command->requester = requester;
    command->bytes = w->bytes;
}

/* One idle notebook, the least that is enough; several moves for one burst would cost more than they bring. */
static bool move_for(struct controller *ctl, uint32_t requester, int64_t need)
{
    uint32_t gpu = ctl->workload[requester].gpu, best = GS_NONE;

    for (uint32_t i = ctl->lane[gpu].residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next)
        if (i != requester && ctl->workload[i].bytes >= need && may_move(ctl, i) &&
            (best == GS_NONE || ctl->workload[i].bytes < ctl->workload[best].bytes))
            best = i;
    if (best == GS_NONE)
        return false;
    end_process(ctl, best, requester, other_gpu(ctl, best));
    return true;
}

/* The most urgent that is not yet among the first `chosen` of the scratch list. */
static uint32_t next_to_die(const struct controller *ctl, uint32_t requester, uint32_t chosen, bool cap_refused)
{
    uint32_t gpu = ctl->workload[requester].gpu, best = GS_NONE;

    for (uint32_t i = ctl->lane[gpu].residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next) {
        bool taken = i == requester || !may_be_killed(ctl, i, cap_refused);
        for (uint32_t k = 0; k < chosen && !taken; k++)
            taken = ctl->pick[k].workload == i;
        double u = taken ? 0 : urgency(ctl, i), b = best == GS_NONE ? u : urgency(ctl, best);
        if (!taken && (best == GS_NONE || u > b || (u >= b && i < best)))
            best = i;
    }
    return best;
}

bool kill_for(struct controller *ctl, uint32_t requester, int64_t need, bool cap_refused)
{
    uint32_t gpu = ctl->workload[requester].gpu, chosen = 0, next;
    int64_t freed = 0;

    if ((cap_refused || !memory_swaps(ctl, gpu)) && ctl->setup->node[ctl->gpu[gpu].node].moves &&
        move_for(ctl, requester, need))
        return true;
    if (run_when_full(ctl, requester) != GS_FULL_KILL ||
        ctl->seat[requester].want_bytes > request_bytes(ctl, requester))
        return false;
    while (freed < need && (next = next_to_die(ctl, requester, chosen, cap_refused)) != GS_NONE) {
        ctl->pick[chosen++].workload = next;
        freed += ctl->workload[next].bytes;
    }
    if (freed < need)
        return false;
    for (uint32_t i = 0; i < chosen; i++)
        end_process(ctl, ctl->pick[i].workload, requester, GS_NONE);
    return true;
}

void kill_done(struct controller *ctl, uint32_t workload)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    uint32_t gpu = w->gpu;

    ctl->lane[gpu].freeing_bytes -= seat->leave_bytes;
    memory_vacate(ctl, workload);
    host_leave(ctl, workload);
    seat->dying = seat->spilled = false;
    w->bytes = w->base_bytes;
    w->state = ctl->setup->workload[workload].class == GS_INFERENCE ? GS_DISK : GS_NEW;
    if (seat->leaving) {
        detach_moved(ctl, workload);
        return;
    }
    if (victim->gone != NULL)
        victim->gone(&ctl->victim, workload);
    if (seat->moves_to != GS_NONE)
        attach_move(ctl, workload, seat->moves_to);
    memory_settle(ctl, gpu);
    if (gpu != w->gpu)
        run_schedule(ctl, gpu);
}
