/* process.h - who a process is, by /proc. */
#ifndef GS_CUDA_PROCESS_H
#define GS_CUDA_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

enum { PROCESS_NAME = 24 };

struct process {
    uint64_t started;        /* in ticks since the machine did: with the id it names a process for good */
    char name[PROCESS_NAME]; /* of letters, digits, '.', '_' and '-' */
    bool serves;             /* it is the daemon of the node, whose work on the GPUs is moving others' memory */
};

/* False: there is none to be seen of that id, as for who looks from inside a container.  `root` stands before /proc. */
bool process_find(const char *root, unsigned pid, struct process *process);

#endif
