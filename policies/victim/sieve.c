/* sieve.c - a queue in the order of arrival and a hand that goes from the oldest to the newest: it unmarks those used
 * since its last visit where they stand, and evicts the first unmarked. */
#include "policies/policy.h"

enum { HANDS = 64 }; /* one for each GPU; GPUs 64 apart share one */

static bool *used(const struct gs_self *self, uint32_t workload)
{
    return (bool *)self->workload_state + workload;
}

static gs_ns *hand(const struct gs_self *self,
                   uint32_t workload) /* just past the arrival of its last victim; 0: at the oldest */
{
    return (gs_ns *)self->state + self->view->workload[workload].gpu % HANDS;
}

/* Where the hand comes by: 0 to 1 before it turns round, 1 to 2 after. */
static double reached(const struct gs_self *self, uint32_t workload)
{
    gs_ns arrival = self->view->workload[workload].resident_ns;

    return (arrival < *hand(self, workload)) + (double)arrival / ((double)self->view->now_ns + 1);
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    return 2.0 * *used(self, workload) + reached(self, workload);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    *used(self, workload) = self->view->workload[workload].state == GS_RESIDENT;
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    *used(self, workload) = false;
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    const struct gs_workload *w = self->view->workload;
    double stop = keep(self, workload);
    gs_ns next = 0;

    if (!chosen)
        return;
    for (uint32_t i = 0; i < self->view->workloads; i++) {
        if (w[i].gpu != w[workload].gpu || w[i].state != GS_RESIDENT || i == workload)
            continue;
        if (reached(self, i) < stop)
            *used(self, i) = false;
        if (w[i].resident_ns > w[workload].resident_ns)
            next = w[workload].resident_ns + 1;
    }
    *hand(self, workload) = next;
}

const struct gs_victim_policy victim_sieve = {
    .abi = GS_POLICY_ABI,
    .name = "sieve",
    .help = "oldest first by a hand that spares those used since its last visit",
    .source = "Zhang et al., SIEVE, NSDI 2024",
    .when = "Gets rid of newcomers that are used once, where a few others are used all the time. With a handful of "
            "workloads it is close to fifo with one reprieve. A decision costs a look at each workload.",
    .state_size = HANDS * sizeof(gs_ns),
    .workload_state_size = sizeof(bool),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
};
