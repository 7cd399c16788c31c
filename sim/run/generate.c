/* generate.c - drive the load of a scenario by itself and write all that it asks for as a trace. */
#include "sim/run/generate.h"

#include "sim/load/load.h"
#include "traces/gst.h"

#include <stdio.h>
#include <string.h>

/* What must be remembered of a workload that is there. */
struct asked {
    gs_ns ended_ns; /* its last burst, alone; -1 before the first */
    bool told;      /* its run of iterations has been written whole */
};

struct generator {
    const struct scenario *scenario;
    const struct gs_workload_spec *spec;
    struct asked *asked;
    uint32_t *number; /* of the trace, by workload: those are numbered as they come */
    uint32_t come;
    struct gst_writer *writer;
    struct generated *made;
    struct error *err;
};

static int64_t to_us(gs_ns ns)
{
    return (ns + 500) / 1000;
}

static int put(struct generator *g, struct gst_record *record)
{
    g->made->records++;
    return gst_put(g->writer, record, g->err);
}

/* --- header -------------------------------------------------------------------------------------------------- */

/* Printable, of a length that a header takes. */
static char *header_text(const char *text, struct arena *arena)
{
    enum { LONGEST = 900 };
    char *shown = arena_printf(arena, "%.*s", LONGEST, text);
    for (char *p = shown; p && *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
        else if (*p == ',')
            *p = ';'; /* a reader may split values at commas */
    return shown;
}

static bool add_note(struct gst_note *note, size_t *notes, bool assume, const char *key, const char *value)
{
    note[(*notes)++] = (struct gst_note){assume, key, value};
    return key && value;
}

/* A key of the scenario as the key of a header: only such characters, and not too many. */
static char *header_key(const struct setting *s, struct arena *arena)
{
    char *key = arena_printf(arena, "%.30s.%.30s", s->section, s->key);
    for (char *p = key; p && *p; p++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *p))
            *p = '_';
    return key;
}

static int create(struct generator *g, const char *path, struct arena *arena)
{
    const struct scenario *s = g->scenario;
    const char *slash = strrchr(s->file, '/');
    struct gst_note *note = arena_array(arena, s->settings + 6, sizeof *note);
    size_t notes = 0;
    bool good = note && add_note(note, &notes, false, "name", header_text(s->name, arena)) &&
                add_note(note, &notes, false, "source", header_text(slash ? slash + 1 : s->file, arena)) &&
                add_note(note, &notes, false, "importer",
                         arena_printf(arena, "generate,1,seed=%llu", (unsigned long long)s->seed));
    if (good && s->duration != GS_NEVER)
        good = add_note(note, &notes, false, "horizon", arena_printf(arena, "%lld", (long long)to_us(s->duration)));
    good = good &&
           add_note(note, &notes, true, "load", "synthetic; drawn from the laws below; each workload alone on a GPU");
    for (size_t i = 0; good && i < s->settings; i++)
        if (!strncmp(s->setting[i].section, "workload", 8))
            good = add_note(note, &notes, true, header_key(&s->setting[i], arena),
                            header_text(s->setting[i].value, arena));
    return good ? gst_create(&g->writer, path, note, notes, g->err)
                : error_set(g->err, GS_SYSTEM, "out of memory for the trace's header");
}

/* --- records ------------------------------------------------------------------------------------------------- */

static const struct workload_group *group_of(const struct generator *g, uint32_t workload)
{
    return &g->scenario->workload[g->spec[workload].group];
}

/* Iterations that are all alike are one T record. */
static bool runs_evenly(const struct workload_group *group)
{
    return group->class == GS_TRAINING && group->iterates && group->iteration.kind == DIST_CONSTANT &&
           group->gap.kind == DIST_CONSTANT;
}

static int put_service(struct generator *g, const struct workload_group *group, uint32_t id, int64_t t_us)
{
    struct gst_record record = {.kind = GST_SERVICE, .id = id, .t_us = t_us, .given = 1u << 4, .s.slots = group->slots};
    return group->class == GS_INFERENCE && group->slots > 1 ? put(g, &record) : GS_OK;
}

static int attach(struct generator *g, const struct load_event *event)
{
    const struct gs_workload_spec *spec = &g->spec[event->workload];
    const struct workload_group *group = group_of(g, event->workload);
    char name[GST_ID_MAX + 1], in_group[GST_ID_MAX + 1];
    int64_t request = (int64_t)(spec->request * (double)GST_PPM + 0.5);
    bool asks = spec->request > 0 && request > 0;
    snprintf(in_group, sizeof in_group, "%.50s", group->name);
    for (char *p = in_group; *p; p++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *p))
            *p = '_';
    snprintf(name, sizeof name, "%.50s-%u", in_group, (unsigned)event->workload + 1);
    struct gst_record record = {
        .kind = GST_WORKLOAD,
        .id = g->come,
        .t_us = to_us(event->at_ns),
        .name = name,
        .text = in_group,
        .given = 1u << 0 | (spec->gpus > 1 ? 1u << 1 : 0) | 1u << 2 | (spec->context_bytes > 0 ? 1u << 3 : 0) |
                 (asks ? 1u << 4 : 0) | (spec->limit < 1 ? 1u << 5 : 0) | 1u << 6 | (spec->swappable ? 0 : 1u << 7) |
                 1u << 8 | 1u << 9,
        .w = {.class = group->class == GS_INFERENCE  ? GST_INFERENCE
                       : group->class == GS_TRAINING ? GST_TRAINING
                                                     : GST_NOTEBOOK,
              .gpus = spec->gpus,
              .mem = spec->bytes,
              .floor = spec->context_bytes,
              .req = request,
              .lim = (int64_t)(spec->limit * (double)GST_PPM + 0.5),
              .prio = spec->priority,
              .swap = spec->swappable,
              .loop = group->class == GS_INFERENCE ? GST_OPEN : GST_CLOSED},
    };
    g->asked[event->workload].ended_ns = -1;
    g->number[event->workload] = g->come++;
    g->made->workloads++;
    int code = put(g, &record);
    return code ? code : put_service(g, group, g->number[event->workload], record.t_us);
}

static int iterate(struct generator *g, const struct load_event *event)
{
    const struct workload_group *group = group_of(g, event->workload);
    struct asked *asked = &g->asked[event->workload];
    int64_t gap = to_us((gs_ns)(group->gap.a + 0.5)), work = to_us(event->job->work_ns);
    struct gst_record record = {.kind = GST_ITERATE,
                                .id = g->number[event->workload],
                                .t_us = to_us(event->at_ns),
                                .given = 1u << 0 | 1u << 1 | (gap > 0 ? 1u << 2 : 0),
                                .t = {.iters = group->iterations, .iter_work = work > 0 ? work : 1, .gap = gap}};
    if (asked->told)
        return GS_OK;
    asked->told = true;
    g->made->bursts++;
    return put(g, &record);
}

static int burst(struct generator *g, const struct load_event *event)
{
    const struct workload_group *group = group_of(g, event->workload);
    struct asked *asked = &g->asked[event->workload];
    int64_t work = to_us(event->job->work_ns), grow = event->job->bytes - g->spec[event->workload].bytes;
    struct gst_record record = {.kind = group->class == GS_INFERENCE ? GST_REQUEST : GST_BURST,
                                .id = g->number[event->workload],
                                .t_us = to_us(event->at_ns)};
    work = work > 0 ? work : 1;
    if (record.kind == GST_REQUEST) {
        record.given = 1u << 2;
        record.r.work = work;
    } else {
        record.given = 1u << 0 | (asked->ended_ns >= 0 ? 1u << 1 : 0) | (grow > 0 ? 1u << 2 : 0);
        record.b.work = work;
        record.b.think = asked->ended_ns >= 0 ? to_us(event->at_ns - asked->ended_ns) : 0;
        record.b.grow = grow;
    }
    asked->ended_ns = event->at_ns + event->job->work_ns;
    g->made->bursts++;
    return put(g, &record);
}

static int leave(struct generator *g, const struct load_event *event)
{
    struct gst_record record = {.kind = GST_DEPART, .id = g->number[event->workload], .t_us = to_us(event->at_ns)};
    return put(g, &record);
}

/* A burst ends `work` after it became ready, so the load can be told at once: it only speaks of what comes after. */
static int follow(struct generator *g, struct load *load)
{
    int code = GS_OK;
    while (!code && load_next_ns(load) <= g->scenario->duration && load_next_ns(load) != GS_NEVER) {
        struct load_event event;
        load_next(load, &event);
        if (load_failed(load))
            return error_set(g->err, GS_SYSTEM, "out of memory for the load");
        if (event.kind == LOAD_ATTACH)
            code = attach(g, &event);
        else if (event.kind == LOAD_BURST)
            code = runs_evenly(group_of(g, event.workload)) ? iterate(g, &event) : burst(g, &event);
        else if (event.kind == LOAD_DETACH)
            code = leave(g, &event);
        if (event.kind == LOAD_BURST)
            load_ended(load, event.job, event.at_ns + event.job->work_ns);
        g->made->end_ns = event.at_ns;
    }
    return code;
}

static int open_load(struct generator *g, struct load **load, struct arena *arena)
{
    struct load_traces *traces;
    struct gs_workload_spec *spec;
    uint32_t count;
    int code = load_read_traces(&traces, g->scenario, arena, g->err);
    if (!code)
        code = load_specs(g->scenario, traces, 0, &spec, &count, arena, g->err);
    if (!code)
        code = load_open(load, g->scenario, traces, 0, spec, count, arena, g->err);
    if (code)
        return code;
    g->spec = spec;
    g->asked = arena_array(arena, count, sizeof *g->asked);
    g->number = arena_array(arena, count, sizeof *g->number);
    return g->asked && g->number ? GS_OK : error_set(g->err, GS_SYSTEM, "out of memory for the workloads");
}

int generate_trace(struct generated *made, const struct scenario *scenario, const char *path, struct error *err)
{
    struct generator g = {.scenario = scenario, .made = made, .err = err};
    struct arena arena = {0};
    struct load *load = NULL;
    *made = (struct generated){0};
    if (scenario->traces > 0)
        return error_set(err, GS_BAD_INPUT,
                         "[trace.%s] is recorded already; 'trace generate' draws from [workload.NAME] sections only",
                         scenario->trace[0].name);
    for (size_t i = 0; i < scenario->workloads; i++) {
        const struct workload_group *group = &scenario->workload[i];
        if (group->router.kind == ROUTER_LEAST_LOADED || group->router.kind == ROUTER_HOT_FIRST)
            return error_set(err, GS_BAD_INPUT,
                             "where the router of '%s' sends a request depends on what runs; 'trace generate' does not "
                             "run anything, so take 'random', 'round_robin' or 'zipf(s)'",
                             group->name);
        if (group->class == GS_INFERENCE && group->arrival.kind == ARRIVAL_USERS)
            return error_set(err, GS_BAD_INPUT,
                             "when the users of '%s' ask again depends on what runs; 'trace generate' does not run "
                             "anything, so give 'arrival' as a rate",
                             group->name);
    }
    int code = open_load(&g, &load, &arena);
    if (!code)
        code = create(&g, path, &arena);
    if (!code)
        code = follow(&g, load);
    if (!code)
        code = gst_commit(g.writer, err);
    else
        gst_discard(g.writer);
    arena_fini(&arena);
    return code;
}
