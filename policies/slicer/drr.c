/* drr.c - deficit round robin: a turn in each round.  Bursts are not cut, so it may run over; that is taken off the
 * next, and whole turns are sat out.  A clock of its GPU time tells a workload's round.  Own variant: nothing is saved
 * up, since no burst is too long to begin; who comes back joins the present round; time nobody waited for is free. */
#include "policies/weight.h"

enum { QUANTUM, WEIGHT, AT_BOUNDARY };
static const struct gs_param params[] = {
    {"quantum", GS_TIME, "1s", 1, 1e15, NULL, "length of a turn, for priority 1 if the weight is by priority"},
    {"weight", GS_CHOICE, "equal", 0, 0, weight_names, "length of turns: the same for all, or as the priorities"},
    {"at_boundary", GS_BOOLEAN, "yes", 0, 0, NULL, "bursts and iterations are not cut"},
    GS_PARAM_END,
};

struct account {
    gs_ns clock_ns, round; /* GPU time over weight; the round of its last turn, or in which it asked */
};

static double rank(const struct gs_self *self, uint32_t workload) /* its round */
{
    return (double)(((const struct account *)self->workload_state)[workload].clock_ns / self->param[QUANTUM].i);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload;
    struct account *account = self->workload_state, *own = account + workload;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (all[i].gpu == all[workload].gpu && own->round < account[i].round)
            own->round = account[i].round;
    if (own->clock_ns < own->round * self->param[QUANTUM].i)
        own->clock_ns = own->round * self->param[QUANTUM].i;
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    struct account *account = (struct account *)self->workload_state + workload;

    account->round = account->clock_ns / self->param[QUANTUM].i;
    return ((account->round + 1) * self->param[QUANTUM].i - account->clock_ns) * weight_of(self, WEIGHT, workload);
}

static bool at_boundary(const struct gs_self *self)
{
    return self->param[AT_BOUNDARY].i != 0;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    const struct gs_workload *all = self->view->workload;
    gs_ns now = self->view->now_ns, wanted_ns = 0; /* for so long somebody else has waited */

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (i != workload && all[i].gpu == all[workload].gpu && all[i].wants && now - all[i].queued_ns > wanted_ns)
            wanted_ns = now - all[i].queued_ns;
    wanted_ns = ran_ns < wanted_ns ? ran_ns : wanted_ns;
    ((struct account *)self->workload_state)[workload].clock_ns +=
        (wanted_ns + weight_of(self, WEIGHT, workload) - 1) / weight_of(self, WEIGHT, workload);
}

/* All that wait are in the present round or a later one: others come up to its own by having so much of the GPU. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    const struct account *account = (const struct account *)self->workload_state + waiting;
    gs_ns rounds = account->clock_ns / self->param[QUANTUM].i - account->round;

    return (struct gs_bound){.had_ns = rounds * self->param[QUANTUM].i * weight_of(self, WEIGHT, other), .turns = 1};
}

const struct gs_slicer_policy slicer_drr = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "drr",
    .help = "one at a time, a quantum each in a circle; who runs over owes it from the next",
    .source = "Shreedhar & Varghese, SIGCOMM 1995; with debts: Adiseshu et al., surplus round robin, SIGCOMM 1996",
    .when = "Where bursts or iterations cannot be cut and shares are to be even: nobody gets ahead by more than a "
            "turn and a burst. Use rr where they can be cut. The end of a turn costs a look at every workload.",
    .param = params,
    .workload_state_size = sizeof(struct account),
    .starves =
        "nobody: each other has a turn in each round that it sits out, since its last turn ran over, and one more",
    .overtakes = overtakes,
    .rank = rank,
    .quantum = quantum,
    .at_boundary = at_boundary,
    .wanted = wanted,
    .ran = ran,
};
