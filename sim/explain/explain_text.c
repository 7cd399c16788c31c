/* explain_text.c - a burst's time in words: the pieces in order, of a long burst the longest waits, and the sum. */
#include "sim/explain/explain_words.h"

#include "policies/table.h"
#include "sim/base/units.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 24, WAITS = 12 };

static void put_piece(struct telling *t, const struct explain_piece *p, const struct explain_piece *before)
{
    bool ran = before != NULL && (before->kind == EXPLAIN_RUN || before->kind == EXPLAIN_SWITCH ||
                                  before->kind == EXPLAIN_BEHIND || before->kind == EXPLAIN_PAUSE);

    tell_time(t, "%10s", p->from_ns - t->burst->row.ready_ns);
    tell_time(t, " %12s  ", p->to_ns - p->from_ns);
    tell_piece(t, p, ran);
    tell_choices(t, p);
}

/* --- a long burst: each kind of piece as one, then the longest waits --- */

enum { SUMS = 4 * EXPLAIN_KINDS };

struct sums {
    struct explain_piece piece[SUMS];
    size_t times[SUMS], capacity[SUMS], count;
};

static bool sum_part(struct sums *s, size_t at, const struct explain_part *from, struct arena *arena)
{
    struct explain_piece *p = &s->piece[at];
    size_t k = 0;

    while (k < p->parts && (p->part[k].deed != from->deed || p->part[k].workload != from->workload))
        k++;
    if (k == p->parts) {
        struct explain_part *grown = arena_grow(arena, p->part, &s->capacity[at], k + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        p->part = grown;
        p->parts++;
        grown[k] = *from;
        return true;
    }
    p->part[k].ns += from->ns;
    if (from->deed != EXPLAIN_HELD)
        p->part[k].bytes += from->bytes;
    return true;
}

static bool sum_piece(struct sums *s, const struct explain_piece *p, struct arena *arena)
{
    size_t k = 0;
    bool ok = true;

    while (k < s->count && (s->piece[k].kind != p->kind || s->piece[k].reason != p->reason))
        k++;
    if (k == SUMS)
        return true;
    if (k == s->count)
        s->piece[s->count++] = (struct explain_piece){.kind = p->kind, .reason = p->reason, .next = GS_NONE};
    s->times[k]++;
    s->piece[k].to_ns += p->to_ns - p->from_ns;
    s->piece[k].bytes += p->bytes;
    for (size_t i = 0; i < p->parts && ok; i++)
        ok = sum_part(s, k, &p->part[i], arena);
    return ok;
}

static void put_sums(struct telling *t)
{
    struct arena scratch = {0};
    struct sums s = {0};
    bool ok = true;

    for (size_t i = 0; i < t->burst->pieces && ok; i++)
        ok = sum_piece(&s, &t->burst->piece[i], &scratch);
    t->out->failed |= !ok;
    text_printf(t->out, "\n%10s %12s\n", "pieces", "in all");
    t->summed = true;
    for (size_t i = 0; i < s.count && ok; i++) {
        text_printf(t->out, "%10zu", s.times[i]);
        tell_time(t, " %12s  ", s.piece[i].to_ns);
        tell_piece(t, &s.piece[i], false);
    }
    t->summed = false;
    arena_fini(&scratch);
}

static int longer_first(const void *a, const void *b)
{
    gs_ns x = *(const gs_ns *)a, y = *(const gs_ns *)b;

    return (x < y) - (x > y);
}

static gs_ns length_of(const struct explain_piece *p)
{
    return p->kind == EXPLAIN_RUN || p->kind == EXPLAIN_PAUSE ? 0 : p->to_ns - p->from_ns;
}

/* The shortest wait that is told. */
static gs_ns least_told(const struct telling *t)
{
    const struct explain_burst *b = t->burst;
    gs_ns *length = heap_resize(NULL, (b->pieces + 1) * sizeof *length), least = 0;

    if (length == NULL) {
        t->out->failed = true;
        return 0;
    }
    for (size_t i = 0; i < b->pieces; i++)
        length[i] = length_of(&b->piece[i]);
    qsort(length, b->pieces, sizeof *length, longer_first);
    if (b->pieces > LINES && length[WAITS - 1] > 0)
        least = length[WAITS - 1];
    heap_free(length);
    return least;
}

static void put_timeline(struct telling *t)
{
    const struct explain_burst *b = t->burst;
    gs_ns least = least_told(t);
    size_t told = 0;

    if (b->pieces > LINES)
        put_sums(t);
    if (b->pieces > 0)
        text_printf(t->out, "\n%10s %12s%s\n", "at", "for", b->pieces > LINES ? "  the longest waits" : "");
    for (size_t i = 0; i < b->pieces; i++) {
        const struct explain_piece *p = &b->piece[i];
        if (b->pieces <= LINES || (length_of(p) >= least && length_of(p) > 0 && told++ < WAITS))
            put_piece(t, p, i == 0 ? NULL : p - 1);
    }
}

/* --- beginning and end --- */

static const char *refusal(const struct explain_burst *b)
{
    if (b->row.outcome == OUTCOME_OOM || b->reason == GS_BECAUSE_TOO_LARGE)
        return "killed: it needs more memory than its GPU has or its limit allows";
    switch (b->reason) {
    case GS_BECAUSE_MEMORY:
        return "killed: its workload held more than its request, and one that did not needed the memory";
    case GS_BECAUSE_CAP:
        return "refused: the swap file had no room, and 'cap.when_full = reject'";
    case GS_BECAUSE_FAILURE:
        return "refused: its swaps failed repeatedly";
    case GS_BECAUSE_NO_PLACE:
        return "refused: no GPU may take it";
    default:
        return b->row.end_ns == b->row.ready_ns
                   ? "refused: as many requests as may wait did so already, by 'max_waiting'"
                   : "refused";
    }
}

static void put_head(const struct telling *t)
{
    const struct explain_run *a = t->about;
    const struct explain_burst *b = t->burst;
    const struct burst_row *row = &b->row;

    if (strcmp(a->provenance, "double") == 0)
        text_add(t->out, "DRIVER DOUBLE: no GPU, times are a model's\n");
    text_printf(t->out, "%s   %s   run %lld%s, replication %u\n", a->scenario, a->policy, (long long)a->run,
                a->complete ? "" : " (incomplete)", b->replication);
    text_printf(t->out, "burst %llu: number %u of %s", (unsigned long long)b->number, row->index,
                telling_name(t, row->workload));
    if (b->gpu < a->gpus)
        text_printf(t->out, ", on %s", a->gpu[b->gpu].name);
    tell_time(t, "\n\nReady %s after the start of the run, it ", row->ready_ns);
    if (row->outcome == OUTCOME_DONE)
        tell_time(t, "took %s", row->end_ns - row->ready_ns);
    else if (row->outcome == OUTCOME_CENSORED)
        tell_time(t, "had not ended %s later, when the run did or its workload left", row->end_ns - row->ready_ns);
    else
        tell_time(t, "waited %s", row->end_ns - row->ready_ns);
    if (row->outcome == OUTCOME_DONE)
        tell_time(t, ", of which %s is its work", row->alone_ns);
    else if (row->alone_ns > 0)
        tell_time(t, "; %s of its work was done", row->alone_ns);
    else
        text_add(t->out, "; nothing of its work was done");
    if (row->outcome != OUTCOME_DONE && row->outcome != OUTCOME_CENSORED)
        text_printf(t->out, ".  It was %s", refusal(b));
    text_add(t->out, ".\n");
}

static void put_seconds(const struct telling *t, const char *what, gs_ns ns)
{
    text_printf(t->out, "%10s %18lld.%09lld s\n", what, (long long)(ns / 1000000000), (long long)(ns % 1000000000));
}

static void put_sum(const struct telling *t)
{
    static const char *const name[STALLS] = {"queue", "swap-out", "swap-in", "cap", "preempted", "detect", "cold"};
    const struct burst_row *row = &t->burst->row;

    text_add(t->out, "\nthe sum\n");
    put_seconds(t, "alone", row->alone_ns);
    for (int i = 0; i < STALLS; i++)
        if (row->stall_ns[i] != 0)
            put_seconds(t, name[i], row->stall_ns[i]);
    put_seconds(t, "response", row->end_ns - row->ready_ns);
}

/* Only where it matters. */
static void put_untold(const struct telling *t)
{
    bool matters = false;

    for (size_t i = 0; i < t->burst->pieces; i++)
        matters |= t->burst->piece[i].kind == EXPLAIN_CAP || t->burst->piece[i].kind == EXPLAIN_SWAP_OUT;
    if (matters && t->burst->untold != NULL)
        text_printf(t->out,
                    "\nThe controller's books are not known: %s.\n"
                    "Who held the swap file is left out, and what a victim would free is as of its last turn.\n",
                    t->burst->untold);
}

void explain_text(struct text *out, const struct explain *explain, const struct explain_burst *burst)
{
    struct telling t = {.out = out, .about = explain_about(explain), .burst = burst};

    put_head(&t);
    put_timeline(&t);
    put_sum(&t);
    const struct gs_policy_head *victim = t.told != NULL ? gs_policy_find(GS_SLOT_VICTIM, t.about->victim) : NULL;
    if (victim != NULL)
        text_printf(out, "\n%s: %s.  Worth: what it would be to keep, in its own unit; the least leaves first.\n",
                    victim->name, victim->help);
    put_untold(&t);
    if (!t.about->events) {
        text_add(
            out,
            "\nThe run kept bursts only: what was waited for, whose turn it was, and how victims were chosen tells\n"
            "gpuswap-sim run ");
        text_shell_word(out, t.about->file);
        text_add(out, " --set scenario.record=events\n");
    }
}
