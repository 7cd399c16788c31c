/* meter.h - what slicers that watch for thrashing share: the time of a GPU's swaps and its useful time, since a moment. */
#ifndef GS_METER_H
#define GS_METER_H

#include "policy.h"

#include <assert.h>

struct meter { /* of a GPU; kept with the workloads: with fewer of them than GPUs some GPUs share one */
    gs_ns from_ns, swap_ns, useful_ns;
    int64_t mark; /* the policy's own */
};

static inline struct meter *meter_of(const struct gs_self *self, uint32_t workload)
{
    assert(self->view->workloads > 0);
    return (struct meter *)self->workload_state + self->view->workload[workload].gpu % self->view->workloads;
}

/* For gs_slicer_policy.swapped. */
static inline void meter_swapped(const struct gs_self *self, uint32_t workload)
{
    meter_of(self, workload)->swap_ns += self->view->now_ns - self->view->workload[workload].swap_ns;
}

#endif
