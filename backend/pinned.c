/* pinned.c - which copies lie in page-locked memory, how fast they move, and what it costs to lock pages.
 *
 * A copy takes locked room when it is written, as far as there is any; then what the one for whom it leaves has, chunk by
 * chunk by way of the bounce buffer, as in the file as a whole (policies/host.c).  It keeps what it got until it is freed.
 * Pages once locked stay locked.  Where all of the file is locked from the start nothing of this is kept: be->copy is NULL. */
#include "backend/sim_state.h"

#include <assert.h>

__extension__ typedef unsigned __int128 uint128;

static const double GIB = 0x1p30;
static const double COST_MAX_NS = 0x1p60;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct sim_node *node_of(struct backend *be, uint32_t workload)
{
    return &be->node[be->device[be->process[workload].gpu].node];
}

static bool keeps_copy(const struct backend *be, uint32_t workload)
{
    return be->setup->setup->workload[workload].keeps_host_copy;
}

bool pinned_matters(const struct node_group *group)
{
    return group->pinned < group->swap_file || group->pin_cost > 0;
}

static void resize(struct backend *be, uint32_t workload, int64_t bytes)
{
    struct copy *copy = &be->copy[workload];
    int64_t pinned = least(copy->pinned_bytes, bytes), lent = least(copy->lent_bytes, pinned);
    struct sim_node *node = node_of(be, workload);

    node->pinned_used_bytes += (pinned - lent) - (copy->pinned_bytes - copy->lent_bytes);
    copy->bytes = bytes;
    copy->pinned_bytes = pinned;
    copy->lent_bytes = lent;
    assert(node->pinned_used_bytes >= 0 && node->pinned_used_bytes <= node->pinned_bytes);
}

/* Up to `bytes` of the locked room that the one leaves who comes in. */
static int64_t borrow(struct backend *be, uint32_t workload, uint32_t from, int64_t bytes)
{
    if (from == GS_NONE || be->process[from].gpu != be->process[workload].gpu || keeps_copy(be, from) ||
        !be->copy[from].away)
        return 0;
    struct copy *lender = &be->copy[from];
    int64_t lent = least(bytes, lender->pinned_bytes - lender->lent_bytes);
    lender->lent_bytes += lent;
    return lent;
}

/* The copy grows; how much of that is locked. */
static int64_t grow(struct backend *be, uint32_t workload, int64_t bytes, uint32_t requester)
{
    struct sim_node *node = node_of(be, workload);
    struct copy *copy = &be->copy[workload];
    int64_t own = least(bytes, node->pinned_bytes - node->pinned_used_bytes);
    int64_t pinned = own + borrow(be, workload, requester, bytes - own);

    node->pinned_used_bytes += own;
    copy->bytes += bytes;
    copy->pinned_bytes += pinned;
    assert(node->pinned_used_bytes <= node->pinned_bytes && copy->pinned_bytes <= copy->bytes);
    return pinned;
}

/* Room that is lent lies in the file once, so no more than the file is ever locked. */
static int64_t lock_new(struct sim_node *node)
{
    int64_t locked = least(node->pinned_used_bytes, node->swap_file_bytes);
    int64_t fresh = locked > node->locked_bytes ? locked - node->locked_bytes : 0;

    node->locked_bytes += fresh;
    return fresh;
}

void pinned_place(struct backend *be, const struct gs_command *command)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[command->workload];

    if (be->copy == NULL || command->reason != GS_BECAUSE_NOTHING || spec->initial != GS_HOST)
        return;
    be->copy[command->workload].away = true;
    grow(be, command->workload, spec->bytes, GS_NONE);
    lock_new(node_of(be, command->workload)); /* was locked before the run */
}

gs_ns pinned_begin(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;
    const struct gs_command *c = &t->command;

    if (be->copy == NULL || gs_by_disk(c->reason))
        return 0;
    struct copy *copy = &be->copy[workload];
    struct sim_node *node = node_of(be, workload);
    int64_t held = copy->bytes, held_slow = copy->bytes - copy->pinned_bytes;
    int64_t grown = c->kind == GS_SWAP_IN ? 0 : copy->part ? c->bytes : c->bytes > held ? c->bytes - held : 0;
    int64_t slow = grown - grow(be, workload, grown, c->requester), again = c->moved_bytes - grown;

    if (held_slow > 0 && again > 0) /* evenly spread over what was there */
        slow += (int64_t)(((uint128)(uint64_t)again * (uint64_t)held_slow + (uint64_t)held / 2) / (uint64_t)held);
    t->slow_bytes = least(slow, c->moved_bytes);
    if (c->kind == GS_SWAP_OUT) {
        copy->away = true;
        copy->part = t->stay_bytes > 0;
    }
    double cost_ns = (double)lock_new(node) / GIB * (double)node->pin_ns_per_gib + 0.5;
    return (gs_ns)(cost_ns < COST_MAX_NS ? cost_ns : COST_MAX_NS);
}

double pinned_weight(const struct backend *be, uint32_t workload, uint32_t link)
{
    const struct sim_node *node = &be->node[be->device[be->process[workload].gpu].node];
    double slower = be->link[link].rate / node->pageable_rate;

    return slower > 1.0 ? slower : 1.0;
}

void pinned_end(struct backend *be, uint32_t workload)
{
    const struct process *p = &be->process[workload];
    const struct gs_command *c = &p->swap.command;

    if (be->copy == NULL)
        return;
    struct copy *copy = &be->copy[workload];
    bool came_in = c->kind == GS_SWAP_IN;
    if (p->gone || (came_in && !keeps_copy(be, workload)) || (c->kind == GS_SWAP_OUT && gs_by_disk(c->reason)))
        pinned_free(be, workload);
    else if (came_in)
        copy->away = copy->part = false;
    if (came_in && copy->bytes > p->gpu_bytes)
        resize(be, workload, p->gpu_bytes); /* a burst that had grown was refused meanwhile */
    if (!p->wants)
        pinned_shrink(be, workload);
}

void pinned_shrink(struct backend *be, uint32_t workload)
{
    const struct process *p = &be->process[workload];

    if (be->copy == NULL)
        return;
    int64_t rest = p->base_bytes - (be->copy[workload].part ? p->gpu_bytes : 0);
    if (be->copy[workload].bytes > rest)
        resize(be, workload, rest > 0 ? rest : 0);
}

void pinned_free(struct backend *be, uint32_t workload)
{
    if (be->copy == NULL || be->process[workload].gpu == GS_NONE)
        return;
    resize(be, workload, 0);
    be->copy[workload].away = be->copy[workload].part = false;
}

/* What is locked is what the copies have: O(workloads). */
bool pinned_balances(const struct backend *be)
{
    for (uint32_t n = 0; be->copy != NULL && n < be->nodes; n++) {
        int64_t used = 0;
        for (uint32_t i = 0; i < be->workloads; i++)
            if (be->process[i].gpu != GS_NONE && be->device[be->process[i].gpu].node == n)
                used += be->copy[i].pinned_bytes - be->copy[i].lent_bytes;
        if (used != be->node[n].pinned_used_bytes)
            return false;
    }
    return true;
}
