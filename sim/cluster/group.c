/* group.c - like nodes and like pods, each together as one section of the scenario. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t mib = 1 << 20, gib = 1 << 30;

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Up to NAMES_SHOWN names, "a, b, c and 4 more"; `names` so far, `count` with the new one. */
static const char *names_add(struct cluster *c, const char *names, const char *name, int64_t count)
{
    const char *text = count == 1             ? arena_printf(c->arena, "%.80s", name)
                       : count <= NAMES_SHOWN ? arena_printf(c->arena, "%s, %.80s", names, name)
                                              : names;
    if (!text)
        cluster_no_memory(c);
    return text ? text : "";
}

/* A name for a section, unlike those before it: letters, digits and some signs. */
static const char *section_name(struct cluster *c, const char *wish,
                                bool (*taken)(const struct cluster *, const char *))
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+";
    char base[48], name[64];
    snprintf(base, sizeof base, "%.40s", wish);
    for (char *p = base; *p; p++)
        if (!strchr(good, *p))
            *p = '-';
    snprintf(name, sizeof name, "%s", *base ? base : "group");
    for (int i = 2; taken(c, name) && i < 100000; i++)
        snprintf(name, sizeof name, "%s-%d", *base ? base : "group", i);
    const char *copy = arena_strdup(c->arena, name);
    if (!copy)
        cluster_no_memory(c);
    return copy ? copy : "group";
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static bool node_name_taken(const struct cluster *c, const char *name)
{
    for (size_t i = 0; i < c->node_kinds; i++)
        if (strcmp(c->node_kind[i].name, name) == 0)
            return true;
    return false;
}

static struct node_kind *node_kind_add(struct cluster *c, const struct node_kind *fresh, const char *wish)
{
    const char *name = section_name(c, wish, node_name_taken);
    void *grown = arena_grow(c->arena, c->node_kind, &c->node_kind_capacity, c->node_kinds + 1, sizeof *c->node_kind);
    if (!grown) {
        cluster_no_memory(c);
        return NULL;
    }
    if (c->node_kinds == KINDS_MAX) {
        object_error(c, &fresh->example->origin, "more than %d kinds of nodes", KINDS_MAX);
        return NULL;
    }
    c->node_kind = grown;
    c->node_kind[c->node_kinds] = *fresh;
    c->node_kind[c->node_kinds].name = name;
    return &c->node_kind[c->node_kinds++];
}

/* The switch of the cluster and the label of the node must agree; a pool's switch sets the label by itself. */
static bool node_swaps(struct cluster *c, const struct gpu_node *node, const struct settings *s)
{
    const struct settings *pool = pool_of(c, node);
    bool labelled = node->labelled || (pool && pool->swap == 1);
    if (pool && pool->swap == 0)
        return false;
    if (c->has_runai)
        return c->runai.swap == 1 && labelled;
    if (s->swap == 1)
        return labelled;
    return assume_is(c, "cluster.swap", "yes") || (assume_is(c, "cluster.swap", "label") && labelled);
}

/* What a GPU is taken to have where nothing tells. */
int64_t assumed_number(struct cluster *c, const char *name, bool is_size)
{
    char why[UNITS_WHY];
    int64_t value = 1;
    const char *text = assume(c, name);
    if ((is_size ? units_size(text, &value, why) : units_integer(text, &value, why)) || value < 1) {
        object_error(c, NULL, "--assume %s=%s: it must be a %s", name, text,
                     is_size ? "size" : "whole number from 1 on");
        return 1;
    }
    return value;
}

/* That pods share: with a node level scheduler, and if so assumed, they spread over all of them. */
static int64_t gpus_of(struct cluster *c, const struct gpu_node *node, const struct node_kind *kind)
{
    int64_t all = node->gpus - node->whole;
    if (c->pods == 0 || c->nodes == 0 || kind->settings.scheduler == 1)
        return all;
    bool packs = assume_is(c, "node.placement", "binpack");
    if (!packs && node->busy > 0 && node->busy < all)
        note_add(
            c, NOTE_WARNING, NULL,
            "nodes whose pods fit by their requests on fewer GPUs than they have: a scheduler that packs would put "
            "them there, the scenario spreads them; see node.placement");
    if (packs && node->busy == 0)
        note_add(c, NOTE_LEFT_OUT, &node->origin, "GPUs of nodes whose pods need none of them");
    return packs ? node->busy : all;
}

static void node_kind_make(struct cluster *c, struct node_kind *kind, const struct gpu_node *node)
{
    *kind = (struct node_kind){.example = node, .settings = settings_of(c, node)};
    kind->swap = node_swaps(c, node, &kind->settings);
    kind->gpus = gpus_of(c, node, kind);
    kind->gpu_memory = node->gpu_memory != UNSAID ? node->gpu_memory : assumed_number(c, "node.gpu_memory", true);
    kind->reserved = !kind->swap ? 0 : kind->settings.reserved != UNSAID ? kind->settings.reserved : 2 * gib;
    kind->swap_file = kind->settings.cpu_ram != UNSAID ? kind->settings.cpu_ram : 100 * gib;
    kind->count = 1;
}

static bool node_kinds_same(const struct cluster *c, const struct node_kind *a, const struct node_kind *b)
{
    return selected_alike(c, a->example, b->example) && a->swap == b->swap && a->gpus == b->gpus &&
           a->gpu_memory == b->gpu_memory && a->reserved == b->reserved && a->swap_file == b->swap_file &&
           a->settings.duplex == b->settings.duplex && a->settings.scheduler == b->settings.scheduler &&
           a->settings.slicing == b->settings.slicing && same(a->settings.name, b->settings.name) &&
           same(a->example->pool, b->example->pool) && same(a->example->product, b->example->product);
}

static bool wanted(const struct cluster *c, const struct gpu_node *node)
{
    const struct settings *pool = pool_of(c, node);
    return !c->options.pool || same(node->pool, c->options.pool) || (pool && same(pool->name, c->options.pool));
}

static const char *node_wish(const struct node_kind *kind)
{
    const char *pool = kind->settings.name ? kind->settings.name : kind->example->pool;
    const char *product = kind->example->product;
    if (product && strncasecmp(product, "nvidia-", 7) == 0)
        product += 7;
    return pool ? pool : product ? product : "nodes";
}

static void node_join(struct cluster *c, struct gpu_node *node)
{
    struct node_kind fresh, *kind = NULL;
    node->kind = SIZE_MAX;
    if (!wanted(c, node)) {
        note_add(c, NOTE_LEFT_OUT, &node->origin, "nodes of other pools");
        return;
    }
    node_kind_make(c, &fresh, node);
    for (size_t i = 0; i < c->node_kinds && !kind; i++)
        if (node_kinds_same(c, &c->node_kind[i], &fresh))
            kind = &c->node_kind[i];
    if (kind)
        kind->count++;
    else
        kind = node_kind_add(c, &fresh, node_wish(&fresh));
    if (!kind)
        return;
    kind->names = names_add(c, kind->names, node->name, kind->count);
    node->kind = (size_t)(kind - c->node_kind);
}

/* Where no Node was given, one stands in, for each pool if there are some. */
static void node_assume(struct cluster *c, const struct settings *pool)
{
    struct node_kind fresh;
    struct gpu_node *node = arena_alloc(c->arena, sizeof *node);
    if (!node) {
        cluster_no_memory(c);
        return;
    }
    *node = (struct gpu_node){.name = "assumed",
                              .pool = pool ? pool->name : NULL,
                              .gpus = assumed_number(c, "node.gpus", false),
                              .gpu_memory = UNSAID,
                              .host_memory = UNSAID,
                              .labelled = true};
    node_kind_make(c, &fresh, node);
    fresh.count = assumed_number(c, "node.count", false);
    fresh.names = "no Node was given; this one is assumed";
    node_kind_add(c, &fresh, pool ? pool->name : "assumed");
}

void group_nodes(struct cluster *c)
{
    for (size_t i = 0; i < c->nodes && c->err->code != GS_SYSTEM; i++)
        node_join(c, &c->node[i]);
    if (c->node_kinds > 0)
        return;
    if (c->options.pool && c->nodes > 0) {
        object_error(c, NULL, "no node belongs to the pool '%.60s'", c->options.pool);
        return;
    }
    for (size_t i = 0; i < c->pools; i++)
        if (!c->options.pool || strcmp(c->pool[i].name, c->options.pool) == 0)
            node_assume(c, &c->pool[i]);
    if (c->node_kinds == 0)
        node_assume(c, NULL);
}

/* --- pods --------------------------------------------------------------------------------------------------------- */

static bool pod_name_taken(const struct cluster *c, const char *name)
{
    for (size_t i = 0; i < c->pod_kinds; i++)
        if (strcmp(c->pod_kind[i].name, name) == 0)
            return true;
    return false;
}

/* The nodes that a pod's shares are shares of: its own, else those it may use, else the largest GPUs of all. */
static const struct node_kind *reference(const struct cluster *c, const struct gpu_pod *pod)
{
    const struct node_kind *best = NULL;
    if (pod->host != SIZE_MAX)
        return &c->node_kind[c->node[pod->host].kind];
    for (int pass = 0; pass < 3 && !best; pass++)
        for (size_t i = 0; i < c->node_kinds; i++) {
            const struct node_kind *kind = &c->node_kind[i];
            if ((pod_may_use(c, pod, kind) || pass > 0) &&
                (pass > 1 || (kind->gpus > 0 && (pod->swappable || !kind->swap))) &&
                (!best || kind->gpu_memory > best->gpu_memory))
                best = kind;
        }
    return best;
}

/* Six decimals are enough for people, and round down to what fits. */
static double share_of(double share)
{
    return floor(share * 1e6) / 1e6;
}

/* The size in whole MiB, so that texts are short. */
static int64_t round_down(double bytes)
{
    return (int64_t)(bytes / (double)mib) * mib;
}

static void pod_kind_make(struct cluster *c, struct pod_kind *kind, const struct gpu_pod *pod)
{
    const struct node_kind *node = reference(c, pod);
    double all = (double)node->gpu_memory;
    double shown = pod->want == WANT_WHOLE ? all : (double)(node->gpu_memory - node->reserved);
    double request = pod->want == WANT_BYTES ? (double)pod->bytes / all : pod->share;
    double limit = pod->want == WANT_BYTES ? (double)pod->bytes_limit / all : pod->share_limit;
    bool has_limit = limit > 0 && pod->want != WANT_WHOLE && !pod->capped;
    *kind = (struct pod_kind){.example = pod, .count = 1, .gpu_memory = node->gpu_memory};
    kind->dynamic = has_limit && node->settings.dynamic == 1;
    kind->request = request < 1 ? fmax(share_of(request), 1e-6) : 1;
    kind->limit = !kind->dynamic ? kind->request : limit < 1 ? fmax(share_of(limit), 1e-6) : 1;
    kind->most = round_down(fmin(kind->limit * all, shown));
    kind->least = round_down(fmin(kind->request * all, (double)kind->most));
    kind->most = kind->most > mib ? kind->most : mib;
    kind->least = kind->least > mib ? kind->least : mib;
}

static bool pod_kinds_same(const struct cluster *c, const struct pod_kind *a, const struct pod_kind *b)
{
    const struct gpu_pod *x = a->example, *y = b->example;
    return x->class == y->class && x->want == y->want && x->devices == y->devices && x->swappable == y->swappable &&
           x->priority == y->priority && same(x->scheme, y->scheme) && a->dynamic == b->dynamic &&
           a->least == b->least && a->most == b->most && a->gpu_memory == b->gpu_memory &&
           fabs(a->request - b->request) < 1e-9 && fabs(a->limit - b->limit) < 1e-9 &&
           (x->want == WANT_WHOLE || may_use_same(c, x, y));
}

static void pod_join(struct cluster *c, struct gpu_pod *pod)
{
    static const char *const wish[CLASSES] = {"notebook", "training", "inference"};
    struct pod_kind fresh, *kind = NULL;
    pod_kind_make(c, &fresh, pod);
    for (size_t i = 0; i < c->pod_kinds && !kind; i++)
        if (pod_kinds_same(c, &c->pod_kind[i], &fresh))
            kind = &c->pod_kind[i];
    if (kind) {
        kind->count++;
    } else if (c->pod_kinds == KINDS_MAX) {
        object_error(c, &pod->origin, "more than %d kinds of pods", KINDS_MAX);
        return;
    } else {
        const char *name = section_name(c, wish[pod->class], pod_name_taken);
        void *grown = arena_grow(c->arena, c->pod_kind, &c->pod_kind_capacity, c->pod_kinds + 1, sizeof *c->pod_kind);
        if (!grown) {
            cluster_no_memory(c);
            return;
        }
        c->pod_kind = grown;
        kind = &c->pod_kind[c->pod_kinds++];
        *kind = fresh;
        kind->name = name;
    }
    kind->names = names_add(c, kind->names, pod->name, kind->count);
}

/* Pods of whole GPUs come first, the smallest before all: each finds its own GPU before anybody else is placed. */
static int by_need(const void *a, const void *b)
{
    const struct pod_kind *x = a, *y = b;
    bool x_whole = x->example->want == WANT_WHOLE, y_whole = y->example->want == WANT_WHOLE;
    if (x_whole != y_whole)
        return x_whole ? -1 : 1;
    if (x_whole && x->gpu_memory != y->gpu_memory)
        return x->gpu_memory < y->gpu_memory ? -1 : 1;
    if (x_whole && x->example->devices != y->example->devices)
        return x->example->devices < y->example->devices ? -1 : 1;
    return x->example->class != y->example->class ? (x->example->class < y->example->class ? -1 : 1)
                                                  : strverscmp(x->name, y->name);
}

void group_pods(struct cluster *c)
{
    for (size_t i = 0; i < c->pods && c->err->code != GS_SYSTEM && c->node_kinds > 0; i++) {
        struct gpu_pod *pod = &c->pod[i];
        bool in_pool = pod->host != SIZE_MAX ? c->node[pod->host].kind != SIZE_MAX : same(pod->pool, c->options.pool);
        if (c->options.pool && !in_pool) {
            note_add(c, NOTE_LEFT_OUT, &pod->origin, "pods of other pools, or of none");
            continue;
        }
        if (check_pod(c, pod))
            pod_join(c, pod);
    }
    if (c->pod_kinds > 0)
        qsort(c->pod_kind, c->pod_kinds, sizeof *c->pod_kind, by_need);
}
