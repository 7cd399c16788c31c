/* handles.c - numbers that stand for things: kind, generation, index.  Never an address that the host could read. */
#include "backend/double/state.h"

enum { INDEX_BITS = 20, GENERATION_BITS = 24 };

uint64_t handle_make(enum handle_kind kind, unsigned generation, unsigned index)
{
    return (uint64_t)kind << (INDEX_BITS + GENERATION_BITS) |
           (uint64_t)(generation & ((1u << GENERATION_BITS) - 1)) << INDEX_BITS | index;
}

bool handle_split(uint64_t handle, enum handle_kind kind, unsigned limit, unsigned *generation, unsigned *index)
{
    *index = (unsigned)(handle & ((1u << INDEX_BITS) - 1));
    *generation = (unsigned)(handle >> INDEX_BITS & ((1u << GENERATION_BITS) - 1));
    return handle >> (INDEX_BITS + GENERATION_BITS) == (uint64_t)kind && *index < limit;
}
