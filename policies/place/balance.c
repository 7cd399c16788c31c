/* balance.c - a newcomer goes to the GPU that is the least busy: the share of its time that each of its workloads
 * has used so far, added up.  Newcomers count as `expected` until they have been there for a while. */
#include "policies/policy.h"

enum { EXPECTED, SETTLED };

static const struct gs_param params[] = {
    {"expected", GS_NUMBER, "0.2", 0, 1, NULL, "share of a GPU's time that a newcomer is taken to use"},
    {"settled", GS_TIME, "10m", 1, 1e18, NULL, "how long that counts, against the time that a workload has been there"},
    GS_PARAM_END,
};

static double score(const struct gs_self *self, uint32_t gpu, uint32_t workload)
{
    const struct gs_view *view = self->view;
    double assumed_ns = (double)self->param[SETTLED].i, busy = self->param[EXPECTED].d;

    (void)workload;
    for (uint32_t i = 0; i < view->workloads; i++) {
        const struct gs_workload *w = &view->workload[i];
        if (w->state == GS_ABSENT || w->gpu != gpu)
            continue;
        gs_ns used_ns = w->used_ns + (w->granted ? view->now_ns - w->granted_ns : 0);
        busy += ((double)used_ns + self->param[EXPECTED].d * assumed_ns) /
                ((double)(view->now_ns - w->attached_ns) + assumed_ns);
    }
    return busy / view->gpu[gpu].speed;
}

const struct gs_place_policy place_balance = {
    .abi = GS_POLICY_ABI,
    .name = "balance",
    .help = "to the GPU whose workloads have used the least of its time",
    .source = "load balancing by measured utilisation; own",
    .when =
        "Where workloads come at different times and differ in how busy they are; if all come at once it is `spread`. "
        "It does not look at memory. A decision looks at each workload for each GPU.",
    .param = params,
    .score = score,
};
