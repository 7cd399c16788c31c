/* process.c - a workload's process on the simulated node: its bursts wait, run, are stopped, end; and when it looks idle. */
#include "backend/sim_state.h"

static void set_running(struct backend *be, struct process *p, uint32_t running)
{
    struct device *device = &be->device[p->gpu];
    uint32_t executing = device->executing + running - p->running;

    if (executing == 0 || device->executing == 0)
        device_account(be, device);
    device->executing = executing;
    p->running = running;
}

static inline void set_lingering(struct backend *be, struct process *p, bool lingers)
{
    if (p->lingers == lingers)
        return;
    struct device *device = &be->device[p->gpu];
    device_account(be, device);
    device->lingering += lingers;
    device->lingering -= p->lingers;
    p->lingers = lingers;
    p->idle_word = 0;
}

/* Let the bursts that are ready begin, as many as are served together; of one that ends only those that had begun. */
static void start_ready(struct backend *be, struct process *p)
{
    while (p->head != NULL && p->running < p->slots && !p->parked && (!p->ends || p->head->started_ns >= 0)) {
        struct job *job = p->head;
        p->head = job->next;
        if (p->head == NULL)
            p->tail = NULL;
        job->next = NULL;
        set_running(be, p, p->running + 1);
        compute_start(be, p->gpu, job);
    }
}

static void hold_bytes(struct backend *be, struct process *p, int64_t bytes)
{
    int64_t freed = p->gpu_bytes - bytes;

    p->gpu_bytes = bytes;
    if (freed > 0)
        memory_release(be, p->gpu, freed);
    else
        be->device[p->gpu].free_bytes += freed;
}

/* The grant ends: tell the controller that it is idle, or what it wants next. */
static void post_idle(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    if (p->idle_posted)
        return;
    p->idle_posted = true;
    sim_post(be, GS_IDLE, workload);
}

/* Nothing runs any more.  Yield if it is to and more waits; else go on, or linger.  True: it is idle at once. */
static bool after_last(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];
    gs_ns linger_ns = p->linger_ns;

    if (p->head != NULL && !p->yield) {
        start_ready(be, p);
        return false;
    }
    if (p->head != NULL || linger_ns == 0)
        return true;
    set_lingering(be, p, true);
    sim_push(be, be->clock.now_ns + linger_ns, SIM_IDLE, workload, &p->idle_word);
    return false;
}

static void start_or_idle(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    start_ready(be, p);
    if (p->running == 0 && after_last(be, workload))
        post_idle(be, workload);
}

__attribute__((flatten)) void process_run(struct backend *be, const struct gs_command *command)
{
    struct process *p = &be->process[command->workload];

    p->granted = true;
    p->yield = command->yield;
    p->linger_ns = command->linger_ns + p->detect_ns;
    if (p->gpu_bytes != command->bytes && !p->swap.active)
        hold_bytes(be, p, command->bytes);
    if (command->delay_ns > 0) {
        struct device *device = &be->device[command->gpu];
        device_account(be, device);
        device->switching++;
        sim_push(be, be->clock.now_ns + command->delay_ns, SIM_DELAY_OVER, command->workload, &p->delay_word);
        return;
    }
    p->started = true;
    start_or_idle(be, command->workload);
}

static void end_delay(struct backend *be, struct process *p)
{
    device_account(be, &be->device[p->gpu]);
    be->device[p->gpu].switching--;
    p->delay_word = 0;
}

void process_delay_over(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    end_delay(be, p);
    p->started = true;
    start_or_idle(be, workload);
}

static void revoke(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    if (p->delay_word != 0)
        end_delay(be, p);
    if (p->running > 0) {
        compute_stop(be, p->gpu, workload);
        set_running(be, p, 0);
    }
    set_lingering(be, p, false);
    p->granted = p->started = p->idle_posted = p->ends = p->parked = false;
}

/* Let its bursts end, and then say that it is idle, whatever waits or may come. */
static void stop_at_boundary(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    p->yield = true;
    p->ends = p->running > 0 || p->parked;
    p->linger_ns = 0;
    if (p->started && !p->ends)
        post_idle(be, workload);
}

void process_stop(struct backend *be, uint32_t workload, bool at_boundary)
{
    struct process *p = &be->process[workload];

    if (at_boundary) {
        stop_at_boundary(be, workload);
        return;
    }
    p->between = p->started && p->running == 0 && !p->parked;
    p->wants = true; /* or not: the answer tells */
    revoke(be, workload);
    sim_post(be, GS_DONE, workload)->event.command = GS_STOP;
}

void process_kill(struct backend *be, uint32_t workload)
{
    hold_bytes(be, &be->process[workload], 0);
    pinned_free(be, workload);
    sim_post(be, GS_DONE, workload)->event.command = GS_KILL;
}

/* As with an idle notice, what follows is certain only when the answer is delivered: a burst may have come meanwhile. */
void process_take_stop(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct process *p = &be->process[workload];

    p->wants = p->head != NULL;
    if (p->wants) {
        event->since_ns = p->head->ready_ns;
        event->bytes = p->between ? p->head->bytes : 0;
    }
    if ((event->bytes != 0 || !p->wants) && !p->swap.active) {
        hold_bytes(be, p, p->gpu_bytes < p->base_bytes ? p->gpu_bytes : p->base_bytes);
        pinned_shrink(be, workload);
    }
}

void process_go_on(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];

    p->parked = false;
    if (p->started && p->running == 0 && p->head != NULL)
        start_ready(be, p);
}

/* It has done all but the last of its work, which waits for the last bytes. */
void process_park(struct backend *be, struct job *job)
{
    struct process *p = &be->process[job->workload];

    set_running(be, p, p->running - 1);
    p->parked = true;
    job->next = p->head;
    p->head = job;
    if (job->next == NULL)
        p->tail = job;
}

void process_hold(struct backend *be, uint32_t workload, int64_t bytes)
{
    struct process *p = &be->process[workload];

    p->base_bytes = bytes;
    if (!p->granted && !p->swap.active && p->gpu_bytes > bytes)
        hold_bytes(be, p, bytes);
    if (!p->wants && !p->swap.active)
        pinned_shrink(be, workload);
}

void process_idle(struct backend *be, uint32_t workload)
{
    post_idle(be, workload);
}

/* Only when the notice is delivered is it certain whether it holds, and whether a next burst waits. */
bool process_take_idle(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct process *p = &be->process[workload];

    if (!p->idle_posted)
        return false;
    set_lingering(be, p, false); /* nothing runs, so the rest of revoke() has nothing to do */
    p->granted = p->started = p->idle_posted = p->ends = false;
    if (p->gpu_bytes > p->base_bytes && !p->swap.active) {
        hold_bytes(be, p, p->base_bytes);
        pinned_shrink(be, workload);
    }
    p->wants = p->head != NULL;
    event->at_ns = be->clock.now_ns;
    event->since_ns = p->wants ? p->head->ready_ns : GS_NEVER;
    event->bytes = p->wants ? p->head->bytes : 0;
    event->workload = workload;
    event->timer = GS_NONE;
    event->kind = GS_IDLE;
    event->command = 0;
    return true;
}

bool process_offer(struct backend *be, struct job *job)
{
    struct process *p = &be->process[job->workload];

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
    if (!p->started)
        return false;
    if (p->running == 0 && !p->parked && (job->bytes != p->gpu_bytes || (p->idle_posted && p->yield))) {
        post_idle(be, job->workload); /* it needs other memory, or is to stand in line again */
    } else {
        p->idle_posted = false;
        set_lingering(be, p, false);
        start_ready(be, p);
    }
    return false;
}

__attribute__((flatten)) bool process_finished(struct backend *be, struct job *job)
{
    struct process *p = &be->process[job->workload];

    set_running(be, p, p->running - 1);
    if (p->running > 0)
        start_ready(be, p);
    else
        p->idle_posted = after_last(be, job->workload);
    return p->idle_posted;
}

struct job *process_forget(struct backend *be, uint32_t workload, bool gone)
{
    struct process *p = &be->process[workload];
    struct job *list;

    revoke(be, workload);
    list = p->head;
    p->head = p->tail = NULL;
    p->wants = false;
    p->gone = gone;
    if (gone && p->gpu != GS_NONE && !p->swap.active) {
        hold_bytes(be, p, 0);
        pinned_free(be, workload);
    }
    return list;
}
