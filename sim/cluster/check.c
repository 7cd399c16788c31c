/* check.c - what an administrator should know before he trusts the scenario: settings and pods that contradict. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include <math.h>
#include <string.h>

static const struct origin *settings_at(const struct cluster *c, const struct node_kind *kind)
{
    const struct settings *pool = pool_of(c, kind->example);
    return pool ? &pool->origin : c->has_runai ? &c->runai.origin : &kind->example->origin;
}

static void check_sizes(struct cluster *c, const struct node_kind *kind)
{
    char a[UNITS_TEXT], b[UNITS_TEXT];
    const struct origin *at = settings_at(c, kind);
    if (kind->reserved >= kind->gpu_memory)
        contradict(c, at, "the reserve of %s leaves nothing of a GPU of node '%s', which has %s",
                   units_show_size(a, (double)kind->reserved), kind->names,
                   units_show_size(b, (double)kind->gpu_memory));
    if (kind->example->host_memory != UNSAID && kind->swap_file > kind->example->host_memory)
        contradict(c, at, "swapped memory of up to %s (cpuRam) does not fit into node '%s', which has %s",
                   units_show_size(a, (double)kind->swap_file), kind->example->name,
                   units_show_size(b, (double)kind->example->host_memory));
}

static void check_kind(struct cluster *c, const struct node_kind *kind)
{
    const struct settings *s = &kind->settings;
    const struct origin *at = settings_at(c, kind);
    if (!kind->swap)
        return;
    if (s->slicing > 0)
        contradict(c, c->has_runai ? &c->runai.origin : at,
                   "swap and timeSlicing.mode = %s exclude each other; set the mode to timesharing, or turn swap off",
                   slicing_name[s->slicing]);
    if (s->dynamic == 0)
        contradict(c, c->has_runai ? &c->runai.origin : at,
                   "swap is on but dynamicFractions are off, so that no workload could be swapped; turn them on");
    check_sizes(c, kind);
}

static void check_switches(struct cluster *c)
{
    bool any_swaps = false;
    for (size_t i = 0; i < c->node_kinds; i++)
        any_swaps = any_swaps || c->node_kind[i].swap;
    for (size_t i = 0; i < c->pools; i++)
        if (c->pool[i].swap == 1 && c->has_runai && c->runai.swap != 1)
            contradict(c, &c->pool[i].origin,
                       "node pool '%s' turns swap on, but spec.global.core.swap.enabled is not true in %s:%d",
                       c->pool[i].name, c->runai.origin.file, c->runai.origin.line);
    if (c->has_runai && c->runai.swap == 1 && !any_swaps && c->nodes > 0)
        note_add(c, NOTE_WARNING, &c->runai.origin,
                 "swap is enabled, but no node has the label run.ai/swap-enabled=true; nothing will be swapped");
    for (size_t i = 0; i < c->nodes; i++)
        if (c->has_runai && c->runai.swap != 1 && c->node[i].labelled)
            note_add(c, NOTE_WARNING, &c->node[i].origin,
                     "nodes with the label run.ai/swap-enabled=true, while the runaiconfig does not enable swap");
}

void check_cluster(struct cluster *c)
{
    for (size_t i = 0; i < c->node_kinds; i++)
        check_kind(c, &c->node_kind[i]);
    check_switches(c);
}

/* --- pods --------------------------------------------------------------------------------------------------------- */

/* The largest GPU that may take the pod, and the most GPUs that a node of it has. */
static const struct node_kind *largest(const struct cluster *c, const struct gpu_pod *pod, int64_t *devices)
{
    const struct node_kind *best = NULL;
    *devices = 0;
    for (size_t i = 0; i < c->nodes; i++)
        if (c->node[i].kind != SIZE_MAX && c->node[i].gpus > *devices)
            *devices = c->node[i].gpus;
    for (size_t i = 0; i < c->node_kinds; i++) {
        const struct node_kind *kind = &c->node_kind[i];
        *devices = c->nodes == 0 && kind->gpus > *devices ? kind->gpus : *devices;
        bool may =
            pod->want == WANT_WHOLE || (kind->gpus > 0 && (pod->swappable || !kind->swap) && pod_may_use(c, pod, kind));
        if (may && (!best || kind->gpu_memory - kind->reserved > best->gpu_memory - best->reserved))
            best = kind;
    }
    return best;
}

static bool check_limit(struct cluster *c, const struct gpu_pod *pod)
{
    char a[UNITS_TEXT], b[UNITS_TEXT];
    if (pod->want == WANT_SHARE && pod->share_limit > 0 && pod->share_limit < pod->share) {
        contradict(c, &pod->origin, "the limit %g of pod '%s' is less than its request %g", pod->share_limit, pod->name,
                   pod->share);
        return false;
    }
    if (pod->want == WANT_BYTES && pod->bytes_limit > 0 && pod->bytes_limit < pod->bytes) {
        contradict(c, &pod->origin, "the limit of pod '%s', %s, is less than its request, %s", pod->name,
                   units_show_size(a, (double)pod->bytes_limit), units_show_size(b, (double)pod->bytes));
        return false;
    }
    return true;
}

static bool check_fit(struct cluster *c, const struct gpu_pod *pod)
{
    char a[UNITS_TEXT], b[UNITS_TEXT];
    int64_t devices;
    const struct node_kind *kind = largest(c, pod, &devices);
    if (!kind) {
        contradict(c, &pod->origin,
                   pod->selects > 0 ? "pod '%s' selects nodes by labels that none with a GPU to share has"
                   : pod->swappable ? "pod '%s' shares a GPU, but pods of whole GPUs have them all"
                                    : "pod '%s' keeps off nodes that swap, and all of them do",
                   pod->name);
        return false;
    }
    if (pod->want == WANT_SHARE && pod->share > 1) {
        contradict(c, &pod->origin, "pod '%s' requests %g of a GPU; a fraction is 1 at most", pod->name, pod->share);
        return false;
    }
    int64_t shown = kind->gpu_memory - kind->reserved;
    if (pod->want == WANT_BYTES && pod->bytes > shown) {
        contradict(c, &pod->origin, "pod '%s' requests %s of a GPU, but none shows it more than %s", pod->name,
                   units_show_size(a, (double)pod->bytes), units_show_size(b, (double)shown));
        return false;
    }
    if (pod->devices > devices) {
        contradict(c, &pod->origin, "pod '%s' requests %lld GPUs, but no node has more than %lld", pod->name,
                   (long long)pod->devices, (long long)devices);
        return false;
    }
    return true;
}

bool check_pod(struct cluster *c, const struct gpu_pod *pod)
{
    bool fits = check_limit(c, pod) && check_fit(c, pod);
    if (!fits)
        note_add(c, NOTE_LEFT_OUT, &pod->origin, "pods that cannot run as they are");
    return fits;
}
