/* salus.c - each iteration goes to the workload that has held the least memory for the least time: the integral of its
 * memory over its GPU time.  When a new one arrives all begin at nothing again.
 *
 * Own variant: one at a time.  Salus also puts sessions side by side into lanes of GPU memory, and keeps the lasting
 * memory of all on the GPU; neither can be said here. */
#include "policies/policy.h"

struct session {
    double byte_s;
    bool known;
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    return ((const struct session *)self->workload_state)[workload].byte_s;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload;
    struct session *session = self->workload_state;

    if (session[workload].known)
        return;
    session[workload].known = true;
    for (uint32_t i = 0; i < self->view->workloads; i++)
        session[i].byte_s = all[i].gpu == all[workload].gpu ? 0.0 : session[i].byte_s;
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)self;
    (void)workload;
    return 1000000; /* less than any iteration */
}

static bool at_boundary(const struct gs_self *self)
{
    (void)self;
    return true;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    const struct gs_workload *w = &self->view->workload[workload];

    ((struct session *)self->workload_state)[workload].byte_s += (double)w->bytes * (double)ran_ns * 1e-9;
}

const struct gs_slicer_policy slicer_salus = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "salus",
    .help = "one at a time, iteration by iteration, first who has had the least memory for the least time",
    .source = "Yu & Chowdhury, Salus, MLSys 2020, and its scheduler 'fair'",
    .when = "Where all fit into memory together, as Salus demands: then switching at each iteration is free and "
            "small workloads are favoured. Not where they do not fit: it would swap at each iteration. A choice "
            "looks at all who wait.",
    .workload_state_size = sizeof(struct session),
    .starves = "who has held much, without bound: who has held little goes first until it has made up for it",
    .rank = rank,
    .quantum = quantum,
    .at_boundary = at_boundary,
    .wanted = wanted,
    .ran = ran,
};
