/* answer.c - answers of policies: what is nonsense is counted, and a safe answer takes its place. */
#include "state.h"

static const gs_ns LONGEST_NS = (gs_ns)10 * 366 * 86400 * 1000000000;

void nonsense(struct controller *ctl, enum gs_slot slot)
{
    ctl->nonsense[slot]++;
}

gs_ns answer_time(struct controller *ctl, enum gs_slot slot, gs_ns time, gs_ns safe)
{
    if (time == GS_NEVER || (time >= 0 && time <= LONGEST_NS))
        return time;
    nonsense(ctl, slot);
    return safe;
}

uint64_t controller_nonsense(const struct controller *ctl, enum gs_slot slot)
{
    return ctl->nonsense[slot];
}
