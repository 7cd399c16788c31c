/* slots.h - the swap file of live mode: host memory that GPUs copy to and from, in slots of one chunk each.
 *
 * It is taken, filled with pages and registered with the driver once, at the start: all that takes time.  A slot that is
 * taken holds a copy of a chunk. */
#ifndef GS_CUDA_SLOTS_H
#define GS_CUDA_SLOTS_H

#include "backend/cuda/gpu.h"

enum { SLOT_NONE = UINT32_MAX };

struct slots {
    const struct gpu *gpu; /* by whose driver and context it is registered, for those of all GPUs */
    unsigned char *base;
    int64_t bytes, slot_bytes;
    uint32_t count, free_count;
    uint32_t *free_slot; /* a stack */
};

struct slots_options {
    uint32_t count;
    uint64_t numa;         /* bit i: near node i of the host's memory, where there is room; 0: anywhere */
    const char *host_root; /* stands before /proc and /sys; NULL but in tests */
};

/* Slots for the chunks of `gpu`, and of all others with chunks of that size.  What the host can give is looked up before any
 * of it is taken: GS_UNSATISFIABLE where it has not so much memory, or this process may not take it. */
int slots_open(struct slots *slots, const struct gpu *gpu, const struct slots_options *options, struct error *err);
void slots_close(struct slots *slots); /* takes one that was not opened, if it is zero */

uint32_t slots_take(struct slots *slots); /* SLOT_NONE: all are taken */
void slots_give(struct slots *slots, uint32_t slot);
static inline unsigned char *slots_at(const struct slots *slots, uint32_t slot)
{
    return slots->base + (size_t)slot * (size_t)slots->slot_bytes;
}

#endif
