/* chunks.c - physical memory: cuMemCreate and its like.  The bytes are pages of this process under no device address. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"

#include <string.h>
#include <sys/mman.h>

static unsigned next_chunk; /* where to look for a free one */

/* What new memory holds: never zeros, and never what somebody left.  By the real clock, of what was used before only a byte
 * a page is spoilt, as all of it would take a fifth of the time of a swap. */
static void fill_with_junk(struct chunk *chunk, bool used_before)
{
    enum { PAGE = 4096 };

    for (size_t at = 0; used_before && the.options.real_clock && at < chunk->bytes; at += PAGE)
        chunk->data[at] ^= 0x5A;
    if (!used_before || !the.options.real_clock)
        memset(chunk->data, 0xA5 ^ (int)(chunk->generation & 0x1F), chunk->bytes);
}

/* Memory that was given back, for the next one of its size: to take pages from the system each time takes several times as
 * long as to copy them. */
static struct {
    unsigned char *data;
    size_t bytes;
} spare[256];
static unsigned spares;

static unsigned char *take_spare(size_t bytes)
{
    for (unsigned i = spares; i-- > 0;) {
        unsigned char *data = spare[i].data;

        if (spare[i].bytes != bytes)
            continue;
        spare[i] = spare[--spares];
        return data;
    }
    return NULL;
}

static void give_spare(unsigned char *data, size_t bytes)
{
    enum { MOST = sizeof spare / sizeof *spare };

    if (spares < MOST) {
        spare[spares].data = data;
        spare[spares++].bytes = bytes;
    } else
        munmap(data, bytes);
}

void chunks_forget(void)
{
    while (spares > 0) {
        spares--;
        munmap(spare[spares].data, spare[spares].bytes);
    }
}

/* Pages that are told from the process' own: the system counts them as shared. */
void *chunk_pages(size_t bytes)
{
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return data != MAP_FAILED ? data : NULL;
}

CUresult chunk_make(unsigned gpu, size_t bytes, unsigned *index)
{
    struct chunk *chunk = NULL;
    void *data, *recycled;

    for (unsigned i = 0; i < CHUNKS && chunk == NULL; i++) {
        *index = (next_chunk + i) % CHUNKS;
        chunk = the.chunk[*index].live ? NULL : &the.chunk[*index];
    }
    if (chunk == NULL || !ledger_take(gpu, bytes))
        return CUDA_ERROR_OUT_OF_MEMORY;
    recycled = data = take_spare(bytes);
    if (data == NULL && (data = chunk_pages(bytes)) == NULL) {
        ledger_give(gpu, bytes);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    next_chunk = *index + 1;
    *chunk =
        (struct chunk){.generation = chunk->generation + 1, .live = true, .gpu = gpu, .bytes = bytes, .data = data};
    fill_with_junk(chunk, recycled != NULL);
    return CUDA_SUCCESS;
}

void chunks_free_late(bool all)
{
    for (unsigned g = 0; g < the.options.gpus; g++)
        if (the.gpu[g].late_bytes > 0 && (all || the.gpu[g].late_until_ns <= the.now_ns)) {
            ledger_give(g, the.gpu[g].late_bytes);
            the.gpu[g].late_bytes = 0;
        }
}

void chunk_drop(unsigned index)
{
    struct chunk *chunk = &the.chunk[index];

    if (!chunk->released || chunk->mappings > 0)
        return;
    give_spare(chunk->data, chunk->bytes);
    the.gpu[chunk->gpu].late_bytes += chunk->bytes;
    the.gpu[chunk->gpu].late_until_ns = the.now_ns + the.options.free_lag_ns;
    chunks_free_late(false);
    *chunk = (struct chunk){.generation = chunk->generation};
}

static bool plain_properties(const CUmemAllocationProp *prop)
{
    CUmemAllocationProp same = {.type = CU_MEM_ALLOCATION_TYPE_PINNED};

    if (prop == NULL || prop->location.type != CU_MEM_LOCATION_TYPE_DEVICE || prop->location.id < 0 ||
        (unsigned)prop->location.id >= the.options.gpus)
        return false;
    same.location = prop->location;
    return memcmp(&prop->allocFlags, &same.allocFlags, sizeof same.allocFlags) == 0 && prop->type == same.type &&
           prop->requestedHandleTypes == same.requestedHandleTypes && prop->win32HandleMetaData == NULL;
}

CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *prop,
                                       CUmemAllocationGranularity_flags option)
{
    CUresult result;

    if ((result = enter("cuMemGetAllocationGranularity", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (granularity == NULL || !plain_properties(prop) ||
        (option != CU_MEM_ALLOC_GRANULARITY_MINIMUM && option != CU_MEM_ALLOC_GRANULARITY_RECOMMENDED))
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemGetAllocationGranularity: properties"));
    *granularity = the.options.granularity_bytes;
    return leave(CUDA_SUCCESS);
}

CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *prop,
                     unsigned long long flags)
{
    unsigned index;
    CUresult result;

    if ((result = enter("cuMemCreate", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (handle == NULL || flags != 0 || !plain_properties(prop))
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemCreate: properties or flags"));
    if (size == 0 || size % the.options.granularity_bytes != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemCreate: %zu bytes are no multiple of %llu", size,
                           (unsigned long long)the.options.granularity_bytes));
    if ((result = chunk_make((unsigned)prop->location.id, size, &index)) == CUDA_SUCCESS)
        *handle = handle_make(HANDLE_CHUNK, the.chunk[index].generation, index);
    return leave(result);
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle)
{
    unsigned generation, index;
    CUresult result;

    if ((result = enter("cuMemRelease", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!handle_split(handle, HANDLE_CHUNK, CHUNKS, &generation, &index) || !the.chunk[index].live ||
        the.chunk[index].generation != generation || the.chunk[index].released)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "stale", "cuMemRelease of a handle that is no more"));
    the.chunk[index].released = true;
    chunk_drop(index);
    return leave(CUDA_SUCCESS);
}

CUresult cuMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
    unsigned gpu = 0;
    CUresult result;

    if ((result = enter("cuMemGetInfo", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    *free_bytes = ledger_free(gpu);
    *total_bytes = the.options.gpu_bytes;
    return leave(CUDA_SUCCESS);
}
