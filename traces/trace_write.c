/* trace_write.c - turn a trace in memory into a native file, its records merged by time. */
#include "traces/trace.h"
#include "sim/base/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Within a workload and an instant, in this order. */
enum rank { RANK_WORKLOAD, RANK_SERVICE, RANK_UPDATE, RANK_RESIZE, RANK_BURST, RANK_RUN, RANK_REQUEST, RANK_DEPART };

struct item {
    int64_t at_ns;
    uint32_t workload, rank;
    size_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->workload != y->workload)
        return x->workload < y->workload ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static size_t count_items(const struct trace *trace)
{
    size_t n = 0;
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        n += 3 + w->bursts + w->runs + w->requests + w->resizes + w->updates;
    }
    return n;
}

static size_t list_items(const struct trace *trace, struct item *item)
{
    size_t n = 0;
    for (uint32_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        item[n++] = (struct item){w->attach_ns, i, RANK_WORKLOAD, 0};
        if (w->service.slots)
            item[n++] = (struct item){w->attach_ns, i, RANK_SERVICE, 0};
        for (size_t j = 0; j < w->updates; j++)
            item[n++] = (struct item){w->update[j].at_ns, i, RANK_UPDATE, j};
        for (size_t j = 0; j < w->resizes; j++)
            item[n++] = (struct item){w->resize[j].at_ns, i, RANK_RESIZE, j};
        for (size_t j = 0; j < w->bursts; j++)
            item[n++] = (struct item){w->burst[j].ready_ns, i, RANK_BURST, j};
        for (size_t j = 0; j < w->runs; j++)
            item[n++] = (struct item){w->run[j].ready_ns, i, RANK_RUN, j};
        for (size_t j = 0; j < w->requests; j++)
            item[n++] = (struct item){w->request[j].ready_ns, i, RANK_REQUEST, j};
        if (w->detach_ns != TRACE_NEVER)
            item[n++] = (struct item){w->detach_ns, i, RANK_DEPART, 0};
    }
    return n;
}

/* Mark the fields up to the last that says something as given. */
static void give(struct gst_record *record, int64_t count)
{
    while (count > 1 && !record->value[count - 1])
        count--;
    record->given = (1u << count) - 1;
}

static int64_t ppm(double share)
{
    return share < 0 ? -1 : (int64_t)(share * (double)GST_PPM + 0.5);
}

static void describe_workload(const struct trace_workload *w, struct gst_record *record)
{
    record->kind = GST_WORKLOAD;
    record->name = w->name;
    record->text = w->group;
    record->w.class = w->class;
    record->w.gpus = w->gpus;
    record->w.mem = w->memory_bytes;
    record->w.floor = w->context_bytes;
    record->w.req = ppm(w->request_share);
    record->w.lim = ppm(w->limit_share);
    record->w.prio = w->priority;
    record->w.swap = w->swappable ? -1 : 0;
    record->w.loop = w->closed ? GST_CLOSED : GST_OPEN;
    for (unsigned i = 0; i < 9; i++)
        record->given |= record->value[i] >= 0 ? 1u << i : 0;
    record->given |= *w->group ? 1u << 9 : 0;
}

static void describe_service(const struct trace_workload *w, struct gst_record *record)
{
    record->kind = GST_SERVICE;
    record->s.fixed_us = w->service.fixed_ns / 1000;
    record->s.in_ns = w->service.in_ns;
    record->s.out_ns = w->service.out_ns;
    record->s.kv_bytes = w->service.kv_bytes;
    record->s.slots = w->service.slots;
    give(record, 5);
}

static void describe_burst(const struct trace_burst *burst, struct gst_record *record)
{
    record->kind = GST_BURST;
    record->b.work = burst->work_ns / 1000;
    record->b.think = burst->think_ns / 1000;
    record->b.grow = burst->grow_bytes;
    record->b.keep = burst->keep_bytes;
    give(record, 4);
}

static void describe_run(const struct trace_run *run, struct gst_record *record)
{
    record->kind = GST_ITERATE;
    record->t.iters = run->iters;
    record->t.iter_work = run->work_ns / 1000;
    record->t.gap = run->gap_ns / 1000;
    record->t.jitter = ppm(run->jitter);
    give(record, 4);
}

static void describe_request(const struct trace_request *request, struct gst_record *record)
{
    record->kind = GST_REQUEST;
    record->r.in = request->in;
    record->r.out = request->out;
    record->r.work = request->has_work ? request->work_ns / 1000 : 0;
    give(record, 3);
}

static void describe_item(const struct trace_workload *w, const struct item *item, struct gst_record *record)
{
    switch ((enum rank)item->rank) {
    case RANK_WORKLOAD:
        describe_workload(w, record);
        break;
    case RANK_SERVICE:
        describe_service(w, record);
        break;
    case RANK_UPDATE:
        record->kind = GST_UPDATE;
        record->u.field = w->update[item->index].field;
        record->u.value = w->update[item->index].value;
        record->given = 3;
        break;
    case RANK_RESIZE:
        record->kind = GST_MEMORY;
        record->m.bytes = w->resize[item->index].bytes;
        give(record, 1);
        break;
    case RANK_BURST:
        describe_burst(&w->burst[item->index], record);
        break;
    case RANK_RUN:
        describe_run(&w->run[item->index], record);
        break;
    case RANK_REQUEST:
        describe_request(&w->request[item->index], record);
        break;
    case RANK_DEPART:
        record->kind = GST_DEPART;
        record->d.why = w->why;
        give(record, 1);
        break;
    }
}

/* The header, with the horizon as it is now. */
static int create(struct gst_writer **writer, const struct trace *trace, const char *path, struct error *err)
{
    char horizon[UNITS_TEXT];
    struct gst_note *note = heap_resize(NULL, (trace->notes + 1) * sizeof *note);
    size_t n = 0;
    *writer = NULL;
    if (!note)
        return error_set(err, GS_SYSTEM, "cannot create '%s': out of memory", path);
    snprintf(horizon, sizeof horizon, "%lld", (long long)trace->horizon_ns / 1000);
    for (int assume = 0; assume < 2; assume++) {
        for (size_t i = 0; i < trace->notes; i++)
            if (trace->note[i].assume == assume && (assume || strcmp(trace->note[i].key, "horizon")))
                note[n++] = trace->note[i];
        if (!assume && trace->horizon_ns != TRACE_NEVER)
            note[n++] = (struct gst_note){false, "horizon", horizon};
    }
    int code = gst_create(writer, path, note, n, err);
    heap_free(note);
    return code;
}

int trace_write(const struct trace *trace, const char *path, struct error *err)
{
    struct gst_writer *writer;
    struct item *item = heap_resize(NULL, (count_items(trace) + 1) * sizeof *item);
    if (!item)
        return error_set(err, GS_SYSTEM, "cannot create '%s': out of memory", path);
    int code = create(&writer, trace, path, err);
    if (!code) {
        size_t n = list_items(trace, item);
        qsort(item, n, sizeof *item, by_time);
        for (size_t i = 0; !code && i < n; i++) {
            struct gst_record record = {.id = item[i].workload, .t_us = item[i].at_ns / 1000, .text = ""};
            describe_item(&trace->workload[item[i].workload], &item[i], &record);
            code = gst_put(writer, &record, err);
        }
        if (code)
            gst_discard(writer);
        else
            code = gst_commit(writer, err);
    }
    heap_free(item);
    return code;
}
