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
