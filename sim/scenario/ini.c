/* ini.c - splits scenario files into sections, keys and values, follows includes, and lays --set on top.
 *
 * Not libinih: its Debian build tells handlers no line, cuts lines at 198 characters (a `schedule` is longer), hides
 * empty sections and joins indented lines; working around all that took more code than splitting lines.
 */
#include "sim/scenario/ini.h"
#include "sim/scenario/build.h"
#include "sim/scenario/source.h"
#include "sim/scenario/sweep.h"
#include <stdio.h>
#include <string.h>

/* Bounds against files that are no scenarios; lookups below are linear. */
enum { SECTIONS_MAX = 10000, ENTRIES_MAX = 256, TITLE_MAX = 80 };

int ini_error(struct error *err, const struct spot *spot, int code, const char *format, ...)
{
    char message[1024], shown[SHOWN_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (spot->set)
        return error_add(err, code, "--set %s: %s", build_shown(shown, spot->set), message);
    if (spot->place.line > 0)
        return error_add(err, code, "%s:%d: %s", spot->place.file, spot->place.line, message);
    return error_add(err, code, "%s: %s", spot->place.file, message);
}

int ini_no_memory(struct ini *ini)
{
    ini->stop = true;
    return error_add(ini->err, GS_SYSTEM, "no memory to read the scenario");
}

struct ini_section *ini_section_find(const struct ini *ini, const char *title)
{
    for (size_t i = 0; i < ini->sections; i++)
        if (strcmp(ini->section[i]->title, title) == 0)
            return ini->section[i];
    return NULL;
}

struct ini_entry *ini_entry_find(const struct ini_section *section, const char *key)
{
    for (size_t i = 0; i < section->entries; i++)
        if (strcmp(section->entry[i].key, key) == 0)
            return &section->entry[i];
    return NULL;
}

struct ini_section *ini_section_add(struct ini *ini, const char *title, const struct spot *spot,
                                    const struct ini_source *source)
{
    struct ini_section *section = arena_alloc(ini->arena, sizeof *section);
    void *grown = arena_grow(ini->arena, ini->section, &ini->capacity, ini->sections + 1, sizeof(struct ini_section *));
    if (!section || !grown) {
        ini_no_memory(ini);
        return NULL;
    }
    *section = (struct ini_section){.title = title, .spot = *spot, .source = source};
    ini->section = grown;
    ini->section[ini->sections++] = section;
    return section;
}

void ini_entry_put(struct ini *ini, struct ini_section *section, const struct ini_entry *fresh)
{
    char shown[SHOWN_TEXT];
    if (section == &ini->ignored)
        return;
    struct ini_entry *old = ini_entry_find(section, fresh->key);
    if (old && old->source == fresh->source && !fresh->spot.set) {
        ini_error(ini->err, &fresh->spot, GS_BAD_INPUT, "key '%s' is repeated in [%s]; it stands in line %d already",
                  build_shown(shown, fresh->key), section->title, old->spot.place.line);
        return;
    }
    if (old) {
        *old = *fresh;
        return;
    }
    if (section->entries == ENTRIES_MAX) {
        ini_error(ini->err, &fresh->spot, GS_BAD_INPUT, "[%s] has more than %d keys", section->title, ENTRIES_MAX);
        return;
    }
    void *grown =
        arena_grow(ini->arena, section->entry, &section->capacity, section->entries + 1, sizeof *section->entry);
    if (!grown) {
        ini_no_memory(ini);
        return;
    }
    section->entry = grown;
    section->entry[section->entries++] = *fresh;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        text[--length] = '\0';
    return text;
}

static void comment_cut(char *line)
{
    for (char *p = line; *p; p++)
        if ((*p == ';' || *p == '#') && (p == line || is_blank(p[-1]))) {
            *p = '\0';
            return;
        }
}

/* "[workload.NB]": the section that the next keys belong to. */
static struct ini_section *header(struct ini *ini, const struct ini_source *source, const struct spot *spot, char *line)
{
    char shown[SHOWN_TEXT];
    char *end = strchr(line, ']');
    if (!end || end[1] != '\0') {
        ini->broken = true;
        ini_error(ini->err, spot, GS_BAD_INPUT,
                  "'%s' is no section; write [SECTION] or [SECTION.NAME] alone on the line", build_shown(shown, line));
        return &ini->ignored;
    }
    *end = '\0';
    char *title = trim(line + 1);
    if (strlen(title) > TITLE_MAX) {
        ini->broken = true;
        ini_error(ini->err, spot, GS_BAD_INPUT, "'%s' is too long for a section; at most %d characters",
                  build_shown(shown, title), TITLE_MAX);
        return &ini->ignored;
    }
    struct ini_section *old = ini_section_find(ini, title);
    if (old && old->source == source) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "section [%s] is repeated; it stands in line %d already", title,
                  old->spot.place.line);
        return &ini->ignored;
    }
    if (old) {
        old->source = source;
        old->spot = *spot;
        return old;
    }
    if (ini->sections == SECTIONS_MAX) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "more than %d sections", SECTIONS_MAX);
        return &ini->ignored;
    }
    struct ini_section *section = ini_section_add(ini, title, spot, source);
    return section ? section : &ini->ignored;
}

/* "key = value" */
static void pair(struct ini *ini, struct ini_source *source, const struct spot *spot, struct ini_section *section,
                 char *line)
{
    char shown[SHOWN_TEXT];
    char *equals = strchr(line, '=');
    if (!equals || equals == line) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "'%s' is neither 'key = value' nor [section] nor a comment",
                  build_shown(shown, line));
        return;
    }
    *equals = '\0';
    char *key = trim(line), *value = trim(equals + 1);
    if (*value == '\0') {
        ini_error(ini->err, spot, GS_BAD_INPUT, "key '%s' has no value; give it one or delete the line",
                  build_shown(shown, key));
        return;
    }
    if (strcmp(key, "include") == 0 && !section) {
        source_include(ini, source, spot, value);
    } else if (strcmp(key, "include") == 0) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "'include' must stand before the first section");
    } else if (!section) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "key '%s' stands before the first section", build_shown(shown, key));
    } else {
        struct ini_entry entry = {.key = key, .value = value, .spot = *spot, .source = source};
        ini_entry_put(ini, section, &entry);
    }
}

void ini_split(struct ini *ini, struct ini_source *source)
{
    char fault[FAULT_TEXT];
    struct ini_section *section = NULL;
    struct spot spot = {.place = {.file = source->file}};
    char *copy = arena_alloc(ini->arena, source->length + 1);
    if (!copy) {
        ini_no_memory(ini);
        return;
    }
    memcpy(copy, source->text, source->length);
    char *end = copy + source->length;
    char *line = source->length >= 3 && memcmp(copy, "\xEF\xBB\xBF", 3) == 0 ? copy + 3 : copy;
    for (char *next; line < end && !ini->stop; line = next) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        next = stop + 1;
        if (stop > line && stop[-1] == '\r')
            stop--;
        spot.place.line++;
        if (!source_line_is_text(line, (size_t)(stop - line), fault)) {
            ini_error(ini->err, &spot, GS_BAD_INPUT, "%s; a scenario is UTF-8 text", fault);
            return;
        }
        *stop = '\0';
        comment_cut(line);
        char *text = trim(line);
        if (*text == '[')
            section = header(ini, source, &spot, text);
        else if (*text)
            pair(ini, source, &spot, section, text);
    }
}

static const char *title_at(size_t i, const void *context)
{
    const struct ini *ini = context;
    return ini->section[i]->title;
}

static bool is_left_out(const struct ini *ini, const char *title)
{
    for (size_t i = 0; i < ini->lefts_out; i++)
        if (strcmp(ini->left_out[i]->title, title) == 0)
            return true;
    return false;
}

/* The section that a --set goes to: as named, or made where that hides no mistake. */
static struct ini_section *override_section(struct ini *ini, const struct ini_source *source, const struct spot *spot,
                                            const char *title)
{
    char hint[HINT_TEXT], shown[SHOWN_TEXT];
    struct ini_section *section = ini_section_find(ini, title);
    if (section)
        return section;
    bool is_sla = strncmp(title, "sla.", 4) == 0;
    if (strcmp(title, "scenario") == 0 || strcmp(title, "policy") == 0 || (ini->load && is_sla))
        return ini_section_add(ini, title, spot, source);
    build_shown(shown, title);
    build_hint(hint, title, ini->sections, title_at, ini);
    if (is_left_out(ini, title))
        ini_error(ini->err, spot, GS_BAD_INPUT, "[%s] is left out, as the trace is the whole load", shown);
    else if (!ini->broken)
        ini_error(ini->err, spot, GS_BAD_INPUT,
                  "the scenario has no section [%s]%s%s%s changes sections that are there; write others into the file",
                  shown, hint, hint[0] ? " " : "; ", spot->set ? "--set" : "[sweep]");
    return NULL;
}

char *ini_key_split(char *text)
{
    bool is_dotted = strncmp(text, "policy.", 7) == 0 || strncmp(text, "sweep.", 6) == 0;
    char *dot = is_dotted ? strchr(text, '.') : strrchr(text, '.');
    if (!dot || dot == text || dot[1] == '\0')
        return NULL;
    *dot = '\0';
    return dot + 1;
}

/* Put a key on top of what the files say, in the section `title`. */
static void lay(struct ini *ini, const struct ini_source *source, const struct spot *spot, const char *title,
                const char *key, const char *value)
{
    struct ini_entry entry = {.key = key, .value = value, .spot = *spot, .source = source};
    struct ini_section *section = override_section(ini, source, spot, title);
    if (section)
        ini_entry_put(ini, section, &entry);
}

static void override_one(struct ini *ini, const struct ini_source *source, const char *set)
{
    char fault[FAULT_TEXT];
    struct spot spot = {.place = {.file = "--set"}, .set = set};
    if (!source_line_is_text(set, strlen(set), fault)) {
        ini_error(ini->err, &spot, GS_USAGE, "%s", fault);
        return;
    }
    char *text = arena_strdup(ini->arena, set);
    if (!text) {
        ini_no_memory(ini);
        return;
    }
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    char *title = trim(text), *key = ini_key_split(title);
    if (!equals || !key) {
        ini_error(ini->err, &spot, GS_USAGE, "it must read SECTION.KEY=VALUE, such as 'node.gpu_memory=40GiB'");
        return;
    }
    const char *value = trim(equals + 1);
    if (*value == '\0')
        ini_error(ini->err, &spot, GS_BAD_INPUT, "key '%s' has no value", key);
    else
        lay(ini, source, &spot, title, key, value);
}

/* A source above all files; paths in it are seen from the scenario's folder. */
static struct ini_source *above(struct ini *ini, const char *name, int depth)
{
    struct ini_source *source = source_add(ini, name, ini->first ? ini->first->folder : NULL, NULL);
    if (source)
        source->depth = depth;
    return source;
}

int ini_choose(struct ini *ini, const struct sweep_choice *choice, size_t choices)
{
    struct ini_source *source = choices > 0 ? above(ini, "[sweep]", -2) : NULL;
    for (size_t i = 0; source && i < choices && !ini->stop; i++) {
        struct spot spot = {.place = choice[i].place, .set = choice[i].set};
        char *title = arena_strdup(ini->arena, choice[i].key), *key = title ? ini_key_split(title) : NULL;
        if (key)
            lay(ini, source, &spot, title, key, choice[i].value);
        else
            ini_no_memory(ini);
    }
    return ini->err->code;
}

int ini_override(struct ini *ini, const struct overrides *overrides)
{
    if (!overrides || overrides->sets == 0)
        return ini->err->code;
    struct ini_source *source = above(ini, "--set", -1);
    if (!source)
        return ini->err->code;
    for (size_t i = 0; i < overrides->sets && !ini->stop; i++)
        override_one(ini, source, overrides->set[i]);
    return ini->err->code;
}
