/* replayed.h - the policy core fed once more with the events of a recorded log: it decides the same again, and keeps the books
 * that a log does not hold. */
#ifndef GS_REPLAYED_H
#define GS_REPLAYED_H

#include "sim/results/event_log.h"

struct replayed;

/* With what the run of an open log was decided with: its scenario, its traces.  GS_UNSATISFIABLE if one of its policies asked
 * for the future. */
int replayed_open(struct replayed **replayed, const struct event_log *log, struct arena *arena, struct error *err);
void replayed_close(struct replayed *replayed); /* takes NULL */

/* Begin a replication: nothing has happened. */
int replayed_begin(struct replayed *replayed, uint32_t replication, struct error *err);

/* What is decided on its next event, valid until the one after it; false, and nothing done, if that names what does not exist. */
bool replayed_step(struct replayed *replayed, const struct gs_event *event, const struct gs_commands **commands);

/* The controller after that event; until replayed_begin is called again. */
const struct controller *replayed_controller(const struct replayed *replayed);

/* Are a recorded command and one that was decided now the same, but for what its victim was chosen from? */
bool replayed_same(const struct gs_command *recorded, const struct gs_command *now);

#endif
