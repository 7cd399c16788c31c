/* explain_log.c - from the event log to spells: what each workload waited for and when it had the GPU, as the recorder saw
 * it; which transfers were under way, and what their victims were chosen from.  Who held room of the swap files the
 * controller's books tell. */
#include "sim/explain/explain_parts.h"

#include <string.h>

enum { PHASE_AWAY = EXPLAIN_KINDS }; /* wants nothing */

/* A transfer under way; a clean may go on while a swap-out waits for it. */
struct move {
    bool active;
    gs_ns since_ns;
    struct gs_command command;
    const struct explain_choice *choice;
};

/* What is known of a workload while the log is read. */
struct actor {
    uint32_t gpu;
    uint8_t phase, reason, stop_reason;
    gs_ns since_ns, switched_ns; /* EXPLAIN_SWITCH: until then */
    int64_t bytes;               /* of its last swap-in */
    int64_t gpu_bytes;           /* what it held when it last came in or ran */
    gs_ns used_ns;               /* when it last had the GPU, -1: never */
    bool wants, stopped;         /* stopped: in mid-burst */
    gs_ns stopped_ns;            /* when it was last stopped */
    bool resident, leaves;
    struct move swap, clean;
    int64_t room_bytes; /* of the swap file, since */
    gs_ns room_ns;
};

struct reading {
    struct explain *e;
    struct actor *actor;
    struct explain_choice *last; /* every victim of a choice comes with a copy of it */
    uint32_t capped;             /* wait for room in a swap file */
    bool watched;                /* who holds some is being noted */
    gs_ns now_ns;
};

static void add(struct reading *r, uint32_t workload, uint8_t kind, gs_ns from_ns, gs_ns to_ns)
{
    const struct actor *a = &r->actor[workload];

    spell_add(r->e, (struct spell){.from_ns = from_ns,
                                   .to_ns = to_ns,
                                   .workload = workload,
                                   .gpu = a->gpu,
                                   .kind = kind,
                                   .reason = a->reason,
                                   .bytes = kind == EXPLAIN_SWAP_IN || kind == EXPLAIN_COLD ? a->bytes : 0});
}

static void enter(struct reading *r, uint32_t workload, uint8_t phase, uint8_t reason)
{
    struct actor *a = &r->actor[workload];
    gs_ns from_ns = a->since_ns;

    if (a->phase == phase && a->reason == reason && phase != EXPLAIN_SWITCH)
        return;
    r->capped += phase == EXPLAIN_CAP;
    r->capped -= a->phase == EXPLAIN_CAP;
    if (a->phase == EXPLAIN_RUN || a->phase == EXPLAIN_SWITCH)
        a->used_ns = r->now_ns;
    if (a->phase == EXPLAIN_SWITCH && r->now_ns > a->switched_ns) {
        add(r, workload, EXPLAIN_SWITCH, from_ns, a->switched_ns);
        add(r, workload, EXPLAIN_RUN, a->switched_ns, r->now_ns);
    } else if (a->phase != PHASE_AWAY) {
        add(r, workload, a->phase, from_ns, r->now_ns);
    }
    a->phase = phase;
    a->reason = reason;
    a->since_ns = r->now_ns;
}

static void wait_turn(struct reading *r, uint32_t workload)
{
    const struct actor *a = &r->actor[workload];

    enter(r, workload, a->stopped ? EXPLAIN_PREEMPTED : EXPLAIN_TURN, a->stopped ? a->stop_reason : GS_BECAUSE_TURN);
}

/* --- room of the swap files --- */

static void set_room(struct reading *r, uint32_t workload, int64_t bytes)
{
    struct actor *a = &r->actor[workload];

    if (bytes == a->room_bytes)
        return;
    if (a->room_bytes > 0)
        spell_add(r->e, (struct spell){.from_ns = a->room_ns,
                                       .to_ns = r->now_ns,
                                       .workload = workload,
                                       .gpu = a->gpu,
                                       .kind = SPELL_ROOM,
                                       .bytes = a->room_bytes});
    a->room_ns = r->now_ns;
    a->room_bytes = bytes;
}

/* Who holds how much, while somebody waits for room. */
static void watch_room(struct reading *r)
{
    bool watches = r->capped > 0 && r->e->untold == NULL;

    for (uint32_t i = 0; (watches || r->watched) && i < r->e->about.workloads; i++)
        set_room(r, i, watches ? books_room_bytes(r->e, i) : 0);
    r->watched = watches;
}

/* --- choices of victims: who was scored, and who on that GPU was not --- */

static enum explain_bar bar_of(const struct actor *a)
{
    if (a->phase == EXPLAIN_RUN || a->phase == EXPLAIN_SWITCH)
        return EXPLAIN_HAD_TURN;
    return !a->swap.active ? EXPLAIN_BARRED : a->swap.command.kind == GS_SWAP_IN ? EXPLAIN_COMING : EXPLAIN_LEAVING;
}

/* Those on the GPU that nobody scored. */
static bool find_barred(struct reading *r, struct explain_choice *choice, uint32_t gpu)
{
    uint32_t workloads = r->e->about.workloads;
    struct explain_barred *barred = arena_array(&r->e->story, workloads, sizeof *barred);

    if (barred == NULL)
        return false;
    for (uint32_t i = 0; i < workloads; i++) {
        bool scored = i == choice->requester || r->actor[i].gpu != gpu || !r->actor[i].resident;
        for (uint32_t k = 0; k < choice->candidates && !scored; k++)
            scored = choice->candidate[k].workload == i;
        if (!scored)
            barred[choice->barreds++] = (struct explain_barred){i, bar_of(&r->actor[i])};
    }
    choice->barred = barred;
    return true;
}

static bool is_last(const struct reading *r, const struct gs_candidate *candidate, const struct gs_command *c)
{
    const struct explain_choice *last = r->last;
    bool same = last != NULL && last->at_ns == r->now_ns && last->requester == c->requester &&
                last->candidates == c->candidates;

    for (uint32_t i = 0; same && i < c->candidates; i++)
        same = last->candidate[i].workload == candidate[i].workload && last->candidate[i].chosen == candidate[i].chosen;
    return same;
}

/* What the victim of a command was chosen from; NULL: it was no choice, or memory ran out. */
static const struct explain_choice *choice_of(struct reading *r, const struct gs_commands *step,
                                              const struct gs_command *c)
{
    struct explain *e = r->e;

    if (c->candidates == 0 || r->now_ns >= e->to_ns)
        return NULL;
    if (is_last(r, &step->candidate[c->first_candidate], c))
        return r->last;
    struct explain_choice *choice = arena_alloc(&e->story, sizeof *choice);
    struct explain_candidate *copy = arena_array(&e->story, c->candidates, sizeof *copy);
    if (choice == NULL || copy == NULL) {
        e->no_memory = true;
        return NULL;
    }
    for (uint32_t i = 0; i < c->candidates; i++) {
        const struct gs_candidate *from = &step->candidate[c->first_candidate + i];
        uint32_t id = from->workload < e->about.workloads ? from->workload : c->workload;
        const struct actor *a = &r->actor[id];
        const struct gs_workload *w = books_of(r->e, id);
        gs_ns idle_ns = a->used_ns < 0 ? -1 : r->now_ns - a->used_ns;
        copy[i] = (struct explain_candidate){from->workload, from->chosen, from->keep, idle_ns,
                                             w != NULL ? w->bytes : a->gpu_bytes};
    }
    *choice = (struct explain_choice){
        .at_ns = r->now_ns, .requester = c->requester, .candidate = copy, .candidates = c->candidates};
    e->no_memory |= !find_barred(r, choice, c->gpu);
    r->last = choice;
    return choice;
}

/* --- commands --- */

static void begin_move(struct reading *r, const struct gs_commands *step, const struct gs_command *c)
{
    struct actor *a = &r->actor[c->workload];
    struct move *move = c->kind == GS_CLEAN ? &a->clean : &a->swap;

    *move = (struct move){true, r->now_ns, *c, choice_of(r, step, c)};
    if (c->kind == GS_SWAP_IN) {
        a->resident = true;
        a->bytes = c->moved_bytes;
        a->gpu_bytes = c->bytes;
        if (a->wants && c->reason != GS_BECAUSE_AHEAD)
            enter(r, c->workload, gs_by_disk(c->reason) ? EXPLAIN_COLD : EXPLAIN_SWAP_IN, c->reason);
    }
}

static void run(struct reading *r, const struct gs_command *c)
{
    struct actor *a = &r->actor[c->workload];

    enter(r, c->workload, c->delay_ns > 0 ? EXPLAIN_SWITCH : EXPLAIN_RUN, GS_BECAUSE_NOTHING);
    a->switched_ns = r->now_ns + c->delay_ns;
    a->stopped = false;
    a->gpu_bytes = c->bytes;
}

static void wait(struct reading *r, const struct gs_command *c)
{
    if (!r->actor[c->workload].wants)
        return;
    if (c->reason == GS_BECAUSE_CAP)
        enter(r, c->workload, EXPLAIN_CAP, c->reason);
    else if (c->reason == GS_BECAUSE_AHEAD)
        enter(r, c->workload, EXPLAIN_SWAP_IN, c->reason);
    else if (c->reason == GS_BECAUSE_VICTIMS)
        enter(r, c->workload, EXPLAIN_SWAP_OUT, c->reason);
    else
        wait_turn(r, c->workload);
}

static void take_command(struct reading *r, const struct gs_commands *step, const struct gs_command *c)
{
    struct actor *a = &r->actor[c->workload];

    if (c->kind == GS_PLACE) {
        a->gpu = c->gpu;
    } else if (c->kind == GS_RUN) {
        run(r, c);
    } else if (c->kind == GS_STOP) {
        a->stop_reason = c->reason;
    } else if (c->kind == GS_SWAP_IN || c->kind == GS_SWAP_OUT || c->kind == GS_CLEAN) {
        begin_move(r, step, c);
    } else if (c->kind == GS_WAIT) {
        wait(r, c);
    } else if (c->kind == GS_REJECT || c->kind == GS_KILL) {
        a->resident &= c->kind == GS_REJECT;
        a->wants = a->stopped = false;
        enter(r, c->workload, PHASE_AWAY, GS_BECAUSE_NOTHING);
        spell_add(r->e, (struct spell){.from_ns = r->now_ns,
                                       .to_ns = r->now_ns + 1,
                                       .workload = c->workload,
                                       .gpu = a->gpu,
                                       .kind = SPELL_REFUSED,
                                       .reason = c->reason});
    }
}

/* --- events --- */

static void end_move(struct reading *r, uint32_t workload, struct move *move)
{
    static const uint8_t kind[GS_COMMAND_KINDS] = {
        [GS_SWAP_IN] = SPELL_IN, [GS_SWAP_OUT] = SPELL_OUT, [GS_CLEAN] = SPELL_CLEAN};

    if (move->active)
        spell_add(r->e, (struct spell){.from_ns = move->since_ns,
                                       .to_ns = r->now_ns,
                                       .workload = workload,
                                       .gpu = r->actor[workload].gpu,
                                       .kind = kind[move->command.kind],
                                       .reason = move->command.reason,
                                       .requester = move->command.requester,
                                       .bytes = move->command.moved_bytes,
                                       .choice = move->choice});
    move->active = false;
}

static void end_transfer(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];
    bool ok = event->kind == GS_DONE;

    end_move(r, event->workload, event->command == GS_CLEAN ? &a->clean : &a->swap);
    if (event->command == GS_SWAP_OUT)
        a->resident = !ok;
    if (event->command != GS_SWAP_IN)
        return;
    a->resident = ok && !a->leaves;
    if (ok && a->wants && a->phase != EXPLAIN_RUN && a->phase != EXPLAIN_SWITCH) /* else it runs already */
        wait_turn(r, event->workload);
}

static void stopped(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];

    a->wants = event->since_ns != GS_NEVER;
    a->stopped = a->wants && event->bytes == 0;
    a->stopped_ns = event->at_ns;
    if (a->wants)
        wait_turn(r, event->workload);
    else
        enter(r, event->workload, EXPLAIN_PAUSE, GS_BECAUSE_NOTHING);
}

static void take_event(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];

    if (event->kind == GS_WANT) {
        a->wants = true;
        a->stopped = event->since_ns < a->stopped_ns; /* it goes on */
        if (a->phase == PHASE_AWAY || a->phase == EXPLAIN_PAUSE)
            wait_turn(r, event->workload);
    } else if (event->kind == GS_IDLE) {
        a->stopped = false;
        a->wants = event->since_ns != GS_NEVER;
        enter(r, event->workload, a->wants ? EXPLAIN_TURN : PHASE_AWAY,
              a->wants ? GS_BECAUSE_TURN : GS_BECAUSE_NOTHING);
    } else if ((event->kind == GS_DONE || event->kind == GS_FAILED) && event->command == GS_STOP) {
        stopped(r, event);
    } else if (event->kind == GS_DONE || event->kind == GS_FAILED) {
        end_transfer(r, event);
    } else if (event->kind == GS_DETACH) {
        a->wants = a->stopped = false;
        a->leaves = true;
        enter(r, event->workload, PHASE_AWAY, GS_BECAUSE_NOTHING);
        a->resident &= a->swap.active || a->clean.active;
    }
}

/* What still goes on where reading ends. */
static void finish(struct reading *r)
{
    r->now_ns = r->e->to_ns;
    for (uint32_t i = 0; i < r->e->about.workloads; i++) {
        struct actor *a = &r->actor[i];
        enter(r, i, PHASE_AWAY, GS_BECAUSE_NOTHING);
        end_move(r, i, &a->swap);
        end_move(r, i, &a->clean);
    }
    watch_room(r);
}

int explain_read_log(struct explain *e, struct error *err)
{
    struct reading r = {.e = e};
    struct arena scratch = {0};
    const struct gs_commands *step;
    struct gs_event event;
    bool more = true;
    int rc = e->log == NULL ? books_open(e, err) : GS_OK;

    r.actor = arena_array(&scratch, e->about.workloads, sizeof *r.actor);
    if (r.actor == NULL)
        return explain_no_memory(e, err);
    for (uint32_t i = 0; i < e->about.workloads; i++)
        r.actor[i] = (struct actor){.gpu = GS_NONE, .phase = PHASE_AWAY, .used_ns = -1};
    if (rc == GS_OK && (rc = event_log_rewind(e->log, e->replication, err)) == GS_OK)
        rc = books_begin(e, err);
    while (rc == GS_OK && (rc = event_log_next(e->log, &event, &step, &more, err)) == GS_OK && more) {
        if (event.at_ns > e->to_ns)
            break;
        r.now_ns = event.at_ns;
        books_keep(e, &event, step);
        if (event.kind != GS_TIMER && event.workload < e->about.workloads)
            take_event(&r, &event);
        for (uint32_t i = 0; i < step->count; i++)
            if (step->item[i].workload < e->about.workloads)
                take_command(&r, step, &step->item[i]);
        watch_room(&r);
    }
    if (rc == GS_OK)
        finish(&r);
    arena_fini(&scratch);
    return rc;
}
