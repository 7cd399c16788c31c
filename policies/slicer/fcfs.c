/* fcfs.c - one workload at a time, each burst to its end, in the order of their wishes. */
#include "policies/policy.h"

const struct gs_slicer_policy slicer_fcfs = {
    .abi = GS_POLICY_ABI,
    .name = "fcfs",
    .help = "one at a time, each burst to its end, first come first served",
    .source = "elementary",
};
