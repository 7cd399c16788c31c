/* spool.h - lists of numbers on disk, for what is too much for memory: written side by side, each read from its beginning.
 *
 * A list takes a block of memory while it is written or read, and nothing in between.  Its items are fixed counts of
 * integers; the first of each is stored as the difference to that of the item before, all with as few bytes as they need.
 * The file is made in the folder that TMPDIR names, else /var/tmp, and has no name: however the program ends, nothing is
 * left behind.  Once written, several threads may read.
 */
#ifndef GS_TRACES_SPOOL_H
#define GS_TRACES_SPOOL_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include <stdbool.h>

enum { SPOOL_BLOCK = 1024, SPOOL_VALUES = 8 /* most integers of an item */ };

struct spool;

/* The struct is of the arena, the file stays until spool_close.  Errors: GS_CANT_CREATE, GS_SYSTEM. */
int spool_open(struct spool **spool, struct arena *arena, struct error *err);
void spool_close(struct spool *spool); /* takes NULL */

/* --- writing --- */
struct spool_list { /* zero-initialise */
    uint64_t first; /* where it begins, for reading; 0: nothing is in it */
    uint64_t last;
    int64_t before;
    unsigned char *block;
    uint32_t used;
};

/* Errors: GS_IO, GS_SYSTEM. */
int spool_put(struct spool *spool, struct spool_list *list, const int64_t *value, size_t count, struct error *err);

/* All of the list is on disk and its memory given back; only `first` is of use from here on. */
int spool_end(struct spool *spool, struct spool_list *list, struct error *err);

/* Nothing more will be written. */
void spool_written(struct spool *spool);

/* --- reading --- */
struct spool_reader {
    uint64_t next;        /* starts as `first` of the list */
    unsigned char *block; /* SPOOL_BLOCK bytes of the caller's */
    int64_t before;
    uint32_t at, used;
};

/* The next item; *more = false: there is none.  `count` as it was written.  Errors: GS_IO. */
int spool_get(const struct spool *spool, struct spool_reader *reader, int64_t *value, size_t count, bool *more,
              struct error *err);

#endif
