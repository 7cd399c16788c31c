/* names.h - a set of texts, each with a number, and ids that nobody else has. */
#ifndef GS_TRACES_NAMES_H
#define GS_TRACES_NAMES_H

#include "traces/gst.h"

#define NAMES_NONE SIZE_MAX

struct names_entry;
struct names { /* zero-initialise; memory is the arena's */
    struct names_entry *slot;
    size_t slots, count;
};

/* The number given with `text`, NAMES_NONE if it is not in the set. */
size_t names_find(const struct names *names, const char *text);

/* Put in what is not there yet, copied; false when there is no memory. */
bool names_add(struct names *names, const char *text, size_t number, struct arena *arena);

/* `show` made a valid id (other characters become '_', at most 63), put into the set of ids taken; where it is taken,
 * with a number behind: "x", "x-2", "x-3".  NULL when there is no memory. */
const char *names_id(struct names *ids, const char *show, struct arena *arena);

#endif
