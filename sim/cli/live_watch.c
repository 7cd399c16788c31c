/* live_watch.c - what is done while a live run goes: it is shown, served, and its operations go to the database. */
#include "sim/cli/live.h"
#include "sim/base/machine.h"

#include <string.h>

static const double show_s = 0.2, flush_s = 1;

static double now_s(void)
{
    return 1e-9 * (double)machine_ns();
}

static void flush(struct live *live)
{
    if (live->operations > 0 && live->failure.code == GS_OK)
        results_operations(live->results, live->operation, live->operations, &live->failure);
    live->operations = 0;
    live->flushed_s = live->snapshot.wall_s;
}

static void take(void *context, const struct device_operation *o)
{
    struct live *live = context;

    if (live->operation == NULL)
        return;
    live->operation[live->operations++] = (struct operation_row){.at_ns = o->at_ns,
                                                                 .took_ns = o->took_ns,
                                                                 .bytes = o->bytes,
                                                                 .kind = o->kind,
                                                                 .gpu = o->gpu,
                                                                 .pieces = o->pieces};
    if (live->operations == LIVE_OPERATIONS)
        flush(live);
}

static void note(void *context, const char *text)
{
    struct live *live = context;

    text_printf(&live->notes, "note: %s\n", text);
}

static void look(void *context, const struct run_sight *sight)
{
    struct live *live = context;
    struct live_snapshot *s = &live->snapshot;
    struct text text = {0};

    s->wall_s = now_s() - live->start_s;
    if (s->wall_s - live->flushed_s >= flush_s)
        flush(live);
    if (!live->full && live->results != NULL && (live->full = results_is_full(live->results)))
        fprintf(stderr,
                "the database is as large as record_limit says: rows of bursts and events end here, totals go on\n");
    if (s->wall_s < live->shown_s)
        return;
    live->shown_s = s->wall_s + show_s;
    live_snapshot_take(s, sight);
    live_view_draw(&live->view, s);
    if (live->server == NULL)
        return;
    live_metrics(&text, s);
    if (!text.failed)
        live_server_show(live->server, text.data, text.length);
    text_fini(&text);
}

/* How long it takes from the command to stop until what is on the GPU has drained. */
static void step(void *context, const struct gs_event *event, const struct gs_commands *commands)
{
    struct live *live = context;

    if (event->kind == GS_DONE && event->command == GS_STOP && live->stop_ns[event->workload] < GS_NEVER) {
        gs_ns told_ns = live->stop_ns[event->workload];
        uint32_t gpu = live->snapshot.workload[event->workload].gpu;
        struct device_operation drain = {.kind = "drain",
                                         .at_ns = told_ns,
                                         .took_ns =
                                             (int64_t)((double)(event->at_ns - told_ns) / live->device.time_scale),
                                         .gpu = gpu == GS_NONE ? 0 : gpu,
                                         .pieces = 1};

        live->stop_ns[event->workload] = GS_NEVER;
        take(live, &drain);
    }
    for (uint32_t i = 0; i < commands->count; i++) {
        const struct gs_command *c = &commands->item[i];

        if (c->kind == GS_STOP && !c->yield)
            live->stop_ns[c->workload] = event->at_ns;
        if (c->kind == GS_PLACE)
            live->snapshot.workload[c->workload].gpu = c->gpu;
    }
}

int live_watch(struct live *live, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct results *results, struct arena *arena, struct error *err)
{
    int rc = live_snapshot_open(&live->snapshot, scenario, spec, workloads, arena, err);

    if (rc == GS_OK)
        rc = live_view_open(&live->view, &live->snapshot, arena, err);
    live->stop_ns = arena_array(arena, workloads, sizeof *live->stop_ns);
    if (results != NULL && scenario->record == RECORD_EVENTS)
        live->operation = arena_array(arena, LIVE_OPERATIONS, sizeof *live->operation);
    if (rc == GS_OK &&
        (live->stop_ns == NULL || (results != NULL && scenario->record == RECORD_EVENTS && live->operation == NULL)))
        rc = error_set(err, GS_SYSTEM, "out of memory");
    for (uint32_t i = 0; rc == GS_OK && i < workloads; i++)
        live->stop_ns[i] = GS_NEVER;
    if (live->server != NULL && (live->view.out != NULL || live->port_is_told))
        fprintf(stderr, "metrics: http://127.0.0.1:%d/metrics\n", live->port);
    live->snapshot.device = &live->device;
    live->results = results;
    live->device.take = live->operation != NULL ? take : NULL;
    live->device.note = note;
    live->device.context = live;
    live->watch.look = look;
    live->watch.step = step;
    live->watch.context = live;
    live->start_s = now_s();
    return rc;
}

int live_end(struct live *live, struct error *err)
{
    live_view_close(&live->view);
    if (live->view.out != NULL && live->notes.data != NULL)
        fputs(live->notes.data, live->view.out);
    text_fini(&live->notes);
    live_server_close(live->server);
    live->server = NULL;
    flush(live);
    return live->failure.code == GS_OK ? GS_OK : error_set(err, live->failure.code, "%s", live->failure.text);
}
