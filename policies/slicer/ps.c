/* ps.c - everybody whose memory fits runs at once; the device shares its time evenly among them. */
#include "policies/bounds.h"

/* Who has its memory there takes none from anybody, so it need not wait; but the others may never find enough of it idle. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    return bound_was_there(self, other) ? bound_none() : bound_by_wish(self, waiting, other);
}

const struct gs_slicer_policy slicer_ps = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "ps",
    .help = "all that fit into memory run together; the others wait, first come first served",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (processor sharing)",
    .when = "Where most fit into memory together: nobody waits for a turn. Those that do not fit wait for bursts of "
            "others to end; rr or cost let them in between. A choice costs nothing.",
    .shares = true,
    .starves =
        "whoever does not fit, by those on the GPU, without bound; of the others nobody who asked later goes first",
    .overtakes = overtakes,
};
