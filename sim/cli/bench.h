/* bench.h - what `gpuswap-sim bench` measures: each function does its work once and returns a rate or a time; NAN: it failed. */
#ifndef GS_BENCH_H
#define GS_BENCH_H

#include <stddef.h>
#include <stdint.h>

double bench_now_s(void); /* a monotonic clock */

/* Events a second of whole runs of 50 notebooks on one thread, `record = summary`: without swapping, and where most bursts
 * need a swap under lru. */
double bench_run_no_swap(void);
double bench_run_lru(void);

/* How much faster `threads` threads do the same replications than one does. */
double bench_speedup(int threads);

/* Rows of `burst` a second into SQLite, from the rows of a run with `record = bursts` (the simulation is not counted). */
double bench_burst_rows(void);

/* Nanoseconds of the controller's step in which `victim` chooses one among `candidates`; NAN for one that needs the future. */
double bench_decision(const char *victim, uint32_t candidates);

/* Lines of a native trace read and checked a second. */
double bench_trace_lines(void);

#endif
