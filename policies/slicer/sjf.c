/* sjf.c - each burst to its end, first whose bursts have been short so far: an exponentially weighted mean of their
 * GPU time.  Who has not finished a burst yet goes first. */
#include "policies/policy.h"

static const struct gs_param params[] = {
    {"alpha", GS_NUMBER, "0.3", 0.001, 1, NULL, "weight of the last burst in the estimate of the next"},
    GS_PARAM_END,
};

struct history {
    double mean_ns;
    gs_ns before_ns; /* GPU time of all bursts before the present one */
    bool known;
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    return ((const struct history *)self->workload_state)[workload].mean_ns;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct history *h = (struct history *)self->workload_state + workload;
    double last_ns = (double)(w->used_ns - h->before_ns);

    if (w->turns > 0)
        h->mean_ns += (h->known ? self->param[0].d : 1.0) * (last_ns - h->mean_ns);
    h->known = w->turns > 0;
    h->before_ns = w->used_ns;
}

const struct gs_slicer_policy slicer_sjf = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "sjf",
    .help = "one at a time, each burst to its end, the shortest by its workload's past first",
    .source =
        "Conway, Maxwell & Miller, Theory of Scheduling, 1967; the estimate: Silberschatz et al., Operating System "
        "Concepts",
    .when = "Where some workloads have short bursts and others long ones, and each is true to itself. Not beside "
            "training: a burst of hours keeps everybody waiting, and long ones may starve. A choice looks at "
            "everybody who waits.",
    .param = params,
    .workload_state_size = sizeof(struct history),
    .starves = "workloads with long bursts, without bound",
    .rank = rank,
    .wanted = wanted,
};
