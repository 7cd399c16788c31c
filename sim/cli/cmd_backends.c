/* cmd_backends.c - `gpuswap-sim backends`: what performs commands, and whether it works here. */
#include "backend/backend.h"
#include "sim/cli/commands.h"

#include <argp.h>
#include <stdio.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    argp_error(state, "unexpected '%s'", arg);
    return 0;
}

int cmd_backends(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {NULL, parse, NULL, "List the backends and whether they work here.",
                                     NULL, NULL,  NULL};
    char why[BACKEND_WHY];

    (void)err;
    if (argp_parse(&argp, argc, argv, 0, NULL, NULL) != 0)
        return GS_USAGE;
    for (size_t i = 0; backend_at(i) != NULL; i++) {
        bool works = backend_at(i)->probe(why);

        printf("%-8s %-14s %s\n", backend_at(i)->name, works ? "works here" : "does not run", backend_at(i)->help);
        if (!works)
            printf("%24s(%s)\n", "", why);
    }
    printf("\nEvery run takes 'sim'; 'null' and 'fault' serve the tests of this program.  'gpuswap-sim live' takes\n"
           "'cuda' and 'double'; what they need on this machine, 'gpuswap-sim doctor' tells.\n");
    return GS_OK;
}
