/* quota.c - no workload has more of the swap file than its quota; what is above it goes to disk, or stays on the
 * GPU. */
#include "policies/policy.h"

enum { SHARE, BYTES, OVER };
enum { DISK, STAY };

static const char *const outcomes[] = {"disk", "stay", NULL};

static const struct gs_param params[] = {
    {"share", GS_NUMBER, "0.5", 0, 1, NULL, "share of the swap file that a workload may have"},
    {"bytes", GS_SIZE, "0GiB", 0, 0x1p60, NULL, "the same in bytes; where it is above 0 it counts instead"},
    {"over", GS_CHOICE, "disk", 0, 0, outcomes, "a workload with more than that goes to disk, or stays on the GPU"},
    GS_PARAM_END,
};

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double file = (double)self->view->node[w->node].swap_cap_bytes;
    double quota = self->param[BYTES].i > 0 ? (double)self->param[BYTES].i : self->param[SHARE].d * file;

    if ((double)(w->host_bytes + bytes) <= quota)
        return GS_ROOM_YES;
    return self->param[OVER].i == STAY ? GS_ROOM_NO : GS_ROOM_ON_DISK;
}

const struct gs_cap_policy cap_quota = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "quota",
    .help = "no workload has more of the swap file than its quota",
    .source = "quotas of shared resources, such as memory.swap.max of Linux control groups",
    .when =
        "Where one workload with much memory must not fill the file for all. It wastes what the others leave unused: "
        "`maxmin` lends it. With `over = stay` a workload above its quota is never sent away, and whoever needs its "
        "memory waits. A decision costs nothing.",
    .param = params,
    .admit = admit,
};
