/* ahead.c - bring in who has the next turn while another has his, if memory is free. */
#include "policies/policy.h"

static bool ahead(const struct gs_self *self)
{
    (void)self;
    return true;
}

const struct gs_prefetch_policy prefetch_ahead = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "ahead",
    .help = "bring in who has the next turn while another has his, if memory is free",
    .source = "prefetching by the run queue, as in double buffering",
    .when =
        "With slicers that give turns one at a time, and memory for two: the next one's swap-in hides behind the "
        "present turn. Where memory is full nothing is free to bring it into: `eager`, `breakeven` and `clean` have "
        "it as an option, to be used with them. Costs nothing to decide.",
    .ahead = ahead,
};
