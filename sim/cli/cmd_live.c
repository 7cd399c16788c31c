/* cmd_live.c - `gpuswap-sim live SCENARIO`: the same policies on a GPU, or on the driver double. */
#include "backend/live/node.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/device_option.h"
#include "sim/cli/live.h"
#include "sim/cli/simulate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_DEVICE = 300, OPTION_SCALE, OPTION_CLOCK, OPTION_VERIFY, OPTION_METRICS, OPTION_EVERY };

struct arguments {
    struct simulate simulate;
    struct live live;
    const char *scenario, *device, *clock;
};

static const struct argp_option options[] = {
    {"device", OPTION_DEVICE, "DEVICE", 0,
     "'cuda:N' or 'cuda:N,M,...': GPUs of this machine, one for each of the scenario's; 'double': the driver double, "
     "which is no GPU, its times are a model's",
     0},
    {"time-scale", OPTION_SCALE, "X", 0,
     "let the load's time run X times faster; transfers take what they take, and so count X times (default: 1)", 0},
    {"clock", OPTION_CLOCK, "real|virtual", 0, "of the driver double (default: virtual, which does not wait)", 0},
    {"verify", OPTION_VERIFY, NULL, 0, "check every word of a workload each time it has been swapped in", 0},
    {"metrics", OPTION_METRICS, "PORT", 0, "serve http://127.0.0.1:PORT/metrics for Prometheus; 0: any free port", 0},
    {"every", OPTION_EVERY, "TIME", 0, "how often the state is shown (default: 200ms on a terminal, else 10s)", 0},
    {0}};

static void read_device(struct arguments *a, const char *text, struct argp_state *state)
{
    a->device = text;
    if (!device_option(&a->live.device, text, DEVICE_GPUS) || (a->live.device.is_double && a->live.device.ordinals > 0))
        argp_error(state, "--device is cuda:N, cuda:N,M,... or double, not '%s'", text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];
    int64_t number = 0;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        return 0;
    case OPTION_DEVICE:
        read_device(a, arg, state);
        return 0;
    case OPTION_SCALE:
        if (units_number(arg, &a->live.device.time_scale, why) != GS_OK || !(a->live.device.time_scale >= 0.001) ||
            a->live.device.time_scale > 1e6)
            argp_error(state, "--time-scale is a number from 0.001 to 1000000, not '%s'", arg);
        return 0;
    case OPTION_CLOCK:
        if (strcmp(arg, "real") != 0 && strcmp(arg, "virtual") != 0)
            argp_error(state, "--clock is real or virtual, not '%s'", arg);
        a->clock = arg;
        return 0;
    case OPTION_VERIFY:
        a->live.device.verify = true;
        return 0;
    case OPTION_METRICS:
        if (units_integer(arg, &number, why) != GS_OK || number < 0 || number > 65535)
            argp_error(state, "--metrics is a port from 0 to 65535, not '%s'", arg);
        a->live.port = (int)number;
        return 0;
    case OPTION_EVERY:
        if (units_time(arg, &number, why) != GS_OK || number < 10000000)
            argp_error(state, "--every is a time from 10ms on, not '%s'", arg);
        a->live.view.every_s = (double)number * 1e-9;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one scenario at a time; '%s' is a second one", arg);
        a->scenario = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->scenario == NULL)
            argp_error(state, "which scenario?");
        if (a->device == NULL)
            argp_error(state, "on what? --device cuda:0, or --device double, which needs no GPU and measures none");
        if (a->clock != NULL && a->device != NULL && !a->live.device.is_double)
            argp_error(state, "--clock is for the driver double; a GPU's is real");
        a->live.device.real_clock = a->clock != NULL && strcmp(a->clock, "real") == 0;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* How to run this again: advice is added to it. */
static void command_line(struct text *out, const struct arguments *a)
{
    text_add(out, "gpuswap-sim live ");
    text_shell_word(out, a->scenario);
    text_printf(out, " --device %s", a->device);
    if (a->live.device.time_scale != 1)
        text_printf(out, " --time-scale %g", a->live.device.time_scale);
    if (a->clock != NULL)
        text_printf(out, " --clock %s", a->clock);
    for (size_t i = 0; i < a->simulate.sets; i++) {
        text_add(out, " --set ");
        text_shell_word(out, a->simulate.set[i]);
    }
}

static int run(struct arguments *a, struct error *err)
{
    struct overrides overrides = {a->simulate.set, a->simulate.sets};
    struct scenario scenario;
    struct text command = {0};
    int rc = scenario_read(&scenario, a->scenario, &overrides, &a->simulate.arena, err);

    command_line(&command, a);
    if (rc == GS_OK && command.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    a->simulate.command = command.data;
    if (!a->simulate.quiet) {
        a->live.view.out = stderr;
        a->live.view.is_terminal = isatty(STDERR_FILENO);
    }
    if (rc == GS_OK)
        rc = simulate_run(&a->simulate, &scenario, err);
    text_fini(&command);
    return rc;
}

int cmd_live(int argc, char **argv, struct error *err)
{
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,
                                     parse,
                                     "SCENARIO",
                                     "Run a scenario's load and policies on GPUs: real memory, real transfers, kernels "
                                     "that take as long as the bursts.",
                                     children,
                                     NULL,
                                     NULL};
    struct arguments a = {.live.device.time_scale = 1, .live.port = -1, .live.backend = &live_node};
    int rc;

    simulate_init(&a.simulate);
    a.simulate.live = &a.live;
    rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? run(&a, err) : GS_USAGE;
    live_server_close(a.live.server); /* where no run began */
    simulate_fini(&a.simulate);
    return rc;
}
