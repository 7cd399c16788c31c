/* watch.h - what happens on GPUs, as the management library tells it: who is there, with how much memory, how busy.
 *
 * It makes no CUDA context and takes no GPU memory.  Whoever watches calls watch_look again and again, gives it the time of
 * day, and gets rows of two kinds: memory of a process from a time on, and the share of a period for which its kernels
 * were running.  Periods are the driver's own, 1/6 s to 1 s; what happens within one cannot be told, however often one
 * looks. */
#ifndef GS_CUDA_WATCH_H
#define GS_CUDA_WATCH_H

#include "backend/cuda/nvml.h"
#include "backend/cuda/process.h"
#include "sim/base/arena.h"

#include <stdbool.h>

enum { WATCH_GPUS = 16, WATCH_ID = 80 };

struct watch_row {
    int64_t at_us; /* time of day; of a period: its beginning */
    const char *id;
    unsigned gpu, pid;
    uint64_t started;   /* struct process; 0: not known */
    int64_t used_bytes; /* from then on; -1: nothing new */
    double use;         /* share of the period; -1: a row of memory, or the driver does not tell */
};

struct watched { /* a process on a GPU */
    unsigned pid;
    uint64_t started, used_bytes;
    char id[WATCH_ID];
    bool here; /* among those of the last look */
};

struct watch_gpu {
    nvml_device device;
    unsigned index;
    char name[96], uuid[96];
    int64_t total_bytes, used_bytes;
    bool mig, has_periods, has_use; /* the driver tells when periods end; it tells each process' use */
    uint64_t stamp_us;              /* of the driver: the end of the last period */
    int64_t shift_us;               /* from its time to the time of day */
    int64_t since_us;               /* the present period's beginning, by the time of day; 0: not looked at yet */
    struct watched *watched;
    size_t count, capacity;
    unsigned daemon; /* of the node: it is no load, and there are no rows of it; 0: none was seen */
};

/* What was met on the way. */
struct watch_met {
    uint64_t periods, strangers, refused;
    int64_t periods_us, longest_us; /* of all, of one */
    uint64_t shared;                /* periods of a GPU that tells no process' use, with several there */
    int refusal;                    /* why the last list of processes was refused */
    uint64_t processes;             /* all that were seen */
    uint64_t unseen;                /* of them, not to be found in /proc */
    uint64_t no_memory;             /* of them, of which the driver does not tell how much they hold */
};

struct watch {
    const struct nvml *nvml;
    const char *root; /* before /proc: "" but in tests */
    struct arena *arena;
    void (*row)(void *context, const struct watch_row *row);
    void *context;
    struct watch_gpu gpu[WATCH_GPUS];
    unsigned gpus;
    struct watch_met met;
};

/* The GPU of that number or UUID; all, if `which` is NULL.  GS_NO_DEVICE, GS_NOT_PERMITTED, GS_USAGE. */
int watch_add(struct watch *watch, const char *which, struct error *err);

/* GS_NO_DEVICE: a GPU is lost, and nothing more will come. */
int watch_look(struct watch *watch, int64_t now_us, struct error *err);

#endif
