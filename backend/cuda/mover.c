/* mover.c - transfers, chunk by chunk. */
#include "backend/cuda/mover.h"

void mover_init(struct mover *mover, struct gpu *gpu, uint32_t gpus, struct slots *slots, uint32_t depth,
                int64_t patience_ns)
{
    *mover = (struct mover){.gpu = gpu, .gpus = gpus, .slots = slots, .depth = depth, .patience_ns = patience_ns};
}

/* What is on the GPU are the first chunks: the last leave first, and come back last. */
static uint32_t on_gpu(const struct memory *memory)
{
    uint32_t count = 0;

    while (count < memory->count && memory->chunk[count].state == CHUNK_RESIDENT)
        count++;
    return count;
}

/* Copies to the host wait for what is in `stream`, which `drained` tells the end of. */
static CUresult out_after(struct memory *memory, CUstream stream)
{
    const struct driver *cu = memory->gpu->cu;
    CUresult result = cu->event_record(memory->drained, stream);

    return result == CUDA_SUCCESS ? cu->stream_after(memory->gpu->out, memory->drained, CU_EVENT_WAIT_DEFAULT) : result;
}

int mover_begin(struct mover *mover, struct memory *memory, enum move_kind kind, uint32_t stay, struct error *err)
{
    uint32_t from = kind == MOVE_IN ? on_gpu(memory) : kind == MOVE_OUT ? stay : 0;
    uint32_t to = kind == MOVE_OUT ? on_gpu(memory) : memory->count;
    CUresult result = gpu_use(memory->gpu);

    from = from < to ? from : to;
    memory->move = (struct move){
        .kind = kind, .from = from, .to = to, .begun = from, .ended = from, .moved_ns = -1, .refused_ns = -1};
    if (kind != MOVE_IN && result == CUDA_SUCCESS) /* what is copied out is what its last kernel left */
        result = out_after(memory, memory->work);
    if (mover->first == NULL)
        mover->first = memory;
    else
        mover->last->move.next = memory;
    mover->last = memory;
    return gpu_try(memory->gpu, result, "cuEventRecord", err);
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
    const struct driver *cu = memory->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];

    if (chunk->slot == SLOT_NONE && (chunk->slot = find_slot(mover)) == SLOT_NONE)
        return false;
    chunk->dirty = false;
    *result = cu->copy_out(slots_at(mover->slots, chunk->slot), memory_at(memory, i), (size_t)mover->slots->slot_bytes,
                           memory->gpu->out);
    if (*result == CUDA_SUCCESS)
        *result = cu->event_record(chunk->event, memory->gpu->out);
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

static CUresult take_away(struct memory *memory, uint32_t i)
{
    struct gpu_chunk *chunk = &memory->chunk[i];

    if (chunk->unwanted) {
        if (chunk->slot != SLOT_NONE)
            slots_give(memory->slots, chunk->slot);
        chunk->slot = SLOT_NONE;
        chunk->generation = 0;
        chunk->unwanted = false;
    }
    return memory_unmap(memory, i);
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
            result = take_away(memory, t->ended);
    }
    return result;
}

static CUresult step_out(struct mover *mover, struct memory *memory)
{
    struct move *t = &memory->move;
    CUresult result = CUDA_SUCCESS;

    /* Who is cleaned may run meanwhile: what it writes now is copied later.  To let the stream of copies wait for it would
     * hold up everybody else's. */
    if (t->kind == MOVE_CLEAN && (result = memory->gpu->cu->stream_query(memory->work)) == CUDA_ERROR_NOT_READY)
        return end_out(memory);
    for (; t->begun < t->to && t->begun - t->ended < mover->depth && result == CUDA_SUCCESS; t->begun++) {
        struct gpu_chunk *chunk = &memory->chunk[t->begun];

        if (chunk->state == CHUNK_ABSENT)
            continue;
        if (chunk->generation > 0 && !chunk->unwanted && (chunk->slot == SLOT_NONE || chunk->dirty) &&
            (t->no_slot = !begin_copy_out(mover, memory, t->begun, &result)))
            break;
        if (t->kind == MOVE_OUT)
            chunk->state = CHUNK_LEAVING;
    }
    return result == CUDA_SUCCESS ? end_out(memory) : result;
}

/* A swap-in for which there is no memory: what has come goes back.  What had its slot lent is copied out again, what was
 * only filled is forgotten.  Bursts that began on what had come end first. */
static CUresult undo(struct memory *memory)
{
    const struct driver *cu = memory->gpu->cu;
    const struct move *t = &memory->move;
    CUresult result = gpu_use(memory->gpu);

    for (uint32_t i = t->from; i < t->begun; i++)
        if (memory->chunk[i].slot == SLOT_NONE && memory->chunk[i].fresh)
            memory->chunk[i].generation = 0;
    memory->move = (struct move){.kind = MOVE_OUT,
                                 .failed = true,
                                 .from = t->from,
                                 .to = t->to,
                                 .begun = t->from,
                                 .ended = t->from,
                                 .moved_ns = -1,
                                 .refused_ns = -1,
                                 .next = t->next};
    if (result == CUDA_SUCCESS)
        result = cu->event_record(memory->drained, memory->gpu->in); /* by that stream they came */
    if (result == CUDA_SUCCESS)
        result = cu->stream_after(memory->work, memory->drained, CU_EVENT_WAIT_DEFAULT);
    return result == CUDA_SUCCESS ? out_after(memory, memory->work) : result;
}

/* Chunk `i` is mapped: have what belongs there. */
static CUresult begin_chunk_in(struct mover *mover, struct memory *memory, uint32_t i, int64_t now_ns)
{
    const struct driver *cu = memory->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];
    CUresult result;

    if (chunk->slot == SLOT_NONE)
        result = memory_fill(memory, i, memory->gpu->in);
    else
        result = cu->copy_in(memory_at(memory, i), slots_at(mover->slots, chunk->slot),
                             (size_t)mover->slots->slot_bytes, memory->gpu->in);
    if (memory->move.begun == memory->move.from)
        memory->move.began_ns = now_ns;
    return result == CUDA_SUCCESS ? cu->event_record(chunk->event, memory->gpu->in) : result;
}

/* Will memory of its GPU come free by itself?  Else the account, which counts whole chunks, has none for it. */
static bool somebody_leaves(const struct mover *mover, const struct gpu *gpu)
{
    for (const struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->gpu == gpu && m->move.kind == MOVE_OUT)
            return true;
    return false;
}

/* Have the next chunks come, as far as there is memory for them; `*refused`: the driver had none. */
static CUresult begin_in(struct mover *mover, struct memory *memory, int64_t now_ns, bool *refused)
{
    struct move *t = &memory->move;
    struct gpu *gpu = memory->gpu;
    CUresult result;

    for (; t->begun < t->to && t->begun - t->ended < mover->depth; t->begun++) {
        if (memory->chunk[t->begun].state == CHUNK_RESIDENT)
            continue;
        if (gpu->crowded)
            break;
        if (gpu->free_bytes < gpu->chunk_bytes) {
            *refused = t->begun == t->ended && !somebody_leaves(mover, gpu);
            break;
        }
        result = memory_map(memory, t->begun, t->refused_ns >= 0 && !t->failed);
        if ((*refused = gpu_refuses(gpu, result)))
            break;
        if (result != CUDA_SUCCESS || (result = begin_chunk_in(mover, memory, t->begun, now_ns)) != CUDA_SUCCESS)
            return result;
        t->refused_ns = -1;
    }
    gpu->crowded |= t->begun < t->to;
    return CUDA_SUCCESS;
}

static CUresult step_in(struct mover *mover, struct memory *memory, int64_t now_ns)
{
    struct move *t = &memory->move;
    bool refused = false;
    CUresult result = begin_in(mover, memory, now_ns, &refused);

    if (refused && t->refused_ns < 0) /* by the books there should be some: it may only be late */
        t->refused_ns = now_ns;
    else if (refused && now_ns - t->refused_ns > mover->patience_ns && !t->failed)
        return undo(memory);
    for (; t->ended < t->begun && result == CUDA_SUCCESS; t->ended++) {
        if ((result = over(memory, t->ended)) == CUDA_ERROR_NOT_READY)
            return CUDA_SUCCESS;
        if (memory->chunk[t->ended].state == CHUNK_ARRIVING) {
            t->copied++;
            t->copied_ns = now_ns;
        }
        memory->chunk[t->ended].state = CHUNK_RESIDENT;
    }
    return result;
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

        chunk->fresh = chunk->unwanted = false;
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
        if (m->move.kind == MOVE_IN && !m->move.failed && m->gpu == last->gpu)
            result = undo(m);
    last->move = (struct move){.kind = MOVE_IN,
                               .failed = !last->move.failed,
                               .from = last->move.from,
                               .to = last->move.to,
                               .begun = last->move.from,
                               .ended = last->move.from,
                               .moved_ns = -1,
                               .refused_ns = -1,
                               .next = last->move.next};
    return result;
}

/* Spare chunks are for who comes in, or has to stay after all; without such, they are the GPU's. */
static int release_spares(struct mover *mover, struct error *err)
{
    int rc = GS_OK;

    for (uint32_t i = 0; i < mover->gpus && rc == GS_OK; i++) {
        struct gpu *gpu = &mover->gpu[i];
        bool wanted = gpu->spares == 0;

        for (const struct memory *m = mover->first; m != NULL && !wanted; m = m->move.next)
            wanted = m->gpu == gpu && m->move.kind != MOVE_CLEAN;
        if (!wanted)
            rc = gpu_try(gpu, gpu_release_spares(gpu), "cuMemRelease", err);
    }
    return rc;
}

static bool take_ended(struct mover *mover, struct memory *memory, struct memory *before, bool *failed)
{
    if (memory->move.ended < memory->move.to)
        return false;
    take_out_of_line(mover, memory, before);
    if (memory->move.kind == MOVE_IN)
        settle(mover, memory);
    *failed = memory->move.failed;
    memory->move.kind = MOVE_NONE;
    return true;
}

static int step(struct mover *mover, struct memory *memory, int64_t now_ns, struct error *err)
{
    static const char *const what[] = {
        [MOVE_OUT] = "a copy to the host", [MOVE_IN] = "a copy to the GPU", [MOVE_CLEAN] = "a copy to the host"};
    struct move *t = &memory->move;
    enum move_kind kind = t->kind;
    uint64_t steps = (uint64_t)t->begun + t->ended;
    CUresult result = gpu_use(memory->gpu);

    if (result == CUDA_SUCCESS)
        result = kind == MOVE_IN ? step_in(mover, memory, now_ns) : step_out(mover, memory);
    if (result != CUDA_SUCCESS)
        return gpu_try(memory->gpu, result, kind == MOVE_IN ? "swap-in" : "swap-out", err);
    if (t->moved_ns < 0 || (uint64_t)t->begun + t->ended != steps || t->kind != kind)
        t->moved_ns = now_ns;
    return t->begun > t->ended && now_ns - t->moved_ns > memory->gpu->patience_ns
               ? gpu_give_up(memory->gpu, what[kind], err)
               : GS_OK;
}

int mover_pump(struct mover *mover, int64_t now_ns, struct memory **ended, bool *failed, struct error *err)
{
    struct memory *before = NULL;
    uint64_t done = progress(mover);
    int rc;

    *ended = NULL;
    *failed = false;
    for (uint32_t i = 0; i < mover->gpus; i++)
        mover->gpu[i].crowded = false;
    for (struct memory *m = mover->first; m != NULL; before = m, m = m->move.next) {
        if ((rc = step(mover, m, now_ns, err)) != GS_OK)
            return rc;
        if (take_ended(mover, m, before, failed)) {
            *ended = m;
            break;
        }
    }
    if (*ended == NULL && mover->first != NULL && progress(mover) == done &&
        (rc = gpu_try(mover->first->gpu, turn_back(mover), "swap-in", err)) != GS_OK)
        return rc;
    return release_spares(mover, err);
}

bool mover_wait(struct mover *mover)
{
    for (struct memory *m = mover->first; m != NULL; m = m->move.next)
        if (m->move.ended < m->move.begun) {
            gpu_use(m->gpu);
            if (m->move.kind != MOVE_IN)
                m->gpu->cu->event_wait(m->drained);
            m->gpu->cu->event_wait(m->chunk[m->move.ended].event); /* what went wrong, mover_pump will hear */
            return true;
        }
    return false;
}
