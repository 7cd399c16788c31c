/* node.c - the daemon as a backend: what the controller commands is done to programs, and what they do are its events. */
#include "backend/serve/state.h"
#include "sim/base/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_NS = 2000000000, NAP_NS = 250000000, SECOND_NS = SERVE_SECOND_NS };

struct backend_event *serve_post(struct backend *be, uint8_t kind, uint32_t workload)
{
    return mailbox_post(&be->mail, kind, workload, be->clock.now_ns);
}

/* Connections are read only while little lies unread: whoever floods the socket waits, and nobody else. */
bool serve_has_room(const struct backend *be)
{
    return be->mail.count < SERVE_MAIL_OF_PEERS + be->guests;
}

void serve_account(struct backend *be)
{
    gs_ns spent_ns = be->clock.now_ns - be->accounted_ns;

    if (spent_ns <= 0)
        return;
    be->accounted_ns = be->clock.now_ns;
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        if (be->executing[gpu] > 0)
            be->usage[gpu].useful_ns += spent_ns;
        else if (be->switching[gpu] > 0)
            be->usage[gpu].switching_ns += spent_ns;
}

/* --- commands --- */

static void answer_comers(struct backend *be, const struct guest *p, const char *refusal)
{
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next) {
        if (peer->place != serve_id(be, p) || peer->gate)
            continue;
        peer->place = GS_NONE;
        if (refusal != NULL)
            control_say(peer, "error: no GPU may take it: %s", refusal);
        else
            control_say(peer, "ok: place=%s gpu=%s ticket=%016" PRIx64 "%s%s", p->name, be->uuid[p->gpu], p->ticket,
                        be->doubled ? " driver=" : "", be->doubled ? be->driver.path : "");
    }
}

static void placed(struct backend *be, const struct gs_command *command)
{
    struct guest *p = &be->guest[command->workload];

    p->gpu = command->gpu;
    if (p->state != GUEST_COMING)
        return;
    p->state = GUEST_TAKEN;
    answer_comers(be, p, NULL);
    if (p->lost) { /* as the journal found it */
        p->lost = false;
        guests_lose(be, p);
    } else if (!p->away && !p->outside && turns_ungated(p))
        turns_hold(be, p); /* it may be using the GPU */
    else if (turns_wanted(p))
        p->retry_ns = be->clock.now_ns;
}

/* GS_REJECT of a place that nobody has yet.  That of a wish comes as a `forget`. */
static void refused(struct backend *be, const struct gs_command *command)
{
    struct guest *p = &be->guest[command->workload];

    if (p->state != GUEST_COMING)
        return;
    answer_comers(be, p, gs_reason_name(command->reason));
    guests_refuse(be, p);
}

/* The simulated product ends processes; this daemon does not: whoever needs that room waits. */
static void spare(struct backend *be, uint32_t workload)
{
    serve_post(be, GS_FAILED, workload)->event.command = GS_KILL;
}

static int submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    be->clock.next_ns = be->clock.now_ns;
    switch (command->kind) {
    case GS_PLACE:
        placed(be, command);
        return GS_OK;
    case GS_REJECT:
        refused(be, command);
        return GS_OK;
    case GS_RUN:
        turns_run(be, command);
        return GS_OK;
    case GS_STOP:
        turns_stop(be, command->workload, command->yield);
        return GS_OK;
    case GS_SWAP_IN:
    case GS_SWAP_OUT:
        return moves_begin(be, command, err);
    case GS_CLEAN:
        serve_post(be, GS_FAILED, command->workload)->event.command = GS_CLEAN;
        return GS_OK;
    case GS_KILL:
        spare(be, command->workload);
        return GS_OK;
    case GS_TIMER_SET:
        be->timer_ns[command->timer] = command->at_ns;
        return GS_OK;
    default:
        return GS_OK; /* notes */
    }
}

/* --- events --- */

/* Processes on the GPUs that nobody brought, and rules take in. */
static void look_for_strangers(struct backend *be)
{
    enum { HOLDERS = 256 };
    struct nvml_holder holder[HOLDERS];

    if (be->options->rules == 0 || be->clock.now_ns < be->look_ns || !be->moves)
        return;
    be->look_ns = be->clock.now_ns + LOOK_NS;
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++) {
        int count = nvml_holders(&be->nvml, be->device[gpu], holder, HOLDERS);

        for (int i = 0; i < count; i++)
            if (holder[i].used_bytes > 0 && holder[i].used_bytes != UINT64_MAX &&
                guests_of(be, (int)holder[i].pid) == NULL)
                control_stranger(be, (int)holder[i].pid);
    }
}

static void look(struct backend *be)
{
    for (uint32_t i = 0; i < be->timers; i++)
        if (be->timer_ns[i] <= be->clock.now_ns) {
            be->timer_ns[i] = GS_NEVER;
            serve_post(be, GS_TIMER, GS_NONE)->event.timer = i;
        }
    for (uint32_t i = 0; i < be->guests; i++)
        if (be->guest[i].state != GUEST_FREE)
            guests_watch(be, &be->guest[i]);
    look_for_strangers(be);
    activity_look(be);
    journal_write(be);
    peers_bury(be);
}

static gs_ns due_ns(const struct backend *be, gs_ns until_ns)
{
    gs_ns at_ns = until_ns < be->clock.now_ns + NAP_NS ? until_ns : be->clock.now_ns + NAP_NS;

    for (uint32_t i = 0; i < be->timers; i++)
        at_ns = be->timer_ns[i] < at_ns ? be->timer_ns[i] : at_ns;
    for (const struct peer *peer = be->peer; peer != NULL; peer = peer->next)
        if (peer->deaf_until_ns > be->clock.now_ns)
            at_ns = peer->deaf_until_ns < at_ns ? peer->deaf_until_ns : at_ns;
    for (uint32_t i = 0; i < be->guests; i++) {
        const struct guest *p = &be->guest[i];

        if (p->state != GUEST_TAKEN)
            continue;
        at_ns = p->paused_ns < at_ns ? p->paused_ns : at_ns;
        at_ns = p->idle_at_ns < at_ns ? p->idle_at_ns : at_ns;
        at_ns = p->stop_by_ns < at_ns ? p->stop_by_ns : at_ns;
        at_ns = p->settled_ns < at_ns ? p->settled_ns : at_ns;
        at_ns = p->retry_ns < at_ns ? p->retry_ns : at_ns;
        at_ns = p->movable_ns < at_ns ? p->movable_ns : at_ns;
        at_ns = p->visit_ns < at_ns ? p->visit_ns : at_ns;
    }
    return at_ns;
}

static void add(struct backend *be, int fd)
{
    be->poll[be->polls++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static size_t count_files(const struct backend *be)
{
    size_t count = 2;

    for (const struct peer *peer = be->peer; peer != NULL; peer = peer->next)
        count++;
    for (uint32_t i = 0; i < be->guests; i++)
        count += be->guest[i].state == GUEST_FREE ? 0 : (size_t)be->guest[i].members + 1;
    return count;
}

static bool has_polls(struct backend *be, size_t count)
{
    struct pollfd *grown;

    if (count <= be->polls_max)
        return true;
    grown = realloc(be->poll, 2 * count * sizeof *grown);
    if (grown == NULL)
        return false;
    be->poll = grown;
    be->polls_max = 2 * count;
    return true;
}

/* Sleep until something comes, and take it. */
static int rest(struct backend *be, gs_ns until_ns, struct error *err)
{
    gs_ns for_ns = until_ns - be->clock.now_ns;
    struct timespec nap = {.tv_sec = for_ns / SECOND_NS, .tv_nsec = for_ns % SECOND_NS};
    uint64_t ignored;
    size_t at = 2;

    if (!has_polls(be, count_files(be)))
        return error_set(err, GS_SYSTEM, "out of memory for connections");
    be->polls = 0;
    add(be, be->clock.now_ns < be->accept_ns ? -1 : be->listening);
    add(be, be->results);
    for (const struct peer *peer = be->peer; peer != NULL; peer = peer->next)
        add(be, peers_heard(be, peer) ? peer->fd : -1);
    for (uint32_t i = 0; i < be->guests; i++) {
        const struct guest *p = &be->guest[i];

        for (int m = 0; p->state != GUEST_FREE && m < p->members; m++)
            add(be, p->member[m].pidfd);
        if (p->state != GUEST_FREE && p->members == 0)
            add(be, p->leaves_ns > 0 ? -1 : p->root_fd);
    }
    if (ppoll(be->poll, (nfds_t)be->polls, &nap, NULL) <= 0)
        return GS_OK;
    for (struct peer *peer = be->peer; peer != NULL; peer = peer->next)
        if (be->poll[at++].revents != 0)
            peers_read(be, peer);
    if (be->poll[1].revents != 0 && read(be->results, &ignored, sizeof ignored) > 0)
        moves_results(be);
    if (be->poll[0].revents != 0)
        socket_accept(be);
    return GS_OK;
}

static const struct backend_event *next_mail(struct backend *be)
{
    struct backend_event *letter;

    while ((letter = mailbox_take(&be->mail)) != NULL) {
        letter->event.at_ns = be->clock.now_ns;
        if (letter->kind == BACKEND_EVENT && letter->event.kind == GS_DONE && letter->event.command == GS_STOP)
            turns_take_stop(be, letter->event.workload, &letter->event);
        if (letter->kind != BACKEND_EVENT || letter->event.kind != GS_IDLE ||
            turns_take_idle(be, letter->event.workload, &letter->event))
            return letter;
    }
    return NULL;
}

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **out, struct error *err)
{
    static const struct backend_event nothing = {.kind = BACKEND_NOTHING};
    int rc = GS_OK;

    *out = NULL;
    while (rc == GS_OK && *out == NULL) {
        gs_ns now_ns = machine_ns() - be->start_ns, due;

        now_ns = now_ns < until_ns ? now_ns : until_ns;
        be->clock.now_ns = now_ns > be->clock.now_ns ? now_ns : be->clock.now_ns;
        if ((*out = next_mail(be)) != NULL)
            break;
        look(be);
        if (be->mail.count > 0)
            continue;
        if (be->clock.now_ns >= until_ns) {
            *out = &nothing;
            break;
        }
        due = due_ns(be, until_ns);
        if (due > be->clock.now_ns)
            rc = rest(be, due, err);
    }
    if (rc == GS_OK)
        rc = mailbox_check(&be->mail, err);
    if (rc == GS_OK && be->failure.code != GS_OK)
        rc = error_set(err, be->failure.code, "%s", be->failure.text);
    be->clock.next_ns = be->clock.now_ns + (*out == &nothing ? NAP_NS : 0);
    return rc;
}

static bool offer(struct backend *be, struct job *job)
{
    (void)be;
    (void)job;
    return false; /* the scenario's load is silent */
}

static void usage(struct backend *be, uint32_t gpu, struct gpu_usage *out)
{
    serve_account(be);
    *out = be->usage[gpu];
}

const struct backend_ops backend_serve = {
    .name = "serve",
    .help = "programs that run on this node",
    .wishes = true,
    .open = serve_open,
    .submit = submit,
    .offer = offer,
    .wait = wait,
    .idle = turns_take_idle,
    .forget = guests_forget,
    .usage = usage,
    .close = serve_close,
};
