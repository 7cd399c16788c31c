/* host.h - what the host has for a swap file in its memory: how much, how much of it this process may take, and where.
 *
 * `root` stands before all paths of /proc and /sys: "" but in tests. */
#ifndef GS_CUDA_HOST_H
#define GS_CUDA_HOST_H

#include <stdint.h>

struct host_memory {
    int64_t total_bytes, available_bytes; /* of the machine; -1: not known */
    int64_t limit_bytes;                  /* on the way up from its group, the one with the least room; -1: none */
    int64_t limit_used_bytes;             /* of that limit; -1: not known */
};
struct host_memory host_memory(const char *root);

/* What is left of both: what a swap file could take at most; -1: not known. */
int64_t host_memory_left(const struct host_memory *memory);

/* How many NUMA nodes have memory; at least 1. */
int host_numa_nodes(const char *root);
/* The node that a PCI device hangs on, "0000:3B:00.0"; -1: not known, or it makes no difference. */
int host_numa_of(const char *root, const char *pci);

#endif
