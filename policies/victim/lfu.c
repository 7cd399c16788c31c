/* lfu.c - evict the workload with the fewest bursts, of equals the one idle longest.
 * Dynamic ageing counts from the last swap-in and, instead of raising all newcomers by the count of the last victim,
 * takes that count off all others. */
#include "policies/policy.h"

enum { AGEING, HALVE };

static const char *const ageings[] = {"none", "dynamic", NULL};
static const struct gs_param params[] = {
    {"ageing", GS_CHOICE, "none", 0, 0, ageings, "'dynamic': old counts wear off as others are evicted (LFU-DA)"},
    {"halve", GS_TIME, "0s", 0, 1e18, NULL, "halve all counts this often; 0s: never"},
    GS_PARAM_END,
};

struct uses {
    double count, lead; /* bursts; what is left of them after what victims took off */
    gs_ns halvings;     /* up to which `count` is reckoned */
};

static double count(const struct gs_self *self, struct uses *uses)
{
    gs_ns halvings = self->param[HALVE].i > 0 ? self->view->now_ns / self->param[HALVE].i : 0;

    for (; uses->halvings < halvings && uses->count > 0; uses->halvings++)
        uses->count /= 2;
    uses->halvings = halvings;
    return uses->count;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    struct uses *uses = (struct uses *)self->workload_state + workload;
    double n = self->param[AGEING].i != 0 ? uses->lead : count(self, uses);

    return (double)(int64_t)n + (double)self->view->workload[workload].last_use_ns / ((double)self->view->now_ns + 1);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct uses *uses = (struct uses *)self->workload_state + workload;

    uses->count = count(self, uses) + 1;
    uses->lead = uses->count;
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    const struct gs_workload *w = self->view->workload;
    struct uses *uses = self->workload_state;

    if (self->param[AGEING].i == 0)
        return;
    for (uint32_t i = 0; chosen && i < self->view->workloads; i++)
        if (i != workload && w[i].gpu == w[workload].gpu && w[i].state == GS_RESIDENT)
            uses[i].lead = uses[i].lead > uses[workload].lead ? uses[i].lead - uses[workload].lead : 0;
    uses[workload].count = 0;
}

const struct gs_victim_policy victim_lfu = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "lfu",
    .help = "evict the workload with the fewest bursts",
    .source =
        "Aho, Denning, Ullman, JACM 18(1), 1971; ageing: Arlitt et al., Performance Evaluation Review 27(4), 2000",
    .when =
        "Where some workloads are used far more than others and that does not change. A workload that was busy once "
        "stays for ever unless 'ageing' or 'halve' is set. A decision costs next to nothing.",
    .param = params,
    .workload_state_size = sizeof(struct uses),
    .keep = keep,
    .wanted = wanted,
    .evicted = evicted,
};
