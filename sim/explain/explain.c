/* explain.c - cut the time of a burst into pieces. */
#include "sim/explain/explain_parts.h"

#include <string.h>

const char *explain_kind_name(enum explain_kind kind)
{
    static const char *const name[] = {"turn", "preempted", "detect", "swap_out", "swap_in", "switch",
                                       "cap",  "cold",      "behind", "run",      "pause",   "wait"};
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
        rc = explain_read_busy(e, err);
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
        [EXPLAIN_RUN] = STALL_QUEUE,         [EXPLAIN_WAIT] = STALL_QUEUE,          [EXPLAIN_PAUSE] = STALL_QUEUE,
    };

    memset(b->located_ns, 0, sizeof b->located_ns);
    b->located_ns[STALL_QUEUE] = -b->row.alone_ns;
    for (size_t i = 0; i < b->pieces; i++)
        b->located_ns[stall[b->piece[i].kind]] += b->piece[i].to_ns - b->piece[i].from_ns;
}

/* Its workload's GPU, as of its last spell there; why it was refused. */
static void find_facts(struct explain *e, struct explain_burst *b)
{
    bool refused =
        b->row.outcome == OUTCOME_REJECTED || b->row.outcome == OUTCOME_OOM || b->row.outcome == OUTCOME_KILLED;

    for (size_t i = 0; i < e->spells; i++) {
        const struct spell *s = &e->spell[i];
        if (s->workload != b->row.workload)
            continue;
        if (s->kind < EXPLAIN_KINDS && s->from_ns < b->row.end_ns && s->to_ns > b->row.ready_ns)
            b->gpu = s->gpu;
        if (s->kind == SPELL_REFUSED && s->from_ns == b->row.end_ns && refused)
            b->reason = s->reason;
    }
}

int explain_burst(struct explain *e, struct explain_burst *b, struct error *err)
{
    struct cutting c = {.e = e, .b = b};

    b->piece = NULL;
    find_facts(e, b);
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
