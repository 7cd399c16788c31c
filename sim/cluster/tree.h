/* tree.h - one object of a YAML or JSON file in memory: maps, lists and scalars, with their lines.
 *
 * Looking something up marks it as read.  What was never read can be listed at the end, so that nothing of an object is
 * dropped in silence.
 */
#ifndef GS_CLUSTER_TREE_H
#define GS_CLUSTER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tree_kind { TREE_NULL, TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
    enum tree_kind kind;
    bool read;
    int line;
    const char *key;  /* in a map */
    const char *text; /* of a scalar */
    struct tree *child, *next;
    size_t children;
};

/* What stands under `key` of a map, marked as read; NULL if it is null, not there, or `map` is no map. */
struct tree *tree_find(struct tree *map, const char *key);

/* The same along keys with slashes between them, "spec/global/core"; keys with slashes in them need tree_find. */
struct tree *tree_path(struct tree *map, const char *path);

/* The text of the scalar at a path; NULL if there is none. */
const char *tree_text(struct tree *map, const char *path);

/* "no text", "a list" ...: what a value is, for messages. */
const char *tree_kind_name(const struct tree *tree);

/* All below was read, or is known to bear on nothing. */
void tree_pass(struct tree *tree);

#endif
