/* ps.c - everybody whose memory fits runs at once; the device shares its time evenly among them. */
#include "policies/policy.h"

const struct gs_slicer_policy slicer_ps = {
    .abi = GS_POLICY_ABI,
    .name = "ps",
    .help = "all that fit into memory run together; the others wait, first come first served",
    .source = "Kleinrock, Queueing Systems vol. 2, 1976 (processor sharing)",
    .shares = true,
};
