/* clock.h - the time of live mode: the machine's, or that of the driver double. */
#ifndef GS_LIVE_CLOCK_H
#define GS_LIVE_CLOCK_H

#include "backend/cuda/driver.h"
#include "policies/controller.h"

struct double_control;
struct live_clock {
    const struct double_control *control; /* NULL: a driver of NVIDIA's */
    gs_ns start_ns;
    double scale; /* how much faster than that it runs */
};

/* From now on time is 0. */
void live_clock_start(struct live_clock *clock, const struct driver *driver, double scale);
gs_ns live_clock_device(const struct live_clock *clock); /* not scaled */
gs_ns live_clock_now(const struct live_clock *clock);
/* What a time of the scenario takes on the device, rounded up. */
uint64_t live_clock_span(const struct live_clock *clock, gs_ns scenario_ns);
/* A nap as struct gpu_options wants it: by this clock, which may be virtual. */
void live_clock_nap(const void *clock);
/* Sleep until something may have happened on the GPU, at most until `until_ns`. */
void live_clock_rest(const struct live_clock *clock, gs_ns until_ns);

#endif
