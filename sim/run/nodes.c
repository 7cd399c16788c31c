/* nodes.c - the nodes of a replication by themselves: threads take one after the other, and what they count is put together in
 * the order of the nodes. */
#include "sim/run/nodes.h"
#include "sim/engine/tournament.h"

#include <pthread.h>

enum {
    WORKERS_MAX = 256,
    ENDS_WANTED = 1 << 20, /* ends of bursts in a stretch, where they have to be put in the order of time */
    FIRST_STRETCHES = 64,  /* stretches of a run, if it were as the first one */
};

struct member { /* a node */
    struct replication replication;
    struct arena arena;
};

struct worker {
    struct team *team;
    struct group_tally *group; /* what the nodes count while it works on them */
    pthread_t thread;
};

struct team {
    const struct replication_plan *plan;
    struct replication_part *part;
    struct member *member;
    uint32_t members, workers;
    struct worker *worker;
    struct tally *tally;
    int (*task)(struct team *team, uint32_t member, struct error *err);
    gs_ns until_ns;
    uint32_t next; /* member to be taken */
    pthread_mutex_t lock;
    uint32_t failed; /* the first member that did, of those tried */
    int rc;
    struct error *err;
};

static int open_member(struct team *team, uint32_t m, struct error *err)
{
    return replication_open(&team->member[m].replication, team->plan, &team->part[m], &team->member[m].arena, err);
}

static int advance_member(struct team *team, uint32_t m, struct error *err)
{
    return replication_until(&team->member[m].replication, team->until_ns, err);
}

static int close_member(struct team *team, uint32_t m, struct error *err)
{
    struct replication *r = &team->member[m].replication;
    struct chunk last;
    struct tally *counted;

    return recorder_close(r->rec, r->at_ns, &counted, &last, err);
}

static void fail(struct team *team, uint32_t m, int rc, const struct error *err)
{
    pthread_mutex_lock(&team->lock);
    if (team->rc == GS_OK || m < team->failed) {
        team->failed = m;
        team->rc = rc;
        *team->err = *err;
    }
    pthread_mutex_unlock(&team->lock);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct team *team = worker->team;
    uint32_t m;

    while ((m = __atomic_fetch_add(&team->next, 1, __ATOMIC_RELAXED)) < team->members) {
        struct error err = {0};
        struct recorder *rec = team->member[m].replication.rec;
        if (rec != NULL)
            recorder_count(rec, worker->group);
        int rc = team->task(team, m, &err);
        if (rc != GS_OK)
            fail(team, m, rc, &err);
    }
    return NULL;
}

/* A task for each node; true if all is well. */
static bool each(struct team *team, int (*task)(struct team *, uint32_t, struct error *))
{
    uint32_t started = 1;

    team->task = task;
    team->next = 0;
    /* The calling thread works, too; a thread that cannot be started only makes it slower. */
    while (started < team->workers &&
           pthread_create(&team->worker[started].thread, NULL, work, &team->worker[started]) == 0)
        started++;
    work(&team->worker[0]);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(team->worker[i].thread, NULL);
    return team->rc == GS_OK;
}

static bool any_coupled(const struct team *team)
{
    bool coupled = false;

    for (uint32_t m = 0; m < team->members; m++)
        coupled |= team->member[m].replication.coupled;
    return coupled;
}

static bool any_stopped(const struct team *team)
{
    bool stopped = false;

    for (uint32_t m = 0; m < team->members; m++)
        stopped |= team->member[m].replication.stopped;
    return stopped;
}

/* Ends of bursts are wanted in the order of all nodes' time: for the batches of an only replication, or for MSER-5. */
static bool wants_ends(const struct team *team)
{
    return team->plan->mser != NULL || (team->tally->groups > 0 && team->tally->group[0].batches != NULL);
}

static void take_end(struct team *team, const struct ended *end)
{
    struct batches *batches = team->tally->group[end->group].batches;

    if (team->plan->mser != NULL)
        mser_add(team->plan->mser, end->at_ns, (double)end->response_ns);
    if (batches != NULL && end->counted)
        batches_add(batches, (uint64_t)end->response_ns);
}

/* Merge what ended on the nodes since the last time; how many, or -1: no memory. */
static int64_t take_ends(struct team *team)
{
    struct arena scratch = {0};
    struct tournament first;
    struct cursor {
        const struct ended *at, *end;
    } *cursor = arena_array(&scratch, team->members, sizeof *cursor);
    int64_t taken = 0;

    if (cursor == NULL || !tournament_open(&first, team->members, &scratch)) {
        arena_fini(&scratch);
        return -1;
    }
    for (uint32_t m = 0; m < team->members; m++) {
        size_t count;
        cursor[m].at = recorder_ends(team->member[m].replication.rec, &count);
        cursor[m].end = cursor[m].at + count;
        if (count > 0)
            tournament_set(&first, m, cursor[m].at->at_ns);
    }
    for (; tournament_next_ns(&first) < TOURNAMENT_NEVER; taken++) {
        uint32_t m = tournament_first(&first);
        take_end(team, cursor[m].at++);
        tournament_set(&first, m, cursor[m].at < cursor[m].end ? cursor[m].at->at_ns : TOURNAMENT_NEVER);
    }
    arena_fini(&scratch);
    return taken;
}

/* From where all have arrived to the end, in stretches that give a million ends each or so. */
static int advance(struct team *team, struct error *err)
{
    gs_ns end_ns = team->plan->scenario->duration, stretch_ns = end_ns / FIRST_STRETCHES + 1;
    bool ends = wants_ends(team);

    for (;;) {
        int64_t taken = ends ? take_ends(team) : 0;
        if (taken < 0)
            return error_set(err, GS_SYSTEM, "out of memory for the measurements; use fewer workloads");
        if (team->until_ns >= end_ns || any_stopped(team))
            return GS_OK;
        if (taken > ENDS_WANTED)
            stretch_ns = stretch_ns / 2 + 1;
        else if (taken < ENDS_WANTED / 4 && stretch_ns < end_ns)
            stretch_ns *= 2;
        team->until_ns = !ends || stretch_ns > end_ns - team->until_ns ? end_ns : team->until_ns + stretch_ns;
        if (!each(team, advance_member))
            return team->rc;
    }
}

/* All that the nodes and the threads have counted, in one tally. */
static int put_together(struct team *team, struct error *err)
{
    struct tally *t = team->tally;

    if (!each(team, close_member))
        return team->rc;
    t->to_ns = team->plan->scenario->duration;
    for (uint32_t i = 0; i < team->workers; i++)
        for (uint32_t g = 0; g < t->groups; g++)
            if (!group_tally_merge(&t->group[g], &team->worker[i].group[g]))
                return error_set(err, GS_SYSTEM, "out of memory for the measurements; use fewer workloads");
    for (uint32_t m = 0; m < team->members; m++) {
        struct replication *r = &team->member[m].replication;
        for (uint32_t g = 0; g < t->groups; g++)
            group_tally_add(&t->group[g], recorder_sums(r->rec, 0) + g);
        t->events += recorder_events(r->rec);
        for (int slot = 0; slot < GS_SLOTS; slot++)
            t->faults[slot] += controller_nonsense(r->ctl, (enum gs_slot)slot);
    }
    tally_makespan(t);
    return GS_OK;
}

static int open_tally(struct team *team, const struct gs_setup *whole, struct arena *arena, struct error *err)
{
    const struct replication_plan *plan = team->plan;
    struct recorder_setup rs = {
        .scenario = plan->scenario,
        .setup = whole,
        .replication = plan->replication,
        .warmup_ns = plan->warmup_ns,
        .horizon_ns = plan->scenario->duration,
        .arena = arena,
    };

    for (uint32_t n = 0; n < whole->nodes; n++)
        rs.gpus += whole->node[n].gpus;
    team->tally = arena_alloc(arena, sizeof *team->tally);
    return team->tally == NULL ? error_set(err, GS_SYSTEM, "out of memory for the measurements; use fewer nodes")
                               : recorder_tally(team->tally, &rs, err);
}

static int open_team(struct team *team, const struct gs_setup *whole, struct arena *arena, struct error *err)
{
    int rc = open_tally(team, whole, arena, err);

    if (rc != GS_OK)
        return rc;
    uint32_t threads = team->plan->threads > 0 ? team->plan->threads : 1, groups = team->tally->groups;
    threads = threads < WORKERS_MAX ? threads : WORKERS_MAX;
    team->members = whole->nodes;
    team->worker = arena_array(arena, threads, sizeof *team->worker);
    team->member = arena_array(arena, team->members, sizeof *team->member);
    struct group_tally *group = arena_array(arena, (size_t)threads * groups, sizeof *group);
    if (team->worker == NULL || team->member == NULL || group == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the nodes; use a smaller 'count'");
    for (team->workers = 0; team->workers < threads; team->workers++, group += groups) {
        team->worker[team->workers] = (struct worker){.team = team, .group = group};
        for (uint32_t g = 0; g < groups; g++) {
            group_tally_init(&group[g]);
            group[g].makespan_ns = GS_NEVER;
            group[g].promised = team->tally->group[g].promised;
        }
    }
    for (uint32_t m = 0; m < team->members; m++) {
        team->part[m].watched.whole = team->tally;
        team->part[m].watched.ends = wants_ends(team);
    }
    return each(team, open_member) ? GS_OK : team->rc;
}

static void close_team(struct team *team)
{
    for (uint32_t m = 0; m < team->members && team->member != NULL; m++) {
        replication_close(&team->member[m].replication);
        arena_fini(&team->member[m].arena);
    }
    for (uint32_t i = 0; i < team->workers; i++)
        for (uint32_t g = 0; g < team->tally->groups; g++)
            group_tally_fini(&team->worker[i].group[g]);
}

/* First to where all have arrived: if somebody left before, or was refused, where others went is not known. */
static int run_team(struct team *team, const struct gs_setup *whole, bool *divided, struct arena *arena,
                    struct error *err)
{
    int rc = open_team(team, whole, arena, err);

    team->until_ns = team->part[0].settled_ns + 1;
    if (rc == GS_OK && !each(team, advance_member))
        rc = team->rc;
    *divided = rc == GS_OK && !any_coupled(team);
    if (*divided && (rc = advance(team, err)) == GS_OK && !any_stopped(team))
        rc = put_together(team, err);
    return rc;
}

int nodes_run(const struct replication_plan *plan, struct tally **tally, bool *divided, struct arena *arena,
              struct error *err)
{
    struct gs_workload_spec *spec;
    struct gs_setup whole;
    uint32_t workloads;
    struct team team = {.plan = plan, .err = err};
    int rc;

    *divided = false;
    if (!nodes_may_divide(plan))
        return GS_OK;
    if ((rc = load_specs(plan->scenario, NULL, plan->replication, &spec, &workloads, arena, err)) != GS_OK ||
        (rc = setup_make(&whole, plan->scenario, spec, workloads, arena, err)) != GS_OK)
        return rc;
    team.part = nodes_place(plan, &whole, arena, err);
    if (team.part == NULL)
        return err->code;
    pthread_mutex_init(&team.lock, NULL);
    rc = run_team(&team, &whole, divided, arena, err);
    if (*divided) {
        *tally = team.tally;
        team.tally->interrupted = rc != GS_OK || any_stopped(&team);
    } else {
        tally_fini(team.tally);
    }
    if (*divided && rc == GS_OK && !team.tally->interrupted && plan->results != NULL) {
        struct chunk last = {.replication = plan->replication};
        rc = results_replication(plan->results, &last, team.tally, err);
    }
    close_team(&team);
    pthread_mutex_destroy(&team.lock);
    return rc;
}
