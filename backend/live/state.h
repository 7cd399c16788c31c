/* state.h - what live mode remembers; shared by its own files only. */
#ifndef GS_LIVE_STATE_H
#define GS_LIVE_STATE_H

#include "backend/backend.h"
#include "backend/cuda/mover.h"
#include "backend/live/clock.h"

enum { LIVE_QUANTA = 2, LIVE_QUANTUM_NS = 5000000, LIVE_DEPTH = 3 };

struct quantum { /* a piece of a burst on the GPU */
    CUevent ended;
    gs_ns work_ns;
};

struct process { /* a workload */
    struct memory memory;
    bool placed;
    struct job *head, *tail; /* bursts that are ready and not begun */
    struct job *job;         /* the one that is on the GPU, or was stopped half-way and goes on first */
    gs_ns issued_ns;         /* of its work, handed to the GPU */
    gs_ns since_ns, from_ns; /* when it began or went on, and how much of it was done then */
    struct quantum quantum[LIVE_QUANTA];
    unsigned first, in_flight; /* of quantum[], a ring */
    gs_ns linger_ns, detect_ns;
    gs_ns start_at_ns, idle_at_ns, move_at_ns; /* when the delay, the lingering, a swap's overhead is over; GS_NEVER */
    int64_t held_bytes, base_bytes;            /* on the GPU or in the swap file; between bursts */
    struct gs_command command;                 /* of its swap */
    bool granted, started, yield, ends, wants, stopping, between, idle_posted, moving, gone;
};

struct backend {
    struct backend_clock clock; /* first, as of every backend */
    struct live_clock time;
    const struct backend_setup *setup;
    struct driver driver;
    struct gpu gpu;
    struct slots slots;
    struct mover mover;
    struct process *process;
    uint32_t workloads;
    gs_ns *timer_ns;
    uint32_t timers;
    struct backend_event *mail; /* a ring */
    uint32_t mail_head, mail_count, mail_capacity;
    struct backend_event out, finish;
    struct gpu_usage usage;
    gs_ns accounted_ns;
    uint32_t executing, switching, lingering;
    struct error failure; /* met where it could not be told at once */
};

static inline uint32_t live_id(const struct backend *be, const struct process *p)
{
    return (uint32_t)(p - be->process);
}

/* verify.c: the words of who has come in, where that is wanted. */
int live_verify_arrived(struct backend *be, struct process *p, struct error *err);

struct backend_event *live_post(struct backend *be, uint8_t kind, uint32_t workload);
void live_account(struct backend *be);
void live_catch_up(struct backend *be); /* the loop may have moved the clock ahead: wait until it is so late */

int live_run(struct backend *be, const struct gs_command *command, struct error *err);
void live_stop(struct backend *be, uint32_t workload, bool at_boundary);
int live_hold(struct process *p, int64_t bytes, struct error *err);
bool live_offer(struct backend *be, struct job *job);
bool live_take_idle(struct backend *be, uint32_t workload, struct gs_event *event);
void live_take_stop(struct backend *be, uint32_t workload, struct gs_event *event);
gs_ns live_end_ns(const struct process *p);
struct job *live_forget(struct backend *be, uint32_t workload, bool gone);
/* Get on with the process; a burst that ended is `*ended`. */
int live_step(struct backend *be, struct process *p, struct job **ended, struct error *err);

#endif
