/* mover.h - swaps of live mode: several at a time, chunk by chunk, each chunk that leaves making room for one that comes.
 *
 * Nobody waits in here: mover_pump looks what has ended, issues what can begin and returns; mover_wait sleeps until a
 * copy ends.  One mover serves all GPUs of a swap file.  At most `depth` chunks of each transfer are under way.  Those that
 * go the same way on a GPU take turns, or with `fcfs` go in the order in which they began; a copy that is written ahead goes
 * when nobody leaves.  The slots of a workload that comes in are lent, chunk by chunk, to those who leave for it, so that two
 * workloads change places with a full swap file and one spare slot; and their physical memory goes to it without a detour by
 * the driver, so that nobody else can take it meanwhile. */
#ifndef GS_CUDA_MOVER_H
#define GS_CUDA_MOVER_H

#include "backend/cuda/memory.h"

struct mover {
    struct gpu *gpu; /* all of them, which share the swap file */
    uint32_t gpus;
    struct slots *slots;
    uint32_t depth;
    bool fcfs; /* transfers of a direction go one after the other; no: side by side, chunk by chunk */
    uint64_t turns;
    int64_t patience_ns; /* how long a swap-in asks again for memory that the driver does not have */
    CUresult waited;     /* what went wrong in mover_wait, for mover_pump to tell */
    const struct gpu *waited_for;
    struct memory *first, *last; /* transfers under way, in order of their beginning */
};

void mover_init(struct mover *mover, struct gpu *gpu, uint32_t gpus, struct slots *slots, uint32_t depth,
                int64_t patience_ns);

/* Begin to move a workload's memory: all of it in, or all that it has on the GPU out but the first `stay` chunks.  It has no
 * other transfer under way, and no burst from now on, but while it is cleaned, and while it comes in only what waits for its
 * chunks (memory_await).  Chunks that are where they should be are left alone; new ones, which have no copy yet, are filled. */
int mover_begin(struct mover *mover, struct memory *memory, enum move_kind kind, uint32_t stay, struct error *err);

/* How many of its chunks, the first ones, a burst may wait for (memory_await): all where it stays, none where it leaves. */
static inline uint32_t mover_reached(const struct memory *memory)
{
    const struct move *t = &memory->move;

    if (t->failed && t->kind != MOVE_NONE)
        return 0;
    return t->kind == MOVE_IN ? t->begun : t->kind == MOVE_OUT ? 0 : memory->count;
}

/* Get on with it, at time `now_ns`.  `*ended` is a workload whose transfer is over, NULL: none just now; call it again
 * until then.  `*failed`: it had no effect, as the GPU had no memory for a swap-in, or the swap file no slot for a swap-out
 * or a copy that is written ahead.
 * An error is of the GPU, and nothing on it can be trusted any more. */
int mover_pump(struct mover *mover, int64_t now_ns, struct memory **ended, bool *failed, struct error *err);

/* Sleep until the next copy has ended; false: none is under way. */
bool mover_wait(struct mover *mover);

static inline bool mover_is_idle(const struct mover *mover)
{
    return mover->first == NULL;
}

#endif
