/* random.c - evict any; the draw is a hash of seed, decision and workload, so it keeps no state and replays exactly. */
#include "policies/policy.h"

static uint64_t mix(uint64_t x) /* the finaliser of splitmix64, Steele et al., OOPSLA 2014 */
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_view *view = self->view;

    return (double)(mix(mix(mix(view->seed) + view->decision) + workload) >> 11);
}

const struct gs_victim_policy victim_random = {
    .abi = GS_POLICY_ABI,
    .name = "random",
    .help = "evict any workload, all equally likely",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .keep = keep,
};
