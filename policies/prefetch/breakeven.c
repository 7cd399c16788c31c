/* breakeven.c - an idle workload leaves when keeping it has cost as much as it costs to swap it out and in again.
 * Whatever its users do, that is at most twice what one who knows the future would pay (ski rental).  Where think
 * times are exponential, how long it has been idle says nothing, and to leave at once or never is best. */
#include "policies/policy.h"

enum { PRICE, AHEAD };

static const struct gs_param params[] = {
    {"price", GS_NUMBER, "1", 1e-3, 1e6, NULL, "seconds of swapping that a second of idle residence is worth"},
    {"ahead", GS_BOOLEAN, "no", 0, 0, NULL, "bring in who has the next turn while another has his"},
    GS_PARAM_END,
};

static gs_ns leave_after(const struct gs_self *self, uint32_t workload)
{
    const struct gs_view *view = self->view;
    const struct gs_gpu *gpu = &view->gpu[view->workload[workload].gpu];

    if (gpu->attached_bytes <= gpu->capacity_bytes)
        return GS_NEVER; /* nobody needs its room */
    return (gs_ns)((gs_swap_out_ns(view, workload) + gs_swap_in_ns(view, workload)) / self->param[PRICE].d);
}

static bool ahead(const struct gs_self *self)
{
    return self->param[AHEAD].i != 0;
}

const struct gs_prefetch_policy prefetch_breakeven = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "breakeven",
    .help = "swap a workload out once its idle residence has cost as much as swapping it out and in",
    .source = "ski rental: Karlin, Manasse, Rudolph and Sleator, Algorithmica 3, 1988",
    .when =
        "Where nothing is known of how long users think: at most twice the best cost, whatever comes. The price says "
        "how much others suffer from the memory that it holds. With exponential think times `eager` or `none` is "
        "better than any delay. Costs nothing to decide.",
    .param = params,
    .leave_after = leave_after,
    .ahead = ahead,
};
