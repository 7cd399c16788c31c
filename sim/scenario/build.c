/* build.c - turns sections of keys and values into nodes, workloads, traces and SLAs, defaults filled in. */
#include "sim/scenario/build.h"
#include "sim/scenario/pools.h"
#include <stdio.h>
#include <string.h>

enum { NAME_LENGTH_MAX = 64 };

static const char *const kinds[] = {"scenario", "node", "policy", "workload", "trace", "sla", "sweep"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const char *kind_at(size_t i, const void *context)
{
    (void)context;
    return kinds[i];
}

const char *class_name(int class)
{
    static const char *const name[] = {
        [GS_NOTEBOOK] = "notebook", [GS_TRAINING] = "training", [GS_INFERENCE] = "inference"};
    return name[class];
}

const struct spot *build_spot(const struct ini_section *section, const char *key)
{
    const struct ini_entry *entry = ini_entry_find(section, key);
    return entry ? &entry->spot : &section->spot;
}

bool build_given(const struct ini_section *section, const char *key)
{
    const struct ini_entry *entry = ini_entry_find(section, key);
    return entry && !entry->bad;
}

bool build_sound(const struct ini_section *section, const char *key)
{
    const struct ini_entry *entry = ini_entry_find(section, key);
    return !entry || !entry->bad;
}

/* The keys of one kind of section, for hints. */
struct kind_keys {
    const char *name[64];
    size_t count;
};

static const char *key_at(size_t i, const void *context)
{
    const struct kind_keys *keys = context;
    return keys->name[i];
}

/* Hints at a key of the section, else at the section that has such a key, else at a section of such a name. */
static void unknown_key(struct build *b, const struct ini_section *section, const char *kind,
                        const struct ini_entry *entry)
{
    char hint[HINT_TEXT], param[HINT_TEXT], shown[SHOWN_TEXT];
    struct kind_keys keys = {.count = 0};
    const struct key *key, *elsewhere = NULL;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        if (strcmp(key->section, kind) == 0 && keys.count < sizeof keys.name / sizeof keys.name[0])
            keys.name[keys.count++] = key->name;
        if (!elsewhere && strcmp(key->name, entry->key) == 0)
            elsewhere = key;
    }
    build_hint(hint, entry->key, keys.count, key_at, &keys);
    if (elsewhere)
        snprintf(hint, sizeof hint, "; it is a key of [%s]", elsewhere->section);
    else if (build_param_find(param, entry->key))
        snprintf(hint, sizeof hint, "; it is '%.*s' in [policy]", SHOWN_TEXT, param);
    else if (!hint[0])
        build_hint(hint, entry->key, KINDS, kind_at, NULL);
    ini_error(b->err, &entry->spot, GS_BAD_INPUT, "unknown key '%s' in [%s]%s", build_shown(shown, entry->key),
              section->title, hint);
}

static bool is_for_class(const struct key *key, int class)
{
    return strcmp(key->classes, "all") == 0 || class < 0 || strcmp(key->classes, class_name(class)) == 0;
}

static void apply_entry(struct build *b, const struct ini_section *section, const char *kind, int class,
                        struct ini_entry *entry, void *base)
{
    char why[VALUE_WHY], shown[SHOWN_TEXT];
    const struct key *key = keys_find(kind, entry->key);
    entry->bad = true;
    if (!key) {
        unknown_key(b, section, kind, entry);
        return;
    }
    if (!is_for_class(key, class)) {
        ini_error(b->err, &entry->spot, GS_BAD_INPUT, "key '%s' belongs to class %s, but [%s] is of class %s",
                  key->name, key->classes, section->title, class_name(class));
        return;
    }
    int code = value_parse(key, entry->value, entry->source->folder, base, b->arena, why);
    entry->bad = code != GS_OK;
    if (code == GS_OK)
        return;
    b->ini->stop = b->ini->stop || code == GS_SYSTEM;
    bool names_key = why[0] == '\'' && strncmp(why + 1, key->name, strlen(key->name)) == 0;
    if (names_key || entry->spot.set)
        ini_error(b->err, &entry->spot, code, "%s", why);
    else
        ini_error(b->err, &entry->spot, code, "'%s = %s': %s", key->name, build_shown(shown, entry->value), why);
}

int build_apply(struct build *b, struct ini_section *section, const char *kind, int class, void *base)
{
    const struct key *key;
    char why[VALUE_WHY];
    for (size_t i = 0; i < section->entries && !b->ini->stop; i++)
        apply_entry(b, section, kind, class, &section->entry[i], base);
    for (size_t i = 0; (key = keys_at(i)) != NULL && !b->ini->stop; i++) {
        if (strcmp(key->section, kind) != 0 || ini_entry_find(section, key->name))
            continue;
        bool is_required =
            !key->fallback && (strcmp(key->classes, "all") == 0 || (class >= 0 && is_for_class(key, class)));
        if (is_required)
            ini_error(b->err, &section->spot, GS_BAD_INPUT, "[%s] needs the key '%s', %s: %s", section->title,
                      key->name, key->type, key->help);
        else if (key->fallback && key->fallback[0] && key->kind != KEY_POLICY &&
                 value_parse(key, key->fallback, NULL, base, b->arena, why) == GS_SYSTEM)
            return ini_no_memory(b->ini);
    }
    return b->err->code;
}

/* The class that a section gives, -1 if none or a bad one (which build_apply reports). */
static int class_of(struct build *b, const struct ini_section *section, const char *kind)
{
    char why[VALUE_WHY];
    struct workload_group group = {.class = -1};
    struct trace_source trace = {.class = -1};
    const struct ini_entry *entry = ini_entry_find(section, "class");
    bool is_trace = strcmp(kind, "trace") == 0;
    if (entry)
        value_parse(keys_find(kind, "class"), entry->value, NULL, is_trace ? (void *)&trace : (void *)&group, b->arena,
                    why);
    return is_trace ? trace.class : group.class;
}

static void class_defaults(struct workload_group *group)
{
    static const int64_t priority[] = {[GS_NOTEBOOK] = 128, [GS_TRAINING] = 64, [GS_INFERENCE] = 192};
    if (group->priority < 0)
        group->priority = priority[group->class];
}

static void add_scenario(struct build *b, struct ini_section *section)
{
    b->scenario->duration = GS_NEVER;
    b->scenario_from = section;
    build_apply(b, section, "scenario", -1, b->scenario);
}

static void add_node(struct build *b, struct ini_section *section, const char *name)
{
    struct node_group *node = &b->scenario->node[b->scenario->nodes];
    b->node_from[b->scenario->nodes++] = section;
    node->name = name ? name : "node";
    node->place = section->spot.place;
    build_apply(b, section, "node", -1, node);
}

static void add_workload(struct build *b, struct ini_section *section, const char *name)
{
    struct workload_group *group = &b->scenario->workload[b->scenario->workloads];
    int class = class_of(b, section, "workload");
    b->workload_from[b->scenario->workloads++] = section;
    group->name = name;
    group->place = section->spot.place;
    group->trace = -1;
    build_apply(b, section, "workload", class, group);
    group->has_tokens = build_given(section, "output_tokens");
    group->iterates = build_given(section, "iterations") || build_given(section, "iteration");
    class_defaults(group);
}

/* A trace, and the group that stands for its workloads. */
static void add_trace(struct build *b, struct ini_section *section, const char *name)
{
    struct trace_source *trace = &b->scenario->trace[b->scenario->traces];
    struct workload_group *group = &b->scenario->workload[b->scenario->workloads];
    struct ini_section nothing = {.title = section->title, .spot = section->spot};
    struct error unused = {0};
    struct build quiet = *b;
    quiet.err = &unused;
    build_apply(&quiet, &nothing, "workload", -1, group);

    trace->name = name;
    trace->place = section->spot.place;
    trace->class = GS_NOTEBOOK;
    build_apply(b, section, "trace", -1, trace);
    trace->loop -= 1;
    trace->has_class = build_given(section, "class");
    trace->has_memory = build_given(section, "memory");
    if (build_given(section, "file"))
        trace->file = ini_path(b->arena, ini_entry_find(section, "file")->source->folder, trace->file);
    if (build_given(section, "file") && !trace->file)
        ini_no_memory(b->ini);
    group->name = name;
    group->place = trace->place;
    group->count = 0;
    group->class = trace->class;
    group->memory = trace->memory;
    group->context = trace->context;
    group->dirty = trace->dirty;
    group->keep_host_copy = trace->keep_host_copy;
    group->priority = trace->priority;
    group->nodes = trace->nodes;
    group->trace = (int)b->scenario->traces;
    class_defaults(group);
    trace->priority = build_given(section, "priority") ? trace->priority : group->priority;
    b->trace_from[b->scenario->traces++] = section;
    b->workload_from[b->scenario->workloads++] = section;
}

/* "workload.NB" -> kind "workload", name "NB" (NULL if there is no dot); false if it is no section of a scenario. */
static bool section_split(struct build *b, struct ini_section *section)
{
    char hint[HINT_TEXT], head[SHOWN_TEXT];
    const char *dot = strchr(section->title, '.');
    size_t length = dot ? (size_t)(dot - section->title) : strlen(section->title);
    snprintf(head, sizeof head, "%.*s", (int)length, section->title);
    section->name = dot ? dot + 1 : NULL;
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(head, kinds[i]) == 0)
            section->kind = kinds[i];
    if (section->kind)
        return true;
    b->ini->broken = true;
    ini_error(b->err, &section->spot, GS_BAD_INPUT, "unknown section [%s]%s", section->title,
              build_hint(hint, head, KINDS, kind_at, NULL));
    return false;
}

static bool name_is_good(struct build *b, const struct ini_section *section, const char *kind, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
    bool is_single = kind == kinds[0] || kind == kinds[2] || kind == kinds[6];
    bool needs_name = !is_single && kind != kinds[1];
    if (is_single && name) {
        ini_error(b->err, &section->spot, GS_BAD_INPUT, "section [%s] takes no name; write [%s]", section->title, kind);
        return false;
    }
    if (needs_name && (!name || !*name)) {
        ini_error(b->err, &section->spot, GS_BAD_INPUT, "section [%s] needs a name, such as [%s.A]", section->title,
                  kind);
        return false;
    }
    if (name && (!*name || name[strspn(name, good)] != '\0' || strlen(name) > NAME_LENGTH_MAX)) {
        ini_error(b->err, &section->spot, GS_BAD_INPUT,
                  "the name in [%s] must consist of up to %d letters, digits and _ - . +", section->title,
                  NAME_LENGTH_MAX);
        return false;
    }
    return true;
}

void build_heads(struct build *b)
{
    for (size_t i = 0; i < b->ini->sections; i++) {
        struct ini_section *section = b->ini->section[i];
        if (section->kind || section->refused)
            continue;
        section->refused = !section_split(b, section);
        if (section->refused || name_is_good(b, section, section->kind, section->name))
            continue;
        section->refused = b->ini->broken = true;
        section->kind = NULL;
    }
}

/* Groups and nodes are told apart by name in reports. */
static void names_check(struct build *b, const char *name, const struct ini_section *section, bool is_node)
{
    const struct scenario *s = b->scenario;
    const struct ini_section *same = NULL;
    for (size_t i = 0; is_node && i < s->nodes && !same; i++)
        if (strcmp(s->node[i].name, name) == 0)
            same = b->node_from[i];
    for (size_t i = 0; !is_node && i < s->workloads && !same; i++)
        if (strcmp(s->workload[i].name, name) == 0)
            same = b->workload_from[i];
    if (same)
        ini_error(b->err, &section->spot, GS_BAD_INPUT, "[%s] and [%s] have the same name; rename one", section->title,
                  same->title);
}

static int arrays_make(struct build *b)
{
    struct scenario *s = b->scenario;
    size_t n = b->ini->sections;
    s->node = arena_array(b->arena, n, sizeof *s->node);
    s->workload = arena_array(b->arena, n, sizeof *s->workload);
    s->trace = arena_array(b->arena, n, sizeof *s->trace);
    b->node_from = arena_array(b->arena, n, sizeof(struct ini_section *));
    b->workload_from = arena_array(b->arena, n, sizeof(struct ini_section *));
    b->trace_from = arena_array(b->arena, n, sizeof(struct ini_section *));
    bool is_whole = s->node && s->workload && s->trace && b->node_from && b->workload_from && b->trace_from;
    return is_whole ? GS_OK : ini_no_memory(b->ini);
}

/* [scenario] and [policy] are there even if nobody wrote them; they come last and have no keys. */
static struct ini_section *always(struct build *b, const char *title)
{
    struct ini_section *section = ini_section_find(b->ini, title);
    struct spot spot = {.place = {.file = b->ini->first->file}};
    return section ? section : ini_section_add(b->ini, title, &spot, b->ini->first);
}

int build_sections(struct build *b)
{
    struct ini_section *scenario = always(b, "scenario");
    b->policy_from = always(b, "policy");
    if (!scenario || !b->policy_from || arrays_make(b) != GS_OK)
        return b->err->code;
    build_heads(b);
    add_scenario(b, scenario);
    for (size_t i = 0; i < b->ini->sections && !b->ini->stop; i++) {
        struct ini_section *section = b->ini->section[i];
        const char *kind = section->kind, *name = section->name;
        if (!kind)
            continue;
        if (strcmp(kind, "node") == 0 || strcmp(kind, "workload") == 0 || strcmp(kind, "trace") == 0)
            names_check(b, name ? name : "node", section, kind == kinds[1]);
        if (strcmp(kind, "node") == 0)
            add_node(b, section, name);
        else if (strcmp(kind, "workload") == 0)
            add_workload(b, section, name);
        else if (strcmp(kind, "trace") == 0)
            add_trace(b, section, name);
    }
    if (b->scenario->nodes == 0 && !b->ini->broken)
        error_add(b->err, GS_BAD_INPUT, "%s: there is no [node] section", b->ini->first->file);
    if (b->scenario->workloads == 0 && !b->ini->broken)
        error_add(b->err, GS_BAD_INPUT, "%s: there is no [workload.NAME] and no [trace.NAME] section",
                  b->ini->first->file);
    return build_pools(b);
}
