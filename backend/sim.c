/* sim.c - the simulated node: an event heap for a clock, and the dispatch of its events and commands. */
#include "backend/sim_state.h"

#include <assert.h>
#include <math.h>

void sim_push(struct backend *be, gs_ns at_ns, enum sim_kind kind, uint32_t entity, uint64_t *word)
{
    if (at_ns >= GS_NEVER || at_ns < be->clock.now_ns)
        return;
    if (!queue_push(&be->queue, at_ns, kind, entity, word))
        be->out_of_memory = true;
    if (at_ns < be->clock.next_ns)
        be->clock.next_ns = at_ns;
}

struct backend_event *sim_post(struct backend *be, uint8_t event, uint32_t workload)
{
    be->clock.next_ns = be->clock.now_ns;
    return mailbox_post(&be->mail, event, workload, be->clock.now_ns);
}

void device_account(struct backend *be, struct device *device)
{
    gs_ns spent = be->clock.now_ns - device->accounted_ns;

    device->accounted_ns = be->clock.now_ns;
    if (device->executing > 0)
        device->usage.useful_ns += spent;
    else if (device->switching > 0)
        device->usage.switching_ns += spent;
    else if (device->lingering > 0)
        device->usage.held_ns += spent;
}

bool sim_probe(char why[BACKEND_WHY])
{
    why[0] = '\0';
    return true;
}

static void open_node(struct backend *be, const struct node_group *group, uint32_t id, uint32_t gpu)
{
    bool fcfs = group->link_discipline == LINK_FCFS;

    be->node[id] = (struct sim_node){
        .first_gpu = gpu,
        .gpus = (uint32_t)group->gpus,
        .host_rate = group->host_bandwidth * 1e-9,
        .duplex = group->duplex,
        .overhead_ns = group->swap_overhead,
        .idle_detect_ns = group->idle_detect,
        .chunk_bytes = group->chunk,
        .swap_file_bytes = group->swap_file,
        .pinned_bytes = group->pinned < group->swap_file ? group->pinned : INT64_MAX,
        .pageable_rate = group->pageable * 1e-9,
        .pin_ns_per_gib = group->pin_cost,
        .overlapped = group->transfer == TRANSFER_OVERLAPPED,
    };
    for (uint32_t end = gpu + (uint32_t)group->gpus; gpu < end; gpu++) {
        be->device[gpu] = (struct device){.free_bytes = group->gpu_memory - group->gpu_reserved,
                                          .node = id,
                                          .lead = gpu,
                                          .width = 1,
                                          .speed = group->gpu_speed,
                                          .scales = group->gpu_speed < 1.0 || group->gpu_speed > 1.0,
                                          .starved_head = GS_NONE};
        be->link[2 * gpu] =
            (struct link){.rate = group->h2d * 1e-9, .width = 1, .twin = 2 * gpu + 1, .node = id, .fcfs = fcfs};
        be->link[2 * gpu + 1] =
            (struct link){.rate = group->d2h * 1e-9, .width = 1, .twin = 2 * gpu, .node = id, .fcfs = fcfs};
    }
    be->link[2 * be->gpus + id] = (struct link){.rate = group->disk * 1e-9, .width = 1, .twin = GS_NONE, .node = id};
}

static void open_nodes(struct backend *be)
{
    int64_t skip = be->setup->first_node; /* nodes of others, before the first of ours */
    uint32_t gpu = 0, id = 0;

    for (size_t g = 0; g < be->setup->scenario->nodes; g++) {
        const struct node_group *group = &be->setup->scenario->node[g];
        for (int64_t k = skip; k < group->count && id < be->nodes; k++, id++) {
            open_node(be, group, id, gpu);
            gpu += (uint32_t)group->gpus;
        }
        skip = skip > group->count ? skip - group->count : 0;
    }
}

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM,
                     "out of memory for the simulated node; use fewer workloads or replications at a time");
}

int sim_open(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    struct arena *arena = setup->arena;
    struct backend *be = arena_alloc(arena, sizeof *be);

    if (be == NULL)
        return no_memory(err);
    be->finish = (struct backend_event){.kind = BACKEND_FINISH,
                                        .event = {.kind = GS_IDLE, .timer = GS_NONE, .since_ns = GS_NEVER}};
    be->setup = setup;
    be->workloads = setup->setup->workloads;
    be->nodes = setup->setup->nodes;
    for (uint32_t i = 0; i < be->nodes; i++)
        be->gpus += setup->setup->node[i].gpus;
    be->process = arena_array(arena, be->workloads, sizeof *be->process);
    be->device = arena_array(arena, be->gpus, sizeof *be->device);
    be->link = arena_array(arena, 2 * (size_t)be->gpus + be->nodes, sizeof *be->link);
    be->node = arena_array(arena, be->nodes, sizeof *be->node);
    be->timer_word = arena_array(arena, be->gpus + (size_t)be->workloads, sizeof *be->timer_word);
    if (!mailbox_open(&be->mail, 4 * be->workloads + 16, arena) || be->process == NULL || be->device == NULL ||
        be->link == NULL || be->node == NULL || be->timer_word == NULL ||
        !tournament_open(&be->ends, be->gpus, arena) || queue_init(&be->queue, 4 * (size_t)be->gpus + 16) != GS_OK)
        return no_memory(err);
    open_nodes(be);
    for (size_t g = 0; g < setup->scenario->nodes; g++)
        if (be->copy == NULL && pinned_matters(&setup->scenario->node[g]) &&
            (be->copy = arena_array(arena, be->workloads, sizeof *be->copy)) == NULL)
            return no_memory(err);
    for (uint32_t i = 0; i < be->workloads; i++) {
        const struct workload_group *group = &setup->scenario->workload[setup->setup->workload[i].group];
        be->process[i].slots = setup->setup->workload[i].slots;
        be->process[i].cold_start_ns = group->cold_start;
        be->process[i].warm_start_ns = group->warm_start;
        be->process[i].gpu = GS_NONE;
        be->process[i].base_bytes = setup->setup->workload[i].bytes;
    }
    *out = be;
    return GS_OK;
}

static int failed(const struct backend *be, struct error *err)
{
    if (be->too_long)
        return error_set(
            err, GS_UNSATISFIABLE,
            "a burst takes more than 208 days of its GPU, alone; cut long draws off with trunc(DIST,lo,hi)");
    return be->out_of_memory ? no_memory(err) : mailbox_check(&be->mail, err);
}

int sim_submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    switch (command->kind) {
    case GS_PLACE:
        be->process[command->workload].gpu = command->gpu;
        device_gather(be, command->gpu, be->setup->setup->workload[command->workload].gpus);
        be->process[command->workload].detect_ns = be->node[be->device[command->gpu].node].idle_detect_ns;
        pinned_place(be, command);
        break;
    case GS_RUN:
        process_run(be, command);
        break;
    case GS_STOP:
        process_stop(be, command->workload, command->yield);
        break;
    case GS_KILL:
        process_kill(be, command->workload);
        break;
    case GS_SWAP_IN:
    case GS_SWAP_OUT:
    case GS_CLEAN:
        transfer_begin(be, command);
        break;
    case GS_DROP:
        pinned_free(be, command->workload);
        break;
    case GS_HOLD:
        process_hold(be, command->workload, command->bytes);
        break;
    case GS_TIMER_SET:
        sim_push(be, command->at_ns, SIM_TIMER, command->timer, &be->timer_word[command->timer]);
        break;
    default:
        break; /* notes */
    }
    return failed(be, err);
}

/* The live word of an event: one that differs is stale. */
static uint64_t live_word(const struct backend *be, struct queue_event e)
{
    uint32_t entity = queue_entity(e);

    switch (queue_kind(e)) {
    case SIM_DELAY_OVER:
        return be->process[entity].delay_word;
    case SIM_IDLE:
        return be->process[entity].idle_word;
    case SIM_LINK:
        return be->link[entity].word;
    case SIM_OVERHEAD_OVER:
        return be->process[entity].swap.word;
    case SIM_READY:
        return be->process[entity].swap.ready_word;
    default:
        return be->timer_word[entity];
    }
}

/* NULL: nothing that others should know of. */
static const struct backend_event *burst_end(struct backend *be, uint32_t gpu)
{
    struct job *job = compute_end(be, gpu);

    if (job == NULL || (be->process[job->workload].swap.active && stream_holds(be, job)))
        return NULL;
    be->finish.event.at_ns = be->clock.now_ns;
    be->finish.event.workload = job->workload;
    be->finish.job = job;
    be->finish.idle = process_finished(be, job);
    return &be->finish;
}

static __attribute__((noinline)) void happen(struct backend *be, struct queue_event e)
{
    uint32_t entity = queue_entity(e);

    switch (queue_kind(e)) {
    case SIM_DELAY_OVER:
        process_delay_over(be, entity);
        break;
    case SIM_IDLE:
        process_idle(be, entity);
        break;
    case SIM_LINK:
        transfer_arrived(be, entity);
        break;
    case SIM_OVERHEAD_OVER:
        transfer_overhead_over(be, entity);
        break;
    case SIM_READY:
        stream_ready(be, entity);
        break;
    default:
        be->timer_word[entity] = 0;
        sim_post(be, GS_TIMER, GS_NONE)->event.timer = entity;
        break;
    }
}

/* Take the next letter; an idle notice whose process found work again is thrown away. */
static struct backend_event *next_mail(struct backend *be)
{
    struct backend_event *letter;

    while ((letter = mailbox_take(&be->mail)) != NULL) {
        if (letter->event.kind == GS_DONE && letter->event.command == GS_STOP)
            process_take_stop(be, letter->event.workload, &letter->event);
        if (letter->event.kind != GS_IDLE || process_take_idle(be, letter->event.workload, &letter->event))
            return letter;
    }
    return NULL;
}

/* The earliest of the ends of bursts and all else; ends first, as others may wait for them. */
static gs_ns earliest_ns(struct backend *be)
{
    gs_ns at_ns = queue_next_ns(&be->queue);

    return tournament_next_ns(&be->ends) <= at_ns ? tournament_next_ns(&be->ends) : at_ns;
}

int sim_wait(struct backend *be, gs_ns until_ns, const struct backend_event **out, struct error *err)
{
    static const struct backend_event nothing = {.kind = BACKEND_NOTHING};

    while (be->mail.count == 0 || (*out = next_mail(be)) == NULL) {
        gs_ns at_ns = earliest_ns(be);
        if (at_ns > until_ns) {
            be->clock.now_ns = until_ns;
            *out = &nothing;
            break;
        }
        be->clock.now_ns = at_ns;
        if (at_ns == tournament_next_ns(&be->ends)) {
            if ((*out = burst_end(be, tournament_first(&be->ends))) != NULL)
                break;
            continue;
        }
        struct queue_event e = queue_pop(&be->queue);
        if (e.word == live_word(be, e))
            happen(be, e);
    }
    be->clock.next_ns = be->mail.count > 0 ? be->clock.now_ns : earliest_ns(be);
    return failed(be, err);
}

void sim_usage(struct backend *be, uint32_t gpu, struct gpu_usage *out)
{
    uint32_t lead = be->device[gpu].lead;

    device_account(be, &be->device[lead]);
    compute_progress(be, lead);
    *out = be->device[lead].usage;
    if (lead != gpu)
        usage_add(out, &be->device[gpu].usage, 1);
}

void sim_close(struct backend *be)
{
    if (be == NULL)
        return;
    assert(pinned_balances(be));
    queue_fini(&be->queue);
}

const struct backend_ops backend_sim = {
    .name = "sim",
    .help = "a simulated node: the clock is an event heap, times come from docs/model.md",
    .open = sim_open,
    .submit = sim_submit,
    SIM_OPS,
};
