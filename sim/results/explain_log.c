/* explain_log.c - from the event log to spells: what each workload waited for and when it had the GPU, as the recorder saw
 * it; which transfers were under way; who held room of the swap files. */
#include "sim/results/event_log.h"
#include "sim/results/explain_actor.h"

#include <string.h>

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

static void set_room(struct reading *r, uint32_t workload, int64_t bytes)
{
    struct actor *a = &r->actor[workload];

    if (a->room_bytes > 0 && bytes != a->room_bytes)
        spell_add(r->e, (struct spell){.from_ns = a->room_ns,
                                       .to_ns = r->now_ns,
                                       .workload = workload,
                                       .gpu = a->gpu,
                                       .kind = SPELL_ROOM,
                                       .bytes = a->room_bytes});
    if (bytes != a->room_bytes)
        a->room_ns = r->now_ns;
    a->room_bytes = bytes;
}

static int64_t free_room(const struct reading *r, uint32_t gpu)
{
    const struct explain_run *about = &r->e->about;
    int64_t room = about->node[about->gpu[gpu].node].swap_cap_bytes;

    for (uint32_t i = 0; i < about->workloads; i++)
        if (r->actor[i].gpu != GS_NONE && about->gpu[r->actor[i].gpu].node == about->gpu[gpu].node)
            room -= r->actor[i].room_bytes;
    return room;
}

static int64_t lend(struct reading *r, uint32_t lender, int64_t missing)
{
    struct actor *a = &r->actor[lender];
    int64_t lent = missing < a->room_bytes ? missing : a->room_bytes;

    set_room(r, lender, a->room_bytes - lent);
    a->lent_bytes += lent;
    return missing - lent;
}

/* What the file has no room for goes where the requester lay.  The log does not tell how much he lent: if somebody else
 * finds room that should not be there, those who lend had lent more. */
static void lend_room(struct reading *r, const struct gs_command *c, int64_t bytes)
{
    const struct explain_run *about = &r->e->about;
    int64_t missing = bytes - free_room(r, c->gpu);

    if (missing > 0 && c->requester < about->workloads && r->actor[c->requester].room_bytes > 0) {
        missing = lend(r, c->requester, missing);
        r->actor[c->workload].lender = c->requester;
    }
    for (uint32_t i = 0; i < about->workloads && missing > 0; i++)
        if (r->actor[i].lent_bytes > 0 && about->gpu[r->actor[i].gpu].node == about->gpu[c->gpu].node)
            missing = lend(r, i, missing);
}

/* It is in, or does not come after all and needs its room. */
static void end_loans(struct reading *r, uint32_t lender, bool is_in)
{
    struct actor *a = &r->actor[lender];

    if (!is_in && a->lent_bytes > 0)
        set_room(r, lender, a->room_bytes + a->lent_bytes);
    a->lent_bytes = 0;
    for (uint32_t i = 0; i < r->e->about.workloads; i++)
        if (r->actor[i].lender == lender)
            r->actor[i].lender = is_in ? a->lender : GS_NONE;
}

static void shrink_room(struct reading *r, uint32_t workload)
{
    struct actor *a = &r->actor[workload];

    if (!a->swap.active && !a->clean.active && a->room_bytes > a->base_bytes)
        set_room(r, workload, a->base_bytes);
}

/* --- commands --- */

static void begin_move(struct reading *r, const struct gs_commands *step, const struct gs_command *c)
{
    struct actor *a = &r->actor[c->workload];
    struct move *move = c->kind == GS_CLEAN ? &a->clean : &a->swap;

    *move = (struct move){true, r->now_ns, *c, explain_choice_of(r, step, c)};
    if (c->kind == GS_SWAP_IN) {
        a->resident = true;
        a->bytes = c->moved_bytes;
        a->gpu_bytes = c->bytes;
        if (a->wants && c->reason != GS_BECAUSE_AHEAD)
            enter(r, c->workload, gs_by_disk(c->reason) ? EXPLAIN_COLD : EXPLAIN_SWAP_IN, c->reason);
        return;
    }
    a->room_before = a->room_bytes;
    if (c->reason != GS_BECAUSE_SPILL && c->bytes > a->room_bytes) {
        lend_room(r, c, c->bytes - a->room_bytes);
        set_room(r, c->workload, c->bytes);
    }
    if (c->kind == GS_CLEAN)
        a->soiled = false;
}

static void run(struct reading *r, const struct gs_command *c)
{
    struct actor *a = &r->actor[c->workload];

    enter(r, c->workload, c->delay_ns > 0 ? EXPLAIN_SWITCH : EXPLAIN_RUN, GS_BECAUSE_NOTHING);
    a->switched_ns = r->now_ns + c->delay_ns;
    a->stopped = false;
    a->soiled = true;
    a->gpu_bytes = c->bytes;
    if (!a->clean.active && !r->e->about.workload[c->workload].keeps_copy)
        set_room(r, c->workload, 0);
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
        set_room(r, c->workload, a->initial_bytes);
    } else if (c->kind == GS_RUN) {
        run(r, c);
    } else if (c->kind == GS_STOP) {
        a->stop_reason = c->reason;
    } else if (c->kind == GS_SWAP_IN || c->kind == GS_SWAP_OUT || c->kind == GS_CLEAN) {
        begin_move(r, step, c);
    } else if (c->kind == GS_WAIT) {
        wait(r, c);
    } else if (c->kind == GS_DROP) {
        set_room(r, c->workload, 0);
    } else if (c->kind == GS_HOLD) {
        a->base_bytes = c->bytes;
        if (!a->wants)
            shrink_room(r, c->workload);
    } else if (c->kind == GS_REJECT) {
        a->wants = a->stopped = false;
        enter(r, c->workload, PHASE_AWAY, GS_BECAUSE_NOTHING);
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

static void came_in(struct reading *r, uint32_t workload, bool ok)
{
    struct actor *a = &r->actor[workload];
    bool keeps = r->e->about.workload[workload].keeps_copy && a->lent_bytes == 0 && a->lender == GS_NONE;

    a->resident = ok && !a->leaves;
    end_loans(r, workload, ok);
    if (ok && (!keeps || a->leaves))
        set_room(r, workload, 0);
    if (ok && a->wants)
        wait_turn(r, workload);
}

static void end_transfer(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];
    bool ok = event->kind == GS_DONE, keeps = r->e->about.workload[event->workload].keeps_copy;

    end_move(r, event->workload, event->command == GS_CLEAN ? &a->clean : &a->swap);
    if (event->command == GS_SWAP_IN) {
        came_in(r, event->workload, ok);
        return;
    }
    if (!ok) {
        set_room(r, event->workload, a->room_before);
        if (a->lender != GS_NONE)
            end_loans(r, a->lender, false);
    }
    if (event->command == GS_SWAP_OUT) {
        a->resident = !ok;
        if (!a->wants)
            shrink_room(r, event->workload);
    } else if (ok && a->soiled && !keeps && !a->swap.active) {
        set_room(r, event->workload, 0);
    }
    if (a->leaves)
        set_room(r, event->workload, 0);
}

static void stopped(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];

    a->wants = event->since_ns != GS_NEVER;
    a->stopped = a->wants && event->bytes == 0;
    if (a->wants)
        wait_turn(r, event->workload);
    else
        enter(r, event->workload, PHASE_AWAY, GS_BECAUSE_NOTHING);
}

static void take_event(struct reading *r, const struct gs_event *event)
{
    struct actor *a = &r->actor[event->workload];

    if (event->kind == GS_WANT) {
        a->wants = true;
        a->base_bytes = event->bytes < a->base_bytes ? event->bytes : a->base_bytes;
        if (a->phase == PHASE_AWAY)
            wait_turn(r, event->workload);
    } else if (event->kind == GS_IDLE) {
        a->stopped = false;
        shrink_room(r, event->workload);
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
        if (!a->swap.active && !a->clean.active)
            set_room(r, event->workload, 0);
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
        set_room(r, i, 0);
    }
}

/* What lies in the swap file from the start is what first comes in.  LIMIT: of who never comes in only replication 0 is
 * known to the database. */
static int read_initial(struct reading *r, struct error *err)
{
    struct explain *e = r->e;
    sqlite3_stmt *s;
    int rc = explain_query(e, &s,
                           "SELECT workload, moved_bytes, reason, min(command) FROM command WHERE run = ?1"
                           " AND replication = ?2 AND kind = 'swap_in' GROUP BY workload",
                           err);

    for (uint32_t i = 0; i < e->about.workloads; i++)
        if (e->about.workload[i].starts_in_file && e->replication == 0)
            r->actor[i].initial_bytes = e->about.workload[i].bytes;
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        uint32_t workload = (uint32_t)sqlite3_column_int64(s, 0);
        const char *reason = (const char *)sqlite3_column_text(s, 2);
        bool disk = strcmp(reason, "cold") == 0 || strcmp(reason, "spill") == 0;
        if (workload < e->about.workloads && e->about.workload[workload].starts_in_file)
            r->actor[workload].initial_bytes = disk ? 0 : sqlite3_column_int64(s, 1);
    }
    sqlite3_finalize(s);
    return rc;
}

int explain_read_log(struct explain *e, struct error *err)
{
    struct reading r = {.e = e};
    struct arena scratch = {0};
    struct event_log *log = NULL;
    const struct gs_commands *step;
    struct gs_event event;
    bool more = true;
    int rc;

    r.actor = arena_array(&scratch, e->about.workloads, sizeof *r.actor);
    if (r.actor == NULL)
        return explain_no_memory(e, err);
    for (uint32_t i = 0; i < e->about.workloads; i++)
        r.actor[i] = (struct actor){
            .gpu = GS_NONE, .phase = PHASE_AWAY, .used_ns = -1, .base_bytes = INT64_MAX, .lender = GS_NONE};
    if ((rc = read_initial(&r, err)) == GS_OK &&
        (rc = event_log_open(&log, e->path, e->about.run, &scratch, err)) == GS_OK)
        rc = event_log_rewind(log, e->replication, err);
    while (rc == GS_OK && (rc = event_log_next(log, &event, &step, &more, err)) == GS_OK && more) {
        if (event.at_ns > e->to_ns)
            break;
        r.now_ns = event.at_ns;
        if (event.kind != GS_TIMER && event.workload < e->about.workloads)
            take_event(&r, &event);
        for (uint32_t i = 0; i < step->count; i++)
            if (step->item[i].workload < e->about.workloads)
                take_command(&r, step, &step->item[i]);
    }
    if (rc == GS_OK)
        finish(&r);
    event_log_close(log);
    arena_fini(&scratch);
    return rc;
}
