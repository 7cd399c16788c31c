/* peers.c - connections to the daemon's socket: gates speak frames, people words.  Who it is the kernel says. */
#include "backend/serve/state.h"

#include "backend/cuda/cgroup.h"
#include "backend/gate/frame.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES_AT_ONCE = 16, WORDS = 512 };

bool peers_is_master(const struct peer *peer)
{
    return peer->uid == 0 || peer->uid == geteuid();
}

/* --- sending --- */

static void send_frame(struct peer *peer, struct gate_frame frame)
{
    frame.seq = ++peer->seq;
    frame.pid = (uint32_t)getpid();
    if (frame_send(peer->fd, &frame) != 0)
        peer->closing = true; /* who does not read is as good as gone */
}

void peers_grant(struct backend *be, struct guest *p, struct member *member)
{
    (void)p;
    if (member->gate == NULL)
        return;
    member->wishes = false;
    member->open = true;
    member->epoch = ++be->epochs;
    send_frame(member->gate, (struct gate_frame){.type = GATE_GRANT, .epoch = member->epoch});
}

void peers_drop(struct backend *be, struct guest *p)
{
    for (int i = 0; i < p->members; i++)
        if (p->member[i].open && p->member[i].gate != NULL)
            send_frame(p->member[i].gate, (struct gate_frame){.type = GATE_DROP,
                                                              .epoch = p->member[i].epoch,
                                                              .a = (uint64_t)(be->options->stop_ns / 1000)});
}

void peers_arrived(struct backend *be, struct guest *p)
{
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next)
        if (peer->awaits == serve_id(be, p)) {
            peer->awaits = GS_NONE;
            control_say(peer, "ok: '%s' has the GPU", p->name);
        }
}

/* --- gates --- */

static struct member *member_of(struct backend *be, struct peer *peer, struct guest **guest)
{
    struct guest *p = peer->place == GS_NONE ? NULL : &be->guest[peer->place];

    *guest = p;
    for (int i = 0; p != NULL && i < p->members; i++)
        if (p->member[i].gate == peer)
            return &p->member[i];
    return NULL;
}

static const char *group_by_rule(const struct backend *be, int pid)
{
    char group[CGROUP_PATH] = "", name[64] = "";

    cgroup_name("", pid, group);
    process_name(pid, name, sizeof name);
    for (unsigned i = 0; i < be->options->rules; i++)
        if (fnmatch(be->options->rule[i].pattern, be->options->rule[i].by_cgroup ? group : name, 0) == 0)
            return be->options->rule[i].group;
    return NULL;
}

struct guest *peers_rule(struct backend *be, int pid, uid_t uid, struct error *err)
{
    const char *group = group_by_rule(be, pid);
    struct guest *p = group == NULL || be->drains ? NULL : guests_free(be, group);

    if (group == NULL)
        error_set(err, GS_NOT_PERMITTED, "process %d belongs to no program that was brought, and no rule takes it in",
                  pid);
    else if (p == NULL)
        error_set(err, GS_UNSATISFIABLE, "all places of '%s' are taken; raise its 'count'", group);
    return p != NULL && guests_take(be, p, pid, uid, err) == GS_OK ? p : NULL;
}

/* The process that connected: it may have left its connection to a child and ended, and its number be another's now.  So the
 * number is held while it is looked at, and its user must be whom the kernel saw connect. */
static struct member *member_of_caller(struct backend *be, struct peer *peer, uint64_t ticket, struct guest **guest)
{
    struct error err = {0};
    struct member *member = NULL;
    struct guest *p = NULL;
    int fd = process_open(peer->pid);
    uid_t uid;

    if (process_user(peer->pid, &uid) && uid == peer->uid && !process_ended(fd)) {
        p = guests_of(be, peer->pid);
        p = p != NULL ? p : guests_by_ticket(be, ticket, uid);
        p = p != NULL ? p : peers_rule(be, peer->pid, uid, &err);
        member = p == NULL ? NULL : guests_join(be, p, peer->pid, &err);
    }
    if (fd >= 0)
        close(fd);
    *guest = p;
    return member;
}

static void hello(struct backend *be, struct peer *peer, uint64_t ticket)
{
    struct guest *p;
    struct member *member = member_of_caller(be, peer, ticket, &p);
    bool open = member != NULL && member->open;

    if (member == NULL) {
        send_frame(peer, (struct gate_frame){.type = GATE_BYE});
        be->refused++;
        peer->closing = true;
        return;
    }
    if (member->gate != NULL)
        member->gate->closing = true; /* of before an exec */
    member->gate = peer;
    member->wishes = member->open = false;
    peer->place = serve_id(be, p);
    send_frame(peer, (struct gate_frame){
                         .type = GATE_WELCOME, .a = peer->place + 1u, .b = (uint64_t)(be->options->idle_ns / 1000)});
    if (open)
        turns_released(be, p); /* what the process was before its exec says nothing any more */
}

static void hear_frame(struct backend *be, struct peer *peer, const struct gate_frame *frame)
{
    struct guest *p;
    struct member *member = member_of(be, peer, &p);

    if (frame->type == GATE_HELLO) {
        if (member == NULL)
            hello(be, peer, frame->b);
        else
            peer->closing = true;
        return;
    }
    if (frame->type == GATE_PING) {
        send_frame(peer, (struct gate_frame){.type = GATE_PONG, .a = frame->a});
        return;
    }
    if (member == NULL || frame->type == GATE_BYE) {
        peer->closing = true;
        return;
    }
    switch (frame->type) {
    case GATE_REQ:
        member->wishes = true;
        turns_wish(be, p);
        break;
    case GATE_RELEASED:
        if (!member->open || frame->epoch != member->epoch)
            break;
        member->open = false;
        turns_released(be, p);
        break;
    case GATE_STAT:
        member->submissions = frame->a;
        member->bypasses = frame->b;
        break;
    default:
        break;
    }
}

/* --- receiving --- */

static void hear_words(struct backend *be, struct peer *peer)
{
    char text[WORDS];
    ssize_t count = recv(peer->fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_TRUNC);

    if (count <= 0) {
        peer->closing |= count == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    if (count >= (ssize_t)sizeof text) { /* there was more of it */
        peer->closing = true;
        return;
    }
    text[count] = '\0';
    if (strlen(text) != (size_t)count) {
        peer->closing = true;
        return;
    }
    control_hear(be, peer, text);
}

void peers_read(struct backend *be, struct peer *peer)
{
    unsigned char first[2] = {0};
    struct gate_frame frame;
    const char *why = NULL;

    for (int i = 0; i < MESSAGES_AT_ONCE && !peer->closing && serve_has_room(be); i++) {
        ssize_t count = recv(peer->fd, first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
        int taken;

        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            peer->closing = true;
            return;
        }
        if (!peer->gate && (first[0] | first[1] << 8) != GATE_MAGIC) {
            hear_words(be, peer);
            peer->deaf_until_ns = be->clock.now_ns + peer->pace_ns;
            return;
        }
        peer->gate = true;
        taken = frame_take(peer->fd, FRAME_OF_GATE, &frame, &why);
        if (taken == 0)
            return;
        if (taken < 0)
            peer->closing = true;
        else
            hear_frame(be, peer, &frame);
    }
}

bool peers_heard(const struct backend *be, const struct peer *peer)
{
    return serve_has_room(be) && peer->deaf_until_ns <= be->clock.now_ns;
}

/* --- connections --- */

static void part(struct backend *be, struct peer *peer)
{
    struct guest *p;
    struct member *member = member_of(be, peer, &p);

    if (peer->holds != GS_NONE && be->guest[peer->holds].requests > 0) {
        be->guest[peer->holds].requests--;
        turns_released(be, &be->guest[peer->holds]);
    }
    if (member == NULL)
        return;
    member->gate = NULL; /* its process may live on, ungated: it says so, or it is seen to have ended */
    member->parted = !member->open && !member->wishes;
    member->wishes = false;
    if (!member->open)
        return;
    member->open = false;
    turns_released(be, p);
}

void peers_bury(struct backend *be)
{
    for (struct peer **at = &be->peer; *at != NULL;) {
        struct peer *peer = *at;

        if (!peer->closing) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        part(be, peer);
        close(peer->fd);
        free(peer);
    }
}

void peers_close(struct backend *be)
{
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next) {
        if (peer->gate)
            send_frame(peer, (struct gate_frame){.type = GATE_BYE});
        peer->closing = true;
        peer->place = peer->holds = GS_NONE;
    }
    peers_bury(be);
}
