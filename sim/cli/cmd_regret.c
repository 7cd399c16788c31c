/* cmd_regret.c - `gpuswap-sim regret SCENARIO`: what better victims, better turns and more memory would win, and what nothing
 * can. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/run/regret.h"

#include <stdio.h>

struct arguments {
    struct simulate simulate;
    const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        break;
    case ARGP_KEY_ARG:
        if (a->file != NULL)
            argp_error(state, "one scenario at a time");
        a->file = arg;
        break;
    case ARGP_KEY_END:
        if (a->file == NULL)
            argp_error(state, "which scenario?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* The same users and the same warm-up for all. */
static int run_step(struct arguments *a, struct scenario scenario, enum regret_step step, gs_ns warmup_ns,
                    struct simulated *done, struct error *err)
{
    if (step != REGRET_AS_IS)
        scenario.warmup = warmup_ns;
    a->simulate.label = arena_printf(&a->simulate.arena, "%s: ", regret_step_name(step));
    if (a->simulate.label == NULL || !regret_replace(&scenario, step, &a->simulate.arena))
        return error_set(err, GS_SYSTEM, "out of memory");
    int rc = simulate_one(&a->simulate, &scenario, done, err);
    return rc == GS_OK ? simulate_stopped(&a->simulate, done, err) : rc;
}

static int show(struct arguments *a, const struct simulated *done, struct output *file, struct error *err)
{
    struct text json = {0}, words = {0};
    struct regret regret = {0};

    for (int s = 0; s < REGRET_STEPS; s++)
        regret.run[s] = (struct regret_run){.tally = done[s].outcome.tally, .report = &done[s].report};
    int rc = regret_build(&regret, done[0].outcome.completed, &a->simulate.arena, err);
    if (rc == GS_OK) {
        regret_json(&json, &regret);
        regret_text(&words, &regret);
        rc = simulate_print(&a->simulate, file, &json, &words, err);
    }
    return rc == GS_OK && a->simulate.assert_sla && !report_sla_met(&done[0].report) ? GS_MISSED : rc;
}

static int find_regret(struct arguments *a, struct error *err)
{
    struct overrides with = {a->simulate.set, a->simulate.sets};
    struct simulated done[REGRET_STEPS] = {0};
    struct output file = {0};
    struct scenario scenario;
    int rc = scenario_read(&scenario, a->file, &with, &a->simulate.arena, err);

    if (rc == GS_OK) {
        simulate_replicate(&a->simulate, &scenario, "each run takes");
        rc = output_open(&file, a->simulate.json, err);
    }
    for (int s = 0; s < REGRET_STEPS && rc == GS_OK; s++)
        rc = run_step(a, scenario, (enum regret_step)s, done[0].outcome.warmup_ns, &done[s], err);
    if (rc == GS_OK)
        rc = show(a, done, &file, err);
    output_close(&file);
    for (int s = 0; s < REGRET_STEPS; s++)
        simulated_fini(&done[s]);
    return rc;
}

int cmd_regret(int argc, char **argv, struct error *err)
{
    static const struct argp_child children[] = {{&simulate_unkept_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Tell where the mean response goes: the work itself, unavoidable queueing, too little memory, the slicer, the "
        "victims.  The scenario is run again with oracles for its policies and with memory for all, under the same "
        "random numbers; where arrivals do not depend on the policy, the least mean response that any policy could "
        "have had is told, too.";
    static const struct argp argp = {NULL, parse, "SCENARIO", doc, children, NULL, NULL};
    struct arguments a = {0};

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? find_regret(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
