/* sweep.c - the points of a sweep: all are checked, those that are done already are passed over, the others run. */
#include "sim/run/sweep.h"

#include "sim/base/hash.h"
#include "sim/load/load.h"
#include "sim/results/schema.h"
#include "sim/results/store.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct work {
    const struct sweep_plan *plan;
    struct sweep_told *told;
    struct store *store;
    const char *name; /* of the scenario */
    int64_t next;     /* the point to look at next */
    bool *is_done;    /* [point] */
    uint64_t *hash;   /* [point], of its content */
    int64_t threads;
    uint64_t replications; /* of all points to be run */
    pthread_mutex_t lock;  /* guards `told` while points run */
    struct arena arena;
    struct error *err;
};

/* A point under way, in memory of its own. */
struct point_run {
    struct run_state run; /* first: what the crew hands back */
    struct arena arena;
    int64_t point;
    const struct sweep_choice *choice;
    struct scenario scenario;
    struct run_options options;
    struct load_traces *traces;
    struct store_point at;
};

static bool is_own(const struct work *w, int64_t point)
{
    return (uint64_t)(point - 1) % w->plan->shards == w->plan->shard - 1;
}

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for a point of the sweep");
}

/* Messages of a point name it, unless the scenario is as wrong without it. */
static int blame(const struct work *w, const char *name, const struct error *own, struct error *err)
{
    struct error plain = {0};
    struct arena arena = {0};
    struct scenario scenario;

    scenario_read(&scenario, w->plan->file, w->plan->overrides, &arena, &plain);
    for (const char *line = own->text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)length, line);
        if (strstr(plain.text, text) != NULL)
            error_add(err, own->code, "%s", text);
        else
            error_add(err, own->code, "%s (at the point %s)", text, name);
        line += length + (line[length] == '\n');
    }
    arena_fini(&arena);
    return err->code;
}

/* Read the scenario as it is at a point. */
static int read_point(const struct work *w, int64_t point, struct scenario *scenario,
                      const struct sweep_choice **choices, struct arena *arena, struct error *err)
{
    const struct sweep_plan *plan = w->plan;
    size_t axes = plan->sweep->axes;
    struct sweep_choice *choice = arena_array(arena, axes, sizeof *choice);
    struct error own = {0};

    if (choice == NULL)
        return no_memory(err);
    *choices = choice;
    int rc = sweep_choose(plan->sweep, point, choice, arena, err);
    if (rc != GS_OK)
        return rc;
    const char *name = sweep_point_name(choice, axes, arena);
    if (name == NULL)
        return no_memory(err);
    rc = scenario_read_point(scenario, plan->file, plan->overrides, choice, axes, arena, &own);
    return rc == GS_OK ? rc : blame(w, name, &own, err);
}

/* Nothing runs before every point has been read. */
static int check_points(struct work *w)
{
    const struct sweep_plan *plan = w->plan;
    int rc = GS_OK;

    for (int64_t p = 1; p <= plan->sweep->points && rc == GS_OK; p++) {
        struct arena arena = {0};
        struct scenario scenario;
        const struct sweep_choice *choice;
        if (!is_own(w, p))
            continue;
        rc = read_point(w, p, &scenario, &choice, &arena, w->err);
        if (rc == GS_OK)
            rc = sweep_content(&scenario, &w->hash[p], w->err);
        if (rc == GS_OK) {
            w->threads = scenario.threads;
            w->replications += (uint64_t)scenario.replications;
            w->told->own++;
            if (w->name == NULL && (w->name = arena_strdup(&w->arena, scenario.name)) == NULL)
                rc = no_memory(w->err);
        }
        arena_fini(&arena);
        if (plan->stop != NULL && *plan->stop != 0)
            break;
    }
    return rc;
}

static int see_done(void *context, int64_t point, const char *hash)
{
    struct work *w = context;
    char now[STORE_HASH];

    if (point < 1 || point > w->plan->sweep->points || !is_own(w, point))
        return GS_OK;
    store_hash_text(now, w->hash[point]);
    if (strcmp(hash, now) != 0)
        return error_set(w->err, GS_CANT_CREATE,
                         "point %lld stands in '%s' already, but a file that it reads (a trace, a list of values, a "
                         "plug-in) has changed since; name another database with --db",
                         (long long)point, w->plan->db);
    w->is_done[point] = true;
    w->told->before++;
    return GS_OK;
}

static int enter(struct work *w)
{
    const struct sweep_plan *plan = w->plan;
    struct store_sweep what = {
        .scenario = w->name == NULL ? "" : w->name, .version = plan->version, .sweep = plan->sweep};
    int schema = SCHEMA_VERSION;

    store_hash_text(what.hash, hash_bytes(hash_text(plan->sweep->hash, plan->version), &schema, sizeof schema));
    int rc = store_sweep(w->store, &what, &w->told->sweep, w->err);
    if (rc == GS_OK)
        rc = store_done(w->store, w->told->sweep, see_done, w, w->err);
    w->told->done = w->told->before;
    return rc;
}

static int open_point(struct work *w, struct point_run *p, struct error *err)
{
    struct store_point *at = &p->at;
    struct gs_workload_spec *spec;
    uint32_t workloads;
    uint64_t content;
    int rc = read_point(w, p->point, &p->scenario, &p->choice, &p->arena, err);

    if (rc != GS_OK || (rc = sweep_content(&p->scenario, &content, err)) != GS_OK)
        return rc;
    if (content != w->hash[p->point])
        return error_set(err, GS_BAD_INPUT, "'%s' or a file that it names has changed while the sweep ran",
                         w->plan->file);
    const char *name = sweep_point_name(p->choice, w->plan->sweep->axes, &p->arena);
    p->scenario.name = name == NULL ? NULL : arena_printf(&p->arena, "%s [%s]", p->scenario.name, name);
    if (p->scenario.name == NULL)
        return no_memory(err);
    *at = (struct store_point){.sweep = w->told->sweep, .point = p->point, .choices = w->plan->sweep->axes};
    at->choice = p->choice;
    store_hash_text(at->hash, content);
    p->options = (struct run_options){.backend = w->plan->backend, .stop = w->plan->stop};
    if ((rc = load_read_traces(&p->traces, &p->scenario, &p->arena, err)) != GS_OK ||
        (rc = load_specs(&p->scenario, p->traces, 0, &spec, &workloads, &p->arena, err)) != GS_OK ||
        (rc = results_begin(&p->options.results, w->store, at, &p->scenario, spec, workloads, w->plan->version, "sim",
                            err)) != GS_OK)
        return rc;
    return run_prepare(&p->run, &p->scenario, &p->options, p->traces, &p->arena, err);
}

static void close_point(struct point_run *p)
{
    struct arena arena = p->arena; /* which holds *p, too */

    results_close(p->options.results);
    load_close_traces(p->traces);
    arena_fini(&arena);
}

static int next_point(void *context, struct run_state **run, struct error *err)
{
    struct work *w = context;
    struct arena arena = {0};

    *run = NULL;
    while (w->next <= w->plan->sweep->points && (!is_own(w, w->next) || w->is_done[w->next]))
        w->next++;
    if (w->next > w->plan->sweep->points)
        return GS_OK;
    struct point_run *p = arena_alloc(&arena, sizeof *p);
    if (p == NULL)
        return no_memory(err);
    p->arena = arena;
    p->point = w->next++;
    int rc = open_point(w, p, err);
    if (rc != GS_OK) {
        struct run_outcome none;
        run_collect(&p->run, &none);
        close_point(p);
        return rc;
    }
    *run = &p->run;
    return GS_OK;
}

/* "gpuswap-sim run FILE --set KEY=VALUE ...": this point alone, for advice. */
static const char *command_of(const struct work *w, const struct point_run *p, struct arena *arena)
{
    struct text command = {0};

    text_add(&command, "gpuswap-sim run ");
    text_shell_word(&command, w->plan->file);
    for (size_t i = 0; i < w->plan->sweep->axes; i++) {
        const char *set = arena_printf(arena, "%s=%s", p->choice[i].key, p->choice[i].value);
        text_add(&command, " --set ");
        text_shell_word(&command, set == NULL ? "" : set);
    }
    const char *kept = command.failed ? NULL : arena_strdup(arena, command.data);
    text_fini(&command);
    return kept;
}

/* The rows of a point's report, in one transaction that makes it done.  How long it took is not kept: it would be the only
 * number that differs from one time to the next. */
static int finish_point(struct work *w, struct point_run *p, struct run_outcome *outcome, struct error *err)
{
    struct report_about about = {.version = w->plan->version, .provenance = "sim", .wall_s = NAN};
    struct scenario scenario = p->scenario;
    struct report report;

    about.command = command_of(w, p, &p->arena);
    if (about.command == NULL)
        return no_memory(err);
    scenario.warmup = outcome->warmup_ns;
    int rc = report_build(&report, &scenario, outcome->tally, outcome->completed, &about, &p->arena, err);
    return rc == GS_OK ? results_finish(p->options.results, &report, err) : rc;
}

static int point_over(void *context, struct run_state *run, struct error *err)
{
    struct work *w = context;
    struct point_run *p = (struct point_run *)(void *)run;
    struct run_outcome outcome;
    int rc = GS_OK;

    run_collect(run, &outcome);
    bool whole = outcome.completed == outcome.replications;
    if (whole)
        rc = finish_point(w, p, &outcome, err);
    pthread_mutex_lock(&w->lock);
    if (whole && rc == GS_OK) {
        w->told->done++;
        w->told->unsettled += outcome.warmup_unsettled;
        w->told->left_out += (uint32_t)load_traces_left_out(p->traces);
        if (w->plan->progress != NULL)
            w->plan->progress(w->plan->context, w->told->done - w->told->before, w->told->own - w->told->before);
    }
    pthread_mutex_unlock(&w->lock);
    run_fini(&outcome);
    close_point(p);
    return rc;
}

static int run_points(struct work *w)
{
    struct run_source source = {next_point, point_over, w, w->plan->stop};

    pthread_mutex_init(&w->lock, NULL);
    w->next = 1;
    int rc = run_all(&source, w->threads, w->replications, w->err);
    pthread_mutex_destroy(&w->lock);
    return rc;
}

int sweep_run(const struct sweep_plan *plan, struct sweep_told *told, struct error *err)
{
    struct work w = {.plan = plan, .told = told, .err = err};
    size_t points = (size_t)plan->sweep->points + 1;
    int rc = GS_OK;

    *told = (struct sweep_told){0};
    w.is_done = arena_array(&w.arena, points, sizeof *w.is_done);
    w.hash = arena_array(&w.arena, points, sizeof *w.hash);
    if (w.is_done == NULL || w.hash == NULL)
        rc = no_memory(err);
    if (rc == GS_OK)
        rc = check_points(&w);
    bool is_stopped = plan->stop != NULL && *plan->stop != 0;
    if (rc == GS_OK && !is_stopped)
        rc = store_open(&w.store, plan->db, true, err);
    if (rc == GS_OK && w.store != NULL)
        rc = enter(&w);
    if (rc == GS_OK && w.store != NULL)
        rc = run_points(&w);
    store_close(w.store);
    arena_fini(&w.arena);
    return rc;
}
