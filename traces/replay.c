/* replay.c - load a trace whole: read it by its format, fill in what it lacks, select. */
#include "traces/replay.h"
#include "traces/importers.h"
#include "traces/replay_parts.h"
#include "sim/base/dist.h"
#include "sim/base/random.h"
#include <string.h>

int trace_fill_memory(struct trace *trace, const struct trace_options *options, const struct importer *importer,
                      uint64_t seed, struct arena *arena, struct error *err)
{
    struct dist *fallback = NULL;
    const struct dist *memory = options->memory;
    const char *text = memory ? options->memory_text : importer->memory;
    bool drawn = false;
    if (!memory && importer->memory) {
        fallback = arena_alloc(arena, sizeof *fallback);
        if (!fallback)
            return error_set(err, GS_SYSTEM, "'%s': out of memory", options->file);
        int code = dist_parse(fallback, importer->memory, DIST_SIZE, NULL, arena, err);
        if (code)
            return code;
        memory = fallback;
    }
    trace->memory = memory;
    for (size_t i = 0; i < trace->workloads; i++) {
        struct trace_workload *w = &trace->workload[i];
        struct stream stream;
        if (w->memory_bytes >= 0)
            continue;
        if (!memory)
            return error_set(err, GS_BAD_INPUT,
                             "'%s': workload '%s' has no memory; say how much with 'memory' in [trace.NAME], for a "
                             "replay with: --set trace.trace.memory=30GiB, for 'trace fit' with: --mem 30GiB",
                             options->file ? options->file : "trace", w->name);
        stream_init(&stream, seed, 0, (uint32_t)i, PURPOSE_MEMORY);
        w->memory_bytes = trace_on_all(w, dist_draw_integer(memory, &stream));
        w->memory_draw = (uint32_t)i + 1;
        drawn = true;
    }
    if (!drawn)
        return GS_OK;
    char shown[256] = "given";
    if (text)
        strncpy(shown, text, sizeof shown - 1);
    for (char *p = shown; *p; p++)
        if (*p == ',')
            *p = ';'; /* header values hold no list of fields, but a reader may split them at commas */
    if (!trace_add_note(trace, arena, true, "mem", "%s", shown))
        return error_set(err, GS_SYSTEM, "'%s': out of memory", options->file);
    return GS_OK;
}

/* Where the trace came from and what was asked of its importer. */
static bool describe(struct import *in, const struct importer *importer, const struct trace_options *options)
{
    const char *base = strrchr(in->file, '/');
    char source[GST_ID_MAX + 1] = "";
    base = base ? base + 1 : in->file;
    for (size_t n = 0; base[n] && n < GST_ID_MAX; n++)
        source[n] = base[n] > ' ' && base[n] <= '~' ? base[n] : '_';
    return trace_add_note(in->trace, in->arena, false, "name", "%s", importer->name) &&
           trace_add_note(in->trace, in->arena, false, "source", "%s", source) &&
           trace_add_note(in->trace, in->arena, false, "importer", "%s,1,seed=%llu%s%s", importer->name,
                          (unsigned long long)in->seed, options->import && *options->import ? "," : "",
                          options->import ? options->import : "");
}

static int foreign(struct import *in, const struct importer *importer, const struct trace_options *options,
                   struct error *err)
{
    if (!describe(in, importer, options))
        return import_no_memory(in, err);
    int code = importer->read(in, err);
    if (!code && !in->trace->workloads)
        code = error_set(err, GS_BAD_INPUT, "'%s': nothing in it that could be replayed", in->file);
    if (!code && !trace_sort(in->trace, in->arena))
        code = import_no_memory(in, err);
    return code;
}

/* What follows the reading of a file, whatever its format. */
static int finish(struct import *in, const struct importer *importer, const struct trace_options *options,
                  struct error *err)
{
    int code = trace_fill_memory(in->trace, options, importer, in->seed, in->arena, err);
    return code ? code : trace_select(in->trace, options, in->seed, in->arena, err);
}

int trace_load_lines(struct trace *trace, struct lines *lines, const struct trace_options *options, uint64_t seed,
                     struct arena *arena, struct error *err)
{
    struct import in = {.trace = trace, .file = lines_file(lines), .lines = lines, .seed = seed, .arena = arena};
    *trace = (struct trace){.horizon_ns = TRACE_NEVER};
    const struct importer *importer = importer_find(options->format, err);
    if (!importer || !(in.value = import_values(importer, options->import, arena, err)))
        return err->code;
    int code = foreign(&in, importer, options, err);
    return code ? code : finish(&in, importer, options, err);
}

int trace_load(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
               struct error *err)
{
    struct trace_options told = *options;
    struct lines *lines;
    const struct importer *importer =
        options->format ? importer_find(options->format, err) : importer_guess(options->file, err);
    if (!importer)
        return err->code;
    told.format = importer->name;
    if (importer == &import_gst) {
        struct import in = {.trace = trace, .file = options->file, .seed = seed, .arena = arena};
        *trace = (struct trace){.horizon_ns = TRACE_NEVER};
        int code = importer->read(&in, err);
        return code ? code : finish(&in, importer, options, err);
    }
    int code = lines_open(&lines, options->file, LINES_MAX, err);
    if (code)
        return code;
    code = trace_load_lines(trace, lines, &told, seed, arena, err);
    lines_close(lines);
    return code;
}

/* --- the native format ------------------------------------------------------------------------------------------- */

static bool load_workload(struct trace *trace, const struct gst_record *record, struct arena *arena)
{
    struct trace_workload *w = trace_add_workload(trace, arena);
    if (!w)
        return false;
    *w = (struct trace_workload){
        .name = arena_strdup(arena, record->name),
        .group = *record->text ? arena_strdup(arena, record->text) : "",
        .class = (enum gst_class)record->w.class,
        .closed = record->w.loop == GST_CLOSED,
        .swappable = record->w.swap,
        .gpus = record->w.gpus,
        .memory_bytes = record->w.mem,
        .context_bytes = record->given & 1u << 3 ? record->w.floor : -1,
        .request_share = record->w.req < 0 ? -1 : (double)record->w.req / (double)GST_PPM,
        .limit_share = record->given & 1u << 5 ? (double)record->w.lim / (double)GST_PPM : -1,
        .priority = (int)record->w.prio,
        .attach_ns = record->t_us * 1000,
        .detach_ns = TRACE_NEVER,
    };
    return w->name && w->group;
}

static bool load_request(struct trace_workload *w, const struct gst_record *record, struct arena *arena)
{
    struct trace_request *request = trace_add_request(w, arena);
    if (!request)
        return false;
    *request = (struct trace_request){.ready_ns = record->t_us * 1000, .in = record->r.in, .out = record->r.out};
    request->has_work = record->r.work > 0;
    trace_serve(w, request);
    if (request->has_work) {
        request->work_ns = record->r.work * 1000;
        request->first_ns = 0;
    }
    return true;
}

bool trace_add_record(struct trace *trace, const struct gst_record *record, struct arena *arena)
{
    struct trace_workload *w = record->kind == GST_WORKLOAD ? NULL : &trace->workload[record->id];
    int64_t t = record->t_us * 1000;
    void *item = w;
    switch (record->kind) {
    case GST_WORKLOAD:
        return load_workload(trace, record, arena);
    case GST_BURST:
        if ((item = trace_add_burst(w, arena)))
            *(struct trace_burst *)item =
                (struct trace_burst){t, record->b.think * 1000, record->b.work * 1000, record->b.grow, record->b.keep};
        break;
    case GST_ITERATE:
        if ((item = trace_add_run(w, arena)))
            *(struct trace_run *)item =
                (struct trace_run){t, record->t.iters, record->t.iter_work * 1000, record->t.gap * 1000,
                                   (double)record->t.jitter / (double)GST_PPM};
        break;
    case GST_MEMORY:
        if ((item = trace_add_resize(w, arena)))
            *(struct trace_resize *)item = (struct trace_resize){t, record->m.bytes};
        break;
    case GST_SERVICE:
        w->service.fixed_ns = record->s.fixed_us * 1000;
        w->service.in_ns = record->s.in_ns;
        w->service.out_ns = record->s.out_ns;
        w->service.kv_bytes = record->s.kv_bytes;
        w->service.slots = record->s.slots;
        break;
    case GST_REQUEST:
        return load_request(w, record, arena);
    case GST_DEPART:
        w->detach_ns = t;
        w->why = (enum gst_why)record->d.why;
        break;
    case GST_UPDATE:
        if ((item = trace_add_update(w, arena)))
            *(struct trace_update *)item = (struct trace_update){t, (enum gst_update)record->u.field, record->u.value};
        break;
    default:
        break;
    }
    return item != NULL;
}

int trace_copy_header(struct trace *trace, const struct gst_header *header, struct arena *arena)
{
    for (size_t i = 0; i < header->notes; i++)
        if (!trace_add_note(trace, arena, header->note[i].assume, header->note[i].key, "%s", header->note[i].value))
            return GS_SYSTEM;
    for (size_t i = 0; i < trace->notes; i++)
        if (!(trace->note[i].key = arena_strdup(arena, trace->note[i].key)))
            return GS_SYSTEM;
    if (header->horizon_us >= 0)
        trace->horizon_ns = header->horizon_us * 1000;
    if (header->ref_gpu_bytes > 0)
        trace->ref_gpu_bytes = (uint64_t)header->ref_gpu_bytes;
    return GS_OK;
}

static int read_gst(struct import *in, struct error *err)
{
    struct gst *gst;
    struct gst_record record;
    int code = gst_open(&gst, in->file, err);
    if (code)
        return code;
    if (trace_copy_header(in->trace, gst_header(gst), in->arena))
        code = import_no_memory(in, err);
    while (!code && !(code = gst_next(gst, &record, err)) && record.kind != GST_END)
        if (!trace_add_record(in->trace, &record, in->arena))
            code = import_no_memory(in, err);
    in->trace->extensions = gst_skipped(gst);
    if (!code && !in->trace->workloads)
        code = error_set(err, GS_BAD_INPUT, "'%s': trace has no workload", in->file);
    gst_close(gst);
    return code;
}

static bool is_gst(const char *head)
{
    return !strncmp(head, "#gpuswap-trace,", 15);
}

const struct importer import_gst = {
    .name = "gst", .help = "native format, version 1", .guess = is_gst, .read = read_gst};
