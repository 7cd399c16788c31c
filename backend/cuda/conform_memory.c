/* conform_memory.c - checks of physical memory: its pieces, what it keeps, when it is free, when there is none. */
#include "backend/cuda/conform_parts.h"
#include "backend/cuda/mix.h"

#include <string.h>

enum { CYCLES = 8, PATIENCE_S = 2 };

static CUmemAllocationProp properties(const struct conform *c)
{
    CUmemAllocationProp prop;

    memset(&prop, 0, sizeof prop);
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    prop.location.id = c->gpu.device;
    return prop;
}

static bool map(struct conform *c, CUdeviceptr at, size_t bytes, CUmemGenericAllocationHandle handle)
{
    CUmemAccessDesc access;

    memset(&access, 0, sizeof access);
    access.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    access.location.id = c->gpu.device;
    access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    return conform_try(c, c->cu->chunk_map(at, bytes, 0, handle, 0), "cuMemMap") &&
           conform_try(c, c->cu->chunk_access(at, bytes, &access, 1), "cuMemSetAccess");
}

bool conform_granularity(struct conform *c)
{
    CUmemAllocationProp prop = properties(c);
    CUmemGenericAllocationHandle handle;
    size_t least = 0, advised = 0;
    CUdeviceptr at;

    if (!conform_try(c, c->cu->chunk_granularity(&least, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM),
                     "cuMemGetAllocationGranularity") ||
        !conform_try(c, c->cu->chunk_granularity(&advised, &prop, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED),
                     "cuMemGetAllocationGranularity"))
        return false;
    conform_figure(c, "least_bytes", (double)least);
    conform_figure(c, "advised_bytes", (double)advised);
    if (least == 0 || (least & (least - 1)) != 0 || advised % least != 0)
        return conform_fail(c, "pieces of %zu bytes, advised %zu: no powers of two that divide each other", least,
                            advised);
    if (!conform_try(c, c->cu->address_reserve(&at, least, 0, 0, 0), "cuMemAddressReserve"))
        return false;
    if (conform_try(c, c->cu->chunk_create(&handle, least, &prop, 0), "cuMemCreate")) {
        if (map(c, at, least, handle))
            conform_try(c, c->cu->chunk_unmap(at, least), "cuMemUnmap");
        conform_try(c, c->cu->chunk_release(handle), "cuMemRelease");
    }
    return conform_try(c, c->cu->address_free(at, least), "cuMemAddressFree") && c->result->ok;
}

/* All words of the chunk at `at`. */
static bool look(struct conform *c, CUdeviceptr at, uint64_t seed, struct mix_found *found)
{
    uint64_t parameter[] = {at, (uint64_t)c->gpu.chunk_bytes / sizeof(mix_word), seed, 0, c->gpu.found};

    *c->gpu.found_host = (struct mix_found){.first = UINT64_MAX};
    if (!conform_try(c, c->cu->copy_in(c->gpu.found, c->gpu.found_host, sizeof *found, c->gpu.in),
                     "cuMemcpyHtoDAsync") ||
        !conform_try(c, gpu_launch(&c->gpu, c->gpu.check, c->gpu.in, parameter, 5), "cuLaunchKernel") ||
        !conform_try(c, c->cu->copy_out(c->gpu.found_host, c->gpu.found, sizeof *found, c->gpu.in),
                     "cuMemcpyDtoHAsync") ||
        !conform_wait(c, c->gpu.in, NULL))
        return false;
    *found = *c->gpu.found_host;
    return found->sum != 0 || conform_fail(c, "the check's findings did not come back");
}

/* Cycles between two places; the words are those of the first. */
static bool move_about(struct conform *c, CUdeviceptr start, CUmemGenericAllocationHandle handle)
{
    size_t bytes = (size_t)c->gpu.chunk_bytes;
    uint64_t seed = mix_seed(1, 2, 3);
    uint64_t parameter[] = {start, bytes / sizeof(mix_word), seed, 0};
    int64_t began_ns = 0;
    struct mix_found found;

    if (!map(c, start, bytes, handle) ||
        !conform_try(c, gpu_launch(&c->gpu, c->gpu.fill, c->gpu.in, parameter, 4), "cuLaunchKernel") ||
        !conform_wait(c, c->gpu.in, NULL))
        return false;
    for (unsigned i = 0; i < CYCLES; i++) {
        CUdeviceptr from = start + (i % 2) * bytes, to = start + ((i + 1) % 2) * bytes;

        began_ns = c->now_ns();
        if (!conform_try(c, c->cu->chunk_unmap(from, bytes), "cuMemUnmap") || !map(c, to, bytes, handle))
            return false;
        conform_figure(c, "unmap_map_ns", (double)(c->now_ns() - began_ns));
        if (!look(c, to, seed, &found))
            return false;
        if (found.bad != 0)
            return conform_fail(c, "%llu words of %llu changed while they were mapped elsewhere, the first at %llu",
                                (unsigned long long)found.bad, (unsigned long long)parameter[1],
                                (unsigned long long)found.first);
    }
    return conform_try(c, c->cu->chunk_unmap(start, bytes), "cuMemUnmap");
}

bool conform_remap(struct conform *c)
{
    CUmemAllocationProp prop = properties(c);
    CUmemGenericAllocationHandle handle;
    size_t bytes = (size_t)c->gpu.chunk_bytes;
    CUdeviceptr start;

    if (!conform_try(c, c->cu->address_reserve(&start, 2 * bytes, 0, 0, 0), "cuMemAddressReserve"))
        return false;
    if (conform_try(c, c->cu->chunk_create(&handle, bytes, &prop, 0), "cuMemCreate")) {
        if (!move_about(c, start, handle)) { /* wherever it is */
            if (!c->gpu.hangs)
                conform_wait(c, c->gpu.in, NULL);
            if (c->gpu.hangs)
                return false;
            if (c->cu->chunk_unmap(start, bytes) != CUDA_SUCCESS)
                c->cu->chunk_unmap(start + bytes, bytes);
        }
        conform_try(c, c->cu->chunk_release(handle), "cuMemRelease");
    }
    return conform_try(c, c->cu->address_free(start, 2 * bytes), "cuMemAddressFree") && c->result->ok;
}

static bool ask_free(struct conform *c, int64_t *bytes)
{
    size_t free_bytes = 0, total_bytes = 0;

    if (!conform_try(c, c->cu->memory_info(&free_bytes, &total_bytes), "cuMemGetInfo"))
        return false;
    *bytes = (int64_t)free_bytes;
    return true;
}

bool conform_free(struct conform *c)
{
    enum { MOST = 24 };
    CUmemAllocationProp prop = properties(c);
    CUmemGenericAllocationHandle handle[MOST];
    int64_t chunk = c->gpu.chunk_bytes, count = c->budget_bytes / chunk, made = 0, before, less, after, began_ns;

    count = count < MOST ? count : MOST;
    if (!ask_free(c, &before))
        return false;
    while (made < count && conform_try(c, c->cu->chunk_create(&handle[made], (size_t)chunk, &prop, 0), "cuMemCreate"))
        made++;
    if (!ask_free(c, &less))
        less = before;
    if (c->result->ok && before - less <= (made - 1) * chunk)
        conform_fail(c, "%lld bytes were taken, and %lld less are free", (long long)(made * chunk),
                     (long long)(before - less));
    began_ns = c->now_ns();
    for (int64_t i = 0; i < made; i++)
        conform_try(c, c->cu->chunk_release(handle[i]), "cuMemRelease");
    do {
        if (!ask_free(c, &after))
            return false;
    } while (after < before && c->now_ns() - began_ns < PATIENCE_S * INT64_C(1000000000));
    conform_figure(c, "taken_bytes", (double)(made * chunk));
    conform_figure(c, "free_less_bytes", (double)(before - less));
    conform_figure(c, "free_again_ns", (double)(c->now_ns() - began_ns));
    if (after <= before - chunk) /* a driver may keep a little for itself */
        conform_fail(c, "%lld bytes of those released are not free after %d s", (long long)(before - after),
                     PATIENCE_S);
    return c->result->ok;
}

bool conform_out_of_memory(struct conform *c)
{
    CUmemAllocationProp prop = properties(c);
    CUmemGenericAllocationHandle handle;
    int64_t before, after;
    size_t chunk = (size_t)c->gpu.chunk_bytes, total = 0;
    CUresult result;

    if (!conform_try(c, c->cu->device_total(&total, c->gpu.device), "cuDeviceTotalMem") || !ask_free(c, &before))
        return false;
    result = c->cu->chunk_create(&handle, (2 * total / chunk + 1) * chunk, &prop, 0);
    if (result == CUDA_SUCCESS) {
        c->cu->chunk_release(handle);
        return conform_fail(c, "twice the GPU's memory was granted");
    }
    if (result != CUDA_ERROR_OUT_OF_MEMORY)
        return conform_try(c, result, "cuMemCreate of twice the memory, to be refused as out of memory");
    if (!ask_free(c, &after))
        return false;
    conform_figure(c, "free_less_bytes", (double)(before - after));
    if (after <= before - (int64_t)chunk)
        return conform_fail(c, "the refusal left %lld bytes less free", (long long)(before - after));
    return conform_try(c, c->cu->chunk_create(&handle, chunk, &prop, 0), "cuMemCreate after one that was refused") &&
           conform_try(c, c->cu->chunk_release(handle), "cuMemRelease");
}
