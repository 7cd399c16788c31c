/* pages.c - memory of the host is taken whole, before any of it is used. */
#include "backend/cuda/pages.h"
#include "backend/cuda/host.h"

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

static int no_memory(int64_t bytes, int why, struct error *err)
{
    return error_set(err, GS_SYSTEM, "no memory for a swap file of %lld MiB: %s; lower 'swap_file'",
                     (long long)(bytes >> 20), strerror(why));
}

int pages_take(int file, int64_t size, uint64_t numa, void **out, struct error *err)
{
    size_t bytes = (size_t)size;
    void *base = MAP_FAILED;

    if (file >= 0)
        base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (base == MAP_FAILED)
        return no_memory(size, errno, err);
    place_on_nodes(base, bytes, numa);
    madvise(base, bytes, MADV_HUGEPAGE); /* registers faster; refused where it is not set up */
    if (madvise(base, bytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) {
        int why = errno;
        munmap(base, bytes);
        return no_memory(size, why, err);
    }
    *out = base;
    return GS_OK;
}

/* Before any of it is taken: who takes more than his group may is killed. */
int pages_check(int64_t bytes, const char *root, struct error *err)
{
    struct host_memory memory = host_memory(root, 0);
    int64_t left = host_memory_left(&memory), wanted_mib = bytes >> 20;

    if (left < 0 || left >= bytes)
        return GS_OK;
    if (left < memory.available_bytes || memory.available_bytes < 0)
        return error_set(err, GS_UNSATISFIABLE,
                         "a swap file of %lld MiB does not fit: the limit of this control group is %lld MiB, %lld of "
                         "which are free; lower 'swap_file', or raise the limit ('memory.max', the container's memory)",
                         (long long)wanted_mib, (long long)(memory.limit.bytes >> 20), (long long)(left >> 20));
    return error_set(err, GS_UNSATISFIABLE,
                     "a swap file of %lld MiB does not fit: this machine has %lld MiB of memory left "
                     "('MemAvailable'); lower 'swap_file', or free memory",
                     (long long)wanted_mib, (long long)(left >> 20));
}
