/* fair.c - each workload's clock runs while it has the GPU, slower for a greater weight; the least clock goes first.
 *
 * Who comes back is set forward to where the clock of the last turn began, so that idle time earns nothing.  Own
 * variant: long quanta, no credit for sleepers, time that nobody else waited for is free, and swaps can be charged to
 * the one for whom they are made. */
#include "policies/weight.h"
#include <math.h>

enum { QUANTUM, WEIGHT, CHARGE };

struct account {
    double clock_ns, began_ns; /* now; at the beginning of its last turn */
    gs_ns turn_ns;             /* when that was given, before any swap for it */
};

static const char *const charges[] = {"gpu", "gpu+swap", NULL};
static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    {"weight", GS_CHOICE, "equal", 0, 0, weight_names, "shares of the GPU: the same for all, or as the priorities"},
    {"charge", GS_CHOICE, "gpu", 0, 0, charges, "what a turn costs: its GPU time, or the swaps made for it, too"},
    GS_PARAM_END,
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    return ((const struct account *)self->workload_state)[workload].clock_ns;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload;
    struct account *account = self->workload_state;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (all[i].gpu == all[workload].gpu)
            account[workload].clock_ns = fmax(account[workload].clock_ns, account[i].began_ns);
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    struct account *account = (struct account *)self->workload_state + workload;

    account->began_ns = account->clock_ns;
    account->turn_ns = self->view->now_ns;
    return self->param[QUANTUM].i;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct account *account = (struct account *)self->workload_state + workload;
    gs_ns cost_ns = ran_ns < self->param[QUANTUM].i ? ran_ns : self->param[QUANTUM].i;

    cost_ns += self->param[CHARGE].i != 0 ? w->granted_ns - account->turn_ns : 0;
    account->clock_ns += (double)cost_ns / (double)weight_of(self, WEIGHT, workload);
}

/* It came at most a turn after the clock at which others last began or begin; who was as far back makes up for that. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    const struct gs_workload *w = &self->view->workload[waiting];
    const struct account *account = (const struct account *)self->workload_state + waiting;
    gs_ns swap_ns =
        self->param[CHARGE].i != 0 && w->granted_ns > account->turn_ns ? w->granted_ns - account->turn_ns : 0;
    double turn_ns = (double)(self->param[QUANTUM].i + swap_ns);
    double had_ns = turn_ns * (double)weight_of(self, WEIGHT, other) / (double)weight_of(self, WEIGHT, waiting);

    return (struct gs_bound){.had_ns = (gs_ns)fmin(had_ns, 4e18) + 1, .turns = 1};
}

const struct gs_slicer_policy slicer_fair = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "fair",
    .help = "one at a time, first who has had the least GPU time for its weight",
    .source = "virtual run time of Linux' CFS (I. Molnar, 2007); Goyal et al., Start-time fair queueing, SIGCOMM 1996",
    .when =
        "Where nobody is to get more of a shared GPU by asking more often. Not for short response times: short bursts "
        "get what long ones get. A new wish costs a look at every workload.",
    .param = params,
    .workload_state_size = sizeof(struct account),
    .starves =
        "nobody: once another has had its own share of a turn by their weights, that one has at most one turn more",
    .overtakes = overtakes,
    .rank = rank,
    .quantum = quantum,
    .wanted = wanted,
    .ran = ran,
};
