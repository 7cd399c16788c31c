/* tally.c - names of what a tally counts, and the end of its sketches. */
#include "sim/results/tally.h"

const char *const stall_name[STALLS] = { "queue", "swap_out", "swap_in", "cap", "preempted", "detect", "cold" };

void tally_fini(struct tally *tally)
{
    if (tally == NULL)
        return;
    for (uint32_t g = 0; g < tally->groups; g++) {
        sketch_fini(&tally->group[g].response);
        sketch_fini(&tally->group[g].slowdown);
        sketch_fini(&tally->group[g].ttft);
    }
}
