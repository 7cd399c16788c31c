/* eager.c - swap an idle workload out unasked, so that its memory is free when somebody else comes. */
#include "policies/policy.h"

enum { AFTER, AHEAD };

static const struct gs_param params[] = {
    {"after", GS_TIME, "0s", 0, 1e18, NULL, "idle time after which a workload is swapped out"},
    {"ahead", GS_BOOLEAN, "no", 0, 0, NULL, "bring in who has the next turn while another has his"},
    GS_PARAM_END,
};

static gs_ns leave_after(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[AFTER].i;
}

static bool ahead(const struct gs_self *self)
{
    return self->param[AHEAD].i != 0;
}

const struct gs_prefetch_policy prefetch_eager = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "eager",
    .help = "swap a workload out once it has been idle for a while",
    .source = "Run:ai documentation, memory swap (swap-out when a workload stops using the GPU)",
    .when =
        "Where memory is short most of the time and users think much longer than a swap takes: nobody then waits for "
        "a victim to leave. Every burst after `after` waits for its own bytes. See `breakeven` for a delay that fits "
        "the sizes. Costs nothing to decide.",
    .param = params,
    .leave_after = leave_after,
    .ahead = ahead,
};
