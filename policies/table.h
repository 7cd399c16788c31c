/* table.h - every built-in policy. */
#ifndef GS_TABLE_H
#define GS_TABLE_H

#include "policy.h"

/* The head that all descriptors begin with. */
struct gs_policy_head {
    GS_POLICY_HEAD;
};

const char *gs_slot_name(enum gs_slot slot);
/* The `i`-th policy of a slot, NULL past the end; and by name, NULL if there is none. */
const struct gs_policy_head *gs_policy_at(enum gs_slot slot, size_t i);
const struct gs_policy_head *gs_policy_find(enum gs_slot slot, const char *name);

/* Why a policy cannot be used in this slot, NULL if it can. */
const char *gs_policy_fault(enum gs_slot slot, const struct gs_policy_head *policy);

#endif
