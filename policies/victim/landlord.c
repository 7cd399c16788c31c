/* landlord.c - each workload has a credit, at first the cost of its swap-in; all pay rent by their bytes until somebody
 * has no credit left and leaves.  What is kept here is the credit per byte, so that the rent is the same for all. */
#include "policies/policy.h"

static const struct gs_param params[] = {
    {"renew", GS_NUMBER, "1", 0, 1, NULL, "share of the lost credit that a burst gives back; 0: fifo-like"},
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    return ((const double *)self->workload_state)[workload];
}

static void renew(const struct gs_self *self, uint32_t workload, double share)
{
    double *credit = (double *)self->workload_state + workload;
    int64_t bytes = self->view->workload[workload].bytes;
    double full = gs_swap_in_ns(self->view, workload) / (double)(bytes > 0 ? bytes : 1);

    *credit += share * (full - *credit);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    if (self->view->workload[workload].state == GS_RESIDENT)
        renew(self, workload, self->param[0].d);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    renew(self, workload, 1);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    double *credit = self->workload_state;

    for (uint32_t i = 0; chosen && i < self->view->workloads; i++)
        if (i != workload && self->view->workload[i].gpu == self->view->workload[workload].gpu)
            credit[i] = credit[i] > credit[workload] ? credit[i] - credit[workload] : 0;
}

const struct gs_victim_policy victim_landlord = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "landlord",
    .help = "evict who first uses up a credit of its swap-in, paid by its bytes",
    .source = "Young, On-Line File Caching, Algorithmica 33(3), 2002",
    .when =
        "Where nothing is known of the load: what it swaps in is bounded against the best possible, for any sizes and "
        "costs. On loads with habits, cost does better. A decision costs next to nothing.",
    .param = params,
    .workload_state_size = sizeof(double),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
};
