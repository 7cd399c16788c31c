/* traces.c - read the traces of a scenario, once for all replications: into memory, or by workload onto disk. */
#include "sim/load/sources.h"
#include "traces/import.h"
#include "traces/replay.h"

#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
    const struct recorded *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->member != y->member)
        return x->member < y->member ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static bool sort_recorded(struct replay *replay, struct arena *arena)
{
    const struct trace *trace = &replay->trace;
    size_t count = 0;

    for (size_t i = 0; i < trace->workloads; i++)
        count += trace->workload[i].requests + (trace->workload[i].closed ? 0 : trace->workload[i].bursts);
    replay->recorded = arena_array(arena, count, sizeof *replay->recorded);
    if (replay->recorded == NULL)
        return false;
    for (uint32_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        for (uint32_t k = 0; !w->closed && k < w->bursts; k++)
            replay->recorded[replay->count++] = (struct recorded){w->burst[k].ready_ns, i, k};
        for (uint32_t k = 0; k < w->requests; k++)
            replay->recorded[replay->count++] = (struct recorded){w->request[k].ready_ns, i, (uint32_t)w->bursts + k};
    }
    qsort(replay->recorded, replay->count, sizeof *replay->recorded, by_time);
    return true;
}

static bool changes_request(const struct replay *replay, size_t i)
{
    const struct trace_workload *w = &replay->trace.workload[i];

    if (replay->stored != NULL)
        return replay->stored->workload[i].changes_request;
    for (size_t k = 0; k < w->updates; k++)
        if (w->update[k].field == GST_UPDATE_REQ)
            return true;
    return false;
}

/* What the native format can say and this version cannot simulate. */
static int refuse_unknown(const struct replay *replay, const char *file, struct error *err)
{
    for (size_t i = 0; i < replay->trace.workloads; i++)
        if (changes_request(replay, i))
            return error_set(err, GS_BAD_INPUT,
                             "%s: workload '%s' changes its 'req' (a U record), which is not available in this "
                             "version",
                             file, replay->trace.workload[i].name);
    return GS_OK;
}

/* Only records in order of time can be laid out as they come. */
static int refuse_foreign(const struct trace_source *source, struct error *err)
{
    const struct importer *importer =
        source->format != NULL ? importer_find(source->format, err) : importer_guess(source->file, err);

    if (importer == NULL)
        return err->code;
    if (strcmp(importer->name, "gst") != 0)
        return error_set(err, GS_BAD_INPUT,
                         "'%s': 'stream = yes' reads the native format, not '%s'; convert the file with 'gpuswap-sim "
                         "trace import --format %s FILE -o OUT.gst', or leave 'stream' out",
                         source->file, importer->name, importer->name);
    return GS_OK;
}

static int read_trace(struct replay *replay, const struct trace_source *source, uint64_t seed, struct arena *arena,
                      struct error *err)
{
    struct trace_options options;
    int rc;

    trace_options_init(&options);
    options.file = source->file;
    options.format = source->format;
    options.import = source->options;
    options.from_ns = source->from;
    options.to_ns = source->to;
    options.scale_time = source->scale_time;
    options.sample = source->sample;
    options.memory = source->has_memory ? &source->memory : NULL;
    options.single = source->single;
    if (!source->stream)
        return trace_load(&replay->trace, &options, seed, arena, err);
    struct trace_stored *stored = arena_alloc(arena, sizeof *stored);
    if (stored == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the traces");
    if ((rc = refuse_foreign(source, err)) == GS_OK &&
        (rc = trace_store(stored, &replay->trace, &options, source->loop, seed, arena, err)) == GS_OK)
        replay->stored = stored;
    return rc;
}

int load_read_traces(struct load_traces **out, const struct scenario *scenario, struct arena *arena, struct error *err)
{
    struct load_traces *traces = arena_alloc(arena, sizeof *traces);
    int rc = GS_OK;

    *out = NULL;
    if (traces == NULL || (traces->replay = arena_array(arena, scenario->traces, sizeof *traces->replay)) == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the traces");
    traces->count = scenario->traces;
    for (size_t i = 0; i < scenario->traces && rc == GS_OK; i++) {
        const struct trace_source *source = &scenario->trace[i];
        struct replay *replay = &traces->replay[i];
        rc = read_trace(replay, source, scenario->seed, arena, err);
        if (rc == GS_OK)
            rc = refuse_unknown(replay, source->file, err);
        for (size_t k = 0; rc == GS_OK && source->loop >= 0 && k < replay->trace.workloads; k++)
            replay->trace.workload[k].closed = source->loop == 0;
        if (rc == GS_OK && replay->stored == NULL && !sort_recorded(replay, arena))
            rc = error_set(err, GS_SYSTEM,
                           "%s: out of memory for the trace; use 'stream = yes', 'from', 'to' or "
                           "'sample'",
                           source->file);
    }
    if (rc == GS_OK)
        *out = traces;
    else
        load_close_traces(traces);
    return rc;
}

void load_close_traces(struct load_traces *traces)
{
    for (size_t i = 0; traces != NULL && i < traces->count; i++)
        trace_stored_close(traces->replay[i].stored);
}

uint64_t load_traces_left_out(const struct load_traces *traces)
{
    uint64_t left_out = 0;

    for (size_t i = 0; i < traces->count; i++)
        left_out += traces->replay[i].trace.multi_gpu_dropped;
    return left_out;
}

/* What was not recorded is drawn anew in each replication: intervals tell how much hangs on it.  The first replication has
 * what `trace import` would write. */
static int64_t memory_bytes(const struct trace *trace, const struct trace_workload *recorded, uint64_t seed,
                            uint32_t replication)
{
    struct stream first, now;

    if (recorded->memory_draw == 0 || replication == 0)
        return recorded->memory_bytes;
    stream_init(&first, seed, 0, recorded->memory_draw - 1, PURPOSE_MEMORY);
    stream_init(&now, seed, replication, recorded->memory_draw - 1, PURPOSE_MEMORY);
    int64_t changed = trace_on_all(recorded, dist_draw_integer(trace->memory, &now)) -
                      trace_on_all(recorded, dist_draw_integer(trace->memory, &first));
    return changed > -recorded->memory_bytes ? recorded->memory_bytes + changed : 0;
}

/* The trace's word counts where it says something; else the scenario's. */
void replay_declare(struct gs_workload_spec *spec, const struct scenario *scenario, const struct replay *replay,
                    size_t trace, const struct trace_workload *recorded, uint32_t replication)
{
    const struct trace_source *source = &scenario->trace[trace];

    if (!source->has_class)
        spec->class = recorded->class == GST_INFERENCE  ? GS_INFERENCE
                      : recorded->class == GST_TRAINING ? GS_TRAINING
                                                        : GS_NOTEBOOK;
    spec->gpus = (uint32_t)recorded->gpus;
    spec->bytes = memory_bytes(&replay->trace, recorded, scenario->seed, replication);
    if (recorded->context_bytes >= 0)
        spec->context_bytes = recorded->context_bytes;
    if (recorded->priority >= 0)
        spec->priority = (uint8_t)recorded->priority;
    if (recorded->limit_share > 0.0)
        spec->limit = recorded->limit_share;
    spec->request = recorded->request_share;
    if (recorded->service.slots > 0)
        spec->slots = (uint32_t)recorded->service.slots;
    spec->swappable = recorded->swappable;
    spec->regular_fraction =
        recorded->limit_share > 0.0 && recorded->request_share >= recorded->limit_share && !recorded->swappable;
    spec->never_on_swap_node = false;
    spec->pools = scenario_pool(&scenario->workload[spec->group], recorded->group);
    spec->initial = spec->class == GS_INFERENCE ? GS_HOST : GS_NEW;
}
