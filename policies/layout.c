/* layout.c - lay the controller out in the memory that its caller gives, and fill the books from the setup. */
#include "state.h"

struct shelf {
    unsigned char *base;
    size_t used;
};

static void *place_on(struct shelf *shelf, size_t count, size_t size)
{
    void *at = shelf->base == NULL ? NULL : shelf->base + shelf->used;

    shelf->used += (count * size + 63) / 64 * 64;
    return at;
}

static uint32_t count_gpus(const struct gs_setup *setup)
{
    uint32_t gpus = 0;

    for (uint32_t i = 0; i < setup->nodes; i++)
        gpus += setup->node[i].gpus;
    return gpus;
}

/* One slot's state; all descriptors begin with the sizes. */
static void place_state(struct shelf *shelf, struct gs_self *self, size_t state, size_t each, uint32_t workloads)
{
    void *common = place_on(shelf, 1, state);
    void *own = place_on(shelf, workloads, each);

    if (self != NULL) {
        self->state = common;
        self->workload_state = own;
    }
}

/* The same walk measures (base NULL) and lays out. */
static struct controller *arrange(struct shelf *shelf, const struct gs_setup *setup)
{
    const struct gs_policies *p = &setup->policies;
    uint32_t n = setup->workloads, gpus = count_gpus(setup);
    struct controller *ctl = place_on(shelf, 1, sizeof *ctl);
    struct controller measured = {0};
    struct controller *c = ctl == NULL ? &measured : ctl;

    c->workload = place_on(shelf, n, sizeof *c->workload);
    c->gpu = place_on(shelf, gpus, sizeof *c->gpu);
    c->node = place_on(shelf, setup->nodes, sizeof *c->node);
    c->seat = place_on(shelf, n, sizeof *c->seat);
    c->lane = place_on(shelf, gpus, sizeof *c->lane);
    c->rank_leaves = rank_leaves(setup, gpus);
    c->rank = place_on(shelf, 2 * (size_t)c->rank_leaves, sizeof *c->rank);
    c->pick = place_on(shelf, n, sizeof *c->pick);
    c->asked = place_on(shelf, n, sizeof *c->asked);
    c->worth = place_on(shelf, n, sizeof *c->worth);
    /* In one step a workload is told at most four things (wait, drop, out or in, run or stop), the one whose event it is some
     * more, and a GPU its timer twice. */
    c->commands_max = 4 * n + 2 * gpus + 16;
    c->out.item = place_on(shelf, c->commands_max, sizeof *c->out.item);
    c->candidates_max = setup->explain ? 4 * n + 64 : 0;
    c->out.candidate = place_on(shelf, c->candidates_max, sizeof *c->out.candidate);
    place_state(shelf, &c->victim, p->victim->state_size, p->victim->workload_state_size, n);
    place_state(shelf, &c->slicer, p->slicer->state_size, p->slicer->workload_state_size, n);
    place_state(shelf, &c->cap, p->cap->state_size, p->cap->workload_state_size, n);
    place_state(shelf, &c->prefetch, p->prefetch->state_size, p->prefetch->workload_state_size, n);
    place_state(shelf, &c->place, p->place->state_size, p->place->workload_state_size, n);
    return ctl;
}

size_t controller_size(const struct gs_setup *setup)
{
    struct shelf shelf = {0};

    arrange(&shelf, setup);
    return shelf.used;
}

static void fill_gpu(struct controller *ctl, uint32_t gpu, uint32_t node)
{
    const struct gs_node_spec *spec = &ctl->setup->node[node];

    ctl->gpu[gpu] = (struct gs_gpu){
        .node = node,
        .speed = spec->speed,
        .swap_overhead_ns = spec->swap_overhead_ns,
    };
    ctl->lane[gpu] = (struct lane){
        .waiting = {GS_NONE, GS_NONE, LINK_TURN},
        .claims = {GS_NONE, GS_NONE, LINK_TURN},
        .residents = {GS_NONE, GS_NONE, LINK_RESIDENT},
        .armed_ns = GS_NEVER,
        .recheck_ns = GS_NEVER,
        .last_run = GS_NONE,
    };
    set_join(ctl, gpu, gpu, 1);
}

static void fill_workload(struct controller *ctl, uint32_t id)
{
    const struct gs_workload_spec *spec = &ctl->setup->workload[id];

    ctl->workload[id] = (struct gs_workload){
        .group = spec->group,
        .gpu = GS_NONE,
        .node = GS_NONE,
        .class = spec->class,
        .priority = spec->priority,
        .state = GS_ABSENT,
        .swappable = spec->swappable,
        .keeps_host_copy = spec->keeps_host_copy,
        .base_bytes = spec->bytes,
        .bytes = spec->bytes,
        .context_bytes = spec->context_bytes,
        .dirty = spec->dirty,
        .since_ns = GS_NEVER,
        .request = spec->request,
    };
    ctl->seat[id].deadline_ns = ctl->seat[id].preempted_ns = ctl->seat[id].pinned_ns = GS_NEVER;
    plan_forget(ctl, id);
}

static void hand_over(struct gs_self *self, const struct gs_view *view, const union gs_value *param)
{
    self->view = view;
    self->param = param;
}

struct controller *controller_init(void *memory, const struct gs_setup *setup)
{
    struct shelf shelf = {.base = memory};
    struct controller *ctl = arrange(&shelf, setup);
    const struct gs_policies *p = &setup->policies;
    uint32_t gpu = 0;

    ctl->setup = setup;
    ctl->shares = p->slicer->shares;
    ctl->plans =
        p->prefetch->clean_after != NULL || p->prefetch->leave_after != NULL || p->prefetch->return_after != NULL;
    ctl->by_wish = p->slicer->quantum == NULL;
    ctl->view = (struct gs_view){
        .seed = setup->seed,
        .workload = ctl->workload,
        .gpu = ctl->gpu,
        .node = ctl->node,
        .workloads = setup->workloads,
        .gpus = count_gpus(setup),
        .nodes = setup->nodes,
        .oracle = setup->oracle,
    };
    hand_over(&ctl->victim, &ctl->view, p->victim_param);
    hand_over(&ctl->slicer, &ctl->view, p->slicer_param);
    hand_over(&ctl->cap, &ctl->view, p->cap_param);
    hand_over(&ctl->prefetch, &ctl->view, p->prefetch_param);
    hand_over(&ctl->place, &ctl->view, p->place_param);
    rank_open(ctl);
    for (uint32_t node = 0; node < setup->nodes; node++) {
        const struct gs_node_spec *spec = &setup->node[node];
        ctl->node[node] =
            (struct gs_node){gpu, spec->gpus, spec->swap, spec->swap_cap_bytes, 0, spec->max_workloads_per_gpu};
        for (uint32_t i = 0; i < spec->gpus; i++)
            fill_gpu(ctl, gpu++, node);
    }
    for (uint32_t id = 0; id < setup->workloads; id++)
        fill_workload(ctl, id);
    return ctl;
}
