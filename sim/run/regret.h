/* regret.h - where the mean response of a scenario goes, and how much of it better decisions could win back.
 *
 * The same load is run again with a decision replaced by one that knows the future, and with memory for all; the mean
 * response of all bursts is split along the way:
 *
 *   as it is                        less the next: victims
 *   best victims                    less the next: memory
 *   memory for all                  less the next: turns
 *   memory for all, best turns      less the next: rest
 *   the bound (sim/stats/bound.h)   less the next: queueing
 *   alone                           alone
 *
 * Turns come after memory, since srpt is best only where swaps cost no time.  Without a bound there is no rest, and queueing
 * is what the last run is above `alone`.  What the best turns win with the memory that there is, is run as well.  All runs
 * see the same users, so each part has the paired interval of a difference of linearised values, as in
 * sim/results/compare.h.
 */
#ifndef GS_REGRET_H
#define GS_REGRET_H

#include "sim/results/report.h"

enum regret_step {
    REGRET_AS_IS,
    REGRET_VICTIMS,
    REGRET_TURNS,
    REGRET_BOTH,
    REGRET_ROOM,
    REGRET_ROOM_TURNS,
    REGRET_STEPS
};
enum regret_part { PART_ALONE, PART_QUEUEING, PART_REST, PART_TURNS, PART_MEMORY, PART_VICTIMS, PARTS };

struct regret_run {
    struct tally *const *tally; /* of its replications, in the order of their numbers */
    const struct report *report;
    struct interval response, gain; /* mean of all bursts, s; less that of the run as it is */
};

struct regret {
    struct regret_run run[REGRET_STEPS];
    struct interval part[PARTS]; /* s; they add up to the mean response of the run as it is */
    size_t replications;
    bool bounded;
};

/* "as it is", ...; "alone", ... */
const char *regret_step_name(enum regret_step step);
const char *regret_part_name(enum regret_part part);

/* Make of `scenario` what is run at a step; what is changed is copied to `arena`.  False: no memory. */
bool regret_replace(struct scenario *scenario, enum regret_step step, struct arena *arena);

/* Fill in the rest of what has tallies and reports of as many replications each.  Fails only for want of memory. */
int regret_build(struct regret *regret, size_t replications, struct arena *arena, struct error *err);

void regret_text(struct text *out, const struct regret *regret);
void regret_json(struct text *out, const struct regret *regret);

#endif
