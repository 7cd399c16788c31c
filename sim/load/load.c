/* load.c - what users do: they arrive, think, run a cell, wait for it, think again; jobs compute; requests come in. */
#include "sim/load/sources.h"

#include <string.h>

/* A workload has one arrival or wish due at a time, and perhaps a change and a leaving. */
static void set_due(struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];
    gs_ns at_ns = s->next_ns < s->detach_ns ? s->next_ns : s->detach_ns;

    at_ns = s->change_ns < at_ns ? s->change_ns : at_ns;
    tournament_set(&load->due, workload, at_ns);
    if (at_ns < load->clock.next_ns)
        load->clock.next_ns = at_ns;
}

void load_schedule(struct load *load, gs_ns at_ns, uint32_t workload)
{
    load->source[workload].next_ns = at_ns;
    set_due(load, workload);
}

void load_schedule_change(struct load *load, gs_ns at_ns, uint32_t workload)
{
    load->source[workload].change_ns = at_ns;
    set_due(load, workload);
}

void load_schedule_detach(struct load *load, gs_ns at_ns, uint32_t workload)
{
    load->source[workload].detach_ns = at_ns;
    set_due(load, workload);
}

gs_ns load_later(gs_ns now_ns, gs_ns gap_ns)
{
    return gap_ns >= GS_NEVER - now_ns ? GS_NEVER : now_ns + gap_ns;
}

static struct job *take_job(struct load *load)
{
    struct job *job = load->spare;

    if (job != NULL)
        load->spare = job->next;
    else
        job = arena_alloc(load->arena, sizeof *job);
    return job;
}

void load_burst(struct load *load, uint32_t workload, gs_ns work_ns, int64_t grow_bytes, struct load_event *event)
{
    struct source *s = &load->source[workload];
    struct job *job = take_job(load);

    if (job == NULL) {
        load->out_of_memory = true;
        return;
    }
    job->ready_ns = event->at_ns;
    job->started_ns = -1;
    job->work_ns = work_ns;
    job->alone_ns = job->done_ns = job->token_ns = 0;
    job->first_ns = -1;
    job->bytes = s->base_bytes + grow_bytes;
    job->workload = workload;
    job->paced = true;
    job->keep_bytes = 0;
    job->index = s->bursts++;
    s->pending++;
    s->pending_ns += work_ns;
    event->kind = LOAD_BURST;
    event->job = job;
}

static void come(struct load *load, uint32_t workload, gs_ns now_ns)
{
    struct source *s = &load->source[workload];
    const struct workload_group *g = s->group;

    s->status = STATUS_HERE;
    switch (s->kind) {
    case SOURCE_NOTEBOOK:
        load_schedule(load, load_later(now_ns, dist_draw_integer(&g->think, &s->think)), workload);
        break;
    case SOURCE_JOB:
    case SOURCE_ITERATIONS:
        load_schedule(load, load_later(now_ns, dist_draw_integer(&g->cpu_work, &s->think)), workload);
        break;
    case SOURCE_REQUESTS:
        if (s->door != 0) {
            door_come(load, s->door, now_ns);
            break;
        }
        arrival_start(s);
        load_schedule(load, load_later(now_ns, arrival_gap(s, now_ns)), workload);
        break;
    default:
        replay_attach(load, workload);
        break;
    }
}

static void ready(struct load *load, uint32_t workload, struct load_event *event)
{
    struct source *s = &load->source[workload];
    const struct workload_group *g = s->group;

    switch (s->kind) {
    case SOURCE_NOTEBOOK:
        load_burst(load, workload, dist_draw_integer(&g->burst, &s->burst),
                   s->grows ? dist_draw_integer(&g->grow, &s->grow) : 0, event);
        break;
    case SOURCE_JOB:
        load_burst(load, workload, s->again_ns > 0 ? s->again_ns : dist_draw_integer(&g->gpu_work, &s->burst), 0,
                   event);
        break;
    case SOURCE_ITERATIONS:
        load_burst(load, workload, dist_draw_integer(&g->iteration, &s->burst), 0, event);
        break;
    case SOURCE_REQUESTS:
        request_ready(load, s, workload, event);
        load_schedule(load, load_later(event->at_ns, arrival_gap(s, event->at_ns)), workload);
        break;
    default:
        replay_ready(load, workload, event);
        break;
    }
}

void load_settled(struct load *load, uint32_t workload, gs_ns now_ns)
{
    load->source[workload].end_ns = now_ns;
    load->finite_left--;
}

void load_finish(struct load *load, uint32_t workload, gs_ns now_ns)
{
    load->source[workload].end_ns = now_ns;
    load_schedule_detach(load, now_ns, workload);
}

/* The next wish of a closed loop: a pause after now, or as it was in the run that is followed. */
static gs_ns next_wish(const struct load *load, uint32_t workload, gs_ns now_ns, gs_ns pause_ns)
{
    const struct load_wishes *wishes = load->wishes;
    uint32_t burst = load->source[workload].bursts;

    if (wishes != NULL && burst >= wishes->count[workload])
        return GS_NEVER;
    if (wishes == NULL || wishes->ready_ns[workload][burst] < 0)
        return load_later(now_ns, pause_ns);
    return wishes->ready_ns[workload][burst] > now_ns ? wishes->ready_ns[workload][burst] : now_ns;
}

void load_follow(struct load *load, const struct load_wishes *wishes)
{
    load->wishes = wishes;
}

void load_ended(struct load *load, struct job *job, gs_ns now_ns)
{
    uint32_t workload = job->workload;
    struct source *s = &load->source[workload];
    const struct workload_group *g = s->group;

    s->pending--;
    s->pending_ns -= job->work_ns;
    job->next = load->spare;
    load->spare = job;
    if (s->status == STATUS_GONE)
        return;
    switch (s->kind) {
    case SOURCE_NOTEBOOK:
        load_schedule(load, next_wish(load, workload, now_ns, dist_draw_integer(&g->think, &s->think)), workload);
        break;
    case SOURCE_JOB:
        if (s->killed)
            load_schedule(load, now_ns, workload);
        else
            load_finish(load, workload, now_ns);
        s->again_ns = s->killed ? job->work_ns : 0;
        s->killed = false;
        break;
    case SOURCE_ITERATIONS:
        if (--s->left > 0)
            load_schedule(load, next_wish(load, workload, now_ns, dist_draw_integer(&g->gap, &s->think)), workload);
        else
            load_finish(load, workload, now_ns);
        break;
    case SOURCE_REQUESTS:
    case SOURCE_OUTSIDE:
        break;
    default:
        replay_ended(load, job, now_ns);
        break;
    }
}

void load_killed(struct load *load, uint32_t workload)
{
    struct source *s = &load->source[workload];

    s->killed = s->kind == SOURCE_JOB && s->pending > 0;
    if (s->kind == SOURCE_ITERATIONS)
        s->left = s->group->iterations + (s->pending > 0); /* less the one that is about to end */
}

void load_cancel(struct load *load, uint32_t workload)
{
    struct source *s = &load->source[workload];

    if (s->status == STATUS_GONE || s->kind == SOURCE_OUTSIDE)
        return;
    s->status = STATUS_GONE;
    if (s->course != NULL)
        replay_gone(load, s);
    if (s->finite)
        load->finite_left--;
}

/* What is due of a workload; at one time a change comes before its wish, and that before its leaving. */
static void take_due(struct load *load, uint32_t workload, struct load_event *event)
{
    struct source *s = &load->source[workload];
    gs_ns at_ns = tournament_of_ns(&load->due, workload);
    bool leaves = s->next_ns != at_ns;

    event->at_ns = at_ns;
    event->workload = workload;
    if (s->change_ns == at_ns) {
        replay_change(load, workload, event);
        set_due(load, workload);
        return;
    }
    if (s->kind == SOURCE_DOOR) {
        door_take(load, workload, event);
        return;
    }
    *(leaves ? &s->detach_ns : &s->next_ns) = GS_NEVER;
    if (s->status == STATUS_GONE) {
        /* refused meanwhile: nothing more comes of it */
    } else if (!leaves && s->status == STATUS_HERE) {
        ready(load, workload, event);
    } else if (!leaves) {
        event->kind = LOAD_ATTACH;
        come(load, workload, event->at_ns);
    } else if (s->kind == SOURCE_REPLAY && s->end_ns < 0) {
        replay_detach(load, workload, event->at_ns);
    } else {
        event->kind = LOAD_DETACH;
        load_cancel(load, workload);
    }
    set_due(load, workload);
}

/* A recorded wish of an open loop; or the end of reading them. */
static __attribute__((noinline)) void take_wish(struct load *load, struct load_event *event)
{
    if (load->failed.code != GS_OK) {
        event->kind = LOAD_FAILED;
        event->at_ns = load->clock.next_ns;
        return;
    }
    replay_take(load, event);
}

static void set_clock(struct load *load)
{
    load->clock.next_ns = tournament_next_ns(&load->due);
    if (load->cursors > 0 && replay_wish_ns(load) < load->clock.next_ns)
        load->clock.next_ns = replay_wish_ns(load);
}

void load_next(struct load *load, struct load_event *event)
{
    event->kind = LOAD_NOTHING;
    if (load->cursors > 0 && (load->failed.code != GS_OK || replay_wish_ns(load) < tournament_next_ns(&load->due)))
        take_wish(load, event);
    else
        take_due(load, tournament_first(&load->due), event);
    set_clock(load);
}

static bool is_on(const void *context, uint32_t workload)
{
    const struct load *load = context;

    return workload < load->count && load->view->workload[workload].node == load->node;
}

bool load_follows(struct load *load, gs_ns at_ns, uint32_t node, struct load_event *event)
{
    uint32_t workload;

    if (load->clock.next_ns != at_ns)
        return false;
    if (load->cursors > 0 || load->doors > 0) {
        load_next(load, event);
        return true;
    }
    load->node = node;
    workload = tournament_find(&load->due, at_ns, is_on, load);
    if (workload == TOURNAMENT_NONE)
        return false;
    event->kind = LOAD_NOTHING;
    take_due(load, workload, event);
    set_clock(load);
    return true;
}

void load_see(struct load *load, const struct gs_view *view)
{
    load->view = view;
}

bool load_is_over(const struct load *load)
{
    return load->finite_left == 0 && load->endless == 0;
}

gs_ns load_end_ns(const struct load *load, uint32_t workload)
{
    return load->source[workload].cut ? -1 : load->source[workload].end_ns;
}

bool load_is_finite(const struct load *load, uint32_t workload)
{
    return load->source[workload].finite;
}

bool load_is_open(const struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];

    return s->kind == SOURCE_REQUESTS ||
           (s->kind == SOURCE_REPLAY && s->replay->runs == 0 && (!s->replay->closed || s->replay->requests > 0));
}

bool load_is_fixed(const struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];

    if (s->kind == SOURCE_REPLAY)
        return s->replay->runs == 0 && (!s->replay->closed || s->replay->bursts <= 1);
    return s->kind == SOURCE_REQUESTS || s->kind == SOURCE_JOB ||
           (s->kind == SOURCE_ITERATIONS && s->group->iterations == 1);
}

bool load_failed(const struct load *load)
{
    return load->out_of_memory || load->failed.code != GS_OK;
}

int load_error(const struct load *load, struct error *err)
{
    if (load->failed.code != GS_OK)
        return error_set(err, load->failed.code, "%s", load->failed.text);
    if (load->out_of_memory)
        return error_set(err, GS_SYSTEM, "out of memory for bursts; is the GPU overloaded without end?");
    return GS_OK;
}
