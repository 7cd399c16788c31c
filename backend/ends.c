/* ends.c - when the next burst ends, over all GPUs: a tournament. */
#include "backend/sim_state.h"

bool ends_open(struct ends *ends, uint32_t gpus, struct arena *arena)
{
    ends->leaves = 1;
    while (ends->leaves < gpus)
        ends->leaves *= 2;
    ends->at_ns = arena_array(arena, 2 * (size_t)ends->leaves, sizeof *ends->at_ns);
    ends->gpu = arena_array(arena, 2 * (size_t)ends->leaves, sizeof *ends->gpu);
    if (ends->at_ns == NULL || ends->gpu == NULL)
        return false;
    for (uint32_t i = 0; i < 2 * ends->leaves; i++) {
        ends->at_ns[i] = GS_NEVER;
        ends->gpu[i] = i >= ends->leaves ? i - ends->leaves : 0;
    }
    return true;
}

void ends_set(struct backend *be, uint32_t gpu, gs_ns at_ns)
{
    struct ends *ends = &be->ends;
    uint32_t i = ends->leaves + gpu;

    ends->at_ns[i] = at_ns;
    for (i /= 2; i > 0; i /= 2) {
        uint32_t winner = 2 * i + (ends->at_ns[2 * i + 1] < ends->at_ns[2 * i]);
        ends->at_ns[i] = ends->at_ns[winner];
        ends->gpu[i] = ends->gpu[winner];
    }
    if (at_ns < be->clock.next_ns)
        be->clock.next_ns = at_ns;
}
