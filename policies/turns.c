/* turns.c - the one-at-a-time slicers: whose turn it is, for how long, and who may cut in. */
#include "state.h"

static const struct gs_slicer_policy *slicer(const struct controller *ctl)
{
    return ctl->setup->policies.slicer;
}

static double rank(struct controller *ctl, uint32_t workload)
{
    return slicer(ctl)->rank == NULL ? 0.0 : slicer(ctl)->rank(&ctl->slicer, workload);
}

/* The best of those not tried in this round: least rank, then the queue's order. */
static uint32_t best_untried(struct controller *ctl, uint32_t gpu)
{
    uint32_t best = GS_NONE;
    double best_rank = 0.0;

    for (uint32_t i = ctl->lane[gpu].waiting.head; i != GS_NONE; i = ctl->seat[i].link[LINK_TURN].next) {
        if (ctl->seat[i].tried == ctl->round)
            continue;
        double r = rank(ctl, i);
        if (best == GS_NONE || r < best_rank) {
            best = i;
            best_rank = r;
        }
        if (slicer(ctl)->rank == NULL)
            break;
    }
    return best;
}

static bool swaps_count(const struct controller *ctl)
{
    return slicer(ctl)->swap_in_quantum != NULL && slicer(ctl)->swap_in_quantum(&ctl->slicer);
}

/* Set the end of the holder's turn once somebody else waits.  A holder that nobody waited for got a new quantum each time
 * its old one ended, so the end is the next multiple of the quantum. */
static void arm(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];
    gs_ns now = ctl->view.now_ns;

    if (lane->deadline_ns != GS_NEVER || lane->quantum_ns == GS_NEVER || lane->waiting.head == GS_NONE)
        return;
    gs_ns past = now > lane->turn_ns ? (now - lane->turn_ns) / lane->quantum_ns : 0;
    lane->deadline_ns = lane->turn_ns + (past + 1) * lane->quantum_ns;
    struct gs_command *command = emit(ctl, GS_TIMER_SET, GS_NONE, GS_BECAUSE_NOTHING);
    command->gpu = gpu;
    command->timer = gpu;
    command->at_ns = lane->deadline_ns;
}

static void stop(struct controller *ctl, uint32_t workload, uint8_t reason)
{
    if (ctl->seat[workload].stopping)
        return;
    ctl->seat[workload].stopping = true;
    emit(ctl, GS_STOP, workload, reason);
}

static void give_turn(struct controller *ctl, uint32_t gpu, uint32_t workload)
{
    struct lane *lane = &ctl->lane[gpu];

    lane->turn_ns = ctl->view.now_ns;
    lane->deadline_ns = GS_NEVER;
    lane->quantum_ns = slicer(ctl)->quantum == NULL ? GS_NEVER : slicer(ctl)->quantum(&ctl->slicer, workload);
    ctl->gpu[gpu].holder = workload; /* before it gathers its memory: run_start looks for it, and no one may rob it */
    if (run_acquire(ctl, workload) != RUN_TAKEN)
        ctl->gpu[gpu].holder = GS_NONE;
}

void turns_schedule(struct controller *ctl, uint32_t gpu)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    uint32_t next;

    ctl->round++;
    while (g->holder == GS_NONE && (next = best_untried(ctl, gpu)) != GS_NONE) {
        ctl->seat[next].tried = ctl->round;
        give_turn(ctl, gpu, next);
    }
    if (g->holder == GS_NONE || !ctl->workload[g->holder].granted)
        return;
    if (slicer(ctl)->preempts != NULL && (next = best_untried(ctl, gpu)) != GS_NONE &&
        slicer(ctl)->preempts(&ctl->slicer, g->holder, next))
        stop(ctl, g->holder, GS_BECAUSE_PREEMPTED);
    else
        arm(ctl, gpu);
}

/* What a turn has left for work when swaps have eaten all of it: without a little, nobody would ever get on. */
enum { LEAST_USE = 100 }; /* one part in so many of the quantum */

gs_ns turns_start(struct controller *ctl, uint32_t workload)
{
    struct lane *lane = lane_of(ctl, workload);
    bool other = lane->last_run != workload && lane->last_run != GS_NONE;
    gs_ns cost = other && slicer(ctl)->switch_cost != NULL ? slicer(ctl)->switch_cost(&ctl->slicer) : 0;
    gs_ns start = ctl->view.now_ns + cost;

    lane->last_run = workload;
    if (lane->quantum_ns == GS_NEVER)
        return cost;
    if (!swaps_count(ctl))
        lane->turn_ns = start;
    gs_ns least = lane->quantum_ns / LEAST_USE + 1;
    if (start + least > lane->turn_ns + lane->quantum_ns)
        lane->turn_ns = start + least - lane->quantum_ns;
    return cost;
}

void turns_expire(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];
    uint32_t holder = ctl->gpu[gpu].holder;

    if (ctl->view.now_ns < lane->deadline_ns || holder == GS_NONE)
        return; /* rang for a turn that ended early */
    lane->deadline_ns = GS_NEVER;
    if (ctl->workload[holder].granted && lane->waiting.head != GS_NONE)
        stop(ctl, holder, GS_BECAUSE_QUANTUM);
}

void turns_release(struct controller *ctl, uint32_t workload)
{
    struct gs_gpu *g = &ctl->gpu[ctl->workload[workload].gpu];

    if (g->holder != workload)
        return;
    g->holder = GS_NONE;
    lane_of(ctl, workload)->deadline_ns = GS_NEVER;
}
