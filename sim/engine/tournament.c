/* tournament.c - the earliest of a fixed set of slots: set up. */
#include "sim/engine/tournament.h"

bool tournament_open(struct tournament *t, uint32_t slots, struct arena *arena)
{
    t->leaves = 1;
    while (t->leaves < slots)
        t->leaves *= 2;
    t->node = arena_array(arena, 2 * (size_t)t->leaves, sizeof *t->node);
    if (t->node == NULL)
        return false;
    for (uint32_t i = 2 * t->leaves; i-- > 1;) {
        t->node[i].at_ns = TOURNAMENT_NEVER;
        t->node[i].slot = i >= t->leaves ? i - t->leaves : t->node[2 * i].slot;
    }
    return true;
}
