/* controller.h - the pure core: an event goes in, commands come out.
 *
 * The controller owns the books (GPU memory, swap file, run queues) and asks the five policies.  It reads no clock, does
 * no IO and allocates nothing: the caller gives it memory.  The same events give the same commands, in the simulator, on
 * hardware, and when a recorded event log is fed through it again (`audit`).
 */
#ifndef GS_CONTROLLER_H
#define GS_CONTROLLER_H

#include "policy.h"

enum gs_event_kind {
    GS_ATTACH, /* workload arrived; it has its GPU, or was rejected, when the step returns */
    GS_DETACH, /* workload left; its memory and its copy in the swap file are freed */
    GS_WANT,   /* workload has work for the GPU, since `since_ns`, and will hold `bytes` while it runs */
    GS_IDLE,   /* the granted workload was found idle and has lost its grant; if `since_ns` != GS_NEVER its
                           next burst waits already, since then, for `bytes` */
    GS_DONE,   /* command `command` for `workload` succeeded; GPU memory it freed is free */
    GS_FAILED, /* it failed and had no effect */
    GS_TIMER,  /* timer `timer` rang */
    GS_RESIZE, /* workload holds `bytes` between its bursts from now on */
    GS_UPDATE, /* its `field` becomes `bytes`: enum gs_field */
    GS_READY, /* it comes in, and may run before it is all there; if its swap-in fails after that, it has been stopped */
    GS_EVENT_KINDS
};

struct gs_event {
    gs_ns at_ns;
    gs_ns since_ns;
    int64_t bytes;
    uint32_t workload;
    uint32_t timer;  /* which timer: GPU id, or gpus + workload id */
    uint8_t kind;    /* enum gs_event_kind */
    uint8_t command; /* enum gs_command_kind of the command that is done or has failed; GS_UPDATE: enum gs_field */
};

enum gs_field {
    GS_FIELD_PRIORITY,
    GS_FIELD_SWAPPABLE, /* 0 or 1 */
    GS_FIELD_LIMIT,     /* millionths of a GPU's memory, of what it may grow to from its next burst on */
    GS_FIELDS
};

enum gs_command_kind {
    GS_PLACE,     /* note: `workload` belongs to `gpu` from now on; one of k GPUs to the k - 1 that follow, too */
    GS_RUN,       /* let `workload` use `gpu` and hold `bytes` there, at the earliest after `delay_ns`, until it is
                           stopped or found idle: when no burst came for `linger_ns` (and the backend's detection time),
                           or, if it is to `yield`, when a burst ends and the next one waits already */
    GS_STOP,      /* take the GPU away from `workload`; done when its work has drained, with `since_ns`
                           as in GS_IDLE, and `bytes` 0 if what waits is the burst that was stopped.  If it is to `yield`,
                           only once its present bursts have ended, and that it is idle is the answer */
    GS_SWAP_IN,   /* make `bytes` resident, `moved_bytes` of which come over the link */
    GS_SWAP_OUT,  /* free `bytes`, `moved_bytes` of which are written to the swap file; for `requester` */
    GS_TIMER_SET, /* let `timer` ring at `at_ns`, instead of any earlier setting of it */
    GS_WAIT,      /* note: `workload` waits, for `reason` */
    GS_CLEAN, /* write `moved_bytes` to the copy of a resident `workload`, which then holds all of its `bytes`; others'
                           transfers go first */
    GS_DROP,  /* note: the copy in the swap file of what is on the GPU is given up: its room is needed, or it has grown
                           old; for GS_BECAUSE_SPILL, what is in the file only: it lies on disk from now on */
    GS_HOLD, /* `workload` holds `bytes` between its bursts from now on; what it holds beyond them while idle is free */
    GS_KILL, /* end the GPU process of `workload`, for `requester`: its `bytes`, its copy in the swap file and its bursts
                           are lost; done when the memory is free.  A GS_PLACE follows then where it begins anew elsewhere */
    GS_REJECT, /* the waiting burst of `workload` (at attach: all of it) is refused, for `reason` */
    GS_COMMAND_KINDS
};

enum gs_reason {
    GS_BECAUSE_NOTHING,
    GS_BECAUSE_TURN,      /* others have the GPU, or hold its memory while they use it */
    GS_BECAUSE_VICTIMS,   /* its victims are being swapped out */
    GS_BECAUSE_CAP,       /* the swap file is full */
    GS_BECAUSE_QUANTUM,   /* its quantum is over */
    GS_BECAUSE_PREEMPTED, /* somebody more urgent came */
    GS_BECAUSE_PRESSURE,  /* swapped out to make room */
    GS_BECAUSE_IDLE,      /* swapped out since it was idle */
    GS_BECAUSE_COLD,      /* swap-in that is a load from disk */
    GS_BECAUSE_TOO_LARGE, /* can never fit its GPU or its limit */
    GS_BECAUSE_NO_PLACE,  /* no GPU may take it */
    GS_BECAUSE_FAILURE,   /* the backend failed repeatedly */
    GS_BECAUSE_SPILL,     /* to disk, or back from there, since the swap file was full */
    GS_BECAUSE_AHEAD,     /* before it is asked for */
    GS_BECAUSE_MEMORY,    /* it holds more than its request, and somebody who does not needs the memory */
    GS_BECAUSE_MOVED,     /* to another GPU of its node, as nobody can leave this one */
    GS_REASONS
};

struct gs_command {
    gs_ns at_ns;               /* GS_TIMER_SET */
    gs_ns delay_ns, linger_ns; /* GS_RUN */
    int64_t bytes, moved_bytes;
    uint32_t workload, gpu;
    uint32_t requester; /* GS_SWAP_OUT: for whom; else GS_NONE */
    uint32_t timer;
    uint32_t first_candidate, candidates; /* GS_SWAP_OUT: the choice it came from, if explained */
    uint8_t kind, reason;
    bool yield; /* GS_RUN, GS_STOP; GS_SWAP_IN: it may run before all of it is there, GS_READY says when */
};

/* Of a swap: do its bytes come from disk, or go there? */
static inline bool gs_by_disk(uint8_t reason)
{
    return reason == GS_BECAUSE_COLD || reason == GS_BECAUSE_SPILL;
}

/* What a victim was chosen from. */
struct gs_candidate {
    uint32_t workload;
    bool chosen;
    double keep;
};

struct gs_commands {
    struct gs_command *item;
    struct gs_candidate *candidate;
    uint32_t count, candidates;
};

/* A workload as the scenario declares it. */
struct gs_workload_spec {
    uint32_t group;
    uint8_t class, priority;
    uint8_t initial;         /* GS_NEW, GS_RESIDENT, GS_HOST or GS_DISK */
    uint32_t gpus;           /* of one node, that it uses and leaves together; 0 and 1: one */
    uint32_t slots;          /* bursts or requests served together (the backend's business), at least 1 */
    bool swappable;          /* may be a victim where its node swaps */
    bool never_on_swap_node; /* anti-affinity: only placed on nodes that do not swap */
    const bool *pools;       /* by gs_node_spec.pool, where it may be placed; NULL: anywhere */
    bool regular_fraction;   /* freezes its GPU where `freeze_rule` is on */
    bool keeps_host_copy;
    bool stops;            /* ends when it leaves the GPU, and is loaded from disk again: nothing is swapped */
    int64_t bytes;         /* on all of its GPUs together, as much on each */
    int64_t context_bytes; /* on each */
    int64_t drop_bytes;    /* of `bytes`, what a swap-out gives up and a swap-in does not bring back (a cache) */
    double request, limit; /* of its GPUs' memory; a burst may grow to `limit` */
    double dirty;
};

struct gs_node_spec {
    uint32_t gpus;
    uint32_t pool;     /* that workloads may be restricted to */
    int64_t gpu_bytes; /* physical, each GPU */
    int64_t reserved_bytes, reserved_per_workload_bytes;
    int64_t swap_cap_bytes;
    bool swap, freeze_rule;
    bool moves;      /* idle notebooks may go to another GPU of the node when the swap file is full */
    bool overlapped; /* a swap-in is submitted together with the swap-outs that make room for it */
    uint32_t max_workloads_per_gpu;
    double h2d_bytes_per_s, d2h_bytes_per_s, speed;
    gs_ns swap_overhead_ns;
};

/* A chosen policy of each slot and its parameter values, in the order of its table. */
struct gs_policies {
    const struct gs_victim_policy *victim;
    const struct gs_slicer_policy *slicer;
    const struct gs_cap_policy *cap;
    const struct gs_prefetch_policy *prefetch;
    const struct gs_place_policy *place;
    const union gs_value *victim_param, *slicer_param, *cap_param, *prefetch_param, *place_param;
};

struct gs_setup {
    uint32_t nodes, workloads;
    const struct gs_node_spec *node;
    const struct gs_workload_spec *workload;
    struct gs_policies policies;
    uint64_t seed;
    bool explain;                   /* fill commands.candidate */
    const struct gs_oracle *oracle; /* for policies that need one, or NULL */
};

struct controller;

/* Bytes of memory a controller for `setup` needs, its command buffer included. */
size_t controller_size(const struct gs_setup *setup);

/* Lay a controller out in `memory` (zeroed, 64-byte aligned, controller_size bytes).  `setup` and what it points to must
 * outlive it. */
struct controller *controller_init(void *memory, const struct gs_setup *setup);

/* Decide.  Events come in order of time.  The commands stay valid until the next step; perform them in order. */
const struct gs_commands *controller_step(struct controller *ctl, const struct gs_event *event);

/* The books, for reports and tests. */
const struct gs_view *controller_view(const struct controller *ctl);

/* Of what a workload holds in the swap file (gs_workload.host_bytes), room that it lends to those who leave for it: counts as
 * theirs.  The rest of all of them adds up to gs_node.swap_used_bytes. */
int64_t controller_lent_bytes(const struct controller *ctl, uint32_t workload);

/* NULL if the books balance, else a sentence on what does not: resident bytes <= GPU memory, swap file <= cap, counters
 * equal to sums over workloads, everybody who waits is in exactly one queue.  O(workloads); debug builds call it each step. */
const char *controller_check(const struct controller *ctl);

/* How many answers of the policy in `slot` were nonsense (not a number, a negative time, ...) and were replaced by safe ones. */
uint64_t controller_nonsense(const struct controller *ctl, enum gs_slot slot);

/* Names for logs and tables: "want", "swap_out", "quantum", "resident", ... */
const char *gs_event_name(uint8_t kind);
const char *gs_command_name(uint8_t kind);
const char *gs_field_name(uint8_t field);
const char *gs_reason_name(uint8_t reason);
const char *gs_state_name(uint8_t state);
const char *gs_class_name(uint8_t class);

#endif
