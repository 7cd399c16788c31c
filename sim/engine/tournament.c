/* tournament.c - the earliest of a fixed set of slots: set up. */
#include "sim/engine/tournament.h"

bool tournament_open(struct tournament *t, uint32_t slots, struct arena *arena)
{
    t->leaves = 1;
    while (t->leaves < slots)
        t->leaves *= 2;
    t->at_ns = arena_array(arena, 2 * (size_t)t->leaves, sizeof *t->at_ns);
    if (t->at_ns == NULL)
        return false;
    for (uint32_t i = 0; i < 2 * t->leaves; i++)
        t->at_ns[i] = TOURNAMENT_NEVER;
    return true;
}
