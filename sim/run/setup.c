/* setup.c - from a scenario to what the controller is told: nodes, workloads, policies. */
#include "sim/run/setup.h"

static struct gs_node_spec node_spec(const struct node_group *g)
{
    return (struct gs_node_spec){
        .gpus = (uint32_t)g->gpus,
        .gpu_bytes = g->gpu_memory,
        .reserved_bytes = g->gpu_reserved,
        .reserved_per_workload_bytes = g->gpu_reserved_per_workload,
        .swap_cap_bytes = g->swap_file,
        .swap = g->swap,
        .moves = g->node_level_scheduler,
        .freeze_rule = g->regular_fraction_freezes_gpu,
        .overlapped = g->transfer == TRANSFER_OVERLAPPED,
        .max_workloads_per_gpu =
            g->max_workloads_per_gpu < UINT32_MAX ? (uint32_t)g->max_workloads_per_gpu : UINT32_MAX,
        .h2d_bytes_per_s = g->h2d,
        .d2h_bytes_per_s = g->d2h,
        .speed = g->gpu_speed,
        .swap_overhead_ns = g->swap_overhead,
    };
}

/* Descriptors of all kinds begin with the head that the scenario holds. */
static struct gs_policies policies(const struct scenario *scenario)
{
    const struct policy_choice *p = scenario->policy;

    return (struct gs_policies){
        .victim = (const struct gs_victim_policy *)p[GS_SLOT_VICTIM].policy,
        .slicer = (const struct gs_slicer_policy *)p[GS_SLOT_SLICER].policy,
        .cap = (const struct gs_cap_policy *)p[GS_SLOT_CAP].policy,
        .prefetch = (const struct gs_prefetch_policy *)p[GS_SLOT_PREFETCH].policy,
        .place = (const struct gs_place_policy *)p[GS_SLOT_PLACE].policy,
        .victim_param = p[GS_SLOT_VICTIM].param,
        .slicer_param = p[GS_SLOT_SLICER].param,
        .cap_param = p[GS_SLOT_CAP].param,
        .prefetch_param = p[GS_SLOT_PREFETCH].param,
        .place_param = p[GS_SLOT_PLACE].param,
    };
}

int setup_make(struct gs_setup *setup, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct arena *arena, struct error *err)
{
    size_t nodes = 0, id = 0;

    for (size_t g = 0; g < scenario->nodes; g++)
        nodes += (size_t)scenario->node[g].count;
    struct gs_node_spec *node = arena_array(arena, nodes, sizeof *node);
    if (node == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the nodes; use a smaller 'count'");
    for (size_t g = 0; g < scenario->nodes; g++)
        for (int64_t k = 0; k < scenario->node[g].count; k++) {
            node[id] = node_spec(&scenario->node[g]);
            node[id++].pool = (uint32_t)g;
        }
    *setup = (struct gs_setup){
        .nodes = (uint32_t)nodes,
        .workloads = workloads,
        .node = node,
        .workload = spec,
        .policies = policies(scenario),
        .seed = scenario->seed,
        .explain = scenario->record == RECORD_EVENTS,
    };
    return GS_OK;
}

const char *setup_needs_oracle(const struct scenario *scenario)
{
    for (int slot = 0; slot < GS_SLOTS; slot++)
        if ((scenario->policy[slot].policy->needs & GS_NEEDS_ORACLE) != 0)
            return policy_choice_name(&scenario->policy[slot]);
    return NULL;
}

struct controller *setup_controller(const struct gs_setup *setup, struct arena *arena)
{
    void *memory = arena_alloc(arena, controller_size(setup));

    return memory == NULL ? NULL : controller_init(memory, setup);
}
