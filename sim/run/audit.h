/* audit.h - feed a recorded event log through the policy core again: the commands must be the same, and what their victims were
 * chosen from: who was scored, what each was worth, who was taken. */
#ifndef GS_AUDIT_H
#define GS_AUDIT_H

#include "sim/base/error.h"
#include <stdint.h>

struct audit {
    int64_t run;
    uint32_t replications;
    uint64_t events, commands, candidates;
    uint64_t differences;
    char first[400]; /* the first difference, in words; "" if there is none */
};

/* Audit run `run` (0 = the last one) of the database `path`.  GS_OK even if there are differences. */
int audit_run(struct audit *audit, const char *path, int64_t run, struct error *err);

#endif
