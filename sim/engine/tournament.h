/* tournament.h - the earliest of a fixed set of slots, each with one time: a winner tree.
 *
 * For sets in which every member has at most one thing due (the burst ends of GPUs, the next wishes of users): setting a
 * slot's time replaces the old one, so nothing stale is left behind, and the earliest is known without looking.  Setting
 * costs log2(slots) compares.  Equal times go by the lowest slot.
 */
#ifndef GS_TOURNAMENT_H
#define GS_TOURNAMENT_H

#include "sim/base/arena.h"
#include <stdbool.h>
#include <stdint.h>

#define TOURNAMENT_NEVER INT64_MAX

/* Node i has the children 2i and 2i + 1; the leaves are the slots. */
struct tournament {
    struct tournament_node {
        int64_t at_ns; /* TOURNAMENT_NEVER: nothing due */
        uint32_t slot;
    } * node;
    uint32_t leaves; /* a power of two */
};

/* All slots with nothing due; false when there is no memory. */
bool tournament_open(struct tournament *t, uint32_t slots, struct arena *arena);

static inline int64_t tournament_next_ns(const struct tournament *t)
{
    return t->node[1].at_ns;
}

static inline uint32_t tournament_first(const struct tournament *t)
{
    return t->node[1].slot;
}

static inline void tournament_set(struct tournament *t, uint32_t slot, int64_t at_ns)
{
    struct tournament_node *node = t->node;
    uint32_t i = t->leaves + slot;

    node[i].at_ns = at_ns;
    while (i > 1) {
        const struct tournament_node *rival = &node[i ^ 1];
        bool loses = rival->at_ns < at_ns || (rival->at_ns == at_ns && (i & 1) != 0);
        at_ns = loses ? rival->at_ns : at_ns;
        slot = loses ? rival->slot : slot;
        i /= 2;
        if (node[i].at_ns == at_ns && node[i].slot == slot)
            return; /* the same as before, and so is all above */
        node[i].at_ns = at_ns;
        node[i].slot = slot;
    }
}

#endif
