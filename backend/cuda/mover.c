/* mover.c - transfers, chunk by chunk. */
#include "backend/cuda/mover.h"

void mover_init(struct mover *mover, struct gpu *gpu, struct slots *slots, uint32_t depth, int64_t patience_ns)
{
    *mover = (struct mover){.gpu = gpu, .slots = slots, .depth = depth, .patience_ns = patience_ns};
}

int mover_begin(struct mover *mover, struct memory *memory, enum move_kind kind, struct error *err)
{
    const struct driver *cu = mover->gpu->cu;
    CUresult result = CUDA_SUCCESS;

    memory->move = (struct move){.kind = kind, .refused_ns = -1, .turn = ++mover->turns};
    if (kind != MOVE_IN) { /* what is copied out is what its last kernel left */
        result = cu->event_record(memory->drained, memory->work);
        if (result == CUDA_SUCCESS)
            result = cu->stream_after(mover->gpu->out, memory->drained, CU_EVENT_WAIT_DEFAULT);
    }
    if (mover->first == NULL)
        mover->first = memory;
    else
        mover->last->move.next = memory;
    mover->last = memory;
    return gpu_try(mover->gpu, result, "cuEventRecord", err);
}

/* A slot for who leaves: a free one, or that of a chunk which has come back already. */
static uint32_t find_slot(struct mover *mover)
{
    uint32_t slot = slots_take(mover->slots);

    for (struct memory *m = mover->first; m != NULL && slot == SLOT_NONE; m = m->move.next)
        for (uint32_t i = 0; m->move.kind == MOVE_IN && i < m->move.ended && slot == SLOT_NONE; i++) {
            slot = m->chunk[i].slot;
            m->chunk[i].slot = SLOT_NONE;
        }
    return slot;
}

/* Write chunk `i` to its slot; false: there is none. */
static bool begin_copy_out(struct mover *mover, struct memory *memory, uint32_t i, CUresult *result)
{
    const struct driver *cu = mover->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];

    if (chunk->slot == SLOT_NONE && (chunk->slot = find_slot(mover)) == SLOT_NONE)
        return false;
    chunk->dirty = false;
    *result = cu->copy_out(slots_at(mover->slots, chunk->slot), memory_at(memory, i), chunk->words * sizeof(mix_word),
                           mover->gpu->out);
    if (*result == CUDA_SUCCESS)
        *result = cu->event_record(chunk->event, mover->gpu->out);
    return true;
}

/* Has the host seen the end of all that was issued on the chunk: kernels and copies?  Else it must not be unmapped. */
static CUresult over(const struct memory *memory, uint32_t i)
{
    CUresult result = CUDA_SUCCESS;

    if (memory->move.kind != MOVE_IN)
        result = memory->gpu->cu->event_query(memory->drained);
    return result == CUDA_SUCCESS ? memory->gpu->cu->event_query(memory->chunk[i].event) : result;
}

static CUresult end_out(struct memory *memory)
{
    struct move *t = &memory->move;
    CUresult result = CUDA_SUCCESS;

    for (; t->ended < t->begun && result == CUDA_SUCCESS; t->ended++) {
        if (memory->chunk[t->ended].state == CHUNK_ABSENT)
            continue;
        if ((result = over(memory, t->ended)) == CUDA_ERROR_NOT_READY)
            return CUDA_SUCCESS;
        if (result == CUDA_SUCCESS && t->kind == MOVE_OUT)
            result = memory_unmap(memory, t->ended);
    }
    return result;
}

/* How many chunks of it may be under way.  By the discipline `fcfs` those who began earlier go first; and a copy that is
 * written while its owner stays goes when nobody leaves, a chunk at a time, so that whoever leaves waits for one at most. */
static uint32_t depth_out(const struct mover *mover, const struct memory *memory)
{
    bool clean = memory->move.kind == MOVE_CLEAN, before = true;

    for (const struct memory *m = mover->first; m != NULL; m = m->move.next) {
        before = before && m != memory;
        if (m != memory && m->move.kind == MOVE_OUT && m->move.begun < m->count && (clean || (mover->fcfs && before)))
            return 0;
    }
    return clean ? 1 : mover->depth;
}

static CUresult step_out(struct mover *mover, struct memory *memory)
{
    struct move *t = &memory->move;
    uint32_t depth = depth_out(mover, memory);
    CUresult result = CUDA_SUCCESS;

    /* Who is cleaned may run meanwhile: what it writes now is copied later.  To let the stream of copies wait for it would
     * hold up everybody else's. */
    if (t->kind == MOVE_CLEAN && (result = mover->gpu->cu->stream_query(memory->work)) == CUDA_ERROR_NOT_READY)
        return end_out(memory);
    for (; t->begun < memory->count && t->begun - t->ended < depth && result == CUDA_SUCCESS; t->begun++) {
        struct gpu_chunk *chunk = &memory->chunk[t->begun];

        if (chunk->state == CHUNK_ABSENT)
            continue;
        if (chunk->generation > 0 && (chunk->slot == SLOT_NONE || chunk->dirty) &&
            (t->no_slot = !begin_copy_out(mover, memory, t->begun, &result)))
            break;
        if (t->kind == MOVE_OUT)
            chunk->state = CHUNK_LEAVING;
    }
    return result == CUDA_SUCCESS ? end_out(memory) : result;
}

/* A swap-in for which there is no memory: what has come goes back.  What had its slot lent is copied out again, what was
 * only filled is forgotten. */
static CUresult undo(struct mover *mover, struct memory *memory)
{
    const struct driver *cu = mover->gpu->cu;
    struct memory *next = memory->move.next;
    CUresult result;

    for (uint32_t i = 0; i < memory->move.begun; i++)
        if (memory->chunk[i].slot == SLOT_NONE && memory->chunk[i].dirty)
            memory->chunk[i].generation = memory->chunk[i].words = 0;
    memory->move =
        (struct move){.kind = MOVE_OUT, .failed = true, .refused_ns = -1, .turn = ++mover->turns, .next = next};
    result = cu->event_record(memory->drained, mover->gpu->in); /* by that stream they came */
    return result == CUDA_SUCCESS ? cu->stream_after(mover->gpu->out, memory->drained, CU_EVENT_WAIT_DEFAULT) : result;
}

static CUresult begin_chunk_in(struct mover *mover, struct memory *memory, uint32_t i)
{
    const struct driver *cu = mover->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];
    CUresult result = memory_map(memory, i, memory->move.refused_ns >= 0 && !memory->move.failed);

    if (result != CUDA_SUCCESS)
        return result;
    if (chunk->slot != SLOT_NONE)
        result = cu->copy_in(memory_at(memory, i), slots_at(mover->slots, chunk->slot), chunk->words * sizeof(mix_word),
                             mover->gpu->in);
    else
        chunk->generation = chunk->words = 0;
    if (result == CUDA_SUCCESS && (int64_t)(chunk->words * sizeof(mix_word)) < memory_part(memory, i))
        result = memory_fill(memory, i, mover->gpu->in); /* it is new, or has grown while it was away */
    return result == CUDA_SUCCESS ? cu->event_record(chunk->event, mover->gpu->in) : result;
}

/* Who may take the next chunk: by turns, so that those who come in together share the link; by the discipline `fcfs` the one
 * who began first.  NULL: nobody. */
static struct memory *next_in(const struct mover *mover)
{
    struct memory *next = NULL;

    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        struct move *t = &m->move;

        while (t->kind == MOVE_IN && t->begun < m->count && m->chunk[t->begun].state == CHUNK_RESIDENT)
            t->begun++;
        if (t->kind != MOVE_IN || t->begun == m->count)
            continue;
        /* what is only filled is issued all at once: each time it may have to wait for the kernels of others */
        if ((t->begun - t->ended < mover->depth || m->chunk[t->begun].slot == SLOT_NONE) &&
            (next == NULL || t->turn < next->move.turn))
            next = m;
        if (mover->fcfs)
            break;
    }
    return next;
}

/* There is no memory for its next chunk, though there should be: it may only be late. */
static CUresult refuse(struct mover *mover, struct memory *memory, int64_t now_ns)
{
    struct move *t = &memory->move;

    if (t->refused_ns < 0)
        t->refused_ns = now_ns;
    else if (now_ns - t->refused_ns > mover->patience_ns && !t->failed)
        return undo(mover, memory);
    return CUDA_SUCCESS;
}

/* Will memory come free without anything that comes in having to go? */
static bool somebody_leaves(const struct mover *mover)
{
    if (mover->awaited > 0)
        return true;
    for (const struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->move.kind == MOVE_OUT || m->move.begun > m->move.ended)
            return true;
    return false;
}

static CUresult begin_in(struct mover *mover, int64_t now_ns)
{
    struct memory *memory;

    while ((memory = next_in(mover)) != NULL) {
        struct move *t = &memory->move;
        CUresult result;

        if (mover->gpu->free_bytes < memory_part(memory, t->begun))
            return somebody_leaves(mover) ? CUDA_SUCCESS : refuse(mover, memory, now_ns);
        if ((result = begin_chunk_in(mover, memory, t->begun)) == CUDA_ERROR_OUT_OF_MEMORY)
            return refuse(mover, memory, now_ns);
        if (result != CUDA_SUCCESS)
            return result;
        t->begun++;
        t->refused_ns = -1;
        t->turn = ++mover->turns;
    }
    return CUDA_SUCCESS;
}

static CUresult end_in(struct memory *memory)
{
    struct move *t = &memory->move;
    CUresult result;

    for (; t->ended < t->begun; t->ended++) {
        if ((result = over(memory, t->ended)) != CUDA_SUCCESS)
            return result == CUDA_ERROR_NOT_READY ? CUDA_SUCCESS : result;
        memory->chunk[t->ended].state = CHUNK_RESIDENT;
    }
    return CUDA_SUCCESS;
}

static void take_out_of_line(struct mover *mover, struct memory *memory, struct memory *before)
{
    if (before == NULL)
        mover->first = memory->move.next;
    else
        before->move.next = memory->move.next;
    if (mover->last == memory)
        mover->last = before;
    memory->move.next = NULL;
}

/* Copies of what is on the GPU are given up, unless they are wanted. */
static void settle(struct mover *mover, struct memory *memory)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        struct gpu_chunk *chunk = &memory->chunk[i];

        if (chunk->state != CHUNK_RESIDENT || memory->keeps_copy || chunk->slot == SLOT_NONE)
            continue;
        slots_give(mover->slots, chunk->slot);
        chunk->slot = SLOT_NONE;
    }
}

static uint64_t progress(const struct mover *mover)
{
    uint64_t steps = 0;

    for (const struct memory *m = mover->first; m != NULL; m = m->move.next)
        steps += (uint64_t)m->move.begun + m->move.ended;
    return steps;
}

/* Nothing is under way, and there is no slot for who leaves: he stays, and those who come in for his memory do not.  Only
 * where all who leave are swap-ins that are being undone, one of those tries again. */
static CUresult turn_back(struct mover *mover)
{
    CUresult result = CUDA_SUCCESS;
    struct memory *last = NULL;

    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        if (m->move.begun > m->move.ended)
            return CUDA_SUCCESS;
        if (m->move.kind == MOVE_OUT && m->move.no_slot && (last == NULL || last->move.failed || !m->move.failed))
            last = m;
    }
    if (last == NULL)
        return CUDA_SUCCESS;
    for (struct memory *m = mover->first; m != NULL && !last->move.failed && result == CUDA_SUCCESS; m = m->move.next)
        if (m->move.kind == MOVE_IN && !m->move.failed)
            result = undo(mover, m);
    last->move = (struct move){.kind = MOVE_IN,
                               .failed = !last->move.failed,
                               .refused_ns = -1,
                               .turn = ++mover->turns,
                               .next = last->move.next};
    return result;
}

/* Spare chunks are for who comes in, or has to stay after all; without such, they are the GPU's. */
static CUresult release_spares(struct mover *mover)
{
    for (const struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->move.kind != MOVE_CLEAN)
            return CUDA_SUCCESS;
    return gpu_release_spares(mover->gpu);
}

static bool take_ended(struct mover *mover, struct memory *memory, struct memory *before, bool *failed)
{
    if (memory->move.ended < memory->count)
        return false;
    take_out_of_line(mover, memory, before);
    if (memory->move.kind == MOVE_IN)
        settle(mover, memory);
    *failed = memory->move.failed;
    memory->move.kind = MOVE_NONE;
    return true;
}

/* Get on with all transfers, until something on the GPU has to end first. */
static int step_all(struct mover *mover, int64_t now_ns, struct error *err)
{
    uint64_t done;

    do {
        CUresult result = CUDA_SUCCESS;

        done = progress(mover);
        for (struct memory *m = mover->first; m != NULL && result == CUDA_SUCCESS; m = m->move.next)
            if (m->move.kind != MOVE_IN)
                result = step_out(mover, m);
        if (result != CUDA_SUCCESS)
            return gpu_try(mover->gpu, result, "swap-out", err);
        for (struct memory *m = mover->first; m != NULL && result == CUDA_SUCCESS; m = m->move.next)
            if (m->move.kind == MOVE_IN)
                result = end_in(m);
        if (result == CUDA_SUCCESS)
            result = begin_in(mover, now_ns);
        if (result != CUDA_SUCCESS)
            return gpu_try(mover->gpu, result, "swap-in", err);
    } while (progress(mover) > done); /* less: somebody was turned back */
    return GS_OK;
}

int mover_pump(struct mover *mover, int64_t now_ns, struct memory **ended, bool *failed, struct error *err)
{
    struct memory *before = NULL;
    uint64_t done = progress(mover);
    CUresult result;
    int rc;

    *ended = NULL;
    *failed = false;
    if ((rc = step_all(mover, now_ns, err)) != GS_OK)
        return rc;
    for (struct memory *m = mover->first; m != NULL && *ended == NULL; before = m, m = m->move.next)
        if (take_ended(mover, m, before, failed)) {
            *ended = m;
            break;
        }
    if (*ended == NULL && progress(mover) == done && (result = turn_back(mover)) != CUDA_SUCCESS)
        return gpu_try(mover->gpu, result, "swap-in", err);
    return gpu_try(mover->gpu, release_spares(mover), "cuMemRelease", err);
}

bool mover_wait(struct mover *mover)
{
    for (struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->move.ended < m->move.begun) {
            if (m->move.kind != MOVE_IN)
                mover->gpu->cu->event_wait(m->drained);
            mover->gpu->cu->event_wait(m->chunk[m->move.ended].event); /* what went wrong, mover_pump will hear */
            return true;
        }
    return false;
}
