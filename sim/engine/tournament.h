/* tournament.h - the earliest of a fixed set of slots, each with one time: a winner tree.
 *
 * For sets in which every member has at most one thing due (the burst ends of GPUs, the next wishes of users): setting a
 * slot's time replaces the old one, so nothing stale is left behind, and the earliest is known without looking.  Setting
 * costs log2(slots) minima.  Nodes hold times only; who has the earliest is found on the way down, once for each event.
 * Equal times go by the lowest slot.
 */
#ifndef GS_TOURNAMENT_H
#define GS_TOURNAMENT_H

#include "sim/base/arena.h"
#include <stdbool.h>
#include <stdint.h>

#define TOURNAMENT_NEVER INT64_MAX

struct tournament {
    int64_t *at_ns; /* node i has the children 2i and 2i + 1; the leaves are the slots; TOURNAMENT_NEVER: nothing due */
    uint32_t leaves; /* a power of two */
};

/* All slots with nothing due; false when there is no memory. */
bool tournament_open(struct tournament *t, uint32_t slots, struct arena *arena);

static inline int64_t tournament_next_ns(const struct tournament *t)
{
    return t->at_ns[1];
}

static inline int64_t tournament_of_ns(const struct tournament *t, uint32_t slot)
{
    return t->at_ns[t->leaves + (size_t)slot];
}

/* The lowest slot due at `at_ns`, the earliest time, that is `wanted`; TOURNAMENT_NONE: no one is.  Looks at all of that time
 * if need be. */
#define TOURNAMENT_NONE UINT32_MAX
uint32_t tournament_find(const struct tournament *t, int64_t at_ns, bool (*wanted)(const void *context, uint32_t slot),
                         const void *context);

/* Slot 0 if nothing is due. */
static inline uint32_t tournament_first(const struct tournament *t)
{
    size_t i = 1;

    while (i < t->leaves)
        i = 2 * i + (t->at_ns[2 * i] != t->at_ns[1]);
    return (uint32_t)(i - t->leaves);
}

static inline void tournament_set(struct tournament *t, uint32_t slot, int64_t at_ns)
{
    size_t i = t->leaves + (size_t)slot;

    for (t->at_ns[i] = at_ns; i > 1; t->at_ns[i] = at_ns) {
        int64_t rival_ns = t->at_ns[i ^ 1];
        at_ns = rival_ns < at_ns ? rival_ns : at_ns;
        i /= 2;
    }
}

#endif
