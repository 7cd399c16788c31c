/* fcfs.c - one workload at a time, each burst to its end, in the order of their wishes. */
#include "policies/bounds.h"

const struct gs_slicer_policy slicer_fcfs = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "fcfs",
    .help = "one at a time, each burst to its end, first come first served",
    .source = "elementary",
    .when = "Where bursts are short and much alike: nobody is stopped, and there are fewest swaps. Not beside "
            "training or where bursts differ much: one of hours keeps everybody waiting. A choice costs nothing.",
    .starves = "nobody: only who asked before has turns before it",
    .overtakes = bound_by_wish,
};
