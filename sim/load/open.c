/* open.c - from a scenario's groups to the workloads of one replication: what each declares, and its source of work. */
#include "sim/load/sources.h"

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for the workloads; use a smaller 'count'");
}

static uint8_t initial_state(const struct workload_group *g)
{
    switch (g->state) {
    case INITIAL_GPU:
        return GS_RESIDENT;
    case INITIAL_HOST:
        return GS_HOST;
    case INITIAL_DISK:
        return GS_DISK;
    case INITIAL_NEW:
        return GS_NEW;
    default:
        return g->class == GS_INFERENCE ? GS_HOST : GS_NEW;
    }
}

static void declare(struct gs_workload_spec *spec, const struct scenario *scenario, uint32_t group,
                    uint32_t replication, uint32_t id)
{
    const struct workload_group *g = &scenario->workload[group];
    struct stream memory;

    stream_init(&memory, scenario->seed, replication, id, PURPOSE_MEMORY);
    *spec = (struct gs_workload_spec){
        .group = group,
        .class = (uint8_t)g->class,
        .priority = (uint8_t)g->priority,
        .initial = initial_state(g),
        .gpus = (uint32_t)g->gpus_per_workload,
        .slots = g->class == GS_INFERENCE && g->slots > 0 ? (uint32_t)g->slots : 1,
        .swappable = g->swappable && g->fraction == FRACTION_DYNAMIC,
        .never_on_swap_node = !g->swappable,
        .pools = scenario_pool(g, NULL),
        .regular_fraction = g->fraction == FRACTION_REGULAR,
        .keeps_host_copy = g->keep_host_copy,
        .bytes = dist_draw_integer(&g->memory, &memory),
        .drop_bytes = g->kv_cache,
        .stops = g->unload == UNLOAD_STOP,
        .context_bytes = g->context,
        .request = g->request,
        .limit = g->limit,
        .dirty = g->dirty,
    };
}

static uint32_t members(const struct workload_group *g, const struct load_traces *traces)
{
    return (uint32_t)(g->trace >= 0 ? traces->replay[g->trace].trace.workloads : (size_t)g->count);
}

int load_specs(const struct scenario *scenario, const struct load_traces *traces, uint32_t replication,
               struct gs_workload_spec **out, uint32_t *count, struct arena *arena, struct error *err)
{
    uint32_t total = 0, id = 0;

    for (size_t g = 0; g < scenario->workloads; g++)
        total += members(&scenario->workload[g], traces);
    struct gs_workload_spec *spec = arena_array(arena, total, sizeof *spec);
    if (spec == NULL)
        return no_memory(err);
    for (uint32_t g = 0; g < scenario->workloads; g++) {
        const struct workload_group *group = &scenario->workload[g];
        for (uint32_t k = 0; k < members(group, traces); k++, id++) {
            declare(&spec[id], scenario, g, replication, id);
            if (group->trace >= 0)
                replay_declare(&spec[id], scenario, &traces->replay[group->trace], (size_t)group->trace,
                               &traces->replay[group->trace].trace.workload[k], replication);
        }
    }
    *out = spec;
    *count = total;
    return GS_OK;
}

static uint8_t kind_of(const struct workload_group *g)
{
    if (g->trace >= 0)
        return SOURCE_REPLAY;
    if (g->class == GS_NOTEBOOK)
        return SOURCE_NOTEBOOK;
    if (g->class == GS_INFERENCE)
        return SOURCE_REQUESTS;
    return g->iterates ? SOURCE_ITERATIONS : SOURCE_JOB;
}

gs_ns load_start_ns(const struct scenario *scenario, uint32_t replication, uint32_t number, uint32_t group)
{
    struct stream start;

    stream_init(&start, scenario->seed, replication, number, PURPOSE_START);
    return dist_draw_integer(&scenario->workload[group].start, &start);
}

/* Its streams are those of workload `number` of the scenario. */
static void open_source(struct load *load, const struct scenario *scenario, uint32_t replication, uint32_t id,
                        uint32_t number, const struct gs_workload_spec *spec)
{
    struct source *s = &load->source[id];
    const struct workload_group *g = &scenario->workload[spec->group];

    s->group = g;
    s->kind = kind_of(g);
    s->base_bytes = spec->bytes;
    s->end_ns = -1;
    s->next_ns = s->change_ns = s->detach_ns = GS_NEVER;
    s->left = g->iterations;
    s->grows = g->grow.kind != DIST_CONSTANT || g->grow.a > 0.0;
    s->finite = s->kind == SOURCE_JOB || s->kind == SOURCE_ITERATIONS;
    stream_init(&s->think, scenario->seed, replication, number, PURPOSE_THINK);
    stream_init(&s->burst, scenario->seed, replication, number, PURPOSE_BURST);
    stream_init(&s->grow, scenario->seed, replication, number,
                s->kind == SOURCE_REQUESTS ? PURPOSE_ARRIVAL : PURPOSE_GROW);
    stream_init(&s->service, scenario->seed, replication, number, PURPOSE_SERVICE);
    if (s->kind == SOURCE_REPLAY)
        return; /* the trace says when it comes */
    load->finite_left += s->finite;
    load->endless += !s->finite;
    load_schedule(load, load_start_ns(scenario, replication, number, spec->group), id);
}

static uint32_t routers(const struct scenario *scenario)
{
    uint32_t count = 0;

    for (size_t g = 0; g < scenario->workloads; g++)
        count += scenario->workload[g].router.kind != ROUTER_EACH;
    return count;
}

static bool open_doors(struct load *load, const struct scenario *scenario, const struct load_traces *traces,
                       uint32_t replication)
{
    uint32_t first = 0;

    for (size_t g = 0; g < scenario->workloads; first += members(&scenario->workload[g], traces), g++)
        if (scenario->workload[g].router.kind != ROUTER_EACH &&
            !door_open(load, first, (uint32_t)scenario->workload[g].count, scenario, replication))
            return false;
    return true;
}

/* Sources for `count` workloads, `number` of them in the scenario (NULL: all of it). */
static struct load *open_sources(const struct scenario *scenario, uint32_t replication, const uint32_t *number,
                                 const struct gs_workload_spec *spec, uint32_t count, uint32_t doors,
                                 struct arena *arena)
{
    struct load *load = arena_alloc(arena, sizeof *load);

    if (load == NULL)
        return NULL;
    load->clock.next_ns = GS_NEVER;
    load->arena = arena;
    load->count = count;
    load->source = arena_array(arena, count + (size_t)doors, sizeof *load->source);
    load->door = arena_array(arena, doors, sizeof *load->door);
    if (load->source == NULL || (load->door == NULL && doors > 0) || !tournament_open(&load->due, count + doors, arena))
        return NULL;
    for (uint32_t id = 0; id < count; id++)
        open_source(load, scenario, replication, id, number == NULL ? id : number[id], &spec[id]);
    return load;
}

int load_open(struct load **out, const struct scenario *scenario, const struct load_traces *traces,
              uint32_t replication, const struct gs_workload_spec *spec, uint32_t count, struct arena *arena,
              struct error *err)
{
    struct load *load = open_sources(scenario, replication, NULL, spec, count, routers(scenario), arena);

    if (load == NULL || !open_doors(load, scenario, traces, replication) ||
        !replay_open(load, traces, spec, scenario) || !replay_start(load))
        return no_memory(err);
    *out = load;
    return load_error(load, err);
}

bool load_divides(const struct scenario *scenario)
{
    bool fixed = true;

    for (size_t g = 0; g < scenario->workloads; g++)
        fixed = fixed && scenario->workload[g].class != GS_NOTEBOOK &&
                !(scenario->workload[g].class == GS_TRAINING && scenario->workload[g].iterations > 1);
    return scenario->traces == 0 && routers(scenario) == 0 && !fixed;
}

int load_open_part(struct load **out, const struct scenario *scenario, uint32_t replication, const uint32_t *number,
                   const struct gs_workload_spec *spec, uint32_t count, struct arena *arena, struct error *err)
{
    *out = open_sources(scenario, replication, number, spec, count, 0, arena);
    return *out == NULL ? no_memory(err) : load_error(*out, err);
}
