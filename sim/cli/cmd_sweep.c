/* cmd_sweep.c - `gpuswap-sim sweep SCENARIO`: the points of its [sweep], each a run in the database. */
#include "sim/cli/commands.h"
#include "sim/cli/shard.h"
#include "sim/cli/simulate.h"
#include "sim/cli/sweep_show.h"
#include "sim/run/sweep.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_SHARD = 512, OPTION_SHARDS, OPTION_CSV };

struct arguments {
    struct simulate simulate;
    const char *file, *csv;
    struct shard_wish wish;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        break;
    case OPTION_SHARD:
        a->wish.shard = arg;
        break;
    case OPTION_SHARDS:
        a->wish.shards = arg;
        break;
    case OPTION_CSV:
        a->csv = arg;
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one scenario at a time; '%s' is a second one", arg);
        if (strcmp(arg, "-") == 0)
            argp_error(state, "each point reads the scenario anew; give it as a file, not by '-'");
        a->file = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        break;
    case ARGP_KEY_END:
        if (a->simulate.json != NULL && a->csv != NULL && strcmp(a->simulate.json, "-") == 0 &&
            strcmp(a->csv, "-") == 0)
            argp_error(state, "--json and --csv cannot both go to standard output");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Shards must not write to one file: each has one of its own. */
static int name_database(struct arguments *a, const struct sweep_plan *plan, struct error *err)
{
    if (a->simulate.db == NULL)
        a->simulate.db = plan->shards == 1
                             ? "results.db"
                             : arena_printf(&a->simulate.arena, "results.%u-of-%u.db", plan->shard, plan->shards);
    return a->simulate.db == NULL ? error_set(err, GS_SYSTEM, "out of memory") : GS_OK;
}

static void say_before(const struct arguments *a, const struct sweep_plan *plan, const char *from)
{
    if (from != NULL && !a->simulate.quiet)
        fprintf(stderr, "note: share %u of %u, by %s; rows go to '%s'\n", plan->shard, plan->shards, from, plan->db);
}

static int say_after(const struct arguments *a, const struct sweep_told *told, const volatile int *stop,
                     struct error *err)
{
    bool quiet = a->simulate.quiet;

    if (told->before > 0 && !quiet)
        fprintf(stderr, "note: %u of %u points were in '%s' already\n", told->before, told->own, a->simulate.db);
    if (told->unsettled > 0 && !quiet)
        fprintf(stderr, "note: at %u points the responses had not settled; give it a longer 'duration'\n",
                told->unsettled);
    if (told->left_out > 0 && !quiet)
        fprintf(stderr, "note: %u workloads of several GPUs were left out of traces\n", told->left_out);
    if (*stop == 0)
        return GS_OK;
    return error_set(err, 128 + *stop, "interrupted after %u of %u points; the same command goes on from there",
                     told->done, told->own);
}

static int sweep(struct arguments *a, struct error *err)
{
    struct overrides overrides = {a->simulate.set, a->simulate.sets};
    struct sweep_plan plan = {.file = a->file, .overrides = &overrides, .version = GPUSWAP_VERSION};
    struct sweep_show show = {
        .json = a->simulate.json, .csv = a->csv, .quiet = a->simulate.quiet, .assert_sla = a->simulate.assert_sla};
    struct sweep_told told;
    struct bar bar;
    const char *from;
    int rc = shard_find(&a->wish, &plan.shard, &plan.shards, &from, err);

    if (rc == GS_OK)
        rc = simulate_backend(&a->simulate, &plan.backend, err);
    if (rc == GS_OK)
        rc = sweep_read(&plan.sweep, a->file, &overrides, &a->simulate.arena, err);
    if (rc == GS_OK)
        rc = name_database(a, &plan, err);
    if (rc != GS_OK || (rc = sweep_show_open(&show, err)) != GS_OK) {
        sweep_show_close(&show);
        return rc;
    }
    plan.db = a->simulate.db;
    say_before(a, &plan, from);
    simulate_bar(&a->simulate, &bar);
    plan.progress = simulate_progress;
    plan.context = &bar;
    plan.stop = simulate_catch();
    rc = sweep_run(&plan, &told, err);
    if (rc == GS_OK)
        rc = say_after(a, &told, plan.stop, err);
    if (rc == GS_OK)
        rc = sweep_show(&show, plan.db, told.sweep, err);
    sweep_show_close(&show);
    return rc;
}

int cmd_sweep(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"shard", OPTION_SHARD, "I/N", 0,
         "run the I-th of N shares; without it SLURM_ARRAY_TASK_ID or "
         "JOB_COMPLETION_INDEX tells it, where one is set",
         0},
        {"shards", OPTION_SHARDS, "N", 0, "the number of shares, which JOB_COMPLETION_INDEX does not tell", 0},
        {"csv", OPTION_CSV, "FILE", 0, "write all numbers of all points; '-' is standard output, instead of the text",
         0},
        {0}};
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Run the points of the scenario's [sweep] on all cores, a run of the database each.  Points that the database "
        "holds already do not run again: after an interrupt or a kill the same command goes on.  Shards write to "
        "databases of their own (results.I-of-N.db), which 'gpuswap-sim merge' joins.";
    static const struct argp argp = {options, parse, "SCENARIO", doc, children, NULL, NULL};
    struct arguments a = {0};

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? sweep(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
