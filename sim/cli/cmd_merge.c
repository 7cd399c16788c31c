/* cmd_merge.c - `gpuswap-sim merge -o ALL.db SHARD.db...`: one database of a sweep whose shards ran apart. */
#include "sim/cli/commands.h"
#include "sim/cli/sweep_show.h"
#include "sim/results/store.h"

#include <argp.h>
#include <string.h>

enum { OPTION_JSON = 512, OPTION_CSV, OPTION_PARTIAL, OPTION_QUIET, OPTION_ASSERT };

struct arguments {
    const char *output;
    const char **input;
    size_t inputs, capacity;
    bool partial;
    struct sweep_show show;
    struct arena arena;
};

static void add_input(struct arguments *a, struct argp_state *state, const char *path)
{
    void *grown = arena_grow(&a->arena, a->input, &a->capacity, a->inputs + 1, sizeof *a->input);

    if (grown == NULL)
        argp_failure(state, GS_SYSTEM, 0, "out of memory");
    a->input = grown;
    a->input[a->inputs++] = path;
}

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case 'o':
        a->output = arg;
        break;
    case OPTION_JSON:
        a->show.json = arg;
        break;
    case OPTION_CSV:
        a->show.csv = arg;
        break;
    case OPTION_PARTIAL:
        a->partial = true;
        break;
    case OPTION_QUIET:
        a->show.quiet = true;
        break;
    case OPTION_ASSERT:
        a->show.assert_sla = true;
        break;
    case ARGP_KEY_ARG:
        add_input(a, state, arg);
        break;
    case ARGP_KEY_END:
        if (a->inputs == 0)
            argp_error(state, "which databases?");
        if (a->output == NULL || *a->output == '\0')
            argp_error(state, "where to? Name the database that they are joined in by -o");
        if (is_stdout(a->show.json) && is_stdout(a->show.csv))
            argp_error(state, "--json and --csv cannot both go to standard output");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int cmd_merge(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"output", 'o', "FILE", 0, "the database that they are joined in; it may hold some of the points already", 0},
        {"json", OPTION_JSON, "FILE", 0, "write the table as JSON; '-' is standard output, instead of the text", 0},
        {"csv", OPTION_CSV, "FILE", 0, "write all numbers of all points; '-' is standard output, instead of the text",
         0},
        {"partial", OPTION_PARTIAL, NULL, 0, "join what there is, though points are missing", 0},
        {"quiet", OPTION_QUIET, NULL, 0, "no table", 0},
        {"assert", OPTION_ASSERT, NULL, 0, "exit with 1 if an SLA is missed at any point", 0},
        {0}};
    static const char doc[] =
        "Join the databases of the shards of a sweep.  It ends with an error, and nothing is written, where points are "
        "missing, where a point has different results in two databases, and where these are not of one sweep.  In the "
        "output run N is point N.";
    static const struct argp argp = {options, parse, "SHARD.db...", doc, NULL, NULL, NULL};
    struct arguments a = {0};
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? GS_OK : GS_USAGE;

    if (rc == GS_OK)
        rc = sweep_show_open(&a.show, err);
    if (rc == GS_OK)
        rc = store_merge(a.output, a.input, a.inputs, a.partial, err);
    if (rc == GS_OK)
        rc = sweep_show(&a.show, a.output, 0, err);
    sweep_show_close(&a.show);
    arena_fini(&a.arena);
    return rc;
}
