/* nvshare.c - the exclusive GPU lock of nvshare: a quantum from the moment the lock is given, page faults included,
 * and an early release when the holder has been idle for a while. */
#include "policies/bounds.h"

enum { QUANTUM, EARLY_RELEASE, SWAP_IN_QUANTUM };

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "how long the lock is held while others wait"},
    {"early_release", GS_TIME, "5s", 0, 3e17, NULL, "the lock is given back after this long without work"},
    {"swap_in_quantum", GS_BOOLEAN, "yes", 0, 0, NULL, "swaps use up the quantum, as page faults after the lock do"},
    GS_PARAM_END,
};

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[QUANTUM].i;
}

static gs_ns linger(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[EARLY_RELEASE].i;
}

static bool swap_in_quantum(const struct gs_self *self)
{
    return self->param[SWAP_IN_QUANTUM].i != 0;
}

const struct gs_slicer_policy slicer_nvshare = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "nvshare",
    .help = "an exclusive lock for a quantum, released early when idle",
    .source = "G. Alexopoulos, nvshare, thesis, NTUA 2021, and its scheduler.c and client.c",
    .when = "To know what nvshare would do. After each short burst the GPU is idle until the lock is given back; rr "
            "and cost give it on at once. A choice costs nothing.",
    .param = params,
    .starves = "nobody: each other has at most one turn before it",
    .overtakes = bound_circle,
    .quantum = quantum,
    .linger = linger,
    .swap_in_quantum = swap_in_quantum,
};
