/* table.c - the built-in policies; their one list is in CMakeLists.txt. */
#include "table.h"

#include "policies/rows.h"
#include <string.h>

#define DECLARE(slot, id) extern const struct gs_##slot##_policy slot##_##id;
GS_VICTIM_ROWS(DECLARE)
GS_SLICER_ROWS(DECLARE)
GS_CAP_ROWS(DECLARE)
GS_PREFETCH_ROWS(DECLARE)
GS_PLACE_ROWS(DECLARE)

/* Every descriptor begins with GS_POLICY_HEAD, so its address is that of its head. */
#define ROW(slot, id) (const struct gs_policy_head *)&slot##_##id,
static const struct gs_policy_head *const victims[] = {GS_VICTIM_ROWS(ROW)};
static const struct gs_policy_head *const slicers[] = {GS_SLICER_ROWS(ROW)};
static const struct gs_policy_head *const caps[] = {GS_CAP_ROWS(ROW)};
static const struct gs_policy_head *const prefetches[] = {GS_PREFETCH_ROWS(ROW)};
static const struct gs_policy_head *const places[] = {GS_PLACE_ROWS(ROW)};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
static const struct {
    const char *name;
    const struct gs_policy_head *const *row;
    size_t count;
} slots[GS_SLOTS] = {
    [GS_SLOT_VICTIM] = {"victim", victims, COUNT(victims)},
    [GS_SLOT_SLICER] = {"slicer", slicers, COUNT(slicers)},
    [GS_SLOT_CAP] = {"cap", caps, COUNT(caps)},
    [GS_SLOT_PREFETCH] = {"prefetch", prefetches, COUNT(prefetches)},
    [GS_SLOT_PLACE] = {"place", places, COUNT(places)},
};

const char *gs_slot_name(enum gs_slot slot)
{
    return slots[slot].name;
}

const struct gs_policy_head *gs_policy_at(enum gs_slot slot, size_t i)
{
    return i < slots[slot].count ? slots[slot].row[i] : NULL;
}

const struct gs_policy_head *gs_policy_find(enum gs_slot slot, const char *name)
{
    for (size_t i = 0; i < slots[slot].count; i++)
        if (strcmp(slots[slot].row[i]->name, name) == 0)
            return slots[slot].row[i];
    return NULL;
}

const char *gs_policy_fault(enum gs_slot slot, const struct gs_policy_head *policy)
{
    const void *p = policy;

    if (policy->abi != GS_POLICY_ABI)
        return "it was made for another version of policy.h";
    if (policy->name == NULL || policy->help == NULL)
        return "it has no name or no help";
    if (slot == GS_SLOT_VICTIM && ((const struct gs_victim_policy *)p)->keep == NULL &&
        ((const struct gs_victim_policy *)p)->keep_all == NULL)
        return "it lacks a function that its slot needs, 'keep' or 'keep_all'";
    if (slot == GS_SLOT_CAP && ((const struct gs_cap_policy *)p)->admit == NULL)
        return "it lacks a function that its slot needs, 'admit'";
    if (slot == GS_SLOT_PLACE && ((const struct gs_place_policy *)p)->score == NULL)
        return "it lacks a function that its slot needs, 'score'";
    return NULL;
}
