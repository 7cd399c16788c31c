/* gdsf.c - GreedyDual-Size with frequency: worth = bursts x cost / bytes, renewed at each burst.
 * Instead of raising all newcomers by the worth of the last victim, that worth is taken off all others, as in Young's
 * GreedyDual: the same order, and every GPU ages by itself. */
#include "policies/policy.h"

enum { COST, FREQUENCY };

static const char *const costs[] = {"1", "bytes", "swap", NULL};
static const struct gs_param params[] = {
    {"cost", GS_CHOICE, "swap", 0, 0, costs,
     "of a miss: the same for all, its bytes, or the time of its swap in and out"},
    {"frequency", GS_BOOLEAN, "yes", 0, 0, NULL, "count bursts since the swap-in; no: GreedyDual-Size"},
    GS_PARAM_END,
};

struct worth {
    double now;
    double bursts;
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    return ((const struct worth *)self->workload_state)[workload].now;
}

static void renew(const struct gs_self *self, uint32_t workload, double bursts)
{
    struct worth *worth = (struct worth *)self->workload_state + workload;
    double gib = (double)self->view->workload[workload].bytes * 0x1p-30, cost = 1;

    if (self->param[COST].i == 1)
        cost = gib;
    else if (self->param[COST].i == 2)
        cost = gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
    worth->bursts = bursts;
    worth->now = (self->param[FREQUENCY].i != 0 ? bursts : 1) * cost / (gib > 0x1p-30 ? gib : 0x1p-30);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    if (self->view->workload[workload].state == GS_RESIDENT)
        renew(self, workload, ((const struct worth *)self->workload_state)[workload].bursts + 1);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    renew(self, workload, 1);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    struct worth *worth = self->workload_state;

    for (uint32_t i = 0; chosen && i < self->view->workloads; i++)
        if (i != workload && self->view->workload[i].gpu == self->view->workload[workload].gpu)
            worth[i].now = worth[i].now > worth[workload].now ? worth[i].now - worth[workload].now : 0;
}

const struct gs_victim_policy victim_gdsf = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "gdsf",
    .help = "evict the least bursts x cost / bytes, aged by what was evicted",
    .source = "Cherkasova, HP Labs HPL-98-69R1; Cao and Irani, USITS 1997; Young, SODA 1991",
    .when =
        "Where sizes differ much and a miss costs the same for all ('cost = 1'): small ones stay. With 'cost = swap' "
        "the size cancels but for the fixed overhead of a swap, and what remains is lfu with dynamic ageing. A "
        "decision costs next to nothing.",
    .param = params,
    .workload_state_size = sizeof(struct worth),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
};
