/* foresight.h - when a workload will want the GPU next, and how much it asked for: what only a simulation can know.
 *
 * Settled is what has been drawn: a user who has not begun to think has not decided yet; recordings of open loops are
 * known to their end. */
#ifndef GS_FORESIGHT_H
#define GS_FORESIGHT_H

#include "sim/load/load.h"

struct foresight;

/* Of an open load, which must outlive it.  Errors: GS_SYSTEM; GS_UNSATISFIABLE: a trace is read from disk. */
int foresight_open(struct foresight **foresight, const struct load *load, struct arena *arena, struct error *err);
/* Of its next burst or request; GS_NEVER: none is known. */
gs_ns foresight_wish_ns(const struct foresight *foresight, uint32_t workload);
/* GPU work, alone on the reference GPU, of its bursts and requests that have begun to wait and have not ended. */
gs_ns foresight_pending_ns(const struct foresight *foresight, uint32_t workload);

#endif
