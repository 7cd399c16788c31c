/* slots.c - take host memory for the swap file: near the GPU, in large pages, there before it is needed, registered. */
#include "backend/cuda/slots.h"
#include "backend/cuda/host.h"
#include "backend/cuda/pages.h"
#include "sim/base/arena.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int take_pages(struct slots *slots, uint64_t numa, struct error *err)
{
    int rc, file = memfd_create("gpuswap", MFD_CLOEXEC);
    void *base = NULL;

    if (file >= 0 && ftruncate(file, slots->bytes) != 0) {
        close(file);
        file = -1;
    }
    rc = pages_take(file, slots->bytes, numa, &base, err);
    if (file >= 0)
        close(file);
    slots->base = base;
    return rc;
}

static int register_all(struct slots *slots, const char *root, struct error *err)
{
    const struct driver *cu = slots->gpu->cu;
    CUresult result = gpu_use(slots->gpu);
    struct host_memory memory;
    const char *name = NULL;

    if (result == CUDA_SUCCESS)
        result = cu->host_register(slots->base, (size_t)slots->bytes, CU_MEMHOSTREGISTER_PORTABLE);
    if (result == CUDA_SUCCESS || driver_judge(result) == DRIVER_GONE)
        return gpu_try(slots->gpu, result, "cuMemHostRegister", err);
    memory = host_memory(root, 0);
    return error_set(err, GS_UNSATISFIABLE,
                     "the driver does not lock a swap file of %lld MiB in memory: 'cuMemHostRegister' says %s (%d), "
                     "and the machine has %lld MiB left; lower 'swap_file', or raise what may be locked (the "
                     "container's memory, 'ulimit -l')",
                     (long long)(slots->bytes >> 20),
                     cu->error_name(result, &name) == CUDA_SUCCESS && name != NULL ? name : "CUresult", (int)result,
                     (long long)(memory.available_bytes >> 20));
}

int slots_open(struct slots *slots, const struct gpu *gpu, const struct slots_options *options, struct error *err)
{
    const char *root = options->host_root != NULL ? options->host_root : "";
    int rc;

    memset(slots, 0, sizeof *slots);
    slots->gpu = gpu;
    slots->slot_bytes = gpu->chunk_bytes;
    slots->bytes = gpu->chunk_bytes * options->count;
    if (options->count == 0)
        return GS_OK;
    if ((rc = pages_check(slots->bytes, root, err)) != GS_OK)
        return rc;
    slots->free_slot = heap_resize(NULL, options->count * sizeof *slots->free_slot);
    if (slots->free_slot == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for a swap file; lower 'swap_file'");
    slots->count = slots->free_count = options->count;
    for (uint32_t i = 0; i < options->count; i++)
        slots->free_slot[i] = options->count - 1 - i;
    if ((rc = take_pages(slots, options->numa, err)) == GS_OK && (rc = register_all(slots, root, err)) != GS_OK) {
        munmap(slots->base, (size_t)slots->bytes);
        slots->base = NULL;
    }
    if (rc != GS_OK)
        slots_close(slots);
    return rc;
}

void slots_close(struct slots *slots)
{
    if (slots->base != NULL && !slots->gpu->hangs) { /* a GPU that hangs may yet write there */
        gpu_use(slots->gpu);
        slots->gpu->cu->host_unregister(slots->base);
        munmap(slots->base, (size_t)slots->bytes);
    }
    heap_free(slots->free_slot);
    memset(slots, 0, sizeof *slots);
}

uint32_t slots_take(struct slots *slots)
{
    return slots->free_count > 0 ? slots->free_slot[--slots->free_count] : SLOT_NONE;
}

void slots_give(struct slots *slots, uint32_t slot)
{
    slots->free_slot[slots->free_count++] = slot;
}
