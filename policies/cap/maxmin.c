/* maxmin.c - weighted max-min fair shares of the swap file: who needs little has all of it, the rest is shared by
 * priority.  Room that nobody claims is lent beyond the share.  It is not called back, but who was refused within
 * his share has the next room that comes free, and those beyond theirs go to disk meanwhile (own variant: workloads
 * move whole). */
#include "policies/policy.h"

#include <math.h>

enum { CLAIM };

static const struct gs_param params[] = {
    {"claim", GS_TIME, "60s", 0, 1e18, NULL, "room is kept this long for a workload that was refused within its share"},
    GS_PARAM_END,
};

struct claim {
    int64_t bytes; /* refused within its share; 0: none */
    gs_ns at_ns;
};

static double weight(const struct gs_workload *w)
{
    return w->priority > 0 ? w->priority : 1.0;
}

/* Does the file, filled as water fills a vessel, reach the level at which `workload` has all its `bytes`? */
static bool entitled(const struct gs_view *view, uint32_t workload, int64_t bytes)
{
    uint32_t node = view->workload[workload].node;
    double level = (double)bytes / weight(&view->workload[workload]), needed = 0.0;

    for (uint32_t i = 0; i < view->workloads; i++) {
        const struct gs_workload *w = &view->workload[i];
        if (w->state != GS_ABSENT && w->node == node && w->swappable)
            needed += fmin((double)w->bytes, level * weight(w));
    }
    return needed <= (double)view->node[node].swap_cap_bytes;
}

static int64_t claimed(const struct gs_self *self, uint32_t workload)
{
    const struct claim *claim = self->workload_state;
    int64_t bytes = 0;

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        const struct gs_workload *w = &self->view->workload[i];
        if (i != workload && w->node == self->view->workload[workload].node && w->state == GS_RESIDENT && !w->granted &&
            self->view->now_ns - claim[i].at_ns <= self->param[CLAIM].i)
            bytes += claim[i].bytes;
    }
    return bytes;
}

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    int64_t room = gs_swap_room(self->view, workload);
    bool within = entitled(self->view, workload, self->view->workload[workload].host_bytes + bytes);

    ((struct claim *)self->workload_state)[workload] =
        (struct claim){.bytes = within && bytes > room ? bytes : 0, .at_ns = self->view->now_ns};
    if (within)
        return GS_ROOM_YES;
    return bytes <= room - claimed(self, workload) ? GS_ROOM_OR_DISK : GS_ROOM_ON_DISK;
}

const struct gs_cap_policy cap_maxmin = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "maxmin",
    .help = "fair shares of the swap file, weighted by priority; what nobody claims is lent",
    .source = "max-min fairness by water-filling: Bertsekas and Gallager, Data Networks, 1992; own variant",
    .when =
        "Where workloads of several owners share a node: small ones have room before large ones borrow again. Who is "
        "within its share waits for room, for ever if the borrowers never come back. Where all are alike none fits "
        "its share, and it is `static` with `spill`. A decision looks at each workload.",
    .param = params,
    .workload_state_size = sizeof(struct claim),
    .admit = admit,
};
