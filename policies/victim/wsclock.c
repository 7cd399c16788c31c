/* wsclock.c - outside its working set, not used for a window of time, a workload leaves first, and first of these one
 * whose copy is up to date.  Own variant: idle times are known, so that no hand has to look for them, and they are times
 * of the clock on the wall. */
#include "policies/policy.h"

enum { WINDOW, CLEAN_FIRST };

static const struct gs_param params[] = {
    {"window", GS_TIME, "30s", 0, 1e18, NULL, "idle for longer, it is outside its working set"},
    {"clean_first", GS_BOOLEAN, "yes", 0, 0, NULL, "no: the plain working-set rule, which of idle ones is lru's order"},
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double recent = (double)w->last_use_ns / ((double)self->view->now_ns + 1);

    if (w->wants || self->view->now_ns - w->last_use_ns <= self->param[WINDOW].i)
        return 2 + recent;
    return (self->param[CLEAN_FIRST].i != 0 && !w->clean && (!w->has_host_copy || w->dirty > 0)) + recent;
}

const struct gs_victim_policy victim_wsclock = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "wsclock",
    .help = "evict who left its working set, those with an up-to-date copy first",
    .source = "Denning, CACM 11(5), 1968; Carr and Hennessy, WSCLOCK, SOSP 1981",
    .when = "Where some can leave for nothing, such as read-only weights, or copies that prefetch has written ahead. "
            "Else it "
            "is lru. A decision costs next to nothing.",
    .param = params,
    .keep = keep,
};
