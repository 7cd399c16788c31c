/* pods.c - a Pod that asks for GPUs: who it is, where it runs, whether it may be swapped. */
#include "sim/cluster/parts.h"
#include "policies/policy.h"
#include <string.h>
#include <strings.h>

static const char *text_at(struct tree *map, const char *key)
{
    struct tree *found = tree_find(map, key);
    return found ? found->text : NULL;
}

/* --- who it is ------------------------------------------------------------------------------------------------- */

enum where { PRIORITY_CLASS, LABEL, LABEL_THERE, OWNER };

/* What tells the class of a pod; the first that fits.  `part`: of the value, in any case. */
static const struct {
    enum where where;
    const char *key, *part;
    int class;
} tells[] = {
    {PRIORITY_CLASS, "", "build", GS_NOTEBOOK},
    {PRIORITY_CLASS, "", "interactive", GS_NOTEBOOK},
    {PRIORITY_CLASS, "", "train", GS_TRAINING},
    {PRIORITY_CLASS, "", "inference", GS_INFERENCE},
    {LABEL, "run.ai/workload-kind", "interactive", GS_NOTEBOOK},
    {LABEL, "run.ai/workload-kind", "workspace", GS_NOTEBOOK},
    {LABEL, "run.ai/workload-kind", "train", GS_TRAINING},
    {LABEL, "run.ai/workload-kind", "inference", GS_INFERENCE},
    {LABEL, "workloadKind", "interactive", GS_NOTEBOOK},
    {LABEL, "workloadKind", "workspace", GS_NOTEBOOK},
    {LABEL, "workloadKind", "train", GS_TRAINING},
    {LABEL, "workloadKind", "inference", GS_INFERENCE},
    {LABEL_THERE, "notebook-name", "", GS_NOTEBOOK},
    {LABEL, "component", "singleuser-server", GS_NOTEBOOK},
    {LABEL_THERE, "serving.kserve.io/inferenceservice", "", GS_INFERENCE},
    {LABEL_THERE, "serving.knative.dev/service", "", GS_INFERENCE},
    {LABEL_THERE, "training.kubeflow.org/job-name", "", GS_TRAINING},
    {LABEL_THERE, "batch.kubernetes.io/job-name", "", GS_TRAINING},
    {LABEL_THERE, "job-name", "", GS_TRAINING},
    {OWNER, "", "notebook", GS_NOTEBOOK},
    {OWNER, "", "interactive", GS_NOTEBOOK},
    {OWNER, "", "inference", GS_INFERENCE},
    {OWNER, "", "job", GS_TRAINING},
    {OWNER, "", "workflow", GS_TRAINING},
};

static int class_of(struct cluster *c, struct tree *metadata, struct tree *spec, const struct origin *at)
{
    static const char *const name[CLASSES] = {
        [GS_NOTEBOOK] = "notebook", [GS_TRAINING] = "training", [GS_INFERENCE] = "inference"};
    struct tree *labels = tree_find(metadata, "labels"), *owners = tree_find(metadata, "ownerReferences");
    const char *priority = text_at(spec, "priorityClassName"), *owner = NULL;
    if (owners && owners->kind == TREE_LIST)
        owner = text_at(owners->child, "kind");
    tree_pass(owners);
    for (size_t i = 0; i < sizeof tells / sizeof *tells; i++) {
        const char *value = tells[i].where == PRIORITY_CLASS ? priority
                            : tells[i].where == OWNER        ? owner
                                                             : text_at(labels, tells[i].key);
        if (value && strcasestr(value, tells[i].part))
            return tells[i].class;
    }
    note_add(c, NOTE_WARNING, at, "pods whose class neither priority class, labels nor owner tell");
    for (int i = 0; i < CLASSES; i++)
        if (assume_is(c, "class", name[i]))
            return i;
    object_error(c, NULL, "--assume class: it must be notebook, training or inference");
    return GS_NOTEBOOK;
}

/* Between training and notebook: preemptible, but somebody sits before it. */
static int64_t priority_of(const char *class_name)
{
    return class_name && strcmp(class_name, "interactive-preemptible") == 0 ? 96 : UNSAID;
}

/* --- may it be swapped? ----------------------------------------------------------------------------------------- */

static const char swap_label[] = "run.ai/swap-enabled";

static bool has_true(const struct tree *values)
{
    for (const struct tree *t = values ? values->child : NULL; t; t = t->next)
        if (t->text && strcmp(t->text, "true") == 0)
            return true;
    return false;
}

/* One term of an affinity: does it keep the pod off nodes that swap? */
static bool expression_avoids(struct tree *expression)
{
    const char *key = text_at(expression, "key"), *how = text_at(expression, "operator");
    struct tree *values = tree_find(expression, "values");
    if (!key || !how || strcmp(key, swap_label) != 0)
        return false;
    return strcmp(how, "DoesNotExist") == 0 || (strcmp(how, "NotIn") == 0 && has_true(values)) ||
           (strcmp(how, "In") == 0 && !has_true(values));
}

static bool list_avoids(struct tree *expressions)
{
    for (struct tree *t = expressions && expressions->kind == TREE_LIST ? expressions->child : NULL; t; t = t->next)
        if (expression_avoids(t))
            return true;
    return false;
}

static bool node_affinity_avoids(struct tree *affinity)
{
    struct tree *terms =
        tree_path(affinity, "nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    bool all = terms && terms->kind == TREE_LIST && terms->child; /* of several terms one is enough to come in */
    for (struct tree *t = all ? terms->child : NULL; t; t = t->next)
        all = list_avoids(tree_find(t, "matchExpressions")) && all;
    return all;
}

/* Pods that keep away from all that stand in the domain "this label" keep away from its nodes. */
static bool pod_affinity_avoids(struct tree *affinity)
{
    struct tree *terms = tree_path(affinity, "podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    for (struct tree *t = terms && terms->kind == TREE_LIST ? terms->child : NULL; t; t = t->next) {
        const char *key = text_at(t, "topologyKey");
        struct tree *selector = tree_find(t, "labelSelector");
        if ((key && strcmp(key, swap_label) == 0) || text_at(tree_find(selector, "matchLabels"), swap_label) ||
            list_avoids(tree_find(selector, "matchExpressions")))
            return true;
    }
    return false;
}

static bool avoids_swap(struct tree *spec)
{
    struct tree *affinity = tree_find(spec, "affinity");
    const char *selected = text_at(tree_find(spec, "nodeSelector"), swap_label);
    bool avoids =
        (selected && strcmp(selected, "true") != 0) || node_affinity_avoids(affinity) || pod_affinity_avoids(affinity);
    return avoids;
}

/* --- the object --------------------------------------------------------------------------------------------------- */

/* Labels and annotations of schedulers that bear on nothing here. */
static const char *const dull[] = {"runai/", "run.ai/", "runai-", "kai.scheduler/", "hami.io/vgpu-", "user", "project"};

static void pass_names(struct tree *map)
{
    for (struct tree *t = map && map->kind == TREE_MAP ? map->child : NULL; t; t = t->next) {
        bool known = !is_about_gpus(t->key);
        for (size_t i = 0; i < sizeof dull / sizeof *dull; i++)
            known = known || strncmp(t->key, dull[i], strlen(dull[i])) == 0;
        if (known)
            tree_pass(t);
    }
}

/* A variable whose value nobody looked at, though its name has to do with GPUs. */
static void pass_variable(struct cluster *c, struct tree *variable)
{
    const char *name = text_at(variable, "name");
    bool was_read = !name || !is_about_gpus(name) || strcmp(name, "RUNAI_VERBOSE") == 0;
    for (struct tree *t = variable->kind == TREE_MAP ? variable->child : NULL; t; t = t->next)
        was_read = was_read || (t->read && strcmp(t->key, "value") == 0);
    if (!was_read) {
        struct origin at = {c->file[c->files - 1], variable->line};
        note_add(c, NOTE_PASSED_OVER, &at, "Pod: environment variable %.60s", name);
    }
    tree_pass(variable);
}

/* Of containers only resources and environment can have to do with GPUs. */
static void pass_containers(struct cluster *c, struct tree *list)
{
    for (struct tree *t = list && list->kind == TREE_LIST ? list->child : NULL; t; t = t->next) {
        t->read = true;
        for (struct tree *part = t->kind == TREE_MAP ? t->child : NULL; part; part = part->next)
            if (strcmp(part->key, "env") != 0 && strcmp(part->key, "resources") != 0)
                tree_pass(part);
        struct tree *env = tree_find(t, "env"), *resources = tree_find(t, "resources");
        for (struct tree *e = env && env->kind == TREE_LIST ? env->child : NULL; e; e = e->next)
            pass_variable(c, e);
        pass_names(tree_find(resources, "limits"));
        tree_pass(tree_find(resources, "requests")); /* of whole resources the same as the limits */
        tree_pass(tree_find(resources, "claims"));
    }
}

static void pass_dull(struct cluster *c, struct tree *metadata, struct tree *spec)
{
    struct tree *labels = tree_find(metadata, "labels"), *annotations = tree_find(metadata, "annotations");
    static const char *const telling[] = {"containers", "initContainers", "affinity", "nodeSelector"};
    pass_names(labels);
    pass_names(annotations);
    for (struct tree *t = metadata && metadata->kind == TREE_MAP ? metadata->child : NULL; t; t = t->next)
        if (t != labels && t != annotations)
            tree_pass(t);
    for (struct tree *t = spec && spec->kind == TREE_MAP ? spec->child : NULL; t; t = t->next) {
        bool tells_something = false;
        for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
            tells_something = tells_something || strcmp(t->key, telling[i]) == 0;
        if (!tells_something)
            tree_pass(t);
    }
    pass_containers(c, tree_find(spec, "containers"));
    pass_containers(c, tree_find(spec, "initContainers"));
    struct tree *selector = tree_find(spec, "nodeSelector"), *affinity = tree_find(spec, "affinity");
    pass_names(selector);
    if (selector)
        selector->read = true;
    tree_pass(affinity);
}

static const char *pool_named(struct cluster *c, struct tree *metadata)
{
    static const char *const key[] = {"runai/node-pool", "kai.scheduler/node-pool"};
    struct tree *map[] = {tree_find(metadata, "labels"), tree_find(metadata, "annotations")};
    for (size_t i = 0; i < 4; i++) {
        const char *value = text_at(map[i / 2], key[i % 2]);
        if (value)
            return tame(c, value, 60);
    }
    return NULL;
}

static bool is_over(struct tree *object)
{
    const char *phase = tree_text(object, "status/phase");
    return phase && (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
}

static void pod_keep(struct cluster *c, const struct gpu_pod *pod)
{
    void *grown = arena_grow(c->arena, c->pod, &c->pod_capacity, c->pods + 1, sizeof *c->pod);
    if (!grown) {
        cluster_no_memory(c);
        return;
    }
    c->pod = grown;
    c->pod[c->pods++] = *pod;
}

void pod_read(struct cluster *c, struct tree *object, const struct origin *at)
{
    struct tree *metadata = tree_find(object, "metadata"), *spec = tree_find(object, "spec");
    const char *name = tree_text(metadata, "name"), *node = text_at(spec, "nodeName");
    struct gpu_pod pod = {.origin = *at, .host = SIZE_MAX};
    pod.name = tame(c, name ? name : "a pod without a name", 253);
    if (c->pods == PODS_MAX) {
        object_error(c, at, "more than %d pods with GPUs", PODS_MAX);
        return;
    }
    bool asks = pod.name && pod_request(c, &pod, object), over = is_over(object);
    pod.swappable = !avoids_swap(spec);
    if (asks && !over) {
        pod.class = class_of(c, metadata, spec, at);
        pod.priority = priority_of(text_at(spec, "priorityClassName"));
        pod.node = node ? tame(c, node, 253) : NULL;
        pod.pool = pool_named(c, metadata);
        pod_select(c, &pod, tree_find(spec, "nodeSelector"));
        if (pod.swappable && tree_path(spec, "affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"))
            note_add(c, NOTE_NOT_SIMULATED, at, "node affinity of pods, but for what keeps them off nodes that swap");
        pod_keep(c, &pod);
    } else {
        note_add(c, NOTE_LEFT_OUT, at, over ? "pods that have ended" : "pods without a GPU");
    }
    pass_dull(c, metadata, spec);
}
