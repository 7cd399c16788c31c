/* cmd_explain.c - `gpuswap-sim explain DB`: why a burst took as long as it did. */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explain/explain.h"

#include <argp.h>

enum { OPTION_RUN = 256, OPTION_REPLICATION, OPTION_JSON };

static const struct argp_option options[] = {
    {"burst", 'b', "N", 0, "the burst of that number in its replication; with --workload, in its workload", 0},
    {"slowest", 's', "K", 0, "the K slowest bursts (default: 1)", 0},
    {"workload", 'w', "NAME", 0, "only of this workload, such as NB-3", 0},
    {"group", 'g', "NAME", 0, "only of this group", 0},
    {"replication", OPTION_REPLICATION, "R", 0, "only of this replication (with --burst the first, 0, by default)", 0},
    {"run", OPTION_RUN, "RUN", 0, "the run of that number (default: the last one)", 0},
    {"json", OPTION_JSON, "FILE", 0, "write it as JSON instead of text; '-' is standard output", 0},
    {0},
};

struct arguments {
    const char *db, *json, *workload;
    int64_t run;
    struct explain_wish wish;
};

static void take_number(struct argp_state *state, const char *option, const char *arg, int64_t least, int64_t *number)
{
    char why[UNITS_WHY];

    if (units_integer(arg, number, why) != GS_OK)
        argp_error(state, "%s '%s': %s", option, arg, why);
    else if (*number < least)
        argp_error(state, "%s '%s': a number from %lld", option, arg, (long long)least);
}

static void check(const struct arguments *a, struct argp_state *state)
{
    if (a->db == NULL)
        argp_error(state, "which database? a run writes 'results.db' unless --db names another");
    if (a->wish.burst >= 0 && a->wish.slowest > 0)
        argp_error(state, "--burst names one, --slowest picks; not both");
    if (a->wish.burst >= 0 && a->wish.group != NULL)
        argp_error(state, "--group goes with --slowest; --burst takes --workload");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case 'b':
        take_number(state, "--burst", arg, 0, &a->wish.burst);
        break;
    case 's':
        take_number(state, "--slowest", arg, 1, &a->wish.slowest);
        break;
    case 'w':
        a->workload = arg;
        break;
    case 'g':
        a->wish.group = arg;
        break;
    case OPTION_REPLICATION:
        take_number(state, "--replication", arg, 0, &a->wish.replication);
        break;
    case OPTION_RUN:
        take_number(state, "--run", arg, 1, &a->run);
        break;
    case OPTION_JSON:
        a->json = arg;
        break;
    case ARGP_KEY_ARG:
        if (a->db != NULL)
            argp_error(state, "one database at a time; '%s' is a second one", arg);
        a->db = arg;
        break;
    case ARGP_KEY_END:
        check(a, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Each with what happened around it; neighbours in time share no reading, as they seldom are neighbours. */
static int tell(struct explain *explain, struct explain_burst *burst, size_t bursts, bool json, struct text *out,
                struct error *err)
{
    text_add(out, json ? "{\"bursts\":[" : "");
    for (size_t i = 0; i < bursts; i++) {
        int rc = explain_read(explain, burst[i].replication, burst[i].row.ready_ns - 1, burst[i].row.end_ns + 1, err);
        if (rc == GS_OK)
            rc = explain_burst(explain, &burst[i], err);
        if (rc != GS_OK)
            return rc;
        if (i > 0)
            text_add(out, json ? "," : "\n----\n\n");
        (json ? explain_json : explain_text)(out, explain, &burst[i]);
    }
    text_add(out, json ? "]}\n" : "");
    return out->failed ? error_set(err, GS_SYSTEM, "out of memory for the explanation") : GS_OK;
}

int cmd_explain(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        "DB",
        "Why did a burst take as long as it did?  Tells what it waited for, piece by piece, and who had a part in it.  "
        "Runs with 'record = events' have the most to tell.",
        NULL,
        NULL,
        NULL};
    struct arguments a = {.wish = {.replication = -1, .burst = -1, .workload = GS_NONE}};
    struct arena arena = {0};
    struct text text = {0};
    struct explain *explain = NULL;
    struct explain_burst *burst;
    size_t bursts;

    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    if (a.wish.burst >= 0 && a.wish.replication < 0)
        a.wish.replication = 0;
    if (a.wish.slowest == 0)
        a.wish.slowest = 1;
    int rc = explain_open(&explain, a.db, a.run, &arena, err);
    if (rc == GS_OK && a.workload != NULL)
        rc = explain_find(explain, a.workload, &a.wish.workload, err);
    if (rc == GS_OK)
        rc = explain_pick(explain, &a.wish, &burst, &bursts, err);
    if (rc == GS_OK)
        rc = tell(explain, burst, bursts, a.json != NULL, &text, err);
    if (rc == GS_OK)
        rc = write_text(a.json != NULL ? a.json : "-", text.data == NULL ? "" : text.data, text.length, err);
    text_fini(&text);
    explain_close(explain);
    arena_fini(&arena);
    return rc;
}
