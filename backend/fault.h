/* fault.h - which swaps the backend `fault` fails: set by tests before a run. */
#ifndef GS_FAULT_H
#define GS_FAULT_H

#include "policies/controller.h"

struct fault_plan {
    uint8_t command; /* GS_SWAP_IN or GS_SWAP_OUT; GS_COMMAND_KINDS: either */
    uint64_t first;  /* the first one to fail, counted from 1 in each replication; 0: none */
    uint64_t every;  /* and every so many after it; 0: only that one */
};

/* For backends opened from now on, in every thread. */
void fault_set(struct fault_plan plan);

#endif
