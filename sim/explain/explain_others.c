/* explain_others.c - who else had a part in a piece of a burst's time. */
#include "sim/explain/explain_parts.h"

#include <stdlib.h>

static int deed_of(const struct spell *s)
{
    switch (s->kind) {
    case SPELL_USED:
        return EXPLAIN_USED;
    case SPELL_LINGER:
        return EXPLAIN_KEPT;
    case SPELL_IN:
        return EXPLAIN_CAME;
    case SPELL_OUT:
        return EXPLAIN_LEFT;
    case SPELL_CLEAN:
        return EXPLAIN_CLEANED;
    case SPELL_ROOM:
        return EXPLAIN_HELD;
    default:
        return -1;
    }
}

/* Over the link of its GPU in that direction, or its node's disk. */
static bool same_link(const struct explain_piece *piece, const struct spell *s)
{
    if (piece->kind == EXPLAIN_COLD)
        return s->kind != SPELL_CLEAN && gs_by_disk(s->reason);
    return !gs_by_disk(s->reason) && ((piece->kind == EXPLAIN_SWAP_IN && s->kind == SPELL_IN) ||
                                      (piece->kind == EXPLAIN_SWAP_OUT && s->kind != SPELL_IN));
}

/* Does it concern one who waits or runs on `gpu`?  Swap files and disks belong to nodes. */
static bool concerns(const struct explain *e, const struct spell *s, uint32_t gpu)
{
    if (s->gpu >= e->about.gpus || gpu >= e->about.gpus || e->about.gpu[s->gpu].node != e->about.gpu[gpu].node)
        return false;
    if (s->kind == SPELL_ROOM)
        return e->untold == NULL;
    return s->gpu == gpu || (deed_of(s) >= 0 && gs_by_disk(s->reason));
}

/* Has it a part in the piece?  Of the swap file, who holds it at first. */
static bool takes_part(const struct explain_burst *b, const struct explain_piece *piece, const struct spell *s)
{
    bool own = s->workload == b->row.workload && s->kind != SPELL_OUT && s->kind != SPELL_ROOM;

    if (deed_of(s) < 0 || own || s->to_ns <= piece->from_ns || s->from_ns >= piece->to_ns)
        return false;
    if (s->kind == SPELL_ROOM)
        return piece->kind == EXPLAIN_CAP && s->from_ns <= piece->from_ns;
    return s->gpu == b->gpu || piece->kind == EXPLAIN_COLD;
}

/* Who had the most part in it stands first. */
static int by_time(const void *a, const void *b)
{
    const struct explain_part *x = a, *y = b;

    if (x->deed != y->deed)
        return x->deed < y->deed ? -1 : 1;
    if (x->ns != y->ns)
        return x->ns > y->ns ? -1 : 1;
    return (x->workload > y->workload) - (x->workload < y->workload);
}

static int by_start(const void *a, const void *b)
{
    const struct spell *x = *(const struct spell *const *)a, *y = *(const struct spell *const *)b;

    if (x->from_ns != y->from_ns)
        return x->from_ns < y->from_ns ? -1 : 1;
    return (x > y) - (x < y);
}

struct crowd { /* the spells that may have a part, by their start; and those under way */
    const struct spell **spell, **active;
    size_t spells, actives, come;
};

/* Who has the GPU first from the start of the piece on. */
static uint32_t next_of(const struct crowd *c, const struct explain_burst *b, const struct explain_piece *piece)
{
    size_t i = c->come;

    while (i > 0 && c->spell[i - 1]->from_ns >= piece->from_ns)
        i--;
    for (; i < c->spells; i++) {
        const struct spell *s = c->spell[i];
        if ((s->kind == EXPLAIN_RUN || s->kind == EXPLAIN_SWITCH) && s->gpu == b->gpu && s->workload != b->row.workload)
            return s->workload;
    }
    return GS_NONE;
}

static bool add_part(struct explain *e, struct explain_piece *piece, size_t *capacity, const struct spell *s)
{
    gs_ns from_ns = s->from_ns > piece->from_ns ? s->from_ns : piece->from_ns;
    gs_ns to_ns = s->to_ns < piece->to_ns ? s->to_ns : piece->to_ns;
    enum explain_deed deed = (enum explain_deed)deed_of(s);
    size_t k = 0;

    while (k < piece->parts && (piece->part[k].deed != deed || piece->part[k].workload != s->workload ||
                                piece->part[k].requester != s->requester))
        k++;
    if (k == piece->parts) {
        struct explain_part *grown = arena_grow(&e->story, piece->part, capacity, k + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        piece->part = grown;
        grown[piece->parts++] = (struct explain_part){.deed = deed, .workload = s->workload, .requester = s->requester};
    }
    struct explain_part *part = &piece->part[k];
    part->ns += to_ns - from_ns;
    part->bytes += s->bytes;
    part->reason = s->reason;
    part->same_link |= same_link(piece, s);
    if (s->choice != NULL)
        part->choice = s->choice;
    return true;
}

static bool fill(struct explain *e, struct explain_burst *b, struct crowd *c, struct explain_piece *piece)
{
    size_t capacity = 0, still = 0;

    for (; c->come < c->spells && c->spell[c->come]->from_ns < piece->to_ns; c->come++)
        c->active[c->actives++] = c->spell[c->come];
    for (size_t i = 0; i < c->actives; i++) {
        const struct spell *s = c->active[i];
        if (takes_part(b, piece, s) && !add_part(e, piece, &capacity, s))
            return false;
        if (s->to_ns > piece->to_ns)
            c->active[still++] = s;
    }
    c->actives = still;
    if (piece->parts > 0)
        qsort(piece->part, piece->parts, sizeof *piece->part, by_time);
    if (piece->kind == EXPLAIN_PREEMPTED)
        piece->next = next_of(c, b, piece);
    return true;
}

bool explain_others(struct explain *e, struct explain_burst *b)
{
    struct crowd c = {0};
    struct arena scratch = {0};
    bool ok = true;

    c.spell = arena_array(&scratch, e->spells, sizeof *c.spell);
    c.active = arena_array(&scratch, e->spells, sizeof *c.active);
    if (c.spell == NULL || c.active == NULL) {
        arena_fini(&scratch);
        return false;
    }
    for (size_t i = 0; i < e->spells; i++)
        if (concerns(e, &e->spell[i], b->gpu) && e->spell[i].to_ns > b->row.ready_ns &&
            e->spell[i].from_ns < b->row.end_ns)
            c.spell[c.spells++] = &e->spell[i];
    qsort(c.spell, c.spells, sizeof *c.spell, by_start);
    for (size_t i = 0; i < b->pieces && ok; i++)
        ok = fill(e, b, &c, &b->piece[i]);
    arena_fini(&scratch);
    return ok;
}
