/* node.c - the daemon as a backend: what the controller commands is done to programs, and what they do are its events. */
#include "backend/device.h"
#include "backend/serve/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_NS = 2000000000, NAP_NS = 250000000, SECOND_NS = SERVE_SECOND_NS };
enum { MAIL_OF_A_GUEST = 16, MAIL_OF_PEERS = 64, MAIL_BESIDE = 192 }; /* what may lie there unread */

static const struct serve_options *next_options;

void serve_set(const struct serve_options *options)
{
    next_options = options;
}

static gs_ns machine_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gs_ns)now.tv_sec * SECOND_NS + now.tv_nsec;
}

struct backend_event *serve_post(struct backend *be, uint8_t kind, uint32_t workload)
{
    struct backend_event *letter = &be->mail[(be->mail_head + be->mail_count) % be->mail_capacity];

    if (be->mail_count == be->mail_capacity) {
        error_set(&be->failure, GS_BUG, "more happened at once than there is room for; please report this");
        return letter;
    }
    be->mail_count++;
    *letter = (struct backend_event){
        .kind = BACKEND_EVENT,
        .event = {.since_ns = GS_NEVER, .workload = workload, .timer = GS_NONE, .kind = kind},
    };
    return letter;
}

/* Connections are read only while little lies unread: whoever floods the socket waits, and nobody else. */
bool serve_has_room(const struct backend *be)
{
    return be->mail_count < MAIL_OF_PEERS + be->guests;
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

/* --- opening --- */

static int cannot(struct error *err, const char *what)
{
    return error_set(err, GS_UNSATISFIABLE, "serve: %s", what);
}

int serve_check(const struct scenario *s, struct error *err)
{
    const struct gs_victim_policy *victim = (const void *)s->policy[GS_SLOT_VICTIM].policy;
    const struct gs_slicer_policy *slicer = (const void *)s->policy[GS_SLOT_SLICER].policy;
    const struct gs_prefetch_policy *prefetch = (const void *)s->policy[GS_SLOT_PREFETCH].policy;

    if (s->nodes != 1 || s->node[0].count != 1)
        return cannot(err, "the scenario is to have one [node], this one");
    if (s->node[0].gpus > SERVE_GPUS)
        return cannot(err, "at most 16 GPUs");
    if (s->traces > 0)
        return cannot(err, "a [trace] is no program; leave it out");
    if (victim->chunk_bytes != NULL)
        return cannot(err, "the driver takes programs off the GPU whole: no victim that lets parts leave");
    if (slicer->at_boundary != NULL && s->node[0].sharing == 0)
        return cannot(err, "programs do not say where an iteration ends: no slicer that stops there");
    if (prefetch->clean_after != NULL || prefetch->streams != NULL)
        return cannot(err,
                      "the driver writes no copies ahead and runs nothing that is not all there: no such prefetch");
    for (size_t g = 0; g < s->workloads; g++)
        if (s->workload[g].keep_host_copy || s->workload[g].unload != 0)
            return cannot(err, "the driver keeps no copies of what is on the GPU: no 'keep_host_copy', no 'unload'");
    return GS_OK;
}

static int open_devices(struct backend *be, struct error *err)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    struct error why = {0};
    unsigned count = 0;
    int rc;

    if ((rc = driver_open(&be->driver, err)) != GS_OK || (rc = nvml_open(&be->nvml, err)) != GS_OK)
        return rc;
    be->moves = checkpoint_probe(&be->driver, &why) == GS_OK;
    if (!be->moves)
        be->options->say(why.text);
    be->nvml.count(&count);
    be->doubled = be->setup->device->is_double;
    be->gpus = (uint32_t)node->gpus;
    if (count < be->gpus)
        return error_set(err, GS_UNSATISFIABLE, "the scenario has %u GPUs, and this node has %u", be->gpus, count);
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++) {
        struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
        unsigned now = 0, later = 0;

        if (be->nvml.device(gpu, &be->device[gpu]) != NVML_SUCCESS ||
            be->nvml.uuid(be->device[gpu], be->uuid[gpu], sizeof be->uuid[gpu]) != NVML_SUCCESS ||
            be->nvml.memory(be->device[gpu], &memory) != NVML_SUCCESS)
            return error_set(err, GS_NO_DEVICE, "the driver does not tell about GPU %u; see 'gpuswap-sim doctor'", gpu);
        if (be->nvml.mig(be->device[gpu], &now, &later) == NVML_SUCCESS && now != 0)
            return error_set(err, GS_UNSATISFIABLE, "GPU %u is cut into MIG instances, which the driver cannot swap",
                             gpu);
        if (memory.total < (uint64_t)node->gpu_memory)
            return error_set(err, GS_UNSATISFIABLE, "GPU %u has %llu MiB, and the scenario says %lld MiB", gpu,
                             (unsigned long long)(memory.total >> 20), (long long)(node->gpu_memory >> 20));
        if ((rc = worker_open(&be->worker[gpu], &be->driver, &be->nvml, be->device[gpu], be->results, err)) != GS_OK)
            return rc;
    }
    return GS_OK;
}

static int open_arrays(struct backend *be, struct error *err)
{
    struct arena *arena = be->setup->arena;

    be->timers = be->gpus + be->guests;
    be->mail_capacity = MAIL_OF_A_GUEST * be->guests + MAIL_OF_PEERS + MAIL_BESIDE;
    be->guest = arena_array(arena, be->guests, sizeof *be->guest);
    be->timer_ns = arena_array(arena, be->timers, sizeof *be->timer_ns);
    be->mail = arena_array(arena, be->mail_capacity, sizeof *be->mail);
    if (be->guest == NULL || be->timer_ns == NULL || be->mail == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the daemon; use fewer workloads");
    for (uint32_t i = 0; i < be->timers; i++)
        be->timer_ns[i] = GS_NEVER;
    return GS_OK;
}

static void close_guests(struct backend *be)
{
    for (uint32_t i = 0; i < be->guests && be->guest != NULL; i++) {
        for (int m = 0; m < be->guest[i].members; m++)
            close(be->guest[i].member[m].pidfd);
        if (be->guest[i].state != GUEST_FREE && be->guest[i].root_fd >= 0)
            close(be->guest[i].root_fd);
    }
}

static void close_node(struct backend *be)
{
    bool all = true;

    if (be == NULL)
        return;
    if (be->listens)
        journal_bring_home(be);
    peers_close(be);
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        all &= worker_close(be->worker[gpu]);
    close_guests(be);
    free(be->poll);
    if (!all) {
        be->options->say("the driver has not returned from a call for a minute; it is left in it");
        return;
    }
    if (be->results >= 0)
        close(be->results);
    nvml_close(&be->nvml);
    driver_close(&be->driver);
}

static int open_node(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    struct backend *be = arena_alloc(setup->arena, sizeof *be);
    int rc;

    *out = NULL;
    if (be == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the daemon; use fewer workloads");
    be->setup = setup;
    be->options = next_options;
    be->listening = -1;
    be->guests = setup->setup->workloads;
    be->gpus = (uint32_t)setup->scenario->node[0].gpus;
    be->results = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    be->start_ns = machine_ns();
    be->clock.next_ns = 0;
    if (be->results < 0)
        rc = error_set(err, GS_SYSTEM, "no eventfd: %s", strerror(errno));
    else if ((rc = open_arrays(be, err)) == GS_OK && (rc = open_devices(be, err)) == GS_OK)
        rc = peers_listen(be, err);
    if (rc == GS_OK)
        journal_read(be);
    if (rc != GS_OK) {
        close_node(be);
        return rc;
    }
    *out = be;
    return GS_OK;
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
            control_say(peer, "ok: place=%s gpu=%s ticket=%s%s%s", p->name, be->uuid[p->gpu], p->ticket,
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
    for (uint32_t i = 0; i < be->guests; i++) {
        const struct guest *p = &be->guest[i];

        if (p->state != GUEST_TAKEN)
            continue;
        at_ns = p->idle_at_ns < at_ns ? p->idle_at_ns : at_ns;
        at_ns = p->stop_by_ns < at_ns ? p->stop_by_ns : at_ns;
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
        add(be, serve_has_room(be) ? peer->fd : -1);
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
        peers_accept(be);
    return GS_OK;
}

static const struct backend_event *next_mail(struct backend *be)
{
    while (be->mail_count > 0) {
        be->out = be->mail[be->mail_head];
        be->mail_head = (be->mail_head + 1) % be->mail_capacity;
        be->mail_count--;
        be->out.event.at_ns = be->clock.now_ns;
        if (be->out.kind == BACKEND_EVENT && be->out.event.kind == GS_DONE && be->out.event.command == GS_STOP)
            turns_take_stop(be, be->out.event.workload, &be->out.event);
        if (be->out.kind != BACKEND_EVENT || be->out.event.kind != GS_IDLE ||
            turns_take_idle(be, be->out.event.workload, &be->out.event))
            return &be->out;
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
        if (be->mail_count > 0)
            continue;
        if (be->clock.now_ns >= until_ns) {
            *out = &nothing;
            break;
        }
        due = due_ns(be, until_ns);
        if (due > be->clock.now_ns)
            rc = rest(be, due, err);
    }
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
    .open = open_node,
    .submit = submit,
    .offer = offer,
    .wait = wait,
    .idle = turns_take_idle,
    .forget = guests_forget,
    .usage = usage,
    .close = close_node,
};
