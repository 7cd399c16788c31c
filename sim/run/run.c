/* run.c - replications side by side: each thread takes the next one of a run that is open, or opens a run; results are
 * kept by number. */
#include "sim/run/run.h"
#include "sim/load/load.h"
#include "sim/stats/mser.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct crew {
    const struct run_source *source;
    uint32_t spare;       /* threads for each of those at work that there are besides */
    pthread_mutex_t lock; /* guards what follows, and what a run says of its progress */
    pthread_cond_t changed;
    struct run_state *open; /* in order of opening */
    bool opening, exhausted;
    uint32_t closing;
    int rc;
    struct error *err;
};

static bool is_stopped(const struct crew *crew)
{
    return crew->rc != GS_OK || (crew->source->stop != NULL && *crew->source->stop != 0);
}

static bool has_work(const struct crew *crew, const struct run_state *run)
{
    return run->next < run->replications && !is_stopped(crew);
}

static void *no_memory(struct error *err)
{
    error_set(err, GS_SYSTEM, "out of memory; use fewer replications");
    return NULL;
}

int run_prepare(struct run_state *run, const struct scenario *scenario, const struct run_options *options,
                const struct load_traces *traces, struct arena *arena, struct error *err)
{
    *run = (struct run_state){
        .scenario = scenario, .options = options, .traces = traces, .replications = (uint32_t)scenario->replications};
    run->most = run->replications;
    if (scenario->precision > 0) {
        run->most = (uint32_t)scenario->max_replications;
        if (run->replications < RUN_BATCH)
            run->replications = run->most < RUN_BATCH ? run->most : RUN_BATCH;
    }
    run->tally = arena_array(arena, run->most, sizeof(struct tally *));
    run->arena = arena_array(arena, run->most, sizeof *run->arena);
    if (run->tally == NULL || run->arena == NULL)
        return no_memory(err), err->code;
    run->warmup_ns = scenario->warmup;
    if (scenario->warmup != WARMUP_AUTO)
        return GS_OK;
    run->warmup_ns = 0;
    run->mser = arena_array(arena, run->replications, sizeof *run->mser);
    run->series = arena_array(arena, run->replications, sizeof *run->series);
    if (run->mser == NULL || run->series == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for 'warmup = auto'");
    for (uint32_t i = 0; i < run->replications; i++) {
        mser_init(&run->mser[i]);
        run->series[i] = &run->mser[i];
    }
    return GS_OK;
}

void run_collect(struct run_state *run, struct run_outcome *outcome)
{
    if (run->tally == NULL || run->arena == NULL) /* it was never ready */
        run->replications = 0;
    *outcome = (struct run_outcome){.tally = run->tally,
                                    .replications = run->replications,
                                    .warmup_ns = run->warmup_ns,
                                    .warmup_unsettled = run->warmup_unsettled,
                                    .arena = run->arena};
    for (uint32_t i = 0; i < run->replications; i++) {
        bool whole = run->tally[i] != NULL && !run->tally[i]->interrupted && run->mser == NULL;
        if (whole)
            outcome->tally[outcome->completed++] = run->tally[i];
        else if (run->tally[i] != NULL)
            tally_fini(run->tally[i]);
    }
}

static void forget_tallies(struct run_state *run)
{
    for (uint32_t i = 0; i < run->replications; i++) {
        tally_fini(run->tally[i]);
        run->tally[i] = NULL;
        arena_fini(&run->arena[i]);
    }
}

/* The first pass, without deletion, has found the warm-up by MSER-5; the runs proper are the same runs over again. */
static void end_first_pass(struct run_state *run)
{
    forget_tallies(run);
    run->warmup_unsettled =
        mser_truncation(run->series, run->replications, run->scenario->duration, &run->warmup_ns) == MSER_EXTEND;
    run->mser = NULL;
    run->next = run->done = 0;
}

/* Are the numbers known as well as the scenario wants? */
static int is_precise(const struct run_state *run, bool *precise, struct error *err)
{
    struct report_about about = {.version = "", .provenance = "sim"};
    struct report report;
    struct arena scratch = {0};
    int rc = report_build(&report, run->scenario, run->tally, run->replications, &about, &scratch, err);

    if (rc == GS_OK)
        *precise = report_precision(&report).met;
    arena_fini(&scratch);
    return rc;
}

/* All of a batch are there: another one, until they are precise enough.  What is run depends on what came out, and on no
 * thread.  Precise twice in a row: a few replications that happen to be alike look precise, and seldom do so again. */
static int end_batch(struct run_state *run, struct error *err)
{
    bool before = run->precise;
    int rc = is_precise(run, &run->precise, err);

    if (rc != GS_OK || (before && run->precise) || run->replications == run->most)
        return rc;
    run->replications = run->most - run->replications > RUN_BATCH ? run->replications + RUN_BATCH : run->most;
    return GS_OK;
}

/* One replication, without the lock; then it is entered. */
static void replicate(struct crew *crew, struct run_state *run)
{
    uint32_t number = run->next++;
    struct error err = {0};
    struct tally *tally = NULL;
    struct replication_plan plan = {
        .scenario = run->scenario,
        .traces = run->traces,
        .backend = run->options->backend,
        .replication = run->options->first + number,
        .warmup_ns = run->warmup_ns,
        .results = run->mser == NULL ? run->options->results : NULL,
        .stop = run->options->stop,
        .device = run->options->device,
        .watch = run->options->watch,
        .wishes = run->options->wishes,
        .threads = 1 + crew->spare,
        .whole = run->options->whole,
        .mser = run->mser == NULL ? NULL : &run->mser[number],
    };

    pthread_mutex_unlock(&crew->lock);
    int rc = replication_run(&plan, &tally, &run->arena[number], &err);
    pthread_mutex_lock(&crew->lock);
    run->tally[number] = tally;
    run->done++;
    if (rc != GS_OK && crew->rc == GS_OK) {
        crew->rc = rc;
        *crew->err = err;
    }
    if (rc == GS_OK && run->options->progress != NULL)
        run->options->progress(run->options->context, run->done, run->replications);
    if (run->done < run->replications || is_stopped(crew))
        return;
    if (run->mser != NULL)
        end_first_pass(run);
    else if (run->scenario->precision > 0)
        crew->rc = end_batch(run, crew->err);
    pthread_cond_broadcast(&crew->changed);
}

/* Hand over a run of which nothing is under way or to be done; true if there was one. */
static bool close_one(struct crew *crew)
{
    struct run_state **link = &crew->open;
    struct error err = {0};

    while (*link != NULL && ((*link)->done < (*link)->next || has_work(crew, *link)))
        link = &(*link)->after;
    struct run_state *run = *link;
    if (run == NULL)
        return false;
    *link = run->after;
    crew->closing++;
    pthread_mutex_unlock(&crew->lock);
    int rc = crew->source->over(crew->source->context, run, &err);
    pthread_mutex_lock(&crew->lock);
    crew->closing--;
    if (rc != GS_OK && crew->rc == GS_OK) {
        crew->rc = rc;
        *crew->err = err;
    }
    pthread_cond_broadcast(&crew->changed);
    return true;
}

/* Open the next run, one thread at a time; true if that was tried. */
static bool open_one(struct crew *crew)
{
    struct run_state *run = NULL, **link;
    struct error err = {0};

    if (crew->opening || crew->exhausted || is_stopped(crew))
        return false;
    crew->opening = true;
    pthread_mutex_unlock(&crew->lock);
    int rc = crew->source->next(crew->source->context, &run, &err);
    pthread_mutex_lock(&crew->lock);
    crew->opening = false;
    if (rc != GS_OK && crew->rc == GS_OK) {
        crew->rc = rc;
        *crew->err = err;
    }
    crew->exhausted = run == NULL;
    for (link = &crew->open; *link != NULL;)
        link = &(*link)->after;
    *link = run;
    pthread_cond_broadcast(&crew->changed);
    return true;
}

static void *work(void *context)
{
    struct crew *crew = context;

    pthread_mutex_lock(&crew->lock);
    for (;;) {
        struct run_state *run = crew->open;
        while (run != NULL && !has_work(crew, run))
            run = run->after;
        if (close_one(crew))
            continue;
        if (run != NULL)
            replicate(crew, run);
        else if (!open_one(crew)) {
            if (crew->open == NULL && !crew->opening && crew->closing == 0)
                break;
            pthread_cond_wait(&crew->changed, &crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

int run_all(const struct run_source *source, int64_t threads, uint64_t most, struct error *err)
{
    enum { THREADS_MAX = 256 };
    pthread_t thread[THREADS_MAX];
    struct crew crew = {.source = source, .rc = GS_OK, .err = err};
    uint64_t wanted = threads > 0 ? (uint64_t)threads : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), started = 0;

    wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    crew.spare = most > 0 && most < wanted ? (uint32_t)(wanted / most - 1) : 0;
    wanted = wanted < most ? wanted : most;
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.changed, NULL);
    /* The calling thread works, too; a helper that cannot be started only makes it slower. */
    while (started + 1 < wanted && pthread_create(&thread[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (uint64_t i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
    return crew.rc;
}

/* A source of one run. */
struct single {
    struct run_state run;
    bool given;
};

static int single_next(void *context, struct run_state **run, struct error *err)
{
    struct single *single = context;

    (void)err;
    *run = single->given ? NULL : &single->run;
    single->given = true;
    return GS_OK;
}

static int single_over(void *context, struct run_state *run, struct error *err)
{
    (void)context;
    (void)run;
    (void)err;
    return GS_OK;
}

int run_scenario(const struct scenario *scenario, const struct run_options *options, const struct load_traces *traces,
                 struct run_outcome *outcome, struct arena *arena, struct error *err)
{
    struct single single = {.given = false};
    struct run_source source = {single_next, single_over, &single, options->stop};
    int rc = run_prepare(&single.run, scenario, options, traces, arena, err);

    memset(outcome, 0, sizeof *outcome);
    if (rc != GS_OK)
        return rc;
    int64_t threads = scenario->record_limit > 0 ? 1 : scenario->threads; /* else whose rows are kept is chance */
    rc = run_all(&source, threads, single.run.replications, err);
    run_collect(&single.run, outcome);
    return rc;
}

void run_fini(struct run_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->completed; i++)
        tally_fini(outcome->tally[i]);
    for (uint32_t i = 0; i < outcome->replications; i++)
        arena_fini(&outcome->arena[i]);
}
