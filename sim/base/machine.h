/* machine.h - the machine's clock, for whatever lives in real time: live mode, the daemon, progress, benchmarks. */
#ifndef GS_MACHINE_H
#define GS_MACHINE_H

#include <stdint.h>

/* Nanoseconds since a moment that stays the same while the machine runs; never goes back. */
int64_t machine_ns(void);

#endif
