/* packed.h - the bytes of a file through gzip or zstd, in both directions. */
#ifndef GS_TRACES_PACKED_H
#define GS_TRACES_PACKED_H

#include "sim/base/error.h"
#include <stddef.h>

/* --- reading: plain, gzip or zstd, seen from the first bytes --- */
struct unpack;

/* Takes `fd` over; NULL when there is no memory (then `fd` stays the caller's). */
struct unpack *unpack_open(int fd);

/* Up to `size` of the next bytes; *got = 0 at the end of the file.  What came before an error is given first.  Errors:
 * GS_IO with errno; GS_BAD_INPUT (broken or cut short) and GS_SYSTEM (no memory) with `*why` in words. */
int unpack_read(struct unpack *unpack, char *out, size_t size, size_t *got, const char **why);
void unpack_close(struct unpack *unpack); /* takes NULL */

/* --- writing: packed as the ending of `name` says, ".gz" or ".zst", else plain --- */
struct pack;

/* Takes `fd` over; NULL when there is no memory (then `fd` stays the caller's). */
struct pack *pack_open(int fd, const char *name);

/* False with errno, 0 if it is the compression that failed. */
bool pack_write(struct pack *pack, const char *data, size_t size);
bool pack_finish(struct pack *pack); /* nothing is held back any more */
bool pack_close(struct pack *pack);  /* takes NULL */

#endif
