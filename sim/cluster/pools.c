/* pools.c - which nodes a pod may run on: those of its node pool, those with the labels that it selects. */
#include "sim/cluster/parts.h"
#include <string.h>

static const char swap_label[] = "run.ai/swap-enabled";

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *label_of(const struct gpu_node *node, const char *key)
{
    for (size_t i = 0; i < node->labels; i++)
        if (strcmp(node->label[i].key, key) == 0)
            return node->label[i].value;
    return NULL;
}

void pod_select(struct cluster *c, struct gpu_pod *pod, struct tree *selector)
{
    if (!selector || selector->kind != TREE_MAP)
        return;
    pod->select = arena_array(c->arena, selector->children, sizeof *pod->select);
    for (struct tree *t = selector->child; t && pod->select; t = t->next) {
        const char *key = tame(c, t->key, 200), *value = t->text ? tame(c, t->text, 200) : NULL;
        bool keeps_off = key && value && strcmp(key, swap_label) == 0 && strcmp(value, "true") != 0;
        if (key && value && !keeps_off) /* that is 'swappable = no' */
            pod->select[pod->selects++] = (struct label){key, value};
        t->read = true;
    }
    if (!pod->select)
        cluster_no_memory(c);
}

static bool is_selected(const struct cluster *c, const char *key)
{
    for (size_t i = 0; i < c->selected_keys; i++)
        if (strcmp(c->selected[i], key) == 0)
            return true;
    return false;
}

void gather_selected(struct cluster *c)
{
    for (size_t i = 0; i < c->pods; i++)
        for (size_t k = 0; k < c->pod[i].selects; k++) {
            const char *key = c->pod[i].select[k].key;
            if (is_selected(c, key))
                continue;
            if (c->selected_keys == SELECTED_MAX) {
                object_error(c, &c->pod[i].origin, "pods select by more than %d labels of nodes", SELECTED_MAX);
                return;
            }
            c->selected[c->selected_keys++] = key;
        }
}

bool selected_alike(const struct cluster *c, const struct gpu_node *a, const struct gpu_node *b)
{
    for (size_t i = 0; i < c->selected_keys; i++)
        if (!same(label_of(a, c->selected[i]), label_of(b, c->selected[i])))
            return false;
    return true;
}

static bool is_of_pool(const struct node_kind *kind, const char *pool)
{
    return same(kind->example->pool, pool) || same(kind->settings.name, pool);
}

bool pod_may_use(const struct cluster *c, const struct gpu_pod *pod, const struct node_kind *kind)
{
    bool known = false;
    for (size_t i = 0; pod->pool && i < c->node_kinds; i++)
        known = known || is_of_pool(&c->node_kind[i], pod->pool);
    if (known && !is_of_pool(kind, pod->pool))
        return false;
    for (size_t i = 0; i < pod->selects && c->nodes > 0; i++) {
        const struct label *label = &pod->select[i];
        bool is_swap = strcmp(label->key, swap_label) == 0; /* a pool sets it by itself */
        if (is_swap ? !kind->swap : !same(label_of(kind->example, label->key), label->value))
            return false;
    }
    return true;
}

bool may_use_same(const struct cluster *c, const struct gpu_pod *a, const struct gpu_pod *b)
{
    for (size_t i = 0; i < c->node_kinds; i++)
        if (pod_may_use(c, a, &c->node_kind[i]) != pod_may_use(c, b, &c->node_kind[i]))
            return false;
    return true;
}

void write_nodes(const struct cluster *c, const struct gpu_pod *pod, FILE *out)
{
    size_t may = 0, all = 0;
    for (size_t i = 0; i < c->node_kinds; i++) {
        all += c->node_kind[i].gpus > 0;
        may += c->node_kind[i].gpus > 0 && pod_may_use(c, pod, &c->node_kind[i]);
    }
    if (may == all)
        return;
    fprintf(out, "nodes =");
    for (size_t i = 0; i < c->node_kinds; i++)
        if (c->node_kind[i].gpus > 0 && pod_may_use(c, pod, &c->node_kind[i]))
            fprintf(out, " %s", c->node_kind[i].name);
    fprintf(out, "\n");
}
