/* cmd_run.c - `gpuswap-sim run SCENARIO`: simulate a scenario. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"

#include <stdio.h>

struct arguments {
    struct simulate simulate;
    const char *scenario;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one scenario at a time; '%s' is a second one", arg);
        a->scenario = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_run(int argc, char **argv, struct error *err)
{
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {NULL,     parse, "SCENARIO", "Simulate a scenario ('-': from standard input).",
                                     children, NULL,  NULL};
    struct arguments a = {0};
    struct scenario scenario;
    int rc;

    simulate_init(&a.simulate);
    rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? GS_OK : GS_USAGE;
    struct overrides overrides = {a.simulate.set, a.simulate.sets};
    if (rc == GS_OK)
        rc = scenario_read(&scenario, a.scenario, &overrides, &a.simulate.arena, err);
    if (rc == GS_OK && scenario.sweep != NULL && !a.simulate.quiet)
        fprintf(stderr,
                "note: 'run' takes the scenario as it is; the points of its [sweep] run by: gpuswap-sim sweep %s\n",
                a.scenario);
    if (rc == GS_OK)
        rc = simulate_run(&a.simulate, &scenario, err);
    simulate_fini(&a.simulate);
    return rc;
}
