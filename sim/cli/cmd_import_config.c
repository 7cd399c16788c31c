/* cmd_import_config.c - `gpuswap-sim import-config FILE...`: objects of a cluster to a scenario on standard output. */
#include "sim/cli/commands.h"
#include "sim/cluster/cluster.h"
#include "sim/scenario/scenario.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ASSUME = 256, KEY_ASSUMPTIONS, KEY_POOL, KEY_FORCE, KEY_QUIET, FILES_MAX = 1024, ASSUMES_MAX = 256 };

struct arguments {
    const char *file[FILES_MAX], *assume[ASSUMES_MAX];
    size_t files, assumes;
    struct cluster_options options;
    bool list, quiet;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_ASSUME:
        if (a->assumes == ASSUMES_MAX)
            argp_error(state, "at most %d assumptions", ASSUMES_MAX);
        a->assume[a->assumes++] = arg;
        break;
    case KEY_ASSUMPTIONS:
        a->list = true;
        break;
    case KEY_POOL:
        a->options.pool = arg;
        break;
    case KEY_FORCE:
        a->options.force = true;
        break;
    case KEY_QUIET:
        a->quiet = true;
        break;
    case ARGP_KEY_ARG:
        if (a->files == FILES_MAX)
            argp_error(state, "at most %d files; join them, as documents of one file", FILES_MAX);
        a->file[a->files++] = arg;
        break;
    case ARGP_KEY_END:
        if (a->files == 0 && !a->list)
            argp_error(state, "which files? 'kubectl get nodes -o yaml' makes one; '-' is standard input");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"assume", KEY_ASSUME, "NAME=VALUE", 0, "what objects cannot tell, as notebook.think=exp(2m); may be repeated", 0},
    {"assumptions", KEY_ASSUMPTIONS, NULL, 0, "list what can be assumed, with defaults, and end", 0},
    {"pool", KEY_POOL, "NAME", 0, "only the nodes and pods of this node pool", 0},
    {"force", KEY_FORCE, NULL, 0, "write a scenario in spite of contradictions; pods that cannot run are left out", 0},
    {"quiet", KEY_QUIET, NULL, 0, "no notes on standard error; they stand in the scenario, too", 0},
    {0}};

static const struct argp argp = {
    options,
    parse,
    "FILE...",
    "Write a scenario from the objects of a cluster: runaiconfig, node pools, nodes and pods, "
    "as kubectl prints them in YAML or JSON.",
    NULL,
    NULL,
    NULL};

static int list_assumptions(void)
{
    const char *name, *value, *why;
    for (size_t i = 0; cluster_assumption_at(i, &name, &value, &why); i++)
        printf("%-22s = %-19s %s\n", name, value, why);
    return GS_OK;
}

/* What the reader of scenarios says of the sections, without places that nobody can look up. */
static const char *judge(const char *sections, size_t length, struct arena *arena)
{
    static const char file[] = "sections";
    struct scenario scenario;
    struct error err = {0};
    if (!scenario_parse(&scenario, sections, length, file, NULL, NULL, arena, &err))
        return NULL;
    char *out = arena_alloc(arena, strlen(err.text) + 1), *to = out;
    for (const char *line = err.text; out && *line;) {
        size_t all = strcspn(line, "\n"), skip = strncmp(line, file, sizeof file - 1) == 0 ? sizeof file - 1 : 0;
        if (skip > 0)
            skip += strspn(line + skip, ":0123456789 ");
        memcpy(to, line + skip, all - skip);
        to += all - skip;
        *to++ = '\n';
        line += all + (line[all] == '\n');
    }
    return out;
}

static int print(struct cluster *cluster, const struct arguments *a, struct arena *arena, struct error *err)
{
    char *sections = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&sections, &length);
    if (!memory)
        return error_set(err, GS_SYSTEM, "no memory for the scenario");
    cluster_write_sections(cluster, memory);
    bool bad = ferror(memory);
    if (fclose(memory) || bad) {
        free(sections);
        return error_set(err, GS_SYSTEM, "no memory for the scenario");
    }
    const char *refused = err->code ? NULL : judge(sections, length, arena);
    if (!err->code) {
        cluster_write_comment(cluster, refused, stdout);
        fwrite(sections, 1, length, stdout);
    }
    free(sections);
    if (!err->code && fflush(stdout))
        error_set(err, GS_IO, "cannot write standard output");
    if (!a->quiet)
        cluster_write_notes(cluster, stderr);
    for (const char *line = refused; line && *line && !a->quiet; line += strcspn(line, "\n") + 1)
        fprintf(stderr, "not run by this version: %.*s\n", (int)strcspn(line, "\n"), line);
    return err->code;
}

int cmd_import_config(int argc, char **argv, struct error *err)
{
    static struct arguments a;
    struct arena arena = {0};
    struct cluster *cluster;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.list)
        return list_assumptions();
    int code = cluster_new(&cluster, &a.options, &arena, err);
    for (size_t i = 0; i < a.assumes && !code; i++)
        code = cluster_assume(cluster, a.assume[i], err);
    bool ready = !code;
    for (size_t i = 0; i < a.files && ready && err->code != GS_SYSTEM; i++)
        code = cluster_read(cluster, a.file[i], err);
    if (ready && !code)
        code = cluster_finish(cluster, err);
    if (ready && !code)
        code = print(cluster, &a, &arena, err);
    else if (ready && !a.quiet)
        cluster_write_notes(cluster, stderr);
    arena_fini(&arena);
    return code;
}
