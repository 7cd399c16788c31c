/* tally.c - names of what a tally counts, and the end of its sketches. */
#include "sim/results/tally.h"

#include <math.h>

const char *const stall_name[STALLS] = {"queue", "swap_out", "swap_in", "cap", "preempted", "detect", "cold"};
const char *const served_name[SERVEDS] = {"hot", "warm", "cold"};
const char *const outcome_name[OUTCOMES] = {"done", "rejected", "oom", "censored", "killed"};

uint32_t series_buckets(uint32_t gpus)
{
    uint32_t most = SERIES_CELLS / (gpus > 0 ? gpus : 1) / 2 * 2; /* even: pairs of them are joined */

    return most > SERIES_BUCKETS ? SERIES_BUCKETS : most < SERIES_FEWEST ? SERIES_FEWEST : most;
}

void group_tally_init(struct group_tally *group)
{
    *group = (struct group_tally){.makespan_ns = -1};
    sketch_init(&group->response);
    sketch_init(&group->slowdown);
    sketch_init(&group->alone);
    sketch_init(&group->ttft);
    sketch_init(&group->untold);
    sketch_init(&group->unended);
    sketch_init(&group->unended_slowdown);
    sketch_init(&group->waiting);
}

void group_tally_fini(struct group_tally *group)
{
    sketch_fini(&group->response);
    sketch_fini(&group->slowdown);
    sketch_fini(&group->alone);
    sketch_fini(&group->ttft);
    sketch_fini(&group->untold);
    sketch_fini(&group->unended);
    sketch_fini(&group->unended_slowdown);
    sketch_fini(&group->waiting);
}

void tally_fini(struct tally *tally)
{
    if (tally == NULL)
        return;
    for (uint32_t g = 0; g < tally->groups; g++)
        group_tally_fini(&tally->group[g]);
}

void group_tally_add(struct group_tally *group, const struct group_sums *sums)
{
    for (int i = 0; i < SERVEDS; i++)
        group->served_bytes[i] += sums->served_bytes[i];
    for (int s = 0; s < STALLS; s++) {
        group->stall_ns[s] += sums->stall_ns[s];
        group->unended_stall_ns[s] += sums->unended_stall_ns[s];
        group->waiting_ns[s] += sums->waiting_ns[s];
    }
    group->response_ns += sums->response_ns;
    group->alone_ns += sums->alone_ns;
    group->waiting_memory_ns += sums->waiting_memory_ns;
    group->progress_ns += sums->progress_ns;
    group->present_ns += sums->present_ns;
    group->share_sum += sums->share_sum;
    group->share_squares += sums->share_squares;
}

/* The later of two ends; -1, some job has none, before all; GS_NEVER, there is no job, after all. */
static gs_ns later_end(gs_ns a, gs_ns b)
{
    if (a == GS_NEVER || b == GS_NEVER)
        return a == GS_NEVER ? b : a;
    if (a < 0 || b < 0)
        return -1;
    return a > b ? a : b;
}

static void merge_shares(struct group_tally *into, const struct group_tally *from)
{
    if (from->shares == 0)
        return;
    into->share_least =
        into->shares == 0 || from->share_least < into->share_least ? from->share_least : into->share_least;
    into->share_most = from->share_most > into->share_most ? from->share_most : into->share_most;
    into->shares += from->shares;
}

static bool merge_sketches(struct group_tally *into, const struct group_tally *from)
{
    return sketch_merge(&into->response, &from->response) && sketch_merge(&into->slowdown, &from->slowdown) &&
           sketch_merge(&into->alone, &from->alone) && sketch_merge(&into->ttft, &from->ttft) &&
           sketch_merge(&into->untold, &from->untold) && sketch_merge(&into->unended, &from->unended) &&
           sketch_merge(&into->unended_slowdown, &from->unended_slowdown) &&
           sketch_merge(&into->waiting, &from->waiting);
}

bool group_tally_merge(struct group_tally *into, const struct group_tally *from)
{
    into->completed += from->completed;
    into->censored += from->censored;
    into->rejected += from->rejected;
    into->oom_kills += from->oom_kills;
    into->lost += from->lost;
    into->migrations += from->migrations;
    into->recorded += from->recorded;
    into->unreached += from->unreached;
    into->arrived += from->arrived;
    for (int i = 0; i < SERVEDS; i++)
        into->served[i] += from->served[i];
    into->evicted_idle += from->evicted_idle;
    into->evicted_premature += from->evicted_premature;
    into->evicted_waiting += from->evicted_waiting;
    into->makespan_ns = later_end(into->makespan_ns, from->makespan_ns);
    merge_shares(into, from);
    return merge_sketches(into, from);
}

void tally_makespan(struct tally *tally)
{
    gs_ns end_ns = GS_NEVER;

    for (uint32_t g = 0; g < tally->groups; g++) {
        end_ns = later_end(end_ns, tally->group[g].makespan_ns);
        if (tally->group[g].makespan_ns == GS_NEVER)
            tally->group[g].makespan_ns = -1;
    }
    tally->makespan_ns = end_ns == GS_NEVER ? -1 : end_ns;
}

double tally_jain(const struct group_tally *group)
{
    if (!(group->share_squares > 0))
        return NAN;
    return group->share_sum * group->share_sum / ((double)group->shares * group->share_squares);
}

uint64_t tally_refused(const struct group_tally *group)
{
    uint64_t sum = 0;

    for (int why = 0; why < REFUSALS; why++)
        sum += group->refused[why];
    return sum;
}
