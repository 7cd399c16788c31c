/* fit.c - part the workloads of a trace by class, group and rate, and collect what each part did. */
#include "traces/fit.h"
#include <string.h>

/* Those that the format calls other are replayed as notebooks. */
static enum gst_class class_of(const struct trace_workload *w)
{
    return w->class == GST_OTHER ? GST_NOTEBOOK : w->class;
}

/* --- parts --------------------------------------------------------------------------------------------------- */

struct classes { /* what must be known of a class before it is parted */
    const char *group[TRACE_GROUPS];
    size_t groups;
    bool by_group;
    size_t most_requests; /* of one workload */
};

static void survey(struct classes class[3], const struct trace *trace)
{
    for (int i = 0; i < 3; i++)
        class[i] = (struct classes){.by_group = true};
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        struct classes *c = &class[class_of(w)];
        size_t k = 0;
        if (w->requests > c->most_requests)
            c->most_requests = w->requests;
        if (!c->by_group)
            continue;
        while (k < c->groups && strcmp(c->group[k], w->group) != 0)
            k++;
        if (!*w->group || (k == c->groups && c->groups == TRACE_GROUPS))
            c->by_group = false;
        else if (k == c->groups)
            c->group[c->groups++] = w->group;
    }
}

static int band_of(const struct trace_workload *w, const struct classes *c)
{
    int band = 0;
    for (size_t n = w->requests; n > 0 && 4 * n < c->most_requests + c->most_requests / 2; n *= 4)
        band++;
    return band;
}

static bool is_taken(const struct trace_parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->parts; i++)
        if (parts->part[i].name && !strcmp(parts->part[i].name, name))
            return true;
    return false;
}

static const char *name_of(const struct trace_parts *parts, const struct trace_part *part, struct arena *arena)
{
    static const char *const class[] = {"notebook", "training", "inference"};
    const char *base = *part->group ? part->group : class[part->class];
    char *name = arena_printf(arena, "%.55s", base);
    for (int i = 2; name && is_taken(parts, name); i++)
        name = arena_printf(arena, "%.55s-%d", base, i);
    return name;
}

static struct trace_part *part_of(struct trace_parts *parts, const struct trace_workload *w,
                                  const struct classes class[3], struct arena *arena)
{
    const struct classes *c = &class[class_of(w)];
    struct trace_part wanted = {.class = class_of(w), .group = c->by_group ? w->group : "", .iterations = -1};
    wanted.band = wanted.class == GST_INFERENCE ? band_of(w, c) : 0;
    for (size_t i = 0; i < parts->parts; i++) {
        struct trace_part *p = &parts->part[i];
        if (p->class == wanted.class && p->band == wanted.band && !strcmp(p->group, wanted.group))
            return p;
    }
    wanted.name = name_of(parts, &wanted, arena);
    struct trace_part *grown = arena_grow(arena, parts->part, &parts->capacity, parts->parts + 1, sizeof *parts->part);
    if (!grown || !wanted.name)
        return NULL;
    parts->part = grown;
    grown[parts->parts] = wanted;
    return &grown[parts->parts++];
}

/* --- samples ------------------------------------------------------------------------------------------------- */

static bool add(struct trace_part *part, enum trace_quantity quantity, int64_t value, struct arena *arena)
{
    struct trace_sample *s = &part->sample[quantity];
    double *grown = arena_grow(arena, s->value, &s->capacity, s->n + 1, sizeof *s->value);
    if (!grown)
        return false;
    s->value = grown;
    s->value[s->n++] = value > 0 ? (double)value : 0;
    return true;
}

/* Of an open loop the time between bursts is what the recording left. */
static int64_t think_before(const struct trace_workload *w, size_t j)
{
    const struct trace_burst *b = &w->burst[j];
    return w->closed ? b->think_ns : b->ready_ns - b[-1].ready_ns - b[-1].work_ns;
}

static bool add_notebook(struct trace_part *part, const struct trace_workload *w, struct arena *arena)
{
    for (size_t j = 0; j < w->bursts; j++)
        if (!add(part, TRACE_BURST, w->burst[j].work_ns, arena) ||
            !add(part, TRACE_GROW, w->burst[j].grow_bytes, arena) ||
            (j > 0 && !add(part, TRACE_THINK, think_before(w, j), arena)))
            return false;
    return true;
}

struct job {
    int64_t iterations, work_ns, gaps_ns, first_ns;
    bool whole; /* all of it was recorded */
};

static struct job job_of(const struct trace_workload *w, int64_t horizon_ns)
{
    struct job job = {.first_ns = w->attach_ns, .whole = w->detach_ns != TRACE_NEVER || horizon_ns == TRACE_NEVER};
    for (size_t j = 0; j < w->runs; j++) {
        const struct trace_run *r = &w->run[j];
        job.iterations += r->iters;
        job.work_ns += r->iters * r->work_ns;
        job.gaps_ns += (r->iters - 1) * r->gap_ns;
        job.first_ns = j == 0 ? r->ready_ns : job.first_ns;
        job.whole = true; /* a T record tells all of a run, also of what lies beyond the horizon */
    }
    for (size_t j = 0; j < w->bursts; j++) {
        job.work_ns += w->burst[j].work_ns;
        job.gaps_ns += j > 0 ? think_before(w, j) : 0;
        job.first_ns = j == 0 && !w->runs ? w->burst[0].ready_ns : job.first_ns;
    }
    job.iterations += (int64_t)w->bursts;
    job.whole = job.whole && job.iterations > 0 && !(w->detach_ns != TRACE_NEVER && w->why != GST_WHY_END);
    return job;
}

static bool add_training(struct trace_part *part, const struct trace_workload *w, int64_t horizon_ns,
                         struct arena *arena)
{
    struct job job = job_of(w, horizon_ns);
    bool good = true;
    for (size_t j = 0; good && j < w->runs; j++)
        good = add(part, TRACE_ITERATION, w->run[j].work_ns, arena) && add(part, TRACE_GAP, w->run[j].gap_ns, arena);
    for (size_t j = 0; good && j < w->bursts; j++)
        good = add(part, TRACE_ITERATION, w->burst[j].work_ns, arena) &&
               (j == 0 || add(part, TRACE_GAP, think_before(w, j), arena));
    if (!good || !job.whole) {
        part->unfinished++;
        return good;
    }
    if (part->iterations < 0)
        part->iterations = job.iterations;
    else if (part->iterations != job.iterations)
        part->iterations = 0;
    return add(part, TRACE_GPU_WORK, job.work_ns, arena) &&
           add(part, TRACE_CPU_WORK, job.first_ns - w->attach_ns + job.gaps_ns, arena);
}

static bool add_inference(struct trace_part *part, const struct trace_workload *w, struct arena *arena)
{
    bool good = true;
    for (size_t j = 0; good && j < w->requests; j++) {
        const struct trace_request *r = &w->request[j];
        good = add(part, TRACE_SERVICE, r->work_ns, arena) && add(part, TRACE_INPUT, r->in, arena) &&
               add(part, TRACE_OUTPUT, r->out, arena) &&
               (j == 0 || add(part, TRACE_ARRIVAL, r->ready_ns - r[-1].ready_ns, arena));
    }
    for (size_t j = 0; good && j < w->bursts; j++)
        good = add(part, TRACE_SERVICE, w->burst[j].work_ns, arena) &&
               (j == 0 || add(part, TRACE_ARRIVAL, w->burst[j].ready_ns - w->burst[j - 1].ready_ns, arena));
    part->requests += w->requests + w->bursts;
    part->slots = w->service.slots > part->slots ? w->service.slots : part->slots;
    return good;
}

static int64_t work_of(const struct trace_workload *w)
{
    int64_t work = 0;
    for (size_t j = 0; j < w->bursts; j++)
        work += w->burst[j].work_ns;
    for (size_t j = 0; j < w->runs; j++)
        work += w->run[j].iters * w->run[j].work_ns;
    for (size_t j = 0; j < w->requests; j++)
        work += w->request[j].work_ns;
    return work;
}

static int64_t most_of(const struct trace_workload *w)
{
    int64_t held = trace_most_held(w), bytes = held > 0 ? held : 0, most = bytes;
    for (size_t j = 0; j < w->bursts; j++)
        if (bytes + w->burst[j].grow_bytes > most)
            most = bytes + w->burst[j].grow_bytes;
    return most;
}

static bool add_workload(struct trace_part *part, const struct trace_workload *w, const struct trace *trace,
                         int64_t span_ns, struct arena *arena)
{
    int64_t leaves = w->detach_ns < span_ns ? w->detach_ns : span_ns, most = most_of(w);
    part->workloads++;
    part->present += (double)(leaves - w->attach_ns) / (double)span_ns;
    part->busy += (double)work_of(w) / (double)span_ns;
    part->most_bytes = most > part->most_bytes ? most : part->most_bytes;
    if (!add(part, TRACE_START, w->attach_ns, arena) ||
        (trace_most_held(w) >= 0 && !add(part, TRACE_MEMORY, trace_most_held(w), arena)))
        return false;
    switch (part->class) {
    case GST_TRAINING:
        return add_training(part, w, trace->horizon_ns, arena);
    case GST_INFERENCE:
        return add_inference(part, w, arena);
    default:
        return add_notebook(part, w, arena);
    }
}

/* What never is anything but 0 is no quantity of the trace. */
static void drop_nothings(struct trace_part *part)
{
    static const enum trace_quantity optional[] = {TRACE_GROW,  TRACE_GAP,    TRACE_CPU_WORK,
                                                   TRACE_INPUT, TRACE_OUTPUT, TRACE_START};
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        struct trace_sample *s = &part->sample[optional[i]];
        bool something = false;
        for (size_t k = 0; k < s->n && !something; k++)
            something = s->value[k] > 0;
        s->n = something ? s->n : 0;
    }
}

/* Fewer are there than if each had stayed from when it came. */
static bool they_leave(const struct trace_part *part, int64_t span_ns)
{
    double stay = 0;
    for (size_t i = 0; i < part->sample[TRACE_START].n; i++)
        stay += 1 - part->sample[TRACE_START].value[i] / (double)span_ns;
    return part->present < 0.95 * stay;
}

int trace_part(struct trace_parts *parts, const struct trace *trace, struct arena *arena, struct error *err)
{
    struct classes class[3];
    *parts = (struct trace_parts){.span_ns = trace_end_ns(trace)};
    if (parts->span_ns <= 0)
        return error_set(err, GS_BAD_INPUT, "nothing happens in the trace; there is nothing to fit");
    survey(class, trace);
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        struct trace_part *part = part_of(parts, w, class, arena);
        if (!part || !add_workload(part, w, trace, parts->span_ns, arena))
            return error_set(err, GS_SYSTEM, "out of memory for the samples; use 'sample', 'from' or 'to'");
        parts->skipped += part->class == GST_NOTEBOOK ? w->runs : 0;
    }
    for (size_t i = 0; i < parts->parts; i++) {
        parts->part[i].leave = they_leave(&parts->part[i], parts->span_ns);
        drop_nothings(&parts->part[i]);
    }
    return GS_OK;
}
