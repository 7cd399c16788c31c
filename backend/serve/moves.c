/* moves.c - programs are taken off the GPU and brought back, by the thread of their GPU. */
#include "backend/serve/state.h"

#include <stdio.h>
#include <string.h>

enum { HEADROOM_DIVISOR = 50, FAILURES_MAX = 3 };

static void say(struct backend *be, const struct guest *p, const char *what, const char *why)
{
    char line[512];

    snprintf(line, sizeof line, "'%s' %s: %s", p->name, what, why);
    be->options->say(line);
}

void moves_ask(struct backend *be, struct guest *p, enum work_kind kind)
{
    struct work work = {.kind = kind,
                        .place = serve_id(be, p),
                        .timeout_ms = (unsigned)(be->options->stop_ns / 1000000),
                        .stays_quiet = p->outside,
                        .pids = p->members};

    for (int i = 0; i < p->members; i++)
        work.pid[i] = p->member[i].pid;
    if (kind == WORK_BACK)
        work.needed_bytes = (uint64_t)(p->bytes + p->bytes / HEADROOM_DIVISOR) +
                            (uint64_t)be->setup->setup->workload[serve_id(be, p)].context_bytes * (unsigned)p->members;
    if (worker_ask(be->worker[p->gpu], &work) != GS_OK)
        error_set(&be->failure, GS_SYSTEM, "out of memory for moving '%s'", p->name);
}

/* It cannot be swapped, now and later: the controller is told, and whoever asks. */
static void unmovable(struct backend *be, struct guest *p, const char *why)
{
    if (!p->unmovable) {
        say(be, p, "stays on the GPU", why);
        guests_update(be, p, GS_FIELD_SWAPPABLE, 0);
    }
    p->unmovable = true;
    snprintf(p->why, sizeof p->why, "%s", why);
}

/* Its host memory is to take what it has on the GPU. */
static bool has_room(struct backend *be, struct guest *p)
{
    for (int i = 0; i < p->members; i++)
        if (process_headroom(p->member[i].pid) < p->bytes) {
            unmovable(be, p, "its cgroup has less memory left than it has on the GPU; raise its memory limit");
            return false;
        }
    return true;
}

static void end(struct backend *be, struct guest *p, bool failed)
{
    if (p->command.moved_bytes > 0 || p->command.kind == GS_SWAP_OUT) {
        serve_account(be);
        be->switching[p->gpu]--;
    }
    p->moving = false;
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
    else if (command->kind == GS_SWAP_OUT && (!be->moves || p->unmovable || !has_room(be, p)))
        end(be, p, true);
    else
        moves_ask(be, p, command->kind == GS_SWAP_IN ? WORK_BACK : WORK_AWAY);
    return GS_OK;
}

static void swapped(struct backend *be, struct guest *p, const struct work *work)
{
    bool failed = work->rc != GS_OK;

    p->swaps += !failed;
    p->failures = failed ? p->failures + 1 : 0;
    if (!failed) {
        p->away = work->kind == WORK_AWAY;
        p->outside = work->stays_quiet;
    } else {
        say(be, p, work->kind == WORK_AWAY ? "could not leave the GPU" : "could not come back", work->why);
        snprintf(p->why, sizeof p->why, "%s", work->why);
    }
    end(be, p, failed);
    if (work->lost) {
        p->lost = true;
        say(be, p, "is lost", "the driver cannot bring it back; end it and start it again");
    } else if (failed && work->kind == WORK_AWAY && (work->rc != GS_BUSY || p->failures >= FAILURES_MAX)) {
        unmovable(be, p, work->why);
    }
}

void moves_results(struct backend *be)
{
    struct work work;

    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        while (be->worker[gpu] != NULL && worker_take(be->worker[gpu], &work)) {
            struct guest *p = &be->guest[work.place];

            if (work.kind == WORK_AWAY || work.kind == WORK_BACK) {
                swapped(be, p, &work);
            } else if (work.kind == WORK_QUIET && p->stopping && work.rc == GS_OK) {
                p->outside = true;
                guests_stopped(be, p);
            } else if (work.kind == WORK_QUIET && p->stopping && p->stop_by_ns == GS_NEVER) {
                p->stop_by_ns = be->clock.now_ns; /* again */
            }
        }
}
