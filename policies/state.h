/* state.h - the controller's private books; shared by its own files, and by what times them. */
#ifndef GS_STATE_H
#define GS_STATE_H

#include "controller.h"

/* What the prefetch policy plans for an idle workload. */
enum plan { PLAN_CLEAN, PLAN_LEAVE, PLAN_RETURN, PLANS };

/* What the controller keeps of a workload besides the public view. */
struct seat {
    struct {
        uint32_t next, previous;
    } link[2];            /* LINK_TURN: run queue or claims of its GPU; LINK_RESIDENT: residents of its GPU */
    gs_ns plan_ns[PLANS]; /* when an idle one is to be cleaned, to leave, to return; GS_NEVER */
    gs_ns run_ns;         /* start of its present turn, switch cost left out */
    gs_ns turn_ns;        /* from when its quantum counts */
    gs_ns quantum_ns;
    gs_ns deadline_ns;      /* end of its turn, GS_NEVER while nobody else waits */
    gs_ns preempted_ns;     /* when it was last stopped for somebody else, GS_NEVER */
    gs_ns swapped_ns;       /* its gs_workload.swap_ns before its present swap */
    gs_ns pinned_ns;        /* since when its policy keeps it from being a victim, GS_NEVER */
    int64_t want_bytes;     /* what it will hold while its next burst runs */
    int64_t claim_bytes;    /* still to come before it may be resident and run; 0: no claim */
    int64_t leave_bytes;    /* of its bytes on the GPU, those that its present swap-out frees */
    int64_t part_bytes;     /* of those that its present swap-in is for, what was on the GPU before */
    int64_t booked_bytes;   /* room in the swap file that its present swap-out added */
    int64_t clean_bytes;    /* the same of its present cleaning */
    int64_t lent_bytes;     /* of its room in the swap file, given to those who leave for it (host.c) */
    int64_t borrowed_bytes; /* of booked_bytes, from `lender` */
    uint32_t lender;
    uint32_t moves_to;   /* where it goes when it is dead, GS_NONE: it stays */
    double limit;        /* share of a GPU's memory that its bursts may grow to */
    uint32_t requester;  /* for whom it leaves once it is clean, */
    uint8_t reason;      /* and why */
    uint64_t tried;      /* scheduling round in which it was tried in vain */
    uint8_t wait_reason; /* last one told by GS_WAIT */
    uint8_t failures;    /* of swaps for its present burst */
    uint8_t stays;       /* its own swap-outs that failed since it last ran */
    bool queued, claiming;
    bool leaving;  /* detached while its bytes were moving */
    bool cleaning; /* its copy is being written while it is resident */
    bool soiled;   /* it has run since that began */
    bool deferred; /* it is to leave as soon as it is clean */
    bool dying;    /* its process is being killed */
    bool booked;   /* its swap-out is decided on: what room and what copy it has in the swap file it needs */
    bool to_disk;  /* its swap-out goes there */
    bool spilled;  /* it lies on disk for want of room, not since it was never loaded */
    bool stopping; /* GS_STOP is under way */
    bool barred;   /* its swap-out failed: others are tried first */
};

/* A queue of workloads threaded through their seats. */
enum { LINK_TURN, LINK_RESIDENT };
struct line {
    uint32_t head, tail; /* GS_NONE: empty */
    uint8_t link;        /* which of the seats' links it uses */
};

struct lane {              /* the controller's side of a GPU */
    struct line waiting;   /* want the GPU, in the order of their turn */
    struct line residents; /* on this GPU, or moving */
    struct line claims;    /* were promised memory that is still being freed; served first come, first served */
    int64_t physical_bytes;
    int64_t freeing_bytes;           /* of victims on their way out */
    int64_t claimed_bytes;           /* sum of the claims */
    int64_t context_bytes;           /* of all attached workloads */
    gs_ns armed_ns;                  /* its timer rings then, GS_NEVER: it does not, or need not */
    gs_ns recheck_ns;                /* a victim that is pinned now may be taken then, GS_NEVER */
    uint32_t holder[GS_HOLDERS_MAX]; /* whose turn it is; gs_gpu.holders of them */
    uint32_t last_run;               /* whose state the GPU has: a different one costs a switch */
    uint32_t regulars;               /* attached workloads with a regular fraction */
    bool cap_blocked;                /* somebody waits for room in the swap file */
    bool barred;                     /* some resident is */
    bool overdrawn;                  /* more is promised than there is, and nobody could be sent away for it */
};

enum { FAILURES_MAX = 3 };

struct controller {
    const struct gs_setup *setup;
    struct gs_view view;
    struct gs_workload *workload;
    struct gs_gpu *gpu;
    struct gs_node *node;
    struct seat *seat;
    struct lane *lane;
    struct gs_self victim, slicer, cap, prefetch, place;
    struct gs_commands out;
    uint32_t commands_max, candidates_max;
    bool overfull;             /* a swap file may hold more than its cap, since a swap-in failed half-way (host.c) */
    bool room_freed;           /* in this step room in a swap file came free */
    struct gs_candidate *pick; /* scratch of the victim choice, and what its policy sees of it: */
    uint32_t *asked;
    double *worth;
    uint64_t round;
    uint64_t nonsense[GS_SLOTS]; /* answers of each policy that were none */
    double *rank;                /* of GPUs (rank.c) */
    uint32_t rank_leaves;        /* 0: the place policy's scores are not the same for all */
    bool plans;                  /* the prefetch policy may plan something for an idle workload */
    bool shares, by_wish;        /* of the slicer: all that fit run; the queue is in the order of wishes */
};

/* answers of policies (answer.c): nonsense is counted, and a safe answer taken in its place */
void nonsense(struct controller *ctl, enum gs_slot slot);
gs_ns answer_time(struct controller *ctl, enum gs_slot slot, gs_ns time, gs_ns safe);
static inline double answer_worth(struct controller *ctl, enum gs_slot slot, double worth, double safe)
{
    if (worth == worth)
        return worth;
    nonsense(ctl, slot);
    return safe;
}

/* commands (controller.c); `gpu` of a command is that of its workload */
struct gs_command *emit(struct controller *ctl, uint8_t kind, uint32_t workload, uint8_t reason);
void tell_wait(struct controller *ctl, uint32_t workload, uint8_t reason);

/* lines (line.c) */
void line_append(struct controller *ctl, struct line *line, uint32_t workload);
void line_insert_by_wish(struct controller *ctl, struct line *line, uint32_t workload);
void line_remove(struct controller *ctl, struct line *line, uint32_t workload);

/* memory (memory.c) */
enum acquired { ACQUIRED, ACQUIRE_LATER, ACQUIRE_CAP, ACQUIRE_NEVER };
enum acquired memory_acquire(struct controller *ctl, uint32_t workload);
void memory_settle(struct controller *ctl, uint32_t gpu);   /* serve claims from free memory */
void memory_repair(struct controller *ctl, uint32_t gpu);   /* evict when promises exceed memory */
void memory_retract(struct controller *ctl, uint32_t gpu);  /* take promises back that cannot be kept */
void memory_capacity(struct controller *ctl, uint32_t gpu); /* after attach or detach */
void memory_unclaim(struct controller *ctl, uint32_t workload);
void memory_vacate(struct controller *ctl, uint32_t workload); /* all that it had on the GPU is free */
void memory_shrink(struct controller *ctl,
                   uint32_t workload); /* idle: what it held beyond its base is gone, everywhere */
void memory_resize(struct controller *ctl, uint32_t workload, int64_t bytes); /* its base becomes `bytes` */
void memory_send_out(struct controller *ctl, uint32_t workload);              /* the one that was put off */
/* Swap it out, its room being booked; the command, or NULL if it comes later, when a copy that is being written is done. */
struct gs_command *memory_swap_out(struct controller *ctl, uint32_t workload, uint32_t requester, uint8_t reason);
void memory_swap_in(struct controller *ctl, uint32_t workload);
bool memory_bring(struct controller *ctl, uint32_t workload);          /* unasked, if memory is free; false: not done */
int64_t memory_unpromised(const struct controller *ctl, uint32_t gpu); /* what nobody holds, keeps or was promised */
int64_t memory_ceiling(const struct controller *ctl, uint32_t workload); /* the most that it may ever hold */
bool memory_swaps(const struct controller *ctl, uint32_t gpu);           /* may anybody be swapped out there? */
bool memory_on_gpu(const struct controller *ctl, uint32_t workload);     /* all of it or a part, or it moves */

/* the swap file (host.c) */
/* Room for a swap-out in favour of `requester` (GS_NONE: nobody), in the file or on disk; false: refused. */
bool host_book(struct controller *ctl, uint32_t workload, uint32_t requester);
void host_call_in(struct controller *ctl, uint32_t workload); /* what it lent is its own again: it does not come in */
void host_unbook(struct controller *ctl, uint32_t workload);
void host_leave(struct controller *ctl, uint32_t workload);                /* free its room */
void host_drop(struct controller *ctl, uint32_t workload, uint8_t reason); /* the same, told: its copy is given up */
bool host_clean(struct controller *ctl, uint32_t workload);                /* begin to write its copy; false: no room */
void host_cleaned(struct controller *ctl, uint32_t workload, bool ok);
void host_shrink(struct controller *ctl, uint32_t workload, int64_t bytes); /* to at most `bytes` */
void host_soil(struct controller *ctl, uint32_t workload);
int64_t host_stale_bytes(const struct controller *ctl, uint32_t workload); /* to write for an up to date copy */

/* victims (evict.c): choose and swap out until `need` more bytes will be free; false (and nothing done) if impossible */
bool evict_for(struct controller *ctl, uint32_t gpu, uint32_t requester, int64_t need, bool *cap_refused);

/* The set of least worth among pick[0..count), count <= GS_EXACT_MAX, that frees `need` bytes: a bit a candidate; 0: none. */
uint32_t evict_least_set(const struct controller *ctl, uint32_t count, int64_t need);

/* the last resort (kill.c): free `need` more bytes by ending processes; false (and nothing done) if that is impossible */
__attribute__((noinline)) bool kill_for(struct controller *ctl, uint32_t requester, int64_t need, bool cap_refused);
void kill_done(struct controller *ctl, uint32_t workload); /* the process has ended; its memory is free */

/* who runs (run.c, and share.c or turns.c by the slicer's kind) */
enum run_try {
    RUN_TAKEN,
    RUN_BLOCKED,
    RUN_PASSED
}; /* PASSED: refused, or waits for the swap file; others may pass it */
enum run_try run_acquire(struct controller *ctl, uint32_t workload);
void run_queue(struct controller *ctl, uint32_t workload);
void run_leave_queue(struct controller *ctl, uint32_t workload);
void run_schedule(struct controller *ctl, uint32_t gpu);
void run_start(struct controller *ctl, uint32_t workload); /* its memory is there */
void run_end(struct controller *ctl, uint32_t workload);   /* it has lost its grant */
void run_refuse(struct controller *ctl, uint32_t workload, uint8_t reason);
void run_again(struct controller *ctl, uint32_t workload); /* a swap for it failed: queue again, or refuse in the end */
void share_schedule(struct controller *ctl, uint32_t gpu);
void turns_schedule(struct controller *ctl, uint32_t gpu);
gs_ns turns_start(struct controller *ctl, uint32_t workload); /* returns the switch cost */
__attribute__((noinline)) void turns_expire(struct controller *ctl, uint32_t gpu);
void turns_release(struct controller *ctl, uint32_t workload);
void turns_arm(struct controller *ctl, uint32_t gpu); /* let its timer ring when something is to be decided */
enum gs_when_full run_when_full(struct controller *ctl, uint32_t workload);
bool run_admits(struct controller *ctl, uint32_t workload); /* by the slicer */

/* what the prefetch policy plans (plan.c) */
void plan_idle(struct controller *ctl, uint32_t workload);
void plan_forget(struct controller *ctl, uint32_t workload);
__attribute__((noinline)) void plan_due(struct controller *ctl, uint32_t workload);

/* sets of GPUs (sets.c) */
uint32_t set_width(const struct controller *ctl, uint32_t workload);                /* GPUs that it needs, at least 1 */
void set_join(struct controller *ctl, uint32_t gpu, uint32_t lead, uint32_t width); /* what gs_gpu says of them */
bool set_form(struct controller *ctl, uint32_t gpu, uint32_t width); /* led by `gpu`; false: it cannot, or need not */
void set_dissolve(struct controller *ctl, uint32_t gpu);             /* nobody is attached; nothing if it leads none */

/* GPUs in the order of their score, where it is the same for all newcomers (rank.c) */
uint32_t rank_leaves(const struct gs_setup *setup, uint32_t gpus); /* 0: it is not */
void rank_open(struct controller *ctl);
void rank_update(struct controller *ctl, uint32_t gpu);        /* who is attached there has changed, or its set */
uint32_t rank_find(struct controller *ctl, uint32_t workload); /* the best that may take it; GS_NONE: look at all */

/* arrival and departure (attach.c) */
bool attach_admits(struct controller *ctl, uint32_t gpu,
                   uint32_t workload); /* may it, and does the cap policy agree? */
__attribute__((noinline)) void attach(struct controller *ctl, uint32_t workload);
__attribute__((noinline)) void detach(struct controller *ctl, uint32_t workload);
void attach_move(struct controller *ctl, uint32_t workload, uint32_t gpu);      /* it holds nothing, and goes there */
bool attach_may(const struct controller *ctl, uint32_t gpu, uint32_t workload); /* may the GPU take it? */
void detach_moved(struct controller *ctl, uint32_t workload); /* the bytes of one that is leaving have arrived */

static inline struct lane *lane_of(struct controller *ctl, uint32_t workload)
{
    return &ctl->lane[ctl->workload[workload].gpu];
}

static inline void memory_start_swap(struct controller *ctl, uint32_t workload)
{
    ctl->seat[workload].swapped_ns = ctl->workload[workload].swap_ns;
    ctl->workload[workload].swap_ns = ctl->view.now_ns;
}

/* The present one has failed, and counts as none. */
static inline void memory_undo_swap(struct controller *ctl, uint32_t workload)
{
    ctl->workload[workload].swap_ns = ctl->seat[workload].swapped_ns;
}

/* May a victim policy send it away?  Asked of every resident at every choice: one test for what rarely holds. */
static inline bool may_leave(const struct gs_workload *w, const struct seat *seat)
{
    bool bound = w->granted | w->holding | seat->claiming | seat->barred | seat->leaving;

    return w->swappable && !bound && (w->state == GS_RESIDENT || (w->state == GS_HOST && w->gpu_bytes > 0));
}

/* Needs it no more memory than it has? */
static inline bool fits(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    return w->state == GS_RESIDENT && ctl->seat[workload].want_bytes <= w->bytes;
}

#endif
