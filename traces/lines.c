/* lines.c - read a file, plain or compressed, line by line through one large buffer. */
#include "traces/lines.h"
#include "traces/packed.h"
#include "sim/base/arena.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20, BUFFER_BYTES = READ_BYTES + LINES_MAX };

struct lines {
    struct unpack *unpack; /* NULL: everything is in the buffer already */
    char *buffer;          /* one byte more than its size, for the sentinel of a last line without LF */
    size_t start, end;     /* the bytes not yet given */
    size_t back;           /* start of the last line given */
    size_t longest;
    uint64_t number;
    bool at_end; /* nothing comes after the buffer */
    char *file;
};

static int make(struct lines **out, const char *name, size_t bytes, size_t longest, struct error *err)
{
    size_t name_bytes = strlen(name) + 1;
    struct lines *lines = heap_resize(NULL, sizeof *lines);
    *out = NULL;
    if (!lines)
        return error_set(err, GS_SYSTEM, "'%s': out of memory", name);
    *lines = (struct lines){.longest = longest < LINES_MAX ? longest : LINES_MAX};
    lines->buffer = heap_resize(NULL, bytes + 1);
    lines->file = heap_resize(NULL, name_bytes);
    if (!lines->buffer || !lines->file) {
        lines_close(lines);
        return error_set(err, GS_SYSTEM, "'%s': out of memory", name);
    }
    memcpy(lines->file, name, name_bytes);
    *out = lines;
    return GS_OK;
}

int lines_open(struct lines **out, const char *path, size_t longest, struct error *err)
{
    bool standard = !strcmp(path, "-");
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    *out = NULL;
    if (fd < 0)
        return error_set(err, GS_NO_INPUT, "cannot open '%s': %s", standard ? "standard input" : path, strerror(errno));
    int code = make(out, standard ? "standard input" : path, BUFFER_BYTES, longest, err);
    if (code) {
        close(fd);
        return code;
    }
    struct lines *lines = *out;
    lines->unpack = unpack_open(fd);
    if (!lines->unpack) {
        close(fd);
        lines_close(lines);
        *out = NULL;
        return error_set(err, GS_SYSTEM, "'%s': out of memory", path);
    }
    return GS_OK;
}

int lines_open_memory(struct lines **out, const void *data, size_t size, const char *name, size_t longest,
                      struct error *err)
{
    int code = make(out, name, size, longest, err);
    if (code)
        return code;
    if (size)
        memcpy((*out)->buffer, data, size);
    (*out)->end = size;
    (*out)->at_end = true;
    return GS_OK;
}

/* Move what is left to the front and read behind it. */
static int refill(struct lines *lines, struct error *err)
{
    size_t left = lines->end - lines->start;
    memmove(lines->buffer, lines->buffer + lines->start, left);
    lines->start = 0;
    lines->end = left;
    size_t got;
    const char *why = "";
    int code = unpack_read(lines->unpack, lines->buffer + left, READ_BYTES, &got, &why);
    if (code == GS_IO)
        return error_set(err, errno == EISDIR ? GS_NO_INPUT : GS_IO, "cannot read '%s': %s", lines->file,
                         strerror(errno));
    if (code)
        return error_set(err, code, "%s:%llu: %s", lines->file, (unsigned long long)lines->number + 1, why);
    lines->at_end = got == 0;
    lines->end += got;
    return GS_OK;
}

int lines_next(struct lines *lines, char **line, size_t *length, struct error *err)
{
    char *end;
    *line = NULL;
    *length = 0;
    for (;;) {
        char *from = lines->buffer + lines->start;
        size_t left = lines->end - lines->start;
        end = left ? memchr(from, '\n', left) : NULL;
        size_t known = end ? (size_t)(end - from) : left;
        if (known > lines->longest)
            return error_set(err, GS_BAD_INPUT, "%s:%llu: line is longer than %zu bytes", lines->file,
                             (unsigned long long)lines->number + 1, lines->longest);
        if (end)
            break;
        if (lines->at_end) {
            if (!left)
                return GS_OK;
            end = lines->buffer + lines->end;
            *end = '\n';
            lines->end++;
            break;
        }
        int code = refill(lines, err);
        if (code)
            return code;
    }
    *line = lines->buffer + lines->start;
    *length = (size_t)(end - *line);
    lines->back = lines->start;
    lines->start += *length + 1;
    lines->number++;
    return GS_OK;
}

int lines_read(struct lines *lines, char *buffer, size_t size, size_t *got, struct error *err)
{
    *got = 0;
    if (lines->start == lines->end && !lines->at_end) {
        int code = refill(lines, err);
        if (code)
            return code;
    }
    size_t left = lines->end - lines->start;
    size_t take = left < size ? left : size;
    memcpy(buffer, lines->buffer + lines->start, take);
    lines->start += take;
    for (const char *p = buffer; (p = memchr(p, '\n', take - (size_t)(p - buffer))); p++)
        lines->number++;
    *got = take;
    return GS_OK;
}

int lines_peek(struct lines *lines, char *text, size_t size, struct error *err)
{
    int code = GS_OK;
    while (!code && lines->end - lines->start < size - 1 && !lines->at_end)
        code = refill(lines, err);
    size_t take = lines->end - lines->start < size - 1 ? lines->end - lines->start : size - 1;
    memcpy(text, lines->buffer + lines->start, take);
    text[take] = 0;
    return code;
}

void lines_back(struct lines *lines)
{
    lines->start = lines->back;
    lines->number--;
}

const char *lines_file(const struct lines *lines)
{
    return lines->file;
}

uint64_t lines_number(const struct lines *lines)
{
    return lines->number;
}

int lines_fail(const struct lines *lines, struct error *err, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(err, GS_BAD_INPUT, "%s:%llu: %s", lines_file(lines), (unsigned long long)lines_number(lines),
                     text);
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    unpack_close(lines->unpack);
    heap_free(lines->buffer);
    heap_free(lines->file);
    heap_free(lines);
}
