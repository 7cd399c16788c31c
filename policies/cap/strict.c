/* strict.c - a workload is attached only if all of its node then fit: what is too much for the GPUs must fit the
 * swap file, with room for the largest besides, as sizes leave gaps on the GPUs, and several smaller ones may have to
 * leave for one. */
#include "policies/policy.h"

enum { RATIO, EXCHANGE };

static const struct gs_param params[] = {
    {"ratio", GS_NUMBER, "1", 0, 1000, NULL,
     "share of the swap file that may be promised; above 1 it is oversubscribed"},
    {"exchange", GS_BOOLEAN, "yes", 0, 0, NULL, "keep room for the largest workload besides"},
    GS_PARAM_END,
};

static bool attach(const struct gs_self *self, uint32_t workload, uint32_t gpu)
{
    const struct gs_view *view = self->view;
    uint32_t id = view->gpu[gpu].node;
    const struct gs_node *node = &view->node[id];
    int64_t largest = view->workload[workload].base_bytes, over = 0;

    for (uint32_t i = node->first_gpu; i < node->first_gpu + node->gpus; i++) {
        int64_t bytes = view->gpu[i].attached_bytes + (i == gpu ? view->workload[workload].base_bytes : 0);
        over += bytes > view->gpu[i].capacity_bytes ? bytes - view->gpu[i].capacity_bytes : 0;
    }
    for (uint32_t i = 0; i < view->workloads; i++) {
        const struct gs_workload *w = &view->workload[i];
        if (w->state != GS_ABSENT && w->node == id && w->base_bytes > largest)
            largest = w->base_bytes;
    }
    if (over > 0 && self->param[EXCHANGE].i != 0)
        over += largest;
    return (double)over <= self->param[RATIO].d * (double)node->swap_cap_bytes;
}

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    (void)self, (void)workload, (void)bytes;
    return GS_ROOM_YES;
}

const struct gs_cap_policy cap_strict = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "strict",
    .help = "no more workloads on a node than its GPUs and its swap file hold",
    .source = "deadlock avoidance by declared needs, Habermann, CACM 12(7), 1969; own variant",
    .when =
        "Where nobody may ever wait for the swap file: who is too many is refused when it comes. Workloads of sizes "
        "that leave gaps on the GPU need a ratio below 1, those that grow in a burst, too. Costs a look at each "
        "workload of the node, once.",
    .param = params,
    .admit = admit,
    .attach = attach,
};
