/* plugin.h - policies that come as shared objects: what may go wrong with a stranger's file is found out in a child
 * process first.  docs/plugins.md is the author's page. */
#ifndef GS_SCENARIO_PLUGIN_H
#define GS_SCENARIO_PLUGIN_H

#include "policies/table.h"
#include "sim/base/error.h"

enum { PLUGIN_WHY = 400, PLUGIN_HASH = 17 };

struct plugin {
    const struct gs_policy_head *policy[GS_SLOTS]; /* NULL: it has none for this slot */
    char hash[PLUGIN_HASH];                        /* FNV-1a of the file, 64 bits, in hexadecimal */
};

/* Is it a path rather than the name of a built-in policy: does it have a slash, or end in ".so"? */
bool plugin_is_path(const char *name);

/* Load `file` and check all that it offers; `hash` NULL, or what its hash must be.  It stays loaded until the program
 * ends.  GS_NO_INPUT: there is no such file; GS_BAD_INPUT: it is no plug-in, or a bad one; GS_SYSTEM. */
int plugin_load(struct plugin *plugin, const char *file, const char *hash, char why[PLUGIN_WHY]);

/* What is wrong with a descriptor for `slot`, into `why`; false if nothing is. */
bool plugin_fault(enum gs_slot slot, const struct gs_policy_head *policy, char why[PLUGIN_WHY]);

#endif
