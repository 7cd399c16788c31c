/* choose.c - [policy]: the five policies by name, and their parameters against each policy's own table. */
#include "sim/base/units.h"
#include "sim/scenario/build.h"
#include "sim/scenario/plugin.h"
#include "sim/scenario/source.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES_MAX = 128, CANDIDATE_BYTES = 48, LIST_TEXT = 256 };

static const char *policy_at(size_t i, const void *context)
{
    const enum gs_slot *slot = context;
    return gs_policy_at(*slot, i)->name;
}

static size_t policies_count(enum gs_slot slot)
{
    size_t count = 0;
    while (gs_policy_at(slot, count))
        count++;
    return count;
}

static const char *choice_at(size_t i, const void *context)
{
    const struct gs_param *param = context;
    return param->choice[i];
}

static int choice_parse(const struct gs_param *param, const char *text, int64_t *index, char why[VALUE_WHY])
{
    char hint[HINT_TEXT];
    size_t count = 0, used = 0;
    for (; param->choice[count]; count++)
        if (strcmp(param->choice[count], text) == 0) {
            *index = (int64_t)count;
            return GS_OK;
        }
    used = (size_t)snprintf(why, VALUE_WHY, "it must be one of ");
    for (size_t i = 0; i < count && used < VALUE_WHY; i++)
        used += (size_t)snprintf(why + used, VALUE_WHY - used, "%s%s", i ? " | " : "", param->choice[i]);
    if (used < VALUE_WHY)
        snprintf(why + used, VALUE_WHY - used, "%s", build_hint(hint, text, count, choice_at, param));
    return GS_BAD_INPUT;
}

static const char *bound(const struct gs_param *param, double value, char out[UNITS_TEXT])
{
    if (param->kind == GS_TIME)
        return units_write_time(out, (int64_t)value);
    if (param->kind == GS_SIZE)
        return units_write_size(out, (int64_t)value);
    snprintf(out, UNITS_TEXT, "%.10g", value);
    return out;
}

int build_param_parse(const struct gs_param *param, const char *text, union gs_value *value, char why[VALUE_WHY])
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    bool yes = false;
    int code = GS_OK;
    switch (param->kind) {
    case GS_TIME:
        code = units_time(text, &value->i, why);
        break;
    case GS_SIZE:
        code = units_size(text, &value->i, why);
        break;
    case GS_NUMBER:
        code = units_number(text, &value->d, why);
        break;
    case GS_INTEGER:
        code = units_integer(text, &value->i, why);
        break;
    case GS_BOOLEAN:
        code = units_boolean(text, &yes, why);
        value->i = yes;
        return code;
    case GS_CHOICE:
        return choice_parse(param, text, &value->i, why);
    }
    double real = param->kind == GS_NUMBER ? value->d : (double)value->i;
    if (code == GS_OK && !(real >= param->min && real <= param->max)) {
        snprintf(why, VALUE_WHY, "it must be from %s to %s", bound(param, param->min, low),
                 bound(param, param->max, high));
        code = GS_BAD_INPUT;
    }
    return code;
}

static size_t params_count(const struct gs_policy_head *policy)
{
    size_t count = 0;
    while (policy->param && policy->param[count].key)
        count++;
    return count;
}

/* "slicer.quantum" -> slot and "quantum"; false if it is no parameter of a slot. */
static bool param_split(const char *key, enum gs_slot *slot, const char **name)
{
    for (int s = 0; s < GS_SLOTS; s++) {
        size_t length = strlen(gs_slot_name((enum gs_slot)s));
        if (strncmp(key, gs_slot_name((enum gs_slot)s), length) == 0 && key[length] == '.') {
            *slot = (enum gs_slot)s;
            *name = key + length + 1;
            return true;
        }
    }
    return false;
}

/* The first parameter of that name, with its slot; NULL: no policy has one. */
static const struct gs_param *param_find(const char *key, enum gs_slot *found)
{
    enum gs_slot slot = GS_SLOTS;
    const char *name = key;
    bool has_slot = param_split(key, &slot, &name);
    for (int s = 0; s < GS_SLOTS; s++)
        for (size_t i = 0; (!has_slot || (int)slot == s) && gs_policy_at((enum gs_slot)s, i); i++) {
            const struct gs_param *param = gs_policy_at((enum gs_slot)s, i)->param;
            for (; param && param->key; param++)
                if (strcmp(param->key, name) == 0) {
                    *found = (enum gs_slot)s;
                    return param;
                }
        }
    return NULL;
}

bool build_param_find(char out[HINT_TEXT], const char *key)
{
    enum gs_slot slot;
    const struct gs_param *param = param_find(key, &slot);
    if (param)
        snprintf(out, HINT_TEXT, "%s.%s", gs_slot_name(slot), param->key);
    return param != NULL;
}

bool build_param_is_whole(const char *key)
{
    enum gs_slot slot;
    const struct gs_param *param = param_find(key, &slot);
    return param && param->kind == GS_INTEGER;
}

/* The keys that [policy] could have with the policies chosen. */
struct candidates {
    char name[CANDIDATES_MAX][CANDIDATE_BYTES];
    size_t count;
};

static const char *candidate_at(size_t i, const void *context)
{
    const struct candidates *candidates = context;
    return candidates->name[i];
}

static void unknown_key(struct build *b, const struct ini_entry *entry)
{
    char hint[HINT_TEXT], param[HINT_TEXT], shown[SHOWN_TEXT];
    struct candidates all = {.count = 0};
    for (int s = 0; s < GS_SLOTS; s++) {
        const struct gs_policy_head *policy = b->scenario->policy[s].policy;
        const char *slot = gs_slot_name((enum gs_slot)s);
        snprintf(all.name[all.count++], CANDIDATE_BYTES, "%s", slot);
        size_t count = policy ? params_count(policy) : 0;
        for (size_t i = 0; i < count && all.count < CANDIDATES_MAX - GS_SLOTS; i++)
            snprintf(all.name[all.count++], CANDIDATE_BYTES, "%s.%s", slot, policy->param[i].key);
    }
    if (build_param_find(param, entry->key))
        snprintf(hint, sizeof hint, "; did you mean '%.*s'?", SHOWN_TEXT, param);
    else
        build_hint(hint, entry->key, all.count, candidate_at, &all);
    ini_error(b->err, &entry->spot, GS_BAD_INPUT, "unknown key '%s' in [policy]%s", build_shown(shown, entry->key),
              hint);
}

static void unknown_param(struct build *b, const struct ini_entry *entry, enum gs_slot slot, const char *name)
{
    char list[LIST_TEXT] = "none", shown[SHOWN_TEXT];
    const struct gs_policy_head *policy = b->scenario->policy[slot].policy;
    size_t count = params_count(policy), used = 0;
    for (size_t i = 0; i < count && used < LIST_TEXT; i++)
        used += (size_t)snprintf(list + used, LIST_TEXT - used, "%s'%s'", i ? ", " : "", policy->param[i].key);
    ini_error(b->err, &entry->spot, GS_BAD_INPUT, "%s '%s' has no parameter '%s'; it has %s", gs_slot_name(slot),
              policy->name, build_shown(shown, name), list);
}

/* An override that changes the policy leaves parameters behind that were meant for the one it replaces. */
static bool is_left_behind(const struct build *b, const struct ini_entry *entry, enum gs_slot slot)
{
    const struct ini_entry *choice = ini_entry_find(b->policy_from, gs_slot_name(slot));
    return choice && choice->source->depth < entry->source->depth;
}

static void set_param(struct build *b, struct ini_entry *entry)
{
    char why[VALUE_WHY], shown[SHOWN_TEXT];
    enum gs_slot slot;
    const char *name;
    if (!param_split(entry->key, &slot, &name)) {
        unknown_key(b, entry);
        return;
    }
    struct policy_choice *choice = &b->scenario->policy[slot];
    if (!choice->policy)
        return;
    size_t count = params_count(choice->policy), i = 0;
    while (i < count && strcmp(choice->policy->param[i].key, name) != 0)
        i++;
    if (i == count && choice->plugin && strcmp(name, "hash") == 0)
        return; /* it has been held against the file */
    if (i == count) {
        entry->dropped = is_left_behind(b, entry, slot);
        if (!entry->dropped)
            unknown_param(b, entry, slot, name);
    } else if (build_param_parse(&choice->policy->param[i], entry->value, &choice->param[i], why) != GS_OK) {
        ini_error(b->err, &entry->spot, GS_BAD_INPUT, "'%s = %s': %s", entry->key, build_shown(shown, entry->value),
                  why);
    }
}

/* fcfs where every node runs one workload at a time, else everybody shares. */
static const char *default_policy(const struct build *b, enum gs_slot slot)
{
    bool all_exclusive = true;
    for (size_t i = 0; i < b->scenario->nodes; i++)
        all_exclusive = all_exclusive && b->scenario->node[i].sharing == SHARING_EXCLUSIVE;
    if (slot == GS_SLOT_SLICER)
        return all_exclusive && b->scenario->nodes > 0 ? "fcfs" : "ps";
    return keys_find("policy", gs_slot_name(slot))->fallback;
}

/* The first slot that has a policy of that name; GS_SLOTS: none. */
static enum gs_slot slot_of(const char *name)
{
    int s = 0;
    while (s < GS_SLOTS && !gs_policy_find((enum gs_slot)s, name))
        s++;
    return (enum gs_slot)s;
}

/* An audit looks from the folder of the scenario: what an included file of another folder says must be found from there. */
static void record_path(struct build *b, struct ini_entry *entry, const char *file)
{
    char whole[PATH_MAX];
    const char *folder = source_folder(b->arena, b->scenario->file);
    if (!folder || (strcmp(entry->source->folder, folder) != 0 && realpath(file, whole) &&
                    !(entry->value = arena_strdup(b->arena, whole))))
        ini_no_memory(b->ini);
}

/* What `entry` names is a shared object; `SLOT.hash`, if given, is that of its file. */
static const struct gs_policy_head *plug_in(struct build *b, struct ini_entry *entry, enum gs_slot slot)
{
    char why[PLUGIN_WHY], shown[SHOWN_TEXT], key[32];
    struct policy_choice *choice = &b->scenario->policy[slot];
    struct plugin plugin;
    snprintf(key, sizeof key, "%s.hash", gs_slot_name(slot));
    struct ini_entry *hash = ini_entry_find(b->policy_from, key);
    if (hash && is_left_behind(b, hash, slot)) {
        hash->dropped = true;
        hash = NULL;
    }
    const char *file = ini_path(b->arena, entry->source->folder, entry->value);
    if (!file) {
        ini_no_memory(b->ini);
        return NULL;
    }
    int code = plugin_load(&plugin, file, hash ? hash->value : NULL, why);
    if (code == GS_OK && !plugin.policy[slot]) {
        code = GS_BAD_INPUT;
        snprintf(why, sizeof why, "it defines no gs_%s; it is for another slot", gs_slot_name(slot));
    }
    if (code != GS_OK) {
        entry->bad = true;
        ini_error(b->err, &entry->spot, code, "plug-in '%s' as %s: %s%s", build_shown(shown, entry->value),
                  gs_slot_name(slot), why, code == GS_NO_INPUT ? "; paths start at the scenario's folder" : "");
        return NULL;
    }
    choice->plugin = arena_printf(b->arena, "%s@%s", plugin.policy[slot]->name, entry->value);
    choice->hash = arena_strdup(b->arena, plugin.hash);
    if (!choice->plugin || !choice->hash)
        ini_no_memory(b->ini);
    record_path(b, entry, file);
    return plugin.policy[slot];
}

const char *policy_choice_name(const struct policy_choice *choice)
{
    return choice->plugin ? choice->plugin : choice->policy->name;
}

static const struct gs_policy_head *find(struct build *b, struct ini_entry *entry, enum gs_slot slot)
{
    char hint[HINT_TEXT], shown[SHOWN_TEXT];
    const char *name = entry ? entry->value : default_policy(b, slot);
    const struct gs_policy_head *policy = gs_policy_find(slot, name);
    if (policy || !entry)
        return policy;
    if (plugin_is_path(name))
        return plug_in(b, entry, slot);
    build_shown(shown, name);
    entry->bad = true;
    enum gs_slot other = slot_of(name);
    if (other != GS_SLOTS)
        snprintf(hint, sizeof hint, "; '%s' is a %s policy", shown, gs_slot_name(other));
    else
        build_hint(hint, name, policies_count(slot), policy_at, &slot);
    ini_error(b->err, &entry->spot, GS_BAD_INPUT, "unknown %s policy '%s'%s", gs_slot_name(slot), shown,
              hint[0] ? hint : "; 'gpuswap-sim policies' lists them");
    return NULL;
}

static int choose(struct build *b, enum gs_slot slot)
{
    char why[VALUE_WHY];
    struct ini_entry *entry = ini_entry_find(b->policy_from, gs_slot_name(slot));
    struct policy_choice *choice = &b->scenario->policy[slot];
    choice->policy = find(b, entry, slot);
    choice->place = entry ? entry->spot.place : (struct place){0};
    if (!choice->policy)
        return GS_BAD_INPUT;
    const char *fault = gs_policy_fault(slot, choice->policy);
    if (fault)
        return error_add(b->err, GS_BAD_INPUT, "%s policy '%s' cannot be used: %s", gs_slot_name(slot),
                         choice->policy->name, fault);
    size_t count = params_count(choice->policy);
    choice->param = arena_array(b->arena, count, sizeof *choice->param);
    if (!choice->param)
        return ini_no_memory(b->ini);
    for (size_t i = 0; i < count; i++)
        if (build_param_parse(&choice->policy->param[i], choice->policy->param[i].fallback, &choice->param[i], why) !=
            GS_OK)
            return error_add(b->err, GS_BUG, "default of %s.%s: %s", gs_slot_name(slot), choice->policy->param[i].key,
                             why);
    return GS_OK;
}

static void sharing_check(struct build *b)
{
    const struct gs_policy_head *head = b->scenario->policy[GS_SLOT_SLICER].policy;
    const struct gs_slicer_policy *slicer = (const struct gs_slicer_policy *)(const void *)head;
    if (!head || !slicer->shares)
        return;
    for (size_t i = 0; i < b->scenario->nodes; i++)
        if (b->scenario->node[i].sharing == SHARING_EXCLUSIVE)
            ini_error(b->err, build_spot(b->node_from[i], "sharing"), GS_BAD_INPUT,
                      "'sharing = exclusive' excludes slicer '%s', which runs several at once; choose another, such as "
                      "'fcfs'",
                      head->name);
}

int build_policies(struct build *b)
{
    for (int s = 0; s < GS_SLOTS && !b->ini->stop; s++)
        choose(b, (enum gs_slot)s);
    for (size_t i = 0; i < b->policy_from->entries && !b->ini->stop; i++) {
        struct ini_entry *entry = &b->policy_from->entry[i];
        if (!keys_find("policy", entry->key))
            set_param(b, entry);
    }
    sharing_check(b);
    return b->err->code;
}
