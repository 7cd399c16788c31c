/* advice_pools.c - who shares which GPUs, who should not be swapped, and some nodes without swap for these. */
#include "sim/cli/advice_pools.h"
#include "sim/results/json.h"

#include <math.h>
#include <string.h>

static const double much_swapping = 0.5; /* share of a response: a group that swaps more is better off without */

/* GPUs of nodes that the group may be placed on and that swap, or of all of these. */
static double gpus_of(const struct scenario *s, const struct workload_group *w, bool that_swap)
{
    double gpus = 0;
    for (size_t i = 0; i < s->nodes; i++)
        if ((s->node[i].swap || !that_swap) && scenario_may_use(w, i))
            gpus += (double)s->node[i].count * (double)s->node[i].gpus;
    return gpus;
}

double advice_a_gpu(const struct scenario *s, const double *present, size_t node, const struct workload_group *instead,
                    int64_t count)
{
    double workloads = 0;
    for (size_t i = 0; i < s->workloads; i++) {
        const struct workload_group *w = &s->workload[i];
        bool any_swaps = gpus_of(s, w, true) > 0;
        if (scenario_may_use(w, node) && (w->swappable || !any_swaps))
            workloads += (w == instead ? (double)count : present[i]) / gpus_of(s, w, any_swaps);
    }
    return workloads;
}

size_t advice_node_for(const struct scenario *s, const struct workload_group *w)
{
    size_t best = s->nodes;
    for (size_t i = 0; i < s->nodes; i++)
        if (scenario_may_use(w, i) && (best == s->nodes || (s->node[i].swap && !s->node[best].swap)))
            best = i;
    return best;
}

const char *advice_apart(const struct scenario *s, const struct workload_group *w, const struct report_group *g)
{
    double moved = g->stall[STALL_SWAP_OUT].value + g->stall[STALL_SWAP_IN].value;
    bool swaps = false, elsewhere = false;
    for (size_t i = 0; i < s->nodes; i++) {
        swaps = swaps || (s->node[i].swap && scenario_may_use(w, i));
        elsewhere = elsewhere || (!s->node[i].swap && scenario_may_use(w, i));
    }
    if (!swaps)
        return NULL;
    if (!w->swappable)
        return elsewhere ? NULL : "it must not run on nodes that swap";
    if (w->fraction == FRACTION_REGULAR)
        return "regular fractions are never swapped: they take room on the GPU from those that are";
    if (w->class == GS_INFERENCE && g->completed.value > 0 && moved > much_swapping * g->response[STAT_MEAN].value)
        return "more than half of the time of its requests goes into swaps";
    return NULL;
}

/* GPUs on which all of the group are resident at once; INFINITY where one does not fit. */
static double gpus_needed(const struct workload_group *w, const struct node_group *node, double present)
{
    double shown = (double)node->gpu_memory - (double)node->gpu_reserved;
    double places = floor(shown / dist_highest(&w->memory));
    return places >= 1 && w->gpus_per_workload == 1 ? ceil(present / places) : (double)INFINITY;
}

bool advice_split_size(struct advice *a, const struct scenario *s, const double *present)
{
    for (size_t i = 0; i < s->nodes; i++) {
        double gpus = 0;
        bool usable = s->node[i].swap;
        for (size_t g = 0; g < a->groups; g++) {
            if (a->group[g].why == NULL)
                continue;
            gpus += gpus_needed(&s->workload[g], &s->node[i], present[g]);
            usable = usable && scenario_may_use(&s->workload[g], i);
        }
        double nodes = ceil(gpus / (double)s->node[i].gpus);
        if (!usable || !(nodes >= 1 && nodes < (double)s->node[i].count))
            continue;
        a->split = (struct advice_split){i, (int64_t)nodes, s->node[i].count, false, 0};
        return true;
    }
    return false;
}

/* Where the group may be placed: the new pool alone, or where it could be before. */
static bool keep(struct workload_group *w, size_t nodes, bool apart, struct arena *arena)
{
    size_t pools = apart || w->pools == 0 ? 1 : w->pools;
    struct pool *pool = arena_array(arena, pools, sizeof *pool);
    for (size_t k = 0; pool != NULL && k < pools; k++) {
        bool *node = arena_array(arena, nodes + 1, sizeof *node);
        if (node == NULL)
            return false;
        for (size_t i = 0; i < nodes; i++)
            node[i] = !apart && (w->pools == 0 || w->pool[k].node[i]);
        node[nodes] = apart;
        pool[k] = (struct pool){apart || w->pools == 0 ? NULL : w->pool[k].of, node};
    }
    w->pool = pool;
    w->pools = pools;
    if (apart && w->state == INITIAL_HOST)
        w->state = INITIAL_GPU;
    return pool != NULL;
}

int advice_split_scenario(struct scenario *out, const struct scenario *in, const struct advice *a, struct arena *arena,
                          struct error *err)
{
    struct node_group *node = arena_array(arena, in->nodes + 1, sizeof *node);
    struct workload_group *workload = arena_array(arena, in->workloads, sizeof *workload);
    if (node == NULL || workload == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    memcpy(node, in->node, in->nodes * sizeof *node);
    memcpy(workload, in->workload, in->workloads * sizeof *workload);
    node[in->nodes] = node[a->split.node];
    node[in->nodes].name = arena_printf(arena, "%s-plain", node[a->split.node].name);
    node[in->nodes].swap = false;
    node[in->nodes].count = a->split.nodes;
    node[a->split.node].count -= a->split.nodes;
    bool whole = node[in->nodes].name != NULL;
    for (size_t g = 0; g < in->workloads; g++)
        whole = whole && keep(&workload[g], in->nodes, a->group[g].why != NULL, arena);
    *out = *in;
    out->node = node;
    out->nodes = in->nodes + 1;
    out->workload = workload;
    return whole ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");
}

void advice_split_text(struct text *out, const struct advice *a)
{
    char before[REPORT_CELL], after[REPORT_CELL];
    const char *name = a->split.nodes > 0 ? a->scenario->node[a->split.node].name : NULL;
    bool first = true;
    if (!a->split.tried)
        return;
    text_printf(out,
                "  how: %lld of the %lld nodes of [node.%s] as [node.%s-plain] with swap = no, and nodes = %s-plain\n",
                (long long)a->split.nodes, (long long)a->split.of, name, name, name);
    text_add(out, "  tried: response p95");
    for (size_t g = 0; g < a->groups; g++) {
        if (isnan(a->group[g].before) || isnan(a->group[g].after))
            continue;
        text_printf(out, "%s of %s %s instead of %s", first ? "" : ",", a->group[g].name,
                    report_time(after, a->group[g].after), report_time(before, a->group[g].before));
        first = false;
    }
    text_add(out, a->split.refused > 0 ? "; but not everybody finds a GPU then\n" : "\n");
}

void advice_split_json(struct text *out, const struct advice *a)
{
    if (!a->split.tried) {
        text_add(out, "null");
        return;
    }
    json_text(out, "{", "node", a->scenario->node[a->split.node].name);
    json_number(out, ",", "nodes", (double)a->split.nodes);
    json_number(out, ",", "of", (double)a->split.of);
    json_number(out, ",", "refused", a->split.refused);
    text_add(out, ",\"groups\":[");
    for (size_t g = 0; g < a->groups; g++) {
        json_text(out, g > 0 ? ",{" : "{", "group", a->group[g].name);
        json_number(out, ",", "response_p95_s", a->group[g].before);
        json_number(out, ",", "response_p95_split_s", a->group[g].after);
        text_add(out, "}");
    }
    text_add(out, "]}");
}
