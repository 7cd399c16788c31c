/* live.h - what a live run has that a simulated one has not: GPUs, a clock that runs, somebody who looks on. */
#ifndef GS_LIVE_H
#define GS_LIVE_H

#include "backend/device.h"
#include "sim/run/run.h"
#include "sim/scenario/scenario.h"

struct live {
    struct live_device device;
    struct run_watch watch;
};

/* "double" or "cuda": what the results are marked with. */
const char *live_provenance(const struct live *live);

/* What live mode cannot do is refused; then the device is made ready.  GS_UNSATISFIABLE, GS_NO_DEVICE. */
int live_begin(struct live *live, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct arena *arena, struct error *err);

/* The options of a driver double that is as the scenario wants its GPUs; NULL: no memory. */
const char *live_double_options(const struct live *live, const struct scenario *scenario,
                                const struct gs_workload_spec *spec, uint32_t workloads, struct arena *arena);
/* Bytes that a double of this scenario may come to hold, of GPUs and swap files. */
double live_double_bytes(const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads);

#endif
