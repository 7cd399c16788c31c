/* error.c - keep the messages of what went wrong, the first code and at most twenty lines. */
#include "sim/base/error.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Room that a long message must leave for each line that may still follow. */
enum { LINE_RESERVE = 160 };

/* A cut message ends in "..." after its last whole UTF-8 character. */
static void cut(char *line, size_t length)
{
    size_t end = length - 3;
    while (end > 0 && ((unsigned char)line[end] & 0xC0) == 0x80)
        end--;
    memcpy(line + end, "...", 4);
}

/* Messages quote what files and users wrote: one message stays one line, and no terminal is steered by it. */
static void tame(char *line)
{
    for (; *line != '\0'; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7F)
            *line = '?';
}

int error_vadd(struct error *err, int code, const char *format, va_list args)
{
    assert(code != GS_OK);
    if (err->code == GS_OK)
        err->code = code;
    if (err->lines == 0)
        err->text[0] = '\0';
    if (++err->lines > ERROR_LINES_MAX)
        return err->code;

    size_t used = strlen(err->text);
    if (used > 0)
        err->text[used++] = '\n';
    size_t kept = (size_t)(ERROR_LINES_MAX - err->lines) * LINE_RESERVE;
    size_t room = sizeof err->text - used - kept;
    char *line = err->text + used;
    int length = vsnprintf(line, room, format, args);
    if (length < 0)
        snprintf(line, room, "%s", "an error whose message could not be written");
    else if ((size_t)length >= room)
        cut(line, room - 1);
    tame(line);
    return err->code;
}

int error_add(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int first = error_vadd(err, code, format, args);
    va_end(args);
    return first;
}

int error_set(struct error *err, int code, const char *format, ...)
{
    if (err->code != GS_OK)
        return err->code;
    va_list args;
    va_start(args, format);
    error_vadd(err, code, format, args);
    va_end(args);
    return err->code;
}
