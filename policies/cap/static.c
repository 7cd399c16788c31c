/* static.c - the swap file has a fixed size; when it is full, the burst that needs the room waits or is refused. */
#include "policies/policy.h"

enum { WHEN_FULL };

static const char *const outcomes[] = {"block", "reject", NULL};

static const struct gs_param params[] = {
    {"when_full", GS_CHOICE, "block", 0, 0, outcomes, "the burst that needs the room waits, or is refused"},
    {NULL, GS_TIME, NULL, 0, 0, NULL, NULL},
};

static bool admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    const struct gs_node *node = &self->view->node[self->view->workload[workload].node];

    return bytes <= node->swap_cap_bytes - node->swap_used_bytes;
}

static enum gs_when_full when_full(const struct gs_self *self, uint32_t requester)
{
    (void)requester;
    return self->param[WHEN_FULL].i == 1 ? GS_FULL_REJECT : GS_FULL_BLOCK;
}

const struct gs_cap_policy cap_static = {
    .abi = GS_POLICY_ABI,
    .name = "static",
    .help = "a swap file of fixed size for all GPUs of the node",
    .source = "Run:ai documentation, memory swap, `limits.cpuRam`",
    .param = params,
    .admit = admit,
    .when_full = when_full,
};
