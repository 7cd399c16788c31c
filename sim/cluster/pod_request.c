/* pod_request.c - what of a GPU a pod asks for, in each of the dialects that schedulers understand. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include "sim/cluster/quantity.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A pod while it is read. */
struct asking {
    struct cluster *c;
    struct gpu_pod *pod;
    struct tree *annotations, *spec;
    struct tree *container; /* the one that gets the fraction */
};

static struct origin spot(const struct asking *a, const struct tree *tree)
{
    return (struct origin){a->pod->origin.file, tree->line};
}

/* A scalar under `key`, where it stands in *at; NULL if there is none or it is no scalar (an error). */
static const char *scalar(const struct asking *a, struct tree *map, const char *key, struct origin *at)
{
    struct tree *found = tree_find(map, key);
    if (!found)
        return NULL;
    *at = spot(a, found);
    if (found->kind != TREE_SCALAR)
        object_error(a->c, at, "'%.60s' of pod '%s' must be a single value, but is %s", key, a->pod->name,
                     tree_kind_name(found));
    return found->text;
}

/* A share of a GPU above 0; what is above 1 is told later, together with what else does not fit. */
static bool read_share(const struct asking *a, const char *key, const char *text, const struct origin *at,
                       double *share)
{
    char why[UNITS_WHY];
    if (units_number(text, share, why))
        object_error(a->c, at, "'%.60s' of pod '%s': %s", key, a->pod->name, why);
    else if (!(*share > 0 && *share <= 1e6))
        object_error(a->c, at, "'%.60s' of pod '%s' must be greater than 0, but is '%.40s'", key, a->pod->name, text);
    else
        return true;
    return false;
}

/* "4096": MiB, or MB if so assumed; with a suffix it is a quantity. */
static bool read_memory(const struct asking *a, const char *key, const char *text, const struct origin *at,
                        bool bare_is_mib, int64_t *bytes)
{
    char why[QUANTITY_WHY];
    bool is_bare = text[strspn(text, "0123456789")] == '\0';
    int64_t unit = 1;
    if (is_bare && bare_is_mib)
        unit = assume_is(a->c, "gpu_memory_unit", "MB") ? 1000000 : 1 << 20;
    if (quantity_read(text, bytes, why))
        object_error(a->c, at, "'%.60s' of pod '%s': %s", key, a->pod->name, why);
    else if (*bytes <= 0 || *bytes > (INT64_C(1) << 60) / unit)
        object_error(a->c, at, "'%.60s' of pod '%s' is '%.40s', which no GPU has", key, a->pod->name, text);
    else {
        *bytes *= unit;
        return true;
    }
    return false;
}

static int64_t read_count(const struct asking *a, struct tree *map, const char *key)
{
    struct origin at;
    const char *text = scalar(a, map, key, &at);
    char why[UNITS_WHY];
    int64_t count = UNSAID;
    if (!text)
        return UNSAID;
    if (units_integer(text, &count, why) || count < 0 || count > 1024) {
        object_error(a->c, &at, "'%.60s' of pod '%s' must be a whole number up to 1024, but is '%.40s'", key,
                     a->pod->name, text);
        return UNSAID;
    }
    return count;
}

/* --- Run:ai and KAI: annotations gpu-fraction and gpu-memory --------------------------------------------------- */

static struct tree *container_named(struct tree *spec, const char *name)
{
    static const char *const list[] = {"containers", "initContainers"};
    for (size_t i = 0; i < 2; i++) {
        struct tree *found = tree_find(spec, list[i]);
        for (struct tree *t = found && found->kind == TREE_LIST ? found->child : NULL; t; t = t->next) {
            const char *its = tree_text(t, "name");
            if (!name || (its && strcmp(its, name) == 0))
                return t;
        }
    }
    return NULL;
}

/* RUNAI_GPU_MEMORY_LIMIT of the container, or one of the older annotations. */
static const char *limit_text(const struct asking *a, const char *older, const char **key, struct origin *at)
{
    struct tree *env = tree_find(a->container, "env");
    for (struct tree *t = env && env->kind == TREE_LIST ? env->child : NULL; t; t = t->next) {
        const char *name = tree_text(t, "name");
        if (!name || strcmp(name, "RUNAI_GPU_MEMORY_LIMIT") != 0)
            continue;
        *key = "RUNAI_GPU_MEMORY_LIMIT";
        *at = spot(a, t);
        struct tree *value = tree_find(t, "value");
        if (!value)
            note_add(a->c, NOTE_WARNING, at,
                     "RUNAI_GPU_MEMORY_LIMIT of pod '%s' has its value from elsewhere; it is "
                     "taken as not given",
                     a->pod->name);
        return value ? value->text : NULL;
    }
    *key = older;
    return scalar(a, a->annotations, older, at);
}

static bool is_share_text(const char *text)
{
    char why[UNITS_WHY];
    double number;
    return !units_number(text, &number, why) && number <= 1 && strpbrk(text, "KMGTPEkme") == NULL;
}

static bool by_fraction(const struct asking *a)
{
    struct gpu_pod *pod = a->pod;
    struct origin at = pod->origin;
    const char *key, *text = scalar(a, a->annotations, "gpu-fraction", &at);
    if (!text)
        return false;
    if (tree_find(a->annotations, "gpu-memory"))
        contradict(a->c, &at, "pod '%s' has both gpu-fraction and gpu-memory; keep one of them", pod->name);
    pod->want = WANT_SHARE;
    pod->scheme = "gpu-fraction";
    if (!read_share(a, "gpu-fraction", text, &at, &pod->share))
        return false;
    text = limit_text(a, "gpu-fraction-limit", &key, &at);
    if (text && !is_share_text(text))
        contradict(a->c, &at, "%s of pod '%s' must be a fraction such as '0.95', as its request is one, but is '%.40s'",
                   key, pod->name, text);
    else if (text)
        read_share(a, key, text, &at, &pod->share_limit);
    return true;
}

static bool by_memory(const struct asking *a)
{
    struct gpu_pod *pod = a->pod;
    struct origin at = pod->origin;
    const char *key, *text = scalar(a, a->annotations, "gpu-memory", &at);
    if (!text)
        return false;
    pod->want = WANT_BYTES;
    pod->scheme = "gpu-memory";
    if (!read_memory(a, "gpu-memory", text, &at, true, &pod->bytes))
        return false;
    text = limit_text(a, "gpu-memory-limit", &key, &at);
    if (text && is_share_text(text))
        contradict(a->c, &at,
                   "%s of pod '%s' must be a quantity such as '40Gi', as its request is gpu-memory, but is '%.40s'",
                   key, pod->name, text);
    else if (text)
        read_memory(a, key, text, &at, strcmp(key, "gpu-memory-limit") == 0, &pod->bytes_limit);
    return true;
}

/* --- nvidia.com/container.NAME.gpu-memory.{request,limit} ------------------------------------------------------- */

static bool by_container_memory(const struct asking *a)
{
    static const char start[] = "nvidia.com/container.", request[] = ".gpu-memory.request",
                      limit[] = ".gpu-memory.limit";
    struct gpu_pod *pod = a->pod;
    bool found = false;
    struct tree *map = a->annotations && a->annotations->kind == TREE_MAP ? a->annotations : NULL;
    for (struct tree *t = map ? map->child : NULL; t; t = t->next) {
        size_t length = strlen(t->key);
        bool is_request = length > sizeof request && strcmp(t->key + length - (sizeof request - 1), request) == 0;
        bool is_limit = length > sizeof limit && strcmp(t->key + length - (sizeof limit - 1), limit) == 0;
        struct origin at = spot(a, t);
        if (strncmp(t->key, start, sizeof start - 1) != 0 || !(is_request || is_limit) || !t->text)
            continue;
        t->read = true;
        int64_t bytes = 0;
        if (!read_memory(a, t->key, t->text, &at, true, &bytes))
            continue;
        int64_t *to = is_request ? &pod->bytes : &pod->bytes_limit; /* containers of a pod share its GPU */
        *to = *to > 0 ? *to + bytes : bytes;
        found = true;
    }
    if (found && pod->bytes <= 0)
        pod->bytes = pod->bytes_limit; /* as Kubernetes does for what has only a limit */
    pod->want = found ? WANT_BYTES : pod->want;
    pod->scheme = found ? "nvidia.com/container.gpu-memory" : pod->scheme;
    return found;
}

/* --- resources: whole GPUs, and HAMi's parts of them ------------------------------------------------------------ */

static bool by_resources(const struct asking *a)
{
    struct gpu_pod *pod = a->pod;
    struct tree *containers = tree_find(a->spec, "containers");
    int64_t devices = 0;
    for (struct tree *t = containers && containers->kind == TREE_LIST ? containers->child : NULL; t; t = t->next) {
        struct tree *limits = tree_path(t, "resources/limits"), *requests = tree_path(t, "resources/requests");
        struct origin at = pod->origin;
        int64_t gpus = read_count(a, limits, "nvidia.com/gpu");
        gpus = gpus != UNSAID ? gpus : read_count(a, requests, "nvidia.com/gpu");
        const char *mib = scalar(a, limits, "nvidia.com/gpumem", &at);
        const char *percent = scalar(a, limits, "nvidia.com/gpumem-percentage", &at);
        if (scalar(a, limits, "nvidia.com/gpucores", &at))
            note_add(a->c, NOTE_NOT_SIMULATED, &at, "nvidia.com/gpucores: who runs shares the GPU evenly");
        if (gpus == UNSAID && (mib || percent))
            gpus = 1;
        devices += gpus > 0 ? gpus : 0;
        if (gpus <= 0 || !(mib || percent))
            continue;
        pod->capped = true;
        pod->scheme = mib ? "nvidia.com/gpumem" : "nvidia.com/gpumem-percentage";
        pod->want = mib ? WANT_BYTES : WANT_SHARE;
        if (mib && read_memory(a, "nvidia.com/gpumem", mib, &at, true, &pod->bytes))
            pod->bytes_limit = pod->bytes;
        else if (!mib && read_share(a, "nvidia.com/gpumem-percentage", percent, &at, &pod->share))
            pod->share_limit = pod->share = pod->share / 100;
        else
            return false;
    }
    if (devices == 0)
        return false;
    pod->devices = devices;
    if (!pod->capped) {
        pod->want = WANT_WHOLE;
        pod->scheme = "nvidia.com/gpu";
        pod->share = pod->share_limit = 1;
    }
    return true;
}

bool pod_request(struct cluster *c, struct gpu_pod *pod, struct tree *object)
{
    struct tree *spec = tree_find(object, "spec");
    struct asking a = {c, pod, tree_path(object, "metadata/annotations"), spec, NULL};
    struct origin at;
    pod->share_limit = UNSAID;
    pod->bytes_limit = UNSAID;
    const char *name = scalar(&a, a.annotations, "gpu-fraction-container-name", &at);
    a.container = container_named(spec, name);
    if (name && !a.container)
        contradict(c, &at, "pod '%s' gives its GPU to container '%.60s', which it does not have", pod->name, name);
    int64_t devices = read_count(&a, a.annotations, "gpu-fraction-num-devices");
    if (by_fraction(&a) || by_memory(&a) || by_container_memory(&a)) {
        pod->devices = devices > 0 ? devices : 1;
        return true;
    }
    return by_resources(&a);
}
