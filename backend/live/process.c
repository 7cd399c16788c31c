/* process.c - a workload's bursts on the GPU: cut into quanta, at most two of which are under way, so that a stop never
 * takes longer than those; and when it looks idle.  What is decided when is as on the simulated node (backend/process.c). */
#include "backend/live/state.h"

/* --- kernels --- */

static int submit_quanta(struct backend *be, struct process *p, struct error *err)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[live_id(be, p)];

    /* where others run, too, theirs keep the GPU busy while the next one is issued, and shorter turns are fairer */
    unsigned most = be->executing > 1 ? 1 : LIVE_QUANTA;

    while (p->in_flight < most && !p->stopping && p->issued_ns < p->job->alone_ns) {
        struct quantum *q = &p->quantum[(p->first + p->in_flight) % LIVE_QUANTA];
        gs_ns left_ns = p->job->alone_ns - p->issued_ns;
        uint32_t written = p->issued_ns == 0 ? (uint32_t)(spec->dirty * p->memory.count + 0.999) : 0;
        int rc;

        /* a quantum is the device's time, work is the scenario's */
        q->work_ns = (gs_ns)(LIVE_QUANTUM_NS * be->time.scale);
        q->work_ns = left_ns < q->work_ns ? left_ns : q->work_ns;
        if ((rc = memory_burst(&p->memory, live_clock_span(&be->time, q->work_ns), written, err)) != GS_OK ||
            (rc = gpu_try(&be->gpu, be->gpu.cu->event_record(q->ended, p->memory.work), "cuEventRecord", err)) != GS_OK)
            return rc;
        p->issued_ns += q->work_ns;
        p->in_flight++;
    }
    return GS_OK;
}

/* --- grants --- */

static void set_lingering(struct backend *be, struct process *p, gs_ns until_ns)
{
    live_account(be);
    be->lingering -= p->idle_at_ns != GS_NEVER;
    be->lingering += until_ns != GS_NEVER;
    p->idle_at_ns = until_ns;
}

static void set_job(struct backend *be, struct process *p, struct job *job)
{
    live_account(be);
    be->executing -= p->job != NULL;
    be->executing += job != NULL;
    p->job = job;
}

static void start_next(struct backend *be, struct process *p)
{
    struct job *job = p->head;

    if (job == NULL || p->job != NULL || p->ends || p->stopping)
        return;
    p->head = job->next;
    if (p->head == NULL)
        p->tail = NULL;
    job->next = NULL;
    if (job->started_ns < 0) {
        job->started_ns = be->clock.now_ns;
        job->alone_ns = job->work_ns;
    }
    p->issued_ns = p->from_ns = job->done_ns;
    p->since_ns = be->clock.now_ns;
    set_job(be, p, job);
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
        start_next(be, p);
        return false;
    }
    if (p->head != NULL || p->linger_ns == 0)
        return true;
    set_lingering(be, p, be->clock.now_ns + p->linger_ns);
    return false;
}

static void start_or_idle(struct backend *be, struct process *p)
{
    start_next(be, p);
    if (p->job == NULL && after_last(be, p))
        post_idle(be, p);
}

int live_hold(struct process *p, int64_t bytes, struct error *err)
{
    p->held_bytes = bytes;
    return memory_hold(&p->memory, bytes, err);
}

/* Between bursts it holds no more than its base. */
static void hold_base(struct backend *be, struct process *p)
{
    if (p->held_bytes > p->base_bytes)
        live_hold(p, p->base_bytes, &be->failure);
}

int live_run(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];
    int rc = live_hold(p, command->bytes, err);

    p->granted = true;
    p->yield = command->yield;
    p->linger_ns = command->linger_ns + p->detect_ns;
    if (command->delay_ns > 0) {
        live_account(be);
        be->switching++;
        p->start_at_ns = be->clock.now_ns + command->delay_ns;
        return rc;
    }
    p->started = true;
    start_or_idle(be, p);
    return rc;
}

static void revoke(struct backend *be, struct process *p)
{
    if (p->start_at_ns != GS_NEVER) {
        live_account(be);
        be->switching--;
        p->start_at_ns = GS_NEVER;
    }
    set_lingering(be, p, GS_NEVER);
    p->granted = p->started = p->idle_posted = p->ends = false;
}

/* How much of its burst a process can have done.  No clock is so exact that a kernel could not seem to have taken less time
 * than it was told to; but no burst gets on faster than time goes by, or its delays would add up to more than all of it. */
static gs_ns most_done(const struct backend *be, const struct process *p)
{
    return p->from_ns + be->clock.now_ns - p->since_ns;
}

/* When its burst may end, all of it being done; GS_NEVER: it is not. */
gs_ns live_end_ns(const struct process *p)
{
    return p->job != NULL && p->in_flight == 0 && p->job->done_ns >= p->job->alone_ns
               ? p->since_ns + p->job->alone_ns - p->from_ns
               : GS_NEVER;
}

/* The burst that was stopped goes back to the front of its queue. */
static void put_back(struct backend *be, struct process *p)
{
    struct job *job = p->job;

    if (job == NULL)
        return;
    if (job->done_ns > most_done(be, p))
        job->done_ns = most_done(be, p);
    set_job(be, p, NULL);
    job->next = p->head;
    p->head = job;
    if (p->tail == NULL)
        p->tail = job;
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
        p->ends = p->job != NULL;
        p->linger_ns = 0;
        if (p->started && p->job == NULL)
            post_idle(be, p);
        return;
    }
    p->between = p->started && p->job == NULL;
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
    if (p->job == NULL && (job->bytes != p->held_bytes || (p->idle_posted && p->yield)))
        post_idle(be, p); /* it needs other memory, or is to stand in line again */
    else {
        p->idle_posted = false;
        set_lingering(be, p, GS_NEVER);
        start_next(be, p);
    }
    return false;
}

struct job *live_forget(struct backend *be, uint32_t workload, bool gone)
{
    struct process *p = &be->process[workload];
    struct job *list;

    live_catch_up(be);
    if (p->in_flight > 0) /* what is on the GPU ends there, unseen */
        be->gpu.cu->stream_wait(p->memory.work);
    p->in_flight = 0;
    p->stopping = false;
    put_back(be, p);
    revoke(be, p);
    list = p->head;
    p->head = p->tail = NULL;
    p->wants = false;
    p->gone = gone;
    if (gone && !p->moving)
        memory_close(&p->memory);
    return list;
}

int live_step(struct backend *be, struct process *p, struct job **ended, struct error *err)
{
    int rc = GS_OK;

    *ended = NULL;
    if (p->start_at_ns <= be->clock.now_ns) {
        live_account(be);
        be->switching--;
        p->start_at_ns = GS_NEVER;
        p->started = true;
        start_or_idle(be, p);
    }
    if (p->idle_at_ns <= be->clock.now_ns)
        post_idle(be, p);
    while (p->in_flight > 0) {
        CUresult result = be->gpu.cu->event_query(p->quantum[p->first].ended);

        if (result == CUDA_ERROR_NOT_READY)
            break;
        if (result != CUDA_SUCCESS)
            return gpu_try(&be->gpu, result, "a burst", err);
        p->job->done_ns += p->quantum[p->first].work_ns;
        p->first = (p->first + 1) % LIVE_QUANTA;
        p->in_flight--;
    }
    if (live_end_ns(p) <= be->clock.now_ns) {
        *ended = p->job;
        set_job(be, p, NULL);
    }
    if (p->stopping && p->in_flight == 0)
        stopped(be, p);
    else if (*ended != NULL)
        p->idle_posted = after_last(be, p);
    if (p->job != NULL)
        rc = submit_quanta(be, p, err);
    return rc;
}
