/* cmd_serve.c - `gpuswap-sim serve SCENARIO`: the daemon of a node. */
#include "backend/serve/serve.h"
#include "backend/cuda/probe.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/daemon.h"
#include "sim/cli/live.h"
#include "sim/cli/simulate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPTION_DEVICE = 300,
    OPTION_IDLE,
    OPTION_STOP,
    OPTION_OPEN,
    OPTION_RULE,
    OPTION_METRICS,
    OPTION_EVERY,
    OPTION_SWAP_FILE
};

struct arguments {
    struct simulate simulate;
    struct live live;
    struct serve_options serve;
    const char *scenario;
    char rule[SERVE_RULES][256];
};

static const struct argp_option options[] = {
    {"socket", 's', "PATH", 0,
     "where programs find it (default: $GPUSWAP_SOCKET; /run/gpuswap/gpuswap.sock, or gpuswap.sock in XDG_RUNTIME_DIR)",
     0},
    {"device", OPTION_DEVICE, "cuda|double", 0, "all GPUs of the node, or the driver double (default: cuda)", 0},
    {"idle", OPTION_IDLE, "TIME", 0, "a program without work for so long has ended its burst (default: 200ms)", 0},
    {"stop-timeout", OPTION_STOP, "TIME", 0, "what a program may take to stop; then the driver stops it (default: 2s)",
     0},
    {"swap-file", OPTION_SWAP_FILE, "PATH", 0,
     "programs off the GPU lie in this file of the daemon's, in a tmpfs or hugetlbfs, and not in their own memory; "
     "needs "
     "driver 615 (CUDA 13.4)",
     0},
    {"open", OPTION_OPEN, NULL, 0, "programs of all users may come, not only the daemon's own and root's", 0},
    {"rule", OPTION_RULE, "cgroup|command=PATTERN:NAME", 0,
     "processes found on a GPU whose cgroup's path or command is like this take places of [workload.NAME]", 0},
    {"metrics", OPTION_METRICS, "PORT", 0, "serve http://127.0.0.1:PORT/metrics for Prometheus; 0: any free port", 0},
    {"every", OPTION_EVERY, "TIME", 0, "how often the state is shown (default: 200ms on a terminal, else 10s)", 0},
    {0}};

static void read_rule(struct arguments *a, const char *text, struct argp_state *state)
{
    struct serve_rule *rule = &a->serve.rule[a->serve.rules];
    char *copy, *colon = NULL;

    if (a->serve.rules == SERVE_RULES)
        argp_error(state, "at most %d rules", SERVE_RULES);
    copy = a->rule[a->serve.rules];
    if (snprintf(copy, sizeof a->rule[0], "%s", text) >= (int)sizeof a->rule[0] ||
        (colon = strrchr(copy, ':')) == NULL || (strncmp(copy, "cgroup=", 7) != 0 && strncmp(copy, "command=", 8) != 0))
        argp_error(state, "--rule is cgroup=PATTERN:NAME or command=PATTERN:NAME, not '%s'", text);
    *colon = '\0';
    rule->by_cgroup = copy[1] == 'g';
    rule->pattern = strchr(copy, '=') + 1;
    rule->group = colon + 1;
    a->serve.rules++;
}

static gs_ns read_time(const char *key, const char *text, struct argp_state *state)
{
    char why[UNITS_WHY];
    int64_t ns = 0;

    if (units_time(text, &ns, why) != GS_OK || ns < 1000000 || ns > INT64_C(600000000000))
        argp_error(state, "--%s is a time from 1ms to 10m, not '%s'", key, text);
    return ns;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];
    int64_t port;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        return 0;
    case 's':
        a->serve.socket = arg;
        return 0;
    case OPTION_DEVICE:
        if (strcmp(arg, "cuda") != 0 && strcmp(arg, "double") != 0)
            argp_error(state, "--device is cuda or double, not '%s'", arg);
        a->live.device.is_double = *arg == 'd';
        return 0;
    case OPTION_IDLE:
        a->serve.idle_ns = read_time("idle", arg, state);
        return 0;
    case OPTION_STOP:
        a->serve.stop_ns = read_time("stop-timeout", arg, state);
        return 0;
    case OPTION_SWAP_FILE:
        if (*arg != '/')
            argp_error(state, "--swap-file is a path from the root, not '%s'", arg);
        a->serve.swap_file = arg;
        return 0;
    case OPTION_OPEN:
        a->serve.open_to_all = true;
        return 0;
    case OPTION_RULE:
        read_rule(a, arg, state);
        return 0;
    case OPTION_METRICS:
        if (units_integer(arg, &port, why) != GS_OK || port < 0 || port > 65535)
            argp_error(state, "--metrics is a port from 0 to 65535, not '%s'", arg);
        a->live.port = (int)port;
        return 0;
    case OPTION_EVERY:
        a->live.view.every_s = (double)read_time("every", arg, state) * 1e-9;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one scenario at a time; '%s' is a second one", arg);
        a->scenario = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->scenario == NULL)
            argp_error(state,
                       "which scenario? It says what the node is, its policies, and how many programs may come as "
                       "what");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void say(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

/* Programs decide by themselves what they do, and what they have on the GPU when they come is what they allocate; the daemon
 * has no end. */
static int adapt(struct scenario *scenario, const struct serve_options *serve, struct error *err)
{
    int rc = serve_check(scenario, err);

    for (unsigned i = 0; i < serve->rules && rc == GS_OK; i++) {
        bool known = false;

        for (size_t g = 0; g < scenario->workloads; g++)
            known |= strcmp(scenario->workload[g].name, serve->rule[i].group) == 0;
        if (!known)
            rc = error_set(err, GS_USAGE, "--rule: the scenario has no [workload.%s]", serve->rule[i].group);
    }
    for (size_t g = 0; g < scenario->workloads; g++)
        scenario->workload[g].state = INITIAL_NEW;
    scenario->served = true;
    scenario->duration = GS_NEVER;
    scenario->warmup = 0;
    return rc;
}

static int run(struct arguments *a, struct error *err)
{
    struct overrides overrides = {a->simulate.set, a->simulate.sets};
    struct scenario scenario;
    struct text command = {0};
    int rc = scenario_read(&scenario, a->scenario, &overrides, &a->simulate.arena, err);

    if (rc == GS_OK)
        rc = adapt(&scenario, &a->serve, err);
    for (int64_t i = 0; rc == GS_OK && !a->live.device.is_double && i < scenario.node[0].gpus && i < DEVICE_GPUS; i++)
        a->live.device.ordinal[a->live.device.ordinals++] = (unsigned)i;
    if (rc == GS_OK && a->live.device.is_double)
        rc = device_use_double(err);
    text_add(&command, "gpuswap-sim serve ");
    text_shell_word(&command, a->scenario);
    text_add(&command, a->live.device.is_double ? " --device double" : "");
    if (rc == GS_OK && command.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    a->simulate.command = command.data;
    serve_set(&a->serve);
    umask(umask(0) | 077); /* what it writes tells of all users */
    if (!a->simulate.quiet) {
        a->live.view.out = stderr;
        a->live.view.is_terminal = isatty(STDERR_FILENO);
    }
    if (rc == GS_OK)
        rc = simulate_run(&a->simulate, &scenario, err);
    text_fini(&command);
    return rc;
}

int cmd_serve(int argc, char **argv, struct error *err)
{
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "SCENARIO",
        "Serve programs on the GPUs of this node, until interrupted: they take turns and are swapped as the scenario's "
        "policies say. Its [workload.NAME] groups are the places that programs come to ('gpuswap-sim exec'), 'count' "
        "of "
        "each; what it says of thinking and bursts is for simulations.",
        children,
        NULL,
        NULL};
    struct arguments a = {.live.device.time_scale = 1,
                          .live.device.real_clock = true,
                          .live.port = -1,
                          .live.backend = &backend_serve,
                          .serve = {.idle_ns = 200000000, .stop_ns = 2000000000, .say = say}};
    int rc;

    simulate_init(&a.simulate);
    a.simulate.live = &a.live;
    a.simulate.set[a.simulate.sets++] =
        "scenario.duration=36500d"; /* it has no end; what the file says is for simulations */
    rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? GS_OK : GS_USAGE;
    if (rc == GS_OK && a.serve.socket == NULL && (a.serve.socket = getenv("GPUSWAP_SOCKET")) == NULL &&
        (a.serve.socket = daemon_own_socket()) == NULL)
        rc = error_set(err, GS_USAGE, "where should programs find it? --socket PATH");
    if (rc == GS_OK)
        rc = run(&a, err);
    if (rc == 128 + SIGINT || rc == 128 + SIGTERM) { /* it has no other end */
        if (a.simulate.db != NULL)
            fprintf(stderr, "ended; 'gpuswap-sim report %s' tells of the run\n", a.simulate.db);
        *err = (struct error){0};
        rc = GS_OK;
    }
    simulate_fini(&a.simulate);
    return rc;
}
