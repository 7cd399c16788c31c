/* worker.h - the thread of a GPU that moves processes, one program at a time: the driver's calls for that take seconds, and
 * two that come in at the same time could take each other's room. */
#ifndef GS_SERVE_WORKER_H
#define GS_SERVE_WORKER_H

#include "backend/cuda/checkpoint.h"
#include "backend/cuda/nvml.h"
#include "backend/serve/depot.h"

#include <stdbool.h>
#include <stdint.h>

enum { SERVE_MEMBERS = 16 };

enum work_kind {
    WORK_AWAY,   /* off the GPU, all processes or none */
    WORK_BACK,   /* on the GPU and running, all or none */
    WORK_QUIET,  /* no call of it reaches the GPU any more */
    WORK_RESUME, /* on again */
};

/* What is to be done, and when it has been, how it went. */
struct work {
    enum work_kind kind;
    uint32_t place;
    int pid[SERVE_MEMBERS], pidfd[SERVE_MEMBERS], pids; /* who has ended is left out; the files are the work's */
    uint64_t start[SERVE_MEMBERS];                      /* when it began, as process_start has it */
    uint64_t bytes;                                     /* of the program, as far as is known */
    uint64_t needed_bytes;                              /* WORK_BACK: of the GPU, free, before it is tried */
    uint64_t unlike_bytes;                              /* and more than this: with so much it has failed */
    uint64_t free_bytes;                                /* WORK_BACK: what was free when it was tried */
    bool too_little;                                    /* and the driver said that it was */
    unsigned timeout_ms;                                /* for its work to end */
    bool unheld;      /* there was no file for one of them: nothing is done, GS_BUSY */
    bool stays_quiet; /* it goes on only when that is asked for; of a result: it is held */
    int rc;           /* GS_OK, or the worst of what happened */
    bool lost;        /* and a process cannot be brought back any more */
    char why[256];
    struct work *next;
};

struct worker;

/* Results come out of `results`, an eventfd, one count each.  What is behind `depot` outlives it. */
int worker_open(struct worker **worker, const struct driver *driver, const struct nvml *nvml, nvml_device device,
                const struct depot *depot, int results, struct error *err);
/* 0, or GS_SYSTEM: the files stay the caller's then. */
int worker_ask(struct worker *worker, const struct work *work);
/* What has been done next; false: nothing. */
bool worker_take(struct worker *worker, struct work *work);
/* The same, and wait for it, a minute at most; false: nothing is under way, or the driver does not return. */
bool worker_wait(struct worker *worker, struct work *work);
/* Close the files of a work that was not taken. */
void worker_forget(struct work *work);
/* Wait for what is under way, and leave the rest.  A driver that does not return within a minute is left alone: false. */
bool worker_close(struct worker *worker);

#endif
