/* slots.c - take host memory for the swap file: near the GPU, in large pages, there before it is needed, registered. */
#include "backend/cuda/slots.h"
#include "backend/cuda/host.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Have the pages on that node.  Where the kernel refuses, they lie where they lie. */
static void bind_to_node(void *base, size_t bytes, int node)
{
    enum { BIND = 2, BITS = 8 * sizeof(unsigned long) };
    unsigned long mask = 1;

    if (node < 0 || node >= (int)BITS)
        return;
    mask <<= node;
    (void)syscall(SYS_mbind, base, bytes, BIND, &mask, (unsigned long)BITS, 0u);
}

static int take_pages(struct slots *slots, int node, struct error *err)
{
    size_t bytes = (size_t)slots->bytes;
    int file = memfd_create("gpuswap", MFD_CLOEXEC);
    void *base = MAP_FAILED;

    if (file >= 0 && ftruncate(file, slots->bytes) == 0)
        base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (base == MAP_FAILED)
        return error_set(err, GS_SYSTEM, "no memory for a swap file of %zu MiB: %s", bytes >> 20, strerror(errno));
    bind_to_node(base, bytes, node);
    madvise(base, bytes, MADV_HUGEPAGE); /* registers faster; refused where it is not set up */
    if (madvise(base, bytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) {
        int why = errno;
        munmap(base, bytes);
        return error_set(err, GS_SYSTEM, "no memory for a swap file of %zu MiB: %s", bytes >> 20, strerror(why));
    }
    slots->base = base;
    return GS_OK;
}

static int check_room(const struct slots *slots, struct error *err)
{
    struct host_memory memory = host_memory("");
    int64_t left = host_memory_left(&memory);

    if (left < 0 || left >= slots->bytes)
        return GS_OK;
    return error_set(err, GS_UNSATISFIABLE,
                     "a swap file of %lld MiB does not fit: this process may take %lld MiB more; lower 'swap_file'",
                     (long long)(slots->bytes >> 20), (long long)(left >> 20));
}

int slots_open(struct slots *slots, const struct gpu *gpu, uint32_t count, int node, struct arena *arena,
               struct error *err)
{
    int rc;

    memset(slots, 0, sizeof *slots);
    slots->gpu = gpu;
    slots->slot_bytes = gpu->chunk_bytes;
    slots->bytes = gpu->chunk_bytes * count;
    slots->count = slots->free_count = count;
    slots->free_slot = arena_array(arena, count, sizeof *slots->free_slot);
    if (slots->free_slot == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        slots->free_slot[i] = count - 1 - i;
    if (count == 0)
        return GS_OK;
    if ((rc = check_room(slots, err)) != GS_OK || (rc = take_pages(slots, node, err)) != GS_OK)
        return rc;
    rc = gpu_try(gpu, gpu->cu->host_register(slots->base, (size_t)slots->bytes, CU_MEMHOSTREGISTER_PORTABLE),
                 "cuMemHostRegister", err);
    if (rc != GS_OK) {
        munmap(slots->base, (size_t)slots->bytes);
        slots->base = NULL;
    }
    return rc;
}

void slots_close(struct slots *slots)
{
    if (slots->base == NULL)
        return;
    slots->gpu->cu->host_unregister(slots->base);
    munmap(slots->base, (size_t)slots->bytes);
    slots->base = NULL;
}

uint32_t slots_take(struct slots *slots)
{
    return slots->free_count > 0 ? slots->free_slot[--slots->free_count] : SLOT_NONE;
}

void slots_give(struct slots *slots, uint32_t slot)
{
    slots->free_slot[slots->free_count++] = slot;
}
