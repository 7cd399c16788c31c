/* rank.c - the GPUs in the order in which a newcomer of one GPU gets them, for policies whose score is the same for all
 * newcomers: a winner tree, so that nobody looks at thousands of GPUs each time.
 *
 * A node has the children 2i and 2i + 1; the leaves are the GPUs; INFINITY: it is none, or is in a set. */
#include "state.h"

#include <float.h>
#include <math.h>

enum { TRIES = 16 };

uint32_t rank_leaves(const struct gs_setup *setup, uint32_t gpus)
{
    uint32_t leaves = 1;

    if ((setup->policies.place->needs & GS_NEEDS_GPU_ONLY) == 0)
        return 0;
    while (leaves < gpus)
        leaves *= 2;
    return leaves;
}

static void put(struct controller *ctl, uint32_t gpu, double score)
{
    double *least = ctl->rank;
    size_t i = ctl->rank_leaves + (size_t)gpu;

    for (least[i] = score; i > 1; least[i] = score) {
        score = least[i ^ 1] < score ? least[i ^ 1] : score;
        i /= 2;
    }
}

static double standing(struct controller *ctl, uint32_t gpu)
{
    if (ctl->gpu[gpu].width != 1)
        return INFINITY;
    double worth = ctl->setup->policies.place->score(&ctl->place, gpu, GS_NONE);
    worth = answer_worth(ctl, GS_SLOT_PLACE, worth, (double)ctl->gpu[gpu].attached);
    return fmax(-DBL_MAX, fmin(worth, DBL_MAX));
}

void rank_open(struct controller *ctl)
{
    for (uint32_t i = 0; i < 2 * ctl->rank_leaves; i++)
        ctl->rank[i] = INFINITY;
}

void rank_update(struct controller *ctl, uint32_t gpu)
{
    if (ctl->rank_leaves > 0)
        put(ctl, gpu, standing(ctl, gpu));
}

/* The lowest of equals, as everywhere. */
static uint32_t first(const struct controller *ctl)
{
    const double *least = ctl->rank;
    size_t i = 1;

    while (i < ctl->rank_leaves)
        i = 2 * i + (least[2 * i] > least[1]);
    return (uint32_t)(i - ctl->rank_leaves);
}

uint32_t rank_find(struct controller *ctl, uint32_t workload)
{
    uint32_t passed[TRIES], count = 0, found = GS_NONE;

    if (ctl->rank_leaves == 0 || set_width(ctl, workload) > 1)
        return GS_NONE;
    while (count < TRIES && isfinite(ctl->rank[1])) {
        uint32_t gpu = first(ctl);
        if (attach_admits(ctl, gpu, workload)) {
            found = gpu;
            break;
        }
        passed[count++] = gpu;
        put(ctl, gpu, INFINITY);
    }
    while (count > 0)
        rank_update(ctl, passed[--count]);
    return found;
}
