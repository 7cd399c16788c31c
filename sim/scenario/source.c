/* source.c - opens a scenario's files and what they include, and refuses what is no text. */
#include "sim/scenario/source.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16, SOURCES_MAX = 256, FIRST_BYTES = 1 << 14, FILE_BYTES_MAX = 1 << 24 };

const char *ini_path(struct arena *arena, const char *folder, const char *file)
{
    if (file[0] == '/' || !folder || folder[0] == '\0' || strcmp(folder, ".") == 0)
        return arena_strdup(arena, file);
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    return arena_printf(arena, "%s%s%s", folder, slash, file);
}

const char *source_folder(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return ".";
    int length = slash == file ? 1 : (int)(slash - file);
    return arena_printf(arena, "%.*s", length, file);
}

struct ini_source *source_add(struct ini *ini, const char *file, const char *folder, const struct ini_source *parent)
{
    struct ini_source *source = arena_alloc(ini->arena, sizeof *source);
    if (!source || !folder) {
        ini_no_memory(ini);
        return NULL;
    }
    *source =
        (struct ini_source){.file = file, .folder = folder, .parent = parent, .depth = parent ? parent->depth + 1 : 0};
    if (ini->last)
        ini->last->next = source;
    else
        ini->first = source;
    ini->last = source;
    ini->sources++;
    return source;
}

/* Read all of `in`; false with errno, EFBIG if it is larger than any scenario. */
static bool slurp(struct ini *ini, struct ini_source *source, FILE *in)
{
    char *text = NULL;
    size_t capacity = 0, length = 0;
    for (size_t got = 1; got > 0; length += got) {
        if (length >= FILE_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
        void *grown = arena_grow(ini->arena, text, &capacity, length + FIRST_BYTES, 1);
        if (!grown) {
            errno = ENOMEM;
            return false;
        }
        text = grown;
        errno = 0;
        got = fread(text + length, 1, FIRST_BYTES, in);
    }
    source->text = text;
    source->length = length;
    return !ferror(in);
}

static bool is_open_already(const struct ini_source *source)
{
    for (const struct ini_source *up = source->parent; up; up = up->parent)
        if (up->inode == source->inode && up->device == source->device)
            return true;
    return false;
}

/* By its beginning: a native trace, a compressed one, JSON lines, or a first line of fields parted by commas. */
static bool is_trace(const struct ini_source *source)
{
    static const char *const magic[] = {"#gpuswap-trace", "\x1f\x8b", "\x28\xb5\x2f\xfd", "{"};
    const char *text = source->text, *end = memchr(text, '\n', source->length);
    size_t length = end ? (size_t)(end - text) : source->length;
    for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
        if (source->length >= strlen(magic[i]) && memcmp(text, magic[i], strlen(magic[i])) == 0)
            return true;
    return length > 0 && !strchr("[;#", text[0]) && memchr(text, ',', length) && !memchr(text, '=', length);
}

/* Open, read, close, split.  `spot`: where it was asked for; NULL for the scenario itself. */
static void read_file(struct ini *ini, struct ini_source *source, const struct spot *spot)
{
    const struct spot itself = {.place = {.file = source->file}};
    const char *what = spot ? "include '" : "", *file = spot ? source->file : "", *quote = spot ? "' " : "";
    struct stat status;
    bool is_stdin = !spot && strcmp(source->file, "<stdin>") == 0;
    spot = spot ? spot : &itself;
    FILE *in = is_stdin ? stdin : fopen(source->file, "rbe");
    if (!in) {
        ini_error(ini->err, spot, GS_NO_INPUT, "%s%s%scannot be opened: %s", what, file, quote, strerror(errno));
        return;
    }
    if (!is_stdin && fstat(fileno(in), &status) == 0) {
        source->device = (uint64_t)status.st_dev;
        source->inode = (uint64_t)status.st_ino;
    }
    if (source->inode != 0 && is_open_already(source)) {
        ini_error(ini->err, spot, GS_BAD_INPUT, "%s%s%sincludes itself", what, file, quote);
    } else if (!slurp(ini, source, in)) {
        int code = errno == ENOMEM ? GS_SYSTEM : errno == EFBIG ? GS_BAD_INPUT : GS_NO_INPUT;
        ini->stop = ini->stop || errno == ENOMEM;
        ini_error(ini->err, spot, code, "%s%s%scannot be read: %s", what, file, quote, strerror(errno));
    } else if (is_trace(source)) {
        ini->stop = true;
        ini_error(
            ini->err, spot, GS_BAD_INPUT,
            "%s%s%sthis looks like a trace, not like a scenario; run it with: gpuswap-sim replay TRACE [SCENARIO]",
            what, file, quote);
    } else {
        ini_split(ini, source);
    }
    if (!is_stdin)
        fclose(in);
}

void source_include(struct ini *ini, const struct ini_source *source, const struct spot *spot, const char *value)
{
    if (source->depth == DEPTH_MAX || ini->sources >= SOURCES_MAX) {
        ini_error(ini->err, spot, GS_BAD_INPUT,
                  "includes are nested deeper than %d or more than %d files; does one include itself?", DEPTH_MAX,
                  SOURCES_MAX);
        ini->stop = true;
        return;
    }
    const char *file = ini_path(ini->arena, source->folder, value);
    const char *folder = file ? source_folder(ini->arena, file) : NULL;
    struct ini_source *included = source_add(ini, file, folder, source);
    if (included)
        read_file(ini, included, spot);
}

int ini_read(struct ini *ini, const char *file)
{
    bool is_stdin = strcmp(file, "-") == 0;
    const char *name = is_stdin ? "<stdin>" : arena_strdup(ini->arena, file);
    const char *folder = is_stdin || !name ? "." : source_folder(ini->arena, name);
    struct ini_source *source = source_add(ini, name, name ? folder : NULL, NULL);
    if (source)
        read_file(ini, source, NULL);
    return ini->err->code;
}

int ini_parse(struct ini *ini, const char *text, size_t length, const char *file, const char *folder)
{
    const char *name = arena_strdup(ini->arena, strcmp(file, "-") == 0 ? "<stdin>" : file);
    const char *place = arena_strdup(ini->arena, folder ? folder : ".");
    struct ini_source *source = source_add(ini, name, name ? place : NULL, NULL);
    char *copy = source ? arena_alloc(ini->arena, length + 1) : NULL;
    if (!copy)
        return ini_no_memory(ini);
    memcpy(copy, text, length);
    source->text = copy;
    source->length = length;
    ini_split(ini, source);
    return ini->err->code;
}

const char *ini_text(const struct ini *ini)
{
    size_t bytes = 1;
    for (const struct ini_source *s = ini->first; s; s = s->next)
        bytes += s->length + strlen(s->file) + sizeof "\n; include \n";
    char *text = arena_alloc(ini->arena, bytes), *p = text;
    if (!text)
        return NULL;
    for (const struct ini_source *s = ini->first; s; s = s->next) {
        if (s->length == 0)
            continue;
        const char *gap = p > text && p[-1] != '\n' ? "\n" : "";
        if (s->parent)
            p += snprintf(p, bytes - (size_t)(p - text), "%s; include %s\n", gap, s->file);
        memcpy(p, s->text, s->length);
        p += s->length;
    }
    return text;
}

/* Length of the UTF-8 character at `p`, 0 if it is none (overlong forms and surrogates are none). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t length = p[0] < 0x80                   ? 1
                    : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
                    : (p[0] & 0xF0) == 0xE0       ? 3
                    : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF4 && p[1] >= 0x90);
    return overlong || beyond ? 0 : length;
}

bool source_line_is_text(const char *line, size_t length, char fault[FAULT_TEXT])
{
    const unsigned char *p = (const unsigned char *)line, *end = p + length;
    while (p < end) {
        size_t step = utf8_length(p, (size_t)(end - p));
        if (step == 0 || (*p < 0x20 && *p != '\t') || *p == 0x7F) {
            snprintf(fault, FAULT_TEXT, "byte 0x%02x at column %zu is no text", *p,
                     (size_t)(p - (const unsigned char *)line) + 1);
            return false;
        }
        p += step;
    }
    return true;
}
