/* slots.h - the swap file of live mode: host memory that GPUs copy to and from, in slots of one chunk each.
 *
 * It is taken, filled with pages and registered with the driver once, at the start: all that takes time.  A slot that is
 * taken holds a copy of a chunk. */
#ifndef GS_CUDA_SLOTS_H
#define GS_CUDA_SLOTS_H

#include "backend/cuda/gpu.h"
#include "sim/base/arena.h"

enum { SLOT_NONE = UINT32_MAX };

struct slots {
    const struct gpu *gpu; /* by whose driver and context it is registered, for all */
    unsigned char *base;
    int64_t bytes, slot_bytes;
    uint32_t count, free_count;
    uint32_t *free_slot; /* a stack */
};

/* `count` slots near NUMA node `node` (-1: anywhere).  GS_UNSATISFIABLE where the host has not so much memory. */
int slots_open(struct slots *slots, const struct gpu *gpu, uint32_t count, int node, struct arena *arena,
               struct error *err);
void slots_close(struct slots *slots);

uint32_t slots_take(struct slots *slots); /* SLOT_NONE: all are taken */
void slots_give(struct slots *slots, uint32_t slot);
static inline unsigned char *slots_at(const struct slots *slots, uint32_t slot)
{
    return slots->base + (size_t)slot * (size_t)slots->slot_bytes;
}

#endif
