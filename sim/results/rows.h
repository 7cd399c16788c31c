/* rows.h - rows of the database as the recorder makes them: plain structs, buffered in chunks, written by results.c. */
#ifndef GS_ROWS_H
#define GS_ROWS_H

#include "policies/controller.h"
#include "sim/results/tally.h"

struct burst_row { /* record = bursts, events: one a burst or request, in order of their end */
    gs_ns ready_ns, start_ns, end_ns, alone_ns; /* start -1: never ran */
    gs_ns first_ns;                             /* its first token; -1: none */
    gs_ns stall_ns[STALLS]; /* add up to end - ready - alone (censored: up to the end of the run, alone = work done) */
    uint32_t workload, index; /* index: running number within the workload, from 0 */
    uint8_t served, outcome;
};

enum { ROW_RUNNING = UINT8_MAX };

struct residency_row { /* record = bursts, events: a spell of a workload in one state */
    gs_ns from_ns, to_ns;
    uint32_t workload, gpu;
    uint8_t state; /* GS_SWAPPING_IN, GS_RESIDENT, GS_SWAPPING_OUT; ROW_RUNNING: has the GPU, within a GS_RESIDENT */
};

struct event_row { /* record = events: an event and the commands it led to */
    struct gs_event event;
    uint32_t first_command, commands;
};

struct command_row {           /* record = events */
    struct gs_command command; /* first_candidate counts within `candidate` of the chunk */
};

struct operation_row { /* record = events, live runs: a call of the driver or a piece of work on a GPU */
    gs_ns at_ns, took_ns;
    int64_t bytes;
    const char *kind;
    uint32_t gpu, pieces;
};

/* A chunk of rows of one replication; counters run over the whole replication. */
struct chunk {
    uint32_t replication;
    uint64_t first_burst, first_event, first_command, first_residency;
    struct burst_row *burst;
    struct residency_row *residency;
    struct event_row *event; /* first_command counts within `command` of the chunk */
    struct command_row *command;
    struct gs_candidate *candidate;
    size_t bursts, residencies, events, commands, candidates;
};
void chunk_free(struct chunk *chunk);

#endif
