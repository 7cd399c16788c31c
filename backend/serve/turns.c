/* turns.c - a program wishes for the GPU, gets it, is stopped, or has nothing to do any more. */
#include "backend/serve/state.h"

enum { REFUSALS_MAX = 3, BARRED_S = 30, VISIT_FIRST_S = 5, VISIT_LAST_S = 600 };
static const gs_ns unseen_ns = SERVE_SECOND_NS; /* the longest period of the driver's averages */
static const gs_ns settle_ns = 5000000;         /* who was stopped in mid-burst asks for the GPU again by then */

bool turns_wanted(const struct guest *p)
{
    bool any = p->requests > 0 || p->requests_once;

    for (int i = 0; i < p->members; i++)
        any |= p->member[i].wishes;
    return any;
}

bool turns_waits(const struct guest *p)
{
    return p->job != NULL && p->paused_ns == GS_NEVER;
}

bool turns_ungated(const struct guest *p)
{
    bool any = false;

    for (int i = 0; i < p->members; i++)
        any |= p->member[i].gate == NULL;
    return any;
}

static bool any_open(const struct guest *p)
{
    bool any = false;

    for (int i = 0; i < p->members; i++)
        any |= p->member[i].open;
    return any;
}

/* --- wishes --- */

static void open_gates(struct backend *be, struct guest *p)
{
    for (int i = 0; i < p->members; i++)
        if (p->member[i].wishes)
            peers_grant(be, p, &p->member[i]);
}

void turns_wish(struct backend *be, struct guest *p)
{
    gs_ns now_ns = be->clock.now_ns;
    struct backend_event *letter;
    bool again;

    if (p->state != GUEST_TAKEN || p->gpu == GS_NONE || p->lost)
        return; /* once it is placed, it is looked at again */
    if (p->granted && p->stopping && p->settled_ns != GS_NEVER)
        turns_stopped(be, p); /* so its burst goes on */
    if (p->granted && (p->stopping || p->idle_posted))
        return; /* the same at the end of its grant */
    if (p->granted) {
        p->idle_at_ns = GS_NEVER;
        open_gates(be, p);
        return;
    }
    if (turns_waits(p))
        return;
    again = p->job != NULL;
    if (!again && (p->job = load_wish(be->setup->load, serve_id(be, p), now_ns, guests_booked(be, p))) == NULL) {
        error_set(&be->failure, GS_SYSTEM, "out of memory for a burst of '%s'", p->name);
        return;
    }
    p->busy_ns = again ? p->busy_ns + now_ns - p->ended_ns : 0; /* a pause that it would have made anyway */
    p->paused_ns = GS_NEVER;
    letter = serve_post(be, GS_WANT, serve_id(be, p));
    letter->kind = again ? BACKEND_AGAIN : BACKEND_WISH;
    letter->job = p->job;
    letter->event.since_ns = p->job->ready_ns;
    letter->event.bytes = guests_booked(be, p);
}

void turns_want_once(struct backend *be, struct guest *p)
{
    p->requests_once = true;
    p->retry_ns = be->clock.now_ns;
}

/* --- grants --- */

static void set_granted(struct backend *be, struct guest *p, bool granted)
{
    serve_account(be);
    if (granted && !p->granted) {
        be->executing[p->gpu]++;
        p->since_ns = be->clock.now_ns;
    } else if (!granted && p->granted) {
        be->executing[p->gpu]--;
        p->busy_ns += be->clock.now_ns - p->since_ns;
    }
    p->granted = granted;
}

void turns_run(struct backend *be, const struct gs_command *command)
{
    struct guest *p = &be->guest[command->workload];

    set_granted(be, p, true);
    p->stopping = p->stop_posted = p->yields = p->idle_posted = p->requests_once = false;
    p->linger_ns = command->linger_ns;
    p->idle_at_ns = p->stop_by_ns = p->settled_ns = p->visit_ns = GS_NEVER;
    if (p->job != NULL && p->job->started_ns < 0)
        p->job->started_ns = be->clock.now_ns;
    if (p->outside)
        moves_ask(be, p, WORK_RESUME);
    p->outside = false;
    for (int i = 0; i < p->members; i++)
        if (p->member[i].wishes)
            p->visit_wait_ns = VISIT_FIRST_S * (gs_ns)SERVE_SECOND_NS;
    open_gates(be, p);
    peers_arrived(be, p);
    if (!any_open(p) && p->requests == 0)
        p->idle_at_ns = be->clock.now_ns + be->options->idle_ns; /* who wished is gone, or has no gate */
}

void turns_end(struct backend *be, struct guest *p)
{
    set_granted(be, p, false);
    p->stopping = p->stop_posted = p->idle_posted = p->yields = false;
    p->stop_by_ns = p->settled_ns = p->idle_at_ns = GS_NEVER;
    p->ended_ns = be->clock.now_ns;
    if (turns_wanted(p))
        p->retry_ns = be->clock.now_ns;
    if (p->active_ns > p->since_ns)
        p->visit_wait_ns = VISIT_FIRST_S * (gs_ns)SERVE_SECOND_NS;
    p->visit_ns = be->clock.now_ns + p->visit_wait_ns;
}

static struct backend_event *finish_job(struct backend *be, struct guest *p)
{
    struct backend_event *letter = serve_post(be, GS_IDLE, serve_id(be, p));
    gs_ns since_ns = p->granted ? p->since_ns : p->ended_ns;

    p->job->alone_ns = p->job->done_ns = p->busy_ns + be->clock.now_ns - since_ns;
    letter->kind = BACKEND_FINISH;
    letter->job = p->job;
    p->job = NULL;
    p->paused_ns = GS_NEVER;
    return letter;
}

/* --- the end of a burst --- */

static void is_idle(struct backend *be, struct guest *p)
{
    p->idle_at_ns = GS_NEVER;
    if (p->idle_posted)
        return;
    p->idle_posted = true;
    if (p->job == NULL || (p->yields && (turns_wanted(p) || p->outside)))
        serve_post(be, GS_IDLE, serve_id(be, p));
    else
        finish_job(be, p)->idle = true;
}

bool turns_take_idle(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct guest *p = &be->guest[workload];

    if (!p->idle_posted)
        return false;
    *event = (struct gs_event){.at_ns = be->clock.now_ns, .workload = workload, .timer = GS_NONE, .kind = GS_IDLE};
    turns_end(be, p);
    guests_resize(be, p);
    event->since_ns = p->job != NULL ? p->job->ready_ns : GS_NEVER;
    event->bytes = p->job != NULL ? guests_booked(be, p) : 0;
    return true;
}

/* One without a gate is idle when the driver has not seen it at work for long enough. */
static bool still_busy(struct backend *be, struct guest *p)
{
    gs_ns quiet_ns = be->options->idle_ns > unseen_ns ? be->options->idle_ns : unseen_ns;
    gs_ns seen_ns = p->active_ns > p->since_ns ? p->active_ns : p->since_ns;

    if (!turns_ungated(p) || p->members == 0 || seen_ns + quiet_ns <= be->clock.now_ns)
        return false;
    p->idle_at_ns = seen_ns + quiet_ns;
    return true;
}

/* All of its gates are shut. */
void turns_released(struct backend *be, struct guest *p)
{
    if (any_open(p) || !p->granted || p->stop_posted)
        return;
    if (p->stopping && turns_ungated(p) && be->moves && !p->outside) {
        if (p->works == 0)
            moves_ask(be, p, WORK_QUIET); /* turns_stopped when it is */
        p->stop_by_ns = GS_NEVER;
    } else if (p->stopping && !turns_wanted(p) && p->members > 0) {
        p->stop_by_ns = GS_NEVER;
        if (p->settled_ns == GS_NEVER)
            p->settled_ns = be->clock.now_ns + settle_ns;
    } else if (p->stopping)
        turns_stopped(be, p);
    else if (turns_wanted(p)) /* it waits at its gate again, or somebody has asked for it */
        turns_wish(be, p);
    else
        p->idle_at_ns = be->clock.now_ns + p->linger_ns;
}

/* --- stops --- */

/* It has been told to stop, and has.  What waits at its gate again is the burst that was stopped. */
void turns_stopped(struct backend *be, struct guest *p)
{
    if (!p->stopping || p->stop_posted)
        return;
    p->stop_by_ns = p->settled_ns = GS_NEVER;
    if (p->yields) {
        is_idle(be, p);
        return;
    }
    p->stop_posted = true;
    serve_post(be, GS_DONE, serve_id(be, p))->event.command = GS_STOP;
}

/* What it has taken in its burst so far counts from now on, as it may leave the GPU before that ends.  Where it does not ask for
 * the GPU at once, it waits for nothing, and nobody can tell yet whether its burst has ended. */
void turns_take_stop(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct guest *p = &be->guest[workload];
    int64_t before = p->bytes;

    turns_end(be, p);
    guests_resize(be, p);
    if (p->job != NULL && !turns_wanted(p) && !p->outside)
        p->paused_ns = be->clock.now_ns + be->options->idle_ns;
    event->since_ns = turns_waits(p) ? p->job->ready_ns : GS_NEVER;
    event->bytes = turns_waits(p) && p->bytes != before ? guests_booked(be, p) : 0;
}

void turns_stop(struct backend *be, uint32_t workload, bool at_boundary)
{
    struct guest *p = &be->guest[workload];

    p->yields = at_boundary;
    if (p->idle_posted && at_boundary)
        return;
    p->idle_posted = false; /* what was said of that is void: it is answered by the end of this */
    p->stopping = true;
    p->idle_at_ns = GS_NEVER;
    p->refusals = 0;
    if (any_open(p)) {
        peers_drop(be, p);
        p->stop_by_ns = be->clock.now_ns + be->options->stop_ns;
    } else {
        turns_released(be, p);
    }
}

/* Its work does not end, whoever asks: others run beside it, and it keeps its memory. */
static void give_up(struct backend *be, struct guest *p)
{
    moves_bar(be, p, BARRED_S * (gs_ns)SERVE_SECOND_NS,
              "its work on the GPU does not end: it stays there, and others run beside it");
    turns_stopped(be, p);
}

/* Its gate does not answer, or its work does not end: the driver is to stop it. */
static void overrun(struct backend *be, struct guest *p)
{
    p->stop_by_ns = be->clock.now_ns + be->options->stop_ns;
    if (guests_is_news(++p->overruns))
        guests_say(be, p, "overruns", "it has not stopped in time, and the driver is asked to hold it");
    if (++p->refusals >= REFUSALS_MAX)
        give_up(be, p);
    else if (be->moves && p->works == 0)
        moves_ask(be, p, WORK_QUIET);
}

void turns_held(struct backend *be, struct guest *p, int rc)
{
    if (rc == GS_OK && p->granted && !p->stopping) {
        moves_ask(be, p, WORK_RESUME); /* it was given the GPU meanwhile */
    } else if (rc == GS_OK) {
        p->outside = true;
        turns_stopped(be, p);
    } else if (p->stopping && p->stop_by_ns == GS_NEVER) {
        p->stop_by_ns = be->clock.now_ns + (rc == GS_BUSY ? 0 : be->options->stop_ns);
    }
}

void turns_hold(struct backend *be, struct guest *p)
{
    p->ended_ns = be->clock.now_ns;
    if (be->moves && p->members > 0)
        moves_ask(be, p, WORK_QUIET);
    turns_want_once(be, p);
}

/* --- what is due --- */

/* One that has no gate and no grant, and works nevertheless: it wishes for the GPU, and is held until it has it. */
static void mind_ungated(struct backend *be, struct guest *p)
{
    if (p->granted || p->moving || p->away || p->outside || p->works > 0 || !be->moves || p->gpu == GS_NONE ||
        p->active_ns < p->ended_ns + unseen_ns || !turns_ungated(p)) /* what is seen may be of before the end */
        return;
    p->overruns++;
    turns_hold(be, p);
}

static bool is_free(const struct backend *be, uint32_t gpu)
{
    bool busy = false;

    for (uint32_t i = 0; i < be->guests; i++)
        busy |= be->guest[i].state == GUEST_TAKEN && be->guest[i].gpu == gpu && be->guest[i].job != NULL;
    return !busy;
}

/* A call that waits in the driver since its process was held says nothing.  So who is away is brought back now and then, ever
 * more rarely: after about as long as it has been away.  One with gates can only have such a call from the moment when it was
 * held: it is seen to when nobody else wants the GPU. */
static void visit(struct backend *be, struct guest *p)
{
    p->visit_ns = be->clock.now_ns + p->visit_wait_ns;
    if ((!p->away && !p->outside) || p->members == 0 || (!turns_ungated(p) && !is_free(be, p->gpu)))
        return;
    p->visit_wait_ns *= p->visit_wait_ns < VISIT_LAST_S * (gs_ns)SERVE_SECOND_NS ? 2 : 1;
    turns_want_once(be, p);
}

bool turns_rests(const struct guest *p)
{
    bool rests = p->members > 0;

    for (int i = 0; i < p->members; i++)
        rests &= p->member[i].gate != NULL || p->member[i].parted;
    return rests && !any_open(p) && !turns_wanted(p);
}

/* Its burst has ended with it, unless it still waited for the GPU; or after all, as it has not gone on with it for as long as makes
 * one that has the GPU idle. */
void turns_watch_end(struct backend *be, struct guest *p, bool ended)
{
    if (p->job != NULL && ((ended && (p->granted || !turns_waits(p))) || p->paused_ns <= be->clock.now_ns))
        finish_job(be, p);
}

void turns_watch(struct backend *be, struct guest *p)
{
    gs_ns now_ns = be->clock.now_ns;

    mind_ungated(be, p);
    if (p->stop_by_ns <= now_ns)
        overrun(be, p);
    if (p->settled_ns <= now_ns)
        turns_stopped(be, p);
    if (p->idle_at_ns <= now_ns && !any_open(p) && !still_busy(be, p)) {
        p->idle_at_ns = GS_NEVER;
        if (p->requests == 0)
            is_idle(be, p);
    }
    if (p->visit_ns <= now_ns)
        visit(be, p);
    if (p->retry_ns <= now_ns) {
        p->retry_ns = GS_NEVER;
        if (turns_wanted(p))
            turns_wish(be, p);
    }
}
