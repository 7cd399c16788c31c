/* guests.c - programs come to a place, wish for the GPU, run, stop and go. */
#include "backend/serve/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *group_of(const struct backend *be, const struct guest *p)
{
    return be->setup->scenario->workload[be->setup->setup->workload[serve_id(be, p)].group].name;
}

struct guest *guests_free(struct backend *be, const char *group)
{
    for (uint32_t i = 0; i < be->guests; i++)
        if (be->guest[i].state == GUEST_FREE && strcmp(group_of(be, &be->guest[i]), group) == 0)
            return &be->guest[i];
    return NULL;
}

struct guest *guests_named(struct backend *be, const char *name)
{
    for (uint32_t i = 0; i < be->guests; i++)
        if (be->guest[i].state == GUEST_TAKEN && strcmp(be->guest[i].name, name) == 0)
            return &be->guest[i];
    return NULL;
}

struct guest *guests_of(struct backend *be, int pid)
{
    for (uint32_t i = 0; i < be->guests; i++) {
        const struct guest *p = &be->guest[i];

        if (p->state != GUEST_TAKEN)
            continue;
        for (int m = 0; m < p->members; m++)
            if (p->member[m].pid == pid)
                return &be->guest[i];
        if (p->root_pid > 0 && process_descends(pid, p->root_pid))
            return &be->guest[i];
    }
    return NULL;
}

int guests_take(struct backend *be, struct guest *p, int pid, uid_t uid, struct error *err)
{
    int fd = process_open(pid);

    if (fd < 0)
        return error_set(err, GS_NO_INPUT, "there is no process %d", pid);
    *p = (struct guest){.state = GUEST_COMING,
                        .root_pid = pid,
                        .root_fd = fd,
                        .uid = uid,
                        .gpu = GS_NONE,
                        .bytes = be->setup->setup->workload[serve_id(be, p)].bytes,
                        .idle_at_ns = GS_NEVER,
                        .stop_by_ns = GS_NEVER,
                        .retry_ns = GS_NEVER};
    snprintf(p->name, sizeof p->name, "%s-%u", group_of(be, p), serve_id(be, p));
    serve_post(be, GS_ATTACH, serve_id(be, p));
    be->journal_stale = true;
    return GS_OK;
}

struct member *guests_join(struct backend *be, struct guest *p, int pid, struct error *err)
{
    struct member *member;

    for (int i = 0; i < p->members; i++)
        if (p->member[i].pid == pid)
            return &p->member[i];
    if (p->members == SERVE_MEMBERS) {
        error_set(err, GS_UNSATISFIABLE, "'%s' has %d processes on the GPU already", p->name, SERVE_MEMBERS);
        return NULL;
    }
    member = &p->member[p->members];
    *member = (struct member){.pid = pid, .pidfd = process_open(pid)};
    if (member->pidfd < 0) {
        error_set(err, GS_NO_INPUT, "there is no process %d", pid);
        return NULL;
    }
    p->members++;
    be->journal_stale = true;
    if (!be->moves)
        guests_update(be, p, GS_FIELD_SWAPPABLE, 0);
    return member;
}

void guests_update(struct backend *be, struct guest *p, uint8_t field, int64_t value)
{
    struct backend_event *letter = serve_post(be, GS_UPDATE, serve_id(be, p));

    letter->event.command = field;
    letter->event.bytes = value;
}

/* --- wishes --- */

static bool wanted(const struct guest *p)
{
    bool any = p->requests > 0 || p->requests_once;

    for (int i = 0; i < p->members; i++)
        any |= p->member[i].wishes;
    return any;
}

void guests_wish(struct backend *be, struct guest *p)
{
    gs_ns now_ns = be->clock.now_ns;
    struct backend_event *letter;

    if (p->granted && (p->stopping || p->idle_posted)) {
        p->retry_ns = now_ns; /* when that is over */
        return;
    }
    if (p->granted) {
        p->idle_at_ns = GS_NEVER;
        for (int i = 0; i < p->members; i++)
            if (p->member[i].wishes)
                peers_grant(be, p, &p->member[i]);
        return;
    }
    if (p->job != NULL || p->state != GUEST_TAKEN || p->gpu == GS_NONE)
        return;
    p->job = load_wish(be->setup->load, serve_id(be, p), now_ns, p->bytes);
    if (p->job == NULL) {
        error_set(&be->failure, GS_SYSTEM, "out of memory for a burst of '%s'", p->name);
        return;
    }
    p->busy_ns = 0;
    letter = serve_post(be, GS_WANT, serve_id(be, p));
    letter->kind = BACKEND_WISH;
    letter->job = p->job;
    letter->event.since_ns = now_ns;
    letter->event.bytes = p->bytes;
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

static bool any_open(const struct guest *p)
{
    bool any = false;

    for (int i = 0; i < p->members; i++)
        any |= p->member[i].open;
    return any;
}

static bool has_gates(const struct guest *p)
{
    bool all = p->members > 0;

    for (int i = 0; i < p->members; i++)
        all &= p->member[i].gate != NULL;
    return all;
}

void guests_run(struct backend *be, const struct gs_command *command)
{
    struct guest *p = &be->guest[command->workload];

    set_granted(be, p, true);
    p->stopping = p->yields = p->idle_posted = p->requests_once = false;
    p->linger_ns = command->linger_ns;
    p->idle_at_ns = p->stop_by_ns = GS_NEVER;
    if (p->job != NULL && p->job->started_ns < 0)
        p->job->started_ns = be->clock.now_ns;
    if (p->outside) {
        moves_ask(be, p, WORK_RESUME);
        p->outside = false;
    }
    for (int i = 0; i < p->members; i++)
        if (p->member[i].wishes)
            peers_grant(be, p, &p->member[i]);
    peers_arrived(be, p);
    if (!any_open(p) && p->requests == 0)
        p->idle_at_ns = be->clock.now_ns + be->options->idle_ns; /* who wished is gone, or has no gate */
}

static void end_grant(struct backend *be, struct guest *p)
{
    set_granted(be, p, false);
    p->stopping = p->idle_posted = p->yields = false;
    p->stop_by_ns = p->idle_at_ns = GS_NEVER;
    if (wanted(p))
        p->retry_ns = be->clock.now_ns;
}

static struct backend_event *finish_job(struct backend *be, struct guest *p)
{
    struct backend_event *letter = serve_post(be, GS_IDLE, serve_id(be, p));

    p->job->alone_ns = p->job->done_ns = p->busy_ns + be->clock.now_ns - p->since_ns;
    letter->kind = BACKEND_FINISH;
    letter->job = p->job;
    p->job = NULL;
    return letter;
}

/* It has been told to stop, and has.  What waits at its gate again is the burst that was stopped. */
void guests_stopped(struct backend *be, struct guest *p)
{
    if (!p->stopping)
        return;
    p->stop_by_ns = GS_NEVER;
    if (p->yields) {
        guests_is_idle(be, p);
        return;
    }
    if (p->job != NULL && !wanted(p) && !p->outside)
        finish_job(be, p);
    serve_post(be, GS_DONE, serve_id(be, p))->event.command = GS_STOP;
}

void guests_take_stop(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct guest *p = &be->guest[workload];

    end_grant(be, p);
    event->since_ns = p->job != NULL ? p->job->ready_ns : GS_NEVER;
    if (p->job == NULL)
        guests_resize(be, p);
}

void guests_stop(struct backend *be, uint32_t workload, bool at_boundary)
{
    struct guest *p = &be->guest[workload];

    p->yields = at_boundary;
    if (p->idle_posted && at_boundary)
        return;
    p->stopping = true;
    p->idle_at_ns = GS_NEVER;
    if (any_open(p)) {
        peers_drop(be, p);
        p->stop_by_ns = be->clock.now_ns + be->options->stop_ns;
    } else if (p->members > 0 && !has_gates(p) && be->moves) {
        moves_ask(be, p, WORK_QUIET); /* guests_stopped when it is */
        p->stop_by_ns = GS_NEVER;
    } else {
        guests_stopped(be, p);
    }
}

/* All of its gates are shut. */
void guests_released(struct backend *be, struct guest *p)
{
    if (any_open(p) || !p->granted)
        return;
    if (p->stopping) {
        guests_stopped(be, p);
        return;
    }
    if (wanted(p)) { /* it waits at its gate again, or somebody has asked for it */
        guests_wish(be, p);
        return;
    }
    p->idle_at_ns = be->clock.now_ns + p->linger_ns;
}

/* Its burst has ended. */
void guests_is_idle(struct backend *be, struct guest *p)
{
    p->idle_at_ns = GS_NEVER;
    if (p->idle_posted)
        return;
    p->idle_posted = true;
    if (p->job == NULL || (p->yields && (wanted(p) || p->outside)))
        serve_post(be, GS_IDLE, serve_id(be, p));
    else
        finish_job(be, p)->idle = true;
}

bool guests_take_idle(struct backend *be, uint32_t workload, struct gs_event *event)
{
    struct guest *p = &be->guest[workload];

    if (!p->idle_posted)
        return false;
    *event = (struct gs_event){.at_ns = be->clock.now_ns, .workload = workload, .timer = GS_NONE, .kind = GS_IDLE};
    end_grant(be, p);
    event->since_ns = p->job != NULL ? p->job->ready_ns : GS_NEVER;
    event->bytes = p->job != NULL ? p->bytes : 0;
    if (p->job == NULL)
        guests_resize(be, p);
    return true;
}

/* --- leaving --- */

static void close_member(struct member *member)
{
    if (member->gate != NULL)
        member->gate->closing = true;
    close(member->pidfd);
}

void guests_part(struct backend *be, struct guest *p, struct member *member)
{
    bool open = member->open;

    close_member(member);
    p->members--;
    be->journal_stale = true;
    for (struct member *m = member; m < &p->member[p->members]; m++)
        *m = m[1];
    if (open)
        guests_released(be, p);
}

/* What it holds more or less than the controller knows: by the driver's own books. */
void guests_resize(struct backend *be, struct guest *p)
{
    enum { HOLDERS = 256 };
    struct nvml_holder holder[HOLDERS];
    int count = p->gpu == GS_NONE ? -1 : nvml_holders(&be->nvml, be->device[p->gpu], holder, HOLDERS);
    int64_t bytes = 0, context = be->setup->setup->workload[serve_id(be, p)].context_bytes;

    for (int i = 0; i < count; i++)
        for (int m = 0; m < p->members; m++)
            if (p->member[m].pid == (int)holder[i].pid && holder[i].used_bytes != UINT64_MAX)
                bytes += (int64_t)holder[i].used_bytes - context;
    if (bytes <= 0 || p->away || p->moving || llabs(bytes - p->bytes) * 50 <= p->bytes)
        return; /* a fiftieth is within what contexts differ by */
    p->bytes = bytes;
    serve_post(be, GS_RESIZE, serve_id(be, p))->event.bytes = bytes;
}

struct job *guests_forget(struct backend *be, uint32_t workload, bool gone)
{
    struct guest *p = &be->guest[workload];
    struct job *job = p->job;

    if (job != NULL)
        job->done_ns = p->busy_ns + (p->granted ? be->clock.now_ns - p->since_ns : 0);
    p->job = NULL;
    if (p->granted)
        end_grant(be, p);
    p->gone = gone;
    if (!gone)
        p->retry_ns = be->clock.now_ns + INT64_C(1000000000); /* it waits at its gate: ask again */
    return job;
}

static void leave(struct backend *be, struct guest *p)
{
    serve_post(be, GS_DETACH, serve_id(be, p));
    p->state = GUEST_LEAVING;
    be->journal_stale = true;
    if (p->root_fd >= 0)
        close(p->root_fd);
    p->root_fd = -1;
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next) {
        if (peer->awaits == serve_id(be, p))
            control_say(peer, "error: '%s' has ended", p->name);
        peer->awaits = peer->awaits == serve_id(be, p) ? GS_NONE : peer->awaits;
        peer->holds = peer->holds == serve_id(be, p) ? GS_NONE : peer->holds;
    }
}

static bool has_ended(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};

    return pidfd < 0 || poll(&end, 1, 0) > 0;
}

void guests_watch(struct backend *be, struct guest *p)
{
    gs_ns now_ns = be->clock.now_ns;

    if (p->state == GUEST_LEAVING) {
        if (p->gone && !p->moving)
            p->state = GUEST_FREE;
        return;
    }
    for (int i = p->members; i-- > 0;)
        if (has_ended(p->member[i].pidfd))
            guests_part(be, p, &p->member[i]);
    if (p->state == GUEST_TAKEN && p->members == 0 && has_ended(p->root_fd)) {
        leave(be, p);
        return;
    }
    if (p->stop_by_ns <= now_ns) { /* its gate does not answer, or its work does not end: stop it from outside */
        p->stop_by_ns = now_ns + be->options->stop_ns;
        p->overruns++;
        if (be->moves)
            moves_ask(be, p, WORK_QUIET);
    }
    if (p->idle_at_ns <= now_ns && !any_open(p)) {
        p->idle_at_ns = GS_NEVER;
        if (p->requests == 0)
            guests_is_idle(be, p);
    }
    if (p->retry_ns <= now_ns) {
        p->retry_ns = GS_NEVER;
        if (wanted(p))
            guests_wish(be, p);
    }
}
