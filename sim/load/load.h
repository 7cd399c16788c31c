/* load.h - what the workloads ask for: arrivals, thinking, bursts, iterations, requests, departures.
 *
 * The load knows nothing of GPUs.  It says when the next thing happens by itself (a workload arrives, a user has thought
 * enough, a request comes in), and is told when a burst ended.  Simulation and live mode use the same load.  Each draw
 * comes from the stream of its (replication, workload, purpose), so two policies see the same load.
 */
#ifndef GS_LOAD_H
#define GS_LOAD_H

#include "policies/controller.h"
#include "sim/results/tally.h"
#include "sim/scenario/scenario.h"

/* A burst or a request, from its wish for the GPU to its end.  Kept by the load; others hold pointers while it is live. */
struct job {
    gs_ns ready_ns;   /* wished for the GPU */
    gs_ns started_ns; /* first ran; -1 before */
    gs_ns work_ns;    /* GPU work, alone on the reference GPU */
    gs_ns alone_ns;   /* the same on the GPU it got (the backend fills it when it starts it) */
    gs_ns done_ns;    /* of alone_ns, how much is done (the backend, when asked or stopped) */
    gs_ns token_ns;   /* of work_ns, and once it has started of alone_ns, what the first token takes; 0: it has none, or
                                 is past it */
    gs_ns first_ns;   /* when its first token was there (the backend); -1: not yet */
    int64_t bytes;    /* swappable bytes the workload holds while it runs */
    uint32_t workload, index; /* index: running number within its workload */
    struct job *next;         /* backend's queue of the workload */
    uint8_t served;           /* enum served, by the recorder */
    bool paced;               /* load's: the workload goes on when it has ended */
    bool unstalled;           /* recorder's: stall_ns is all zero and not written */
    int64_t keep_bytes;       /* load's: signed change of the workload's bytes that remains */
    uint64_t ticket;          /* recorder's: of the bound */
    gs_ns stall_ns[STALLS];   /* recorder's: of its workload, when it became ready */
};

enum load_kind { LOAD_NOTHING, LOAD_ATTACH, LOAD_BURST, LOAD_RESIZE, LOAD_UPDATE, LOAD_DETACH, LOAD_FAILED };

struct load_event {
    gs_ns at_ns;
    enum load_kind kind;
    uint32_t workload;
    struct job *job; /* LOAD_BURST */
    int64_t value;   /* LOAD_RESIZE: bytes between bursts; LOAD_UPDATE: what `field` becomes */
    uint8_t field;   /* LOAD_UPDATE: enum gs_field */
};

struct load;
struct load_traces; /* the traces of a scenario, read once and shared by its replications */

/* Read the scenario's [trace] files; an empty set if there are none. */
int load_read_traces(struct load_traces **traces, const struct scenario *scenario, struct arena *arena,
                     struct error *err);
void load_close_traces(struct load_traces *traces); /* takes NULL; their memory is the arena's */

/* Workloads of several GPUs that were left out, where a trace is to have single ones only. */
uint64_t load_traces_left_out(const struct load_traces *traces);

/* The workloads of a scenario, in order of their groups, for one replication: draws memory sizes.  `spec` gets one entry a
 * workload (arena memory).  Groups that stand for a trace take their workloads from it. */
int load_specs(const struct scenario *scenario, const struct load_traces *traces, uint32_t replication,
               struct gs_workload_spec **spec, uint32_t *count, struct arena *arena, struct error *err);

int load_open(struct load **load, const struct scenario *scenario, const struct load_traces *traces,
              uint32_t replication, const struct gs_workload_spec *spec, uint32_t count, struct arena *arena,
              struct error *err);

/* Nothing comes of the scenario's load any more: wishes come from outside, each a job that is to end by load_ended.  NULL:
 * out of memory. */
void load_from_outside(struct load *load);
struct job *load_wish(struct load *load, uint32_t workload, gs_ns at_ns, int64_t bytes);

/* When each burst of a recorded run became ready, by workload; -1: not known.  In a closed loop it becomes ready then, or
 * when the one before it has ended, if that is later; one beyond the last never does.  The rest is drawn as ever. */
struct load_wishes {
    const gs_ns *const *ready_ns;
    const uint32_t *count; /* of ready_ns[workload][] */
};
void load_follow(struct load *load, const struct load_wishes *wishes); /* before anything is taken */

/* When the workload with this number comes, where no trace says so. */
gs_ns load_start_ns(const struct scenario *scenario, uint32_t replication, uint32_t number, uint32_t group);

/* Do the workloads of a scenario ask for what they ask for without regard to each other, and not all of them whatever they get
 * (load_is_fixed, for which a bound is found over all of them)?  Then some of them, `number` in the
 * scenario (rising), may be opened as a load of their own: ids within it count from 0, and all that they ask for is the same. */
bool load_divides(const struct scenario *scenario);
int load_open_part(struct load **load, const struct scenario *scenario, uint32_t replication, const uint32_t *number,
                   const struct gs_workload_spec *spec, uint32_t count, struct arena *arena, struct error *err);

/* What a router may know of the GPUs; without it, it takes none for hot. */
void load_see(struct load *load, const struct gs_view *view);

/* What a load begins with: the time of the next thing that happens by itself, GS_NEVER if nothing will. */
struct load_clock {
    gs_ns next_ns;
};
static inline gs_ns load_next_ns(const struct load *load)
{
    return ((const struct load_clock *)load)->next_ns;
}
/* Take it.  LOAD_FAILED: a trace cannot be read on, load_error says why. */
void load_next(struct load *load, struct load_event *event);

/* The same of what is due at `at_ns` on `node`, one after the other: no other node has a say in what comes next there.  False:
 * nothing is.  Where a router or a recording has yet to tell whose a burst is, it is anybody's. */
bool load_follows(struct load *load, gs_ns at_ns, uint32_t node, struct load_event *event);

/* `job` ended at `at_ns` (done, refused by OUTCOME_REJECTED or OUTCOME_OOM, or lost by OUTCOME_KILLED): the workload goes on from there.  Frees the job. */
void load_ended(struct load *load, struct job *job, gs_ns at_ns);

/* The process of `workload` is killed: what its job has done is lost, and it begins again.  Before its bursts are told to
 * have ended. */
void load_killed(struct load *load, uint32_t workload);

/* The whole workload was refused: nothing more will come of it. */
void load_cancel(struct load *load, uint32_t workload);

/* Every finite job has ended and nothing else will happen: a run without `duration` is over. */
bool load_is_over(const struct load *load);

/* End of the workload's finite job, -1 if it has none or has not ended. */
gs_ns load_end_ns(const struct load *load, uint32_t workload);
bool load_is_finite(const struct load *load, uint32_t workload);

/* When it was recorded to leave; GS_NEVER without that. */
gs_ns load_leaves_ns(const struct load *load, uint32_t workload);

/* Bursts, requests or iterations of its recording, and those of them that never became ready; 0 without a recording. */
uint64_t load_recorded(const struct load *load, uint32_t workload);
uint64_t load_unreached(const struct load *load, uint32_t workload);

/* Its bursts come when they come, however many wait already: requests, and recorded bursts in an open loop. */
bool load_is_open(const struct load *load, uint32_t workload);
/* When its bursts become ready does not depend on how others fared: open, or one burst only. */
bool load_is_fixed(const struct load *load, uint32_t workload);

/* Memory ran out on the way, or a trace could not be read; what it said since cannot be trusted. */
bool load_failed(const struct load *load);
/* The same as an error. */
int load_error(const struct load *load, struct error *err);

#endif
