/* partial.c - lru, but only as many bytes leave as are needed. */
#include "policies/policy.h"

enum { CHUNK };

static const struct gs_param params[] = {
    {"chunk", GS_SIZE, "64MiB", 1, 0x1p60, NULL, "a victim leaves in multiples of so many bytes"},
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return (double)(w->gpu_bytes < w->bytes ? w->last_use_ns - self->view->now_ns - 1 : w->last_use_ns);
}

static int64_t chunk_bytes(const struct gs_self *self)
{
    return self->param[CHUNK].i;
}

const struct gs_victim_policy victim_partial = {
    .abi = GS_POLICY_ABI,
    .name = "partial",
    .help = "lru, but only as many bytes leave as are needed; first of those that have left in part already",
    .source = "partial residency as in unified memory, with whole workloads for units of execution; ours in this form",
    .when =
        "Where a little memory is missing and workloads are large: then less is moved than by `lru`. A workload still "
        "runs "
        "only when all of it is there, and those with a copy in the swap file leave as a whole. Needs a backend that "
        "maps memory in chunks. A decision costs next to nothing.",
    .param = params,
    .keep = keep,
    .chunk_bytes = chunk_bytes,
};
