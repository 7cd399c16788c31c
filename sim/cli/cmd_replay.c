/* cmd_replay.c - `gpuswap-sim replay TRACE [SCENARIO]`: a recorded trace as the load of a scenario. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/results/text.h"

#include <string.h>

struct arguments {
    struct simulate simulate;
    const char *trace, *scenario, *format, *options, *name;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        return 0;
    case 'f':
        a->format = arg;
        return 0;
    case 'O':
        a->options = a->options == NULL ? arg : arena_printf(&a->simulate.arena, "%s, %s", a->options, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_error(state, "one trace and one scenario; '%s' is too much", arg);
        *(state->arg_num == 0 ? &a->trace : &a->scenario) = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The scenario includes the given one, if any, and adds the trace; a path that is not absolute is taken from here. */
static void compose(struct text *out, const struct arguments *a)
{
    const char *here = a->trace[0] == '/' ? "" : "./";

    if (a->scenario != NULL)
        text_printf(out, "include = %s\n", a->scenario);
    else
        text_add(out, "[node]\ngpu_memory = 80GiB\n");
    text_printf(out, "[trace.%s]\nfile = %s%s\n", a->name, here, a->trace);
    if (a->format != NULL)
        text_printf(out, "format = %s\n", a->format);
    if (a->options != NULL)
        text_printf(out, "options = %s\n", a->options);
}

int cmd_replay(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"format", 'f', "NAME", 0, "one of 'gpuswap-sim trace formats' (default: told by the beginning of the file)",
         0},
        {"option", 'O', "KEY=VALUE", 0, "an option of that format; may be given several times", 0},
        {0}};
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "TRACE [SCENARIO]",
        "Run a recorded trace on the nodes and policies of a scenario (default: one GPU of 80 GiB).  The trace becomes "
        "the "
        "group 'trace': --set trace.trace.memory=20GiB, --set trace.trace.sample=6, an SLA with 'group = trace'.",
        children,
        NULL,
        NULL};
    struct arguments a = {.name = "trace"};
    struct scenario scenario;
    struct text text = {0};
    int rc;

    simulate_init(&a.simulate);
    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    compose(&text, &a);
    a.simulate.command = arena_printf(&a.simulate.arena, "gpuswap-sim replay%s%s %s%s%s",
                                      a.format == NULL ? "" : " --format ", a.format == NULL ? "" : a.format, a.trace,
                                      a.scenario == NULL ? "" : " ", a.scenario == NULL ? "" : a.scenario);
    struct overrides overrides = {a.simulate.set, a.simulate.sets};
    rc = text.failed
             ? error_set(err, GS_SYSTEM, "out of memory")
             : scenario_parse(&scenario, text.data, text.length, a.trace, ".", &overrides, &a.simulate.arena, err);
    if (rc == GS_OK)
        rc = simulate_run(&a.simulate, &scenario, err);
    text_fini(&text);
    simulate_fini(&a.simulate);
    return rc;
}
