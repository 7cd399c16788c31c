/* hosts.c - which node each pod runs on, and how many of its GPUs belong to one pod each. */
#include "sim/cluster/parts.h"
#include <stdlib.h>
#include <string.h>

/* Steps of the search for nodes with whole GPUs left; a cluster that needs more is none. */
static const size_t steps_max = 20000000;

static int by_name(const void *a, const void *b)
{
    const struct gpu_node *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void whole_take(struct cluster *c, struct gpu_pod *pod, struct gpu_node *node)
{
    int64_t left = node->gpus - node->whole;
    if (pod->devices > left)
        note_add(c, NOTE_WARNING, &pod->origin, "pods of whole GPUs on node '%s' ask for more GPUs than it has",
                 node->name);
    node->whole += pod->devices < left ? pod->devices : left;
}

/* One that waits for a node gets the first with GPUs enough. */
static void whole_find(struct cluster *c, struct gpu_pod *pod, size_t *steps)
{
    for (size_t i = 0; i < c->nodes && *steps < steps_max; i++, ++*steps)
        if (c->node[i].gpus - c->node[i].whole >= pod->devices) {
            c->node[i].whole += pod->devices;
            return;
        }
    if (c->nodes > 0)
        note_add(c, NOTE_WARNING, &pod->origin,
                 "pods of whole GPUs for which no node has GPUs left; the scenario gives them GPUs all the same");
}

void find_hosts(struct cluster *c)
{
    const struct gpu_node **sorted = arena_array(c->arena, c->nodes, sizeof *sorted);
    size_t steps = 0;
    if (!sorted) {
        cluster_no_memory(c);
        return;
    }
    for (size_t i = 0; i < c->nodes; i++)
        sorted[i] = &c->node[i];
    if (c->nodes > 0)
        qsort(sorted, c->nodes, sizeof *sorted, by_name);
    for (size_t i = 1; i < c->nodes; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            object_error(c, &sorted[i]->origin, "a second node '%s'; was one file given twice?", sorted[i]->name);
    for (size_t i = 0; i < c->pods && c->nodes > 0; i++) {
        struct gpu_pod *pod = &c->pod[i];
        const struct gpu_node key = {.name = pod->node}, *sought = &key, **found = NULL;
        if (pod->node)
            found = bsearch(&sought, sorted, c->nodes, sizeof *sorted, by_name);
        pod->host = found ? (size_t)(*found - c->node) : SIZE_MAX;
        if (pod->node && !found)
            note_add(c, NOTE_WARNING, &pod->origin, "pods on nodes that were not given");
        if (found && pod->want == WANT_WHOLE)
            whole_take(c, pod, &c->node[pod->host]);
    }
    for (size_t i = 0; i < c->pods; i++)
        if (c->pod[i].want == WANT_WHOLE && c->pod[i].host == SIZE_MAX)
            whole_find(c, &c->pod[i], &steps);
}
