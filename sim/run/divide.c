/* divide.c - may the nodes of a scenario be simulated by themselves, and which workload comes to which node? */
#include "sim/run/nodes.h"

#include <stdlib.h>

/* A policy that looks at other nodes, or at the order of decisions all over the cluster, ties them together. */
static bool policies_divide(const struct scenario *scenario)
{
    for (int slot = 0; slot < GS_SLOTS; slot++)
        if ((scenario->policy[slot].policy->needs & (GS_NEEDS_NODE_ONLY | GS_NEEDS_ORACLE)) != GS_NEEDS_NODE_ONLY)
            return false;
    return true;
}

static int64_t nodes_of(const struct scenario *scenario)
{
    int64_t nodes = 0;

    for (size_t g = 0; g < scenario->nodes; g++)
        nodes += scenario->node[g].count;
    return nodes;
}

/* Rows of bursts and events are in the order of all nodes' time; so is the bound, of loads that have one. */
bool nodes_may_divide(const struct replication_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    bool rows = plan->results != NULL && scenario->record > RECORD_SUMMARY;

    return !plan->whole && plan->backend == &backend_sim && plan->wishes == NULL && nodes_of(scenario) > 1 &&
           scenario->duration < GS_NEVER && !rows && load_divides(scenario) && policies_divide(scenario);
}

struct arrival_at {
    gs_ns at_ns;
    uint32_t id;
};

static int by_time(const void *a, const void *b)
{
    const struct arrival_at *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* All arrivals in their order, to a controller to which nothing else happens: where each goes, and when the last comes; -1:
 * somebody was refused, or memory. */
static gs_ns arrive(const struct replication_plan *plan, const struct gs_setup *whole, uint32_t *node,
                    struct arena *scratch)
{
    struct controller *ctl = setup_controller(whole, scratch);
    struct arrival_at *arrival = arena_array(scratch, whole->workloads, sizeof *arrival);
    gs_ns last_ns = 0;

    if (ctl == NULL || arrival == NULL)
        return -1;
    for (uint32_t i = 0; i < whole->workloads; i++)
        arrival[i] =
            (struct arrival_at){load_start_ns(plan->scenario, plan->replication, i, whole->workload[i].group), i};
    qsort(arrival, whole->workloads, sizeof *arrival, by_time);
    for (uint32_t i = 0; i < whole->workloads && arrival[i].at_ns < plan->scenario->duration; i++) {
        struct gs_event event = {.at_ns = last_ns = arrival[i].at_ns,
                                 .since_ns = GS_NEVER,
                                 .workload = arrival[i].id,
                                 .timer = GS_NONE,
                                 .kind = GS_ATTACH};
        controller_step(ctl, &event);
        const struct gs_workload *w = &controller_view(ctl)->workload[arrival[i].id];
        if (w->state == GS_ABSENT)
            return -1;
        node[arrival[i].id] = w->node;
    }
    return last_ns;
}

/* Each node's part, its workloads in the order of their numbers. */
static struct replication_part *deal(const struct gs_setup *whole, const uint32_t *node, gs_ns settled_ns,
                                     struct arena *arena)
{
    struct replication_part *part = arena_array(arena, whole->nodes, sizeof *part);
    struct gs_workload_spec *spec = arena_array(arena, whole->workloads, sizeof *spec);
    uint32_t *number = arena_array(arena, whole->workloads, sizeof *number), gpu = 0;

    if (part == NULL || spec == NULL || number == NULL)
        return NULL;
    for (uint32_t i = 0; i < whole->workloads; i++)
        part[node[i]].setup.workloads++;
    for (uint32_t n = 0; n < whole->nodes; n++) {
        uint32_t workloads = part[n].setup.workloads;
        part[n] = (struct replication_part){
            .setup = *whole,
            .number = number,
            .watched = {.first_node = n, .first_gpu = gpu},
            .settled_ns = settled_ns,
        };
        part[n].setup.nodes = 1;
        part[n].setup.node = &whole->node[n];
        part[n].setup.workload = spec;
        part[n].setup.workloads = 0;
        spec += workloads;
        number += workloads;
        gpu += whole->node[n].gpus;
    }
    for (uint32_t i = 0; i < whole->workloads; i++) {
        struct gs_setup *setup = &part[node[i]].setup;
        ((struct gs_workload_spec *)setup->workload)[setup->workloads] = whole->workload[i];
        ((uint32_t *)part[node[i]].number)[setup->workloads++] = i;
    }
    return part;
}

struct replication_part *nodes_place(const struct replication_plan *plan, const struct gs_setup *whole,
                                     struct arena *arena, struct error *err)
{
    struct arena scratch = {0};
    uint32_t *node = arena_array(&scratch, whole->workloads, sizeof *node); /* 0 also of who comes after the end */
    gs_ns settled_ns = node == NULL ? -1 : arrive(plan, whole, node, &scratch);
    struct replication_part *part = settled_ns < 0 ? NULL : deal(whole, node, settled_ns, arena);

    if (settled_ns >= 0 && part == NULL)
        error_set(err, GS_SYSTEM, "out of memory for the nodes; use a smaller 'count'");
    arena_fini(&scratch);
    return part;
}
