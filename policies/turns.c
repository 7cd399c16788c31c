/* turns.c - the slicers that give turns: whose turn it is, for how long, and who may cut in. */
#include "state.h"

static const struct gs_slicer_policy *slicer(const struct controller *ctl)
{
    return ctl->setup->policies.slicer;
}

static double rank(struct controller *ctl, uint32_t workload)
{
    if (slicer(ctl)->rank == NULL)
        return 0.0;
    return answer_worth(ctl, GS_SLOT_SLICER, slicer(ctl)->rank(&ctl->slicer, workload), 0.0);
}

static uint32_t width(struct controller *ctl)
{
    uint32_t wide = slicer(ctl)->width == NULL ? 1 : slicer(ctl)->width(&ctl->slicer);

    if (wide >= 1 && wide <= GS_HOLDERS_MAX)
        return wide;
    nonsense(ctl, GS_SLOT_SLICER);
    return 1;
}

/* The best of those not tried in this round: least rank, then the queue's order.  `all`: admitted or not. */
static uint32_t best_untried(struct controller *ctl, uint32_t gpu, bool all)
{
    uint32_t best = GS_NONE;
    double best_rank = 0.0;

    ctl->view.decision += slicer(ctl)->rank != NULL;
    for (uint32_t i = ctl->lane[gpu].waiting.head; i != GS_NONE; i = ctl->seat[i].link[LINK_TURN].next) {
        if (ctl->seat[i].tried == ctl->round || (!all && !run_admits(ctl, i)))
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

static bool at_boundary(const struct controller *ctl)
{
    return slicer(ctl)->at_boundary != NULL && slicer(ctl)->at_boundary(&ctl->slicer);
}

/* Does anybody wait that may have a turn? */
static bool somebody_waits(struct controller *ctl, uint32_t gpu)
{
    uint32_t i = ctl->lane[gpu].waiting.head;

    while (i != GS_NONE && !run_admits(ctl, i))
        i = ctl->seat[i].link[LINK_TURN].next;
    return i != GS_NONE;
}

/* The end of a turn, once somebody else waits.  A holder that nobody waited for got a new quantum each time his old one
 * ended, so the end is the next multiple of the quantum. */
static void set_deadline(struct controller *ctl, uint32_t workload)
{
    struct seat *seat = &ctl->seat[workload];
    gs_ns now = ctl->view.now_ns;
    bool passed = seat->deadline_ns < now && lane_of(ctl, workload)->armed_ns >= now; /* when nobody waited */

    if ((seat->deadline_ns != GS_NEVER && !passed) || seat->quantum_ns == GS_NEVER || seat->stopping ||
        !ctl->workload[workload].granted)
        return;
    gs_ns past = now > seat->turn_ns ? (now - seat->turn_ns) / seat->quantum_ns : 0;
    seat->deadline_ns = seat->turn_ns + (past + 1) * seat->quantum_ns;
}

/* What is past is over, as nobody waited for it then, unless the timer is late: then that comes first. */
void turns_arm(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];
    gs_ns now = ctl->view.now_ns, at = lane->recheck_ns > now ? lane->recheck_ns : GS_NEVER;

    for (uint32_t i = 0; i < ctl->gpu[gpu].holders; i++) {
        const struct seat *seat = &ctl->seat[lane->holder[i]];
        at = seat->deadline_ns >= now && seat->deadline_ns < at ? seat->deadline_ns : at;
    }
    if (at == GS_NEVER || at == lane->armed_ns || lane->armed_ns < now)
        return;
    lane->armed_ns = at;
    struct gs_command *command = emit(ctl, GS_TIMER_SET, GS_NONE, GS_BECAUSE_NOTHING);
    command->gpu = gpu;
    command->timer = gpu;
    command->at_ns = at;
}

static void stop(struct controller *ctl, uint32_t workload, uint8_t reason)
{
    if (ctl->seat[workload].stopping)
        return;
    ctl->seat[workload].stopping = true;
    emit(ctl, GS_STOP, workload, reason)->yield = reason == GS_BECAUSE_QUANTUM && at_boundary(ctl);
}

static enum run_try give_turn(struct controller *ctl, uint32_t gpu, uint32_t workload)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    struct seat *seat = &ctl->seat[workload];
    gs_ns quantum = slicer(ctl)->quantum == NULL ? GS_NEVER : slicer(ctl)->quantum(&ctl->slicer, workload);
    static const gs_ns FALLBACK_NS = (gs_ns)30 * 1000000000;

    quantum = answer_time(ctl, GS_SLOT_SLICER, quantum > 0 ? quantum : -1, FALLBACK_NS);
    seat->turn_ns = ctl->view.now_ns;
    seat->deadline_ns = GS_NEVER;
    seat->quantum_ns = quantum;
    /* Before it gathers its memory: run_start looks for it, and no one may rob it. */
    ctl->lane[gpu].holder[g->holders++] = workload;
    ctl->workload[workload].holding = true;
    enum run_try got = run_acquire(ctl, workload);
    if (got != RUN_TAKEN)
        turns_release(ctl, workload);
    return got;
}

/* Where several have turns at once: when one must wait for memory that others use, those behind it take none. */
static void fill(struct controller *ctl, uint32_t gpu)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    uint32_t wide = width(ctl), next;
    bool blocked = false;

    while (g->holders < wide) {
        if ((next = best_untried(ctl, gpu, false)) == GS_NONE && g->holders == 0)
            next = best_untried(ctl, gpu, true); /* nobody may come in, and nobody is in */
        if (next == GS_NONE)
            break;
        ctl->seat[next].tried = ctl->round;
        if (!blocked || fits(ctl, next))
            blocked |= give_turn(ctl, gpu, next) == RUN_BLOCKED && g->holders > 0;
    }
}

/* Would the newcomer find memory if the holder lost its turn? */
static bool makes_room(const struct controller *ctl, uint32_t gpu, uint32_t holder, uint32_t newcomer)
{
    const struct lane *lane = &ctl->lane[gpu];
    int64_t room = memory_unpromised(ctl, gpu) + ctl->workload[newcomer].gpu_bytes;

    if (fits(ctl, newcomer))
        return true;
    for (uint32_t i = lane->residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next)
        if (i != newcomer && (i == holder ? ctl->workload[i].swappable : may_leave(&ctl->workload[i], &ctl->seat[i])))
            room += ctl->workload[i].gpu_bytes;
    return ctl->seat[newcomer].want_bytes <= room;
}

/* The holder that makes way for `newcomer`: of those it may stop, the one of greatest rank.  Nobody twice at one time: it
 * might get its turn again and be stopped again, and so on without end. */
static uint32_t to_preempt(struct controller *ctl, uint32_t gpu, uint32_t newcomer)
{
    uint32_t worst = GS_NONE;

    for (uint32_t i = 0; i < ctl->gpu[gpu].holders; i++) {
        uint32_t holder = ctl->lane[gpu].holder[i];
        if (ctl->workload[holder].granted && ctl->seat[holder].preempted_ns != ctl->view.now_ns &&
            slicer(ctl)->preempts(&ctl->slicer, holder, newcomer) && makes_room(ctl, gpu, holder, newcomer) &&
            (worst == GS_NONE || rank(ctl, holder) > rank(ctl, worst)))
            worst = holder;
    }
    return worst;
}

/* Whom the best of those who wait may stop, also those who were tried just now and found no memory. */
static uint32_t find_preempted(struct controller *ctl, uint32_t gpu)
{
    ctl->round++;
    uint32_t next = best_untried(ctl, gpu, false);
    return next == GS_NONE ? GS_NONE : to_preempt(ctl, gpu, next);
}

static void bring_ahead(struct controller *ctl, uint32_t gpu)
{
    const struct gs_prefetch_policy *prefetch = ctl->setup->policies.prefetch;

    if (prefetch->ahead == NULL || !prefetch->ahead(&ctl->prefetch))
        return;
    ctl->round++;
    uint32_t next = best_untried(ctl, gpu, false);
    if (next != GS_NONE)
        memory_bring(ctl, next);
}

void turns_schedule(struct controller *ctl, uint32_t gpu)
{
    struct gs_gpu *g = &ctl->gpu[gpu];
    struct lane *lane = &ctl->lane[gpu];
    uint32_t victim = GS_NONE;

    ctl->round++;
    fill(ctl, gpu);
    if (g->running == 0)
        return;
    if (slicer(ctl)->preempts != NULL)
        victim = find_preempted(ctl, gpu);
    if (victim != GS_NONE) {
        ctl->seat[victim].preempted_ns = ctl->view.now_ns;
        stop(ctl, victim, GS_BECAUSE_PREEMPTED);
    } else if (lane->waiting.head != GS_NONE) { /* not admitted now, perhaps, but when the turn ends */
        for (uint32_t i = 0; i < g->holders; i++)
            set_deadline(ctl, lane->holder[i]);
        turns_arm(ctl, gpu);
    }
    bring_ahead(ctl, gpu);
}

/* What a turn has left for work when swaps have eaten all of it: without a little, nobody would ever get on. */
enum { LEAST_USE = 100 }; /* one part in so many of the quantum */

gs_ns turns_start(struct controller *ctl, uint32_t workload)
{
    struct lane *lane = lane_of(ctl, workload);
    struct seat *seat = &ctl->seat[workload];
    bool other = lane->last_run != workload && lane->last_run != GS_NONE;
    gs_ns cost = other && slicer(ctl)->switch_cost != NULL ? slicer(ctl)->switch_cost(&ctl->slicer) : 0;

    cost = answer_time(ctl, GS_SLOT_SLICER, cost == GS_NEVER ? -1 : cost, 0);
    gs_ns start = ctl->view.now_ns + cost;
    lane->last_run = workload;
    if (seat->quantum_ns == GS_NEVER)
        return cost;
    if (!swaps_count(ctl))
        seat->turn_ns = start;
    gs_ns least = seat->quantum_ns / LEAST_USE + 1;
    if (start + least > seat->turn_ns + seat->quantum_ns)
        seat->turn_ns = start + least - seat->quantum_ns;
    return cost;
}

void turns_expire(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];
    bool others = somebody_waits(ctl, gpu);

    lane->armed_ns = GS_NEVER;
    if (ctl->view.now_ns >= lane->recheck_ns)
        lane->recheck_ns = GS_NEVER;
    for (uint32_t i = 0; i < ctl->gpu[gpu].holders; i++) {
        uint32_t holder = lane->holder[i];
        if (ctl->view.now_ns < ctl->seat[holder].deadline_ns)
            continue; /* it rang for another, or for a turn that ended early */
        ctl->seat[holder].deadline_ns = GS_NEVER;
        if (ctl->workload[holder].granted && others)
            stop(ctl, holder, GS_BECAUSE_QUANTUM);
    }
}

void turns_release(struct controller *ctl, uint32_t workload)
{
    struct gs_gpu *g = &ctl->gpu[ctl->workload[workload].gpu];
    struct lane *lane = lane_of(ctl, workload);
    uint32_t at = 0;

    if (!ctl->workload[workload].holding)
        return;
    ctl->workload[workload].holding = false;
    while (lane->holder[at] != workload)
        at++;
    for (g->holders--; at < g->holders; at++)
        lane->holder[at] = lane->holder[at + 1];
    ctl->seat[workload].deadline_ns = GS_NEVER;
    lane->armed_ns = GS_NEVER; /* what its timer was set to may be void */
}
