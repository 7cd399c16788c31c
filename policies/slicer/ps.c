/* ps.c - everybody whose memory fits runs at once; the device shares its time evenly among them. */
#include "policies/policy.h"

const struct gs_slicer_policy slicer_ps = {
    .abi = GS_POLICY_ABI,
    .name = "ps",
    .help = "all that fit into memory run together; the others wait, first come first served",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (processor sharing)",
    .when = "Where most fit into memory together: nobody waits for a turn. Those that do not fit wait for bursts of "
            "others to end; rr or cost let them in between. A choice costs nothing.",
    .shares = true,
};
