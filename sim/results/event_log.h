/* event_log.h - read a run's recorded events and commands back, in order. */
#ifndef GS_EVENT_LOG_H
#define GS_EVENT_LOG_H

#include "policies/controller.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"

struct event_log;

/* Open run `run` (0 = the last one) of the database `path`.  GS_BAD_INPUT if it has no events ('record = events'). */
int event_log_open(struct event_log **log, const char *path, int64_t run, struct arena *arena, struct error *err);
void event_log_close(struct event_log *log);

int64_t event_log_run(const struct event_log *log);
/* The scenario as an .ini text made from its resolved keys, and the file it came from. */
const char *event_log_scenario(const struct event_log *log);
const char *event_log_file(const struct event_log *log);
/* The same two of any run of `path`, with or without events. */
int event_log_read_scenario(const char **text, const char **file, const char *path, int64_t run, struct arena *arena,
                            struct error *err);
/* How many replications are complete; then read number `replication` from its start. */
uint32_t event_log_replications(const struct event_log *log);
int event_log_rewind(struct event_log *log, uint32_t replication, struct error *err);

/* The next event and the commands it led to, with the candidates that their victims were chosen from (valid until the next
 * call; a worth that was not finite reads as NAN); *more = false after the last one. */
int event_log_next(struct event_log *log, struct gs_event *event, const struct gs_commands **commands, bool *more,
                   struct error *err);

#endif
