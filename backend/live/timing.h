/* timing.h - how long the driver's calls and the GPU's work take: a driver's table that looks at the clock around them.
 *
 * Calls that end when they return (create, map, access, unmap, release) are timed by the host's clock; what is queued (d2h,
 * h2d, burst, verify) by events before and after it, which the GPU stamps.  Quanta of one burst that follow each other are
 * one operation. */
#ifndef GS_LIVE_TIMING_H
#define GS_LIVE_TIMING_H

#include "backend/live/clock.h"

struct live_device;

/* `driver` is timed from now on, for all its users; `clock` may be started later.  One driver at a time.  Where `device` is
 * NULL or wants no operations nothing is done. */
void timing_begin(struct driver *driver, const struct live_clock *clock, const struct live_device *device);

#endif
