/* node.c - live mode's commands and events: swaps go to the mover, bursts to the processes, and one look at all of them
 * after the other tells what has happened. */
#include "backend/live/node.h"
#include "backend/device.h"
#include "backend/live/state.h"
#include "backend/live/timing.h"

#include <string.h>

struct backend_event *live_post(struct backend *be, uint8_t kind, uint32_t workload)
{
    struct backend_event *letter = &be->mail[(be->mail_head + be->mail_count) % be->mail_capacity];

    be->mail_count++;
    *letter = (struct backend_event){
        .kind = BACKEND_EVENT,
        .event = {.since_ns = GS_NEVER, .workload = workload, .timer = GS_NONE, .kind = kind},
    };
    return letter;
}

void live_account(struct backend *be)
{
    gs_ns spent = be->clock.now_ns - be->accounted_ns;

    if (spent <= 0)
        return;
    be->accounted_ns = be->clock.now_ns;
    if (be->executing > 0)
        be->usage.useful_ns += spent;
    else if (be->switching > 0)
        be->usage.switching_ns += spent;
    else if (be->lingering > 0)
        be->usage.held_ns += spent;
}

void live_catch_up(struct backend *be)
{
    while (live_clock_now(&be->time) < be->clock.now_ns)
        live_clock_rest(&be->time, be->clock.now_ns);
}

static int check_setup(const struct backend_setup *setup, struct error *err)
{
    const struct gs_setup *s = setup->setup;

    if (s->nodes != 1 || s->node[0].gpus != 1)
        return error_set(err, GS_UNSATISFIABLE, "live mode knows one node with one GPU so far");
    for (uint32_t i = 0; i < s->workloads; i++)
        if (s->workload[i].slots != 1)
            return error_set(err, GS_UNSATISFIABLE, "live mode knows workloads with 'slots = 1' only, so far");
    return GS_OK;
}

static int open_gpu(struct backend *be, struct error *err)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    const struct live_device *device = be->setup->device;
    struct gpu_options options = {.chunk_bytes = node->chunk, .ordinal = device != NULL ? (int)device->ordinal[0] : 0};
    int64_t needed = node->gpu_memory - node->gpu_reserved, cap = node->swap ? node->swap_file : 0;
    int64_t all = 0;
    int rc;

    if ((rc = driver_open(&be->driver, err)) != GS_OK)
        return rc;
    timing_begin(&be->driver, &be->time, device);
    if ((rc = gpu_open(&be->gpu, &be->driver, &options, err)) != GS_OK)
        return rc;
    if (be->gpu.free_bytes < needed)
        return error_set(err, GS_UNSATISFIABLE, "the GPU has %lld MiB free, and the scenario asks for %lld MiB",
                         (long long)(be->gpu.free_bytes >> 20), (long long)(needed >> 20));
    be->gpu.free_bytes = needed; /* what is beyond is for what whole chunks take beyond their workloads' memory */
    for (uint32_t i = 0; i < be->workloads; i++)
        all += be->setup->setup->workload[i].bytes + be->gpu.chunk_bytes;
    cap = cap < all ? cap : all; /* no more than could ever be used */
    return slots_open(&be->slots, &be->gpu, (uint32_t)(cap / be->gpu.chunk_bytes) + LIVE_DEPTH, -1, be->setup->arena,
                      err);
}

static int open_arrays(struct backend *be, struct error *err)
{
    struct arena *arena = be->setup->arena;

    be->timers = 1 + be->workloads;
    be->mail_capacity = 4 * be->workloads + 16;
    be->process = arena_array(arena, be->workloads, sizeof *be->process);
    be->timer_ns = arena_array(arena, be->timers, sizeof *be->timer_ns);
    be->mail = arena_array(arena, be->mail_capacity, sizeof *be->mail);
    if (be->process == NULL || be->timer_ns == NULL || be->mail == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for live mode; use fewer workloads");
    for (uint32_t i = 0; i < be->timers; i++)
        be->timer_ns[i] = GS_NEVER;
    for (uint32_t i = 0; i < be->workloads; i++) {
        be->process[i].start_at_ns = be->process[i].idle_at_ns = be->process[i].move_at_ns = GS_NEVER;
        be->process[i].base_bytes = be->setup->setup->workload[i].bytes;
    }
    return GS_OK;
}

static void close_node(struct backend *be)
{
    if (be == NULL)
        return;
    for (uint32_t i = 0; i < be->workloads && be->process != NULL; i++) {
        memory_close(&be->process[i].memory);
        for (unsigned k = 0; k < LIVE_QUANTA; k++)
            if (be->process[i].quantum[k].ended != NULL)
                be->driver.event_destroy(be->process[i].quantum[k].ended);
    }
    slots_close(&be->slots);
    gpu_close(&be->gpu);
    driver_close(&be->driver);
}

static int open_node(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    struct backend *be = arena_alloc(setup->arena, sizeof *be);
    int rc;

    *out = NULL;
    if (be == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for live mode; use fewer workloads");
    be->setup = setup;
    be->workloads = setup->setup->workloads;
    if ((rc = check_setup(setup, err)) != GS_OK || (rc = open_arrays(be, err)) != GS_OK ||
        (rc = open_gpu(be, err)) != GS_OK) {
        close_node(be);
        return rc;
    }
    live_clock_start(&be->time, &be->driver, setup->device != NULL ? setup->device->time_scale : 1);
    mover_init(&be->mover, &be->gpu, &be->slots, LIVE_DEPTH, (gs_ns)(1e9 * be->time.scale));
    be->mover.fcfs = setup->scenario->node[0].link_discipline == LINK_FCFS;
    be->clock.next_ns = 0;
    *out = be;
    return GS_OK;
}

/* --- commands --- */

/* It begins there.  To write its words takes the host a while; for those who are there from the start, time begins after it. */
static int place_in_swap_file(struct backend *be, struct process *p, struct error *err)
{
    int rc = live_hold(p, be->setup->setup->workload[live_id(be, p)].bytes, err);

    if (rc == GS_OK)
        rc = memory_write_copies(&p->memory, err);
    if (be->clock.now_ns == 0)
        live_clock_start(&be->time, &be->driver, be->time.scale);
    return rc;
}

static int place(struct backend *be, uint32_t workload, struct error *err)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    struct process *p = &be->process[workload];
    unsigned flags = CU_EVENT_DISABLE_TIMING | CU_EVENT_BLOCKING_SYNC;
    int rc;

    p->detect_ns = node->idle_detect;
    if (p->placed)
        return GS_OK;
    p->placed = true;
    rc = memory_open(&p->memory, &be->gpu, &be->slots, node->gpu_memory - node->gpu_reserved, be->setup->setup->seed,
                     workload, be->setup->arena, err);
    for (unsigned i = 0; i < LIVE_QUANTA && rc == GS_OK; i++)
        rc = gpu_try(&be->gpu, be->driver.event_create(&p->quantum[i].ended, flags), "cuEventCreate", err);
    p->memory.keeps_copy = be->setup->setup->workload[workload].keeps_host_copy;
    if (rc == GS_OK && be->setup->setup->workload[workload].initial == GS_HOST)
        rc = place_in_swap_file(be, p, err);
    return rc;
}

static int begin_move(struct backend *be, struct process *p, struct error *err)
{
    enum move_kind kind = p->command.kind == GS_SWAP_IN    ? MOVE_IN
                          : p->command.kind == GS_SWAP_OUT ? MOVE_OUT
                                                           : MOVE_CLEAN;
    int rc = GS_OK;

    p->move_at_ns = GS_NEVER;
    be->mover.awaited -= kind == MOVE_OUT;
    if (kind == MOVE_IN)
        rc = live_hold(p, p->command.bytes, err);
    return rc == GS_OK ? mover_begin(&be->mover, &p->memory, kind, err) : rc;
}

static int no_disk(struct error *err)
{
    return error_set(err, GS_UNSATISFIABLE, "live mode has no disk to spill to, so far");
}

static int swap(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];
    const struct gs_workload_spec *spec = &be->setup->setup->workload[command->workload];
    gs_ns overhead_ns = be->setup->scenario->node[0].swap_overhead;

    if (command->reason == GS_BECAUSE_SPILL)
        return no_disk(err);
    if (command->kind == GS_SWAP_OUT && command->bytes < p->held_bytes)
        return error_set(err, GS_UNSATISFIABLE, "live mode swaps whole workloads only, so far");
    live_account(be);
    be->switching += command->kind != GS_CLEAN;
    p->command = *command;
    p->moving = true;
    if (command->kind == GS_SWAP_IN && command->moved_bytes == 0)
        overhead_ns = 0; /* the first residency allocates; nothing is swapped */
    else if (command->kind == GS_SWAP_IN && !gs_by_disk(command->reason))
        overhead_ns += be->setup->scenario->workload[spec->group].warm_start;
    if (command->reason == GS_BECAUSE_COLD) /* stands for the load from disk, which there is none of */
        overhead_ns = be->setup->scenario->workload[spec->group].cold_start;
    p->move_at_ns = be->clock.now_ns + overhead_ns;
    be->mover.awaited += command->kind == GS_SWAP_OUT;
    return overhead_ns > 0 ? GS_OK : begin_move(be, p, err);
}

static int hold(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];

    p->base_bytes = command->bytes;
    if (p->granted || p->moving || p->gone || p->held_bytes <= command->bytes)
        return GS_OK;
    return live_hold(p, command->bytes, err);
}

static int submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    live_catch_up(be);
    be->clock.next_ns = be->clock.now_ns;
    switch (command->kind) {
    case GS_PLACE:
        return place(be, command->workload, err);
    case GS_RUN:
        return live_run(be, command, err);
    case GS_STOP:
        live_stop(be, command->workload, command->yield);
        return GS_OK;
    case GS_SWAP_IN:
    case GS_SWAP_OUT:
    case GS_CLEAN:
        return swap(be, command, err);
    case GS_HOLD:
        return hold(be, command, err);
    case GS_DROP:
        if (command->reason == GS_BECAUSE_SPILL)
            return no_disk(err);
        memory_drop_copies(&be->process[command->workload].memory);
        return GS_OK;
    case GS_KILL:
        return error_set(err, GS_UNSATISFIABLE, "live mode does not end processes for memory, so far");
    case GS_TIMER_SET:
        be->timer_ns[command->timer] = command->at_ns;
        return GS_OK;
    default:
        return GS_OK; /* notes */
    }
}

/* --- events --- */

static int look_at_moves(struct backend *be, struct error *err)
{
    struct memory *ended;
    bool failed;
    int rc;

    for (uint32_t i = 0; i < be->workloads; i++)
        if (be->process[i].move_at_ns <= be->clock.now_ns && (rc = begin_move(be, &be->process[i], err)) != GS_OK)
            return rc;
    do {
        if ((rc = mover_pump(&be->mover, be->clock.now_ns, &ended, &failed, err)) != GS_OK)
            return rc;
        if (ended != NULL) {
            struct process *p = &be->process[ended->id];

            live_account(be);
            be->switching -= p->command.kind != GS_CLEAN;
            p->moving = false;
            if (p->command.kind == GS_SWAP_IN && !failed && (rc = live_verify_arrived(be, p, err)) != GS_OK)
                return rc;
            live_post(be, failed ? GS_FAILED : GS_DONE, live_id(be, p))->event.command = p->command.kind;
            if (p->gone)
                memory_close(&p->memory);
        }
    } while (ended != NULL);
    return GS_OK;
}

/* When something is due by itself, apart from what the GPU does. */
static gs_ns due_ns(const struct backend *be)
{
    gs_ns at_ns = GS_NEVER;

    for (uint32_t i = 0; i < be->timers; i++)
        at_ns = be->timer_ns[i] < at_ns ? be->timer_ns[i] : at_ns;
    for (uint32_t i = 0; i < be->workloads; i++) {
        const struct process *p = &be->process[i];

        at_ns = p->start_at_ns < at_ns ? p->start_at_ns : at_ns;
        at_ns = p->idle_at_ns < at_ns ? p->idle_at_ns : at_ns;
        at_ns = p->move_at_ns < at_ns ? p->move_at_ns : at_ns;
        at_ns = live_end_ns(p) < at_ns ? live_end_ns(p) : at_ns;
    }
    return at_ns;
}

static bool is_busy(const struct backend *be)
{
    for (uint32_t i = 0; i < be->workloads; i++)
        if (be->process[i].job != NULL || be->process[i].in_flight > 0)
            return true;
    return be->mail_count > 0 || !mover_is_idle(&be->mover) || due_ns(be) < GS_NEVER;
}

/* Look at everything once: what has happened goes into the mail, or is the end of a burst. */
static int look(struct backend *be, const struct backend_event **out, struct error *err)
{
    int rc = look_at_moves(be, err);

    for (uint32_t i = 0; i < be->timers && rc == GS_OK; i++)
        if (be->timer_ns[i] <= be->clock.now_ns) {
            be->timer_ns[i] = GS_NEVER;
            live_post(be, GS_TIMER, GS_NONE)->event.timer = i;
        }
    for (uint32_t i = 0; i < be->workloads && rc == GS_OK && *out == NULL; i++) {
        struct process *p = &be->process[i];
        struct job *ended = NULL;

        if (!p->placed || (rc = live_step(be, p, &ended, err)) != GS_OK || ended == NULL)
            continue;
        be->finish = (struct backend_event){.kind = BACKEND_FINISH,
                                            .idle = p->idle_posted,
                                            .job = ended,
                                            .event = {.at_ns = be->clock.now_ns, .workload = i, .timer = GS_NONE}};
        *out = &be->finish;
    }
    return rc;
}

static const struct backend_event *next_mail(struct backend *be)
{
    while (be->mail_count > 0) {
        be->out = be->mail[be->mail_head];
        be->mail_head = (be->mail_head + 1) % be->mail_capacity;
        be->mail_count--;
        be->out.event.at_ns = be->clock.now_ns;
        if (be->out.event.kind == GS_DONE && be->out.event.command == GS_STOP)
            live_take_stop(be, be->out.event.workload, &be->out.event);
        if (be->out.event.kind != GS_IDLE || live_take_idle(be, be->out.event.workload, &be->out.event))
            return &be->out;
    }
    return NULL;
}

/* When the loop is to ask again. */
static gs_ns next_ns(const struct backend *be, bool nothing)
{
    enum { LOOK_NS = 1000000 }; /* ahead, while something is under way of which the end is not known */

    return !is_busy(be) ? GS_NEVER : be->clock.now_ns + (nothing ? LOOK_NS : 0);
}

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **out, struct error *err)
{
    static const struct backend_event nothing = {.kind = BACKEND_NOTHING};
    int rc = GS_OK;

    *out = NULL;
    while (rc == GS_OK && *out == NULL) {
        gs_ns now_ns = live_clock_now(&be->time), due;

        bool late = now_ns > until_ns;

        /* The loop has something to do at `until_ns`: what happened later is looked at afterwards, lest it count as
         * earlier than it was. */
        now_ns = late ? until_ns : now_ns;
        be->clock.now_ns = now_ns > be->clock.now_ns ? now_ns : be->clock.now_ns;
        if ((*out = next_mail(be)) != NULL || (!late && ((rc = look(be, out, err)) != GS_OK || *out != NULL)) ||
            be->mail_count > 0)
            continue;
        if (be->clock.now_ns >= until_ns) {
            *out = &nothing;
            break;
        }
        due = due_ns(be);
        live_clock_rest(&be->time, due < until_ns ? due : until_ns);
    }
    if (rc == GS_OK && be->failure.code != GS_OK)
        rc = error_set(err, be->failure.code, "%s", be->failure.text);
    be->clock.next_ns = next_ns(be, *out == &nothing);
    return rc;
}

static void usage(struct backend *be, uint32_t gpu, struct gpu_usage *out)
{
    (void)gpu;
    live_account(be);
    *out = be->usage;
}

static bool probe(char why[BACKEND_WHY])
{
    why[0] = '\0';
    return true;
}

const struct backend_ops live_node = {
    .name = "live",
    .help = "workloads on a GPU",
    .probe = probe,
    .open = open_node,
    .submit = submit,
    .offer = live_offer,
    .wait = wait,
    .idle = live_take_idle,
    .forget = live_forget,
    .usage = usage,
    .close = close_node,
};
