/* read.c - reads a scenario: files and --set to sections, sections to values, then the checks; all or nothing. */
#include "sim/scenario/build.h"
#include "sim/scenario/replay.h"
#include "sim/scenario/sweep.h"
#include <string.h>

/* "dir/six-notebooks.ini" -> "six-notebooks" */
static const char *name_of(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    size_t length = strlen(base);
    if (strcmp(file, "-") == 0)
        return "stdin";
    if (length > 4 && strcmp(base + length - 4, ".ini") == 0)
        length -= 4;
    return arena_printf(arena, "%.*s", (int)length, base);
}

/* Which files the plug-ins are, unless that was given. */
static void hashes_list(struct build *b)
{
    static const char *const key[GS_SLOTS] = {"victim.hash", "slicer.hash", "cap.hash", "prefetch.hash", "place.hash"};
    struct scenario *s = b->scenario;
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        const struct ini_entry *given = ini_entry_find(b->policy_from, key[slot]);
        if (s->policy[slot].hash && (!given || given->dropped))
            s->setting[s->settings++] = (struct setting){"policy", key[slot], s->policy[slot].hash};
    }
}

/* For the record: every key that was given and counts. */
static int settings_list(struct build *b)
{
    struct scenario *s = b->scenario;
    size_t count = GS_SLOTS;
    for (size_t i = 0; i < b->ini->sections; i++)
        count += b->ini->section[i]->entries;
    s->setting = arena_array(b->arena, count, sizeof *s->setting);
    if (!s->setting)
        return ini_no_memory(b->ini);
    for (size_t i = 0; i < b->ini->sections; i++) {
        const struct ini_section *section = b->ini->section[i];
        if (strcmp(section->title, "sweep") == 0)
            continue;
        for (size_t k = 0; k < section->entries; k++)
            if (!section->entry[k].dropped)
                s->setting[s->settings++] =
                    (struct setting){section->title, section->entry[k].key, section->entry[k].value};
        if (section == b->policy_from)
            hashes_list(b);
    }
    return GS_OK;
}

/* What lies on top of the files. */
struct layers {
    const struct overrides *overrides;
    const struct sweep_choice *choice;
    size_t choices;
    struct replay_load *replay; /* NULL: the scenario has its own load */
};

/* Everything behind the files: the sections are in `ini`. */
static int finish(struct scenario *scenario, struct ini *ini, const char *file, const struct layers *layers)
{
    struct replay_load *replay = layers->replay;
    struct build build = {.scenario = scenario, .ini = ini, .arena = ini->arena, .err = ini->err};
    if (ini->stop || ini->err->code == GS_NO_INPUT)
        return ini->err->code;
    if (replay)
        replay_lay(ini, replay);
    build_heads(&build);
    ini_override(ini, layers->overrides);
    ini_choose(ini, layers->choice, layers->choices);
    if (replay)
        replay_slas(ini, replay);
    scenario->arena = ini->arena;
    scenario->file = arena_strdup(ini->arena, file);
    scenario->text = ini_text(ini);
    if (!scenario->file || !scenario->text)
        return ini_no_memory(ini);
    build_sections(&build);
    if (ini->stop)
        return ini->err->code;
    if (!scenario->name)
        scenario->name = name_of(ini->arena, file);
    if (!scenario->name)
        return ini_no_memory(ini);
    build_policies(&build);
    if (!ini->stop)
        settings_list(&build);
    if (!ini->stop)
        build_slas(&build);
    if (!ini->stop && layers->choices == 0)
        build_sweep(&build);
    if (!ini->stop)
        check_contradictions(&build);
    if (ini->err->code == GS_OK)
        check_satisfiable(&build);
    return ini->err->code;
}

int scenario_read(struct scenario *scenario, const char *file, const struct overrides *overrides, struct arena *arena,
                  struct error *err)
{
    struct ini ini = {.arena = arena, .err = err};
    memset(scenario, 0, sizeof *scenario);
    ini_read(&ini, file);
    return finish(scenario, &ini, file, &(struct layers){.overrides = overrides});
}

int scenario_read_point(struct scenario *scenario, const char *file, const struct overrides *overrides,
                        const struct sweep_choice *choice, size_t choices, struct arena *arena, struct error *err)
{
    struct ini ini = {.arena = arena, .err = err};
    struct layers layers = {.overrides = overrides, .choice = choice, .choices = choices};
    memset(scenario, 0, sizeof *scenario);
    ini_read(&ini, file);
    return finish(scenario, &ini, file, &layers);
}

int scenario_parse(struct scenario *scenario, const char *text, size_t length, const char *file, const char *folder,
                   const struct overrides *overrides, struct arena *arena, struct error *err)
{
    struct ini ini = {.arena = arena, .err = err};
    memset(scenario, 0, sizeof *scenario);
    ini_parse(&ini, text, length, file, folder);
    return finish(scenario, &ini, file, &(struct layers){.overrides = overrides});
}

int scenario_replay(struct scenario *scenario, const char *file, struct replay_load *replay,
                    const struct overrides *overrides, struct arena *arena, struct error *err)
{
    static const char one_gpu[] = "[node]\ngpu_memory = 80GiB\n";
    struct ini ini = {.arena = arena, .err = err};
    memset(scenario, 0, sizeof *scenario);
    if (file)
        ini_read(&ini, file);
    else
        ini_parse(&ini, one_gpu, sizeof one_gpu - 1, "default node", ".");
    struct layers layers = {.overrides = overrides, .replay = replay};
    return finish(scenario, &ini, replay->trace, &layers);
}
