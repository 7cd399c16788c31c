/* node.c - live mode's commands and events: swaps go to the mover, bursts to the processes, and one look at all of them
 * after the other tells what has happened. */
#include "backend/live/node.h"
#include "backend/live/state.h"

#include <string.h>

struct backend_event *live_post(struct backend *be, uint8_t kind, uint32_t workload)
{
    return mailbox_post(&be->mail, kind, workload, be->clock.now_ns);
}

void live_catch_up(struct backend *be)
{
    while (live_clock_now(&be->time) < be->clock.now_ns)
        live_clock_rest(&be->time, be->clock.now_ns);
}

/* --- commands --- */

static int hold(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];

    p->base_bytes = command->bytes;
    if (p->granted || p->moving || p->gone || p->dying || p->held_bytes <= command->bytes)
        return GS_OK;
    return live_hold(p, command->bytes, err);
}

static void drop(struct process *p)
{
    for (uint32_t i = 0; i < p->parts; i++)
        memory_drop_copies(&p->part[i]);
}

static int submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    live_catch_up(be);
    be->clock.next_ns = be->clock.now_ns;
    switch (command->kind) {
    case GS_PLACE:
        return live_place(be, command, err);
    case GS_RUN:
        return live_run(be, command, err);
    case GS_STOP:
        live_stop(be, command->workload, command->yield);
        return GS_OK;
    case GS_SWAP_IN:
    case GS_SWAP_OUT:
    case GS_CLEAN:
        return live_swap(be, command, err);
    case GS_HOLD:
        return hold(be, command, err);
    case GS_DROP:
        if (command->reason == GS_BECAUSE_SPILL)
            return live_no_disk(err);
        drop(&be->process[command->workload]);
        return GS_OK;
    case GS_KILL:
        return live_kill(be, command->workload, err);
    case GS_TIMER_SET:
        be->timer_ns[command->timer] = command->at_ns;
        return GS_OK;
    default:
        return GS_OK; /* notes */
    }
}

/* --- events --- */

/* When something is due by itself, apart from what the GPU does. */
static gs_ns due_ns(const struct backend *be)
{
    gs_ns at_ns = GS_NEVER;

    for (uint32_t i = 0; i < be->timers; i++)
        at_ns = be->timer_ns[i] < at_ns ? be->timer_ns[i] : at_ns;
    for (uint32_t i = 0; i < be->workloads; i++) {
        const struct process *p = &be->process[i];

        at_ns = p->start_at_ns < at_ns ? p->start_at_ns : at_ns;
        at_ns = p->idle_at_ns < at_ns ? p->idle_at_ns : at_ns;
        at_ns = p->move_at_ns < at_ns ? p->move_at_ns : at_ns;
        at_ns = p->ready_at_ns < at_ns ? p->ready_at_ns : at_ns;
        at_ns = live_end_ns(p) < at_ns ? live_end_ns(p) : at_ns;
    }
    return at_ns;
}

static bool is_busy(const struct backend *be)
{
    for (uint32_t i = 0; i < be->workloads; i++)
        if (be->process[i].running > 0 || be->process[i].in_flight > 0)
            return true;
    return be->mail.count > 0 || !mover_is_idle(&be->mover) || due_ns(be) < GS_NEVER;
}

/* Look at everything once: what has happened goes into the mail, or is the end of a burst. */
static int look(struct backend *be, const struct backend_event **out, struct error *err)
{
    int rc = live_look_at_moves(be, err);

    for (uint32_t i = 0; i < be->timers && rc == GS_OK; i++)
        if (be->timer_ns[i] <= be->clock.now_ns) {
            be->timer_ns[i] = GS_NEVER;
            live_post(be, GS_TIMER, GS_NONE)->event.timer = i;
        }
    for (uint32_t i = 0; i < be->workloads && rc == GS_OK && *out == NULL; i++) {
        struct process *p = &be->process[i];
        struct job *ended = NULL;

        if (p->gpu == GS_NONE || (rc = live_step(be, p, &ended, err)) != GS_OK || ended == NULL)
            continue;
        be->finish = (struct backend_event){.kind = BACKEND_FINISH,
                                            .idle = p->idle_posted,
                                            .job = ended,
                                            .event = {.at_ns = be->clock.now_ns, .workload = i, .timer = GS_NONE}};
        *out = &be->finish;
    }
    return rc;
}

static const struct backend_event *next_mail(struct backend *be)
{
    struct backend_event *letter;

    while ((letter = mailbox_take(&be->mail)) != NULL) {
        letter->event.at_ns = be->clock.now_ns;
        if (letter->event.kind == GS_DONE && letter->event.command == GS_STOP)
            live_take_stop(be, letter->event.workload, &letter->event);
        if (letter->event.kind != GS_IDLE || live_take_idle(be, letter->event.workload, &letter->event))
            return letter;
    }
    return NULL;
}

/* When the loop is to ask again. */
static gs_ns next_ns(const struct backend *be, bool nothing)
{
    enum { LOOK_NS = 1000000 }; /* ahead, while something is under way of which the end is not known */

    return !is_busy(be) ? GS_NEVER : be->clock.now_ns + (nothing ? LOOK_NS : 0);
}

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **out, struct error *err)
{
    static const struct backend_event nothing = {.kind = BACKEND_NOTHING};
    int rc = GS_OK;

    *out = NULL;
    while (rc == GS_OK && *out == NULL) {
        gs_ns now_ns = live_clock_now(&be->time), due;

        bool late = now_ns > until_ns;

        /* The loop has something to do at `until_ns`: what happened later is looked at afterwards, lest it count as
         * earlier than it was. */
        now_ns = late ? until_ns : now_ns;
        be->clock.now_ns = now_ns > be->clock.now_ns ? now_ns : be->clock.now_ns;
        if ((*out = next_mail(be)) != NULL || (!late && ((rc = look(be, out, err)) != GS_OK || *out != NULL)) ||
            be->mail.count > 0)
            continue;
        if (be->clock.now_ns >= until_ns) {
            *out = &nothing;
            break;
        }
        due = due_ns(be);
        live_clock_rest(&be->time, due < until_ns ? due : until_ns);
    }
    if (rc == GS_OK)
        rc = mailbox_check(&be->mail, err);
    if (rc == GS_OK)
        rc = live_failure(be, err);
    be->clock.next_ns = next_ns(be, *out == &nothing);
    return rc;
}

int live_failure(const struct backend *be, struct error *err)
{
    return be->failure.code == GS_OK ? GS_OK : error_set(err, be->failure.code, "%s", be->failure.text);
}

static bool probe(char why[BACKEND_WHY])
{
    why[0] = '\0';
    return true;
}

const struct backend_ops live_node = {
    .name = "live",
    .help = "workloads on the GPUs of this machine",
    .probe = probe,
    .open = live_open,
    .submit = submit,
    .offer = live_offer,
    .wait = wait,
    .idle = live_take_idle,
    .forget = live_forget,
    .usage = live_usage,
    .drain = live_drain,
    .close = live_close,
};
