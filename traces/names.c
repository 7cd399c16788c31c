/* names.c - look up texts by hashing, and make ids unique. */
#include "traces/names.h"
#include "traces/gst_rules.h"
#include <stdio.h>
#include <string.h>

struct names_entry {
    const char *text; /* NULL: free */
    size_t number;
};

/* Where `text` is, or the free slot for it.  FNV-1a, and open addressing in a table at most half full. */
static struct names_entry *slot_of(const struct names *names, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    size_t i = (hash ^ hash >> 29) & (names->slots - 1);
    while (names->slot[i].text && strcmp(names->slot[i].text, text) != 0)
        i = (i + 1) & (names->slots - 1);
    return &names->slot[i];
}

size_t names_find(const struct names *names, const char *text)
{
    const struct names_entry *entry = names->slots ? slot_of(names, text) : NULL;
    return entry && entry->text ? entry->number : NAMES_NONE;
}

static bool make_room(struct names *names, struct arena *arena)
{
    struct names larger = {.slots = names->slots ? 2 * names->slots : 32, .count = names->count};
    if (2 * (names->count + 1) <= names->slots)
        return true;
    larger.slot = arena_array(arena, larger.slots, sizeof *larger.slot);
    if (!larger.slot)
        return false;
    for (size_t i = 0; i < names->slots; i++)
        if (names->slot[i].text)
            *slot_of(&larger, names->slot[i].text) = names->slot[i];
    *names = larger;
    return true;
}

bool names_add(struct names *names, const char *text, size_t number, struct arena *arena)
{
    const char *copy = arena_strdup(arena, text);
    if (!copy || !make_room(names, arena))
        return false;
    *slot_of(names, text) = (struct names_entry){copy, number};
    names->count++;
    return true;
}

const char *names_id(struct names *ids, const char *show, struct arena *arena)
{
    char id[GST_ID_MAX + 1] = "_", suffix[24];
    size_t n = 0, length = 0;
    for (; show[n] && n < GST_ID_MAX; n++)
        id[n] = gst_id_byte[(unsigned char)show[n]] ? show[n] : '_';
    n += !n;
    id[n] = 0;
    /* The number stands with the bare id: how often it was asked for. */
    size_t times = names_find(ids, id);
    if (times == NAMES_NONE)
        return names_add(ids, id, 1, arena) ? slot_of(ids, id)->text : NULL;
    struct names_entry *bare = slot_of(ids, id);
    do {
        length = (size_t)snprintf(suffix, sizeof suffix, "-%zu", ++times);
        memcpy(id + (n + length <= GST_ID_MAX ? n : GST_ID_MAX - length), suffix, length + 1);
    } while (names_find(ids, id) != NAMES_NONE);
    bare->number = times;
    return names_add(ids, id, 1, arena) ? slot_of(ids, id)->text : NULL;
}
