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

uint32_t tournament_find(const struct tournament *t, int64_t at_ns, bool (*wanted)(const void *context, uint32_t slot),
                         const void *context)
{
    size_t i = 1;

    for (;;) {
        bool here = t->at_ns[i] == at_ns;
        if (here && i >= t->leaves && wanted(context, (uint32_t)(i - t->leaves)))
            return (uint32_t)(i - t->leaves);
        if (here && i < t->leaves) {
            i *= 2;
            continue;
        }
        while (i % 2 != 0) /* from a right child: all below its parent has been looked at */
            i /= 2;
        if (i == 0)
            return TOURNAMENT_NONE;
        i++;
    }
}
