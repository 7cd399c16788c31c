/* spool.c - lists of integers in blocks of one nameless file, each block knowing where the next of its list is. */
#include "traces/spool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 10 /* bytes of an integer */, PATH_BYTES = 4096 };

/* What a block begins with, in memory and on disk; the items follow.  Only the bytes in use are written, block behind
 * block; where the next one is is filled in when that is written. */
struct head {
    uint64_t next;
    uint64_t used; /* with the head */
};

struct spool {
    int fd;
    uint64_t end;
    struct arena blocks;
    void *spare;
    char folder[PATH_BYTES];
};

static int cannot(const struct spool *spool, int code, const char *what, struct error *err)
{
    return error_set(err, code, "cannot %s a temporary file in '%s': %s; set TMPDIR to a folder with room", what,
                     spool->folder, strerror(errno));
}

int spool_open(struct spool **out, struct arena *arena, struct error *err)
{
    static const char name[] = "/gpuswap-XXXXXX";
    const char *folder = getenv("TMPDIR");
    char path[PATH_BYTES + sizeof name];
    struct spool *spool = arena_alloc(arena, sizeof *spool);
    *out = NULL;
    if (!spool)
        return error_set(err, GS_SYSTEM, "out of memory");
    if (!folder || !*folder)
        folder = "/var/tmp";
    snprintf(spool->folder, sizeof spool->folder, "%s", folder);
    snprintf(path, sizeof path, "%s%s", spool->folder, name);
    spool->fd = mkstemp(path);
    if (spool->fd < 0)
        return cannot(spool, GS_CANT_CREATE, "create", err);
    unlink(path);
    spool->end = 1; /* 0 says that there is no block */
    *out = spool;
    return GS_OK;
}

void spool_written(struct spool *spool)
{
    spool->spare = NULL;
    arena_fini(&spool->blocks);
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    spool_written(spool);
    close(spool->fd);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static int write_at(struct spool *spool, const void *data, size_t bytes, uint64_t at, struct error *err)
{
    const unsigned char *p = data;
    while (bytes) {
        ssize_t n = pwrite(spool->fd, p, bytes, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cannot(spool, GS_IO, "write to", err);
        p += n;
        bytes -= (size_t)n;
        at += (uint64_t)n;
    }
    return GS_OK;
}

static int flush(struct spool *spool, struct spool_list *list, struct error *err)
{
    const struct head head = {0, list->used};
    memcpy(list->block, &head, sizeof head);
    int code = write_at(spool, list->block, list->used, spool->end, err);
    if (!code && list->first)
        code = write_at(spool, &spool->end, sizeof spool->end, list->last, err);
    if (!list->first)
        list->first = spool->end;
    list->last = spool->end;
    spool->end += list->used;
    list->used = sizeof head;
    return code;
}

static unsigned char *take_block(struct spool *spool)
{
    unsigned char *block = spool->spare;
    if (!block)
        return arena_alloc(&spool->blocks, SPOOL_BLOCK);
    memcpy(&spool->spare, block, sizeof spool->spare);
    return block;
}

/* Seven bits a byte, the sign in the lowest bit of all. */
static unsigned char *put_integer(unsigned char *p, int64_t value)
{
    uint64_t n = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    for (; n > 0x7f; n >>= 7)
        *p++ = (unsigned char)(n | 0x80);
    *p++ = (unsigned char)n;
    return p;
}

int spool_put(struct spool *spool, struct spool_list *list, const int64_t *value, size_t count, struct error *err)
{
    if (!list->block) {
        list->block = take_block(spool);
        list->used = sizeof(struct head);
        if (!list->block)
            return error_set(err, GS_SYSTEM, "out of memory");
    }
    if (list->used + count * LONGEST > SPOOL_BLOCK) {
        int code = flush(spool, list, err);
        if (code)
            return code;
    }
    unsigned char *p = put_integer(list->block + list->used, value[0] - list->before);
    for (size_t i = 1; i < count; i++)
        p = put_integer(p, value[i]);
    list->before = value[0];
    list->used = (uint32_t)(p - list->block);
    return GS_OK;
}

int spool_end(struct spool *spool, struct spool_list *list, struct error *err)
{
    if (!list->block)
        return GS_OK;
    int code = flush(spool, list, err);
    memcpy(list->block, &spool->spare, sizeof spool->spare);
    spool->spare = list->block;
    list->block = NULL;
    return code;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static int read_block(const struct spool *spool, struct spool_reader *reader, struct error *err)
{
    struct head head;
    ssize_t n;
    do
        n = pread(spool->fd, reader->block, SPOOL_BLOCK, (off_t)reader->next);
    while (n < 0 && errno == EINTR);
    if (n < (ssize_t)sizeof head) {
        errno = n < 0 ? errno : EIO;
        return cannot(spool, GS_IO, "read", err);
    }
    memcpy(&head, reader->block, sizeof head);
    reader->next = head.next;
    reader->at = sizeof head;
    reader->used = (uint32_t)head.used;
    return GS_OK;
}

static const unsigned char *get_integer(const unsigned char *p, int64_t *value)
{
    uint64_t n = 0;
    unsigned shift = 0;
    for (; *p & 0x80; shift += 7)
        n |= (uint64_t)(*p++ & 0x7f) << shift;
    n |= (uint64_t)*p++ << shift;
    *value = (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
    return p;
}

int spool_get(const struct spool *spool, struct spool_reader *reader, int64_t *value, size_t count, bool *more,
              struct error *err)
{
    *more = reader->at < reader->used || reader->next != 0;
    if (!*more)
        return GS_OK;
    if (reader->at == reader->used) {
        int code = read_block(spool, reader, err);
        if (code)
            return code;
    }
    const unsigned char *p = reader->block + reader->at;
    for (size_t i = 0; i < count; i++)
        p = get_integer(p, &value[i]);
    reader->at = (uint32_t)(p - reader->block);
    reader->before = value[0] += reader->before;
    return GS_OK;
}
