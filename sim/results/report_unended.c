/* report_unended.c - what had not ended when the run did: how old it was, what it was waiting for, and who was stuck. */
#include "sim/results/report_parts.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Waits up to this long are part of the game: some bursts are long, and queues have tails. */
static double patience_ns(const struct report_group *g, const struct tally *t)
{
    double p99_s = g->response[STAT_P99].value, share_ns = STUCK_SHARE * (double)t->to_ns;
    if (t->dead_end)
        return -1; /* whoever waits does so for ever */
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
    double stuck = 0, longest = 0, oldest = 0, waiting[STALLS] = {0}, memory = 0;
    size_t n = 0;
    for (size_t r = 0; r < b->count; r++) {
        struct group_tally *t = &b->tally[r]->group[i];
        stuck += longer_than(&t->waiting, patience_ns(g, b->tally[r]));
        longest = fmax(longest, t->waiting.count ? (double)t->waiting.max / NS_PER_S : 0);
        for (int s = 0; s < STALLS; s++)
            waiting[s] += (double)t->waiting_ns[s] / NS_PER_S;
        memory += (double)t->waiting_memory_ns / NS_PER_S;
        if (t->unended.count == 0)
            continue;
        b->x[n++] = sketch_quantile(&t->unended, 0.5) / NS_PER_S;
        oldest = fmax(oldest, (double)t->unended.max / NS_PER_S);
    }
    g->unended_p50 = interval_mean(b->x, n, INTERVAL_CONFIDENCE);
    g->unended_max = (struct interval){n ? oldest : NAN, NAN, NAN, n};
    g->stuck = (struct interval){stuck, NAN, NAN, b->count};
    g->waiting_max = (struct interval){longest, NAN, NAN, b->count};
    g->waiting_memory = (struct interval){memory, NAN, NAN, b->count};
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
    double sum = 0;
    int most = 0;
    for (int s = 0; s < STALLS; s++) {
        sum += part[s].value;
        if (part[s].value > part[most].value)
            most = s;
    }
    if (g->stuck.value > 0)
        return most == STALL_QUEUE && g->waiting_memory.value > 0.5 * part[STALL_QUEUE].value ? CAUSE_MEMORY : most;
    return sum > 0.5 * g->unended_p50.value ? most : CAUSE_RUNNING;
}

const char *report_cause_text(int cause)
{
    static const char *const text[CAUSES] = {
        [STALL_QUEUE] = "others had the GPU",
        [STALL_SWAP_OUT] = "their victims were on their way out",
        [STALL_SWAP_IN] = "they were on their way in",
        [STALL_CAP] = "no room in the swap file",
        [STALL_PREEMPTED] = "they were stopped, and others had the GPU",
        [STALL_DETECT] = "workloads that had finished kept the GPU",
        [STALL_COLD] = "loads from disk",
        [CAUSE_RUNNING] = "they were being executed",
        [CAUSE_MEMORY] = "no room in GPU memory, and the node does not swap",
    };
    return text[cause];
}

/* "4", or "on average 4.3", of all replications together `all`. */
static void average_text(char *out, size_t size, const struct report *r, double all)
{
    double each = all / r->run.replications.value;
    char number[UNITS_TEXT];
    if (each == trunc(each))
        snprintf(out, size, "%s", units_show_count(number, each));
    else
        snprintf(out, size, "on average %.1f", each);
}

void report_who_text(char *out, size_t size, const struct report *r, const struct report_group *g, double all,
                     const char *what)
{
    char number[REPORT_CELL], of[UNITS_TEXT];
    const char *who = strcmp(g->class, "notebook") == 0   ? "notebook"
                      : strcmp(g->class, "training") == 0 ? "job"
                                                          : "server";
    average_text(number, sizeof number, r, all);
    snprintf(out, size, "%s of %s %s%s %s", number, units_show_count(of, g->workloads.value), who,
             g->workloads.value == 1 ? "" : "s", what);
}

void report_missed_text(char *out, size_t size, const struct report *r, const struct report_sla *s)
{
    bool refused = s->missed && strcmp(s->missed, "refused") == 0, stuck = s->missed && strcmp(s->missed, "stuck") == 0;
    double lost = 0, workloads = 0;
    char number[REPORT_CELL], of[UNITS_TEXT];
    out[0] = 0;
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        if (strcmp(s->group ? s->group : s->class, s->group ? g->name : g->class) != 0)
            continue;
        workloads += g->workloads.value;
        lost += refused ? g->refused.value : g->stuck.value;
    }
    average_text(number, sizeof number, r, lost);
    if (refused || stuck)
        snprintf(out, size, "%s of %s %s", number, units_show_count(of, workloads), s->missed);
    else if (s->missed && strcmp(s->missed, "share") == 0)
        snprintf(out, size, "%.1f %% within", 100 * s->attainment);
}
