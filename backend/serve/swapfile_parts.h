/* swapfile_parts.h - how the swap file is laid out: a head, labels, slots; shared by its own files only. */
#ifndef GS_SERVE_SWAPFILE_PARTS_H
#define GS_SERVE_SWAPFILE_PARTS_H

#include "backend/serve/state.h"
#include "backend/serve/swapfile.h"

#include <pthread.h>
#include <stdatomic.h>

#define SWAPFILE_MAGIC "gpuswap1"

struct label {
    uint64_t start, bytes;
    int32_t pid; /* 0: the slot is free */
    uint32_t part;
    _Atomic uint32_t state; /* of part 0: enum image_state */
    uint32_t reserved;
};
_Static_assert(sizeof(struct label) == 32, "the next daemon reads them");

struct head {
    char magic[8];
    uint32_t slots, slot_bytes;
    uint64_t reserved[6];
};
_Static_assert(sizeof(struct head) == 64, "the next daemon reads it");

struct swapfile {
    char path[160];
    int fd;
    unsigned char *base;
    uint64_t bytes, head_bytes;
    uint32_t slots;
    struct label *label;
    struct image *held;
    pthread_mutex_t lock; /* threads of several GPUs come here */
};

/* Labels of one process follow each other: so it is looked for once. */
struct sight {
    int pid;
    uint64_t start;
    bool there;
};

static inline bool label_is_there(const struct label *label, struct sight *last)
{
    if (label->pid <= 0)
        return false;
    if (last->pid != label->pid || last->start != label->start)
        *last = (struct sight){label->pid, label->start, process_is(label->pid, label->start)};
    return last->there;
}

static inline uint32_t swapfile_slots_for(uint64_t bytes)
{
    uint64_t slots = (bytes + SWAPFILE_SLOT - 1) / SWAPFILE_SLOT;

    return slots > 0 ? (uint32_t)slots : 1; /* a label at least */
}

#endif
