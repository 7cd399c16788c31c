/* state.h - what live mode remembers; shared by its own files only. */
#ifndef GS_LIVE_STATE_H
#define GS_LIVE_STATE_H

#include "backend/backend.h"
#include "backend/mailbox.h"
#include "backend/cuda/mover.h"
#include "backend/live/clock.h"

enum { LIVE_QUANTA = 2, LIVE_QUANTUM_NS = 5000000, LIVE_SHORTEST_NS = 500000, LIVE_DEPTH = 3 };

struct quantum {     /* a piece of a burst on the GPU */
    CUevent *ended;  /* on each of its workload's GPUs */
    struct job *job; /* NULL: nobody waits for it any more */
    gs_ns work_ns;
};

struct running { /* a burst that has begun */
    struct job *job;
    gs_ns issued_ns;         /* of its work, handed to the GPU */
    gs_ns since_ns, from_ns; /* when it began or went on, and how much of it was done then */
    uint32_t written;        /* chunks, the first ones on each GPU */
};

struct process {         /* a workload */
    struct memory *part; /* on each of its GPUs as much */
    uint32_t parts;
    uint32_t gpu; /* the first of those; GS_NONE: it has not been placed yet */
    uint32_t lives;
    struct job *head, *tail; /* bursts that are ready and not begun, or were stopped half-way and go on first */
    struct running *run;
    uint32_t running, slots, turn; /* of run[], and who gets the next quantum */
    uint32_t executing;            /* of those, as its GPU counts them: none while they wait for memory to arrive */
    struct quantum quantum[LIVE_QUANTA];
    unsigned first, in_flight; /* of quantum[], a ring */
    gs_ns seen_ns;             /* when one of those was last seen to begin or to end */
    gs_ns linger_ns, detect_ns;
    gs_ns start_at_ns, idle_at_ns, move_at_ns; /* when the delay, the lingering, a swap's overhead is over; GS_NEVER */
    gs_ns short_ns;                            /* since when its next burst lacks memory; GS_NEVER: it does not */
    gs_ns ready_at_ns;                         /* when it may run though it still comes in; GS_NEVER: not known */
    int64_t held_bytes, base_bytes;            /* on the GPU or in the swap file; between bursts */
    int64_t gpu_bytes;                         /* of what it holds, on the GPU */
    int64_t run_bytes;                         /* to be held while it has its grant */
    struct gs_command command;                 /* of its swap */
    uint32_t moving_parts;                     /* which are still under way */
    uint64_t failed_parts;                     /* a bit each: those that are where they were before the swap */
    bool granted, started, delayed, yield, ends, wants, stopping, between, idle_posted;
    bool moving, streams, halted, gone, dying;
    bool half_grown; /* it holds more than held_bytes, and not yet all that it waits for */
};

struct device { /* a GPU, as the books see it: of a set all happens on the first */
    struct gpu_usage usage;
    gs_ns accounted_ns;
    uint32_t executing, switching, lingering;
    uint32_t lead, width;       /* of its set; width is 1 without, 0 for those that follow */
    const struct process *last; /* whose work was queued last, and what tells its end */
    CUevent ended;
};

struct backend {
    struct backend_clock clock; /* first, as of every backend */
    struct live_clock time;
    const struct backend_setup *setup;
    const struct node_group *node;
    struct driver driver;
    struct gpu *gpu;
    struct device *device;
    uint32_t gpus;
    struct slots slots; /* the swap file, of all GPUs */
    struct mover mover;
    struct process *process;
    uint32_t workloads;
    gs_ns *timer_ns;
    uint32_t timers;
    struct mailbox mail;
    struct backend_event finish;
    struct error failure; /* met where it could not be told at once */
};

static inline uint32_t live_id(const struct backend *be, const struct process *p)
{
    return (uint32_t)(p - be->process);
}

/* What each of its GPUs has of so many bytes. */
static inline int64_t live_share(const struct process *p, int64_t bytes)
{
    return (bytes + p->parts - 1) / p->parts;
}

/* open.c */
int live_open(struct backend **be, const struct backend_setup *setup, struct error *err);
int live_drain(struct backend *be, struct error *err);
void live_close(struct backend *be);

/* usage.c: charge the time since the last change to useful, switching or held; call before any of the counts changes. */
void live_account(struct backend *be, uint32_t gpu);
void live_gather(struct backend *be, uint32_t gpu, uint32_t width);
void live_usage(struct backend *be, uint32_t gpu, struct gpu_usage *usage);

/* node.c */
struct backend_event *live_post(struct backend *be, uint8_t kind, uint32_t workload);
int live_failure(const struct backend *be, struct error *err);
void live_catch_up(struct backend *be); /* the loop may have moved the clock ahead: wait until it is so late */

/* place.c */
int live_place(struct backend *be, const struct gs_command *command, struct error *err);
int live_kill(struct backend *be, uint32_t workload, struct error *err);
int live_settle(struct backend *be, struct process *p, struct error *err); /* who dies or leaves, once nothing runs */
void live_leave(struct backend *be, struct process *p);

/* verify.c: the words of who has come in, where that is wanted. */
int live_verify_arrived(struct backend *be, struct process *p, struct error *err);

/* move.c */
int live_no_disk(struct error *err); /* what goes there is refused */
int live_swap(struct backend *be, const struct gs_command *command, struct error *err);
int live_look_at_moves(struct backend *be, struct error *err);

/* burst.c: hand out quanta; see which have ended, and of which burst that was the last (NULL: none). */
int live_issue(struct backend *be, struct process *p, struct error *err);
int live_collect(struct backend *be, struct process *p, struct job **ended, struct error *err);
gs_ns live_end_ns(const struct process *p); /* when a burst may end, all of it being done; GS_NEVER: none is */
void live_count(struct backend *be, struct process *p, uint32_t executing);

/* process.c */
int live_hold(struct process *p, int64_t bytes, struct error *err); /* GS_BUSY as of memory_hold */
int live_run(struct backend *be, const struct gs_command *command, struct error *err);
void live_stop(struct backend *be, uint32_t workload, bool at_boundary);
void live_halt(struct backend *be, struct process *p); /* its memory went away again while it came */
bool live_offer(struct backend *be, struct job *job);
bool live_take_idle(struct backend *be, uint32_t workload, struct gs_event *event);
void live_take_stop(struct backend *be, uint32_t workload, struct gs_event *event);
struct job *live_forget(struct backend *be, uint32_t workload, bool gone);
/* Get on with the process; a burst that ended is `*ended`. */
int live_step(struct backend *be, struct process *p, struct job **ended, struct error *err);

#endif
