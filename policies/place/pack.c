/* pack.c - a newcomer goes to the GPU that is fullest yet still holds all of its workloads at once, if there is one. */
#include "policies/policy.h"

static double score(const struct gs_self *self, uint32_t gpu, uint32_t workload)
{
    const struct gs_gpu *g = &self->view->gpu[gpu];
    int64_t left = g->capacity_bytes - g->attached_bytes - self->view->workload[workload].base_bytes;

    return left >= 0 ? (double)left : 0x1p62 - (double)left;
}

const struct gs_place_policy place_pack = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "pack",
    .help = "to the fullest GPU that still holds everybody; else to the least oversubscribed",
    .source = "best fit, Johnson, SIAM J. Computing 3(4), 1974",
    .when =
        "Keeps GPUs free for large newcomers, or to be switched off. Not where response counts: workloads share a GPU "
        "while others idle. Costs nothing.",
    .score = score,
};
