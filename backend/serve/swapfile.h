/* swapfile.h - the daemon's own swap file: host memory under a name, in slots, each with a label that says whose it is.
 *
 * It is a file in memory (tmpfs, hugetlbfs), so that what lies there outlives a daemon that is killed: the next one finds it by
 * its labels.  A process is told by its number and the time of its start.  An image is whole once it has been committed; before
 * that its labels say that it was begun, and whoever finds them later knows that what they belong to is not there. */
#ifndef GS_SERVE_SWAPFILE_H
#define GS_SERVE_SWAPFILE_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { SWAPFILE_SLOT = 2 << 20 };

struct swapfile;

/* What a process has in the file.  While somebody holds one of these, the slots are not given to others. */
struct image {
    int pid;
    uint64_t start, bytes; /* bytes: of one that is whole */
    uint32_t slots;
    uint32_t *slot; /* in the order of its bytes */
    struct image *next;
};

enum image_state {
    IMAGE_NONE,
    IMAGE_BEGUN, /* it was never committed: its bytes are not there */
    IMAGE_WHOLE,
    IMAGE_SPOILT, /* a copy failed: what the process has on the GPU, or would get, is wrong */
};

/* Room for `bytes`, near the nodes of `numa` (as pages_take has it).  What lies there of processes that are gone is given up;
 * *fresh: nothing was there, or nothing that anybody needs.
 * GS_UNSATISFIABLE: the path is no file in memory of this user, or there is not so much memory; GS_BUSY: another daemon's. */
int swapfile_open(struct swapfile **file, const char *path, int64_t bytes, uint64_t numa, bool *fresh,
                  struct error *err);
/* There is such a file, and something in it that a process needs. */
bool swapfile_is_needed(const char *path);
/* It is removed unless something lies there that a process needs. */
void swapfile_close(struct swapfile *file);
void *swapfile_memory(const struct swapfile *file, uint64_t *bytes); /* all of it, to be registered */

/* Slots for an image of up to `bytes`, labelled as begun; what the process had there is given up.  GS_BUSY: it is full. */
int swapfile_begin(struct swapfile *file, int pid, uint64_t start, uint64_t bytes, struct image *image,
                   struct error *err);
/* One that is there, to be read: held if it is whole, and else why not. */
enum image_state swapfile_find(struct swapfile *file, int pid, uint64_t start, struct image *image, struct error *err);
bool swapfile_grow(struct swapfile *file, struct image *image, uint64_t bytes);
unsigned char *swapfile_at(const struct swapfile *file, const struct image *image, uint32_t part);
void swapfile_commit(struct swapfile *file, struct image *image, uint64_t bytes); /* whole; slots left over are free */
void swapfile_spoil(struct swapfile *file, struct image *image);
/* Not held any more.  `keeps`: as it is; else its slots are free. */
void swapfile_end(struct swapfile *file, struct image *image, bool keeps);

enum image_state swapfile_state(struct swapfile *file, int pid, uint64_t start);
void swapfile_drop(struct swapfile *file, int pid, uint64_t start);

struct holding { /* a process, and the bytes of its slots */
    int pid;
    uint64_t start, bytes;
};
/* Of all of these, in one look at the labels. */
void swapfile_held(struct swapfile *file, struct holding *holding, unsigned count);

#endif
