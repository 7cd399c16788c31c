/* host.h - what the host has of memory: how much, how much of it a process may take, and where.
 *
 * `root` stands before all paths of /proc and /sys: "" but in tests. */
#ifndef GS_CUDA_HOST_H
#define GS_CUDA_HOST_H

#include "backend/cuda/cgroup.h"

struct host_memory {
    int64_t total_bytes, available_bytes; /* of the machine; -1: not known */
    struct cgroup_limit limit;            /* of the process */
};
struct host_memory host_memory(const char *root, int pid); /* 0: this process */

/* What is left of both: what the process could take at most; -1: not known. */
int64_t host_memory_left(const struct host_memory *memory);

/* How many NUMA nodes have memory; at least 1. */
int host_numa_nodes(const char *root);
/* The node that a PCI device hangs on, "0000:3B:00.0"; -1: not known, or it makes no difference. */
int host_numa_of(const char *root, const char *pci);

#endif
