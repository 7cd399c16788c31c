/* peers.c - connections to the daemon's socket: gates speak frames, people words.  Who it is the kernel says. */
#include "backend/serve/state.h"

#include "backend/gate/frame.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PEERS_OF_A_USER = 256, MESSAGES_AT_ONCE = 16, WORDS = 512 };

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
    char group[4096] = "", name[64] = "";

    process_cgroup(pid, group, sizeof group);
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

static void hello(struct backend *be, struct peer *peer)
{
    struct error err = {0};
    struct guest *p = guests_of(be, peer->pid);
    struct member *member;

    if (p == NULL)
        p = peers_rule(be, peer->pid, peer->uid, &err);
    member = p == NULL ? NULL : guests_join(be, p, peer->pid, &err);
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
}

static void hear_frame(struct backend *be, struct peer *peer, const struct gate_frame *frame)
{
    struct guest *p;
    struct member *member = member_of(be, peer, &p);

    if (frame->type == GATE_HELLO) {
        if (member == NULL)
            hello(be, peer);
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
            continue;
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

/* --- connections --- */

int peers_listen(struct backend *be, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = be->options->socket;
    struct stat there;

    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, GS_USAGE, "'%s': a socket's path may have %zu letters", path,
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    be->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (be->listening < 0)
        return error_set(err, GS_SYSTEM, "no socket: %s", strerror(errno));
    if (connect(be->listening, (struct sockaddr *)&address, sizeof address) == 0)
        return error_set(err, GS_BUSY, "'%s': a daemon serves there already", path);
    if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
        return error_set(err, GS_CANT_CREATE, "'%s': there is a file that is no socket", path);
    unlink(path); /* of a daemon that died */
    close(be->listening);
    be->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (be->listening < 0 || bind(be->listening, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, be->options->open_to_all ? 0666 : 0600) != 0 || listen(be->listening, 64) != 0)
        return error_set(err, GS_CANT_CREATE, "'%s': %s", path, strerror(errno));
    be->listens = true;
    return GS_OK;
}

void peers_accept(struct backend *be)
{
    struct ucred who;
    socklen_t size = sizeof who;
    unsigned same = 0;
    int fd = accept4(be->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *peer;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            be->accept_ns = be->clock.now_ns + SERVE_SECOND_NS; /* it would come up again at once */
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || (peer = calloc(1, sizeof *peer)) == NULL) {
        close(fd);
        return;
    }
    for (const struct peer *other = be->peer; other != NULL; other = other->next)
        same += other->uid == who.uid;
    *peer = (struct peer){.fd = fd,
                          .pid = who.pid,
                          .uid = who.uid,
                          .place = GS_NONE,
                          .awaits = GS_NONE,
                          .holds = GS_NONE,
                          .closing = same >= PEERS_OF_A_USER,
                          .next = be->peer};
    be->refused += peer->closing;
    be->peer = peer;
}

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
    if (be->listens) /* else it is another daemon's */
        unlink(be->options->socket);
    if (be->listening >= 0)
        close(be->listening);
}
