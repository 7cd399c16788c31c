/* stored_values.h - how many integers an item of each list has (stored.c, stored_read.c). */
#ifndef GS_TRACES_STORED_VALUES_H
#define GS_TRACES_STORED_VALUES_H

#include "traces/stored.h"

/* In the order of the structs of trace.h; the jitter of a run in ppm, as in the file; a wish: time, number of the workload's W
 * record, work, grow, keep. */
enum { BURST_VALUES = 5, RUN_VALUES = 5, RESIZE_VALUES = 2, UPDATE_VALUES = 3, WISH_VALUES = 6 };

#endif
