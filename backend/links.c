/* links.c - bytes over links: shared evenly or first come first served, two directions that may slow each other down, and a
 * pool that all links of a node draw from.  Background flows move when nothing else is on their link.
 *
 * Between two changes every flow has a constant rate, so only changes cost anything.  A link alone gives `rate`; while both
 * directions of a GPU are busy each gives rate * duplex; if the node's links together want more than the host's pool, they
 * are cut to the same level, except those that want less (max-min fairness). */
#include "backend/sim_state.h"

#include <math.h>
#include <string.h>

uint32_t link_served(const struct link *l)
{
    uint32_t first = l->foreground > 0 ? l->foreground : l->count;

    return l->fcfs && first > 1 ? 1 : first;
}

static void advance(struct link *l, gs_ns now_ns)
{
    double moved = l->share * (double)(now_ns - l->at_ns);

    l->at_ns = now_ns;
    for (uint32_t i = 0; i < link_served(l); i++)
        l->flow[i].left_bytes = l->flow[i].left_bytes > moved ? l->flow[i].left_bytes - moved : 0.0;
}

/* What a link, or each of those that it stands for, would give in all if the pool were unlimited. */
static double wanted(const struct backend *be, const struct link *l)
{
    bool both = l->twin != GS_NONE && be->link[l->twin].count > 0;

    return l->count == 0 ? 0.0 : both ? l->rate * be->node[l->node].duplex : l->rate;
}

static void arm(struct backend *be, uint32_t link, double rate)
{
    struct link *l = &be->link[link];
    double share = l->count == 0 ? 0.0 : rate * l->width / (double)link_served(l);
    uint32_t due = 0;

    for (uint32_t i = 1; i < link_served(l); i++)
        if (l->flow[i].left_bytes < l->flow[due].left_bytes)
            due = i;
    l->share = share;
    l->due = due;
    l->word = 0;
    if (l->count == 0)
        return;
    if (be->early > 0)
        stream_rates(be, link);
    double wait_ns = l->flow[due].left_bytes / share;
    if (wait_ns < 0x1p60)
        sim_push(be, be->clock.now_ns + (gs_ns)(wait_ns + 0.5), SIM_LINK, link, &l->word);
}

/* The level to which the links of a node are cut, INFINITY if the pool suffices: water filling over at most 2 x GPUs. */
static double pool_level(const struct backend *be, const struct sim_node *node)
{
    double level = INFINITY;

    for (;;) {
        double below = 0.0; /* wanted by links that want no more than the level */
        uint32_t above = 0;
        for (uint32_t i = 2 * node->first_gpu; i < 2 * (node->first_gpu + node->gpus); i++) {
            double w = wanted(be, &be->link[i]);
            if (w > level)
                above += be->link[i].width;
            else
                below += w * be->link[i].width;
        }
        double next = INFINITY;
        if (level >= INFINITY && below > node->host_rate)
            next = node->host_rate / (2.0 * node->gpus); /* a level that surely fits; it can only rise */
        else if (above > 0)
            next = (node->host_rate - below) / (double)above;
        if (next >= INFINITY || (level < INFINITY && next <= level))
            return level;
        level = next;
    }
}

/* Something changed on `link`: new rates for every link that shares something with it. */
static void share_out(struct backend *be, uint32_t link)
{
    const struct link *l = &be->link[link];
    const struct sim_node *node = &be->node[l->node];

    if (l->twin == GS_NONE) {
        arm(be, link, l->rate);
        return;
    }
    if (node->host_rate >= INFINITY) {
        arm(be, link, wanted(be, l));
        if (node->duplex < 1.0)
            arm(be, l->twin, wanted(be, &be->link[l->twin]));
        return;
    }
    double level = pool_level(be, node);
    for (uint32_t i = 2 * node->first_gpu; i < 2 * (node->first_gpu + node->gpus); i++) {
        double w = wanted(be, &be->link[i]);
        arm(be, i, w < level ? w : level);
    }
}

/* Before something changes on `link`: bring every flow that the change may slow down or speed up to now. */
static void settle(struct backend *be, uint32_t link)
{
    struct link *l = &be->link[link];
    const struct sim_node *node = &be->node[l->node];

    if (l->twin == GS_NONE || (node->host_rate >= INFINITY && node->duplex >= 1.0)) {
        advance(l, be->clock.now_ns);
        return;
    }
    for (uint32_t i = 2 * node->first_gpu; i < 2 * (node->first_gpu + node->gpus); i++)
        advance(&be->link[i], be->clock.now_ns);
}

static bool comes_before(const struct flow *a, const struct flow *b)
{
    return a->background == b->background ? a->order < b->order : b->background;
}

void link_add(struct backend *be, uint32_t link, struct flow flow)
{
    struct link *l = &be->link[link];
    uint32_t at = l->count;

    if (l->count == l->capacity) {
        size_t capacity = l->capacity;
        struct flow *grown = arena_grow(be->setup->arena, l->flow, &capacity, l->count + 1u, sizeof *grown);
        if (grown == NULL) {
            be->out_of_memory = true;
            return;
        }
        l->flow = grown;
        l->capacity = (uint32_t)capacity;
    }
    settle(be, link);
    while (at > 0 && comes_before(&flow, &l->flow[at - 1]))
        at--;
    memmove(&l->flow[at + 1], &l->flow[at], (l->count - at) * sizeof *l->flow);
    l->flow[at] = flow;
    l->count++;
    l->foreground += !flow.background;
    share_out(be, link);
}

static uint32_t take_out(struct backend *be, uint32_t link, uint32_t at)
{
    struct link *l = &be->link[link];
    uint32_t workload = l->flow[at].workload;

    settle(be, link);
    l->count--;
    l->foreground -= !l->flow[at].background;
    memmove(&l->flow[at], &l->flow[at + 1], (l->count - at) * sizeof *l->flow);
    share_out(be, link);
    return workload;
}

uint32_t link_end(struct backend *be, uint32_t link)
{
    return take_out(be, link, be->link[link].due);
}
