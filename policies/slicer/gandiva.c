/* gandiva.c - round robin in slices of a minute; an iteration that has begun is let finish.  Own variant: of Gandiva's
 * mechanisms the suspending and resuming alone; its packing, migrating and growing of jobs are left out. */
#include "policies/bounds.h"

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "60s", 1, 3e17, NULL, "length of a slice; it goes on to the end of the iteration"},
    GS_PARAM_END,
};

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[0].i;
}

static bool at_boundary(const struct gs_self *self)
{
    (void)self;
    return true;
}

const struct gs_slicer_policy slicer_gandiva = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "gandiva",
    .help = "one at a time, slices of a minute that end between two iterations",
    .source = "Xiao et al., Gandiva, OSDI 2018",
    .when = "For training jobs with iterations, whose memory is least between two of them. Not for people who wait: "
            "a slice is a minute, and a job of one long burst keeps the GPU to its end. A choice costs nothing.",
    .param = params,
    .starves = "nobody: each other has at most one turn before it",
    .overtakes = bound_circle,
    .quantum = quantum,
    .at_boundary = at_boundary,
};
