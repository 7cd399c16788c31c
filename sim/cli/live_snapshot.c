/* live_snapshot.c - how a live run stands, put together from what the controller, the recorder and the GPUs know. */
#include "sim/cli/live.h"
#include "sim/results/report_parts.h"

const char *const live_state_name[LIVE_STATES] = {
    [LIVE_ABSENT] = "absent",     [LIVE_OUT] = "out",         [LIVE_MOVING] = "moving",
    [LIVE_RESIDENT] = "resident", [LIVE_WAITING] = "waiting", [LIVE_RUNNING] = "running",
};

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for the view of a live run");
}

/* Names do not change. */
static int name_all(struct live_snapshot *s, const struct gs_workload_spec *spec, struct arena *arena)
{
    uint32_t *number = arena_array(arena, s->groups, sizeof *number);
    bool whole = number != NULL;

    for (uint32_t i = 0; i < s->gpus && whole; i++)
        whole = (s->gpu[i].id = label_gpu(arena, s->scenario, i)) != NULL;
    for (uint32_t i = 0; i < s->nodes && whole; i++)
        whole = (s->node[i].id = label_node(arena, s->scenario, i)) != NULL;
    for (uint32_t i = 0; i < s->groups && whole; i++)
        s->group[i].name = s->scenario->workload[i].name;
    for (uint32_t i = 0; i < s->workloads && whole; i++)
        s->workload[i] = (struct live_workload){.group = spec[i].group, .number = number[spec[i].group]++};
    return whole;
}

int live_snapshot_open(struct live_snapshot *s, const struct scenario *scenario, const struct gs_workload_spec *spec,
                       uint32_t workloads, struct arena *arena, struct error *err)
{
    s->scenario = scenario;
    for (size_t i = 0; i < scenario->nodes; i++) {
        s->nodes += (uint32_t)scenario->node[i].count;
        s->gpus += (uint32_t)(scenario->node[i].count * scenario->node[i].gpus);
    }
    s->groups = (uint32_t)scenario->workloads;
    s->workloads = workloads;
    s->gpu = arena_array(arena, s->gpus, sizeof *s->gpu);
    s->node = arena_array(arena, s->nodes, sizeof *s->node);
    s->group = arena_array(arena, s->groups, sizeof *s->group);
    s->workload = arena_array(arena, workloads, sizeof *s->workload);
    if (s->gpu == NULL || s->node == NULL || s->group == NULL || s->workload == NULL || !name_all(s, spec, arena))
        return no_memory(err);
    return GS_OK;
}

static enum live_state state_of(const struct gs_workload *w)
{
    if (w->wants && w->granted)
        return LIVE_RUNNING;
    if (w->state == GS_ABSENT)
        return LIVE_ABSENT;
    if (w->wants)
        return LIVE_WAITING;
    return w->state == GS_RESIDENT                                     ? LIVE_RESIDENT
           : w->state == GS_SWAPPING_IN || w->state == GS_SWAPPING_OUT ? LIVE_MOVING
                                                                       : LIVE_OUT;
}

static double response_ns(const struct run_sight *sight, uint32_t groups, uint32_t group)
{
    double sum_ns = sight->tally->group[group].response_ns;

    for (size_t node = 0; node <= sight->view->nodes; node++)
        sum_ns += sight->sums[node * groups + group].response_ns;
    return sum_ns;
}

void live_snapshot_take(struct live_snapshot *s, const struct run_sight *sight)
{
    const struct gs_view *view = sight->view;

    s->now_ns = sight->now_ns;
    s->end_ns = sight->end_ns;
    for (uint32_t i = 0; i < s->gpus && i < view->gpus; i++) {
        s->gpu[i].capacity_bytes = view->gpu[i].capacity_bytes;
        s->gpu[i].resident_bytes = view->gpu[i].capacity_bytes - view->gpu[i].free_bytes;
        s->gpu[i].in_bytes = sight->tally->gpu[i].swap_in_bytes;
        s->gpu[i].out_bytes = sight->tally->gpu[i].swap_out_bytes;
        s->gpu[i].swaps = sight->tally->gpu[i].swaps;
        sight->ops->usage(sight->backend, i, &s->gpu[i].usage);
    }
    for (uint32_t i = 0; i < s->nodes && i < view->nodes; i++) {
        s->node[i].cap_bytes = view->node[i].swap ? view->node[i].swap_cap_bytes : 0;
        s->node[i].used_bytes = view->node[i].swap_used_bytes;
    }
    for (uint32_t i = 0; i < s->groups; i++)
        s->group[i] = (struct live_group){.name = s->group[i].name,
                                          .completed = sight->tally->group[i].completed,
                                          .lost = sight->tally->group[i].rejected + sight->tally->group[i].lost,
                                          .response_ns = response_ns(sight, s->groups, i)};
    for (uint32_t i = 0; i < s->workloads; i++) {
        s->workload[i].state = state_of(&view->workload[i]);
        s->workload[i].gpu = view->workload[i].gpu;
        s->group[s->workload[i].group].in[s->workload[i].state]++;
    }
}
