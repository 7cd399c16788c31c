/* replay.c - a recorded trace as the whole load of a scenario: adds its section, leaves the other loads out. */
#include "sim/scenario/replay.h"
#include "sim/scenario/source.h"
#include <string.h>

#define SECTION "trace." REPLAY_GROUP

/* Where its section is not written in the scenario, messages name the trace. */
static void put(struct ini *ini, struct ini_section *section, const struct ini_source *source, const char *key,
                const char *value)
{
    struct ini_entry entry = {.key = key, .source = source, .spot = {.place = {.file = source->file}}};
    if (!value || !section)
        return;
    entry.value = arena_strdup(ini->arena, value);
    if (entry.value)
        ini_entry_put(ini, section, &entry);
    else
        ini_no_memory(ini);
}

/* The path goes in as seen from the trace's own folder: it is recorded that way, too. */
static void trace_add(struct ini *ini, const struct replay_load *replay)
{
    const char *slash = strrchr(replay->trace, '/'), *file = arena_strdup(ini->arena, replay->trace);
    struct ini_source *source = source_add(ini, file, file ? source_folder(ini->arena, file) : NULL, NULL);
    struct ini_section *section = ini_section_find(ini, SECTION);
    if (!source)
        return;
    source->depth = -1;
    const struct spot spot = {.place = {.file = file}};
    if (!section)
        section = ini_section_add(ini, SECTION, &spot, source);
    put(ini, section, source, "file", slash ? slash + 1 : replay->trace);
    put(ini, section, source, "format", replay->format);
    put(ini, section, source, "options", replay->options);
}

static bool is_other_load(const struct ini_section *section)
{
    return strncmp(section->title, "workload.", 9) == 0 ||
           (strncmp(section->title, "trace.", 6) == 0 && strcmp(section->title, SECTION) != 0);
}

void replay_lay(struct ini *ini, struct replay_load *replay)
{
    size_t kept = 0;
    ini->load = SECTION;
    ini->left_out = arena_array(ini->arena, ini->sections, sizeof(struct ini_section *));
    if (!ini->left_out) {
        ini_no_memory(ini);
        return;
    }
    for (size_t i = 0; i < ini->sections; i++)
        if (is_other_load(ini->section[i]))
            ini->left_out[ini->lefts_out++] = ini->section[i];
        else
            ini->section[kept++] = ini->section[i];
    ini->sections = kept;
    replay->groups = ini->lefts_out;
    trace_add(ini, replay);
}

/* Is it promised to a group that is left out? */
static bool is_void(const struct ini *ini, const struct ini_section *section)
{
    const struct ini_entry *group = ini_entry_find(section, "group");
    if (strncmp(section->title, "sla.", 4) != 0 || !group || strcmp(group->value, REPLAY_GROUP) == 0)
        return false;
    for (size_t i = 0; i < ini->lefts_out; i++)
        if (strcmp(strchr(ini->left_out[i]->title, '.') + 1, group->value) == 0)
            return true;
    return false;
}

void replay_slas(struct ini *ini, struct replay_load *replay)
{
    size_t kept = 0;
    for (size_t i = 0; i < ini->sections; i++)
        if (!is_void(ini, ini->section[i]))
            ini->section[kept++] = ini->section[i];
    replay->slas = ini->sections - kept;
    ini->sections = kept;
}
