/* none.c - nothing moves before it is asked for: an idle workload stays until its memory is needed. */
#include "policies/policy.h"

const struct gs_prefetch_policy prefetch_none = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "none",
    .help = "swap out only under pressure, swap in only on demand",
    .source = "demand paging",
    .when =
        "The default: no swap that might not have been needed. Every swap is then waited for, on the way out and on "
        "the way in. Costs nothing.",
};
