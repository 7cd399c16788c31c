/* tree.c - look things up in an object, and remember what was looked at. */
#include "sim/cluster/tree.h"
#include <string.h>

struct tree *tree_find(struct tree *map, const char *key)
{
    if (!map || map->kind != TREE_MAP)
        return NULL;
    for (struct tree *t = map->child; t; t = t->next)
        if (strcmp(t->key, key) == 0) {
            t->read = true;
            return t->kind == TREE_NULL ? NULL : t;
        }
    return NULL;
}

struct tree *tree_path(struct tree *map, const char *path)
{
    char key[64];
    while (map) {
        size_t length = strcspn(path, "/");
        if (length >= sizeof key)
            return NULL;
        memcpy(key, path, length);
        key[length] = '\0';
        map = tree_find(map, key);
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    return map;
}

const char *tree_text(struct tree *map, const char *path)
{
    struct tree *found = tree_path(map, path);
    return found && found->kind == TREE_SCALAR ? found->text : NULL;
}

const char *tree_kind_name(const struct tree *tree)
{
    static const char *const name[] = {"nothing", "a single value", "a list", "a map"};
    return name[tree->kind];
}

void tree_pass(struct tree *tree)
{
    if (!tree)
        return;
    tree->read = true;
    for (struct tree *t = tree->child; t; t = t->next)
        tree_pass(t);
}
