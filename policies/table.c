/* table.c - the built-in policies: one row each; the order is that of `gpuswap-sim policies`. */
#include "table.h"

#include <string.h>

#define VICTIMS(X) X(lru) X(mru) X(fifo) X(random)
#define SLICERS(X) X(ps) X(fcfs) X(rr) X(nvshare) X(priority)
#define CAPS(X) X(static)
#define PREFETCHES(X) X(none) X(eager)
#define PLACES(X) X(spread) X(pack)

#define DECLARE_VICTIM(id) extern const struct gs_victim_policy victim_##id;
#define DECLARE_SLICER(id) extern const struct gs_slicer_policy slicer_##id;
#define DECLARE_CAP(id) extern const struct gs_cap_policy cap_##id;
#define DECLARE_PREFETCH(id) extern const struct gs_prefetch_policy prefetch_##id;
#define DECLARE_PLACE(id) extern const struct gs_place_policy place_##id;
VICTIMS(DECLARE_VICTIM)
SLICERS(DECLARE_SLICER)
CAPS(DECLARE_CAP)
PREFETCHES(DECLARE_PREFETCH)
PLACES(DECLARE_PLACE)

/* Every descriptor begins with GS_POLICY_HEAD, so its address is that of its head. */
#define VICTIM_ROW(id) (const struct gs_policy_head *)&victim_##id,
#define SLICER_ROW(id) (const struct gs_policy_head *)&slicer_##id,
#define CAP_ROW(id) (const struct gs_policy_head *)&cap_##id,
#define PREFETCH_ROW(id) (const struct gs_policy_head *)&prefetch_##id,
#define PLACE_ROW(id) (const struct gs_policy_head *)&place_##id,

static const struct gs_policy_head *const victims[] = {VICTIMS(VICTIM_ROW) NULL};
static const struct gs_policy_head *const slicers[] = {SLICERS(SLICER_ROW) NULL};
static const struct gs_policy_head *const caps[] = {CAPS(CAP_ROW) NULL};
static const struct gs_policy_head *const prefetches[] = {PREFETCHES(PREFETCH_ROW) NULL};
static const struct gs_policy_head *const places[] = {PLACES(PLACE_ROW) NULL};

static const struct {
    const char *name;
    const struct gs_policy_head *const *row;
} slots[GS_SLOTS] = {
    [GS_SLOT_VICTIM] = {"victim", victims}, [GS_SLOT_SLICER] = {"slicer", slicers},
    [GS_SLOT_CAP] = {"cap", caps},          [GS_SLOT_PREFETCH] = {"prefetch", prefetches},
    [GS_SLOT_PLACE] = {"place", places},
};

const char *gs_slot_name(enum gs_slot slot)
{
    return slots[slot].name;
}

const struct gs_policy_head *gs_policy_at(enum gs_slot slot, size_t i)
{
    const struct gs_policy_head *const *row = slots[slot].row;

    for (size_t k = 0; k < i; k++)
        if (row[k] == NULL)
            return NULL;
    return row[i];
}

const struct gs_policy_head *gs_policy_find(enum gs_slot slot, const char *name)
{
    for (size_t i = 0; gs_policy_at(slot, i) != NULL; i++)
        if (strcmp(gs_policy_at(slot, i)->name, name) == 0)
            return gs_policy_at(slot, i);
    return NULL;
}
