/* recorder_state.h - the recorder's private state; shared by its own files only. */
#ifndef GS_RECORDER_STATE_H
#define GS_RECORDER_STATE_H

#include "sim/run/recorder.h"
#include "sim/stats/bound.h"

enum {
    PHASE_RUN = STALLS,
    PHASE_SWITCH,
    PHASE_AWAY
}; /* besides the stalls: has the GPU; will, after a switch; wants nothing */

struct watch {                  /* a workload under observation; what every burst touches comes first */
    _Alignas(64) uint8_t phase; /* enum stall, PHASE_RUN or PHASE_AWAY */
    bool stopped;               /* its present burst was stopped */
    bool left;
    bool refused;     /* when it arrived */
    bool stalled;     /* stall_ns is not all zero */
    bool capped;      /* its present burst has met a full swap file */
    uint32_t pending; /* bursts ready and not ended */
    gs_ns phase_ns;   /* since when it is in its phase */
    gs_ns pending_ns; /* up to when the integral goes */
    uint64_t in_system_ns,
        response_ns;       /* integral of `pending`; sum of responses: equal in the end (Little); both wrap */
    double lost_ns;        /* delay of all ended bursts */
    gs_ns premature_by_ns; /* it was sent off the GPU idle, and should not want it before then; -1: it was not */
    uint64_t done;         /* bursts completed after the warm-up */
    double lost_before_ns; /* lost_ns at the end of the warm-up, that of the burst under way included */
    uint64_t arrived;
    uint32_t group;
    struct group_sums *sums; /* of its group on its node */
    int64_t base_bytes;      /* between bursts */
    struct job *job;         /* the last one that became ready */
    int64_t gpu_bytes;
    int64_t stay_bytes;     /* of them, when its swap-out has ended or its swap-in has failed */
    uint32_t gpu;           /* that has them, or had */
    gs_ns switched_ns;      /* PHASE_SWITCH: when the switch is over */
    gs_ns held_ns;          /* the GPU's held clock at that time */
    gs_ns stall_ns[STALLS]; /* cumulative since nothing was pending; queue: not counted, see split */
    gs_ns attached_ns, left_ns;
    gs_ns stopped_ns; /* when it was last stopped in mid-burst */
    gs_ns waited_ns;  /* at its end, or the run's: how long it has been without the GPU it wants */
    uint8_t state;    /* rows: GS_ABSENT or what its present spell of residency is */
    bool running;
    gs_ns state_ns, running_ns; /* since when */
};

struct gpu_watch {
    uint32_t lead, width; /* as in struct gs_gpu: what its set holds and moves is the lead's, the same on each */
    int64_t resident_bytes;
    gs_ns at_ns;
    struct gpu_usage before;  /* usage at the end of the warm-up */
    struct gpu_usage sampled; /* usage at the last time series sample */
};

struct node_watch {
    int64_t used_bytes;
    gs_ns at_ns;
};

struct row_buffer {
    bool bursts, events; /* what is kept */
    struct chunk chunk;
    size_t burst_capacity, residency_capacity, event_capacity, command_capacity, candidate_capacity;
};

struct recorder {
    struct recorder_setup setup;
    struct tally tally;
    struct watch *watch;
    struct group_sums *sums; /* of each node, each group; then of those that are on no node */
    struct ended *ended;     /* of a part whose ends are asked for */
    size_t ends, ends_capacity;
    struct gpu_watch *gpu;
    struct node_watch *node;
    struct row_buffer rows;
    gs_ns sampled_ns;    /* of the time series */
    gs_ns bucket_end_ns; /* of the time series' bucket that the clock is in */
    int bucket;
    gs_ns mark_ns;  /* next time at which the clock alone is news: end of warm-up or of a bucket */
    bool warm;      /* the warm-up is over */
    bool moved;     /* this step's commands may change the use of a swap file */
    bool lingering; /* some GPU may be held by one that does nothing */
    bool bounded;   /* every arrival is the same under all policies */
    struct bound bound;
    bool out_of_memory;
    const char *unbalanced; /* what did not come out even */
};

static inline struct group_tally *group_of(struct recorder *rec, const struct watch *w)
{
    return &rec->tally.group[w->group];
}

/* Why a workload is not running (recorder_causes.c): the time since the last change goes to its present phase.  Held: the
 * clock of its GPU while somebody had it who did nothing. */
gs_ns recorder_held_ns(struct recorder *rec, uint32_t workload);
void recorder_charge_stall(struct recorder *rec, uint32_t workload, gs_ns now_ns);

static inline void charge(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    if (now_ns != w->phase_ns && w->phase != PHASE_RUN && w->phase != PHASE_AWAY &&
        (w->phase != STALL_QUEUE || rec->lingering))
        recorder_charge_stall(rec, workload, now_ns);
    w->phase_ns = now_ns;
}

static inline void set_phase(struct recorder *rec, uint32_t workload, int phase, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    charge(rec, workload, now_ns);
    w->phase = (uint8_t)phase;
    if (rec->lingering && (phase == STALL_QUEUE || phase == STALL_PREEMPTED))
        w->held_ns = recorder_held_ns(rec, workload);
}

/* Waiting for a turn: its first, or after it was stopped. */
static inline int waiting_phase(const struct watch *w)
{
    return w->stopped ? STALL_PREEMPTED : STALL_QUEUE;
}

/* Delay that a workload has suffered up to now, that of its burst under way included. */
double recorder_lost_ns(struct recorder *rec, uint32_t workload, gs_ns at_ns);

/* The end has come before that of `job`: what is known of it, and of its workload (recorder_close.c).  Before the job is
 * taken off. */
void recorder_unended(struct recorder *rec, const struct job *job, gs_ns at_ns, const gs_ns *stall_ns);

/* A program has left its place, and another may come to it: it has made its progress (recorder_close.c). */
void recorder_left_place(struct recorder *rec, uint32_t workload);

/* Memory (recorder_memory.c): the integrals up to now; a swap file's use may have changed; a workload is off its GPU but for
 * `stay_bytes`, or back to what it holds between bursts. */
void recorder_gpu_until(struct recorder *rec, uint32_t gpu, gs_ns now_ns);
void recorder_moved(struct recorder *rec, const struct gs_command *command, gs_ns now_ns); /* swap or cleaning */
void recorder_placed(struct recorder *rec, uint32_t gpu, gs_ns now_ns); /* a workload, on a set of GPUs or on one */
void recorder_node_until(struct recorder *rec, uint32_t node, gs_ns now_ns);
void recorder_node_changed(struct recorder *rec, uint32_t node, gs_ns now_ns);
void recorder_left_gpu(struct recorder *rec, uint32_t workload, int64_t stay_bytes, gs_ns now_ns);
void recorder_shrunk(struct recorder *rec, uint32_t workload, gs_ns now_ns);

/* Off the GPU at a victim policy's word (recorder_evicted.c): the command; what is not known at the end. */
void recorder_evicted(struct recorder *rec, const struct gs_command *command, gs_ns now_ns);
void recorder_evicted_close(struct recorder *rec, gs_ns at_ns);

/* Rows (recorder_rows.c). */
void rows_open(struct recorder *rec);
/* Where its bytes are now, for a burst that has just become ready. */
static inline uint8_t served_from(const struct recorder *rec, uint32_t workload)
{
    uint8_t state = rec->setup.view->workload[workload].state;

    return state == GS_DISK ? SERVED_COLD : state == GS_HOST || state == GS_SWAPPING_OUT ? SERVED_WARM : SERVED_HOT;
}

void rows_burst(struct recorder *rec, const struct job *job, gs_ns end_ns, gs_ns alone_ns, const gs_ns *stall_ns,
                enum outcome outcome);
void rows_state(struct recorder *rec, uint32_t workload, uint8_t state, gs_ns now_ns);
void rows_running(struct recorder *rec, uint32_t workload, bool running, gs_ns now_ns);
void rows_event(struct recorder *rec, const struct gs_event *event, const struct gs_commands *commands);
int rows_flush_if_full(struct recorder *rec, struct error *err);

/* The bound (recorder_bound.c): false: no memory. */
bool bound_open(struct recorder *rec);
void bound_close(struct recorder *rec);

/* Part of a replication (recorder_part.c): its tally is a part of the whole one; a burst has ended. */
void part_open(struct recorder *rec);
void part_ended(struct recorder *rec, uint32_t group, gs_ns at_ns, gs_ns response_ns, bool counted);

/* Time series of the first replication (recorder_series.c). */
bool series_open(struct tally *tally, const struct recorder_setup *setup);
void series_gpu(struct recorder *rec, uint32_t gpu, gs_ns from_ns, gs_ns to_ns, double resident_bytes);
void series_node(struct recorder *rec, uint32_t node, gs_ns from_ns, gs_ns to_ns, int64_t used_bytes);
void series_swap(struct recorder *rec, uint32_t gpu, gs_ns at_ns, bool out, int64_t bytes);
gs_ns series_next_sample_ns(const struct recorder *rec);
void series_sample(struct recorder *rec, gs_ns at_ns); /* GPU time up to the end of a bucket */

#endif
