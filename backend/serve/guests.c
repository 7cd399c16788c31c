/* guests.c - programs come to a place, and go; a program is a process, and those that it started. */
#include "backend/serve/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { LATE_S = 3 };

static const char *group_of(const struct backend *be, const struct guest *p)
{
    return be->setup->scenario->workload[be->setup->setup->workload[serve_id(be, p)].group].name;
}

static bool is_here(const struct guest *p)
{
    return p->state == GUEST_COMING || p->state == GUEST_TAKEN;
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

static struct guest *by_ancestry(struct backend *be, int pid)
{
    enum { GENERATIONS = 64 };

    for (int i = 0; i < GENERATIONS && pid > 1; i++, pid = process_parent(pid))
        for (uint32_t g = 0; g < be->guests; g++)
            if (is_here(&be->guest[g]) && be->guest[g].root_pid == pid && !process_ended(be->guest[g].root_fd))
                return &be->guest[g];
    return NULL;
}

struct guest *guests_of(struct backend *be, int pid)
{
    for (uint32_t i = 0; i < be->guests; i++)
        for (int m = 0; is_here(&be->guest[i]) && m < be->guest[i].members; m++)
            if (be->guest[i].member[m].pid == pid && !process_ended(be->guest[i].member[m].pidfd))
                return &be->guest[i];
    return by_ancestry(be, pid);
}

/* Only of the same user: root's programs, too, bring those of others by ancestry alone. */
struct guest *guests_by_ticket(struct backend *be, uint64_t ticket, uid_t uid)
{
    for (uint32_t i = 0; i < be->guests; i++)
        if (ticket != 0 && is_here(&be->guest[i]) && be->guest[i].ticket == ticket && be->guest[i].uid == uid)
            return &be->guest[i];
    return NULL;
}

/* --- coming --- */

/* 0, none, is better than one that others have. */
static uint64_t draw_ticket(void)
{
    uint64_t ticket = 0;

    return getrandom(&ticket, sizeof ticket, 0) == (ssize_t)sizeof ticket ? ticket : 0;
}

/* A process' number is looked up and then opened: it is the one that was meant only if it is still this program's. */
static int check_owner(const struct guest *p, int pid, int pidfd, struct error *err)
{
    uid_t uid;

    if (!process_is_leader(pid) || !process_user(pid, &uid) || process_ended(pidfd))
        return error_set(err, GS_NO_INPUT, "there is no process %d", pid);
    if (uid != p->uid && p->uid != 0)
        return error_set(err, GS_NOT_PERMITTED, "process %d is not of the user whose program '%s' is", pid, p->name);
    return GS_OK;
}

int guests_take(struct backend *be, struct guest *p, int pid, uid_t uid, struct error *err)
{
    int fd = process_open(pid);

    if (fd < 0)
        return error_set(err, GS_NO_INPUT, "there is no process %d", pid);
    *p = (struct guest){.state = GUEST_COMING,
                        .root_pid = pid,
                        .root_fd = fd,
                        .root_start = process_start(pid),
                        .uid = uid,
                        .gpu = GS_NONE,
                        .bytes = be->setup->setup->workload[serve_id(be, p)].bytes,
                        .paused_ns = GS_NEVER,
                        .idle_at_ns = GS_NEVER,
                        .stop_by_ns = GS_NEVER,
                        .settled_ns = GS_NEVER,
                        .retry_ns = GS_NEVER,
                        .movable_ns = GS_NEVER,
                        .visit_ns = GS_NEVER,
                        .visit_wait_ns = 5 * (gs_ns)SERVE_SECOND_NS,
                        .ticket = draw_ticket(),
                        .priority = -1};
    snprintf(p->name, sizeof p->name, "%.36s-%u", group_of(be, p), serve_id(be, p));
    if (check_owner(p, pid, fd, err) != GS_OK) { /* it was looked up before it was opened */
        close(fd);
        p->state = GUEST_FREE;
        return err->code;
    }
    serve_post(be, GS_ATTACH, serve_id(be, p));
    be->journal_stale = true;
    return GS_OK;
}

static void part(struct backend *be, struct guest *p, struct member *member)
{
    bool open = member->open;

    if (member->gate != NULL)
        member->gate->closing = true;
    close(member->pidfd);
    p->members--;
    be->journal_stale = true;
    for (struct member *m = member; m < &p->member[p->members]; m++)
        *m = m[1];
    if (open)
        turns_released(be, p);
}

struct member *guests_join(struct backend *be, struct guest *p, int pid, struct error *err)
{
    struct member *member;
    uint64_t start;
    int pidfd;

    for (int i = p->members; i-- > 0;) {
        if (p->member[i].pid == pid && !process_ended(p->member[i].pidfd))
            return &p->member[i];
        if (p->member[i].pid == pid)
            part(be, p, &p->member[i]);
    }
    if (p->members == SERVE_MEMBERS) {
        error_set(err, GS_UNSATISFIABLE, "'%s' has %d processes on the GPU already", p->name, SERVE_MEMBERS);
        return NULL;
    }
    pidfd = process_open(pid);
    start = process_start(pid);
    if (pidfd < 0 || start == 0 || check_owner(p, pid, pidfd, err) != GS_OK) {
        if (pidfd < 0 || start == 0)
            error_set(err, GS_NO_INPUT, "there is no process %d", pid);
        if (pidfd >= 0)
            close(pidfd);
        return NULL;
    }
    p->joined = true;
    member = &p->member[p->members++];
    *member = (struct member){.pid = pid, .pidfd = pidfd, .start = start};
    be->journal_stale = true;
    if (!be->moves) {
        guests_update(be, p, GS_FIELD_SWAPPABLE, 0);
        snprintf(p->why, sizeof p->why, "%s", be->moves_why);
    }
    return member;
}

void guests_update(struct backend *be, struct guest *p, uint8_t field, int64_t value)
{
    struct backend_event *letter = serve_post(be, GS_UPDATE, serve_id(be, p));

    letter->event.command = field;
    letter->event.bytes = value;
}

/* It may have more than the GPU has for programs, in what the node keeps back: then it is told to have all of it. */
int64_t guests_booked(const struct backend *be, const struct guest *p)
{
    const struct gs_gpu *gpu = p->gpu == GS_NONE ? NULL : &be->setup->view->gpu[p->gpu];
    int64_t most;

    if (gpu == NULL)
        return p->bytes;
    most = (int64_t)(be->setup->setup->workload[serve_id(be, p)].limit *
                     (double)be->setup->setup->node[gpu->node].gpu_bytes);
    most = most < gpu->capacity_bytes ? most : gpu->capacity_bytes;
    return p->bytes < most ? p->bytes : most;
}

/* What it holds more or less than the controller knows: by the driver's own books. */
void guests_resize(struct backend *be, struct guest *p)
{
    int64_t bytes = 0, context = be->setup->setup->workload[serve_id(be, p)].context_bytes;

    for (int m = 0; m < p->members && p->gpu != GS_NONE; m++) {
        uint64_t used;

        nvml_used(&be->nvml, be->device[p->gpu], p->member[m].pid, &used);
        if (used == UINT64_MAX)
            return; /* what the others have is not all of it */
        bytes += used > 0 ? (int64_t)used - context : 0;
    }
    if (bytes <= 0 || p->away || p->moving || llabs(bytes - p->bytes) * 50 <= p->bytes)
        return; /* a fiftieth is within what contexts differ by */
    p->bytes = bytes;
    be->journal_stale = true;
    serve_post(be, GS_RESIZE, serve_id(be, p))->event.bytes = guests_booked(be, p);
}

/* --- what whoever looks after the node should know --- */

void guests_say(struct backend *be, const struct guest *p, const char *what, const char *why)
{
    char line[512];

    snprintf(line, sizeof line, "'%s' %s: %s", p->name, what, why);
    be->options->say(line);
}

bool guests_is_news(uint64_t count)
{
    return (count & (count - 1)) == 0;
}

/* --- going --- */

static void free_place(struct backend *be, struct guest *p)
{
    while (p->members > 0)
        part(be, p, &p->member[p->members - 1]);
    if (p->root_fd >= 0)
        close(p->root_fd);
    p->root_fd = -1;
    p->state = GUEST_FREE;
    be->journal_stale = true;
}

void guests_refuse(struct backend *be, struct guest *p)
{
    free_place(be, p);
}

struct job *guests_forget(struct backend *be, uint32_t workload, bool gone)
{
    struct guest *p = &be->guest[workload];
    struct job *job = p->job;

    if (job != NULL)
        job->done_ns = p->busy_ns + (p->granted ? be->clock.now_ns - p->since_ns : 0);
    p->job = NULL;
    p->paused_ns = GS_NEVER;
    if (p->granted)
        turns_end(be, p);
    p->gone = gone;
    if (!gone)
        p->retry_ns = be->clock.now_ns + SERVE_SECOND_NS; /* it waits at its gate: ask again */
    return job;
}

static void leave(struct backend *be, struct guest *p)
{
    serve_post(be, GS_DETACH, serve_id(be, p));
    p->state = GUEST_LEAVING;
    be->journal_stale = true;
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next) {
        if (peer->awaits == serve_id(be, p))
            control_say(peer, "error: '%s' has ended", p->name);
        peer->awaits = peer->awaits == serve_id(be, p) ? GS_NONE : peer->awaits;
        peer->holds = peer->holds == serve_id(be, p) ? GS_NONE : peer->holds;
    }
}

/* Its place stays taken until it is ended: its processes are still there, and wait for ever. */
void guests_lose(struct backend *be, struct guest *p)
{
    if (p->lost)
        return;
    p->lost = true;
    if (p->state == GUEST_TAKEN)
        leave(be, p);
}

/* A program that goes on as somebody else's child may take a while until it comes to the GPU. */
static bool has_left(const struct backend *be, struct guest *p)
{
    if (p->members > 0 || !process_ended(p->root_fd))
        return false;
    if (p->leaves_ns == 0)
        p->leaves_ns = be->clock.now_ns + (p->joined ? 0 : LATE_S * (gs_ns)SERVE_SECOND_NS);
    return p->leaves_ns <= be->clock.now_ns;
}

void guests_watch(struct backend *be, struct guest *p)
{
    bool rests;

    for (int i = 0; i < p->members; i++) /* what it said last may lie unread */
        if (p->member[i].gate != NULL && process_ended(p->member[i].pidfd))
            peers_read(be, p->member[i].gate);
    rests = turns_rests(p);
    for (int i = p->members; i-- > 0;)
        if (process_ended(p->member[i].pidfd))
            part(be, p, &p->member[i]);
    if (p->state == GUEST_LEAVING) {
        if (p->gone && !p->moving && p->works == 0 && p->members == 0 && process_ended(p->root_fd))
            free_place(be, p);
        return;
    }
    if (p->state != GUEST_TAKEN)
        return;
    turns_watch_end(be, p, rests && p->members == 0);
    if (has_left(be, p)) {
        leave(be, p);
        return;
    }
    if (p->movable_ns <= be->clock.now_ns)
        moves_allow(be, p);
    turns_watch(be, p);
}
