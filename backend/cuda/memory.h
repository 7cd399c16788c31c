/* memory.h - the GPU memory of one workload in live mode: addresses for good, and chunks that come and go under them.
 *
 * A chunk is one handle of physical memory.  Its words are those of mix.h, of the generation that the chunk is in; a
 * burst moves the chunks that it writes on by one.  The rule above all others: a chunk is unmapped only when the host has
 * seen the end of everything that was issued on it; the driver does not wait for it. */
#ifndef GS_CUDA_MEMORY_H
#define GS_CUDA_MEMORY_H

#include "backend/cuda/gpu.h"
#include "backend/cuda/slots.h"

#include <stdbool.h>

enum chunk_state { CHUNK_ABSENT, CHUNK_ARRIVING, CHUNK_RESIDENT, CHUNK_LEAVING };

struct gpu_chunk {
    CUmemGenericAllocationHandle handle;
    CUevent event;       /* after its last copy */
    uint64_t generation; /* of its words; 0: none yet */
    uint64_t words;      /* so many, from its beginning on */
    uint32_t slot;       /* of its copy; SLOT_NONE: it has none */
    uint8_t state;       /* enum chunk_state */
    bool dirty;          /* the copy is older than the words */
    bool unwanted;       /* it leaves without a copy, and comes back anew */
    bool fresh;          /* filled by the swap-in that is under way: forgotten, should that fail */
};

enum move_kind { MOVE_NONE, MOVE_OUT, MOVE_IN, MOVE_CLEAN };

struct move { /* mover.h */
    enum move_kind kind;
    bool failed;           /* a swap-in that found no memory and is being undone */
    bool no_slot;          /* the next chunk waits for a slot of the swap file */
    uint32_t from, to;     /* of its chunks, those that move; the others are where they should be, or stay */
    uint32_t begun, ended; /* chunks, in order */
    uint32_t copied;       /* of a swap-in, chunks that came by the link so far */
    int64_t began_ns;      /* when the first of those began */
    int64_t copied_ns;     /* when the last of them was seen to have ended */
    uint64_t steps;        /* that were begun and ended, when it was last looked at */
    int64_t moved_ns;      /* when those were last seen to grow; -1: not looked at yet */
    int64_t refused_ns;    /* when there first was no memory for the next one; -1: there is */
    uint64_t turn;         /* of its last chunk; who had his longest ago takes the next */
    struct memory *next;   /* in line */
};

struct memory {
    struct gpu *gpu;
    struct slots *slots;
    CUdeviceptr start;
    int64_t bytes;            /* that it holds, or would if it were resident */
    uint32_t count, capacity; /* the same in chunks; at most */
    struct gpu_chunk *chunk;
    CUstream work;   /* its kernels */
    CUevent drained; /* after the last of them, when a transfer began */
    uint64_t run, id;
    bool keeps_copy; /* in the swap file, when it has come back */
    struct move move;
};

/* Addresses for up to `bytes`, in whole chunks; nothing lies there yet, and it holds all of them until memory_hold. */
int memory_open(struct memory *memory, struct gpu *gpu, struct slots *slots, int64_t bytes, uint64_t run, uint64_t id,
                struct error *err);
/* Waits for its work; gives everything back, copies too.  Takes one that was not opened, if it is zero. */
void memory_close(struct memory *memory);
/* What lies there is lost, copies too; addresses and all else stay.  Nothing of it moves or runs. */
int memory_empty(struct memory *memory, struct error *err);

/* Physical memory under chunk `i`, accessible; on failure nothing is left of it, and gpu_refuses tells how bad it is.  `fresh`: not one that was spared.  And its
 * end: it is spare. */
CUresult memory_map(struct memory *memory, uint32_t i, bool fresh);
CUresult memory_unmap(struct memory *memory, uint32_t i);

/* The first words of a new chunk, or those by which the last one has grown. */
CUresult memory_fill(struct memory *memory, uint32_t i, CUstream stream);

/* It holds `bytes` from now on, and has no move under way.  If it is resident, new chunks are filled, and what is too much
 * goes, when its kernels have ended; copies of what is too much go, too.  GS_BUSY: the GPU has no memory for it just now, and
 * `err` is left alone. */
int memory_hold(struct memory *memory, int64_t bytes, struct error *err);
/* The words of all that it holds, as they are at first, go into the swap file, from where they can come in. */
int memory_write_copies(struct memory *memory, struct error *err);
bool memory_is_resident(const struct memory *memory); /* all of it */
/* Chunks from `first` on are not copied when they leave next, and are filled when they come back. */
void memory_discard(struct memory *memory, uint32_t first);
/* The copies of what is resident are given up. */
void memory_drop_copies(struct memory *memory);

/* Queue a piece of a burst: the GPU is busy for `duration_ns`, then chunks from `first` to before `end` move on by a
 * generation. */
int memory_burst(struct memory *memory, uint64_t duration_ns, uint32_t first, uint32_t end, struct error *err);
/* What is queued from now on waits until the copies to chunk `i` and those before it have ended. */
int memory_await(struct memory *memory, uint32_t i, struct error *err);

/* Check all words, and wait for the result: `found->bad` is 0 or something went wrong with the memory. */
int memory_check(struct memory *memory, struct mix_found *found, struct error *err);

/* What it uses of chunk `i`: all but of the last one.  The account of the GPU's memory counts this, and copies move no more. */
static inline int64_t memory_part(const struct memory *memory, uint32_t i)
{
    int64_t part = memory->bytes - (int64_t)i * memory->gpu->chunk_bytes;

    return part < memory->gpu->chunk_bytes ? part : memory->gpu->chunk_bytes;
}

static inline CUdeviceptr memory_at(const struct memory *memory, uint32_t i)
{
    return memory->start + (CUdeviceptr)i * (CUdeviceptr)memory->gpu->chunk_bytes;
}

#endif
