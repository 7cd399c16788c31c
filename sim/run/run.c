/* run.c - replications side by side: each thread takes the next number, results are kept by number. */
#include "sim/run/run.h"
#include "sim/load/load.h"
#include "sim/stats/mser.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct team {
    const struct scenario *scenario;
    const struct run_options *options;
    const struct load_traces *traces;
    struct results *results;
    gs_ns warmup_ns;
    struct mser *mser; /* one a replication, or NULL */
    struct tally **tally;
    struct arena *arena;          /* one a replication */
    uint32_t first, replications; /* those from `first` on are to be run */
    pthread_mutex_t lock;         /* guards what follows */
    uint32_t next, done;
    int rc;
    struct error *err;
};

static bool is_stopped(const struct team *team)
{
    return team->options->stop != NULL && *team->options->stop != 0;
}

/* The number of the next replication, or UINT32_MAX when there is none or something has gone wrong. */
static uint32_t take_number(struct team *team)
{
    uint32_t number = UINT32_MAX;

    pthread_mutex_lock(&team->lock);
    if (team->rc == GS_OK && team->next < team->replications && !is_stopped(team))
        number = team->next++;
    pthread_mutex_unlock(&team->lock);
    return number;
}

static void report_back(struct team *team, uint32_t number, struct tally *tally, int rc, const struct error *err)
{
    pthread_mutex_lock(&team->lock);
    team->tally[number] = tally;
    if (rc != GS_OK && team->rc == GS_OK) {
        team->rc = rc;
        *team->err = *err;
    }
    team->done++;
    if (rc == GS_OK && team->options->progress != NULL)
        team->options->progress(team->options->context, team->done, team->replications);
    pthread_mutex_unlock(&team->lock);
}

static void *work(void *context)
{
    struct team *team = context;
    uint32_t number;

    while ((number = take_number(team)) != UINT32_MAX) {
        struct error err = {0};
        struct tally *tally = NULL;
        struct replication_plan plan = {
            .scenario = team->scenario,
            .traces = team->traces,
            .backend = team->options->backend,
            .replication = team->options->first + number,
            .warmup_ns = team->warmup_ns,
            .results = team->results,
            .stop = team->options->stop,
            .mser = team->mser == NULL ? NULL : &team->mser[number],
        };
        int rc = replication_run(&plan, &tally, &team->arena[number], &err);
        report_back(team, number, tally, rc, &err);
    }
    return NULL;
}

static int run_team(struct team *team, struct error *err)
{
    enum { THREADS_MAX = 256 };
    pthread_t thread[THREADS_MAX];
    int64_t wanted = team->scenario->threads > 0 ? team->scenario->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;

    if (wanted > team->replications - team->first)
        wanted = team->replications - team->first;
    if (wanted > THREADS_MAX)
        wanted = THREADS_MAX;
    team->next = team->done = team->first;
    team->rc = GS_OK;
    team->err = err;
    pthread_mutex_init(&team->lock, NULL);
    /* The calling thread works, too; a helper that cannot be started only makes it slower. */
    while (started + 1 < wanted && pthread_create(&thread[started], NULL, work, team) == 0)
        started++;
    work(team);
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&team->lock);
    return team->rc;
}

static void forget_tallies(struct team *team)
{
    for (uint32_t i = 0; i < team->replications; i++) {
        tally_fini(team->tally[i]);
        team->tally[i] = NULL;
        arena_fini(&team->arena[i]);
    }
}

/* A first pass without deletion finds the warm-up by MSER-5; the runs proper are the same runs over again. */
static int find_warmup(struct team *team, struct run_outcome *outcome, struct arena *arena, struct error *err)
{
    const struct mser **series = arena_array(arena, team->replications, sizeof *series);
    int rc;

    team->mser = arena_array(arena, team->replications, sizeof *team->mser);
    if (series == NULL || team->mser == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for 'warmup = auto'");
    for (uint32_t i = 0; i < team->replications; i++) {
        mser_init(&team->mser[i]);
        series[i] = &team->mser[i];
    }
    team->warmup_ns = 0;
    rc = run_team(team, err);
    forget_tallies(team);
    if (rc == GS_OK)
        outcome->warmup_unsettled =
            mser_truncation(series, team->replications, team->scenario->duration, &outcome->warmup_ns) == MSER_EXTEND;
    team->mser = NULL;
    return rc;
}

/* Are the numbers known as well as the scenario wants? */
static int is_precise(const struct team *team, bool *precise, struct error *err)
{
    struct report_about about = {.version = "", .provenance = "sim"};
    struct report report;
    struct arena scratch = {0};
    int rc = report_build(&report, team->scenario, team->tally, team->replications, &about, &scratch, err);

    if (rc == GS_OK)
        *precise = report_precision(&report).met;
    arena_fini(&scratch);
    return rc;
}

/* Replications by the batch until they are precise enough: what is run depends on what came out, and on no thread.  Precise
 * twice in a row: a few replications that happen to be alike look precise, and seldom do so again. */
static int run_batches(struct team *team, struct error *err)
{
    uint32_t most = (uint32_t)team->scenario->max_replications;
    bool before, precise = false;
    int rc = run_team(team, err);

    while (rc == GS_OK && team->scenario->precision > 0 && !is_stopped(team)) {
        before = precise;
        rc = is_precise(team, &precise, err);
        if (rc != GS_OK || (before && precise) || team->replications == most)
            break;
        team->first = team->replications;
        team->replications = most - team->first > RUN_BATCH ? team->first + RUN_BATCH : most;
        rc = run_team(team, err);
    }
    return rc;
}

int run_scenario(const struct scenario *scenario, const struct run_options *options, const struct load_traces *traces,
                 struct run_outcome *outcome, struct arena *arena, struct error *err)
{
    struct team team = {
        .scenario = scenario, .options = options, .traces = traces, .replications = (uint32_t)scenario->replications};
    uint32_t most = team.replications;
    int rc = GS_OK;

    if (scenario->precision > 0) {
        most = (uint32_t)scenario->max_replications;
        if (team.replications < RUN_BATCH)
            team.replications = most < RUN_BATCH ? most : RUN_BATCH;
    }

    memset(outcome, 0, sizeof *outcome);
    team.tally = arena_array(arena, most, sizeof(struct tally *));
    team.arena = arena_array(arena, most, sizeof *team.arena);
    if (team.tally == NULL || team.arena == NULL)
        return error_set(err, GS_SYSTEM, "out of memory; use fewer replications");
    outcome->arena = team.arena;
    outcome->warmup_ns = scenario->warmup;
    if (scenario->warmup == WARMUP_AUTO)
        rc = find_warmup(&team, outcome, arena, err);
    team.warmup_ns = outcome->warmup_ns;
    team.results = options->results;
    if (rc == GS_OK && !is_stopped(&team))
        rc = run_batches(&team, err);
    outcome->replications = team.replications;
    outcome->tally = team.tally;
    for (uint32_t i = 0; i < team.replications; i++) {
        if (team.tally[i] != NULL && team.tally[i]->interrupted)
            tally_fini(team.tally[i]);
        else if (team.tally[i] != NULL)
            outcome->tally[outcome->completed++] = team.tally[i];
    }
    return rc;
}

void run_fini(struct run_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->completed; i++)
        tally_fini(outcome->tally[i]);
    for (uint32_t i = 0; i < outcome->replications; i++)
        arena_fini(&outcome->arena[i]);
}
