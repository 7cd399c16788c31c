/* audit.c - feed a recorded event log through the policy core again: the commands must be the same, and what
 * their victims were chosen from. */
#include "sim/run/audit.h"
#include "sim/load/load.h"
#include "sim/results/event_log.h"
#include "sim/run/setup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct auditor {
    struct audit *audit;
    struct event_log *log;
    struct scenario scenario;
    struct load_traces *traces;
};

static bool same(const struct gs_command *a, const struct gs_command *b)
{
    return a->kind == b->kind && a->reason == b->reason && a->workload == b->workload && a->gpu == b->gpu &&
           a->requester == b->requester && a->bytes == b->bytes && a->moved_bytes == b->moved_bytes &&
           a->at_ns == b->at_ns && a->delay_ns == b->delay_ns && a->linger_ns == b->linger_ns && a->timer == b->timer &&
           a->yield == b->yield;
}

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
        if (a == NULL || b == NULL || !same(a, b)) {
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

/* Events of a damaged log must not lead outside of the books. */
static bool is_sound(const struct gs_event *event, const struct gs_view *view)
{
    if (event->kind == GS_TIMER)
        return event->timer < view->gpus + view->workloads;
    return event->kind < GS_EVENT_KINDS && event->workload < view->workloads &&
           (event->kind == GS_ATTACH || view->workload[event->workload].gpu != GS_NONE);
}

static int audit_replication(struct auditor *a, uint32_t replication, struct arena *arena, struct error *err)
{
    struct gs_workload_spec *spec;
    struct gs_setup setup;
    struct gs_event event;
    const struct gs_commands *recorded;
    uint32_t workloads;
    bool more;
    int rc;

    if ((rc = load_specs(&a->scenario, a->traces, replication, &spec, &workloads, arena, err)) != GS_OK ||
        (rc = setup_make(&setup, &a->scenario, spec, workloads, arena, err)) != GS_OK ||
        (rc = event_log_rewind(a->log, replication, err)) != GS_OK)
        return rc;
    struct controller *ctl = setup_controller(&setup, arena);
    if (ctl == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the controller");
    while ((rc = event_log_next(a->log, &event, &recorded, &more, err)) == GS_OK && more) {
        if (!is_sound(&event, controller_view(ctl)))
            return error_set(err, GS_BAD_INPUT,
                             "the event log is damaged: an event at %.9f s names what does not exist",
                             (double)event.at_ns * 1e-9);
        compare(a->audit, replication, &event, recorded, controller_step(ctl, &event));
    }
    return rc;
}

static const char *folder_of(const char *file, struct arena *arena)
{
    const char *slash = strrchr(file, '/');

    return slash == NULL ? NULL : arena_printf(arena, "%.*s", (int)(slash - file), file);
}

int audit_run(struct audit *audit, const char *path, int64_t run, struct error *err)
{
    struct arena arena = {0};
    struct auditor a = {.audit = audit};
    int rc;

    memset(audit, 0, sizeof *audit);
    if ((rc = event_log_open(&a.log, path, run, &arena, err)) == GS_OK &&
        (rc = scenario_parse(&a.scenario, event_log_scenario(a.log), strlen(event_log_scenario(a.log)),
                             event_log_file(a.log), folder_of(event_log_file(a.log), &arena), NULL, &arena, err)) ==
            GS_OK)
        rc = load_read_traces(&a.traces, &a.scenario, &arena, err);
    if (rc == GS_OK) {
        audit->run = event_log_run(a.log);
        audit->replications = event_log_replications(a.log);
    }
    const char *oracle = rc == GS_OK ? setup_needs_oracle(&a.scenario) : NULL;
    if (oracle != NULL)
        rc = error_set(err, GS_UNSATISFIABLE,
                       "run %lld cannot be audited: '%s' asked for the future, which a log does not hold",
                       (long long)audit->run, oracle);
    for (uint32_t i = 0; i < audit->replications && rc == GS_OK; i++) {
        struct arena step = {0};
        rc = audit_replication(&a, i, &step, err);
        arena_fini(&step);
    }
    event_log_close(a.log);
    load_close_traces(a.traces);
    arena_fini(&arena);
    return rc;
}
