/* ledger.h - who holds how much of each GPU, over all processes that use the double with the same file. */
#ifndef GS_DOUBLE_LEDGER_H
#define GS_DOUBLE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_GPUS = 8, LEDGER_PROCESSES = 64, LEDGER_KERNELS = 1024 };

/* `path` empty: this process alone.  `gpus` 0: only read, what somebody else has set up.  False: it cannot be opened. */
bool ledger_open(const char *path, unsigned gpus, uint64_t gpu_bytes);
void ledger_close(void); /* what this process held is free */

bool ledger_take(unsigned gpu, uint64_t bytes); /* false: not so much is free */
void ledger_give(unsigned gpu, uint64_t bytes);
uint64_t ledger_held(unsigned gpu); /* by this process */
uint64_t ledger_free(unsigned gpu);
uint64_t ledger_total(void);
unsigned ledger_gpus(void);

/* This process has the GPUs open, whether it holds something of them or not; `unseen`: nobody is told how much. */
void ledger_show(bool open, bool unseen);

/* The i-th process that has a GPU open; 0 past the end.  *bytes: UINT64_MAX, if that is not told. */
int ledger_holder(unsigned gpu, unsigned i, uint64_t *bytes);

/* A kernel of this process, by the machine's time of day.  And for how long kernels of a process were busy from `from_ns` to
 * `to_ns`, as far as the last of them are remembered. */
void ledger_busy(unsigned gpu, uint64_t from_ns, uint64_t to_ns);
uint64_t ledger_busy_within(unsigned gpu, int pid, uint64_t from_ns, uint64_t to_ns);

void ledger_lose(void); /* the GPUs are gone */
bool ledger_lost(void);

#endif
