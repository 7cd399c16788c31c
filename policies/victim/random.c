/* random.c - evict any; the draw is a hash of seed, decision and workload, so it keeps no state and replays exactly. */
#include "policies/policy.h"

static double keep(const struct gs_self *self, uint32_t workload)
{
    return gs_draw(self->view, workload);
}

const struct gs_victim_policy victim_random = {
    .abi = GS_POLICY_ABI,
    .name = "random",
    .help = "evict any workload, all equally likely",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .when = "Of use for comparison, and where workloads take turns in a circle: it is never as bad there as lru. Each "
            "workload is hit alike, whatever it does. A decision costs next to nothing.",
    .keep = keep,
};
