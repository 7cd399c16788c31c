/* report_unended.c - what had not ended when the run did: how old it was, what it was waiting for, and who was stuck. */
#include "sim/results/report_parts.h"

#include <math.h>

/* Waits up to this long are part of the game: some bursts are long, and queues have tails. */
static double patience_ns(const struct making *b, const struct report_group *g, const struct tally *t)
{
    double p99_s = g->response[STAT_P99].value, share_ns = STUCK_SHARE * (double)t->to_ns;
    if (b->scenario->duration == GS_NEVER)
        return -1; /* the run ended because nothing would ever happen again */
    return isnan(p99_s) ? share_ns : fmax(STUCK_RESPONSES * p99_s * NS_PER_S, share_ns);
}

static double longer_than(struct sketch *s, double limit_ns)
{
    if (limit_ns < 0)
        return (double)s->count;
    return round((double)s->count * (1 - sketch_share_within(s, (uint64_t)limit_ns)));
}

static void group_unended(struct making *b, size_t i, struct report_group *g)
{
    double stuck = 0, longest = 0, oldest = 0, waiting[STALLS] = {0};
    size_t n = 0;
    for (size_t r = 0; r < b->count; r++) {
        struct group_tally *t = &b->tally[r]->group[i];
        stuck += longer_than(&t->waiting, patience_ns(b, g, b->tally[r]));
        longest = fmax(longest, t->waiting.count ? (double)t->waiting.max / NS_PER_S : 0);
        for (int s = 0; s < STALLS; s++)
            waiting[s] += (double)t->waiting_ns[s] / NS_PER_S;
        if (t->unended.count == 0)
            continue;
        b->x[n++] = sketch_quantile(&t->unended, 0.5) / NS_PER_S;
        oldest = fmax(oldest, (double)t->unended.max / NS_PER_S);
    }
    g->unended_p50 = interval_mean(b->x, n, INTERVAL_CONFIDENCE);
    g->unended_max = (struct interval){n ? oldest : NAN, NAN, NAN, n};
    g->stuck = (struct interval){stuck, NAN, NAN, b->count};
    g->waiting_max = (struct interval){longest, NAN, NAN, b->count};
    for (int s = 0; s < STALLS; s++)
        g->waiting[s] = (struct interval){waiting[s], NAN, NAN, b->count};
    for (int s = 0; s < STALLS; s++) {
        for (size_t r = 0; r < b->count; r++) {
            b->x[r] = (double)b->tally[r]->group[i].unended_stall_ns[s] / NS_PER_S;
            b->y[r] = (double)b->tally[r]->group[i].censored;
        }
        g->unended_stall[s] = interval_ratio(b->x, b->y, b->count, INTERVAL_CONFIDENCE);
    }
}

void make_unended(struct making *b)
{
    for (size_t i = 0; i < b->report->groups; i++)
        group_unended(b, i, &b->report->group[i]);
}

int report_cause(const struct report_group *g)
{
    const struct interval *part = g->stuck.value > 0 ? g->waiting : g->unended_stall;
    int most = STALLS;
    for (int s = 0; s < STALLS; s++)
        if (part[s].value > 0 && (most == STALLS || part[s].value > part[most].value))
            most = s;
    return most;
}

const char *report_cause_text(int cause)
{
    static const char *const text[STALLS + 1] = {
        [STALL_QUEUE] = "others had the GPU",
        [STALL_SWAP_OUT] = "their victims were being swapped out",
        [STALL_SWAP_IN] = "they were being swapped in",
        [STALL_CAP] = "no room in the swap file",
        [STALL_PREEMPTED] = "they were stopped, and others had the GPU",
        [STALL_DETECT] = "the GPU was kept by workloads that had finished",
        [STALL_COLD] = "loads from disk",
        [STALLS] = "they were long",
    };
    return text[cause];
}
