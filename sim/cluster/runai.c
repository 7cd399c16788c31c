/* runai.c - what holds for the whole cluster (runaiconfig) and for a node pool. */
#include "sim/cluster/parts.h"
#include "sim/cluster/quantity.h"
#include <string.h>
#include <strings.h>

const char *const slicing_name[] = {"timesharing", "strict", "fair", NULL};

static struct origin origin_of(const struct tree *tree, const struct origin *object)
{
    return (struct origin){object->file, tree->line};
}

int read_flag(struct cluster *c, struct tree *map, const char *path, const struct origin *object)
{
    struct tree *found = tree_path(map, path);
    if (!found)
        return UNSAID;
    if (found->kind == TREE_SCALAR && strcasecmp(found->text, "true") == 0)
        return 1;
    if (found->kind == TREE_SCALAR && strcasecmp(found->text, "false") == 0)
        return 0;
    struct origin at = origin_of(found, object);
    object_error(c, &at, "'%s' must be true or false, but is %s%.40s", path, found->text ? "" : tree_kind_name(found),
                 found->text ? found->text : "");
    return UNSAID;
}

int64_t read_bytes(struct cluster *c, struct tree *map, const char *path, const struct origin *object)
{
    struct tree *found = tree_path(map, path);
    char why[QUANTITY_WHY];
    int64_t bytes = UNSAID;
    if (!found)
        return UNSAID;
    struct origin at = origin_of(found, object);
    if (found->kind != TREE_SCALAR)
        object_error(c, &at, "'%s' must be a quantity such as '100Gi', but is %s", path, tree_kind_name(found));
    else if (quantity_read(found->text, &bytes, why))
        object_error(c, &at, "'%s': %s", path, why);
    else
        return bytes;
    return UNSAID;
}

static int read_slicing(struct cluster *c, struct tree *core, const struct origin *object)
{
    struct tree *found = tree_path(core, "timeSlicing/mode");
    if (!found)
        return UNSAID;
    for (int i = 0; slicing_name[i]; i++)
        if (found->kind == TREE_SCALAR && strcmp(found->text, slicing_name[i]) == 0)
            return i;
    struct origin at = origin_of(found, object);
    object_error(c, &at, "'timeSlicing.mode' must be timesharing, strict or fair, but is %.40s",
                 found->text ? found->text : tree_kind_name(found));
    return UNSAID;
}

static void read_mode(struct cluster *c, struct tree *core, const struct origin *object)
{
    struct tree *mode = tree_path(core, "swap/mode");
    if (!mode)
        return;
    struct origin at = origin_of(mode, object);
    if (mode->kind == TREE_SCALAR && strcmp(mode->text, "mapped") == 0)
        note_add(
            c, NOTE_NOT_SIMULATED, &at,
            "swap.mode = mapped: memory that is mapped and fetched ahead; workloads are swapped as a whole here, so "
            "waits will be overstated");
    else
        note_add(c, NOTE_WARNING, &at, "swap.mode is not known, only 'mapped' is; it is passed over");
}

void runai_read(struct cluster *c, struct tree *object, const struct origin *at)
{
    struct settings *s = &c->runai;
    const char *version = tree_text(object, "apiVersion");
    if (version && strcmp(version, "run.ai/v1") != 0)
        note_add(c, NOTE_WARNING, at,
                 "runaiconfig of version '%.40s' is read as if it were 'run.ai/v1'; check the keys", version);
    if (c->has_runai) {
        object_error(c, at, "a second runaiconfig; the first stands in %s:%d", s->origin.file, s->origin.line);
        return;
    }
    c->has_runai = true;
    tree_path(object, "spec/global");
    struct tree *core = tree_path(object, "spec/global/core");
    s->origin = *at;
    s->swap = read_flag(c, core, "swap/enabled", at);
    s->cpu_ram = read_bytes(c, core, "swap/limits/cpuRam", at);
    s->reserved = read_bytes(c, core, "swap/limits/reservedGpuRam", at);
    s->duplex = read_flag(c, core, "swap/biDirectional/enabled", at);
    s->dynamic = read_flag(c, core, "dynamicFractions/enabled", at);
    if (s->dynamic == UNSAID) /* its name in 2.15 */
        s->dynamic = read_flag(c, core, "dynamicFraction/enabled", at);
    s->scheduler = read_flag(c, core, "nodeScheduler/enabled", at);
    s->slicing = read_slicing(c, core, at);
    read_mode(c, core, at);
}

void pool_read(struct cluster *c, struct tree *object, const struct origin *at)
{
    const char *name = tree_text(object, "metadata/name");
    struct tree *spec = tree_find(object, "spec");
    spec = spec && spec->kind == TREE_MAP ? spec : object; /* the API's form has no spec */
    struct tree *optimization = tree_find(spec, "gpuResourceOptimization");
    name = name ? name : tree_text(object, "name");
    void *grown = arena_grow(c->arena, c->pool, &c->pool_capacity, c->pools + 1, sizeof *c->pool);
    if (!grown) {
        cluster_no_memory(c);
        return;
    }
    c->pool = grown;
    if (c->pools == KINDS_MAX) {
        object_error(c, at, "more than %d node pools", KINDS_MAX);
        return;
    }
    const char *key = tree_text(spec, "labelKey"), *value = tree_text(spec, "labelValue");
    c->pool[c->pools++] = (struct settings){
        .origin = *at,
        .name = tame(c, name ? name : "default", 60),
        .label_key = key ? tame(c, key, 200) : NULL,
        .label_value = value ? tame(c, value, 200) : NULL,
        .swap = read_flag(c, optimization, "swapEnabled", at),
        .cpu_ram = read_bytes(c, optimization, "cpuSwapMemorySize", at),
        .reserved = read_bytes(c, optimization, "reservedGpuMemoryForSwapOperations", at),
        .scheduler = read_flag(c, optimization, "nodeLevelSchedulerEnabled", at),
        .duplex = UNSAID,
        .dynamic = UNSAID,
        .slicing = UNSAID,
    };
}

const struct settings *pool_of(const struct cluster *c, const struct gpu_node *node)
{
    for (size_t i = 0; i < c->pools; i++) {
        const struct settings *pool = &c->pool[i];
        if (node->pool && strcmp(pool->name, node->pool) == 0)
            return pool;
        for (size_t k = 0; k < node->labels && pool->label_key && pool->label_value; k++)
            if (strcmp(node->label[k].key, pool->label_key) == 0 &&
                strcmp(node->label[k].value, pool->label_value) == 0)
                return pool;
    }
    for (size_t i = 0; i < c->pools && !node->pool; i++)
        if (strcmp(c->pool[i].name, "default") == 0)
            return &c->pool[i];
    return NULL;
}

struct settings settings_of(const struct cluster *c, const struct gpu_node *node)
{
    struct settings s = c->runai;
    const struct settings *pool = pool_of(c, node);
    if (pool) {
        s.name = pool->name;
        s.swap = pool->swap != UNSAID ? pool->swap : s.swap;
        s.scheduler = pool->scheduler != UNSAID ? pool->scheduler : s.scheduler;
        s.cpu_ram = pool->cpu_ram != UNSAID ? pool->cpu_ram : s.cpu_ram;
        s.reserved = pool->reserved != UNSAID ? pool->reserved : s.reserved;
    }
    s.dynamic = s.dynamic != UNSAID ? s.dynamic : 1;
    s.duplex = s.duplex != UNSAID ? s.duplex : 0;
    s.scheduler = s.scheduler != UNSAID ? s.scheduler : 0;
    s.slicing = s.slicing != UNSAID ? s.slicing : 0;
    return s;
}
