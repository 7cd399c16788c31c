/* mover_in.c - swap-ins: whose chunk comes next, and what becomes of one for which there is no memory. */
#include "backend/cuda/mover_parts.h"

CUresult mover_undo(struct mover *mover, struct memory *memory)
{
    const struct driver *cu = memory->gpu->cu;
    struct memory *next = memory->move.next;
    CUresult result = gpu_use(memory->gpu);

    for (uint32_t i = memory->move.from; i < memory->move.begun; i++)
        if (memory->chunk[i].slot == SLOT_NONE && memory->chunk[i].fresh)
            memory->chunk[i].generation = memory->chunk[i].words = 0;
    memory->move = mover_move(mover, MOVE_OUT, memory->move.from, memory->move.to);
    memory->move.failed = true;
    memory->move.next = next;
    if (result == CUDA_SUCCESS)
        result = cu->event_record(memory->drained, memory->gpu->in); /* by that stream they came */
    if (result == CUDA_SUCCESS)
        result = cu->stream_after(memory->work, memory->drained, CU_EVENT_WAIT_DEFAULT);
    return result == CUDA_SUCCESS ? mover_out_after(memory, memory->work) : result;
}

/* Chunk `i` is mapped: have what belongs there. */
static CUresult begin_chunk_in(struct mover *mover, struct memory *memory, uint32_t i, int64_t now_ns)
{
    const struct driver *cu = memory->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];
    CUresult result = CUDA_SUCCESS;

    if (chunk->slot == SLOT_NONE)
        chunk->generation = chunk->words = 0;
    else
        result = cu->copy_in(memory_at(memory, i), slots_at(mover->slots, chunk->slot), chunk->words * sizeof(mix_word),
                             memory->gpu->in);
    if (result == CUDA_SUCCESS && (int64_t)(chunk->words * sizeof(mix_word)) < memory_part(memory, i))
        result = memory_fill(memory, i, memory->gpu->in); /* it is new, or has grown while it was away */
    if (memory->move.begun == memory->move.from)
        memory->move.began_ns = now_ns;
    return result == CUDA_SUCCESS ? cu->event_record(chunk->event, memory->gpu->in) : result;
}

/* Who may take the next chunk of a GPU: who has to stay after all, before anybody takes what he left; else by turns, so that
 * those who come in together share the link; by the discipline `fcfs` the one who began first.  NULL: nobody. */
static struct memory *next_in(const struct mover *mover, const struct gpu *gpu)
{
    struct memory *next = NULL;
    bool behind = false; /* somebody who goes first */

    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        struct move *t = &m->move;

        if (m->gpu != gpu || t->kind != MOVE_IN)
            continue;
        while (t->begun < t->to && m->chunk[t->begun].state == CHUNK_RESIDENT)
            t->begun++;
        if (t->begun == t->to)
            continue;
        /* what is only filled is issued all at once: each time it may have to wait for the kernels of others */
        bool may = t->begun - t->ended < mover->depth || m->chunk[t->begun].slot == SLOT_NONE;
        if (t->failed)
            return may ? m : NULL;
        if (may && !behind && (next == NULL || t->turn < next->move.turn))
            next = m;
        behind = mover->fcfs;
    }
    return next;
}

/* There is no memory for its next chunk, though there should be, by the account or `by_driver`: it may only be late.  Who has to stay after all never gives
 * up; all others who come in do, then. */
static CUresult refuse(struct mover *mover, struct memory *memory, bool by_driver, int64_t now_ns)
{
    struct move *t = &memory->move;
    CUresult result = CUDA_SUCCESS;

    if (t->refused_ns < 0)
        t->refused_ns = now_ns;
    if (now_ns - t->refused_ns <= mover->patience_ns)
        return CUDA_SUCCESS;
    memory->gpu->refusals += by_driver;
    if (!t->failed)
        return mover_undo(mover, memory);
    for (struct memory *m = mover->first; m != NULL && result == CUDA_SUCCESS; m = m->move.next)
        if (m->gpu == memory->gpu && m->move.kind == MOVE_IN && !m->move.failed)
            result = mover_undo(mover, m);
    return result;
}

/* Will memory come free without anything that comes in having to go? */
static bool somebody_leaves(const struct mover *mover, const struct gpu *gpu)
{
    if (gpu->awaited > 0)
        return true;
    for (const struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->gpu == gpu && (m->move.kind == MOVE_OUT || m->move.begun > m->move.ended))
            return true;
    return false;
}

CUresult mover_begin_in(struct mover *mover, struct gpu *gpu, int64_t now_ns)
{
    struct memory *memory;

    while ((memory = next_in(mover, gpu)) != NULL) {
        struct move *t = &memory->move;
        CUresult result;

        if (gpu->free_bytes < memory_part(memory, t->begun))
            return somebody_leaves(mover, gpu) ? CUDA_SUCCESS : refuse(mover, memory, false, now_ns);
        result = memory_map(memory, t->begun, t->refused_ns >= 0 && !t->failed);
        if (gpu_refuses(gpu, result))
            return refuse(mover, memory, true, now_ns);
        if (result != CUDA_SUCCESS || (result = begin_chunk_in(mover, memory, t->begun, now_ns)) != CUDA_SUCCESS)
            return result;
        t->begun++;
        t->refused_ns = -1;
        t->turn = ++mover->turns;
    }
    return CUDA_SUCCESS;
}

CUresult mover_end_in(struct memory *memory, int64_t now_ns)
{
    struct move *t = &memory->move;
    CUresult result;

    for (; t->ended < t->begun; t->ended++) {
        if ((result = mover_over(memory, t->ended)) != CUDA_SUCCESS)
            return result == CUDA_ERROR_NOT_READY ? CUDA_SUCCESS : result;
        if (memory->chunk[t->ended].state == CHUNK_ARRIVING) {
            t->copied++;
            t->copied_ns = now_ns;
        }
        memory->chunk[t->ended].state = CHUNK_RESIDENT;
    }
    return CUDA_SUCCESS;
}
