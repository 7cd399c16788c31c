/* cmd_audit.c - `gpuswap-sim audit DB`: do the policies still decide what the log says they decided? */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/run/audit.h"

#include <argp.h>
#include <stdio.h>

struct arguments {
    const char *db;
    int64_t run;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];

    switch (key) {
    case 'r':
        if (units_integer(arg, &a->run, why) != GS_OK || a->run < 1)
            argp_error(state, "--run '%s': a run is a number from 1", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (a->db != NULL)
            argp_error(state, "one database at a time");
        a->db = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which database?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_audit(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {{"run", 'r', "N", 0, "audit run N (default: the last one)", 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "DB",
        "Feed the recorded events of a run through the policy core again: its commands must be "
        "the same, and what victims were chosen from.  Exit code 1 if they differ.",
        NULL,
        NULL,
        NULL};
    struct arguments a = {0};
    struct audit audit;
    char events[UNITS_TEXT], commands[UNITS_TEXT], candidates[UNITS_TEXT], differences[UNITS_TEXT];
    int rc;

    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    rc = audit_run(&audit, a.db, a.run, err);
    if (rc != GS_OK)
        return rc;
    printf("run %lld: %s events, %s commands, %s candidates, %s differences\n", (long long)audit.run,
           units_show_count(events, (double)audit.events), units_show_count(commands, (double)audit.commands),
           units_show_count(candidates, (double)audit.candidates),
           units_show_count(differences, (double)audit.differences));
    if (audit.differences > 0)
        printf("first: %s\n", audit.first);
    return audit.differences > 0 ? GS_MISSED : GS_OK;
}
