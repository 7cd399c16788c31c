/* samples_series.c - series of samples become workloads with bursts and changes of memory. */
#include "traces/samples.h"
#include "sim/base/units.h"
#include <math.h>
#include <stdlib.h>

int samples_add(struct samples *samples, const struct samples_at *at, const struct sample *sample, struct error *err)
{
    struct import *in = samples->in;
    size_t index = names_find(&samples->keys, at->key);
    if (index == NAMES_NONE) {
        index = samples->count;
        struct series *grown =
            arena_grow(in->arena, samples->series, &samples->capacity, index + 1, sizeof *samples->series);
        if (!grown)
            return import_no_memory(in, err);
        samples->series = grown;
        grown[index] = (struct series){.show = arena_strdup(in->arena, at->show),
                                       .group = *at->group ? import_id(in, at->group) : ""};
        if (!grown[index].show || !grown[index].group || !names_add(&samples->keys, at->key, index, in->arena))
            return import_no_memory(in, err);
        samples->count++;
    }
    struct series *series = &samples->series[index];
    struct sample *grown =
        arena_grow(in->arena, series->sample, &series->capacity, series->samples + 1, sizeof *series->sample);
    if (!grown)
        return import_no_memory(in, err);
    series->sample = grown;
    grown[series->samples++] = *sample;
    return GS_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->us > y->us) - (x->us < y->us);
}

/* In order of time, one sample a time: memory and utilisation may have come apart. */
static void tidy(struct series *series)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < series->samples; i++)
        sorted = sorted && series->sample[i - 1].us <= series->sample[i].us;
    if (!sorted)
        qsort(series->sample, series->samples, sizeof *series->sample, by_time);
    for (size_t i = 0; i < series->samples; i++) {
        struct sample *s = &series->sample[i], *before = &series->sample[kept - (kept > 0)];
        if (!kept || before->us != s->us) {
            series->sample[kept++] = *s;
            continue;
        }
        /* Of two values for one time the greater counts: it does not depend on their order in the file. */
        before->mem = fmax(before->mem, s->mem);
        before->util = fmax(before->util, s->util);
    }
    series->samples = kept;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct conversion {
    struct samples *samples;
    struct import *in;
    int64_t first_us, end_us; /* of the recording */
    int64_t step_us, gap_us;
    double idle, mem_change;
    size_t run;
    bool keep_pace;
    struct names ids;
    uint64_t short_runs, came_back, left, no_work;
};

/* The median distance of two samples of a series, leaving out those over which it was away; 1 s if there is none. */
static int find_step(struct conversion *c, struct error *err)
{
    size_t n = 0, most = 0;
    c->step_us = c->in->value[SAMPLES_STEP].i / 1000;
    if (c->step_us)
        return GS_OK;
    for (size_t i = 0; i < c->samples->count; i++)
        most += c->samples->series[i].samples;
    int64_t *distance = heap_resize(NULL, (most + 1) * sizeof *distance);
    if (!distance)
        return import_no_memory(c->in, err);
    for (size_t i = 0; i < c->samples->count; i++) {
        const struct series *s = &c->samples->series[i];
        for (size_t j = 1; j < s->samples; j++)
            distance[n++] = s->sample[j].us - s->sample[j - 1].us;
    }
    qsort(distance, n, sizeof *distance, by_value);
    c->step_us = n ? distance[(n - 1) / 2] : 1000000;
    heap_free(distance);
    return GS_OK;
}

static int find_span(struct conversion *c, struct error *err)
{
    struct samples *all = c->samples;
    char step[UNITS_TEXT], gap[UNITS_TEXT];
    c->first_us = INT64_MAX;
    c->end_us = INT64_MIN;
    for (size_t i = 0; i < all->count; i++) {
        tidy(&all->series[i]);
        const struct series *s = &all->series[i];
        c->first_us = s->sample[0].us < c->first_us ? s->sample[0].us : c->first_us;
        c->end_us = s->sample[s->samples - 1].us > c->end_us ? s->sample[s->samples - 1].us : c->end_us;
    }
    int code = find_step(c, err);
    if (code)
        return code;
    if (c->step_us > c->gap_us)
        return error_set(err, GS_BAD_INPUT,
                         "'%s': samples are %s apart, longer than the gap of %s after which a workload has left; set "
                         "the option 'gap' above that",
                         c->in->file, units_show_time(step, (double)c->step_us * 1e3),
                         units_show_time(gap, (double)c->gap_us * 1e3));
    c->end_us += c->step_us;
    if (c->first_us + c->in->value[SAMPLES_LENGTH].i / 1000 > c->end_us)
        c->end_us = c->first_us + c->in->value[SAMPLES_LENGTH].i / 1000;
    if (c->end_us - c->first_us > GST_TIME_MAX)
        return error_set(err, GS_BAD_INPUT, "'%s': samples span more than 100 years; is 'time_unit' right?",
                         c->in->file);
    return GS_OK;
}

static int64_t since_start(const struct conversion *c, int64_t us)
{
    return (us - c->first_us) * 1000;
}

/* A burst of samples [from, to), the next of them at `next_us`. */
static bool add_burst(struct conversion *c, struct trace_workload *w, const struct sample *s, size_t from, size_t to,
                      int64_t next_us, int64_t *ended_ns)
{
    double us = 0;
    for (size_t i = from; i < to; i++)
        us += s[i].util * (double)((i + 1 < to ? s[i + 1].us : next_us) - s[i].us);
    int64_t work = llround(us) * 1000, ready = since_start(c, s[from].us);
    c->short_runs += to - from < c->run;
    c->no_work += to - from >= c->run && !work;
    if (to - from < c->run || !work)
        return true;
    struct trace_burst *burst = trace_add_burst(w, c->in->arena);
    if (!burst)
        return false;
    *burst = (struct trace_burst){.ready_ns = ready, .work_ns = work};
    if (w->closed && w->bursts > 1)
        burst->think_ns = ready - *ended_ns;
    *ended_ns = c->keep_pace ? ready + work : since_start(c, next_us);
    return true;
}

/* Bursts of the samples [0, n), the last of which stands until `end_us`.  Utilisation that a sample lacks is that of
 * the one before. */
static bool add_bursts(struct conversion *c, struct trace_workload *w, struct sample *s, size_t n, int64_t end_us)
{
    int64_t ended_ns = 0;
    size_t from = n; /* of the burst under way */
    for (size_t i = 0; i < n; i++) {
        if (isnan(s[i].util))
            s[i].util = i ? s[i - 1].util : 0;
        bool busy = s[i].util > c->idle;
        if (busy && from == n)
            from = i;
        if (busy || from == n)
            continue;
        if (!add_burst(c, w, s, from, i, s[i].us, &ended_ns))
            return false;
        from = n;
    }
    return from == n || add_burst(c, w, s, from, n, end_us, &ended_ns);
}

static bool add_memory(struct conversion *c, struct trace_workload *w, const struct sample *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t bytes = isnan(s[i].mem) ? -1 : llround(s[i].mem);
        if (bytes < 0)
            continue;
        if (w->memory_bytes < 0) {
            w->memory_bytes = bytes; /* the first that is known holds from the arrival */
            continue;
        }
        int64_t held = w->resizes ? w->resize[w->resizes - 1].bytes : w->memory_bytes;
        if (bytes == held || fabs((double)bytes - (double)held) <= c->mem_change)
            continue;
        struct trace_resize *resize = trace_add_resize(w, c->in->arena);
        if (!resize)
            return false;
        *resize = (struct trace_resize){since_start(c, s[i].us), bytes};
    }
    return true;
}

/* The samples [0, n) of a series lie no more than a gap apart: one workload. */
static bool add_workload(struct conversion *c, const struct series *series, struct sample *s, size_t n)
{
    struct import *in = c->in;
    enum gst_class class = (enum gst_class)in->value[SAMPLES_CLASS].i;
    int64_t end_us = s[n - 1].us + c->step_us;
    const char *id = names_id(&c->ids, series->show, in->arena);
    struct trace_workload *w = id ? import_workload(in, id, class, since_start(c, s[0].us)) : NULL;
    if (!w)
        return false;
    w->group = series->group;
    w->closed = in->value[SAMPLES_LOOP].i == 0;
    if (c->end_us - end_us > c->gap_us) {
        w->detach_ns = since_start(c, end_us);
        c->left++;
    }
    return add_memory(c, w, s, n) && add_bursts(c, w, s, n, end_us);
}

static bool split(struct conversion *c, const struct series *series)
{
    size_t from = 0;
    for (size_t i = 1; i <= series->samples; i++) {
        if (i < series->samples && series->sample[i].us - series->sample[i - 1].us <= c->gap_us)
            continue;
        if (!add_workload(c, series, series->sample + from, i - from))
            return false;
        c->came_back += i < series->samples;
        from = i;
    }
    return true;
}

static bool assume(struct conversion *c)
{
    struct import *in = c->in;
    char step[UNITS_TEXT], gap[UNITS_TEXT], change[UNITS_TEXT];
    units_write_time(step, c->step_us * 1000);
    units_write_time(gap, c->gap_us * 1000);
    units_write_size(change, in->value[SAMPLES_MEM_CHANGE].i);
    return import_assume(in, "step", "%s%s; the last sample before an end stands for as long", step,
                         in->value[SAMPLES_STEP].i ? "" : "; the median distance of samples") &&
           import_assume(in, "life",
                         "from the first sample; left where none comes for more than %s: %llu; of these "
                         "%llu came back as somebody new",
                         gap, (unsigned long long)c->left, (unsigned long long)c->came_back) &&
           import_assume(in, "mem",
                         "all memory in use as sampled is swappable; changes of up to %s passed over; %zu "
                         "samples without",
                         change, c->samples->no_memory) &&
           import_assume(in, "work",
                         "utilisation above %g %% times the time to the next sample; %llu runs of fewer "
                         "than %zu samples passed over; %zu samples without",
                         c->idle * 100, (unsigned long long)c->short_runs, c->run, c->samples->no_util) &&
           import_assume(in, "think", "from the last busy sample's end%s",
                         c->keep_pace ? "; and the time that the burst before left unused" : "") &&
           import_assume(in, "class", "all the same; loop %s", in->value[SAMPLES_LOOP].i ? "open" : "closed");
}

int samples_finish(struct samples *samples, struct error *err)
{
    struct import *in = samples->in;
    struct conversion c = {.samples = samples,
                           .in = in,
                           .gap_us = in->value[SAMPLES_GAP].i / 1000,
                           .idle = in->value[SAMPLES_IDLE].d,
                           .mem_change = (double)in->value[SAMPLES_MEM_CHANGE].i,
                           .run = (size_t)in->value[SAMPLES_RUN].i,
                           .keep_pace = in->value[SAMPLES_PACE].i};
    if (!samples->count)
        return GS_OK; /* whoever called says that there is nothing */
    int code = find_span(&c, err);
    if (code)
        return code;
    for (size_t i = 0; i < samples->count; i++)
        if (!split(&c, &samples->series[i]))
            return import_no_memory(in, err);
    in->trace->horizon_ns = since_start(&c, c.end_us);
    return assume(&c) ? GS_OK : import_no_memory(in, err);
}
