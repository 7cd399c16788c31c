/* bounds.h - what several slicers promise to who waits, for gs_slicer_policy.overtakes. */
#ifndef GS_BOUNDS_H
#define GS_BOUNDS_H

#include "policy.h"

static inline struct gs_bound bound_turns(uint32_t turns)
{
    struct gs_bound bound = {0, 0, turns};

    return bound;
}

static inline struct gs_bound bound_none(void)
{
    return bound_turns(GS_NONE);
}

/* When it queued it was on the GPU, or on its way there, and has not left since. */
static inline bool bound_was_there(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return w->swap_ns <= w->queued_ns;
}

/* In a circle: who is ahead has a turn, and is behind then. */
static inline struct gs_bound bound_circle(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    (void)self;
    (void)waiting;
    (void)other;
    return bound_turns(1);
}

/* In the order of wishes: who asked earlier goes first as often as it did so, who asked later does not. */
static inline struct gs_bound bound_by_wish(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    const struct gs_workload *all = self->view->workload;

    return all[other].since_ns <= all[waiting].since_ns ? bound_none() : bound_turns(0);
}

#endif
