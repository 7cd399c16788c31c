/* watermark.c - once the swap file would be fuller than the high mark, all that leaves goes to disk until it is emptier
 * than the low one.  Files of GPU memory have no cold end that could be moved to disk in the background, as page caches
 * have: here the newcomers go (own variant). */
#include "policies/policy.h"

enum { HIGH, LOW };

static const struct gs_param params[] = {
    {"high", GS_NUMBER, "0.9", 0, 1, NULL, "share of the swap file above which what leaves goes to disk"},
    {"low", GS_NUMBER, "0.75", 0, 1, NULL, "share below which it enters the swap file again"},
    GS_PARAM_END,
};

/* The nodes that are above their mark are a set, kept in the slots of the workloads: node + 1, 0 for none. */
static bool above(const struct gs_self *self, uint32_t node)
{
    const uint32_t *slot = self->workload_state;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (slot[i] == node + 1)
            return true;
    return false;
}

static void clear(const struct gs_self *self, uint32_t node)
{
    uint32_t *slot = self->workload_state;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (slot[i] == node + 1)
            slot[i] = 0;
}

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    uint32_t node = self->view->workload[workload].node;
    double file = (double)self->view->node[node].swap_cap_bytes;
    double used = file - (double)gs_swap_room(self->view, workload);

    if (used < self->param[LOW].d * file)
        clear(self, node);
    if (used + (double)bytes > self->param[HIGH].d * file)
        ((uint32_t *)self->workload_state)[workload] = node + 1;
    return above(self, node) ? GS_ROOM_ON_DISK : GS_ROOM_OR_DISK;
}

const struct gs_cap_policy cap_watermark = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "watermark",
    .help = "above a high mark what leaves goes to disk, until the file is below a low one",
    .source = "high and low watermarks of page reclaim, as in Linux; own variant",
    .when =
        "Keeps a part of the file free, so that an exchange always finds room, and does not change its mind at each "
        "swap as `static` with `spill` does. Wasteful where a few large workloads fill the file: one of them is more "
        "than the distance of the marks. A decision looks at each workload.",
    .param = params,
    .workload_state_size = sizeof(uint32_t),
    .admit = admit,
};
