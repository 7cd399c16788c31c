/* reader.h - Kubernetes objects out of a file, one at a time: YAML of any number of documents, JSON, lists of objects.
 *
 * A list is never held as a whole, so that memory is bounded by the largest object.  Files may come from anywhere: what
 * kubectl never prints (aliases, merge keys, tags of their own) and what no object needs (depth, single values, objects
 * beyond the bounds below) is refused with file and line.
 */
#ifndef GS_CLUSTER_READER_H
#define GS_CLUSTER_READER_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/cluster/tree.h"

enum {
    READER_DEPTH_MAX = 64,
    READER_VALUE_MAX = 512 * 1024,        /* bytes between two values; annotations have 256 KiB together at most */
    READER_OBJECT_MAX = 64 * 1024 * 1024, /* bytes of an object in memory */
    READER_FILE_MAX = 1024 * 1024 * 1024,
    READER_KIND = 64,
};

struct reader;

/* `path` "-" is standard input.  GS_NO_INPUT, GS_SYSTEM. */
int reader_open(struct reader **reader, const char *path, struct error *err);
/* The same from memory, called `file` in messages. */
int reader_open_memory(struct reader **reader, const char *text, size_t length, const char *file, struct error *err);
void reader_close(struct reader *reader);

/* The next object, with its memory from `arena`; *object = NULL at the end.  `kind`: that of the list it stands in, less
 * "List" ("" if it stands alone).  GS_BAD_INPUT "FILE:LINE: ..." and what reading gives; nothing can be read after it. */
int reader_next(struct reader *reader, struct tree **object, char kind[READER_KIND], struct arena *arena,
                struct error *err);

const char *reader_file(const struct reader *reader);

#endif
