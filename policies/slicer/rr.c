/* rr.c - round robin: one at a time (or a few), a quantum each, back to the end of the queue. */
#include "policies/bounds.h"

enum { QUANTUM, SWITCH_COST, SWAP_IN_QUANTUM, WIDTH };

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    {"switch_cost", GS_TIME, "0s", 0, 3e17, NULL, "time lost when another workload than the last one runs"},
    {"swap_in_quantum", GS_BOOLEAN, "no", 0, 0, NULL, "switch cost and swaps use up the quantum"},
    {"width", GS_INTEGER, "1", 1, GS_HOLDERS_MAX, NULL,
     "so many have turns at once, as far as their memory fits together"},
    GS_PARAM_END,
};

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[QUANTUM].i;
}

static gs_ns switch_cost(const struct gs_self *self)
{
    return self->param[SWITCH_COST].i;
}

static bool swap_in_quantum(const struct gs_self *self)
{
    return self->param[SWAP_IN_QUANTUM].i != 0;
}

static uint32_t width(const struct gs_self *self)
{
    return (uint32_t)self->param[WIDTH].i;
}

/* Where several have turns at once, one that does not fit beside those on the GPU may find always some of them at work. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    bool passes = width(self) > 1 && bound_was_there(self, other);

    return passes ? bound_none() : bound_circle(self, waiting, other);
}

const struct gs_slicer_policy slicer_rr = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "rr",
    .help = "one at a time, a quantum each, in a circle",
    .source = "Kleinrock, Naval Research Logistics Quarterly 11(1), 1964",
    .when = "Where bursts are long and nobody is to wait for the end of another's. The quantum should be ten times "
            "the swaps of a turn, or they eat the GPU; cost sees to that by itself. A choice costs nothing.",
    .param = params,
    .starves =
        "nobody: each other has at most one turn before it; with a width above 1, one that needs much memory, by those "
        "on the GPU, without bound",
    .overtakes = overtakes,
    .width = width,
    .quantum = quantum,
    .switch_cost = switch_cost,
    .swap_in_quantum = swap_in_quantum,
};
