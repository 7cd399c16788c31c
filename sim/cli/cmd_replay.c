/* cmd_replay.c - `gpuswap-sim replay TRACE [SCENARIO]`: a recorded trace as the load of a scenario. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/results/text.h"

#include <stdio.h>

struct arguments {
    struct simulate simulate;
    struct replay_load replay;
    const char *scenario;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        return 0;
    case 'f':
        a->replay.format = arg;
        return 0;
    case 'O':
        a->replay.options =
            a->replay.options == NULL ? arg : arena_printf(&a->simulate.arena, "%s, %s", a->replay.options, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_error(state, "one trace and one scenario; '%s' is too much", arg);
        *(state->arg_num == 0 ? &a->replay.trace : &a->scenario) = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* How to run this again: advice is added to it. */
static void command_line(struct text *out, const struct arguments *a)
{
    text_add(out, "gpuswap-sim replay");
    if (a->replay.format != NULL) {
        text_add(out, " --format ");
        text_shell_word(out, a->replay.format);
    }
    if (a->replay.options != NULL) {
        text_add(out, " -O ");
        text_shell_word(out, a->replay.options);
    }
    text_add(out, " ");
    text_shell_word(out, a->replay.trace);
    if (a->scenario != NULL) {
        text_add(out, " ");
        text_shell_word(out, a->scenario);
    }
    for (size_t i = 0; i < a->simulate.sets; i++) {
        text_add(out, " --set ");
        text_shell_word(out, a->simulate.set[i]);
    }
}

/* What the scenario says of loads does not count; somebody may have meant it to. */
static void note(const struct arguments *a)
{
    if (a->simulate.quiet || a->replay.groups == 0)
        return;
    fprintf(stderr, "note: the trace is the whole load; left out of '%s': %zu group%s", a->scenario, a->replay.groups,
            a->replay.groups == 1 ? "" : "s");
    if (a->replay.slas > 0)
        fprintf(stderr, ", %zu SLA%s", a->replay.slas, a->replay.slas == 1 ? "" : "s");
    fprintf(stderr, "\n");
}

static int replay(struct arguments *a, struct error *err)
{
    struct overrides overrides = {a->simulate.set, a->simulate.sets};
    struct scenario scenario;
    struct text text = {0};
    int rc = scenario_replay(&scenario, a->scenario, &a->replay, &overrides, &a->simulate.arena, err);

    if (rc != GS_OK)
        return rc;
    note(a);
    command_line(&text, a);
    if (text.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    a->simulate.command = text.data;
    if (rc == GS_OK)
        rc = simulate_run(&a->simulate, &scenario, err);
    text_fini(&text);
    return rc;
}

int cmd_replay(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"format", 'f', "NAME", 0, "one of 'gpuswap-sim trace formats' (default: told by the beginning of the file)",
         0},
        {"option", 'O', "KEY=VALUE", 0, "an option of that format; may be given several times", 0},
        {0}};
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Run a recorded trace on the nodes and policies of a scenario (default: one GPU of 80 GiB).  The scenario's "
        "own "
        "workloads and traces are left out, and SLAs of theirs.  The trace becomes the group 'trace': "
        "--set trace.trace.memory=20GiB, --set trace.trace.sample=6.  A promise to it: --set sla.X.group=trace "
        "--set sla.X.response_p95=30s.";
    static const struct argp argp = {options, parse, "TRACE [SCENARIO]", doc, children, NULL, NULL};
    struct arguments a = {0};

    simulate_init(&a.simulate);
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? replay(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
