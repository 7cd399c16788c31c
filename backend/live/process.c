/* process.c - a workload's bursts: which run, and when it looks idle.  What is decided when is as on the simulated node
 * (backend/process.c). */
#include "backend/live/state.h"

static void set_lingering(struct backend *be, struct process *p, gs_ns until_ns)
{
    if (p->idle_at_ns == until_ns)
        return;
    live_account(be, p->gpu);
    be->device[p->gpu].lingering -= p->idle_at_ns != GS_NEVER;
    be->device[p->gpu].lingering += until_ns != GS_NEVER;
    p->idle_at_ns = until_ns;
}

/* A GPU of speed v does the work in 1/v of the reference time. */
static gs_ns time_alone(const struct backend *be, gs_ns work_ns)
{
    double speed = be->node->gpu_speed;

    return speed < 1.0 || speed > 1.0 ? (gs_ns)((double)work_ns / speed + 0.5) : work_ns;
}

static void start_one(struct backend *be, struct process *p)
{
    struct job *job = p->head;

    p->head = job->next;
    if (p->head == NULL)
        p->tail = NULL;
    job->next = NULL;
    if (job->started_ns < 0) {
        gs_ns token_ns = time_alone(be, job->token_ns);

        job->started_ns = be->clock.now_ns;
        job->alone_ns = time_alone(be, job->work_ns);
        token_ns = token_ns < job->alone_ns ? token_ns : job->alone_ns;
        job->token_ns = job->token_ns == 0 ? 0 : token_ns > 0 ? token_ns : 1;
    }
    p->run[p->running++] = (struct running){.job = job,
                                            .issued_ns = job->done_ns,
                                            .since_ns = be->clock.now_ns,
                                            .from_ns = job->done_ns,
                                            .written = job->done_ns == 0 ? 0 : UINT32_MAX};
    live_count(be, p, p->running);
}

/* Let the bursts that are ready begin, as many as are served together. */
static void start_ready(struct backend *be, struct process *p)
{
    while (p->head != NULL && p->running < p->slots && !p->ends && !p->stopping)
        start_one(be, p);
}

static void post_idle(struct backend *be, struct process *p)
{
    if (p->idle_posted)
        return;
    p->idle_posted = true;
    live_post(be, GS_IDLE, live_id(be, p));
}

/* Nothing runs any more: go on, yield or linger.  True: it is idle at once. */
static bool after_last(struct backend *be, struct process *p)
{
    if (p->head != NULL && !p->yield) {
        start_ready(be, p);
        return false;
    }
    if (p->head != NULL || p->linger_ns == 0)
        return true;
    set_lingering(be, p, be->clock.now_ns + p->linger_ns);
    return false;
}

/* --- memory --- */

int live_hold(struct process *p, int64_t bytes, struct error *err)
{
    for (uint32_t i = 0; i < p->parts; i++) {
        int rc = memory_hold(&p->part[i], live_share(p, bytes), err);

        p->half_grown = rc == GS_BUSY;
        if (rc != GS_OK)
            return rc;
    }
    if (!p->moving)
        p->gpu_bytes = p->gpu_bytes == p->held_bytes || bytes < p->gpu_bytes ? bytes : p->gpu_bytes;
    p->held_bytes = bytes;
    return GS_OK;
}

/* It has waited for memory in vain; what it got of it meanwhile, on some of its GPUs or on all, is not in the books. */
static void hold_no_more(struct backend *be, struct process *p)
{
    if (p->half_grown)
        live_hold(p, p->held_bytes, &be->failure);
}

/* Between bursts it holds no more than its base. */
static void hold_base(struct backend *be, struct process *p)
{
    if (p->held_bytes > p->base_bytes && !p->moving)
        live_hold(p, p->base_bytes, &be->failure);
}

/* --- grants --- */

static void end_delay(struct backend *be, struct process *p)
{
    if (p->delayed) {
        live_account(be, p->gpu);
        be->device[p->gpu].switching--;
    }
    p->delayed = false;
    p->start_at_ns = GS_NEVER;
}

/* By the books there is memory for its next burst, and the driver has none: somebody who has left is late, or is no workload
 * of ours. */
static int wait_for_memory(struct backend *be, struct process *p, struct error *err)
{
    enum { AGAIN_NS = 1000000 };
    const struct gpu *gpu = p->part[0].gpu;
    char why[GPU_REFUSAL];

    for (uint32_t i = p->parts; i-- > 0;) /* the first that lacks some: those after it were not asked */
        if (p->part[i].bytes < live_share(p, p->run_bytes))
            gpu = p->part[i].gpu;
    p->short_ns = p->short_ns == GS_NEVER ? be->clock.now_ns : p->short_ns;
    p->start_at_ns = be->clock.now_ns + AGAIN_NS;
    if (be->clock.now_ns - p->short_ns <= gpu->limit_ns)
        return GS_OK;
    return error_set(err, GS_UNSATISFIABLE,
                     "GPU %d (%s): no memory for a burst that holds %lld MiB, for %g s: %s; who else uses it (see "
                     "'nvidia-smi')? raise 'gpu_reserved'",
                     gpu->device, gpu->pci, (long long)(p->run_bytes >> 20), (double)gpu->patience_ns / 1e9,
                     gpu_refusal(gpu, why));
}

static int start(struct backend *be, struct process *p, struct error *err)
{
    int rc = p->moving || p->held_bytes == p->run_bytes ? GS_OK : live_hold(p, p->run_bytes, err);

    end_delay(be, p);
    if (rc == GS_BUSY)
        return wait_for_memory(be, p, err);
    p->short_ns = GS_NEVER;
    p->started = true;
    start_ready(be, p);
    if (p->running == 0 && after_last(be, p))
        post_idle(be, p);
    return rc;
}

int live_run(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];
    int rc;

    p->granted = true;
    p->yield = command->yield;
    p->linger_ns = command->linger_ns + p->detect_ns;
    p->run_bytes = command->bytes;
    if (command->delay_ns == 0)
        return start(be, p, err);
    if (!p->moving && (rc = live_hold(p, p->run_bytes, err)) != GS_OK && rc != GS_BUSY)
        return rc;
    live_account(be, p->gpu);
    be->device[p->gpu].switching++;
    p->delayed = true;
    p->start_at_ns = be->clock.now_ns + command->delay_ns;
    return GS_OK;
}

static void revoke(struct backend *be, struct process *p)
{
    if (p->gpu != GS_NONE) {
        end_delay(be, p);
        set_lingering(be, p, GS_NEVER);
        hold_no_more(be, p);
    }
    p->short_ns = GS_NEVER;
    p->granted = p->started = p->idle_posted = p->ends = false;
}

/* Bursts that were stopped go back to the front of the queue, those that will end first before the others. */
static void put_back(struct backend *be, struct process *p)
{
    while (p->running > 0) {
        uint32_t most = 0;

        for (uint32_t i = 1; i < p->running; i++)
            if (p->run[i].job->alone_ns - p->run[i].job->done_ns >=
                p->run[most].job->alone_ns - p->run[most].job->done_ns)
                most = i;
        struct job *job = p->run[most].job;
        gs_ns most_ns = p->run[most].from_ns + be->clock.now_ns - p->run[most].since_ns;
        job->done_ns = job->done_ns < most_ns ? job->done_ns : most_ns;
        p->run[most] = p->run[--p->running];
        job->next = p->head;
        p->head = job;
        if (p->tail == NULL)
            p->tail = job;
    }
    if (p->gpu != GS_NONE)
        live_count(be, p, 0);
}

/* Its quanta have drained: it has stopped. */
static void stopped(struct backend *be, struct process *p)
{
    p->stopping = false;
    put_back(be, p);
    revoke(be, p);
    live_post(be, GS_DONE, live_id(be, p))->event.command = GS_STOP;
}

void live_stop(struct backend *be, uint32_t workload, bool at_boundary)
{
    struct process *p = &be->process[workload];

    if (at_boundary) {
        p->yield = true;
        p->ends = p->running > 0;
        p->linger_ns = 0;
        if (p->started && p->running == 0)
            post_idle(be, p);
        return;
    }
    p->between = p->started && p->running == 0;
    p->wants = true; /* or not: the answer tells */
    p->idle_posted = false;
    p->stopping = true;
    if (p->in_flight == 0)
        stopped(be, p);
}

void live_take_stop(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct process *p = &be->process[workload];

    p->wants = p->head != NULL;
    if (p->wants) {
        event->since_ns = p->head->ready_ns;
        event->bytes = p->between ? p->head->bytes : 0;
    }
    if (event->bytes != 0 || !p->wants)
        hold_base(be, p);
}

bool live_take_idle(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct process *p = &be->process[workload];

    if (!p->idle_posted)
        return false;
    set_lingering(be, p, GS_NEVER);
    p->granted = p->started = p->idle_posted = p->ends = false;
    hold_base(be, p);
    p->wants = p->head != NULL;
    *event = (struct gs_event){.at_ns = be->clock.now_ns,
                               .since_ns = p->wants ? p->head->ready_ns : GS_NEVER,
                               .bytes = p->wants ? p->head->bytes : 0,
                               .workload = workload,
                               .timer = GS_NONE,
                               .kind = GS_IDLE};
    return true;
}

bool live_offer(struct backend *be, struct job *job)
{
    struct process *p = &be->process[job->workload];

    live_catch_up(be);
    job->next = NULL;
    if (p->tail == NULL)
        p->head = job;
    else
        p->tail->next = job;
    p->tail = job;
    if (!p->granted) {
        bool news = !p->wants;
        p->wants = true;
        return news;
    }
    if (!p->started || p->stopping)
        return false;
    if (p->running == 0 && (job->bytes != p->held_bytes || (p->idle_posted && p->yield)))
        post_idle(be, p); /* it needs other memory, or is to stand in line again */
    else {
        p->idle_posted = false;
        set_lingering(be, p, GS_NEVER);
        start_ready(be, p);
    }
    return false;
}

/* What is on the GPU ends there, and nobody waits for it. */
static void abandon(struct backend *be, struct process *p)
{
    for (unsigned i = 0; i < LIVE_QUANTA; i++)
        p->quantum[i].job = NULL;
    put_back(be, p);
    revoke(be, p);
}

void live_halt(struct backend *be, struct process *p)
{
    struct job *ended;

    /* What is on the GPU has ended, as its memory waited for it, and is no whole burst, as not all of that was there. */
    if (live_collect(be, p, &ended, &be->failure) == GS_OK && ended != NULL)
        p->run[p->running++] = (struct running){.job = ended, .since_ns = be->clock.now_ns, .from_ns = ended->done_ns};
    p->stopping = false;
    abandon(be, p);
    p->wants = p->head != NULL;
}

struct job *live_forget(struct backend *be, uint32_t workload, bool gone)
{
    struct process *p = &be->process[workload];
    struct job *list;

    live_catch_up(be);
    p->stopping = false;
    abandon(be, p);
    list = p->head;
    p->head = p->tail = NULL;
    p->wants = false;
    p->gone = gone;
    live_settle(be, p, &be->failure);
    return list;
}

int live_step(struct backend *be, struct process *p, struct job **ended, struct error *err)
{
    int rc = GS_OK;

    *ended = NULL;
    if (p->start_at_ns <= be->clock.now_ns)
        rc = start(be, p, err);
    if (p->idle_at_ns <= be->clock.now_ns)
        post_idle(be, p);
    if (rc != GS_OK || (rc = live_collect(be, p, ended, err)) != GS_OK)
        return rc;
    if (p->stopping && p->in_flight == 0)
        stopped(be, p);
    else if (*ended != NULL && p->running > 0)
        start_ready(be, p);
    else if (*ended != NULL)
        p->idle_posted = after_last(be, p);
    if (p->dying || p->gone)
        rc = live_settle(be, p, err);
    return rc == GS_OK && p->running > 0 ? live_issue(be, p, err) : rc;
}
