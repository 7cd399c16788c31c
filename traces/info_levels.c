/* info_levels.c - how many workloads are there at a time, and how many are served, if each has a GPU of its own. */
#include "traces/info_parts.h"
#include <stdlib.h>

/* Begins and ends of spells, each sorted for itself: to count how many last, it does not matter whose they are. */
struct spells {
    int64_t *from, *to;
    size_t n;
    int64_t first_ns, end_ns; /* what lies outside is cut off */
};

static void add_spell(struct spells *s, int64_t from, int64_t to)
{
    from = from > s->first_ns ? from : s->first_ns;
    to = to < s->end_ns ? to : s->end_ns;
    if (from >= to)
        return;
    s->from[s->n] = from;
    s->to[s->n++] = to;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* `work`, which is 0 or more, after `from`; what goes on for ever ends late enough. */
static int64_t after(int64_t from, int64_t work)
{
    return work > INT64_MAX / 2 - from ? INT64_MAX / 2 : from + work;
}

/* A workload has one burst at a time, and one run of iterations; requests do not wait for each other. */
static void add_service(struct spells *s, const struct trace_workload *w)
{
    int64_t until = w->detach_ns == TRACE_NEVER || w->why == GST_WHY_END ? s->end_ns : least(w->detach_ns, s->end_ns);
    int64_t end = 0;
    for (size_t i = 0; i < w->bursts; i++) {
        const struct trace_burst *b = &w->burst[i];
        int64_t from = w->closed && i ? after(end, b->think_ns) : most(b->ready_ns, end);
        end = after(from, b->work_ns);
        add_spell(s, from, least(end, until));
    }
    end = 0;
    for (size_t i = 0; i < w->runs; i++) {
        const struct trace_run *r = &w->run[i];
        int64_t from = most(r->ready_ns, end), one = r->work_ns + r->gap_ns;
        end = r->iters > INT64_MAX / 2 / most(one, 1) ? INT64_MAX / 2 : after(from, r->iters * one);
        add_spell(s, from, least(end, until));
    }
    for (size_t i = 0; i < w->requests; i++)
        add_spell(s, w->request[i].ready_ns, least(after(w->request[i].ready_ns, w->request[i].work_ns), until));
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool make_spells(struct spells *s, const struct trace *trace, bool service)
{
    size_t room = 1;
    *s = (struct spells){.end_ns = trace_end_ns(trace)};
    s->first_ns = trace->workloads ? trace->workload[0].attach_ns : 0;
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        room += service ? w->bursts + w->runs + w->requests : 1;
    }
    s->from = heap_resize(NULL, room * sizeof *s->from);
    s->to = heap_resize(NULL, room * sizeof *s->to);
    if (!s->from || !s->to)
        return false;
    for (size_t i = 0; i < trace->workloads; i++) {
        const struct trace_workload *w = &trace->workload[i];
        if (service)
            add_service(s, w);
        else
            add_spell(s, w->attach_ns, w->detach_ns);
    }
    qsort(s->from, s->n, sizeof *s->from, by_time);
    qsort(s->to, s->n, sizeof *s->to, by_time);
    return true;
}

static void free_spells(struct spells *s)
{
    heap_free(s->from);
    heap_free(s->to);
}

/* Go over the times at which the level changes: `level` holds over [from, to). */
struct walk {
    const struct spells *s;
    size_t begun, ended;
    int64_t from, to;
    size_t level;
};

static bool walk_next(struct walk *w)
{
    const struct spells *s = w->s;
    w->from = w->to;
    while (w->ended < s->n && s->to[w->ended] <= w->from)
        w->ended++;
    while (w->begun < s->n && s->from[w->begun] <= w->from)
        w->begun++;
    w->level = w->begun - w->ended;
    w->to = s->end_ns;
    if (w->begun < s->n)
        w->to = least(w->to, s->from[w->begun]);
    if (w->ended < s->n)
        w->to = least(w->to, s->to[w->ended]);
    return w->from < w->to;
}

static bool describe(struct trace_levels *levels, const struct spells *s)
{
    double *time = heap_resize(NULL, (s->n + 1) * sizeof *time), whole = (double)(s->end_ns - s->first_ns), passed = 0;
    *levels = (struct trace_levels){0};
    if (!time)
        return false;
    for (size_t i = 0; i <= s->n; i++)
        time[i] = 0;
    size_t top = 0;
    for (struct walk w = {.s = s, .to = s->first_ns}; walk_next(&w);) {
        time[w.level] += (double)(w.to - w.from);
        levels->mean += (double)w.level * (double)(w.to - w.from) / whole;
        top = w.level > top ? w.level : top;
    }
    levels->max = (double)top;
    double *const quantile[] = {&levels->p5, &levels->p50, &levels->p95};
    static const double share[] = {0.05, 0.50, 0.95};
    size_t next = 0;
    for (size_t i = 0; i <= top; i++)
        for (passed += time[i]; next < 3 && passed >= share[next] * whole; next++)
            *quantile[next] = (double)i;
    heap_free(time);
    return true;
}

bool info_levels(struct trace_info *info, const struct trace *trace)
{
    bool ok = true;
    for (int service = 0; ok && service < 2; service++) {
        struct spells s;
        ok = make_spells(&s, trace, service) && describe(service ? &info->in_service : &info->present, &s);
        free_spells(&s);
    }
    return ok;
}

static void fill_bins(struct trace_bin *bin, size_t n, const struct spells *s, bool service)
{
    double length = (double)(s->end_ns - s->first_ns) / (double)n;
    for (struct walk w = {.s = s, .to = s->first_ns}; walk_next(&w);) {
        double from = (double)(w.from - s->first_ns) / length, to = (double)(w.to - s->first_ns) / length;
        for (size_t i = (size_t)from; i < n && (double)i < to; i++) {
            double part = (to < (double)i + 1 ? to : (double)i + 1) - (from > (double)i ? from : (double)i);
            double level = (double)w.level;
            if (!service)
                bin[i].present += level * part;
            else
                bin[i].in_service += level * part;
            if (service && level > bin[i].in_service_peak)
                bin[i].in_service_peak = level;
        }
    }
}

struct trace_bin *trace_bins(const struct trace *trace, size_t n, struct arena *arena)
{
    struct trace_bin *bin = arena_array(arena, n, sizeof *bin);
    bool ok = bin != NULL;
    for (int service = 0; ok && service < 2; service++) {
        struct spells s;
        ok = make_spells(&s, trace, service);
        for (size_t i = 0; ok && i < n; i++)
            bin[i].from_s = ((double)s.first_ns + (double)(s.end_ns - s.first_ns) * (double)i / (double)n) / 1e9;
        if (ok)
            fill_bins(bin, n, &s, service);
        free_spells(&s);
    }
    return ok ? bin : NULL;
}
