/* sources.h - the load's private state; shared by its own files only. */
#ifndef GS_SOURCES_H
#define GS_SOURCES_H

#include "sim/engine/tournament.h"
#include "sim/load/load.h"
#include "traces/stored.h"

enum source_kind {
    SOURCE_NOTEBOOK,
    SOURCE_JOB,
    SOURCE_ITERATIONS,
    SOURCE_REQUESTS,
    SOURCE_REPLAY,
    SOURCE_DOOR,
    SOURCE_OUTSIDE
};
enum status { STATUS_COMING, STATUS_HERE, STATUS_GONE };

struct source { /* a workload, as its user sees it; what every burst touches comes first */
    _Alignas(64) const struct workload_group *group;
    uint8_t kind, status;
    bool grows;          /* bursts allocate more memory */
    bool finite, leaves; /* leaves: goes once its present burst has ended */
    bool killed;         /* a job: its burst is about to be told to have ended, and is to be done again */
    bool cut;            /* left where its recording was cut off: its end is not known */
    uint32_t bursts;     /* begun so far */
    uint32_t pending;    /* begun and not ended */
    int64_t base_bytes;
    gs_ns next_ns, change_ns,
        detach_ns; /* its arrival or next wish; a change of it; its leaving; GS_NEVER: not known to
                                            come */
    struct stream think, burst;
    const struct trace_workload *replay;  /* what a trace recorded of it, or NULL */
    const struct stored_workload *stored; /* replay from disk: where its lists begin */
    struct course *course;                /* replay from disk, while it is here: what comes next */
    uint32_t cursor;                      /* into the schedule, or into the bursts that a trace recorded */
    uint32_t run, resize, update;         /* replay: into the runs, resizes and updates that a trace recorded */
    uint32_t door;                        /* requests come by the router with this id; 0: they do not */
    uint32_t open;                        /* replay: bursts and requests of open loops begun so far */
    bool running;                         /* replay: its present paced burst is an iteration of a run */
    bool kept;                            /* replay: what a burst has kept is still to be told */
    int64_t left;                         /* iterations to go */
    gs_ns again_ns;                       /* a job: its work, when it was killed; 0: not */
    double spell_left_ns;                 /* onoff: rest of the present on-spell */
    gs_ns end_ns;                         /* of the finite job; -1 before */
    gs_ns pending_ns;                     /* work of those begun and not ended */
    union {
        struct stream grow, arrival; /* notebooks; requests */
    };
    struct stream service;
};

/* A recorded wish in an open loop: known beforehand and sorted, so it never enters the tournament. */
struct recorded {
    gs_ns at_ns;
    uint32_t member, item; /* workload within the trace; burst, or bursts + request */
};

struct replay { /* one trace */
    struct trace trace;
    struct recorded *recorded; /* by time, then in the order of the trace */
    size_t count;
    struct trace_stored *stored; /* it lies on disk, and the arrays are empty; NULL: all is in memory */
};

struct course { /* where a workload is in its lists on disk, and what comes next of each; GS_NEVER: nothing */
    struct spool_reader reader[STORED_LISTS];
    struct trace_burst burst;
    struct trace_run run;
    struct trace_resize resize;
    struct trace_update update;
    const struct trace_stored *stored;
    struct course *next; /* spare */
};

struct load_traces {
    struct replay *replay;
    size_t count;
};

struct cursor { /* where the replication is in a trace's recorded wishes */
    const struct replay *replay;
    struct stored_wish wish; /* the next one; at GS_NEVER: none is left */
    size_t next;             /* after it */
    struct spool_reader reader;
    uint32_t first_workload;
};

struct door { /* a group's router: a source behind those of the workloads */
    uint32_t first, members;
    uint32_t turn;       /* from whom on to look, counted from `first` */
    const double *share; /* zipf: of the first i + 1 members, not scaled */
};

struct load {
    struct load_clock clock;
    struct source *source; /* of workloads, then of doors */
    struct door *door;
    uint32_t doors;
    const struct gs_view *view;       /* what routers see of the GPUs; NULL: nothing */
    const struct load_wishes *wishes; /* of a run that is followed; NULL: none is */
    uint32_t node;                    /* of load_follows(), for its look through the tournament */
    struct cursor *cursor;
    size_t cursors;
    uint32_t count;
    uint32_t finite_left;  /* finite jobs that have not ended */
    uint32_t endless;      /* workloads that never end by themselves */
    struct tournament due; /* what comes next of each workload */
    struct job *spare;     /* ended jobs, for use again */
    struct arena *arena;
    struct course *spare_course; /* of those who left, for use again */
    unsigned char *spare_block;
    bool out_of_memory;
    struct error failed; /* reading a trace from disk */
};

/* Put a burst of `work_ns`, with `grow_bytes` more memory, into `event`. */
void load_burst(struct load *load, uint32_t workload, gs_ns work_ns, int64_t grow_bytes, struct load_event *event);
/* Its arrival, or its next wish, comes at `at_ns`; and it leaves at `at_ns`. */
void load_schedule(struct load *load, gs_ns at_ns, uint32_t workload);
void load_schedule_change(struct load *load, gs_ns at_ns, uint32_t workload);
void load_schedule_detach(struct load *load, gs_ns at_ns, uint32_t workload);

/* Workloads of a trace (replay.c). */
void replay_declare(struct gs_workload_spec *spec, const struct scenario *scenario, const struct replay *replay,
                    size_t trace, const struct trace_workload *recorded, uint32_t replication);
bool replay_open(struct load *load, const struct load_traces *traces, const struct gs_workload_spec *spec,
                 const struct scenario *scenario);
void replay_attach(struct load *load, uint32_t workload);
void replay_ready(struct load *load, uint32_t workload, struct load_event *event);
void replay_ended(struct load *load, const struct job *job, gs_ns now_ns);
void replay_change(struct load *load, uint32_t workload, struct load_event *event); /* what is due at its change_ns */
void replay_detach(struct load *load, uint32_t workload, gs_ns now_ns);

/* Recorded wishes (replay_wishes.c): the first ones are found; the time of the earliest, GS_NEVER if none is left, and take
 * it. */
bool replay_start(struct load *load);
gs_ns replay_wish_ns(const struct load *load);
void replay_take(struct load *load, struct load_event *event);

/* What comes next of a workload's bursts in a closed loop, runs, resizes and updates (replay_lists.c); NULL: nothing. */
const struct trace_burst *replay_burst(const struct source *source);
const struct trace_run *replay_run(const struct source *source);
const struct trace_resize *replay_resize(const struct source *source);
const struct trace_update *replay_update(const struct source *source);
/* It has been; the pointer is void. */
void replay_pass(struct load *load, struct source *source, enum stored_list list);
/* When it comes and when it goes: what lies on disk is read as long as it is here. */
void replay_come(struct load *load, uint32_t workload);
void replay_gone(struct load *load, struct source *source);
/* For a reader of lists on disk; NULL: no memory, or no list. */
unsigned char *replay_block(struct load *load, uint64_t first);

/* The finite job, or the recorded stay, of `workload` is over: it leaves at once. */
void load_finish(struct load *load, uint32_t workload, gs_ns now_ns);  /* and it leaves */
void load_settled(struct load *load, uint32_t workload, gs_ns now_ns); /* all that it was to do is done; it stays */

/* A request to `workload`, its work drawn from the streams of `by` (requests.c); GS_NONE: drawn, and for nobody. */
void request_ready(struct load *load, struct source *by, uint32_t workload, struct load_event *event);

/* Routers (router.c): one for the workloads from `first` on; one of these has come; a request comes, which goes to nobody if
 * nobody is there for it. */
bool door_open(struct load *load, uint32_t first, uint32_t members, const struct scenario *scenario,
               uint32_t replication);
void door_come(struct load *load, uint32_t id, gs_ns now_ns);
void door_take(struct load *load, uint32_t id, struct load_event *event);

/* A gap after a time, GS_NEVER if it is too long. */
gs_ns load_later(gs_ns now_ns, gs_ns gap_ns);

/* Arrivals of requests (arrivals.c): find the source in the middle of its spells, as it is at any time. */
void arrival_start(struct source *source);
/* Time from one to the next, GS_NEVER after the last. */
gs_ns arrival_gap(struct source *source, gs_ns now_ns);

#endif
