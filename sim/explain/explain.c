/* explain.c - find a burst in the database and cut its time into pieces. */
#include "sim/explain/explain_parts.h"
#include "sim/results/schema.h"

#include <string.h>

const char *explain_kind_name(enum explain_kind kind)
{
    static const char *const name[] = {"turn", "preempted", "detect", "swap_out", "swap_in", "switch",
                                       "cap",  "cold",      "behind", "run",      "wait"};
    return name[kind];
}

const char *explain_deed_name(enum explain_deed deed)
{
    static const char *const name[] = {"used", "kept", "swap_in", "swap_out", "clean", "held"};
    return name[deed];
}

const char *explain_bar_name(enum explain_bar bar)
{
    static const char *const name[] = {"had_turn", "coming", "leaving", "barred"};
    return name[bar];
}

const struct explain_run *explain_about(const struct explain *e)
{
    return &e->about;
}

/* --- bursts --- */

static uint8_t number_of(const char *text, const char *const *name, uint8_t names)
{
    uint8_t i = 0;

    while (text != NULL && i + 1 < names && strcmp(text, name[i]) != 0)
        i++;
    return i;
}

static struct explain_burst burst_of(sqlite3_stmt *s)
{
    static const char *const served[] = {"hot", "warm", "cold"};
    static const char *const outcome[] = {"done", "rejected", "oom", "censored"};
    struct explain_burst b = {.replication = (uint32_t)sqlite3_column_int64(s, 0),
                              .number = (uint64_t)sqlite3_column_int64(s, 1),
                              .gpu = GS_NONE};

    b.row = (struct burst_row){
        .workload = (uint32_t)sqlite3_column_int64(s, 2),
        .index = (uint32_t)sqlite3_column_int64(s, 3),
        .ready_ns = sqlite3_column_int64(s, 4),
        .start_ns = sqlite3_column_type(s, 5) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 5),
        .end_ns = sqlite3_column_int64(s, 6),
        .alone_ns = sqlite3_column_int64(s, 7),
        .served = number_of((const char *)sqlite3_column_text(s, 8), served, SERVEDS),
        .outcome = number_of((const char *)sqlite3_column_text(s, 9), outcome, OUTCOMES),
    };
    for (int i = 0; i < STALLS; i++)
        b.row.stall_ns[i] = sqlite3_column_int64(s, 10 + i);
    return b;
}

static int none_picked(struct explain *e, const struct explain_wish *wish, struct error *err)
{
    const char *whose = wish->workload == GS_NONE ? "" : e->about.workload[wish->workload].name;
    long long run = e->about.run, burst = wish->burst;

    if (burst < 0)
        return error_set(err, GS_BAD_INPUT, "run %lld of '%s' has no burst of that group, workload and replication",
                         run, e->path);
    return error_set(err, GS_BAD_INPUT, "run %lld of '%s' has no burst %lld%s%s%s; --slowest 3 finds the slowest ones",
                     run, e->path, burst, *whose ? " of '" : "", whose, *whose ? "'" : "");
}

/* Of equal ones the first.  A replication that was cut off is not whole: its bursts are left out. */
int explain_pick(struct explain *e, const struct explain_wish *wish, struct explain_burst **out, size_t *count,
                 struct error *err)
{
    static const char sql[] =
        "SELECT b.replication, burst, b.workload, nth, ready_ns, start_ns, end_ns, alone_ns, served, outcome, queue_ns,"
        " swap_out_ns, swap_in_ns, cap_ns, preempted_ns, detect_ns, cold_ns FROM burst AS b"
        " JOIN replication USING(run, replication) JOIN workload AS w USING(run, workload)"
        " JOIN workload_group AS g ON g.run = b.run AND g.grp = w.grp"
        " WHERE b.run = ?1 AND (?2 < 0 OR b.replication = ?2) AND (?3 IS NULL OR b.workload = ?3)"
        " AND (?4 IS NULL OR g.name = ?4) AND (?5 < 0 OR ?5 = CASE WHEN ?3 IS NULL THEN burst ELSE nth END)"
        " ORDER BY end_ns - ready_ns DESC, b.replication, burst LIMIT ?6";
    sqlite3_stmt *s;
    size_t capacity = 0;
    int rc = explain_query(e, &s, sql, err);

    *out = NULL;
    *count = 0;
    sqlite3_bind_int64(s, 2, wish->replication);
    if (wish->workload != GS_NONE)
        sqlite3_bind_int64(s, 3, wish->workload);
    if (wish->group != NULL)
        sqlite3_bind_text(s, 4, wish->group, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, wish->burst);
    sqlite3_bind_int64(s, 6, wish->slowest);
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        struct explain_burst *grown = arena_grow(e->arena, *out, &capacity, *count + 1, sizeof *grown);
        if (grown == NULL) {
            rc = explain_no_memory(e, err);
            break;
        }
        *out = grown;
        grown[(*count)++] = burst_of(s);
    }
    sqlite3_finalize(s);
    return rc == GS_OK && *count == 0 ? none_picked(e, wish, err) : rc;
}

/* --- reading --- */

void spell_add(struct explain *e, struct spell spell)
{
    if (spell.to_ns <= e->from_ns || spell.from_ns >= e->to_ns || spell.to_ns <= spell.from_ns)
        return;
    struct spell *grown = arena_grow(&e->story, e->spell, &e->capacity, e->spells + 1, sizeof *grown);
    if (grown == NULL) {
        e->no_memory = true;
        return;
    }
    e->spell = grown;
    e->spell[e->spells++] = spell;
}

/* When the workloads have something to do; bursts that became ready in the warm-up are not among the rows. */
static int read_busy(struct explain *e, struct error *err)
{
    sqlite3_stmt *s;
    struct spell busy = {.kind = SPELL_BUSY, .workload = GS_NONE, .gpu = GS_NONE};
    gs_ns *first_ready_ns = arena_array(&e->story, e->about.workloads, sizeof *first_ready_ns), warm_ns = 0;
    int rc = explain_query(e, &s,
                           "SELECT workload, ready_ns, end_ns, from_ns FROM burst JOIN replication"
                           " USING(run, replication) WHERE run = ?1 AND replication = ?2 AND ready_ns < ?3"
                           " ORDER BY workload, ready_ns",
                           err);
    if (first_ready_ns == NULL)
        rc = explain_no_memory(e, err);
    for (uint32_t i = 0; rc == GS_OK && i < e->about.workloads; i++)
        first_ready_ns[i] = GS_NEVER;
    sqlite3_bind_int64(s, 3, e->to_ns);
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        uint32_t workload = (uint32_t)sqlite3_column_int64(s, 0);
        gs_ns from_ns = sqlite3_column_int64(s, 1), to_ns = sqlite3_column_int64(s, 2);
        warm_ns = sqlite3_column_int64(s, 3);
        if (workload < e->about.workloads && first_ready_ns[workload] == GS_NEVER)
            first_ready_ns[workload] = from_ns;
        if (workload != busy.workload || from_ns > busy.to_ns) {
            spell_add(e, busy);
            busy.workload = workload;
            busy.from_ns = from_ns;
            busy.to_ns = to_ns;
        }
        busy.to_ns = to_ns > busy.to_ns ? to_ns : busy.to_ns;
    }
    spell_add(e, busy);
    sqlite3_finalize(s);
    if (rc == GS_OK && !explain_use(e, first_ready_ns, warm_ns))
        rc = explain_no_memory(e, err);
    return rc;
}

int explain_read(struct explain *e, uint32_t replication, gs_ns from_ns, gs_ns to_ns, struct error *err)
{
    arena_fini(&e->story);
    e->spell = NULL;
    e->spells = e->capacity = 0;
    e->replication = replication;
    e->from_ns = from_ns;
    e->to_ns = to_ns;
    int rc = e->about.events ? explain_read_log(e, err) : explain_read_rows(e, err);
    if (rc == GS_OK)
        rc = read_busy(e, err);
    return rc == GS_OK && e->no_memory ? explain_no_memory(e, err) : rc;
}

/* --- pieces --- */

struct cutting {
    struct explain *e;
    struct explain_burst *b;
    size_t capacity;
    bool split; /* waiting at times at which the GPU was kept by one with nothing to do is told apart */
};

static void cut(struct cutting *c, struct explain_piece piece)
{
    struct explain_burst *b = c->b;

    if (piece.to_ns <= piece.from_ns)
        return;
    struct explain_piece *grown = arena_grow(&c->e->story, b->piece, &c->capacity, b->pieces + 1, sizeof *grown);
    if (grown == NULL) {
        c->e->no_memory = true;
        return;
    }
    b->piece = grown;
    b->piece[b->pieces++] = piece;
}

/* Waiting for a turn, but for the times at which the GPU was kept for nothing. */
static void cut_wait(struct cutting *c, struct explain_piece piece)
{
    struct explain_piece part = piece;
    gs_ns from_ns, to_ns;

    while (c->split && part.from_ns < piece.to_ns &&
           explain_kept(c->e, c->b->gpu, part.from_ns, piece.to_ns, &from_ns, &to_ns)) {
        part.to_ns = from_ns;
        cut(c, part);
        cut(c, (struct explain_piece){.kind = EXPLAIN_DETECT, .from_ns = from_ns, .to_ns = to_ns, .next = GS_NONE});
        part.from_ns = to_ns;
    }
    part.to_ns = piece.to_ns;
    cut(c, part);
}

/* The workload has the GPU: for bursts before this one, or for it. */
static void cut_run(struct cutting *c, struct explain_piece piece)
{
    struct explain_piece behind = piece;
    gs_ns start_ns = c->b->row.start_ns < 0 ? c->b->row.end_ns : c->b->row.start_ns;

    behind.kind = EXPLAIN_BEHIND;
    if (start_ns < behind.to_ns)
        behind.to_ns = start_ns;
    cut(c, behind);
    if (start_ns > piece.from_ns)
        piece.from_ns = start_ns;
    cut(c, piece);
}

static void cut_spell(struct cutting *c, const struct spell *s, gs_ns from_ns, gs_ns to_ns)
{
    struct explain_piece piece = {.kind = (enum explain_kind)s->kind,
                                  .reason = s->reason,
                                  .from_ns = from_ns,
                                  .to_ns = to_ns,
                                  .bytes = s->bytes,
                                  .next = GS_NONE};
    if (s->kind == EXPLAIN_TURN || s->kind == EXPLAIN_PREEMPTED)
        cut_wait(c, piece);
    else if (s->kind == EXPLAIN_RUN)
        cut_run(c, piece);
    else
        cut(c, piece);
}

/* The phases of a workload come in order and do not overlap; what they leave out is waiting. */
static void cut_all(struct cutting *c, bool split)
{
    struct explain_burst *b = c->b;
    const struct burst_row *row = &b->row;
    struct spell gap = {.kind = c->e->about.events ? EXPLAIN_TURN : EXPLAIN_WAIT};
    gs_ns at = row->ready_ns;

    b->pieces = 0;
    c->split = split;
    for (size_t i = 0; i < c->e->spells; i++) {
        const struct spell *s = &c->e->spell[i];
        if (s->workload != row->workload || s->kind >= EXPLAIN_KINDS || s->to_ns <= at || s->from_ns >= row->end_ns)
            continue;
        gs_ns from_ns = s->from_ns > at ? s->from_ns : at, to_ns = s->to_ns < row->end_ns ? s->to_ns : row->end_ns;
        if (from_ns > at)
            cut_spell(c, &gap, at, from_ns);
        cut_spell(c, s, from_ns, to_ns);
        at = to_ns;
    }
    cut_spell(c, &gap, at, row->end_ns);
}

static void locate(struct explain_burst *b)
{
    static const uint8_t stall[EXPLAIN_KINDS] = {
        [EXPLAIN_TURN] = STALL_QUEUE,        [EXPLAIN_PREEMPTED] = STALL_PREEMPTED, [EXPLAIN_DETECT] = STALL_DETECT,
        [EXPLAIN_SWAP_OUT] = STALL_SWAP_OUT, [EXPLAIN_SWAP_IN] = STALL_SWAP_IN,     [EXPLAIN_SWITCH] = STALL_SWAP_IN,
        [EXPLAIN_CAP] = STALL_CAP,           [EXPLAIN_COLD] = STALL_COLD,           [EXPLAIN_BEHIND] = STALL_QUEUE,
        [EXPLAIN_RUN] = STALL_QUEUE,         [EXPLAIN_WAIT] = STALL_QUEUE,
    };

    memset(b->located_ns, 0, sizeof b->located_ns);
    b->located_ns[STALL_QUEUE] = -b->row.alone_ns;
    for (size_t i = 0; i < b->pieces; i++)
        b->located_ns[stall[b->piece[i].kind]] += b->piece[i].to_ns - b->piece[i].from_ns;
}

/* Its workload's GPU, as of its last spell there. */
static void find_gpu(struct explain *e, struct explain_burst *b)
{
    for (size_t i = 0; i < e->spells; i++) {
        const struct spell *s = &e->spell[i];
        if (s->workload == b->row.workload && s->kind < EXPLAIN_KINDS && s->from_ns < b->row.end_ns &&
            s->to_ns > b->row.ready_ns)
            b->gpu = s->gpu;
    }
}

static int find_refusal(struct explain *e, struct explain_burst *b, struct error *err)
{
    sqlite3_stmt *s;
    int rc = explain_query(e, &s,
                           "SELECT reason FROM command AS c JOIN event AS e USING(run, replication, event)"
                           " WHERE run = ?1 AND replication = ?2 AND c.workload = ?3 AND c.kind = 'reject'"
                           " AND e.at_ns = ?4 ORDER BY c.command DESC LIMIT 1",
                           err);

    sqlite3_bind_int64(s, 2, b->replication);
    sqlite3_bind_int64(s, 3, b->row.workload);
    sqlite3_bind_int64(s, 4, b->row.end_ns);
    if (rc == GS_OK && explain_row(e, s, &rc, err)) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        while (name != NULL && b->reason < GS_REASONS && strcmp(gs_reason_name(b->reason), name) != 0)
            b->reason++;
    }
    sqlite3_finalize(s);
    return rc;
}

int explain_burst(struct explain *e, struct explain_burst *b, struct error *err)
{
    struct cutting c = {.e = e, .b = b};
    bool refused = b->row.outcome == OUTCOME_REJECTED || b->row.outcome == OUTCOME_OOM;

    if (refused && e->about.events && find_refusal(e, b, err) != GS_OK)
        return err->code;
    b->piece = NULL;
    find_gpu(e, b);
    cut_all(&c, e->about.events);
    locate(b);
    if (e->about.events && b->located_ns[STALL_DETECT] != b->row.stall_ns[STALL_DETECT]) {
        cut_all(&c, false); /* bursts of the warm-up, which have no rows, may have had the GPU */
        locate(b);
    }
    b->untold = e->untold;
    e->no_memory |= !explain_others(e, b);
    return e->no_memory ? explain_no_memory(e, err) : GS_OK;
}
