/* explain_actor.h - what is known of the workloads while an event log is read for an explanation. */
#ifndef GS_EXPLAIN_ACTOR_H
#define GS_EXPLAIN_ACTOR_H

#include "sim/results/explain_parts.h"

enum { PHASE_AWAY = EXPLAIN_KINDS }; /* wants nothing */

/* A transfer under way; a clean may go on while a swap-out waits for it. */
struct move {
    bool active;
    gs_ns since_ns;
    struct gs_command command;
    const struct explain_choice *choice;
};

/* What is known of a workload while the log is read. */
struct actor {
    uint32_t gpu;
    uint8_t phase, reason, stop_reason;
    gs_ns since_ns, switched_ns; /* EXPLAIN_SWITCH: until then */
    int64_t bytes;               /* of its last swap-in */
    int64_t gpu_bytes;           /* what it holds while resident */
    gs_ns used_ns;               /* when it last had the GPU, -1: never */
    bool wants, stopped;         /* stopped: in mid-burst */
    bool resident, leaves;
    struct move swap, clean;
    int64_t room_bytes, room_before; /* of the swap file; before the transfer under way */
    int64_t lent_bytes;              /* of its room, to those who leave for it: counts as theirs until it is in */
    uint32_t lender;                 /* whose room it has, GS_NONE: nobody's */
    int64_t base_bytes;              /* between bursts, as far as it was told */
    gs_ns room_ns;
    int64_t initial_bytes; /* in the swap file when it arrives */
    bool soiled;
};

struct reading {
    struct explain *e;
    struct actor *actor;
    struct explain_choice *last; /* every victim of a choice comes with a copy of it */
    gs_ns now_ns;
};

/* What the victim of a command was chosen from (explain_choice.c); NULL: it was no choice, or memory ran out. */
const struct explain_choice *explain_choice_of(struct reading *reading, const struct gs_commands *step,
                                               const struct gs_command *command);

#endif
