/* random.c - evict any; the draw is a hash of seed, decision and workload, so it replays exactly. */
#include "policies/policy.h"

static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    uint64_t base = gs_draw_base(self->view);

    for (uint32_t i = 0; i < count; i++)
        keep[i] = gs_draw_from(base, workload[i]);
}

const struct gs_victim_policy victim_random = {
    .abi = GS_POLICY_ABI,
    .name = "random",
    .help = "evict any workload, all equally likely",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .when = "Of use for comparison, and where workloads take turns in a circle: it is never as bad there as lru. Each "
            "workload is hit alike, whatever it does. A decision costs next to nothing.",
    .keep_all = keep_all,
};
