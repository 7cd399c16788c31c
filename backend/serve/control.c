/* control.c - what people ask the daemon for: a line of words, answered by "ok...", "error: ..." or lines of a table.
 *
 *   attach group=NAME [pid=N] [memory=BYTES] [priority=N]    a program takes a place; without `pid` whoever asks
 *   request PLACE, release PLACE                             it is wanted, until released or the connection ends
 *   pin PLACE, unpin PLACE, priority PLACE N                 it stays on the GPU; it may leave again; who goes first
 *   status                                                   who is where
 *   drain, stop                                              nobody comes any more; the daemon ends
 *
 * A program is its owner's: others may not touch it, nor see it.  Root may, and who the daemon runs as. */
#include "backend/serve/state.h"
#include "sim/base/units.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void control_say(struct peer *peer, const char *format, ...)
{
    char text[1024];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    if (send(peer->fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length)
        peer->closing = true;
}

/* -1: it is no number of 0 or more. */
static int64_t number_of(const char *text)
{
    char why[UNITS_WHY];
    int64_t number;

    return units_integer(text, &number, why) == GS_OK && number >= 0 ? number : -1;
}

static bool may_order(const struct peer *peer, const struct guest *p)
{
    return peers_is_master(peer) || p->uid == peer->uid;
}

/* The value of `key=`, NULL: it is not there.  Words end at blanks. */
static char *value_of(char *words, const char *key, char *out, size_t size)
{
    size_t length = strlen(key);

    for (char *at = words; at != NULL && *at != '\0'; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, key, length) != 0 || at[length] != '=')
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
        return out;
    }
    return NULL;
}

enum { UNSAID = -1, NO_NUMBER = -2 };

/* The number that is the value of `key=`; `otherwise`: it is not there. */
static int64_t number_behind(char *words, const char *key, int64_t otherwise)
{
    char text[32];
    int64_t number;

    if (value_of(words, key, text, sizeof text) == NULL)
        return otherwise;
    number = number_of(text);
    return number < 0 ? NO_NUMBER : number;
}

/* A process that runs already: it is a member at once; as it may be using the GPU, it is held until its turn comes. */
static void take_in(struct backend *be, struct guest *p, int pid)
{
    struct error ignored = {0};

    guests_join(be, p, pid, &ignored);
}

/* The first group of the class that has a place. */
static bool group_of_class(struct backend *be, char *words, char group[SERVE_NAME])
{
    char class[32];
    const struct scenario *scenario = be->setup->scenario;

    if (value_of(words, "class", class, sizeof class) == NULL)
        return false;
    for (size_t g = 0; g < scenario->workloads; g++)
        if (strcmp(gs_class_name((uint8_t)scenario->workload[g].class), class) == 0 &&
            guests_free(be, scenario->workload[g].name) != NULL) {
            snprintf(group, SERVE_NAME, "%s", scenario->workload[g].name);
            return true;
        }
    return false;
}

static bool is_group(const struct backend *be, const char *name)
{
    bool is = false;

    for (size_t g = 0; g < be->setup->scenario->workloads; g++)
        is |= strcmp(be->setup->scenario->workload[g].name, name) == 0;
    return is;
}

static void attach(struct backend *be, struct peer *peer, char *words)
{
    char group[SERVE_NAME];
    struct error err = {0};
    struct guest *p;
    uid_t uid = peer->uid;
    int64_t told = number_behind(words, "pid", peer->pid), bytes = number_behind(words, "memory", 0);
    int64_t priority = number_behind(words, "priority", UNSAID);
    int pid = told <= INT32_MAX ? (int)told : -1;
    bool other = pid != peer->pid;

    if (told < 0)
        error_set(&err, GS_USAGE, "'pid=' is the number of a process");
    else if (bytes < 0)
        error_set(&err, GS_USAGE, "'memory=' is a number of bytes");
    else if (priority < UNSAID || priority > 255)
        error_set(&err, GS_USAGE, "'priority=' is a number from 0 to 255");
    else if (value_of(words, "group", group, sizeof group) == NULL && !group_of_class(be, words, group))
        error_set(&err, GS_USAGE, "'attach' needs a group, or a class that the scenario has a free place for");
    else if (bytes > be->setup->scenario->node[0].gpu_memory)
        error_set(&err, GS_UNSATISFIABLE, "no GPU here has so much memory");
    else if (be->drains)
        error_set(&err, GS_BUSY, "the daemon takes nobody in any more");
    else if (other && (!process_is_leader(pid) || !process_user(pid, &uid)))
        error_set(&err, GS_NO_INPUT, "%d is the number of no process", pid);
    else if (other && uid != peer->uid && !peers_is_master(peer))
        error_set(&err, GS_NOT_PERMITTED, "process %d belongs to somebody else", pid);
    else if (other && !be->moves)
        error_set(&err, GS_UNSATISFIABLE, "this driver cannot stop a process that has no gate: start it by 'exec'");
    else if (pid == getpid())
        error_set(&err, GS_UNSATISFIABLE, "the daemon serves itself to nobody");
    else if (guests_of(be, pid) != NULL)
        error_set(&err, GS_BUSY, "process %d has a place already", pid);
    else if (!is_group(be, group))
        error_set(&err, GS_UNSATISFIABLE, "the daemon's scenario has no [workload.%s]", group);
    else if ((p = guests_free(be, group)) == NULL)
        error_set(&err, GS_UNSATISFIABLE, "no free place in '%s': wait until somebody ends, or have its 'count' raised",
                  group);
    else if (guests_take(be, p, pid, uid, &err) == GS_OK) {
        peer->place = serve_id(be, p);
        if (bytes > 0) {
            p->bytes = bytes;
            serve_post(be, GS_RESIZE, serve_id(be, p))->event.bytes = p->bytes;
        }
        p->priority = (int)priority;
        if (p->priority != UNSAID)
            guests_update(be, p, GS_FIELD_PRIORITY, p->priority);
        if (other)
            take_in(be, p, pid);
        return; /* answered when it has its GPU */
    }
    control_say(peer, "error: %s", err.text);
}

void control_stranger(struct backend *be, int pid)
{
    struct error err = {0};
    uid_t uid;
    struct guest *p =
        pid != getpid() && process_is_leader(pid) && process_user(pid, &uid) ? peers_rule(be, pid, uid, &err) : NULL;

    if (p != NULL)
        take_in(be, p, pid);
}

/* --- what is asked of a place --- */

static void request(struct backend *be, struct peer *peer, struct guest *p)
{
    if (peer->holds != GS_NONE) {
        control_say(peer, "error: one request for a connection");
        return;
    }
    peer->holds = serve_id(be, p);
    p->requests++;
    if (p->granted && !p->stopping) {
        p->idle_at_ns = GS_NEVER;
        control_say(peer, "ok: '%s' has the GPU", p->name);
        return;
    }
    peer->awaits = serve_id(be, p);
    turns_wish(be, p);
}

static void release(struct backend *be, struct peer *peer, struct guest *p)
{
    if (peer->holds == serve_id(be, p)) {
        peer->holds = peer->awaits = GS_NONE;
        p->requests--;
        turns_released(be, p);
    }
    control_say(peer, "ok");
}

static void pin(struct backend *be, struct guest *p, bool pinned)
{
    if (p->pinned == pinned)
        return;
    p->pinned = pinned;
    be->journal_stale = true;
    if (!p->unmovable && be->moves)
        guests_update(be, p, GS_FIELD_SWAPPABLE, !pinned);
}

static void of_place(struct backend *be, struct peer *peer, const char *verb, char *name)
{
    char *more = strchr(name, ' ');
    struct guest *p;

    if (more != NULL)
        *more++ = '\0';
    if (*name == '\0') {
        control_say(peer, "error: which place? 'gpuswap-sim ctl status' has them");
        return;
    }
    p = guests_named(be, name);
    if (p == NULL || !may_order(peer, p)) { /* what is another's is not there */
        control_say(peer, "error: there is no '%s' here that is yours", name);
        return;
    }
    if (strcmp(verb, "request") == 0) {
        request(be, peer, p);
        return;
    }
    if (strcmp(verb, "release") == 0) {
        release(be, peer, p);
        return;
    }
    if (strcmp(verb, "priority") == 0) {
        int64_t priority = more == NULL ? -1 : number_of(more);

        if (priority < 0 || priority > 255) {
            control_say(peer, "error: a priority is a number from 0 to 255");
            return;
        }
        if (priority != p->priority)
            guests_update(be, p, GS_FIELD_PRIORITY, priority);
        p->priority = (int)priority;
        be->journal_stale = true;
    } else {
        pin(be, p, strcmp(verb, "pin") == 0);
    }
    control_say(peer, "ok");
}

/* --- status --- */

static const char *state_of(const struct guest *p)
{
    return p->lost                                       ? "lost"
           : p->moving && p->command.kind == GS_SWAP_OUT ? "leaving"
           : p->moving                                   ? "coming"
           : p->granted                                  ? "running"
           : p->away && turns_waits(p)                   ? "away, waits"
           : p->away                                     ? "away"
           : p->outside && p->job == NULL                ? "held"
           : turns_waits(p)                              ? "waits"
                                                         : "idle";
}

/* What lies in the swap file of those who were there; in the order of their processes. */
static void look_for_stored(struct backend *be)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < be->guests && be->depot.file != NULL; i++)
        for (int m = 0; be->guest[i].state != GUEST_FREE && m < be->guest[i].members; m++)
            be->holding[count++] =
                (struct holding){.pid = be->guest[i].member[m].pid, .start = be->guest[i].member[m].start};
    if (count > 0)
        swapfile_held(be->depot.file, be->holding, count);
}

/* A line each, fields parted by tabs: name, state, GPU, bytes, processes, swaps, overruns, calls
 * that were not gated, bytes in the swap file, pinned, why. */
static void status(struct backend *be, struct peer *peer)
{
    static char text[SERVE_TEXT_MAX];
    size_t length = (size_t)snprintf(text, sizeof text, "ok\n");
    const struct holding *held = be->holding;

    look_for_stored(be);
    for (uint32_t i = 0; i < be->guests && length < sizeof text - 1024; i++) {
        const struct guest *p = &be->guest[i];
        uint64_t bypasses = 0, stored = 0;

        for (int m = 0; be->depot.file != NULL && p->state != GUEST_FREE && m < p->members; m++)
            stored += held++->bytes;
        if ((p->state != GUEST_TAKEN && !(p->state == GUEST_LEAVING && p->lost)) || !may_order(peer, p))
            continue;
        for (int m = 0; m < p->members; m++)
            bypasses += p->member[m].bypasses;
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "%s\t%s\t%u\t%" PRId64 "\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                                   "\t%s\t%s\n",
                                   p->name, state_of(p), p->gpu, p->bytes, p->members, p->swaps, p->overruns, bypasses,
                                   stored, p->pinned ? "pinned" : "", p->why);
    }
    if (send(peer->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
        peer->closing = true;
}

void control_hear(struct backend *be, struct peer *peer, char *text)
{
    char *rest = text + strcspn(text, " ");

    if (*rest == ' ')
        *rest++ = '\0';
    if (strcmp(text, "attach") == 0) {
        attach(be, peer, rest);
    } else if (strcmp(text, "status") == 0) {
        status(be, peer);
    } else if (strcmp(text, "drain") == 0 || strcmp(text, "stop") == 0) {
        if (!peers_is_master(peer)) {
            control_say(peer, "error: only root, and who the daemon runs as, may %s it", text);
            return;
        }
        be->drains = true;
        control_say(peer, "ok");
        if (*text == 's')
            kill(getpid(), SIGINT); /* the end is the same whoever asks for it */
    } else if (strcmp(text, "request") == 0 || strcmp(text, "release") == 0 || strcmp(text, "pin") == 0 ||
               strcmp(text, "unpin") == 0 || strcmp(text, "priority") == 0) {
        of_place(be, peer, text, rest);
    } else {
        control_say(peer, "error: unknown word; this daemon knows attach, request, release, pin, unpin, priority, "
                          "status, drain, stop");
    }
}
