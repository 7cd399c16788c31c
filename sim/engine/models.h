/* models.h - three benchmark models on the bare event queue, with answers known in closed form.
 *
 * Each runs on its own queue and random stream and is timed without its set-up.  They return a rate or a time and,
 * through the pointer, the value to check; NAN where there is no memory.
 */
#ifndef GS_MODELS_H
#define GS_MODELS_H

#include <stddef.h>
#include <stdint.h>

/* Hold: `n` pending events (at most 2^24); take the earliest and schedule it again an Exp(1 s) later.  Nanoseconds a
 * hold, over `holds` of them after 3n to settle.  Source: Jones, CACM 29(4), 1986. */
double model_hold(size_t n, uint64_t holds, uint64_t seed);

/* Machine repairman: 50 machines think Exp(60 s), one repairman serves each for Exp(1 s), first come first served; two
 * events a cycle.  Events a second; `throughput_per_s` tends to 0.7835 cycles per second of simulated time. */
double model_repairman(uint64_t cycles, uint64_t seed, double *throughput_per_s);

/* M/M/1 with utilisation 0.8 and mean service 1 s, two events a customer.  Events a second; `time_in_system_s` tends to
 * 5.0. */
double model_mm1(uint64_t customers, uint64_t seed, double *time_in_system_s);

#endif
