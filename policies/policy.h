/* policy.h - all that the author of a swap policy reads.
 *
 * A policy answers a question; the controller keeps the books.  Five slots: which idle workload leaves the GPU
 * (victim), who runs and for how long (slicer), what may enter the swap file (cap), what moves before it is asked for
 * (prefetch), which GPU a newcomer gets (place).  A policy is one `const` descriptor: a name, a line of help, and the
 * functions it needs; those not marked as required may be NULL.  Policies are pure: they see the view, their parameters and their own
 * zeroed memory, nothing else: no clock, no IO, no allocation, no globals.  The same object decides in the simulator
 * and on hardware.
 *
 * Times are nanoseconds since the start of the run, sizes are bytes, ids are dense from 0.
 */
#ifndef GS_POLICY_H
#define GS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GS_POLICY_ABI 1u

typedef int64_t gs_ns;
#define GS_NEVER INT64_MAX
#define GS_NONE UINT32_MAX /* no workload, no GPU */

enum gs_class { GS_NOTEBOOK, GS_TRAINING, GS_INFERENCE };

/* Where the swappable bytes of a workload are. */
enum gs_state {
    GS_ABSENT, /* not attached (yet, or any more) */
    GS_NEW,    /* attached, never resident: its first residency moves no bytes */
    GS_HOST,   /* in the swap file (warm) */
    GS_DISK,   /* cold */
    GS_SWAPPING_IN,
    GS_RESIDENT, /* on the GPU (hot) */
    GS_SWAPPING_OUT,
};

/* What a policy may know of a workload: only what a live node can measure, too. */
struct gs_workload {
    uint32_t group;       /* its [workload.NAME] */
    uint32_t gpu, node;   /* where it is placed; GS_NONE before */
    uint8_t class;        /* enum gs_class */
    uint8_t state;        /* enum gs_state */
    uint8_t priority;     /* 0-255, greater wins */
    bool swappable;       /* may be a victim at all */
    bool wants;           /* has work for the GPU */
    bool granted;         /* may use the GPU now */
    bool keeps_host_copy; /* the swap file keeps its copy while it is resident */
    bool has_host_copy;
    int64_t base_bytes;    /* swappable bytes between bursts */
    int64_t bytes;         /* swappable bytes now (a burst may have grown) */
    gs_ns since_ns;        /* waiting for the GPU since; GS_NEVER if it does not */
    gs_ns last_end_ns;     /* when it last gave the GPU back by itself; attach time before the first */
    gs_ns granted_ns;      /* start of the present or last grant */
    int64_t host_bytes;    /* what it holds or has reserved in the swap file */
    int64_t context_bytes; /* stays on the GPU while swapped out */
    double dirty;          /* share of bytes written back on swap-out when a host copy exists */
    gs_ns attached_ns;
    gs_ns queued_ns;   /* entered the run queue at its present place */
    gs_ns resident_ns; /* start of the present or last residency */
    uint64_t turns;    /* after which it gave the GPU back by itself */
};

struct gs_gpu {
    uint32_t node;
    uint32_t attached, residents; /* workloads placed here; those of them in GS_RESIDENT or moving */
    int64_t capacity_bytes;       /* visible to workloads: physical less reserve */
    int64_t free_bytes;           /* neither held nor promised */
    int64_t attached_bytes;       /* sum of base_bytes of the workloads placed here */
    double h2d_bytes_per_s, d2h_bytes_per_s;
    double speed;           /* relative to the reference GPU */
    gs_ns swap_overhead_ns; /* fixed time of each swap, each direction */
    uint32_t holder;        /* whose turn it is (one-at-a-time slicers); GS_NONE if nobody's */
};

struct gs_node {
    uint32_t first_gpu, gpus;
    bool swap;                      /* the node may swap */
    int64_t swap_cap_bytes;         /* cap of the swap file, shared by the GPUs of the node */
    int64_t swap_used_bytes;        /* held and promised */
    uint32_t max_workloads_per_gpu; /* UINT32_MAX = no limit */
};

/* Knowledge of the future; NULL outside the simulator and for policies that do not declare GS_NEEDS_ORACLE. */
struct gs_oracle {
    gs_ns (*next_want_ns)(const void *self, uint32_t workload);
    const void *self;
};

struct gs_view {
    gs_ns now_ns;
    uint64_t seed;     /* of the run, for policies that draw (hash it with `decision`) */
    uint64_t decision; /* counts choices of victims */
    const struct gs_workload *workload;
    const struct gs_gpu *gpu;
    const struct gs_node *node;
    uint32_t workloads, gpus, nodes;
    const struct gs_oracle *oracle;
};

/* --- parameters: `victim.KEY = VALUE` in [policy]; parsing, checks, help and manual come from this table --- */
enum gs_param_kind { GS_TIME, GS_SIZE, GS_NUMBER, GS_INTEGER, GS_BOOLEAN, GS_CHOICE };

struct gs_param {
    const char *key;
    enum gs_param_kind kind;
    const char *fallback;      /* default, as text: "30s" */
    double min, max;           /* in base units; not for booleans and choices */
    const char *const *choice; /* GS_CHOICE: names, NULL ends */
    const char *help;
};
union gs_value {
    int64_t i; /* time (ns), size (bytes), integer, boolean (0/1), choice (index) */
    double d;  /* GS_NUMBER */
};

enum gs_needs { GS_NEEDS_NOTHING = 0, GS_NEEDS_ORACLE = 1 };

/* First members of every descriptor, in this order.  Any change of a struct of this header raises GS_POLICY_ABI, and a
 * policy made for another number is refused. */
#define GS_POLICY_HEAD                                                                                                 \
    uint32_t abi;                          /* GS_POLICY_ABI */                                                         \
    uint32_t needs;                        /* enum gs_needs */                                                         \
    const char *name, *help, *source;      /* source: where the rule comes from */                                     \
    const struct gs_param *param;          /* ended by a row with key NULL; NULL = none */                             \
    size_t state_size, workload_state_size /* zeroed memory for the policy, and for each workload */

/* What a callback is handed besides its question. */
struct gs_self {
    const struct gs_view *view;
    const union gs_value *param; /* in the order of the table */
    void *state;                 /* state_size bytes, zero at the start */
    void *workload_state;        /* workload_state_size bytes for each workload */
};

struct gs_victim_policy {
    GS_POLICY_HEAD;
    /* Required: how much it is worth to keep `workload` on the GPU; the least worth leaves first, ties by lowest id. */
    double (*keep)(const struct gs_self *self, uint32_t workload);
    void (*used)(const struct gs_self *self, uint32_t workload); /* got the GPU: a turn of a resident workload begins */
    void (*swapped_in)(const struct gs_self *self, uint32_t workload); /* is resident */
    void (*evicted)(const struct gs_self *self, uint32_t workload);    /* is on its way out, for whatever reason */
    void (*kept)(const struct gs_self *self, uint32_t workload); /* its swap-out failed: it is resident after all */
    void (*gone)(const struct gs_self *self, uint32_t workload); /* has left the GPU for good */
};

struct gs_slicer_policy {
    GS_POLICY_HEAD;
    bool shares; /* true: everybody whose memory fits runs; false: one at a time */
    /* Who of the waiting goes first: least rank, then longest in the queue, then lowest id.  NULL: the queue's order. */
    double (*rank)(const struct gs_self *self, uint32_t workload);
    /* May `newcomer` stop `holder` in the middle of its turn?  NULL: never. */
    bool (*preempts)(const struct gs_self *self, uint32_t holder, uint32_t newcomer);
    gs_ns (*quantum)(const struct gs_self *self, uint32_t workload); /* NULL or GS_NEVER: until its burst ends */
    gs_ns (*switch_cost)(const struct gs_self *self);    /* lost when another workload than the last runs; NULL: 0 */
    bool (*swap_in_quantum)(const struct gs_self *self); /* switch cost and swaps eat the quantum; NULL: no */
    gs_ns (*linger)(const struct gs_self *self,
                    uint32_t workload); /* keeps the turn this long after a burst's end; NULL: 0 */
};

enum gs_when_full { GS_FULL_BLOCK, GS_FULL_REJECT };

struct gs_cap_policy {
    GS_POLICY_HEAD;
    /* Required: may `bytes` more of `workload` enter the swap file of its node? */
    bool (*admit)(const struct gs_self *self, uint32_t workload, int64_t bytes);
    /* What becomes of the burst that needed the room. */
    enum gs_when_full (*when_full)(const struct gs_self *self, uint32_t requester);
};

struct gs_prefetch_policy {
    GS_POLICY_HEAD;
    /* Swap an idle workload out this long after its last burst, unasked; GS_NEVER: only under pressure.  NULL: never. */
    gs_ns (*leave_after)(const struct gs_self *self, uint32_t workload);
};

struct gs_place_policy {
    GS_POLICY_HEAD;
    /* Required: the GPU with the least score gets the newcomer, ties by lowest id; only GPUs that may take it are asked about. */
    double (*score)(const struct gs_self *self, uint32_t gpu, uint32_t workload);
};

#ifdef __cplusplus
}
#endif
#endif
