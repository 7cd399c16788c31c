/* class.c - training leaves before inference, inference before notebooks; a workload that has waited too long is above
 * all classes. */
#include "policies/policy.h"

enum { INNER, STARVE };

static const char *const inners[] = {"lru", "cost", NULL};
static const struct gs_param params[] = {
    {"inner", GS_CHOICE, "lru", 0, 0, inners,
     "within a class: longest idle, or least swap time per byte and idle time"},
    {"starve", GS_TIME, "5m", 0, 1e18, NULL, "who has waited longer for the GPU is kept before all classes"},
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    static const double level[] = {[GS_TRAINING] = 0, [GS_INFERENCE] = 1, [GS_NOTEBOOK] = 2};
    const struct gs_workload *w = &self->view->workload[workload];
    gs_ns now = self->view->now_ns;
    double worth = (double)w->last_use_ns / ((double)now + 1);

    if (self->param[INNER].i != 0) {
        double swap_ns = gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
        worth = swap_ns / ((double)w->bytes + 1) / (w->wants ? 1 : (double)(now - w->last_use_ns) * 1e-9 + 1);
        worth /= 1 + worth; /* below the next class */
    }
    return (w->wants && now - w->since_ns > self->param[STARVE].i ? 3 : level[w->class]) + worth;
}

const struct gs_victim_policy victim_class = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "class",
    .help = "training leaves first, then inference, then notebooks",
    .source = "ours",
    .when = "Where a person at a notebook must not pay for a batch job, whatever it costs the job. Where classes swap "
            "at like "
            "cost, cost serves all of them better. A decision costs next to nothing.",
    .param = params,
    .keep = keep,
};
