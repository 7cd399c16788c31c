/* replication.c - the loop: the next event goes to the controller, its commands go to the backend, the recorder watches. */
#include "sim/run/replication.h"
#include "sim/run/nodes.h"

/* All bursts that a workload waits with end, refused; the workload itself goes on, unless it is `gone`. */
static void drop_bursts(struct replication *r, uint32_t workload, gs_ns now_ns, enum outcome outcome, bool gone)
{
    struct job *next;

    for (struct job *job = r->ops->forget(r->backend, workload, gone); job != NULL; job = next) {
        next = job->next;
        recorder_ended(r->rec, job, now_ns, outcome);
        load_ended(r->load, job, now_ns);
    }
}

static void refuse(struct replication *r, const struct gs_command *command, gs_ns now_ns)
{
    bool at_arrival =
        command->gpu == GS_NONE || controller_view(r->ctl)->workload[command->workload].state == GS_ABSENT;

    r->coupled |= at_arrival;
    if (at_arrival) {
        load_cancel(r->load, command->workload);
        recorder_refused(r->rec, command->workload, command->reason, now_ns);
    }
    drop_bursts(r, command->workload, now_ns, command->reason == GS_BECAUSE_TOO_LARGE ? OUTCOME_OOM : OUTCOME_REJECTED,
                false);
}

/* Its process ends: its bursts are lost, and a job begins again. */
static void kill_process(struct replication *r, const struct gs_command *command, gs_ns now_ns)
{
    load_killed(r->load, command->workload);
    drop_bursts(r, command->workload, now_ns, OUTCOME_KILLED, false);
}

/* Hand an event to the controller; record and perform what it answers. */
static int step(struct replication *r, const struct gs_event *event, struct error *err)
{
    const struct gs_commands *commands = controller_step(r->ctl, event);
    bool unsettled = event->at_ns <= r->settled_ns;
    int rc = recorder_event(r->rec, event, commands, err);

    for (uint32_t i = 0; i < commands->count && rc == GS_OK; i++) {
        const struct gs_command *command = &commands->item[i];
        recorder_command(r->rec, command, event->at_ns);
        if (unsettled && command->kind == GS_PLACE && command->reason == GS_BECAUSE_MOVED)
            r->coupled = true;
        if (command->kind == GS_KILL)
            kill_process(r, command, event->at_ns);
        rc = r->ops->submit(r->backend, command, err);
        if (command->kind == GS_REJECT)
            refuse(r, command, event->at_ns);
    }
    recorder_settle(r->rec, event);
    if (r->plan->watch != NULL)
        r->plan->watch->step(r->plan->watch->context, event, commands);
#ifndef NDEBUG
    const char *wrong = controller_check(r->ctl);
    if (wrong != NULL)
        return error_set(err, GS_BUG, "at %.9f s: %s; please report this scenario", (double)event->at_ns * 1e-9, wrong);
#endif
    return rc;
}

/* What has happened by itself.  The event is filled in where it stays: a copy would cost more than the decision. */
static int take_load(struct replication *r, struct error *err)
{
    const struct load_event *happening = &r->happening;
    struct gs_event *event = &r->event;

    event->at_ns = happening->at_ns;
    event->since_ns = GS_NEVER;
    event->bytes = 0;
    event->workload = happening->workload;
    event->timer = GS_NONE;
    event->command = 0;
    switch (happening->kind) {
    case LOAD_BURST:
        if (load_refuses(r->load, happening->job)) {
            recorder_turned_away(r->rec, happening->job);
            load_ended(r->load, happening->job, happening->at_ns);
            return GS_OK;
        }
        recorder_ready(r->rec, happening->job);
        if (!r->ops->offer(r->backend, happening->job))
            return GS_OK;
        event->kind = GS_WANT;
        event->since_ns = happening->job->ready_ns;
        event->bytes = happening->job->bytes;
        break;
    case LOAD_ATTACH:
        event->kind = GS_ATTACH;
        break;
    case LOAD_RESIZE:
        event->kind = GS_RESIZE;
        event->bytes = happening->value;
        break;
    case LOAD_UPDATE:
        event->kind = GS_UPDATE;
        event->command = happening->field;
        event->bytes = happening->value;
        break;
    case LOAD_DETACH:
        drop_bursts(r, happening->workload, happening->at_ns, OUTCOME_CENSORED, true);
        event->kind = GS_DETACH;
        r->coupled |= happening->at_ns <= r->settled_ns;
        break;
    case LOAD_FAILED:
        return load_error(r->load, err);
    default:
        return GS_OK;
    }
    return step(r, event, err);
}

/* A burst of `workload` ended at `at_ns`.  What is wished for on its node at once, its own next burst or its leaving among it,
 * comes before anything else of that time, a timer for instance; then it is idle, if it is. */
static int take_end(struct replication *r, uint32_t workload, gs_ns at_ns, bool idle, struct error *err)
{
    uint32_t node = controller_view(r->ctl)->workload[workload].node;
    int rc = GS_OK;

    while (rc == GS_OK && at_ns < r->end_ns && load_follows(r->load, at_ns, node, &r->happening))
        rc = take_load(r, err);
    if (rc == GS_OK && idle && r->ops->idle(r->backend, workload, &r->event))
        rc = step(r, &r->event, err);
    return rc;
}

static int take_backend(struct replication *r, const struct backend_event *happening, struct error *err)
{
    gs_ns at_ns = happening->event.at_ns;
    uint32_t workload = happening->event.workload;
    bool idle = happening->idle;

    if (happening->kind == BACKEND_WISH) {
        recorder_ready(r->rec, happening->job);
        return happening->event.kind == GS_WANT ? step(r, &happening->event, err) : GS_OK;
    }
    if (happening->kind == BACKEND_AGAIN) {
        recorder_again(r->rec, happening->job, at_ns);
        return step(r, &happening->event, err);
    }
    if (happening->kind == BACKEND_EVENT) {
        if (happening->event.kind == GS_DETACH)
            drop_bursts(r, workload, at_ns, OUTCOME_CENSORED, true);
        return step(r, &happening->event, err);
    }
    recorder_ended(r->rec, happening->job, at_ns, OUTCOME_DONE);
    load_ended(r->load, happening->job, at_ns);
    return take_end(r, workload, at_ns, idle, err);
}

static bool over(const struct replication *r)
{
    return r->end_ns == GS_NEVER && load_is_over(r->load);
}

static void set_mark(struct replication *r)
{
    gs_ns mark_ns = recorder_mark_ns(r->rec);

    r->mark_ns = mark_ns < r->until_ns ? mark_ns : r->until_ns;
}

/* The clock has come to `at_ns` and nothing is due in the backend. */
static int take_own(struct replication *r, gs_ns at_ns, struct error *err)
{
    if (at_ns >= r->mark_ns) {
        recorder_until(r->rec, at_ns);
        set_mark(r);
    }
    if (at_ns >= r->end_ns || load_next_ns(r->load) != at_ns)
        return GS_OK;
    load_next(r->load, &r->happening);
    return take_load(r, err);
}

static bool is_stopped(struct replication *r)
{
    r->stopped = r->plan->stop != NULL && *r->plan->stop != 0;
    return r->stopped;
}

/* In a live run time passes by itself: the loop waits for its own next thing, in slices, so that it sees an interrupt and
 * somebody can look on.  True: an interrupt has come. */
static bool look_up(struct replication *r)
{
    const struct run_watch *watch = r->plan->watch;
    const struct run_sight sight = {
        .now_ns = r->clock->now_ns,
        .end_ns = r->end_ns,
        .view = controller_view(r->ctl),
        .setup = &r->setup,
        .tally = recorder_counted(r->rec),
        .sums = recorder_sums(r->rec, 0),
        .backend = r->backend,
        .ops = r->ops,
    };

    watch->look(watch->context, &sight);
    if (!is_stopped(r))
        return false;
    r->at_ns = r->clock->now_ns;
    return true;
}

/* Is the backend to be asked before the loop does what it has itself to do at `own_ns`; how far? */
static bool ask_backend(const struct replication *r, gs_ns own_ns, gs_ns *until_ns)
{
    const struct run_watch *watch = r->plan->watch;
    bool due = r->clock->next_ns <= own_ns && r->clock->next_ns < GS_NEVER;

    /* What is due in the backend may turn out to be nothing: without an own time, look no further than that. */
    *until_ns = own_ns < GS_NEVER ? own_ns : r->clock->next_ns;
    if (watch == NULL)
        return due;
    if (*until_ns > r->clock->now_ns + watch->slice_ns)
        *until_ns = r->clock->now_ns + watch->slice_ns;
    return due || (own_ns < GS_NEVER && own_ns > r->clock->now_ns);
}

int replication_until(struct replication *r, gs_ns until_ns, struct error *err)
{
    const struct backend_event *happening;
    int rc = GS_OK;

    r->until_ns = until_ns < r->end_ns ? until_ns : r->end_ns;
    set_mark(r);
    while (rc == GS_OK && !over(r)) {
        gs_ns load_ns = load_next_ns(r->load), own_ns = load_ns < r->mark_ns ? load_ns : r->mark_ns, ask_ns;
        if (r->plan->watch != NULL ? look_up(r) : is_stopped(r))
            break;
        if (ask_backend(r, own_ns, &ask_ns)) {
            rc = r->ops->wait(r->backend, ask_ns, &happening, err);
            if (rc == GS_OK && happening->kind != BACKEND_NOTHING) {
                r->at_ns = happening->event.at_ns;
                rc = take_backend(r, happening, err);
            }
            continue;
        }
        if (r->end_ns == GS_NEVER && r->clock->next_ns == GS_NEVER && load_ns == GS_NEVER) {
            r->at_ns = r->clock->now_ns;
            r->dead_end = true;
            break;
        }
        if (own_ns >= r->until_ns && r->until_ns < r->end_ns)
            break;
        r->at_ns = r->clock->now_ns = own_ns;
        rc = take_own(r, own_ns, err);
        if (own_ns >= r->end_ns)
            break;
    }
    return rc != GS_OK ? rc : load_error(r->load, err);
}

/* What the nodes are, and what is to run there. */
static int open_load(struct replication *r, struct arena *arena, struct error *err)
{
    const struct replication_plan *plan = r->plan;
    const struct replication_part *part = r->part;
    struct gs_workload_spec *spec;
    uint32_t workloads;
    int rc;

    if (part != NULL) {
        r->setup = part->setup;
        return load_open_part(&r->load, plan->scenario, plan->replication, part->number, part->setup.workload,
                              part->setup.workloads, arena, err);
    }
    if ((rc = load_specs(plan->scenario, plan->traces, plan->replication, &spec, &workloads, arena, err)) != GS_OK ||
        (rc = setup_make(&r->setup, plan->scenario, spec, workloads, arena, err)) != GS_OK)
        return rc;
    return load_open(&r->load, plan->scenario, plan->traces, plan->replication, spec, workloads, arena, err);
}

static int open_recorder(struct replication *r, struct arena *arena, struct error *err)
{
    const struct replication_plan *plan = r->plan;
    struct recorder_setup rs = {
        .scenario = plan->scenario,
        .setup = &r->setup,
        .view = controller_view(r->ctl),
        .load = r->load,
        .backend = r->backend,
        .ops = r->ops,
        .replication = plan->replication,
        .is_live = plan->watch != NULL,
        .gpus = controller_view(r->ctl)->gpus,
        .warmup_ns = plan->warmup_ns,
        .horizon_ns = plan->scenario->duration,
        .arena = arena,
        .mser = r->part == NULL ? plan->mser : NULL,
        .results = plan->results,
        .part = r->part == NULL ? NULL : &r->part->watched,
    };

    return recorder_open(&r->rec, &rs, err);
}

int replication_open(struct replication *r, const struct replication_plan *plan, const struct replication_part *part,
                     struct arena *arena, struct error *err)
{
    const struct scenario *scenario = plan->scenario;
    int rc;

    *r = (struct replication){.plan = plan,
                              .part = part,
                              .ops = plan->backend,
                              .end_ns = scenario->duration,
                              .settled_ns = part == NULL ? -1 : part->settled_ns};
    if ((rc = open_load(r, arena, err)) != GS_OK)
        return rc;
    r->setup.oracle = setup_needs_oracle(scenario) == NULL ? NULL : &r->oracle.asked;
    r->ctl = setup_controller(&r->setup, arena);
    if (r->ctl == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the controller; use fewer workloads");
    load_see(r->load, controller_view(r->ctl));
    load_follow(r->load, plan->wishes);
    if (r->ops->wishes)
        load_from_outside(r->load);
    if (r->setup.oracle != NULL &&
        (rc = oracle_open(&r->oracle, r->load, controller_view(r->ctl), arena, err)) != GS_OK)
        return rc;
    struct backend_setup *be = arena_alloc(arena, sizeof *be);
    if (be == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    *be = (struct backend_setup){.scenario = scenario,
                                 .setup = &r->setup,
                                 .view = controller_view(r->ctl),
                                 .arena = arena,
                                 .first_node = part == NULL ? 0 : part->watched.first_node,
                                 .device = plan->device,
                                 .load = r->load};
    if ((rc = r->ops->open(&r->backend, be, err)) != GS_OK)
        return rc;
    r->clock = (struct backend_clock *)r->backend;
    return open_recorder(r, arena, err);
}

void replication_close(struct replication *r)
{
    if (r->rec != NULL)
        recorder_fini(r->rec);
    if (r->backend != NULL)
        r->ops->close(r->backend);
    r->rec = NULL;
    r->backend = NULL;
}

/* All nodes at once. */
static int run_whole(const struct replication_plan *plan, struct tally **tally, struct arena *arena, struct error *err)
{
    struct replication r;
    struct chunk last = {0};
    int rc = replication_open(&r, plan, NULL, arena, err);

    if (rc == GS_OK)
        rc = replication_until(&r, GS_NEVER, err);
    if (rc == GS_OK && r.ops->drain != NULL)
        rc = r.ops->drain(r.backend, err);
    if (r.rec != NULL) {
        int closed = recorder_close(r.rec, r.at_ns, tally, &last, err);
        rc = rc != GS_OK ? rc : closed;
        /* a live run that is cut short after its warm-up counts */
        (*tally)->interrupted = (r.stopped && (plan->watch == NULL || r.at_ns <= plan->warmup_ns)) || rc != GS_OK;
        (*tally)->cut = r.stopped && plan->watch != NULL && !plan->scenario->served;
        (*tally)->dead_end = r.dead_end;
        for (int slot = 0; slot < GS_SLOTS; slot++)
            (*tally)->faults[slot] = controller_nonsense(r.ctl, (enum gs_slot)slot);
    }
    if (rc == GS_OK && !(*tally)->interrupted && plan->results != NULL)
        rc = results_replication(plan->results, &last, *tally, err);
    else if (rc != GS_OK && rc != GS_SYSTEM && plan->results != NULL)
        /* what happened before it broke off is kept, unmarked; without memory the rows may not be whole */
        (void)results_chunk(plan->results, &last, &(struct error){0});
    chunk_free(&last);
    replication_close(&r);
    return rc;
}

int replication_run(const struct replication_plan *plan, struct tally **tally, struct arena *arena, struct error *err)
{
    bool divided = false;
    int rc = nodes_run(plan, tally, &divided, arena, err);

    return divided || rc != GS_OK ? rc : run_whole(plan, tally, arena, err);
}
