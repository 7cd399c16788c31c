/* pipeline.c - who comes in runs while the rest of it is still on its way, as its bytes are used in their order. */
#include "policies/policy.h"

enum { WHO };
enum { INFERENCE, ALL };

static const char *const whom[] = {"inference", "all", NULL};

static const struct gs_param params[] = {
    {"who", GS_CHOICE, "inference", 0, 0, whom, "models, whose layers are used in their order, or every class"},
    GS_PARAM_END,
};

static bool streams(const struct gs_self *self, uint32_t workload)
{
    return self->param[WHO].i == ALL || self->view->workload[workload].class == GS_INFERENCE;
}

const struct gs_prefetch_policy prefetch_pipeline = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "pipeline",
    .help = "run while the rest of the bytes is still on its way",
    .source = "pipelined context switching: PipeSwitch, Bai et al., OSDI 2020",
    .when =
        "For models whose requests take about as long as their swap-in: the longer of the two hides the other but for "
        "one chunk. It needs a server that waits for its layers one by one. Costs nothing to decide.",
    .param = params,
    .streams = streams,
};
