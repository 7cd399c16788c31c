/* guard.h - is the GPU ours alone? */
#ifndef GS_MEASURE_GUARD_H
#define GS_MEASURE_GUARD_H

#include "backend/measure/measure.h"

/* GS_BUSY if other processes are on the GPU `out->pci`, unless it is forced.  Also finds the name of the driver. */
int guard_check(const struct measure_options *options, struct measured *out, struct error *err);

/* Others on a GPU by its PCI address; -1: not known.  `used_bytes`: of the whole GPU, may be NULL. */
int guard_others(const char *pci, uint64_t *used_bytes);

#endif
