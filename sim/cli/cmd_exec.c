/* cmd_exec.c - `gpuswap-sim exec -- PROGRAM`: the program becomes this process, with a place and a gate. */
#include "backend/device.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/daemon.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_GROUP = 300, OPTION_CLASS, OPTION_MEMORY, OPTION_PRIORITY, GATE_PATH = 4 * DEVICE_PATH + 64 };

struct arguments {
    const char *socket, *group, *class;
    int64_t memory, priority;
    char **program;
};

static const struct argp_option options[] = {
    {"socket", 's', "PATH", 0, "of the daemon (default: $GPUSWAP_SOCKET, or the usual place)", 0},
    {"group", OPTION_GROUP, "NAME", 0, "the [workload.NAME] of the daemon's scenario whose place it takes", 0},
    {"class", OPTION_CLASS, "NAME", 0, "or any of this class: notebook, training, inference", 0},
    {"memory", OPTION_MEMORY, "SIZE", 0, "what it will have on the GPU (default: the scenario's)", 0},
    {"priority", OPTION_PRIORITY, "N", 0, "0 to 255, greater goes first (default: the scenario's)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];

    switch (key) {
    case 's':
        a->socket = arg;
        return 0;
    case OPTION_GROUP:
        a->group = arg;
        return 0;
    case OPTION_CLASS:
        a->class = arg;
        return 0;
    case OPTION_MEMORY:
        if (units_size(arg, &a->memory, why) != GS_OK || a->memory <= 0)
            argp_error(state, "--memory is a size as 8GiB, not '%s'", arg);
        return 0;
    case OPTION_PRIORITY:
        if (units_integer(arg, &a->priority, why) != GS_OK || a->priority < 0 || a->priority > 255)
            argp_error(state, "--priority is a number from 0 to 255, not '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        a->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (a->program == NULL)
            argp_error(state, "which program? it follows '--'");
        if ((a->group == NULL) == (a->class == NULL))
            argp_error(state, "as what? --group NAME, or --class notebook, training or inference");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The gate: libraries that stand before the driver's, beside this program or where they were installed to. */
static int gate_path(char out[GATE_PATH], struct error *err)
{
    static const char *const place[] = {GATE_INSTALLED, "gate"};
    char program[DEVICE_PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    char *name;

    if (length <= 0)
        return error_set(err, GS_SYSTEM, "'/proc/self/exe' does not tell where this program lies; mount /proc");
    program[length] = '\0';
    name = strrchr(program, '/');
    *name = '\0';
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        char first[2 * DEVICE_PATH];

        snprintf(first, sizeof first, "%s/%s/libcuda.so.1", program, place[i]);
        if (access(first, R_OK) != 0)
            continue;
        snprintf(out, GATE_PATH, "%s:%s/%s/libcuda-name.so", first, program, place[i]);
        return GS_OK;
    }
    return error_set(err, GS_NO_DEVICE, "the gate is not here; it is built on x86-64 and installed with this program");
}

static int prepare(const struct arguments *a, char *answer, struct error *err)
{
    char gate[GATE_PATH], preload[2 * GATE_PATH], socket[PATH_MAX], *rest = NULL;
    const char *before = getenv("LD_PRELOAD");
    int rc = gate_path(gate, err);

    if (rc != GS_OK)
        return rc;
    snprintf(preload, sizeof preload, "%s%s%s", gate, before != NULL && *before != '\0' ? ":" : "",
             before != NULL ? before : "");
    setenv("LD_PRELOAD", preload, 1);
    if (realpath(daemon_socket(a->socket), socket) == NULL)
        return error_set(err, GS_NO_DEVICE, "'%s': %s", daemon_socket(a->socket), strerror(errno));
    setenv("GPUSWAP_SOCKET", socket, 1);
    for (char *word = strtok_r(answer, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
        if (strncmp(word, "gpu=", 4) == 0)
            setenv("CUDA_VISIBLE_DEVICES", word + 4, 1);
        if (strncmp(word, "driver=", 7) == 0)
            setenv("GPUSWAP_LIBCUDA", word + 7, 1);
        if (strncmp(word, "place=", 6) == 0)
            setenv("GPUSWAP_PLACE", word + 6, 1);
        if (strncmp(word, "ticket=", 7) == 0)
            setenv("GPUSWAP_TICKET", word + 7, 1);
    }
    return GS_OK;
}

int cmd_exec(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        "-- PROGRAM ARG...",
        "Start a program under the daemon of this node: it waits for the GPU where others have "
        "it, and is swapped out while it has nothing to do there. The program is not changed "
        "and keeps its process number; CUDA_VISIBLE_DEVICES names the GPU that it was given.",
        NULL,
        NULL,
        NULL};
    static char answer[DAEMON_TEXT];
    struct arguments a = {.priority = -1};
    char words[400];
    int connection, rc = argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &a) == 0 ? GS_OK : GS_USAGE;

    if (rc != GS_OK)
        return rc;
    if ((connection = daemon_connect(daemon_socket(a.socket), err)) < 0)
        return err->code;
    snprintf(words, sizeof words, "attach %s=%.64s memory=%lld", a.group != NULL ? "group" : "class",
             a.group != NULL ? a.group : a.class, (long long)a.memory);
    if (a.priority >= 0)
        snprintf(words + strlen(words), sizeof words - strlen(words), " priority=%lld", (long long)a.priority);
    if ((rc = daemon_ask(connection, words, answer, err)) != GS_OK || (rc = prepare(&a, answer, err)) != GS_OK)
        return rc;
    execvp(a.program[0], a.program);
    return error_set(err, GS_NO_INPUT, "'%s': %s", a.program[0], strerror(errno));
}
