/* audit.c - feed a recorded event log through the policy core again: the commands must be the same, and what
 * their victims were chosen from. */
#include "sim/run/audit.h"
#include "sim/run/replayed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A worth that is not finite is recorded as nothing. */
static bool same_candidate(const struct gs_candidate *a, const struct gs_candidate *b)
{
    bool worth = isfinite(b->keep) ? a->keep <= b->keep && a->keep >= b->keep : !isfinite(a->keep);

    return a->workload == b->workload && a->chosen == b->chosen && worth;
}

/* The place of the first candidate that differs, GS_NONE if none does. */
static uint32_t other_candidate(const struct gs_commands *was, const struct gs_command *a, const struct gs_commands *is,
                                const struct gs_command *b)
{
    uint32_t most = a->candidates > b->candidates ? a->candidates : b->candidates;

    for (uint32_t i = 0; i < most; i++)
        if (i >= a->candidates || i >= b->candidates ||
            !same_candidate(&was->candidate[a->first_candidate + i], &is->candidate[b->first_candidate + i]))
            return i;
    return GS_NONE;
}

enum { DESCRIPTION = 150 };

static void describe(char out[DESCRIPTION], const struct gs_command *c)
{
    if (c == NULL)
        snprintf(out, DESCRIPTION, "nothing");
    else
        snprintf(out, DESCRIPTION, "%s of workload %d on gpu %d, %lld bytes, reason '%s'", gs_command_name(c->kind),
                 (int)c->workload, (int)c->gpu, (long long)c->bytes, gs_reason_name(c->reason));
}

static void describe_candidate(char out[DESCRIPTION], const struct gs_commands *of, const struct gs_command *c,
                               uint32_t i)
{
    if (i >= c->candidates) {
        snprintf(out, DESCRIPTION, "nobody");
        return;
    }
    const struct gs_candidate *candidate = &of->candidate[c->first_candidate + i];
    snprintf(out, DESCRIPTION, "workload %u, worth %.17g%s", candidate->workload, candidate->keep,
             candidate->chosen ? ", chosen" : "");
}

static void differ(struct audit *audit, uint32_t replication, const struct gs_event *event, const char *of,
                   const char *was, const char *is)
{
    if (audit->differences++ == 0)
        snprintf(audit->first, sizeof audit->first, "replication %u, %s at %.9f s: %srecorded was %s; now it is %s",
                 replication, gs_event_name(event->kind), (double)event->at_ns * 1e-9, of, was, is);
}

static void compare(struct audit *audit, uint32_t replication, const struct gs_event *event,
                    const struct gs_commands *recorded, const struct gs_commands *now)
{
    uint32_t most = recorded->count > now->count ? recorded->count : now->count;
    char was[DESCRIPTION], is[DESCRIPTION];

    audit->events++;
    audit->commands += recorded->count;
    for (uint32_t i = 0; i < most; i++) {
        const struct gs_command *a = i < recorded->count ? &recorded->item[i] : NULL;
        const struct gs_command *b = i < now->count ? &now->item[i] : NULL;
        if (a == NULL || b == NULL || !replayed_same(a, b)) {
            describe(was, a);
            describe(is, b);
            differ(audit, replication, event, "", was, is);
            continue;
        }
        uint32_t other = other_candidate(recorded, a, now, b);
        audit->candidates += a->candidates;
        if (other != GS_NONE) {
            describe_candidate(was, recorded, a, other);
            describe_candidate(is, now, b, other);
            differ(audit, replication, event, "of the candidates ", was, is);
        }
    }
}

static int audit_replication(struct audit *audit, struct event_log *log, struct replayed *replayed,
                             uint32_t replication, struct error *err)
{
    const struct gs_commands *recorded, *now;
    struct gs_event event;
    bool more;
    int rc;

    if ((rc = replayed_begin(replayed, replication, err)) != GS_OK ||
        (rc = event_log_rewind(log, replication, err)) != GS_OK)
        return rc;
    while ((rc = event_log_next(log, &event, &recorded, &more, err)) == GS_OK && more) {
        if (!replayed_step(replayed, &event, &now))
            return error_set(err, GS_BAD_INPUT,
                             "the event log is damaged: an event at %.9f s names what does not exist",
                             (double)event.at_ns * 1e-9);
        compare(audit, replication, &event, recorded, now);
    }
    return rc;
}

int audit_run(struct audit *audit, const char *path, int64_t run, struct error *err)
{
    struct arena arena = {0};
    struct event_log *log = NULL;
    struct replayed *replayed = NULL;
    int rc;

    memset(audit, 0, sizeof *audit);
    if ((rc = event_log_open(&log, path, run, &arena, err)) == GS_OK) {
        audit->run = event_log_run(log);
        audit->replications = event_log_replications(log);
        rc = replayed_open(&replayed, log, &arena, err);
    }
    for (uint32_t i = 0; i < audit->replications && rc == GS_OK; i++)
        rc = audit_replication(audit, log, replayed, i, err);
    event_log_close(log);
    replayed_close(replayed);
    arena_fini(&arena);
    return rc;
}
