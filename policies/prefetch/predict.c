/* predict.c - a workload that was swapped out comes back shortly before it is expected to be wanted: at a low
 * quantile of its own last think times, of those that are longer than it has thought already.  After the hybrid
 * histogram of serverless platforms; here the last 32 think times stand for the histogram (own variant). */
#include "policies/policy.h"

enum { QUANTILE, LEAVE };
enum { KEPT = 32, LEAST = 3 };

static const struct gs_param params[] = {
    {"quantile", GS_NUMBER, "0.05", 0, 1, NULL, "of its think times: after that part of them it is back too late"},
    {"leave", GS_BOOLEAN, "no", 0, 0, NULL,
     "swap it out meanwhile, where the time until then is longer than the swaps"},
    GS_PARAM_END,
};

struct history {
    gs_ns think_ns[KEPT];
    uint32_t seen;
};

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct history *h = (struct history *)self->workload_state + workload;

    if (w->turns > 0 && w->since_ns > w->last_end_ns)
        h->think_ns[h->seen++ % KEPT] = w->since_ns - w->last_end_ns;
}

/* When it is to be back at the latest, GS_NEVER if there is no telling. */
static gs_ns due_ns(const struct gs_self *self, uint32_t workload)
{
    const struct history *h = (const struct history *)self->workload_state + workload;
    gs_ns end_ns = self->view->workload[workload].last_end_ns, longer[KEPT];
    uint32_t kept = h->seen < KEPT ? h->seen : KEPT, n = 0;

    for (uint32_t i = 0; i < kept; i++) {
        if (h->think_ns[i] <= self->view->now_ns - end_ns)
            continue;
        uint32_t at = n++; /* in order */
        for (; at > 0 && longer[at - 1] > h->think_ns[i]; at--)
            longer[at] = longer[at - 1];
        longer[at] = h->think_ns[i];
    }
    if (kept < LEAST || n == 0)
        return GS_NEVER;
    return end_ns + longer[(uint32_t)(self->param[QUANTILE].d * (double)(n - 1))];
}

static gs_ns return_after(const struct gs_self *self, uint32_t workload)
{
    gs_ns due = due_ns(self, workload), in = (gs_ns)gs_swap_in_ns(self->view, workload), now = self->view->now_ns;

    return due == GS_NEVER ? GS_NEVER : due - in > now ? due - in - now : 0;
}

static gs_ns leave_after(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    gs_ns due = due_ns(self, workload);
    double swaps_ns = gs_swap_out_ns(self->view, workload) + gs_swap_in_ns(self->view, workload);
    bool leaves = self->param[LEAVE].i != 0 && w->resident_ns <= w->last_end_ns; /* who has come back stays */
    return leaves && due != GS_NEVER && (double)(due - self->view->now_ns) > swaps_ns ? 0 : GS_NEVER;
}

const struct gs_prefetch_policy prefetch_predict = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "predict",
    .help = "bring a workload back shortly before its user usually wants it",
    .source = "Shahrad et al., Serverless in the Wild, USENIX ATC 2020; own variant",
    .when = "Where think times of a user are regular, such as scheduled jobs, and memory comes free in between. With "
            "exponential think times it is early by most of a think time, and holds memory for nothing. Learns from "
            "three think times on; a decision sorts 32 numbers.",
    .param = params,
    .workload_state_size = sizeof(struct history),
    .wanted = wanted,
    .leave_after = leave_after,
    .return_after = return_after,
};
