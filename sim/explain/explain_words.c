/* explain_words.c - the sentences that tell a piece of a burst's time: what it is, and who has a part in it. */
#include "sim/explain/explain_words.h"

#include "sim/base/units.h"

enum { NAMES = 4, INDENT = 25 };

const char *telling_name(const struct telling *t, uint32_t workload)
{
    return workload < t->about->workloads ? t->about->workload[workload].name : "?";
}

void tell_time(const struct telling *t, const char *format, gs_ns ns)
{
    char time[UNITS_TEXT];

    text_printf(t->out, format, units_show_time(time, (double)ns));
}

static void put_size(const struct telling *t, const char *format, int64_t bytes)
{
    char size[UNITS_TEXT];

    text_printf(t->out, format, units_show_size(size, (double)bytes));
}

/* --- lists of others --- */

typedef bool chosen_part(const struct telling *t, const struct explain_part *part);

static bool used(const struct telling *t, const struct explain_part *part)
{
    return t != NULL && part->deed == EXPLAIN_USED;
}

static bool kept(const struct telling *t, const struct explain_part *part)
{
    return t != NULL && part->deed == EXPLAIN_KEPT;
}

static bool held(const struct telling *t, const struct explain_part *part)
{
    return t != NULL && part->deed == EXPLAIN_HELD;
}

static bool swapped(const struct telling *t, const struct explain_part *part)
{
    return (part->deed == EXPLAIN_CAME || part->deed == EXPLAIN_LEFT) && part->workload != t->burst->row.workload;
}

static bool made_way(const struct telling *t, const struct explain_part *part)
{
    return part->deed == EXPLAIN_LEFT && part->requester == t->burst->row.workload;
}

static bool shared_link(const struct telling *t, const struct explain_part *part)
{
    return part->same_link && !made_way(t, part) && part->workload != t->burst->row.workload;
}

/* "BEFORE NB-1 (12.0 s), NB-2 (3.00 s) and 2 others"; false, and nothing, if there is nobody. */
static bool put_list(const struct telling *t, const struct explain_piece *p, const char *before, chosen_part *chosen,
                     bool sizes)
{
    size_t n = 0;

    for (size_t i = 0; i < p->parts; i++) {
        const struct explain_part *part = &p->part[i];
        if (!chosen(t, part) || n++ >= NAMES)
            continue;
        text_printf(t->out, "%s%s", n == 1 ? before : ", ", telling_name(t, part->workload));
        if (sizes && part->bytes > 0)
            put_size(t, " (%s)", part->bytes);
        else if (!sizes)
            tell_time(t,
                      part->deed == EXPLAIN_CAME   ? " in (%s)"
                      : part->deed == EXPLAIN_LEFT ? " out (%s)"
                                                   : " (%s)",
                      part->ns);
    }
    if (n > NAMES)
        text_printf(t->out, " and %zu other%s", n - NAMES, n == NAMES + 1 ? "" : "s");
    return n > 0;
}

/* --- choices of victims --- */

static void put_candidate(const struct telling *t, const struct explain_candidate *c)
{
    text_printf(t->out, "%s (", telling_name(t, c->workload));
    if (c->idle_ns < 0)
        text_add(t->out, "never had the GPU");
    else
        tell_time(t, "had the GPU %s ago", c->idle_ns);
    put_size(t, ", %s, worth ", c->bytes);
    text_number_or(t->out, c->keep, "without end");
    text_add(t->out, ")");
}

/* False, and nothing, if there is none. */
static bool put_candidates(const struct telling *t, const struct explain_choice *c, bool chosen)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->candidates; i++) {
        if (c->candidate[i].chosen != chosen || n++ >= NAMES)
            continue;
        if (!chosen && n == 1)
            text_printf(t->out, "\n%*sit keeps ", INDENT, "");
        text_add(t->out, n == 1 ? "" : ", ");
        put_candidate(t, &c->candidate[i]);
    }
    if (n > NAMES)
        text_printf(t->out, " and %u other%s", n - NAMES, n == NAMES + 1 ? "" : "s");
    return n > 0;
}

static void put_bars(const struct telling *t, const struct explain_choice *c)
{
    static const char *const why[] = {"has the GPU", "is coming in", "is leaving already", "may not leave now"};

    if (c->barreds > 0)
        text_printf(t->out, "\n%*snot asked: ", INDENT, "");
    for (uint32_t i = 0; i < c->barreds && i < NAMES; i++)
        text_printf(t->out, "%s%s (%s)", i == 0 ? "" : ", ", telling_name(t, c->barred[i].workload),
                    why[c->barred[i].why]);
    if (c->barreds > NAMES)
        text_printf(t->out, " and %u other%s", c->barreds - NAMES, c->barreds == NAMES + 1 ? "" : "s");
}

/* On lines of its own, under the wait that it led to. */
static void put_choice(struct telling *t, const struct explain_choice *c)
{
    if (c == NULL || c == t->told)
        return;
    t->told = c;
    text_printf(t->out, "%*s%s sends out ", INDENT, "", t->about->victim);
    put_candidates(t, c, true);
    if (!put_candidates(t, c, false))
        text_add(t->out, "; nobody else could leave");
    put_bars(t, c);
    text_add(t->out, "\n");
}

void tell_choices(struct telling *t, const struct explain_piece *p)
{
    for (size_t i = 0; i < p->parts && p->kind == EXPLAIN_SWAP_OUT; i++)
        put_choice(t, p->part[i].choice);
}

/* --- a sentence for a piece --- */

static void put_wait(const struct telling *t, const struct explain_piece *p)
{
    bool anybody = put_list(t, p, ": the GPU is used by ", used, false);

    put_list(t, p, anybody ? "; moved: " : ": others are moved, ", swapped, false);
}

static void put_stop(const struct telling *t, const struct explain_piece *p, bool stopped_now)
{
    const char *why = p->reason == GS_BECAUSE_QUANTUM ? "its quantum is over" : "somebody more urgent came";

    text_printf(t->out, stopped_now ? "is stopped, as %s" : "waits for its next turn, as %s", why);
    if (stopped_now && p->next != GS_NONE)
        text_printf(t->out, "; next is %s", telling_name(t, p->next));
    put_wait(t, p);
}

static void put_swap_out(const struct telling *t, const struct explain_piece *p)
{
    bool own = false;

    for (size_t i = 0; i < p->parts; i++)
        own |= p->part[i].deed == EXPLAIN_LEFT && p->part[i].workload == t->burst->row.workload;
    if (own)
        text_add(t->out, "waits for its own swap-out to end");
    else if (!put_list(t, p, "waits for its victims to leave: ", made_way, true))
        text_add(t->out, "waits for memory that is being freed");
    put_list(t, p, "; also on the link: ", shared_link, false);
}

static void put_cap(const struct telling *t, const struct explain_piece *p)
{
    const struct explain_run *a = t->about;
    int64_t bytes = 0;

    for (size_t i = 0; i < p->parts; i++)
        bytes += p->part[i].deed == EXPLAIN_HELD ? p->part[i].bytes : 0;
    text_add(t->out, "waits for room in the swap file, where a victim has to go");
    if (t->burst->gpu >= a->gpus || t->burst->untold != NULL)
        return;
    if (!t->summed) { /* else those who held it may have done so one after the other */
        int64_t cap = a->node[a->gpu[t->burst->gpu].node].swap_cap_bytes;
        put_size(t, ": %s", bytes);
        put_size(t, " of %s are taken", cap);
        text_add(t->out, bytes > cap ? ", as some who lent room did not come in" : "");
    }
    put_list(t, p, t->summed ? ": taken by " : ", by ", held, true);
}

static void put_swap_in(const struct telling *t, const struct explain_piece *p)
{
    if (p->kind == EXPLAIN_COLD)
        text_printf(t->out, "loads from disk%s",
                    p->reason == GS_BECAUSE_SPILL ? ", where it went as the swap file was full" : "");
    else
        text_printf(t->out, "comes in%s", p->reason == GS_BECAUSE_AHEAD ? ", brought ahead" : "");
    if (p->bytes > 0)
        put_size(t, ": %s", p->bytes);
    put_list(t, p, p->kind == EXPLAIN_COLD ? "; the disk is shared with " : "; the link is shared with ", shared_link,
             false);
}

void tell_piece(const struct telling *t, const struct explain_piece *p, bool stopped_now)
{
    if (p->kind == EXPLAIN_PREEMPTED) {
        put_stop(t, p, stopped_now);
    } else if (p->kind == EXPLAIN_TURN || p->kind == EXPLAIN_WAIT) {
        text_add(t->out, p->kind == EXPLAIN_TURN ? "waits for its turn" : "waits");
        put_wait(t, p);
    } else if (p->kind == EXPLAIN_DETECT) {
        text_add(t->out, "waits while the GPU does nothing");
        put_list(t, p, ": kept after the end of its burst by ", kept, false);
    } else if (p->kind == EXPLAIN_SWAP_OUT) {
        put_swap_out(t, p);
    } else if (p->kind == EXPLAIN_CAP) {
        put_cap(t, p);
    } else if (p->kind == EXPLAIN_SWAP_IN || p->kind == EXPLAIN_COLD) {
        put_swap_in(t, p);
    } else if (p->kind == EXPLAIN_SWITCH) {
        text_add(t->out, "has the GPU, which switches to it");
    } else if (p->kind == EXPLAIN_BEHIND) {
        text_printf(t->out, "waits behind earlier bursts of %s, which has the GPU",
                    telling_name(t, t->burst->row.workload));
        put_list(t, p, "; also there: ", used, false);
    } else if (p->kind == EXPLAIN_PAUSE) {
        text_add(t->out, "wants nothing, where it was stopped");
    } else if (!put_list(t, p, "runs; the GPU is shared with ", used, false)) {
        text_add(t->out, "runs alone");
    }
    text_add(t->out, "\n");
}
