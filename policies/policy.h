/* policy.h - all that the author of a swap policy reads.
 *
 * A policy answers a question; the controller keeps the books.  Five slots: which idle workload leaves the GPU
 * (victim), who runs and for how long (slicer), what may enter the swap file (cap), what moves before it is asked for
 * (prefetch), which GPU a newcomer gets (place).  A policy is one `const` descriptor: a name, a line of help, and the
 * functions it needs; those not marked as required may be NULL.  Policies are pure: they see the view, their parameters and their own
 * zeroed memory, nothing else: no clock, no IO, no allocation, no globals.  The same object decides in the simulator
 * and on hardware.
 *
 * A plug-in is a shared object that defines one of gs_victim, gs_slicer, gs_cap, gs_prefetch and gs_place, or several:
 *
 *     #include <gpuswap/policy.h>
 *
 *     static double keep(const struct gs_self *self, uint32_t workload)
 *     {
 *         return (double)self->view->workload[workload].last_use_ns;
 *     }
 *
 *     const struct gs_victim_policy gs_victim = {
 *         .abi = GS_POLICY_ABI, .name = "mine", .help = "evict who has been idle longest", .keep = keep};
 *
 * `cc -shared -fPIC -o mine.so mine.c` builds it; `victim = ./mine.so` in [policy] uses it.
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

#define GS_POLICY_ABI 4u

typedef int64_t gs_ns;
#define GS_NEVER INT64_MAX
#define GS_NONE UINT32_MAX /* no workload, no GPU */

enum gs_slot { GS_SLOT_VICTIM, GS_SLOT_SLICER, GS_SLOT_CAP, GS_SLOT_PREFETCH, GS_SLOT_PLACE, GS_SLOTS };

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
    uint32_t group;     /* its [workload.NAME] */
    uint32_t gpu, node; /* where it is placed (of several GPUs the lead); GS_NONE before */
#ifdef __cplusplus
    uint8_t class_; /* a word of C++ without the underscore */
#else
    uint8_t class; /* enum gs_class */
#endif
    uint8_t state;        /* enum gs_state */
    uint8_t priority;     /* 0-255, greater wins */
    bool swappable;       /* may be a victim at all */
    bool wants;           /* has work for the GPU */
    bool granted;         /* may use the GPU now */
    bool keeps_host_copy; /* the swap file keeps its copy while it is resident */
    bool has_host_copy;
    int64_t base_bytes; /* swappable bytes between bursts */
    int64_t bytes;      /* swappable bytes now (a burst may have grown) */
    int64_t
        gpu_bytes; /* of them on the GPU, where it is not all there or all away: 'bytes' from the start of its swap-in to
                              the end of its swap-out */
    gs_ns since_ns;        /* waiting for the GPU since; GS_NEVER if it does not */
    gs_ns last_end_ns;     /* when it last gave the GPU back by itself; attach time before the first */
    gs_ns last_use_ns;     /* when it last had the GPU, until a burst ended or it was stopped; attach time before */
    gs_ns granted_ns;      /* start of the present or last grant */
    int64_t host_bytes;    /* what it holds or has reserved in the swap file */
    int64_t context_bytes; /* stays on the GPU (on each of several) while swapped out */
    double dirty;          /* share of bytes written back on swap-out when a host copy exists */
    gs_ns attached_ns;
    gs_ns queued_ns;   /* entered the run queue at its present place */
    gs_ns resident_ns; /* start of the present or last residency */
    gs_ns swap_ns;     /* start of the present or last swap, of either direction; one that failed was none */
    gs_ns burst_ns;    /* how long it had the GPU for its present or last burst, without the present turn */
    gs_ns used_ns;     /* the same for all of its bursts */
    uint64_t turns;    /* after which it gave the GPU back by itself */
    double request;    /* share of a GPU's memory that it is guaranteed; below 0: what it holds between bursts */
    bool holding;      /* it is its turn (one-at-a-time slicers), though its memory may still be on its way */
    bool clean;        /* its copy in the swap file is up to date: to swap it out moves nothing */
};

struct gs_gpu {
    uint32_t node;
    uint32_t lead;  /* of the set of GPUs that it belongs to; itself, if to none */
    uint32_t width; /* GPUs for which all that follows stands: 1; the set's if it leads one; 0 if it follows */
    uint32_t attached, residents; /* workloads placed here; those of them in GS_RESIDENT or moving */
    int64_t capacity_bytes;       /* visible to workloads: physical less reserve */
    int64_t free_bytes;           /* neither held nor promised */
    int64_t attached_bytes;       /* sum of base_bytes of the workloads placed here */
    double swap_in_ns_per_byte, swap_out_ns_per_byte; /* of its link */
    double speed;                                     /* relative to the reference GPU */
    gs_ns swap_overhead_ns;                           /* fixed time of each swap, each direction */
    uint32_t holders;                                 /* workloads whose turn it is (one-at-a-time slicers) */
    uint32_t running;                                 /* workloads that may use it now */
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
    /* When an idle workload next wants the GPU, as far as that is settled: a user who has not begun to think has not
     * decided.  GS_NEVER: not any more, or not known. */
    gs_ns (*next_want_ns)(const void *self, uint32_t workload);
    /* GPU time, alone and resident, that the bursts of a workload that wait or run still need. */
    gs_ns (*left_ns)(const void *self, uint32_t workload);
    const void *self;
};

struct gs_view {
    gs_ns now_ns;
    uint64_t seed;     /* of the run, for policies that draw: gs_mix() it with `decision` */
    uint64_t decision; /* counts choices, of victims and of whose turn it is */
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
#define GS_PARAM_END                                                                                                   \
    {                                                                                                                  \
        NULL, GS_TIME, NULL, 0, 0, NULL, NULL                                                                          \
    }
union gs_value {
    int64_t i; /* time (ns), size (bytes), integer, boolean (0/1), choice (index) */
    double d;  /* GS_NUMBER */
};

enum gs_needs {
    GS_NEEDS_NOTHING = 0,
    GS_NEEDS_ORACLE = 1,
    /* Asked about a workload or a GPU, it needs to know of its node only: neither of other nodes, nor how many decisions were
     * taken there.  If all policies of a run say so, its nodes may be simulated by themselves, side by side. */
    GS_NEEDS_NODE_ONLY = 2,
    /* Of a place policy: the score of a GPU does not depend on the workload, which may be GS_NONE, and changes only as others
     * are placed there and leave.  It need not be asked about each GPU for each newcomer. */
    GS_NEEDS_GPU_ONLY = 4,
};

/* First members of every descriptor, in this order.  Any change of a struct of this header raises GS_POLICY_ABI, and a
 * policy made for another number is refused. */
#define GS_POLICY_HEAD                                                                                                 \
    uint32_t abi;                          /* GS_POLICY_ABI */                                                         \
    uint32_t needs;                        /* enum gs_needs */                                                         \
    const char *name, *help, *source;      /* source: where the rule comes from */                                     \
    const char *when;                      /* when to use it, and what it costs; a few sentences */                    \
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
    /* Required, unless keep_all is there: how much it is worth to keep `workload` on the GPU; the least worth leaves first, ties
     * by lowest id. */
    double (*keep)(const struct gs_self *self, uint32_t workload);
    /* In place of keep, for policies that find out something first, once a decision: the same for all who may leave, at least
     * one and all on the same GPU, into keep[0..count). */
    void (*keep_all)(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep);
    /* The worths of several add up: of all sets that make room enough the one of least total worth leaves, found by trying
     * all of them where there are at most GS_EXACT_MAX candidates.  NULL or false: one after the other, least first. */
    bool (*adds)(const struct gs_self *self);
    /* Above 0: only as much of a victim leaves as is needed, in multiples of so many bytes, the rest stays; it runs again
     * when all of it is back.  Those with a copy in the swap file leave as a whole.  NULL, 0: all do. */
    int64_t (*chunk_bytes)(const struct gs_self *self);
    /* Whether anybody may be pinned at all, as the parameters are; asked once a decision.  NULL: as pinned_until says. */
    bool (*pins)(const struct gs_self *self);
    /* It is no victim before that time, at most GS_PIN_MAX_NS from now; GS_NEVER: that long.  NULL: it may be one. */
    gs_ns (*pinned_until)(const struct gs_self *self, uint32_t workload);
    /* A burst of it waits from `since_ns` on; for a workload in GS_RESIDENT that is what caches call a hit. */
    void (*wanted)(const struct gs_self *self, uint32_t workload);
    void (*swapped_in)(const struct gs_self *self, uint32_t workload); /* is resident */
    /* It is on its way out; `chosen`: by what it was worth to keep.  Else it was idle for long, or leaves for good. */
    void (*evicted)(const struct gs_self *self, uint32_t workload, bool chosen);
    void (*kept)(const struct gs_self *self, uint32_t workload); /* its swap-out failed: it is resident after all */
    void (*gone)(const struct gs_self *self, uint32_t workload); /* has left the GPU for good */
};

enum { GS_EXACT_MAX = 20, GS_HOLDERS_MAX = 16 };
#define GS_PIN_MAX_NS ((gs_ns)300 * 1000000000)

/* That nobody starves: of the turns of another workload that begin when `waiting` has waited for `waited_ns` and the other has
 * had the GPU for `had_ns` meanwhile, at most `turns` come before its own; GS_NONE: any number.
 *
 * The wait begins when a workload enters the run queue (its wish, or being stopped) and ends when it is given its turn, though
 * its memory may still be on its way then.  A turn counts if it is given after the wait began, and once the GPU is had; where
 * slicers share, that is each burst.  Not the slicer's doing, and not counted:
 * - A turn was offered, but not its memory: the swap file is full, all that could leave may not or moves.  Where others have
 *   turns at the same time, or share, it is the slicer's doing after all.  The count begins anew with each such offer.
 * - Swaps that fail, bursts that are refused, processes that are killed: they queue anew, or not at all.
 * - Turns of who was itself held up so, or was moved to another GPU, and what it had of the GPU in them, until it has given the
 *   GPU back by itself: it may make up for what it missed. */
struct gs_bound {
    gs_ns waited_ns, had_ns;
    uint32_t turns;
};

/* Slicers come in two kinds: those that share let everybody run whose memory fits; the others give turns. */
struct gs_slicer_policy {
    GS_POLICY_HEAD;
    bool shares;
    const char *starves; /* who may wait for how long, in words: what `overtakes` says; NULL: nothing is promised */
    /* What `waiting` is promised of the turns of `other`, on the same GPU; asked when one of those has begun.  NULL: nothing,
     * somebody may wait without end while others are served, as under strict priorities. */
    struct gs_bound (*overtakes)(const struct gs_self *self, uint32_t waiting, uint32_t other);
    /* How many may have turns at once, 1 to GS_HOLDERS_MAX, as far as their memory fits together; NULL: 1. */
    uint32_t (*width)(const struct gs_self *self);
    /* Who of the waiting goes first: least rank, then the queue's order.  NULL: the queue's order. */
    double (*rank)(const struct gs_self *self, uint32_t workload);
    /* May it come in now, or must it wait outside?  Where nobody runs the first of the queue comes in all the same.
     * Sharing slicers ask only for who is not resident.  NULL: always. */
    bool (*admits)(const struct gs_self *self, uint32_t workload);
    /* May `newcomer` stop `holder` in the middle of its turn?  NULL: never. */
    bool (*preempts)(const struct gs_self *self, uint32_t holder, uint32_t newcomer);
    gs_ns (*quantum)(const struct gs_self *self, uint32_t workload); /* NULL or GS_NEVER: until its burst ends */
    bool (*at_boundary)(const struct gs_self *self);  /* a turn ends after the burst or iteration in which its quantum
                                                        ends; NULL, false: in the middle */
    gs_ns (*switch_cost)(const struct gs_self *self); /* lost when another workload than the last runs; NULL: 0 */
    bool (*swap_in_quantum)(const struct gs_self *self); /* switch cost and swaps eat the quantum; NULL: no */
    gs_ns (*linger)(const struct gs_self *self,
                    uint32_t workload); /* keeps the turn this long after a burst's end; NULL: 0 */
    void (*wanted)(const struct gs_self *self, uint32_t workload);            /* a burst of it waits from now on */
    void (*ran)(const struct gs_self *self, uint32_t workload, gs_ns ran_ns); /* lost the GPU, which it had so long */
    void (*swapped)(const struct gs_self *self, uint32_t workload); /* a swap that began at `swap_ns` is over */
};

enum gs_room {
    GS_ROOM_NO,
    GS_ROOM_YES,       /* if it fits; else it stays on the GPU */
    GS_ROOM_ON_DISK,   /* to disk instead */
    GS_ROOM_OR_DISK,   /* if it fits; else to disk */
    GS_ROOM_OR_DEMOTE, /* if it fits, or would if models of the file that the disk has, too, were left to it: those used
                          longest ago; else to disk */
};
enum gs_when_full {
    GS_FULL_BLOCK,
    GS_FULL_REJECT,
    GS_FULL_KILL, /* whoever needs no more than his request gets the memory of who holds more than his, whose process is killed */
};

struct gs_cap_policy {
    GS_POLICY_HEAD;
    /* Required: may `bytes` more of `workload` enter the swap file of its node?  The cap itself is kept whatever it says. */
    enum gs_room (*admit)(const struct gs_self *self, uint32_t workload, int64_t bytes);
    /* What becomes of the burst that needed the room, or memory of a node that does not swap.  NULL: it waits. */
    enum gs_when_full (*when_full)(const struct gs_self *self, uint32_t requester);
    /* May it be attached to `gpu` at all?  NULL: yes. */
    bool (*attach)(const struct gs_self *self, uint32_t workload, uint32_t gpu);
    /* It came (`bytes` > 0) into the swap file or gave room back. */
    void (*changed)(const struct gs_self *self, uint32_t workload, int64_t bytes);
};

struct gs_prefetch_policy {
    GS_POLICY_HEAD;
    /* Swap an idle workload out this long after its last burst, unasked; GS_NEVER: only under pressure.  NULL: never. */
    gs_ns (*leave_after)(const struct gs_self *self, uint32_t workload);
    /* Write the copy of an idle resident workload this long after its last burst, so that it can leave at once. */
    gs_ns (*clean_after)(const struct gs_self *self, uint32_t workload);
    /* Bring a swapped-out idle workload back this long from now, if memory is free then; asked when it has left. */
    gs_ns (*return_after)(const struct gs_self *self, uint32_t workload);
    /* Bring in who has the next turn while another has his, if memory is free.  NULL: no. */
    bool (*ahead)(const struct gs_self *self);
    /* Let it run while the rest of it is still on its way, as it uses its bytes in their order.  NULL: no. */
    bool (*streams)(const struct gs_self *self, uint32_t workload);
    void (*wanted)(const struct gs_self *self, uint32_t workload); /* a burst of it waits from now on */
};

struct gs_place_policy {
    GS_POLICY_HEAD;
    /* Required: the GPU with the least score gets the newcomer, ties by lowest id; only GPUs that may take it are asked about. */
    double (*score)(const struct gs_self *self, uint32_t gpu, uint32_t workload);
};

/* --- what a plug-in defines --- */
#define GS_EXPORT __attribute__((visibility("default")))
extern GS_EXPORT const struct gs_victim_policy gs_victim;
extern GS_EXPORT const struct gs_slicer_policy gs_slicer;
extern GS_EXPORT const struct gs_cap_policy gs_cap;
extern GS_EXPORT const struct gs_prefetch_policy gs_prefetch;
extern GS_EXPORT const struct gs_place_policy gs_place;

/* --- what many policies need --- */

/* The bytes that a swap moves. */
static inline double gs_swap_in_bytes(const struct gs_workload *w)
{
    return (double)(w->state == GS_HOST ? w->bytes - w->gpu_bytes : w->bytes);
}

static inline double gs_swap_out_bytes(const struct gs_workload *w)
{
    double moved = w->clean ? 0.0 : w->has_host_copy ? w->dirty : 1.0;

    return moved * (double)(w->state == GS_HOST && w->gpu_bytes > 0 ? w->gpu_bytes : w->bytes);
}

/* Time of a swap alone on its link: fixed overhead, and the bytes that move. */
static inline double gs_swap_in_ns(const struct gs_view *view, uint32_t workload)
{
    const struct gs_workload *w = &view->workload[workload];
    const struct gs_gpu *gpu = &view->gpu[w->gpu];

    return (double)gpu->swap_overhead_ns + gs_swap_in_bytes(w) * gpu->swap_in_ns_per_byte;
}

static inline double gs_swap_out_ns(const struct gs_view *view, uint32_t workload)
{
    const struct gs_workload *w = &view->workload[workload];
    const struct gs_gpu *gpu = &view->gpu[w->gpu];

    return (double)gpu->swap_overhead_ns + gs_swap_out_bytes(w) * gpu->swap_out_ns_per_byte;
}

/* Bytes that `workload` could have of its node's swap file: free ones, and copies of what is resident, which give way. */
static inline int64_t gs_swap_room(const struct gs_view *view, uint32_t workload)
{
    const struct gs_node *node = &view->node[view->workload[workload].node];
    int64_t room = node->swap_cap_bytes - node->swap_used_bytes;

    for (uint32_t i = 0; i < view->workloads; i++) {
        const struct gs_workload *w = &view->workload[i];
        if (i != workload && w->node == view->workload[workload].node && w->state == GS_RESIDENT && w->has_host_copy)
            room += w->host_bytes;
    }
    return room;
}

/* A draw without state: the finaliser of splitmix64 (Steele et al., OOPSLA 2014). */
static inline uint64_t gs_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* A number from 0 to 1 for each workload, another one at every decision; in two halves, as the first is the same for all. */
static inline uint64_t gs_draw_base(const struct gs_view *view)
{
    return gs_mix(gs_mix(view->seed) + view->decision);
}

static inline double gs_draw_from(uint64_t base, uint32_t workload)
{
    return ((double)(int64_t)(gs_mix(base + workload) >> 11) + 0.5) * 0x1p-53;
}

static inline double gs_draw(const struct gs_view *view, uint32_t workload)
{
    return gs_draw_from(gs_draw_base(view), workload);
}

#ifdef __cplusplus
}
#endif
#endif
