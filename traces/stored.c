/* stored.c - lay a native trace out by workload in a file on disk. */
#include "traces/importers.h"
#include "traces/replay_parts.h"
#include "traces/stored_values.h"
#include <stdlib.h>
#include <string.h>

struct entry { /* a workload while the file is read */
    struct spool_list list[STORED_LISTS];
    uint64_t iterations;
    uint64_t bursts, runs, requests, resizes, updates; /* in the window */
    /* Before the window: the last M, -1 if there was none, and what bursts have kept since; of its time, since an M counts
     * before the bursts of the same time. */
    int64_t held_bytes, kept_bytes;
    int64_t last_us, last_kept_bytes;
    bool changes_request;
};

struct wish {
    struct stored_wish is; /* member: number of the W record */
    size_t order;          /* in the file */
    bool request;
};

struct storing {
    struct trace *trace;
    struct trace_stored *stored;
    const struct trace_options *options;
    struct gst *gst;
    int64_t from_ns, to_ns;
    int loop;
    bool windowed, scaled;
    struct arena *arena, work;
    struct entry *entry;
    size_t entries, capacity;
    struct spool_list wishes;
    struct wish *wish; /* those of one time */
    size_t wished, wish_capacity;
};

static int no_memory(const struct storing *s, struct error *err)
{
    return error_set(err, GS_SYSTEM, "'%s': out of memory", s->options->file);
}

static int64_t scaled(const struct storing *s, int64_t ns)
{
    return s->scaled ? trace_scaled(ns, s->options->scale_time) : ns;
}

/* Time in the trace that is replayed, from that of a record in the window. */
static int64_t replayed(const struct storing *s, int64_t t_ns)
{
    return scaled(s, t_ns - s->from_ns);
}

static int put(struct storing *s, uint32_t id, enum stored_list list, const int64_t *value, size_t count,
               struct error *err)
{
    return spool_put(s->stored->spool, &s->entry[id].list[list], value, count, err);
}

/* --- requests and bursts of open loops --------------------------------------------------------------------------- */

static int by_workload(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;
    if (x->is.member != y->is.member)
        return x->is.member < y->is.member ? -1 : 1;
    if (x->request != y->request)
        return x->request ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Those of one time, in the order in which a trace in memory has them. */
static int put_wishes(struct storing *s, struct error *err)
{
    int code = GS_OK;
    if (s->wished > 1)
        qsort(s->wish, s->wished, sizeof *s->wish, by_workload);
    for (size_t i = 0; !code && i < s->wished; i++) {
        const struct stored_wish *w = &s->wish[i].is;
        const int64_t value[WISH_VALUES] = {w->at_ns, w->member, w->work_ns, w->grow_bytes, w->keep_bytes, w->first_ns};
        code = spool_put(s->stored->spool, &s->wishes, value, WISH_VALUES, err);
    }
    s->wished = 0;
    return code;
}

static int add_wish(struct storing *s, const struct stored_wish *wish, bool request, struct error *err)
{
    if (s->wished && s->wish[0].is.at_ns != wish->at_ns) {
        int code = put_wishes(s, err);
        if (code)
            return code;
    }
    void *grown = arena_grow(&s->work, s->wish, &s->wish_capacity, s->wished + 1, sizeof *s->wish);
    if (!grown)
        return no_memory(s, err);
    s->wish = grown;
    s->wish[s->wished] = (struct wish){*wish, s->wished, request};
    s->wished++;
    return GS_OK;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

static bool is_closed(const struct storing *s, uint32_t id)
{
    return s->loop < 0 ? s->trace->workload[id].closed : s->loop == 0;
}

static int add_workload(struct storing *s, const struct gst_record *record, struct error *err)
{
    void *grown = arena_grow(&s->work, s->entry, &s->capacity, s->entries + 1, sizeof *s->entry);
    if (!grown || !trace_add_record(s->trace, record, &s->work))
        return no_memory(s, err);
    s->entry = grown;
    s->entry[s->entries++].held_bytes = -1;
    s->trace->workload[record->id].number = record->id;
    return GS_OK;
}

/* What happened before the window and still shows in it. */
static int before_window(struct storing *s, const struct gst_record *record, struct error *err)
{
    struct entry *e = &s->entry[record->id];
    struct trace_workload *w = &s->trace->workload[record->id];
    if (e->last_us != record->t_us)
        e->last_kept_bytes = 0;
    e->last_us = record->t_us;
    if (record->kind == GST_BURST) {
        e->kept_bytes += record->b.keep;
        e->last_kept_bytes += record->b.keep;
    } else if (record->kind == GST_MEMORY) {
        e->held_bytes = record->m.bytes;
        e->kept_bytes = e->last_kept_bytes;
    } else if (record->kind == GST_UPDATE) {
        const struct trace_update update = {0, (enum gst_update)record->u.field, record->u.value};
        trace_apply_update(w, &update);
    } else if (record->kind == GST_ITERATE) {
        struct gst_record rest = *record;
        int64_t done = (s->from_ns / 1000 - record->t_us) / (record->t.iter_work + record->t.gap);
        rest.t.iters -= done;
        rest.t_us = s->from_ns / 1000;
        if (rest.t.iters > 0) {
            const int64_t value[RUN_VALUES] = {0, rest.t.iters, rest.t.iter_work * 1000, scaled(s, rest.t.gap * 1000),
                                               rest.t.jitter};
            e->runs++;
            e->iterations += (uint64_t)rest.t.iters;
            return put(s, record->id, STORED_RUNS, value, RUN_VALUES, err);
        }
    }
    return GS_OK;
}

static int add_burst(struct storing *s, const struct gst_record *record, struct error *err)
{
    struct entry *e = &s->entry[record->id];
    int64_t at_ns = replayed(s, record->t_us * 1000), work_ns = record->b.work * 1000;
    bool first = e->bursts++ == 0;
    if (!is_closed(s, record->id)) {
        const struct stored_wish wish = {at_ns, work_ns, record->b.grow, record->b.keep, 0, record->id};
        return add_wish(s, &wish, false, err);
    }
    const int64_t value[BURST_VALUES] = {at_ns, first && s->windowed ? 0 : scaled(s, record->b.think * 1000), work_ns,
                                         record->b.grow, record->b.keep};
    return put(s, record->id, STORED_BURSTS, value, BURST_VALUES, err);
}

static int add_request(struct storing *s, const struct gst_record *record, struct error *err)
{
    const struct trace_workload *w = &s->trace->workload[record->id];
    struct stored_wish wish = {.at_ns = replayed(s, record->t_us * 1000), .member = record->id};
    struct trace_request request = {.in = record->r.in, .out = record->r.out};
    trace_serve(w, &request);
    wish.work_ns = record->r.work > 0 ? record->r.work * 1000 : request.work_ns;
    wish.first_ns = record->r.work > 0 ? 0 : request.first_ns;
    s->entry[record->id].requests++;
    return add_wish(s, &wish, true, err);
}

static int in_window(struct storing *s, const struct gst_record *record, struct error *err)
{
    struct entry *e = &s->entry[record->id];
    int64_t at_ns = replayed(s, record->t_us * 1000);
    switch (record->kind) {
    case GST_BURST:
        return add_burst(s, record, err);
    case GST_REQUEST:
        return add_request(s, record, err);
    case GST_ITERATE: {
        const int64_t value[RUN_VALUES] = {at_ns, record->t.iters, record->t.iter_work * 1000,
                                           scaled(s, record->t.gap * 1000), record->t.jitter};
        e->runs++;
        e->iterations += (uint64_t)record->t.iters;
        return put(s, record->id, STORED_RUNS, value, RUN_VALUES, err);
    }
    case GST_MEMORY: {
        const int64_t value[RESIZE_VALUES] = {at_ns, record->m.bytes};
        e->resizes++;
        return put(s, record->id, STORED_RESIZES, value, RESIZE_VALUES, err);
    }
    case GST_UPDATE: {
        const int64_t value[UPDATE_VALUES] = {at_ns, record->u.field, record->u.value};
        e->updates++;
        e->changes_request |= record->u.field == GST_UPDATE_REQ;
        return put(s, record->id, STORED_UPDATES, value, UPDATE_VALUES, err);
    }
    default:
        return GS_OK;
    }
}

static int end_lists(struct storing *s, uint32_t id, struct error *err)
{
    int code = GS_OK;
    for (int list = 0; !code && list < STORED_LISTS; list++)
        code = spool_end(s->stored->spool, &s->entry[id].list[list], err);
    return code;
}

static int add_record(struct storing *s, const struct gst_record *record, struct error *err)
{
    if (record->kind == GST_WORKLOAD)
        return add_workload(s, record, err);
    if (record->kind == GST_DEPART || record->kind == GST_SERVICE) {
        if (!trace_add_record(s->trace, record, s->arena))
            return no_memory(s, err);
        return record->kind == GST_DEPART ? end_lists(s, record->id, err) : GS_OK;
    }
    if (s->trace->workload[record->id].gpus > 1 && s->options->single)
        return GS_OK;
    if (record->t_us * 1000 < s->from_ns)
        return before_window(s, record, err);
    return record->t_us * 1000 < s->to_ns ? in_window(s, record, err) : GS_OK;
}

static int read_all(struct storing *s, struct error *err)
{
    struct gst_record record;
    int code = trace_copy_header(s->trace, gst_header(s->gst), s->arena) ? no_memory(s, err) : GS_OK;
    while (!code && !(code = gst_next(s->gst, &record, err)) && record.kind != GST_END)
        code = add_record(s, &record, err);
    s->trace->extensions = gst_skipped(s->gst);
    if (!code && !s->trace->workloads)
        code = error_set(err, GS_BAD_INPUT, "'%s': trace has no workload", s->options->file);
    if (!code)
        code = put_wishes(s, err);
    for (uint32_t id = 0; !code && id < s->entries; id++)
        code = end_lists(s, id, err);
    if (!code)
        code = spool_end(s->stored->spool, &s->wishes, err);
    s->stored->wishes = s->wishes.first;
    return code;
}

/* --- what is left of it ------------------------------------------------------------------------------------------ */

/* What each holds when the window begins. */
static void advance_memory(struct storing *s)
{
    for (size_t i = 0; i < s->entries; i++) {
        struct trace_workload *w = &s->trace->workload[i];
        w->memory_bytes =
            (s->entry[i].held_bytes >= 0 ? s->entry[i].held_bytes : w->memory_bytes) + s->entry[i].kept_bytes;
    }
}

/* Iterations of a recording that was cut off: only when the end of it is known can they be counted. */
static int count_iterations(struct storing *s, const struct trace_workload *w, struct stored_workload *to,
                            struct error *err)
{
    struct spool_reader reader = {.next = to->first[STORED_RUNS], .block = arena_alloc(&s->work, SPOOL_BLOCK)};
    struct trace_run run;
    bool more = true;
    int code = reader.block ? GS_OK : no_memory(s, err);
    to->iterations = 0;
    while (!code && !(code = stored_run(s->stored, &reader, &run, &more, err)) && more)
        to->iterations += trace_iterations(w, &run);
    return code;
}

/* What is to stay, in memory that fits; it grew in memory of the reading. */
static bool move_workloads(struct storing *s)
{
    struct trace *trace = s->trace;
    struct trace_workload *moved = arena_array(s->arena, trace->workloads, sizeof *moved);
    if (!moved)
        return false;
    for (size_t i = 0; i < trace->workloads; i++) {
        moved[i] = trace->workload[i];
        moved[i].name = arena_strdup(s->arena, moved[i].name);
        moved[i].group = *moved[i].group ? arena_strdup(s->arena, moved[i].group) : "";
        if (!moved[i].name || !moved[i].group)
            return false;
    }
    trace->workload = moved;
    trace->workload_capacity = trace->workloads;
    return true;
}

/* Workloads that were selected take over their entries. */
static int keep_selected(struct storing *s, struct error *err)
{
    struct trace_stored *stored = s->stored;
    int code = GS_OK;
    stored->member = arena_array(s->arena, s->entries, sizeof *stored->member);
    stored->workload = arena_array(s->arena, s->trace->workloads, sizeof *stored->workload);
    if (!stored->member || !stored->workload || !move_workloads(s))
        return no_memory(s, err);
    memset(stored->member, 0xff, s->entries * sizeof *stored->member);
    for (uint32_t i = 0; !code && i < s->trace->workloads; i++) {
        struct trace_workload *w = &s->trace->workload[i];
        struct stored_workload *to = &stored->workload[i];
        const struct entry *e = &s->entry[w->number];
        stored->member[w->number] = i;
        w->bursts = e->bursts;
        w->runs = e->runs;
        w->requests = e->requests;
        w->resizes = e->resizes;
        w->updates = e->updates;
        to->iterations = e->iterations;
        to->changes_request = e->changes_request;
        for (int list = 0; list < STORED_LISTS; list++)
            to->first[list] = e->list[list].first;
        if (w->why == GST_WHY_TRUNC && w->runs)
            code = count_iterations(s, w, to, err);
    }
    return code;
}

static int store(struct storing *s, uint64_t seed, struct error *err)
{
    int code = read_all(s, err);
    if (!code)
        code = trace_fill_memory(s->trace, s->options, &import_gst, seed, s->arena, err);
    if (!code && s->from_ns > 0)
        advance_memory(s);
    if (!code)
        code = trace_select(s->trace, s->options, seed, s->arena, err);
    return code ? code : keep_selected(s, err);
}

int trace_store(struct trace_stored *stored, struct trace *trace, const struct trace_options *options, int loop,
                uint64_t seed, struct arena *arena, struct error *err)
{
    struct storing s = {.trace = trace, .stored = stored, .options = options, .loop = loop, .arena = arena};
    *trace = (struct trace){.horizon_ns = TRACE_NEVER};
    *stored = (struct trace_stored){0};
    trace_window(options, &s.from_ns, &s.to_ns);
    s.windowed = s.from_ns || s.to_ns != TRACE_NEVER;
    s.scaled = options->scale_time < 1 || options->scale_time > 1;
    int code = gst_open(&s.gst, options->file, err);
    if (code)
        return code;
    code = spool_open(&stored->spool, arena, err);
    if (!code) {
        code = store(&s, seed, err);
        spool_written(stored->spool);
    }
    if (code)
        trace_stored_close(stored);
    gst_close(s.gst);
    arena_fini(&s.work);
    return code;
}
