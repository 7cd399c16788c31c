/* twoq.c - 2Q: newcomers wait in a queue; who is wanted again soon after leaving it earns a place in an LRU list.
 * Shares are of the number of workloads on the GPU.  Own variant: a newcomer is looked up after its victims have left. */
#include "policies/policy.h"

enum { IN_SHARE, OUT_SHARE };
enum { NOWHERE, IN, OUT, MAIN }; /* OUT: left from IN, remembered */

static const struct gs_param params[] = {
    {"in", GS_NUMBER, "0.25", 0, 1, NULL, "share of the residents that newcomers may be, at least one"},
    {"out", GS_NUMBER, "0.5", 0, 8, NULL, "how many of those that left are remembered, as a share of the residents"},
    GS_PARAM_END,
};

static uint8_t *list(const struct gs_self *self, uint32_t workload)
{
    return (uint8_t *)self->workload_state + workload;
}

/* How many of the workload's GPU are in `which`, or those of them that came before it. */
static uint32_t count(const struct gs_self *self, uint32_t workload, uint8_t which, bool before)
{
    const struct gs_workload *w = self->view->workload;
    uint32_t n = 0;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        n += *list(self, i) == which && w[i].gpu == w[workload].gpu &&
             (!before || w[i].resident_ns < w[workload].resident_ns);
    return n;
}

static uint32_t share(const struct gs_self *self, uint32_t workload, int which)
{
    uint32_t residents = count(self, workload, IN, false) + count(self, workload, MAIN, false);
    uint32_t n = (uint32_t)(self->param[which].d * residents);

    return n > 0 ? n : 1;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double now = (double)self->view->now_ns + 1;

    if (*list(self, workload) == MAIN)
        return 1 + (double)w->last_end_ns / now;
    uint32_t in = count(self, workload, IN, false) - count(self, workload, IN, true);
    return (in > share(self, workload, IN_SHARE) ? 0 : 2) + (double)w->resident_ns / now;
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    *list(self, workload) = *list(self, workload) == OUT ? MAIN : IN;
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    uint32_t most = share(self, workload, OUT_SHARE);

    (void)chosen;
    *list(self, workload) = *list(self, workload) == IN ? OUT : NOWHERE;
    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (*list(self, i) == OUT && self->view->workload[i].gpu == self->view->workload[workload].gpu &&
            count(self, i, OUT, false) - count(self, i, OUT, true) > most)
            *list(self, i) = NOWHERE;
}

static void gone(const struct gs_self *self, uint32_t workload)
{
    *list(self, workload) = NOWHERE;
}

const struct gs_victim_policy victim_twoq = {
    .abi = GS_POLICY_ABI,
    .name = "twoq",
    .help = "2Q: newcomers in a queue, those wanted again in an LRU list",
    .source = "Johnson and Shasha, 2Q, VLDB 1994",
    .when =
        "Where many come once and few come often, as lruk, with less to remember. Needs more workloads than fit by a "
        "good margin: of a handful of residents the queue is one or two. A decision looks at all workloads.",
    .param = params,
    .workload_state_size = sizeof(uint8_t),
    .keep = keep,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = gone,
};
