/* eager.c - swap an idle workload out unasked, so that its memory is free when somebody else comes. */
#include "policies/policy.h"

enum { AFTER };

static const struct gs_param params[] = {
    {"after", GS_TIME, "0s", 0, 1e18, NULL, "idle time after which a workload is swapped out"},
    {NULL, GS_TIME, NULL, 0, 0, NULL, NULL},
};

static gs_ns leave_after(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[AFTER].i;
}

const struct gs_prefetch_policy prefetch_eager = {
    .abi = GS_POLICY_ABI,
    .name = "eager",
    .help = "swap a workload out once it has been idle for a while",
    .source = "Run:ai documentation, memory swap (swap-out when a workload stops using the GPU)",
    .param = params,
    .leave_after = leave_after,
};
