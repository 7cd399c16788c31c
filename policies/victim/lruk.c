/* lruk.c - evict the workload whose k-th last burst lies furthest back; those with fewer than k bursts go first. */
#include "policies/policy.h"

#include <string.h>

enum { K_MAX = 8 };

static const struct gs_param params[] = {
    {"k", GS_INTEGER, "2", 1, K_MAX, NULL,
     "which burst counts, from the last one back; 1: lru, where no burst is stopped"},
    GS_PARAM_END,
};

struct past {
    gs_ns end[K_MAX - 1]; /* of the bursts before the last, latest first */
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    int64_t k = self->param[0].i;

    if (w->turns < (uint64_t)k)
        return (double)(w->last_end_ns - self->view->now_ns - 1);
    return (double)(k == 1 ? w->last_end_ns : ((const struct past *)self->workload_state)[workload].end[k - 2]);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct past *past = (struct past *)self->workload_state + workload;

    memmove(past->end + 1, past->end, sizeof past->end - sizeof past->end[0]);
    past->end[0] = self->view->workload[workload].last_end_ns;
}

const struct gs_victim_policy victim_lruk = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "lruk",
    .help = "evict the one whose k-th last burst ended first",
    .source = "O'Neil et al., The LRU-K Page Replacement Algorithm, SIGMOD 1993",
    .when =
        "Where many come once and few come often: one burst alone earns nobody a place. Slow to notice that somebody "
        "has stopped. A decision costs next to nothing.",
    .param = params,
    .workload_state_size = sizeof(struct past),
    .keep = keep,
    .wanted = wanted,
};
