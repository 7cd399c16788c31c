/* memory.c - addresses and chunks of one workload, and the kernels over them. */
#include "backend/cuda/memory.h"
#include "sim/base/arena.h"

#include <string.h>

static size_t chunk_bytes(const struct memory *memory)
{
    return (size_t)memory->gpu->chunk_bytes;
}

static uint64_t chunk_words(const struct memory *memory)
{
    return chunk_bytes(memory) / sizeof(mix_word);
}

static uint64_t words_of(const struct memory *memory, uint32_t i)
{
    return ((uint64_t)memory_part(memory, i) + sizeof(mix_word) - 1) / sizeof(mix_word);
}

static uint32_t chunks_of(const struct memory *memory, int64_t bytes)
{
    return (uint32_t)((bytes + memory->gpu->chunk_bytes - 1) / memory->gpu->chunk_bytes);
}

static uint64_t seed_of(const struct memory *memory, uint64_t generation)
{
    return mix_seed(memory->run, memory->id, generation);
}

static int open_events(struct memory *memory, struct error *err)
{
    const struct driver *cu = memory->gpu->cu;
    unsigned flags = CU_EVENT_DISABLE_TIMING | CU_EVENT_BLOCKING_SYNC;
    CUresult result = cu->event_create(&memory->drained, flags);

    for (uint32_t i = 0; i < memory->capacity && result == CUDA_SUCCESS; i++)
        result = cu->event_create(&memory->chunk[i].event, flags);
    return gpu_try(memory->gpu, result, "cuEventCreate", err);
}

int memory_open(struct memory *memory, struct gpu *gpu, struct slots *slots, int64_t bytes, uint64_t run, uint64_t id,
                struct error *err)
{
    int rc = gpu_try(gpu, gpu_use(gpu), "cuCtxSetCurrent", err);

    memset(memory, 0, sizeof *memory);
    if (rc != GS_OK)
        return rc;
    memory->gpu = gpu;
    memory->slots = slots;
    memory->run = run;
    memory->id = id;
    memory->bytes = bytes;
    memory->count = memory->capacity = chunks_of(memory, bytes);
    memory->move.refused_ns = -1;
    memory->chunk = heap_resize(NULL, memory->capacity * sizeof *memory->chunk);
    if (memory->chunk == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for a workload's chunks; make 'chunk' larger");
    for (uint32_t i = 0; i < memory->capacity; i++)
        memory->chunk[i] = (struct gpu_chunk){.slot = SLOT_NONE};
    rc = gpu_try(gpu, gpu->cu->stream_create(&memory->work, CU_STREAM_NON_BLOCKING, 0), "cuStreamCreateWithPriority",
                 err);
    if (rc == GS_OK)
        rc = open_events(memory, err);
    if (rc == GS_OK)
        rc = gpu_try(gpu, gpu->cu->address_reserve(&memory->start, memory->capacity * chunk_bytes(memory), 0, 0, 0),
                     "cuMemAddressReserve", err);
    if (rc != GS_OK)
        memory_close(memory);
    return rc;
}

/* The host sees the end of all that was issued on it: of its kernels, and of copies if some may be under way. */
static CUresult settle(struct memory *memory)
{
    CUresult result = gpu_wait(memory->gpu, memory->work);

    if (result == CUDA_SUCCESS && memory->move.kind != MOVE_NONE)
        result = gpu_wait(memory->gpu, memory->gpu->in);
    if (result == CUDA_SUCCESS && memory->move.kind != MOVE_NONE)
        result = gpu_wait(memory->gpu, memory->gpu->out);
    return result;
}

static CUresult give_all_back(struct memory *memory)
{
    CUresult result = CUDA_SUCCESS, gone;

    for (uint32_t i = 0; i < memory->capacity; i++) {
        struct gpu_chunk *chunk = &memory->chunk[i];

        if (chunk->slot != SLOT_NONE)
            slots_give(memory->slots, chunk->slot);
        chunk->slot = SLOT_NONE;
        chunk->generation = chunk->words = 0;
        chunk->unwanted = false;
        if (chunk->state != CHUNK_ABSENT && (gone = memory_unmap(memory, i)) != CUDA_SUCCESS)
            result = gone;
    }
    gone = gpu_release_spares(memory->gpu);
    return result != CUDA_SUCCESS ? result : gone;
}

int memory_empty(struct memory *memory, struct error *err)
{
    CUresult result = settle(memory);

    if (result == CUDA_ERROR_NOT_READY)
        return gpu_give_up(memory->gpu, "a kernel", err);
    if (result == CUDA_SUCCESS)
        result = give_all_back(memory);
    return gpu_try(memory->gpu, result, "cuMemUnmap", err);
}

/* Of a GPU that hangs nothing can be given back; the driver does it when the program ends. */
static void forget(struct memory *memory)
{
    heap_free(memory->chunk);
    memset(memory, 0, sizeof *memory);
}

void memory_close(struct memory *memory)
{
    const struct driver *cu = memory->gpu != NULL ? memory->gpu->cu : NULL;

    if (cu == NULL)
        return;
    if (!memory->gpu->hangs && memory->work != NULL && settle(memory) == CUDA_ERROR_NOT_READY)
        memory->gpu->hangs = true;
    if (memory->gpu->hangs) {
        forget(memory);
        return;
    }
    if (memory->chunk != NULL)
        give_all_back(memory);
    for (uint32_t i = 0; i < memory->capacity && memory->chunk != NULL; i++)
        if (memory->chunk[i].event != NULL)
            cu->event_destroy(memory->chunk[i].event);
    if (memory->start != 0)
        cu->address_free(memory->start, memory->capacity * chunk_bytes(memory));
    if (memory->drained != NULL)
        cu->event_destroy(memory->drained);
    if (memory->work != NULL)
        cu->stream_destroy(memory->work);
    forget(memory);
}

CUresult memory_map(struct memory *memory, uint32_t i, bool fresh)
{
    const struct driver *cu = memory->gpu->cu;
    struct gpu_chunk *chunk = &memory->chunk[i];
    size_t bytes = chunk_bytes(memory);
    CUmemAccessDesc access;
    CUresult result;

    memset(&access, 0, sizeof access);
    access.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    access.location.id = memory->gpu->device;
    access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    if ((result = gpu_take_chunk(memory->gpu, fresh, &chunk->handle)) != CUDA_SUCCESS)
        return gpu_refused(memory->gpu, "cuMemCreate", result);
    if ((result = cu->chunk_map(memory_at(memory, i), bytes, 0, chunk->handle, 0)) != CUDA_SUCCESS) {
        cu->chunk_release(chunk->handle);
        return gpu_refused(memory->gpu, "cuMemMap", result);
    }
    if ((result = cu->chunk_access(memory_at(memory, i), bytes, &access, 1)) != CUDA_SUCCESS) {
        cu->chunk_unmap(memory_at(memory, i), bytes);
        cu->chunk_release(chunk->handle);
        return gpu_refused(memory->gpu, "cuMemSetAccess", result);
    }
    memory->gpu->free_bytes -= memory_part(memory, i);
    chunk->state = CHUNK_ARRIVING;
    return CUDA_SUCCESS;
}

CUresult memory_unmap(struct memory *memory, uint32_t i)
{
    struct gpu_chunk *chunk = &memory->chunk[i];
    CUresult result = memory->gpu->cu->chunk_unmap(memory_at(memory, i), chunk_bytes(memory));

    gpu_spare_chunk(memory->gpu, chunk->handle);
    memory->gpu->free_bytes += memory_part(memory, i);
    chunk->state = CHUNK_ABSENT;
    return result;
}

bool memory_is_resident(const struct memory *memory)
{
    return memory->count > 0 &&
           memory->chunk[memory->count - 1].state == CHUNK_RESIDENT; /* it comes last, and goes too */
}

void memory_discard(struct memory *memory, uint32_t first)
{
    for (uint32_t i = first; i < memory->count; i++)
        memory->chunk[i].unwanted = true;
}

void memory_drop_copies(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->capacity; i++)
        if (memory->chunk[i].state == CHUNK_RESIDENT && memory->chunk[i].slot != SLOT_NONE) {
            slots_give(memory->slots, memory->chunk[i].slot);
            memory->chunk[i].slot = SLOT_NONE;
        }
}

int memory_write_copies(struct memory *memory, struct error *err)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        struct gpu_chunk *chunk = &memory->chunk[i];
        mix_word *word;

        if ((chunk->slot = slots_take(memory->slots)) == SLOT_NONE)
            return error_set(err, GS_UNSATISFIABLE, "the swap file has no room for a workload that begins there");
        word = (mix_word *)(void *)slots_at(memory->slots, chunk->slot);
        chunk->words = words_of(memory, i);
        for (uint64_t k = 0; k < chunk->words; k++)
            word[k] = mix_at(seed_of(memory, 1), i * chunk_words(memory) + k);
        chunk->generation = 1;
    }
    return GS_OK;
}

/* Chunks from `count` on go, and their copies. */
static CUresult cut(struct memory *memory, uint32_t count)
{
    CUresult result = gpu_wait(memory->gpu, memory->work);

    for (uint32_t i = count; i < memory->count && result == CUDA_SUCCESS; i++) {
        struct gpu_chunk *chunk = &memory->chunk[i];

        if (chunk->slot != SLOT_NONE)
            slots_give(memory->slots, chunk->slot);
        chunk->slot = SLOT_NONE;
        chunk->generation = chunk->words = 0;
        if (chunk->state == CHUNK_ABSENT)
            continue;
        result = gpu_wait_event(memory->gpu, chunk->event); /* a copy of it may be under way, written ahead */
        if (result == CUDA_SUCCESS)
            result = memory_unmap(memory, i);
    }
    return result == CUDA_SUCCESS ? gpu_release_spares(memory->gpu) : result;
}

/* `*busy`: there is no memory for the next one. */
static CUresult extend(struct memory *memory, int64_t bytes, bool *busy)
{
    uint32_t count = chunks_of(memory, bytes);
    CUresult result = CUDA_SUCCESS;

    for (uint32_t i = memory->count; i < count && result == CUDA_SUCCESS; i++) {
        int64_t before = memory->bytes;

        memory->bytes = bytes;
        if ((result = memory_map(memory, i, false)) != CUDA_SUCCESS) {
            memory->bytes = before;
            *busy = gpu_refuses(memory->gpu, result);
            return *busy ? CUDA_SUCCESS : result;
        }
        memory->chunk[i].state = CHUNK_RESIDENT;
        memory->count = i + 1;
        memory->bytes = i + 1 < count ? (int64_t)(i + 1) * memory->gpu->chunk_bytes : bytes;
        result = memory_fill(memory, i, memory->work);
        memory->chunk[i].fresh = false;
    }
    return result;
}

/* It holds `bytes` of what it has chunks for; the last of these may be used to another part now. */
static CUresult resize(struct memory *memory, int64_t bytes)
{
    int64_t room = memory->count * memory->gpu->chunk_bytes, part;
    uint32_t last = memory->count - 1;
    struct gpu_chunk *chunk;

    if (memory->count == 0) {
        memory->bytes = 0;
        return CUDA_SUCCESS;
    }
    chunk = &memory->chunk[last];
    part = memory_part(memory, last);
    memory->bytes = bytes < room ? bytes : room;
    if (chunk->words > words_of(memory, last))
        chunk->words = words_of(memory, last);
    if (chunk->state == CHUNK_ABSENT)
        return CUDA_SUCCESS;
    memory->gpu->free_bytes += part - memory_part(memory, last);
    return chunk->words < words_of(memory, last) ? memory_fill(memory, last, memory->work) : CUDA_SUCCESS;
}

int memory_hold(struct memory *memory, int64_t bytes, struct error *err)
{
    uint32_t count = chunks_of(memory, bytes);
    bool resident = memory_is_resident(memory);
    CUresult result = gpu_use(memory->gpu);
    bool busy = false;

    if (count > memory->capacity)
        return error_set(err, GS_UNSATISFIABLE, "a workload wants more memory than the GPU has");
    if (count < memory->count && result == CUDA_SUCCESS)
        result = cut(memory, count);
    if ((!resident || count < memory->count) && result == CUDA_SUCCESS)
        memory->count = count;
    if (result == CUDA_SUCCESS)
        result = resize(memory, bytes);
    if (result == CUDA_SUCCESS && count > memory->count)
        result = extend(memory, bytes, &busy);
    if (busy)
        return GS_BUSY;
    if (result == CUDA_ERROR_NOT_READY)
        return gpu_give_up(memory->gpu, "a kernel or copy", err);
    /* Not for a chunk but for a kernel, and what it was to fill holds junk: who only waited would never know. */
    if (result == CUDA_ERROR_OUT_OF_MEMORY)
        return error_set(err, GS_UNSATISFIABLE,
                         "GPU %d (%s): no memory to launch a kernel: who else uses it (see 'nvidia-smi')?",
                         memory->gpu->device, memory->gpu->pci);
    return gpu_try(memory->gpu, result, "cuMemCreate", err);
}

CUresult memory_fill(struct memory *memory, uint32_t i, CUstream stream)
{
    struct gpu_chunk *chunk = &memory->chunk[i];
    uint64_t words = words_of(memory, i), old = chunk->generation > 0 ? chunk->words : 0;
    uint64_t parameter[] = {memory_at(memory, i) + old * sizeof(mix_word), words - old,
                            seed_of(memory, old > 0 ? chunk->generation : 1), i * chunk_words(memory) + old};

    chunk->generation = old > 0 ? chunk->generation : 1;
    chunk->words = words;
    chunk->dirty = true;
    chunk->fresh = old == 0;
    return gpu_launch(memory->gpu, memory->gpu->fill, stream, parameter, 4);
}

static CUresult touch(struct memory *memory, uint32_t i)
{
    struct gpu_chunk *chunk = &memory->chunk[i];
    uint64_t parameter[] = {memory_at(memory, i), chunk->words, seed_of(memory, chunk->generation),
                            seed_of(memory, chunk->generation + 1), i * chunk_words(memory)};

    chunk->generation++;
    chunk->dirty = true;
    return gpu_launch(memory->gpu, memory->gpu->touch, memory->work, parameter, 5);
}

int memory_burst(struct memory *memory, uint64_t duration_ns, uint32_t first, uint32_t end, struct error *err)
{
    const struct driver *cu = memory->gpu->cu;
    CUresult result = gpu_use(memory->gpu);

    if (result == CUDA_SUCCESS)
        result = gpu_launch(memory->gpu, memory->gpu->busy, memory->work, &duration_ns, 1);
    for (uint32_t i = first; i < end && i < memory->count && result == CUDA_SUCCESS; i++) {
        /* a copy that is being written while it stays, GS_CLEAN, must have ended */
        result = cu->stream_after(memory->work, memory->chunk[i].event, CU_EVENT_WAIT_DEFAULT);
        if (result == CUDA_SUCCESS)
            result = touch(memory, i);
    }
    return gpu_try(memory->gpu, result, "cuLaunchKernel", err);
}

int memory_await(struct memory *memory, uint32_t i, struct error *err)
{
    CUresult result = gpu_use(memory->gpu);

    if (result == CUDA_SUCCESS) /* copies in one direction end in their order */
        result = memory->gpu->cu->stream_after(memory->work, memory->chunk[i].event, CU_EVENT_WAIT_DEFAULT);
    return gpu_try(memory->gpu, result, "cuStreamWaitEvent", err);
}

int memory_check(struct memory *memory, struct mix_found *found, struct error *err)
{
    struct gpu *gpu = memory->gpu;
    CUresult result;

    *gpu->found_host = (struct mix_found){.first = UINT64_MAX};
    if ((result = gpu_use(gpu)) == CUDA_SUCCESS)
        result = gpu->cu->copy_in(gpu->found, gpu->found_host, sizeof *gpu->found_host, memory->work);
    for (uint32_t i = 0; i < memory->count && result == CUDA_SUCCESS; i++) {
        const struct gpu_chunk *chunk = &memory->chunk[i];
        uint64_t parameter[] = {memory_at(memory, i), chunk->words, seed_of(memory, chunk->generation),
                                i * chunk_words(memory), gpu->found};
        result = gpu_launch(gpu, gpu->check, memory->work, parameter, 5);
    }
    if (result == CUDA_SUCCESS)
        result = gpu->cu->copy_out(gpu->found_host, gpu->found, sizeof *gpu->found_host, memory->work);
    if (result == CUDA_SUCCESS)
        result = gpu_wait(gpu, memory->work);
    *found = *gpu->found_host;
    if (result == CUDA_ERROR_NOT_READY)
        return gpu_give_up(gpu, "a check of memory", err);
    return gpu_try(gpu, result, "cuLaunchKernel", err);
}
