/* explain_use.c - what those who had a GPU did with it, and when it was kept for nothing. */
#include "sim/explain/explain_parts.h"

#include <stdlib.h>

/* --- having a GPU, cut into using it and lingering on it --- */

static void add_as(struct explain *e, const struct spell *had, uint8_t kind, gs_ns from_ns, gs_ns to_ns)
{
    struct spell s = {.from_ns = from_ns, .to_ns = to_ns, .workload = had->workload, .gpu = had->gpu, .kind = kind};

    spell_add(e, s);
}

/* The busy spells of a workload stand side by side in order. */
static void cut_use(struct explain *e, struct spell had, size_t busy, size_t spells, gs_ns unknown_until_ns)
{
    gs_ns at = had.from_ns;

    if (at < unknown_until_ns) { /* bursts without rows: it is not known to linger */
        at = unknown_until_ns < had.to_ns ? unknown_until_ns : had.to_ns;
        add_as(e, &had, SPELL_USED, had.from_ns, at);
    }
    for (size_t i = busy; i < spells && e->spell[i].workload == had.workload && at < had.to_ns; i++) {
        gs_ns from_ns = e->spell[i].from_ns > at ? e->spell[i].from_ns : at;
        gs_ns to_ns = e->spell[i].to_ns < had.to_ns ? e->spell[i].to_ns : had.to_ns;
        if (to_ns <= from_ns)
            continue;
        add_as(e, &had, SPELL_LINGER, at, from_ns);
        add_as(e, &had, SPELL_USED, from_ns, to_ns);
        at = to_ns;
    }
    add_as(e, &had, SPELL_LINGER, at, had.to_ns);
}

static bool cut_all_use(struct explain *e, const gs_ns *first_ready_ns, gs_ns from_ns)
{
    size_t spells = e->spells, busy = spells;
    size_t *first = arena_array(&e->story, e->about.workloads + 1, sizeof *first);

    if (first == NULL)
        return false;
    while (busy > 0 && e->spell[busy - 1].kind == SPELL_BUSY)
        busy--;
    for (uint32_t i = 0; i < e->about.workloads; i++) {
        while (busy < spells && e->spell[busy].workload < i)
            busy++;
        first[i] = busy;
    }
    for (size_t i = 0; i < spells; i++)
        if (e->spell[i].kind == EXPLAIN_RUN && e->spell[i].workload < e->about.workloads)
            cut_use(e, e->spell[i], first[e->spell[i].workload], spells,
                    from_ns > 0 ? first_ready_ns[e->spell[i].workload] : 0);
    return true;
}

/* --- GPUs kept for nothing --- */

struct edge {
    gs_ns at_ns;
    uint32_t gpu;
    int busy, linger; /* how many more use it or move bytes, or linger, from then on */
};

static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;

    if (x->gpu != y->gpu)
        return x->gpu < y->gpu ? -1 : 1;
    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static bool occupies(const struct spell *s)
{
    return s->kind == SPELL_USED || s->kind == EXPLAIN_SWITCH || s->kind == SPELL_IN || s->kind == SPELL_OUT;
}

bool explain_use(struct explain *e, const gs_ns *first_ready_ns, gs_ns from_ns)
{
    size_t edges = 0;
    int busy = 0, linger = 0;

    if (!cut_all_use(e, first_ready_ns, from_ns))
        return false;
    size_t spells = e->spells;
    struct edge *edge = arena_array(&e->story, 2 * spells, sizeof *edge);
    if (edge == NULL)
        return false;
    for (size_t i = 0; i < spells; i++) {
        const struct spell *s = &e->spell[i];
        int is_busy = occupies(s), lingers = s->kind == SPELL_LINGER;
        if (s->gpu == GS_NONE || (!is_busy && !lingers))
            continue;
        edge[edges++] = (struct edge){s->from_ns, s->gpu, is_busy, lingers};
        edge[edges++] = (struct edge){s->to_ns, s->gpu, -is_busy, -lingers};
    }
    qsort(edge, edges, sizeof *edge, by_time);
    e->kept = e->spells;
    for (size_t i = 0; i + 1 < edges; i++) {
        busy += edge[i].busy;
        linger += edge[i].linger;
        if (busy == 0 && linger > 0 && edge[i + 1].gpu == edge[i].gpu)
            spell_add(e, (struct spell){.from_ns = edge[i].at_ns,
                                        .to_ns = edge[i + 1].at_ns,
                                        .workload = GS_NONE,
                                        .gpu = edge[i].gpu,
                                        .kind = SPELL_KEPT});
    }
    return true;
}

bool explain_kept(const struct explain *e, uint32_t gpu, gs_ns from_ns, gs_ns to_ns, gs_ns *kept_from_ns,
                  gs_ns *kept_to_ns)
{
    size_t low = e->kept, high = e->spells;

    while (low < high) { /* the first that ends later */
        size_t middle = low + (high - low) / 2;
        const struct spell *s = &e->spell[middle];
        if (s->gpu < gpu || (s->gpu == gpu && s->to_ns <= from_ns))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == e->spells || e->spell[low].gpu != gpu || e->spell[low].from_ns >= to_ns)
        return false;
    *kept_from_ns = e->spell[low].from_ns > from_ns ? e->spell[low].from_ns : from_ns;
    while (low + 1 < e->spells && e->spell[low + 1].gpu == gpu && e->spell[low + 1].from_ns == e->spell[low].to_ns)
        low++;
    *kept_to_ns = e->spell[low].to_ns < to_ns ? e->spell[low].to_ns : to_ns;
    return true;
}
