/* replayed.c - the policy core fed once more with the events of a recorded log. */
#include "sim/run/replayed.h"

#include "sim/load/load.h"
#include "sim/run/setup.h"

#include <string.h>

struct replayed {
    struct scenario scenario;
    struct load_traces *traces;
    struct gs_setup setup;
    struct controller *ctl;
    struct arena arena; /* of the replication */
};

static const char *folder_of(const char *file, struct arena *arena)
{
    const char *slash = strrchr(file, '/');

    return slash == NULL ? NULL : arena_printf(arena, "%.*s", (int)(slash - file), file);
}

int replayed_open(struct replayed **out, const struct event_log *log, struct arena *arena, struct error *err)
{
    const char *text = event_log_scenario(log), *file = event_log_file(log);
    struct replayed *r = arena_alloc(arena, sizeof *r);
    int rc;

    *out = NULL;
    if (r == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for '%s'", file);
    if ((rc = scenario_parse(&r->scenario, text, strlen(text), file, folder_of(file, arena), NULL, arena, err)) !=
        GS_OK)
        return rc;
    const char *oracle = setup_needs_oracle(&r->scenario);
    if (oracle != NULL)
        return error_set(err, GS_UNSATISFIABLE,
                         "run %lld cannot be replayed: '%s' asked for the future, which a log does not hold",
                         (long long)event_log_run(log), oracle);
    rc = load_read_traces(&r->traces, &r->scenario, arena, err);
    *out = rc == GS_OK ? r : NULL;
    return rc;
}

void replayed_close(struct replayed *r)
{
    if (r == NULL)
        return;
    load_close_traces(r->traces);
    arena_fini(&r->arena);
}

int replayed_begin(struct replayed *r, uint32_t replication, struct error *err)
{
    struct gs_workload_spec *spec;
    uint32_t workloads;
    int rc;

    arena_fini(&r->arena);
    r->ctl = NULL;
    if ((rc = load_specs(&r->scenario, r->traces, replication, &spec, &workloads, &r->arena, err)) != GS_OK ||
        (rc = setup_make(&r->setup, &r->scenario, spec, workloads, &r->arena, err)) != GS_OK)
        return rc;
    r->ctl = setup_controller(&r->setup, &r->arena);
    return r->ctl != NULL ? GS_OK : error_set(err, GS_SYSTEM, "out of memory for the controller");
}

/* Events of a damaged log must not lead outside of the books. */
static bool is_sound(const struct gs_event *event, const struct gs_view *view)
{
    if (event->kind == GS_TIMER)
        return event->timer < view->gpus + view->workloads;
    return event->kind < GS_EVENT_KINDS && event->workload < view->workloads &&
           (event->kind == GS_ATTACH || view->workload[event->workload].gpu != GS_NONE);
}

bool replayed_step(struct replayed *r, const struct gs_event *event, const struct gs_commands **commands)
{
    if (!is_sound(event, controller_view(r->ctl)))
        return false;
    *commands = controller_step(r->ctl, event);
    return true;
}

const struct controller *replayed_controller(const struct replayed *r)
{
    return r->ctl;
}

bool replayed_same(const struct gs_command *a, const struct gs_command *b)
{
    return a->kind == b->kind && a->reason == b->reason && a->workload == b->workload && a->gpu == b->gpu &&
           a->requester == b->requester && a->bytes == b->bytes && a->moved_bytes == b->moved_bytes &&
           a->at_ns == b->at_ns && a->delay_ns == b->delay_ns && a->linger_ns == b->linger_ns && a->timer == b->timer &&
           a->yield == b->yield;
}
