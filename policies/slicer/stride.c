/* stride.c - turns in proportion to tickets (the priorities): a turn moves a workload's pass on by the part of a
 * quantum that it ran, over its tickets, and the least pass goes first.
 *
 * Who stops asking remembers how far its pass was from the mean of those that compete, and begins there when it asks
 * again.  Own variant: the mean pass stands for Waldspurger's global pass; time that nobody else waited for is free. */
#include "policies/policy.h"

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    GS_PARAM_END,
};

struct client {
    double pass, remain;
};

static double tickets(const struct gs_self *self, uint32_t workload)
{
    uint8_t priority = self->view->workload[workload].priority;

    return priority > 0 ? priority : 1;
}

/* The mean pass of those it competes with; its own where there are none. */
static double global_pass(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload;
    const struct client *client = self->workload_state;
    double sum = 0.0, weight = 0.0;

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        if (i == workload || all[i].gpu != all[workload].gpu || !all[i].wants)
            continue;
        sum += tickets(self, i) * client[i].pass;
        weight += tickets(self, i);
    }
    return weight > 0.0 ? sum / weight : client[workload].pass;
}

static double rank(const struct gs_self *self, uint32_t workload)
{
    return ((const struct client *)self->workload_state)[workload].pass;
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[0].i;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct client *client = self->workload_state;

    client[workload].pass = global_pass(self, workload) + client[workload].remain;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    struct client *client = (struct client *)self->workload_state + workload;
    gs_ns quantum_ns = self->param[0].i, used_ns = ran_ns < quantum_ns ? ran_ns : quantum_ns;

    client->pass += (double)used_ns / (double)quantum_ns / tickets(self, workload);
    client->remain = client->pass - global_pass(self, workload);
}

const struct gs_slicer_policy slicer_stride = {
    .abi = GS_POLICY_ABI,
    .name = "stride",
    .help = "one at a time, turns in exact proportion to the priorities",
    .source = "Waldspurger & Weihl, Stride scheduling, MIT LCS TM-528, 1995",
    .when = "Where shares of a GPU have been promised: never more than about a turn off. Not for short response "
            "times. The end of a turn costs a look at every workload.",
    .param = params,
    .workload_state_size = sizeof(struct client),
    .starves =
        "no hard bound: who comes back begins at the mean of the others, and what it was behind that is made up for",
    .rank = rank,
    .quantum = quantum,
    .wanted = wanted,
    .ran = ran,
};
