/* checkpoint.h - another process taken off the GPU whole, and brought back, by the driver.
 *
 * The driver keeps what it takes off in the memory of that process itself, and leaves its addresses as they are.  The steps
 * are those of every mover: quiesce (no call of it reaches the GPU any more), save and drop, load, resume.  A process is
 * quiet before it is saved, and after it is loaded until it is resumed.
 */
#ifndef GS_CHECKPOINT_H
#define GS_CHECKPOINT_H

#include "backend/cuda/driver.h"

#include <stdbool.h>

enum checkpoint_state {
    CHECKPOINT_RUNS,  /* it may use the GPU */
    CHECKPOINT_QUIET, /* its calls wait */
    CHECKPOINT_AWAY,  /* its memory is in its own host memory; its calls wait */
    CHECKPOINT_LOST,  /* the driver has given it up: it cannot be brought back */
    CHECKPOINT_NONE,  /* it does not use the driver, or no more: there is nothing to move */
};

/* GS_UNSATISFIABLE: this driver cannot (which one can, in words). */
int checkpoint_probe(const struct driver *driver, struct error *err);

/* What a result of one of these calls means for that process. */
int checkpoint_judge(const struct driver *driver, CUresult result, const char *call, int pid, struct error *err);

int checkpoint_state(const struct driver *driver, int pid, enum checkpoint_state *state, struct error *err);

/* GS_BUSY: it did not finish its work within `timeout_ms` (above 0) and runs on. */
int checkpoint_quiesce(const struct driver *driver, int pid, unsigned timeout_ms, struct error *err);
/* From quiet to away.  An error leaves it quiet, or lost: ask. */
int checkpoint_save(const struct driver *driver, int pid, struct error *err);
/* From away to quiet.  Only where there is room for all of it: drivers have lost processes for which there was none. */
int checkpoint_load(const struct driver *driver, int pid, struct error *err);
/* From quiet to running. */
int checkpoint_resume(const struct driver *driver, int pid, struct error *err);

#endif
