/* cgroup.h - the control group of a process, of either version, and what it and those above it leave of memory.
 *
 * `pid` 0 is this process.  `root` stands before all paths of /proc and /sys: "" but in tests. */
#ifndef GS_CUDA_CGROUP_H
#define GS_CUDA_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

enum { CGROUP_PATH = 4096 };

/* Its name, as this process' namespace has it: of the group that limits memory.  False: not known. */
bool cgroup_name(const char *root, int pid, char name[CGROUP_PATH]);

struct cgroup_limit {
    int64_t bytes;      /* -1: none is known */
    int64_t used_bytes; /* less what the kernel gives up before it ends anybody: copies of files; -1: not known */
};
/* On the way up from its group, the one with the least room. */
struct cgroup_limit cgroup_limit(const char *root, int pid);
int64_t cgroup_room(const struct cgroup_limit *limit); /* -1: no limit is known */

#endif
