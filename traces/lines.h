/* lines.h - the lines of a text file, plain or compressed by gzip or zstd, one at a time.
 *
 * Reads 1 MiB at a time, whatever the size of the file.  "-" is standard input.  Whether a file is compressed is seen
 * from its first bytes, not from its name.  Of a file that is broken or cut short, the lines before that are given.
 */
#ifndef GS_TRACES_LINES_H
#define GS_TRACES_LINES_H

#include "sim/base/error.h"
#include <stddef.h>
#include <stdint.h>

struct lines;

/* `longest`: the most bytes a line may have without its LF (<= LINES_MAX); a longer one is an error.  Other bytes are
 * passed on as they are.  Errors: GS_NO_INPUT (cannot open), GS_SYSTEM (no memory), and in `next`
 * GS_IO (reading failed), GS_BAD_INPUT (too long, broken or cut-off compressed data). */
enum { LINES_MAX = 64 * 1024 };
int lines_open(struct lines **lines, const char *path, size_t longest, struct error *err);

/* The same over `size` bytes of memory, which are copied; `name` is shown in errors. */
int lines_open_memory(struct lines **lines, const void *data, size_t size, const char *name, size_t longest,
                      struct error *err);

/* The next line without its LF, or *line = NULL at the end.  A last line without LF counts.  The bytes are the
 * caller's to write to until the next call, and line[length] is always '\n' (a sentinel for scanners). */
int lines_next(struct lines *lines, char **line, size_t *length, struct error *err);

/* Let the next call give the last line once more.  The caller must not have written to it. */
void lines_back(struct lines *lines);

/* Up to `size` of the next bytes as they are, line ends included, for formats that are not made of lines; *got = 0 at the
 * end.  lines_number then is the number of LFs given so far. */
int lines_read(struct lines *lines, char *buffer, size_t size, size_t *got, struct error *err);

/* A copy of the bytes to come, up to `size` - 1 of them and fewer only where the file ends, as text ended by a NUL;
 * they still come. */
int lines_peek(struct lines *lines, char *text, size_t size, struct error *err);

/* For messages: the file as the user knows it, and the number of the last line given (from 1). */
const char *lines_file(const struct lines *lines);
uint64_t lines_number(const struct lines *lines);

/* GS_BAD_INPUT "FILE:LINE: ..." at the last line given. */
int lines_fail(const struct lines *lines, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void lines_close(struct lines *lines); /* takes NULL */

#endif
