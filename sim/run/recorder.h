/* recorder.h - watches one replication and measures it: every burst's time split by cause, memory, swap files, time series.
 *
 * It sees what an observer of the event log sees: bursts that become ready and end, events, commands.  From the commands it
 * knows at any time why a workload is not running; the time in each such phase is charged to that cause.
 */
#ifndef GS_RECORDER_H
#define GS_RECORDER_H

#include "backend/backend.h"
#include "sim/results/results.h"
#include "sim/results/tally.h"
#include "sim/stats/mser.h"

struct recorder;

/* Of a recorder that watches some nodes of a replication, as they are simulated by themselves. */
struct recorder_part {
    const struct tally *whole; /* of the replication: GPUs, nodes and their time series are measured into it */
    uint32_t first_node, first_gpu;
    bool ends; /* each end of a burst is to be handed out, in the order of time */
};

struct ended { /* a burst that was done */
    gs_ns at_ns, response_ns;
    uint32_t group;
    bool counted; /* it did not become ready in the warm-up */
};

struct recorder_setup {
    const struct scenario *scenario;
    const struct gs_setup *setup;
    const struct gs_view *view; /* of the controller */
    struct load *load;
    struct backend *backend;
    const struct backend_ops *ops;
    uint32_t replication, gpus;
    bool is_live;     /* times are measured */
    gs_ns warmup_ns;  /* what happened before is deleted */
    gs_ns horizon_ns; /* end of the run, GS_NEVER if unknown */
    struct arena *arena;
    struct mser *mser;                /* takes every response, in order of time; NULL: not wanted */
    struct results *results;          /* takes rows in chunks; NULL: they are not kept */
    const struct recorder_part *part; /* NULL: it watches all nodes */
};

/* The tally of a replication, with nothing counted. */
int recorder_tally(struct tally *tally, const struct recorder_setup *setup, struct error *err);

int recorder_open(struct recorder **rec, const struct recorder_setup *setup, struct error *err);
void recorder_ready(struct recorder *rec, struct job *job);
void recorder_again(struct recorder *rec, const struct job *job, gs_ns at_ns); /* it was stopped, and goes on */
void recorder_ended(struct recorder *rec, struct job *job, gs_ns at_ns, enum outcome outcome);
/* The whole workload, on arrival; `reason` of enum gs_reason. */
void recorder_refused(struct recorder *rec, uint32_t workload, uint8_t reason, gs_ns at_ns);
/* A request, when it came: too many wait already. */
void recorder_turned_away(struct recorder *rec, struct job *job);
/* The clock has reached `at_ns`, and no event later than recorder_mark_ns was skipped: ends the warm-up, samples series. */
gs_ns recorder_mark_ns(const struct recorder *rec);
void recorder_until(struct recorder *rec, gs_ns at_ns);
/* An event and what the controller answered; then each command as it is performed; then the end of the step. */
int recorder_event(struct recorder *rec, const struct gs_event *event, const struct gs_commands *commands,
                   struct error *err);
void recorder_command(struct recorder *rec, const struct gs_command *command, gs_ns at_ns);
void recorder_settle(struct recorder *rec, const struct gs_event *event);
/* What is counted up to now. */
const struct tally *recorder_counted(const struct recorder *rec);
/* Of a part: it counts the groups in `group` from now on, which threads lend to the one that they work on; the real sums of
 * its groups, of `node` as it counts them; the bursts that ended since the last call, which stay where they are until then. */
void recorder_count(struct recorder *rec, struct group_tally *group);
struct group_sums *recorder_sums(struct recorder *rec, uint32_t node);
uint64_t recorder_events(const struct recorder *rec);
const struct ended *recorder_ends(struct recorder *rec, size_t *count);

/* The end: censor what is under way, check that the books balance, hand out the tally and the last chunk of rows.  The tally
 * of a part has its counts of events only. */
int recorder_close(struct recorder *rec, gs_ns at_ns, struct tally **tally, struct chunk *last, struct error *err);
/* Its heap memory, of a part that may not have come to its end. */
void recorder_fini(struct recorder *rec);

#endif
