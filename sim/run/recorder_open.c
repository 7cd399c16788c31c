/* recorder_open.c - what a replication is measured with, all of it before the first event. */
#include "sim/run/recorder_state.h"

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for the measurements; use 'record = summary' or fewer workloads");
}

int recorder_tally(struct tally *t, const struct recorder_setup *s, struct error *err)
{
    struct arena *arena = s->arena;
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
    if (t->group == NULL || t->gpu == NULL || t->node == NULL || !series_open(t, s))
        return no_memory(err);
    for (uint32_t g = 0; g < groups; g++) {
        group_tally_init(&t->group[g]);
        t->group[g].makespan_ns = GS_NEVER;
        if (s->scenario->replications > 1 || s->scenario->precision > 0)
            continue;
        t->group[g].batches = arena_alloc(arena, sizeof *t->group[g].batches);
        if (t->group[g].batches == NULL)
            return no_memory(err);
        batches_init(t->group[g].batches);
    }
    for (uint32_t i = 0; i < s->setup->workloads; i++)
        t->group[s->setup->workload[i].group].workloads += !s->scenario->served; /* programs count when they come */
    for (size_t i = 0; i < s->scenario->slas; i++)
        for (uint32_t g = 0; g < groups; g++)
            t->group[g].promised |=
                s->scenario->sla[i].metric <= SLA_RESPONSE_P99 && sla_concerns(s->scenario, &s->scenario->sla[i], g);
    return GS_OK;
}

static bool open_books(struct recorder *rec)
{
    const struct recorder_setup *s = &rec->setup;
    uint32_t n = s->setup->workloads, nodes = s->setup->nodes, groups = (uint32_t)s->scenario->workloads;

    rec->watch = arena_array(s->arena, n, sizeof *rec->watch);
    rec->gpu = arena_array(s->arena, s->gpus, sizeof *rec->gpu);
    rec->node = arena_array(s->arena, nodes, sizeof *rec->node);
    rec->sums = arena_array(s->arena, (nodes + (size_t)1) * groups, sizeof *rec->sums);
    if (rec->watch == NULL || rec->gpu == NULL || rec->node == NULL || rec->sums == NULL)
        return false;
    for (uint32_t i = 0; i < s->gpus; i++)
        rec->gpu[i] = (struct gpu_watch){.lead = i, .width = 1};
    for (uint32_t i = 0; i < n; i++)
        rec->watch[i] = (struct watch){.phase = PHASE_AWAY,
                                       .attached_ns = -1,
                                       .premature_by_ns = -1,
                                       .base_bytes = s->setup->workload[i].bytes,
                                       .group = s->setup->workload[i].group,
                                       .sums = recorder_sums(rec, nodes) + s->setup->workload[i].group};
    return true;
}

int recorder_open(struct recorder **out, const struct recorder_setup *setup, struct error *err)
{
    struct arena *arena = setup->arena;
    struct recorder *rec = arena_alloc(arena, sizeof *rec);
    int rc = GS_OK;

    if (rec == NULL)
        return no_memory(err);
    rec->setup = *setup;
    if (setup->part != NULL)
        part_open(rec);
    else if ((rc = recorder_tally(&rec->tally, setup, err)) != GS_OK)
        return rc;
    if (!open_books(rec) || (setup->part == NULL && !bound_open(rec)))
        return no_memory(err);
    for (size_t i = 0; i < setup->scenario->nodes; i++)
        rec->lingering |= setup->scenario->node[i].idle_detect > 0;
    rows_open(rec);
    rec->warm = setup->warmup_ns == 0;
    rec->mark_ns = 0;
    *out = rec;
    return GS_OK;
}
