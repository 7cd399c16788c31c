/* weight.h - shares of a GPU as the priorities, for slicers that have it as a parameter. */
#ifndef GS_WEIGHT_H
#define GS_WEIGHT_H

#include "policy.h"

static const char *const weight_names[] = {"equal", "priority", NULL};

/* The weight of `workload`, at least 1; 1 for all where parameter number `param` says "equal". */
static inline gs_ns weight_of(const struct gs_self *self, int param, uint32_t workload)
{
    uint8_t priority = self->view->workload[workload].priority;

    return self->param[param].i != 0 && priority > 1 ? priority : 1;
}

#endif
