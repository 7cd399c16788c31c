/* mappings.c - device addresses and what lies there.
 *
 * An address range is reserved in this process without access and stays so: the host faults on it as on a GPU's.  Work
 * finds the bytes through the table of mappings, which is sorted by address. */
#include "backend/double/state.h"
#include "sim/base/arena.h"

#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

void *memory_grow(void *array, size_t *capacity, size_t need, size_t size)
{
    size_t wanted = *capacity > 0 ? *capacity : 64;

    if (need <= *capacity)
        return array;
    while (wanted < need)
        wanted *= 2;
    if ((array = heap_resize(array, wanted * size)) != NULL)
        *capacity = wanted;
    return array;
}

bool ranges_meet(uint64_t a, size_t a_bytes, uint64_t b, size_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

/* The first mapping that ends after `address`. */
static size_t first_after(uint64_t address)
{
    size_t low = 0, high = the.mappings;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (the.mapping[middle].address + the.mapping[middle].bytes <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

CUresult mapping_add(struct mapping mapping)
{
    size_t at = first_after(mapping.address);
    void *grown = memory_grow(the.mapping, &the.mapping_capacity, the.mappings + 1, sizeof mapping);

    if (grown == NULL)
        return CUDA_ERROR_OUT_OF_MEMORY;
    the.mapping = grown;
    memmove(the.mapping + at + 1, the.mapping + at, (the.mappings - at) * sizeof mapping);
    the.mapping[at] = mapping;
    the.mappings++;
    the.chunk[mapping.chunk].mappings++;
    return CUDA_SUCCESS;
}

static void mapping_remove(size_t at)
{
    unsigned chunk = the.mapping[at].chunk;

    the.mappings--;
    memmove(the.mapping + at, the.mapping + at + 1, (the.mappings - at) * sizeof *the.mapping);
    the.chunk[chunk].mappings--;
    chunk_drop(chunk);
}

void mapping_end(uint64_t address)
{
    mapping_remove(first_after(address));
}

unsigned char *mapping_find(uint64_t address, size_t *run, bool any)
{
    size_t at = first_after(address);
    const struct mapping *mapping = &the.mapping[at];

    if (at == the.mappings || mapping->address > address || (!mapping->accessible && !any))
        return NULL;
    *run = mapping->bytes - (size_t)(address - mapping->address);
    return the.chunk[mapping->chunk].data + (address - mapping->address);
}

void *address_take(size_t bytes, size_t alignment)
{
    size_t slack = alignment > PAGE ? alignment : 0;
    char *start = mmap(NULL, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *aligned;

    if (start == MAP_FAILED)
        return NULL;
    if (slack == 0)
        return start;
    aligned = start + (alignment - (uintptr_t)start % alignment) % alignment;
    if (aligned > start)
        munmap(start, (size_t)(aligned - start));
    if (aligned < start + slack)
        munmap(aligned + bytes, (size_t)(start + slack - aligned));
    return aligned;
}

void address_give(uint64_t address, size_t bytes)
{
    munmap((void *)(uintptr_t)address, bytes);
}

static struct range *reservation_of(uint64_t address, size_t bytes)
{
    for (size_t i = 0; i < the.reservations; i++)
        if (the.reserved[i].address <= address && address + bytes <= the.reserved[i].address + the.reserved[i].bytes)
            return &the.reserved[i];
    return NULL;
}

CUresult cuMemAddressReserve(CUdeviceptr *ptr, size_t size, size_t alignment, CUdeviceptr addr,
                             unsigned long long flags)
{
    uint64_t grain = the.options.granularity_bytes;
    void *grown, *start;
    CUresult result;

    if ((result = enter("cuMemAddressReserve", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (ptr == NULL || size == 0 || size % PAGE != 0 || (alignment & (alignment - 1)) != 0 || flags != 0 || addr != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemAddressReserve: %zu bytes aligned to %zu", size,
                           alignment));
    grown = memory_grow(the.reserved, &the.reserved_capacity, the.reservations + 1, sizeof *the.reserved);
    if (grown == NULL || (start = address_take(size, alignment > grain ? alignment : grain)) == NULL)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    the.reserved = grown;
    the.reserved[the.reservations++] = (struct range){(uintptr_t)start, size};
    *ptr = (uintptr_t)start;
    return leave(CUDA_SUCCESS);
}

CUresult cuMemAddressFree(CUdeviceptr ptr, size_t size)
{
    struct range *range;
    CUresult result;
    size_t at;

    if ((result = enter("cuMemAddressFree", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    range = reservation_of(ptr, size);
    if (range == NULL || range->address != ptr || range->bytes != size)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "stale", "cuMemAddressFree: no such reservation"));
    at = first_after(ptr);
    if (at < the.mappings && the.mapping[at].address < ptr + size)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemAddressFree: something is mapped there"));
    *range = the.reserved[--the.reservations];
    address_give(ptr, size);
    return leave(CUDA_SUCCESS);
}

CUresult cuMemMap(CUdeviceptr ptr, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags)
{
    unsigned generation, index;
    CUresult result;
    size_t at;

    if ((result = enter("cuMemMap", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!handle_split(handle, HANDLE_CHUNK, CHUNKS, &generation, &index) || !the.chunk[index].live ||
        the.chunk[index].generation != generation || the.chunk[index].released)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "stale", "cuMemMap of a handle that is no more"));
    if (offset != 0 || flags != 0 || size != the.chunk[index].bytes || ptr % the.options.granularity_bytes != 0 ||
        reservation_of(ptr, size) == NULL)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemMap: offset, size, alignment or reservation"));
    at = first_after(ptr);
    if (at < the.mappings && the.mapping[at].address < ptr + size)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemMap: something is mapped there"));
    if (the.chunk[index].mappings > 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemMap: the handle is mapped elsewhere"));
    return leave(mapping_add((struct mapping){.address = ptr, .bytes = size, .chunk = index}));
}

/* Whole mappings, one beside the other, that fill [ptr, ptr + size): the first; `mappings` if they are none. */
static size_t exact_run(uint64_t ptr, size_t size)
{
    size_t first = first_after(ptr), at = first;
    uint64_t next = ptr;

    while (at < the.mappings && the.mapping[at].address == next && !the.mapping[at].plain && next < ptr + size)
        next += the.mapping[at++].bytes;
    return size > 0 && next == ptr + size ? first : the.mappings;
}

CUresult cuMemUnmap(CUdeviceptr ptr, size_t size)
{
    CUresult result;
    size_t at;

    if ((result = enter("cuMemUnmap", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((at = exact_run(ptr, size)) == the.mappings)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemUnmap: no run of whole mappings"));
    if (order_inflight(ptr, size))
        violation("in-flight", "cuMemUnmap of %zu bytes that work under way may still touch", size);
    while (at < the.mappings && the.mapping[at].address < ptr + size)
        mapping_remove(at);
    return leave(CUDA_SUCCESS);
}

CUresult cuMemSetAccess(CUdeviceptr ptr, size_t size, const CUmemAccessDesc *desc, size_t count)
{
    CUresult result;
    size_t at;

    if ((result = enter("cuMemSetAccess", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (desc == NULL || count != 1 || desc->location.type != CU_MEM_LOCATION_TYPE_DEVICE || desc->location.id < 0 ||
        (unsigned)desc->location.id >= the.options.gpus || desc->flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemSetAccess: description"));
    if ((at = exact_run(ptr, size)) == the.mappings)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemSetAccess: no run of whole mappings"));
    for (; at < the.mappings && the.mapping[at].address < ptr + size; at++) {
        if (the.chunk[the.mapping[at].chunk].gpu != (unsigned)desc->location.id)
            return leave(WRONG(CUDA_ERROR_INVALID_DEVICE, "argument", "cuMemSetAccess: memory of another GPU"));
        the.mapping[at].accessible = true;
    }
    return leave(CUDA_SUCCESS);
}

CUresult mapping_alloc(const char *call, CUdeviceptr *ptr, size_t size, unsigned *index)
{
    size_t bytes = (size + PAGE - 1) / PAGE * PAGE;
    unsigned gpu = 0;
    CUresult result;
    void *start;

    if ((result = enter(call, ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (ptr == NULL || size == 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "%s of nothing", call));
    if ((result = chunk_make(gpu, bytes, index)) != CUDA_SUCCESS)
        return leave(result);
    the.chunk[*index].released = true;
    if ((start = address_take(bytes, PAGE)) == NULL)
        result = CUDA_ERROR_OUT_OF_MEMORY;
    else
        result = mapping_add((struct mapping){
            .address = (uintptr_t)start, .bytes = bytes, .chunk = *index, .accessible = true, .plain = true});
    if (result != CUDA_SUCCESS)
        chunk_drop(*index);
    *ptr = (uintptr_t)start;
    return leave(result);
}

CUresult cuMemAlloc(CUdeviceptr *ptr, size_t size)
{
    unsigned index;

    return mapping_alloc("cuMemAlloc", ptr, size, &index);
}

struct chunk *mapping_chunk(uint64_t address)
{
    size_t at = first_after(address);

    return at < the.mappings && the.mapping[at].address == address && the.mapping[at].plain
               ? &the.chunk[the.mapping[at].chunk]
               : NULL;
}

CUresult cuMemFree(CUdeviceptr ptr)
{
    CUresult result;
    size_t at, bytes;

    if ((result = enter("cuMemFree", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    at = first_after(ptr);
    if (at == the.mappings || the.mapping[at].address != ptr || !the.mapping[at].plain)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "stale", "cuMemFree: nothing was allocated there"));
    bytes = the.mapping[at].bytes;
    if (order_inflight(ptr, bytes))
        violation("in-flight", "cuMemFree of %zu bytes that work under way may still touch", bytes);
    mapping_remove(at);
    address_give(ptr, bytes);
    return leave(CUDA_SUCCESS);
}

void memory_forget(void)
{
    while (the.mappings > 0) {
        struct mapping last = the.mapping[the.mappings - 1];
        the.chunk[last.chunk].released = true;
        mapping_remove(the.mappings - 1);
        if (last.plain)
            address_give(last.address, last.bytes);
    }
    for (size_t i = 0; i < the.reservations; i++)
        address_give(the.reserved[i].address, the.reserved[i].bytes);
    for (unsigned i = 0; i < CHUNKS; i++)
        if (the.chunk[i].live) {
            the.chunk[i].released = true;
            chunk_drop(i);
        }
    chunks_forget();
    the.reservations = the.registrations = 0;
}
