/* recorder_open.c - what a replication is measured with, all of it before the first event. */
#include "sim/run/recorder_state.h"

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for the measurements; use 'record = summary' or fewer workloads");
}

static bool open_tally(struct recorder *rec, const struct recorder_setup *s)
{
    struct arena *arena = s->arena;
    struct tally *t = &rec->tally;
    uint32_t groups = (uint32_t)s->scenario->workloads;

    *t = (struct tally){.replication = s->replication,
                        .groups = groups,
                        .gpus = s->gpus,
                        .nodes = s->setup->nodes,
                        .from_ns = s->warmup_ns,
                        .makespan_ns = -1};
    t->group = arena_array(arena, groups, sizeof *t->group);
    t->gpu = arena_array(arena, t->gpus, sizeof *t->gpu);
    t->node = arena_array(arena, t->nodes, sizeof *t->node);
    if (t->group == NULL || t->gpu == NULL || t->node == NULL)
        return false;
    for (uint32_t g = 0; g < groups; g++) {
        group_tally_init(&t->group[g]);
        if (s->scenario->replications > 1 || s->scenario->precision > 0)
            continue;
        t->group[g].batches = arena_alloc(arena, sizeof *t->group[g].batches);
        if (t->group[g].batches == NULL)
            return false;
        batches_init(t->group[g].batches);
    }
    for (uint32_t i = 0; i < s->setup->workloads; i++)
        t->group[s->setup->workload[i].group].workloads++;
    for (size_t i = 0; i < s->scenario->slas; i++)
        for (uint32_t g = 0; g < groups; g++)
            t->group[g].promised |=
                s->scenario->sla[i].metric <= SLA_RESPONSE_P99 && sla_concerns(s->scenario, &s->scenario->sla[i], g);
    return true;
}

int recorder_open(struct recorder **out, const struct recorder_setup *setup, struct error *err)
{
    struct arena *arena = setup->arena;
    struct recorder *rec = arena_alloc(arena, sizeof *rec);
    uint32_t n = setup->setup->workloads;

    if (rec == NULL)
        return no_memory(err);
    rec->setup = *setup;
    rec->watch = arena_array(arena, n, sizeof *rec->watch);
    rec->gpu = arena_array(arena, setup->gpus, sizeof *rec->gpu);
    rec->node = arena_array(arena, setup->setup->nodes, sizeof *rec->node);
    if (rec->watch == NULL || rec->gpu == NULL || rec->node == NULL || !open_tally(rec, setup) || !series_open(rec) ||
        !bound_open(rec))
        return no_memory(err);
    for (uint32_t i = 0; i < setup->gpus; i++)
        rec->gpu[i] = (struct gpu_watch){.lead = i, .width = 1};
    for (uint32_t i = 0; i < n; i++)
        rec->watch[i] = (struct watch){.phase = PHASE_AWAY,
                                       .attached_ns = -1,
                                       .premature_by_ns = -1,
                                       .base_bytes = setup->setup->workload[i].bytes,
                                       .group = &rec->tally.group[setup->setup->workload[i].group]};
    for (size_t i = 0; i < setup->scenario->nodes; i++)
        rec->lingering |= setup->scenario->node[i].idle_detect > 0;
    rows_open(rec);
    rec->warm = setup->warmup_ns == 0;
    rec->mark_ns = 0;
    *out = rec;
    return GS_OK;
}
