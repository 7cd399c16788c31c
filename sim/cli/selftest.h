/* selftest.h - the parts of `selftest`: this program by itself, and a GPU with its driver. */
#ifndef GS_SELFTEST_H
#define GS_SELFTEST_H

#include "backend/device.h"

#include <stdbool.h>

/* A line: what was tried, "ok" or "failed", and why. */
void selftest_tell(const char *name, bool ok, const char *text);

/* A tiny scenario: the same bytes on one thread and on several, rows that come back, an audit without differences.
 * `failed` counts.  An error is something else: no folder for the database, say. */
int selftest_simulation(unsigned *failed, struct error *err);

struct selftest_gpu {
    struct live_device device;
    const char *path; /* of the file to write */
    double share;     /* of the GPU's free memory */
    bool force;       /* though others use the GPU */
};
/* The checks of conform.h.  GS_BUSY: somebody else is on the GPU. */
int selftest_gpu(struct selftest_gpu *gpu, unsigned *failed, struct error *err);

#endif
