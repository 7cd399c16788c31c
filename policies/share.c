/* share.c - the sharing slicers: everybody whose memory fits runs at once; the rest wait in the order of their wishes. */
#include "state.h"

/* Nobody runs and nobody is on his way to it: whoever is first comes in, admitted or not. */
static bool deserted(const struct controller *ctl, uint32_t gpu)
{
    const struct lane *lane = &ctl->lane[gpu];
    bool coming = lane->claims.head != GS_NONE;

    for (uint32_t i = lane->residents.head; i != GS_NONE && !coming; i = ctl->seat[i].link[LINK_RESIDENT].next)
        coming = ctl->workload[i].state == GS_SWAPPING_IN;
    return ctl->gpu[gpu].running == 0 && !coming;
}

/* First come, first served: once somebody must wait for memory, nobody behind takes memory; whoever is resident already
 * takes none and runs.  Who is not admitted waits without keeping the others. */
void share_schedule(struct controller *ctl, uint32_t gpu)
{
    struct lane *lane = &ctl->lane[gpu];
    bool blocked = false;

    for (uint32_t i = lane->waiting.head, next; i != GS_NONE; i = next) {
        next = ctl->seat[i].link[LINK_TURN].next;
        if (fits(ctl, i)) {
            run_leave_queue(ctl, i);
            run_start(ctl, i);
        } else if (blocked || (!run_admits(ctl, i) && !deserted(ctl, gpu))) {
            tell_wait(ctl, i, GS_BECAUSE_TURN);
        } else {
            blocked = run_acquire(ctl, i) == RUN_BLOCKED;
            if (next != GS_NONE && !ctl->seat[next].queued)
                next = lane->waiting.head; /* it was killed to make room */
        }
    }
}
