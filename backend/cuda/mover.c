/* mover.c - transfers, chunk by chunk: swap-outs, and all together; mover_in.c has the swap-ins. */
#include "backend/cuda/mover_parts.h"

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

CUresult mover_out_after(struct memory *memory, CUstream stream)
{
    const struct driver *cu = memory->gpu->cu;
    CUresult result = cu->event_record(memory->drained, stream);

    return result == CUDA_SUCCESS ? cu->stream_after(memory->gpu->out, memory->drained, CU_EVENT_WAIT_DEFAULT) : result;
}

struct move mover_move(struct mover *mover, enum move_kind kind, uint32_t from, uint32_t to)
{
    return (struct move){.kind = kind,
                         .from = from,
                         .to = to,
                         .begun = from,
                         .ended = from,
                         .moved_ns = -1,
                         .refused_ns = -1,
                         .turn = ++mover->turns};
}

int mover_begin(struct mover *mover, struct memory *memory, enum move_kind kind, uint32_t stay, struct error *err)
{
    uint32_t from = kind == MOVE_IN ? on_gpu(memory) : kind == MOVE_OUT ? stay : 0;
    uint32_t to = kind == MOVE_OUT ? on_gpu(memory) : memory->count;
    CUresult result = gpu_use(memory->gpu);

    from = from < to ? from : to;
    memory->move = mover_move(mover, kind, from, to);
    if (kind != MOVE_IN && result == CUDA_SUCCESS) /* what is copied out is what its last kernel left */
        result = mover_out_after(memory, memory->work);
    if (mover->first == NULL)
        mover->first = memory;
    else
        mover->last->move.next = memory;
    mover->last = memory;
    memory->gpu->moves += kind != MOVE_CLEAN;
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
    *result = cu->copy_out(slots_at(mover->slots, chunk->slot), memory_at(memory, i), chunk->words * sizeof(mix_word),
                           memory->gpu->out);
    if (*result == CUDA_SUCCESS)
        *result = cu->event_record(chunk->event, memory->gpu->out);
    return true;
}

CUresult mover_over(const struct memory *memory, uint32_t i)
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
        chunk->generation = chunk->words = 0;
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
        if ((result = mover_over(memory, t->ended)) == CUDA_ERROR_NOT_READY)
            return CUDA_SUCCESS;
        if (result == CUDA_SUCCESS && t->kind == MOVE_OUT)
            result = take_away(memory, t->ended);
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
        if (m != memory && m->gpu == memory->gpu && m->move.kind == MOVE_OUT && m->move.begun < m->move.to &&
            (clean || (mover->fcfs && before)))
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
    if (t->kind == MOVE_CLEAN && (result = memory->gpu->cu->stream_query(memory->work)) == CUDA_ERROR_NOT_READY)
        return end_out(memory);
    for (; t->begun < t->to && t->begun - t->ended < depth && result == CUDA_SUCCESS; t->begun++) {
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

/* A copy that is written ahead is not worth waiting for: it is given up, and what was written of it. */
static bool give_up_copy(struct mover *mover)
{
    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        if (m->move.kind != MOVE_CLEAN || !m->move.no_slot)
            continue;
        if (!m->keeps_copy)
            memory_drop_copies(m);
        m->move.failed = true;
        m->move.begun = m->move.ended = m->move.to;
        return true;
    }
    return false;
}

/* Nothing is under way, and there is no slot for who leaves: he stays, and those who come in for his memory do not.  Only
 * where all who leave are swap-ins that are being undone, one of those tries again. */
static CUresult turn_back(struct mover *mover)
{
    CUresult result = CUDA_SUCCESS;
    struct memory *last = NULL, *next;
    bool failed;

    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        if (m->move.begun > m->move.ended)
            return CUDA_SUCCESS;
        if (m->move.kind == MOVE_OUT && m->move.no_slot && (last == NULL || last->move.failed || !m->move.failed))
            last = m;
    }
    if (give_up_copy(mover) || last == NULL)
        return CUDA_SUCCESS;
    for (struct memory *m = mover->first; m != NULL && !last->move.failed && result == CUDA_SUCCESS; m = m->move.next)
        if (m->move.kind == MOVE_IN && !m->move.failed && m->gpu == last->gpu)
            result = mover_undo(mover, m);
    failed = last->move.failed;
    next = last->move.next;
    last->move = mover_move(mover, MOVE_IN, last->move.from, last->move.to);
    last->move.failed = !failed;
    last->move.next = next;
    return result;
}

static int release_spares(struct mover *mover, struct error *err)
{
    int rc = GS_OK;

    for (uint32_t i = 0; i < mover->gpus && rc == GS_OK; i++)
        rc = gpu_try(&mover->gpu[i], gpu_release_spares(&mover->gpu[i]), "cuMemRelease", err);
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
    memory->gpu->moves -= memory->move.kind != MOVE_CLEAN;
    memory->move.kind = MOVE_NONE;
    return true;
}

/* What has begun must end, or something after it: else the GPU hangs. */
static int watch(struct memory *memory, int64_t now_ns, struct error *err)
{
    struct move *t = &memory->move;
    uint64_t steps = (uint64_t)t->begun + t->ended;

    if (t->moved_ns < 0 || steps != t->steps)
        t->moved_ns = now_ns;
    t->steps = steps;
    if (t->begun == t->ended || now_ns - t->moved_ns <= memory->gpu->limit_ns)
        return GS_OK;
    return gpu_give_up(memory->gpu, t->kind == MOVE_IN ? "a copy to the GPU" : "a copy to the host", err);
}

static int step_outs(struct mover *mover, struct error *err)
{
    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        CUresult result = m->move.kind == MOVE_IN ? CUDA_SUCCESS : gpu_use(m->gpu);

        if (m->move.kind != MOVE_IN && result == CUDA_SUCCESS)
            result = step_out(mover, m);
        if (result != CUDA_SUCCESS)
            return gpu_try(m->gpu, result, "swap-out", err);
    }
    return GS_OK;
}

static int step_ins(struct mover *mover, int64_t now_ns, struct error *err)
{
    for (struct memory *m = mover->first; m != NULL; m = m->move.next) {
        CUresult result = m->move.kind == MOVE_IN ? gpu_use(m->gpu) : CUDA_SUCCESS;

        if (m->move.kind == MOVE_IN && result == CUDA_SUCCESS)
            result = mover_end_in(m, now_ns);
        if (result != CUDA_SUCCESS)
            return gpu_try(m->gpu, result, "swap-in", err);
    }
    for (uint32_t i = 0; i < mover->gpus; i++) {
        int rc = gpu_try(&mover->gpu[i], mover_begin_in(mover, &mover->gpu[i], now_ns), "swap-in", err);

        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

/* Get on with all transfers, until something on a GPU has to end first. */
static int step_all(struct mover *mover, int64_t now_ns, struct error *err)
{
    uint64_t done;
    int rc;

    do {
        done = progress(mover);
        if ((rc = step_outs(mover, err)) != GS_OK || (rc = step_ins(mover, now_ns, err)) != GS_OK)
            return rc;
    } while (progress(mover) > done); /* less: somebody was turned back */
    for (struct memory *m = mover->first; m != NULL && rc == GS_OK; m = m->move.next)
        rc = watch(m, now_ns, err);
    return rc;
}

int mover_pump(struct mover *mover, int64_t now_ns, struct memory **ended, bool *failed, struct error *err)
{
    struct memory *before = NULL;
    uint64_t done = progress(mover);
    int rc;

    *ended = NULL;
    *failed = false;
    if (mover->waited != CUDA_SUCCESS)
        return gpu_try(mover->waited_for, mover->waited, "cuEventQuery", err);
    if ((rc = step_all(mover, now_ns, err)) != GS_OK)
        return rc;
    for (struct memory *m = mover->first; m != NULL; before = m, m = m->move.next)
        if (take_ended(mover, m, before, failed)) {
            *ended = m;
            break;
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
            CUresult result = m->move.kind == MOVE_IN ? CUDA_SUCCESS : gpu_wait_event(m->gpu, m->drained);

            if (result == CUDA_SUCCESS)
                result = gpu_wait_event(m->gpu, m->chunk[m->move.ended].event);
            mover->waited =
                result == CUDA_ERROR_NOT_READY ? CUDA_SUCCESS : result; /* that it hangs, `watch` will see */
            mover->waited_for = m->gpu;
            return true;
        }
    return false;
}
