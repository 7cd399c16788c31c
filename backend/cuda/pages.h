/* pages.h - host memory for a swap file: looked for before it is taken, near the GPUs, in large pages, there before it is
 * needed. */
#ifndef GS_CUDA_PAGES_H
#define GS_CUDA_PAGES_H

#include "sim/base/error.h"

#include <stdint.h>

/* GS_UNSATISFIABLE: the machine has not so much memory left, or this process may not take it.  `root` is before /proc and
 * /sys: "" but in tests. */
int pages_check(int64_t bytes, const char *root, struct error *err);

/* The whole of `file`, of that size; `numa`: bit i, near node i of the host's memory, where there is room; 0: anywhere. */
int pages_take(int file, int64_t bytes, uint64_t numa, void **base, struct error *err);

#endif
