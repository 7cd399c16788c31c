/* nodes.c - a Node: its GPUs, by the labels of gpu-feature-discovery and by what the device plug-in offers. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include <string.h>

/* Labels and parts of a Node that bear on nothing here. */
static const char *const dull_labels[] = {"nvidia.com/cuda.",
                                          "nvidia.com/gfd.",
                                          "nvidia.com/gpu.compute.",
                                          "nvidia.com/gpu.family",
                                          "nvidia.com/gpu.machine",
                                          "nvidia.com/gpu.deploy.",
                                          "nvidia.com/gpu.present",
                                          "nvidia.com/gpu-driver-upgrade",
                                          "nvidia.com/mps.capable",
                                          "nvidia.com/mig.capable",
                                          "nvidia.com/mig.config",
                                          "nvidia.com/vgpu.present",
                                          "feature.node.kubernetes.io/",
                                          "node-role.kubernetes.io/"};

static bool is_dull(const char *key)
{
    for (size_t i = 0; i < sizeof dull_labels / sizeof *dull_labels; i++)
        if (strncmp(key, dull_labels[i], strlen(dull_labels[i])) == 0)
            return true;
    return !is_about_gpus(key);
}

static void pass_dull(struct tree *map)
{
    for (struct tree *t = map && map->kind == TREE_MAP ? map->child : NULL; t; t = t->next)
        if (is_dull(t->key))
            tree_pass(t);
}

/* A whole number under `key`; UNSAID if there is none. */
static int64_t number(struct cluster *c, struct tree *map, const char *key, int64_t most, const struct origin *object)
{
    struct tree *found = tree_find(map, key);
    char why[UNITS_WHY];
    int64_t value = UNSAID;
    if (!found)
        return UNSAID;
    struct origin at = {object->file, found->line};
    if (found->kind != TREE_SCALAR || units_integer(found->text, &value, why) || value < 0 || value > most) {
        object_error(c, &at, "'%.60s' must be a whole number from 0 to %lld, but is %.40s", key, (long long)most,
                     found->text ? found->text : tree_kind_name(found));
        return UNSAID;
    }
    return value;
}

static const char *label_text(struct tree *labels, const char *key)
{
    struct tree *found = tree_find(labels, key);
    return found ? found->text : NULL;
}

static void keep_labels(struct cluster *c, struct gpu_node *node, struct tree *labels)
{
    if (!labels || labels->kind != TREE_MAP)
        return;
    node->label = arena_array(c->arena, labels->children, sizeof *node->label);
    for (struct tree *t = labels->child; t && node->label; t = t->next) {
        const char *key = t->text ? tame(c, t->key, 200) : NULL, *value = t->text ? tame(c, t->text, 200) : NULL;
        if (key && value)
            node->label[node->labels++] = (struct label){key, value};
    }
    if (!node->label)
        cluster_no_memory(c);
}

/* Where no label tells the memory, the name of the product may: "NVIDIA-A100-SXM4-80GB". */
static int64_t memory_by_product(const char *product)
{
    for (const char *p = product ? strstr(product, "GB") : NULL; p; p = strstr(p + 2, "GB")) {
        int64_t value = 0, digit = 1;
        const char *q = p;
        for (; q > product && q[-1] >= '0' && q[-1] <= '9' && p - q < 4; q--, digit *= 10)
            value += (q[-1] - '0') * digit;
        if (value > 0)
            return value << 30;
    }
    return UNSAID;
}

static void read_gpus(struct cluster *c, struct gpu_node *node, struct tree *labels, struct tree *status)
{
    const struct origin *at = &node->origin;
    struct tree *capacity = tree_find(status, "capacity"), *allocatable = tree_find(status, "allocatable");
    int64_t offered = number(c, capacity, "nvidia.com/gpu", GPUS_MAX, at);
    int64_t allocatable_gpus = number(c, allocatable, "nvidia.com/gpu", GPUS_MAX, at);
    int64_t count = number(c, labels, "nvidia.com/gpu.count", GPUS_MAX, at);
    int64_t mib = number(c, labels, "nvidia.com/gpu.memory", INT64_C(1) << 30, at);
    int64_t replicas = number(c, labels, "nvidia.com/gpu.replicas", 1024, at);
    offered = offered != UNSAID ? offered : allocatable_gpus;
    node->gpus = count != UNSAID ? count : offered != UNSAID ? offered : 0;
    node->host_memory = read_bytes(c, capacity, "memory", at);
    if (replicas > 1)
        note_add(c, NOTE_WARNING, at,
                 "node '%s' offers each GPU %lld times (time slicing of the device plug-in): "
                 "nothing keeps its pods' memory apart",
                 node->name, (long long)replicas);
    else if (count != UNSAID && offered != UNSAID && offered != count)
        note_add(c, NOTE_WARNING, at, "node '%s' has %lld GPUs by its label and offers %lld; the label is taken",
                 node->name, (long long)count, (long long)offered);
    const char *product = label_text(labels, "nvidia.com/gpu.product");
    node->product = product ? tame(c, product, 60) : NULL;
    node->gpu_memory = mib > 0 ? mib << 20 : memory_by_product(node->product);
    if (mib <= 0 && node->gpu_memory != UNSAID)
        note_add(c, NOTE_WARNING, at,
                 "memory of '%s' is taken from its name, as label nvidia.com/gpu.memory is missing", node->product);
    if (node->product && strstr(node->product, "MIG"))
        note_add(c, NOTE_WARNING, at, "node '%s' has MIG slices; each is taken as a GPU of its own", node->name);
    pass_dull(capacity);
    pass_dull(allocatable);
}

void node_read(struct cluster *c, struct tree *object, const struct origin *at)
{
    static const char *const dull[] = {"conditions",      "addresses",       "images",       "nodeInfo",
                                       "daemonEndpoints", "volumesAttached", "volumesInUse", "config",
                                       "features",        "runtimeHandlers", "phase"};
    struct tree *metadata = tree_find(object, "metadata"), *labels = tree_find(metadata, "labels");
    struct tree *status = tree_find(object, "status"), *spec = tree_find(object, "spec");
    const char *name = tree_text(metadata, "name"), *swap = label_text(labels, "run.ai/swap-enabled");
    const char *pool = label_text(labels, "runai/node-pool"), *kai_pool = label_text(labels, "kai.scheduler/node-pool");
    struct gpu_node node = {.origin = *at, .name = tame(c, name ? name : "a node without a name", 253)};
    if (c->nodes == NODES_MAX) {
        object_error(c, at, "more than %d nodes", NODES_MAX);
        return;
    }
    read_gpus(c, &node, labels, status);
    pool = pool ? pool : kai_pool;
    node.pool = pool ? tame(c, pool, 60) : NULL;
    node.labelled = swap && strcmp(swap, "true") == 0;
    if (swap && !node.labelled && strcmp(swap, "false") != 0)
        note_add(c, NOTE_WARNING, at, "label run.ai/swap-enabled of node '%s' is neither 'true' nor 'false'",
                 node.name);
    if (node.gpus > 0)
        keep_labels(c, &node, labels);
    if (read_flag(c, spec, "unschedulable", at) == 1)
        note_add(c, NOTE_WARNING, at, "node '%s' is cordoned; it is taken all the same", node.name);
    pass_dull(labels);
    struct tree *annotations = tree_find(metadata, "annotations");
    pass_dull(annotations);
    for (struct tree *t = metadata && metadata->kind == TREE_MAP ? metadata->child : NULL; t; t = t->next)
        if (t != labels && t != annotations)
            tree_pass(t);
    tree_pass(spec);
    for (size_t i = 0; i < sizeof dull / sizeof *dull; i++)
        tree_pass(tree_find(status, dull[i]));
    if (node.gpus == 0) {
        note_add(c, NOTE_LEFT_OUT, at, "nodes without a GPU");
        return;
    }
    void *grown = arena_grow(c->arena, c->node, &c->node_capacity, c->nodes + 1, sizeof *c->node);
    if (!grown) {
        cluster_no_memory(c);
        return;
    }
    c->node = grown;
    c->node[c->nodes++] = node;
}
