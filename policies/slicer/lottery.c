/* lottery.c - who goes next is drawn, with chances in proportion to the tickets (the priorities).
 *
 * Each has an exponential time of rate `tickets`, and the least of them is his with the chance that his tickets have.
 * Who gave the GPU back after a part of his quantum has the more tickets for it until he wins again. */
#include "policies/policy.h"
#include "sim/base/exact.h"

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    GS_PARAM_END,
};

static double rank(const struct gs_self *self, uint32_t workload)
{
    uint8_t priority = self->view->workload[workload].priority;
    double part = ((const double *)self->workload_state)[workload]; /* of its quantum used last time; 0: not run yet */

    return -exact_log(gs_draw(self->view, workload)) * (part > 0.0 ? part : 1.0) / (priority > 0 ? priority : 1);
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[0].i;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    gs_ns quantum_ns = self->param[0].i, used_ns = ran_ns < quantum_ns ? ran_ns + 1 : quantum_ns;

    ((double *)self->workload_state)[workload] = (double)used_ns / (double)quantum_ns;
}

const struct gs_slicer_policy slicer_lottery = {
    .abi = GS_POLICY_ABI,
    .name = "lottery",
    .help = "one at a time, drawn with chances in proportion to the priorities",
    .source = "Waldspurger & Weihl, Lottery scheduling, OSDI 1994 (with compensation tickets)",
    .when = "Where shares of a GPU have been promised and only the long run counts: after n turns a share is off by "
            "about its root. stride does it without chance. A choice draws once for everybody who waits.",
    .param = params,
    .workload_state_size = sizeof(double),
    .starves = "by chance: each draw is won in proportion to the tickets, and there is no hard bound",
    .rank = rank,
    .quantum = quantum,
    .ran = ran,
};
