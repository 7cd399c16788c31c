/* pools.c - where a workload may be placed: 'nodes', a list of names of node groups. */
#include "sim/scenario/pools.h"
#include <string.h>

static const char blanks[] = " \t";

static const char *node_at(size_t i, const void *context)
{
    const struct scenario *s = context;
    return s->node[i].name;
}

static size_t node_find(const struct scenario *s, const char *name)
{
    size_t i = 0;
    while (i < s->nodes && strcmp(s->node[i].name, name) != 0)
        i++;
    return i;
}

/* The pool of the trace's group `of` (NULL: of all others), begun if it is not there. */
static struct pool *pool_begin(struct build *b, struct workload_group *group, const char *of)
{
    struct pool *pool = group->pool;
    for (size_t i = 0; i < group->pools; i++)
        if ((of == NULL) == (pool[i].of == NULL) && (of == NULL || strcmp(of, pool[i].of) == 0))
            return &pool[i];
    bool *node = arena_array(b->arena, b->scenario->nodes, sizeof *node);
    if (node == NULL)
        return NULL;
    pool[group->pools] = (struct pool){of, node};
    return &pool[group->pools++];
}

/* "NODE", or of a trace also "GROUP:NODE"; `item` is ours. */
static int item_read(struct build *b, struct workload_group *group, const struct spot *spot, char *item)
{
    char hint[HINT_TEXT], shown[SHOWN_TEXT];
    char *colon = strchr(item, ':'), *name = colon ? colon + 1 : item;
    if (colon)
        *colon = '\0';
    if (colon && group->trace < 0) {
        ini_error(b->err, spot, GS_BAD_INPUT,
                  "'nodes': '%s:' names a group of a trace's workloads, which only [trace.NAME] has",
                  build_shown(shown, item));
        return b->err->code;
    }
    size_t at = node_find(b->scenario, name);
    if (at == b->scenario->nodes) {
        ini_error(b->err, spot, GS_BAD_INPUT, "'nodes': there is no [node.%s]%s", build_shown(shown, name),
                  build_hint(hint, name, b->scenario->nodes, node_at, b->scenario));
        return b->err->code;
    }
    struct pool *pool = pool_begin(b, group, colon ? item : NULL);
    if (pool == NULL)
        return ini_no_memory(b->ini);
    pool->node[at] = true;
    return GS_OK;
}

static int group_read(struct build *b, struct workload_group *group, const struct ini_section *from)
{
    const struct spot *spot = build_spot(from, "nodes");
    size_t items = 0;
    char *text = arena_strdup(b->arena, group->nodes), *rest = text;
    for (const char *p = text; p != NULL && *p != '\0'; p += strspn(p, blanks)) {
        p += strcspn(p, blanks);
        items++;
    }
    group->pool = arena_array(b->arena, items, sizeof *group->pool);
    if (text == NULL || group->pool == NULL)
        return ini_no_memory(b->ini);
    for (char *item = strtok_r(text, blanks, &rest); item != NULL; item = strtok_r(NULL, blanks, &rest))
        if (item_read(b, group, spot, item) == GS_SYSTEM)
            return GS_SYSTEM;
    if (items == 0)
        ini_error(b->err, spot, GS_BAD_INPUT, "'nodes' names no [node.NAME]; leave it out to allow all");
    return b->err->code;
}

int build_pools(struct build *b)
{
    for (size_t i = 0; i < b->scenario->workloads && !b->ini->stop; i++)
        if (b->scenario->workload[i].nodes != NULL && build_given(b->workload_from[i], "nodes"))
            group_read(b, &b->scenario->workload[i], b->workload_from[i]);
    return b->err->code;
}

const bool *scenario_pool(const struct workload_group *group, const char *of)
{
    const bool *rest = NULL;
    for (size_t i = 0; i < group->pools; i++) {
        if (of != NULL && group->pool[i].of != NULL && strcmp(group->pool[i].of, of) == 0)
            return group->pool[i].node;
        if (group->pool[i].of == NULL)
            rest = group->pool[i].node;
    }
    return rest;
}

bool scenario_may_use(const struct workload_group *group, size_t node)
{
    bool any_rest = group->pools == 0 || (group->trace >= 0 && scenario_pool(group, NULL) == NULL);
    for (size_t i = 0; i < group->pools && !any_rest; i++)
        any_rest = group->pool[i].node[node];
    return any_rest;
}
