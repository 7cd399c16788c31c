/* mine.c - a plug-in to start from: who has been idle longest leaves, but greater priority counts as later use. */
#include <gpuswap/policy.h>

/* The parameters, in the order of the table. */
enum { HEADSTART };

static const struct gs_param params[] = {
    {"headstart", GS_TIME, "1s", 0, 1e15, NULL, "a level of priority counts as having been used so much later"},
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return (double)w->last_use_ns + (double)w->priority * (double)self->param[HEADSTART].i;
}

const struct gs_victim_policy gs_victim = {
    .abi = GS_POLICY_ABI,
    .name = "mine",
    .help = "evict who has been idle longest; priority counts as later use",
    .param = params,
    .keep = keep,
};
