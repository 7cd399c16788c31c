/* tally.h - what one replication measured, after the warm-up was deleted.
 *
 * The recorder fills it, the report and the database read it.  Books that must balance (the recorder checks them at the end):
 * for every burst response = alone + sum of its stall parts; for every GPU useful + switching + idle = elapsed;
 * for every group the time in the system integrated over time = sum of the times of its bursts, ended or not (Little).
 */
#ifndef GS_TALLY_H
#define GS_TALLY_H

#include "policies/policy.h"
#include "sim/stats/batches.h"
#include "sim/stats/sketch.h"

/* Where the time of a burst went besides its own work, in the order of the report. */
enum stall {
    STALL_QUEUE,     /* others were ahead, or shared the GPU */
    STALL_SWAP_OUT,  /* waiting for victims to leave */
    STALL_SWAP_IN,   /* its own bytes on their way in; the switch cost of a slicer counts here */
    STALL_CAP,       /* the swap file was full */
    STALL_PREEMPTED, /* stopped in mid-burst, waiting for its next turn */
    STALL_DETECT,    /* the GPU was kept by one that had finished unnoticed, or lingered */
    STALL_COLD,      /* load from disk */
    STALLS
};
extern const char *const stall_name[STALLS]; /* "queue", "swap_out", ... */

enum served { SERVED_HOT, SERVED_WARM, SERVED_COLD, SERVEDS }; /* where its bytes were when the burst became ready */
enum outcome {
    OUTCOME_DONE,
    OUTCOME_REJECTED,
    OUTCOME_OOM, /* it wanted more memory than its workload may ever have */
    OUTCOME_CENSORED,
    OUTCOME_KILLED, /* lost with the process of its workload, for somebody else's memory */
    OUTCOMES
};
extern const char *const served_name[SERVEDS], *const outcome_name[OUTCOMES]; /* "hot", ...; "done", ... */

/* Why a workload was refused when it arrived; of the GPUs, what kept the most hopeful one from taking it. */
enum refusal {
    REFUSED_POOL,    /* would have taken it, but is none of its 'nodes' */
    REFUSED_SEATS,   /* has as many workloads as it may */
    REFUSED_RESERVE, /* its reserve, which grows with each workload, leaves too little room */
    REFUSED_SET,     /* is in use by workloads of another number of GPUs */
    REFUSED_CAP,     /* there was a GPU, but no room in the swap file to start from */
    REFUSED_LARGE,   /* is too small, even empty */
    REFUSED_WIDE,    /* has not so many beside it on its node */
    REFUSED_APART,   /* swaps, which the workload may not be near */
    REFUSALS
};

enum { SLOWDOWN_ONE = 1 << 20 }; /* slowdowns enter sketches in units of 2^-20 */

struct group_tally {
    uint64_t workloads;
    uint64_t completed, censored, rejected; /* rejected: bursts, and workloads on arrival */
    uint64_t oom_kills;                     /* processes killed for memory, or bursts that wanted more than they may */
    uint64_t lost;                          /* bursts that ended with these */
    uint64_t migrations;                    /* processes ended to begin anew on another GPU */
    uint64_t refused[REFUSALS];             /* workloads on arrival */
    int64_t refused_needs_bytes;            /* memory of a GPU that would take the largest */
    uint64_t recorded, unreached;           /* bursts of a trace; and those to which it never came before the end */
    uint64_t arrived;                       /* bursts and requests that became ready */
    uint64_t served[SERVEDS];
    double served_bytes[SERVEDS]; /* the same, each counted by the bytes it needed */
    uint64_t evicted_idle;        /* sent off the GPU while they wanted nothing, and known what came of it */
    uint64_t evicted_premature;   /* of these: wanted it again within the time that the way out and back takes */
    uint64_t evicted_waiting;     /* sent off the GPU with a burst to go on with */
    /* Sums are real numbers: exact up to 104 days, and a queue of a thousand may stand for years. */
    double response_ns, alone_ns; /* over completed bursts */
    double stall_ns[STALLS];
    struct sketch response;          /* ns */
    struct sketch slowdown;          /* units of 1 / SLOWDOWN_ONE */
    bool promised;                   /* an SLA is on its responses: `alone` is kept */
    struct sketch alone;             /* ns, of completed bursts */
    struct sketch ttft;              /* ns; empty but for inference with tokens */
    struct sketch untold;            /* ages of unended requests whose first token was still to come, ns */
    struct sketch unended;           /* censored bursts: ages at the end of the run, ns; the response is longer */
    struct sketch unended_slowdown;  /* the same over the time alone, 1 / SLOWDOWN_ONE; the slowdown may only grow */
    double unended_stall_ns[STALLS]; /* sums over censored bursts */
    struct sketch waiting;           /* workloads that wanted the GPU at the end and did not have it: since when, ns */
    double waiting_ns[STALLS];       /* the same, summed by what they were waiting for then */
    double waiting_memory_ns;       /* of STALL_QUEUE: for memory of a GPU that nobody leaves, as nothing swaps there */
    gs_ns makespan_ns;              /* end of the last finite job of the group, -1: none or not all ended */
    double progress_ns, present_ns; /* time that the same progress takes alone; time present in the system */
    uint64_t shares;                /* workloads with a share, progress over time present, and of these shares: */
    double share_sum, share_squares, share_least, share_most;
    struct batches *batches; /* responses in order of their ends, where there is but one replication; else NULL */
};

struct gpu_tally {
    gs_ns useful_ns, switching_ns, idle_ns;
    int64_t swap_in_bytes, swap_out_bytes;
    uint64_t swaps;          /* swap-outs and swap-ins that moved or freed memory, first residencies excepted */
    double resident_byte_ns; /* integral of resident bytes over time */
};

struct node_tally {
    int64_t peak_bytes, refused_bytes;
    double used_byte_ns;
    int64_t enough_bytes; /* a swap file that would do: what was not on a GPU at the end, and gaps there */
};

/* Time series of the first replication, in equal buckets of time; all integrals over the bucket.  SERIES_BUCKETS of them, and
 * fewer where there are so many GPUs that SERIES_CELLS would not do, at least SERIES_FEWEST: a database of a large cluster
 * would hold little else. */
struct gpu_bucket {
    double useful_ns, switching_ns, resident_byte_ns, swap_in_bytes, swap_out_bytes;
};
struct node_bucket {
    double used_byte_ns;
    int64_t peak_bytes;
};
enum { SERIES_BUCKETS = 480, SERIES_FEWEST = 24, SERIES_CELLS = 1 << 18 };
uint32_t series_buckets(uint32_t gpus);

struct tally {
    uint32_t replication;
    uint32_t groups, gpus, nodes;
    gs_ns from_ns, to_ns;      /* end of the warm-up; end of the run */
    gs_ns makespan_ns;         /* end of the last finite job, -1 if there is none or one did not end */
    uint64_t events;           /* arrivals, burst ends, completions of swaps, timers */
    bool dead_end;             /* it ended as nothing would ever happen again, with somebody waiting */
    bool interrupted;          /* stopped by a signal; not to be used */
    bool cut;                  /* a live run, and a signal ended it: it counts up to there */
    uint64_t faults[GS_SLOTS]; /* answers of each policy that were none; in the warm-up, too */
    bool bounded;              /* its arrivals are the same under every policy, and bound_ns says something */
    double bound_ns;           /* no schedule has a smaller sum of responses of the completed bursts */
    struct group_tally *group;
    struct gpu_tally *gpu;
    struct node_tally *node;
    uint32_t buckets;                /* of each series */
    struct gpu_bucket *gpu_series;   /* [gpu][buckets], replication 0 only, else NULL; spans 0..to_ns */
    struct node_bucket *node_series; /* [node][buckets] */
    gs_ns bucket_ns;                 /* width of a bucket */
};

/* Workloads refused when they arrived, whatever the reason. */
uint64_t tally_refused(const struct group_tally *group);

/* Jain's index of the shares, (sum x)^2 / (n sum x^2): 1 where all are served alike, 1/n where one has it all.  NAN: no
 * workload made any progress. */
double tally_jain(const struct group_tally *group);

/* The sums of a group that are real numbers, of the workloads of one node.  They depend on the order of adding, so those of a
 * node are added up in the order of its events, and those of all nodes in the order of these: a replication gives the same
 * bytes, whether its nodes were simulated all at once or one after the other. */
struct group_sums {
    double served_bytes[SERVEDS];
    double response_ns, alone_ns, stall_ns[STALLS];
    double unended_stall_ns[STALLS], waiting_ns[STALLS], waiting_memory_ns;
    double progress_ns, present_ns, share_sum, share_squares;
};
void group_tally_add(struct group_tally *group, const struct group_sums *sums);

/* Add what another thread counted of the same group: all but the sums above; false: no memory. */
bool group_tally_merge(struct group_tally *into, const struct group_tally *from);

/* The makespan of all groups from those of each, GS_NEVER: it has no finite job. */
void tally_makespan(struct tally *tally);

/* Make the sketches of a group. */
void group_tally_init(struct group_tally *group);
void group_tally_fini(struct group_tally *group);

/* Free the sketches; the rest is arena memory.  Takes NULL. */
void tally_fini(struct tally *tally);

#endif
