/* slots.c - take host memory for the swap file: near the GPU, in large pages, there before it is needed, registered. */
#include "backend/cuda/slots.h"
#include "backend/cuda/host.h"
#include "sim/base/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Have the pages on those nodes, by turns if they are several: preferably, since a node that is full would else have the
 * kernel kill somebody.  Where it refuses, they lie where they lie. */
static void place_on_nodes(void *base, size_t bytes, uint64_t numa)
{
    enum { PREFERRED = 1, INTERLEAVE = 3, BITS = 8 * sizeof(unsigned long) };
    unsigned long mask = (unsigned long)numa;

    if (numa != 0)
        (void)syscall(SYS_mbind, base, bytes, (numa & (numa - 1)) == 0 ? PREFERRED : INTERLEAVE, &mask,
                      (unsigned long)BITS + 1, 0u);
}

static int no_memory(const struct slots *slots, int why, struct error *err)
{
    return error_set(err, GS_SYSTEM, "no memory for a swap file of %lld MiB: %s; lower 'swap_file'",
                     (long long)(slots->bytes >> 20), strerror(why));
}

static int take_pages(struct slots *slots, uint64_t numa, struct error *err)
{
    size_t bytes = (size_t)slots->bytes;
    int file = memfd_create("gpuswap", MFD_CLOEXEC);
    void *base = MAP_FAILED;

    if (file >= 0 && ftruncate(file, slots->bytes) == 0)
        base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (base == MAP_FAILED)
        return no_memory(slots, errno, err);
    place_on_nodes(base, bytes, numa);
    madvise(base, bytes, MADV_HUGEPAGE); /* registers faster; refused where it is not set up */
    if (madvise(base, bytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) {
        int why = errno;
        munmap(base, bytes);
        return no_memory(slots, why, err);
    }
    slots->base = base;
    return GS_OK;
}

/* Before any of it is taken: who takes more than his group may is killed. */
static int check_room(const struct slots *slots, const char *root, struct error *err)
{
    struct host_memory memory = host_memory(root);
    int64_t left = host_memory_left(&memory), wanted_mib = slots->bytes >> 20;

    if (left < 0 || left >= slots->bytes)
        return GS_OK;
    if (left < memory.available_bytes || memory.available_bytes < 0)
        return error_set(err, GS_UNSATISFIABLE,
                         "a swap file of %lld MiB does not fit: the limit of this control group is %lld MiB, %lld of "
                         "which are free; lower 'swap_file', or raise the limit ('memory.max', the container's memory)",
                         (long long)wanted_mib, (long long)(memory.limit_bytes >> 20), (long long)(left >> 20));
    return error_set(err, GS_UNSATISFIABLE,
                     "a swap file of %lld MiB does not fit: this machine has %lld MiB of memory left "
                     "('MemAvailable'); lower 'swap_file', or free memory",
                     (long long)wanted_mib, (long long)(left >> 20));
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
    memory = host_memory(root);
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
    if ((rc = check_room(slots, root, err)) != GS_OK)
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
