/* moves.c - programs are taken off the GPU and brought back, by the thread of their GPU. */
#include "backend/serve/state.h"

#include "backend/cuda/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { HEADROOM_DIVISOR = 50, FAILURES_MAX = 3, CROWDED_S = 30, SHORT_S = 10 };

/* It comes back where there is room for it, and a little more, as contexts differ; but an empty GPU is to have that. */
static uint64_t needed_bytes(const struct backend *be, const struct guest *p)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    int64_t bytes = p->bytes + be->setup->setup->workload[serve_id(be, p)].context_bytes * p->members;
    int64_t spare = node->gpu_memory - node->gpu_reserved - bytes, more = p->bytes / HEADROOM_DIVISOR;

    return (uint64_t)(bytes + (spare < 0 ? 0 : spare < more ? spare : more));
}

/* A word for the thread.  It gets files of its own for the processes, as they may part from the program meanwhile. */
void moves_ask(struct backend *be, struct guest *p, enum work_kind kind)
{
    struct work work = {.kind = kind,
                        .place = serve_id(be, p),
                        .timeout_ms = (unsigned)(be->options->stop_ns / 1000000),
                        .stays_quiet = p->outside,
                        .unlike_bytes = be->clock.now_ns < p->short_until_ns ? p->short_bytes : 0,
                        .bytes = (uint64_t)p->bytes,
                        .pids = p->members};

    for (int i = 0; i < p->members; i++) {
        work.pid[i] = p->member[i].pid;
        work.start[i] = p->member[i].start;
        work.pidfd[i] = fcntl(p->member[i].pidfd, F_DUPFD_CLOEXEC, 0);
        if (work.pidfd[i] < 0)
            work.unheld = true;
    }
    if (kind == WORK_BACK)
        work.needed_bytes = needed_bytes(be, p);
    if (worker_ask(be->worker[p->gpu], &work) == GS_OK) {
        p->works++;
        return;
    }
    worker_forget(&work);
    error_set(&be->failure, GS_SYSTEM, "out of memory for moving '%s'", p->name);
}

/* --- who may not be moved --- */

void moves_bar(struct backend *be, struct guest *p, gs_ns for_ns, const char *why)
{
    if (!p->unmovable) {
        guests_say(be, p, "stays on the GPU", why);
        guests_update(be, p, GS_FIELD_SWAPPABLE, 0);
    }
    p->unmovable = true;
    p->movable_ns = for_ns == GS_NEVER ? GS_NEVER : be->clock.now_ns + for_ns;
    snprintf(p->why, sizeof p->why, "%s", why);
}

void moves_allow(struct backend *be, struct guest *p)
{
    p->unmovable = false;
    p->movable_ns = GS_NEVER;
    p->failures = 0;
    p->why[0] = '\0';
    if (!p->pinned && be->moves)
        guests_update(be, p, GS_FIELD_SWAPPABLE, 1);
}

/* What it has taken since its last burst began is paid for with its next one: until then it is beside the controller's books, and
 * leaves only where the swap file has room for that, too. */
static bool is_booked(struct backend *be, struct guest *p)
{
    const struct gs_node *node = &be->setup->view->node[0];
    int64_t more = p->bytes - p->command.bytes, left = node->swap_cap_bytes - node->swap_used_bytes;
    char why[SERVE_WHY];

    for (uint32_t i = 0; i < be->guests; i++)
        left -= be->guest[i].state != GUEST_FREE ? be->guest[i].unbooked_bytes : 0;
    if (more * HEADROOM_DIVISOR <= p->bytes || more <= left) {
        p->unbooked_bytes = more > 0 ? more : 0;
        return true;
    }
    snprintf(why, sizeof why,
             "it has %lld MiB more on the GPU than was booked for it, and the swap file has %lld MiB left",
             (long long)(more >> 20), (long long)(left > 0 ? left >> 20 : 0));
    moves_bar(be, p, CROWDED_S * (gs_ns)SERVE_SECOND_NS, why);
    return false;
}

/* Its host memory is to take what it has on the GPU; the swap file has its own room, of which its thread knows. */
static bool has_room(struct backend *be, struct guest *p)
{
    if (be->depot.file == NULL && !is_booked(be, p))
        return false;
    for (int i = 0; i < p->members && be->depot.file == NULL; i++) {
        struct host_memory memory = host_memory("", p->member[i].pid);
        int64_t left = host_memory_left(&memory);

        if (left >= 0 && left < p->bytes) {
            moves_bar(be, p, CROWDED_S * (gs_ns)SERVE_SECOND_NS,
                      "its cgroup, or this machine, has less memory left than it has on the GPU");
            return false;
        }
    }
    return true;
}

/* --- swaps --- */

static void end(struct backend *be, struct guest *p, bool failed)
{
    if (p->command.moved_bytes > 0 || p->command.kind == GS_SWAP_OUT) {
        serve_account(be);
        be->switching[p->gpu]--;
    }
    p->moving = false;
    if (failed && p->command.kind == GS_SWAP_OUT)
        p->unbooked_bytes = 0; /* it has stayed */
    serve_post(be, failed ? GS_FAILED : GS_DONE, serve_id(be, p))->event.command = p->command.kind;
}

int moves_begin(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct guest *p = &be->guest[command->workload];

    (void)err;
    p->command = *command;
    p->moving = true;
    if (p->command.moved_bytes > 0 || p->command.kind == GS_SWAP_OUT) {
        serve_account(be);
        be->switching[p->gpu]++;
    }
    if (command->kind == GS_SWAP_IN ? !p->away : p->members == 0)
        end(be, p, false); /* it allocates by itself; or it has nothing there */
    else if (p->lost || (command->kind == GS_SWAP_OUT && (!be->moves || p->unmovable || !has_room(be, p))))
        end(be, p, true);
    else
        moves_ask(be, p, command->kind == GS_SWAP_IN ? WORK_BACK : WORK_AWAY);
    return GS_OK;
}

static void failed(struct backend *be, struct guest *p, const struct work *work)
{
    bool out = work->kind == WORK_AWAY;

    p->failures++;
    if (guests_is_news(p->failures)) /* it is tried again, and need not be told each time */
        guests_say(be, p, out ? "could not leave the GPU" : "could not come back", work->why);
    snprintf(p->why, sizeof p->why, "%s", work->why);
    if (work->too_little) { /* it is not tried again with no more than that; but not for ever, as there may never be more */
        p->short_bytes = work->free_bytes;
        p->short_until_ns = be->clock.now_ns + SHORT_S * (gs_ns)SERVE_SECOND_NS;
    }
    if (work->lost) {
        guests_say(be, p, "is lost", "the driver cannot bring it back; end it and start it again");
        guests_lose(be, p);
    } else if (out && work->rc != GS_BUSY) {
        moves_bar(be, p, GS_NEVER, work->why);
    } else if (out && p->failures >= FAILURES_MAX) {
        moves_bar(be, p, CROWDED_S * (gs_ns)SERVE_SECOND_NS, work->why);
    }
}

/* The driver holds it no more, and there is nothing to tell of it. */
static void goes_on(struct guest *p)
{
    p->holds = 0;
    if (!p->unmovable)
        p->why[0] = '\0';
}

static void swapped(struct backend *be, struct guest *p, const struct work *work)
{
    end(be, p, work->rc != GS_OK);
    if (work->rc != GS_OK) {
        failed(be, p, work);
        return;
    }
    p->swaps++;
    p->failures = 0;
    p->short_bytes = 0;
    if (work->kind == WORK_BACK && !work->stays_quiet)
        p->holds = 0;
    if (p->holds == 0)
        goes_on(p);
    p->away = work->kind == WORK_AWAY;
    if (!p->away)
        p->unbooked_bytes = 0;
    be->journal_stale |= p->with_driver;
    p->with_driver = false;
    p->outside = work->stays_quiet;
}

/* It was to go on, and the driver holds it still. */
static void still_held(struct backend *be, struct guest *p, const struct work *work)
{
    if (guests_is_news(++p->holds))
        guests_say(be, p, "is still held by the driver", work->why);
    snprintf(p->why, sizeof p->why, "%s", work->why);
    if (p->granted && !p->stopping)
        moves_ask(be, p, WORK_RESUME);
    else
        p->outside = true;
}

/* It was to stop before it went on: now it can. */
static void resumed(struct backend *be, struct guest *p, const struct work *work)
{
    if (work->rc != GS_OK)
        still_held(be, p, work);
    else
        goes_on(p);
    if (p->stopping)
        turns_released(be, p);
}

void moves_results(struct backend *be)
{
    struct work work;

    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        while (be->worker[gpu] != NULL && worker_take(be->worker[gpu], &work)) {
            struct guest *p = &be->guest[work.place];

            p->works--;
            if (work.kind == WORK_AWAY || work.kind == WORK_BACK)
                swapped(be, p, &work);
            else if (work.kind == WORK_QUIET)
                turns_held(be, p, work.rc);
            else
                resumed(be, p, &work);
        }
}
