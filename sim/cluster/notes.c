/* notes.c - what is told besides the scenario: contradictions, warnings, and every field that nobody asked for. */
#include "sim/cluster/parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TEXT = 400, PATH = 240 };

int cluster_no_memory(struct cluster *c)
{
    return error_set(c->err, GS_SYSTEM, "no memory for the objects of the cluster");
}

const char *tame(struct cluster *c, const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    while (text[length] != '\0' && length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--; /* whole characters */
    char *copy = arena_alloc(c->arena, length + 1);
    if (!copy) {
        cluster_no_memory(c);
        return NULL;
    }
    for (size_t i = 0; i < length; i++)
        copy[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    copy[length] = '\0';
    return copy;
}

static void note_keep(struct cluster *c, enum note_kind kind, const struct origin *at, const char *text)
{
    struct notes *notes = &c->notes[kind];
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->note[i].text, text) == 0) {
            notes->note[i].times++;
            return;
        }
    if (notes->count == NOTES_MAX) {
        notes->more++;
        return;
    }
    void *grown = arena_grow(c->arena, notes->note, &notes->capacity, notes->count + 1, sizeof *notes->note);
    const char *copy = grown ? tame(c, text, TEXT) : NULL;
    if (!copy) {
        cluster_no_memory(c);
        return;
    }
    notes->note = grown;
    notes->note[notes->count++] = (struct note){copy, at ? *at : (struct origin){0}, 1};
}

void note_add(struct cluster *c, enum note_kind kind, const struct origin *at, const char *format, ...)
{
    char text[TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    note_keep(c, kind, at, text);
}

static void tell(struct cluster *c, const struct origin *at, const char *text)
{
    if (at && at->file && at->line > 0)
        error_add(c->err, GS_BAD_INPUT, "%s:%d: %s", at->file, at->line, text);
    else
        error_add(c->err, GS_BAD_INPUT, "%s", text);
}

void contradict(struct cluster *c, const struct origin *at, const char *format, ...)
{
    char text[TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->options.force)
        note_keep(c, NOTE_CONTRADICTION, at, text);
    else
        tell(c, at, text);
}

void object_error(struct cluster *c, const struct origin *at, const char *format, ...)
{
    char text[TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(c, at, text);
}

bool is_about_gpus(const char *name)
{
    static const char *const word[] = {"gpu", "nvidia", "cuda", "run.ai", "runai", "kai.scheduler", "hami", "swap"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (strcasestr(name, word[i]))
            return true;
    return false;
}

/* Down to the first thing on each way that nobody read. */
static void walk(struct cluster *c, const char *kind, struct origin *at, const struct tree *tree, char path[PATH],
                 size_t length)
{
    for (const struct tree *t = tree->child; t; t = t->next) {
        int added = tree->kind == TREE_LIST ? snprintf(path + length, PATH - length, "[]")
                                            : snprintf(path + length, PATH - length, "%s%s", length ? "." : "", t->key);
        size_t end = added < 0 ? length : length + (size_t)added;
        end = end < PATH ? end : PATH - 1;
        at->line = t->line;
        if (!t->read && t->kind != TREE_NULL)
            note_add(c, NOTE_PASSED_OVER, at, "%s: %s", kind, path);
        else if (t->read)
            walk(c, kind, at, t, path, end);
        path[length] = '\0';
    }
}

void note_unread(struct cluster *c, const char *kind, struct tree *object)
{
    char path[PATH] = "";
    struct origin at = {.file = c->file[c->files - 1]};
    walk(c, kind, &at, object, path, 0);
}
