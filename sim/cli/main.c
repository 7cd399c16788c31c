/* main.c - find the command, run it, print what went wrong. */
#include "backend/cuda/probe.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "version.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
    const char *arguments, *help;
} commands[] = {
    {"run", cmd_run, "SCENARIO", "simulate a scenario; report on stdout, rows in the database"},
    {"replay", cmd_replay, "TRACE [SCENARIO]", "the same with a recorded trace as the load"},
    {"live", cmd_live, "SCENARIO --device D", "the same load and policies on GPUs, or on the driver double"},
    {"serve", cmd_serve, "SCENARIO", "the daemon of a GPU node: programs that run take turns and are swapped"},
    {"exec", cmd_exec, "-- PROGRAM ARG...", "start a program that the daemon serves"},
    {"ctl", cmd_ctl, "status|request|...", "ask the daemon: who is where, bring this one in, end"},
    {"proxy", cmd_proxy, "--listen ...", "hold connections until the server they are for has the GPU"},
    {"compare", cmd_compare, "SCENARIO...", "policies or scenarios against each other, under the same random numbers"},
    {"sweep", cmd_sweep, "SCENARIO", "the points of its [sweep] on all cores, resumed where it was interrupted"},
    {"merge", cmd_merge, "-o ALL.db SHARD.db...", "one database of a sweep whose shards ran apart"},
    {"regret", cmd_regret, "SCENARIO", "what better decisions or more memory would win, and what nothing can"},
    {"capacity", cmd_capacity, "SCENARIO --vary KEY",
     "the greatest count, or smallest swap file, that keeps every SLA"},
    {"audit", cmd_audit, "DB", "feed a recorded event log through the policies again and compare"},
    {"report", cmd_report, "DB", "print a run again: text, --json, --csv, --plots DIR, --html DIR"},
    {"explain", cmd_explain, "DB [--burst N]", "why a burst took as long as it did"},
    {"advise", cmd_advise, "SCENARIO|DB", "swap file, reserve, workloads a GPU, pools; a patch for the cluster"},
    {"import-config", cmd_import_config, "FILE...", "objects of a Kubernetes cluster to a scenario on stdout"},
    {"trace", cmd_trace, "COMMAND FILE", "import, check, info, fit, generate: recorded and synthetic loads"},
    {"policies", cmd_policies, "[SLOT|NAME]", "list the policies, those of a slot, or one in full"},
    {"backends", cmd_backends, "", "list the backends and whether they work here"},
    {"calibrate", cmd_calibrate, "--device cuda:N", "measure links, calls and swaps of a GPU; a [node] for scenarios"},
    {"predict", cmd_predict, "DB", "simulate a live run with its calibration, and tell how far off that is"},
    {"record", cmd_record, "-o OUT.gst", "sample a real node into a trace: memory and use of each process on its GPUs"},
    {"doctor", cmd_doctor, "[--live]", "what works on this machine, what is missing, what to do"},
    {"selftest", cmd_selftest, "[--gpu]", "whether this program, and with --gpu a GPU, does here what it should"},
    {"keys", cmd_keys, "[SECTION|KEY]", "list the keys of a scenario, of a section, or one in full"},
    {"bench", cmd_bench, "[--json]", "events per second of the event core and of whole runs"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return commands[i].name;
}

static void help(FILE *out)
{
    fprintf(out,
            "gpuswap-sim %s - simulate GPU memory swap: how long do users wait, how large is the swap file\n\n"
            "usage: gpuswap-sim SCENARIO.ini [OPTION...]\n       gpuswap-sim COMMAND ...\n\n",
            GPUSWAP_VERSION);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-13s %-23s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fprintf(out, "\n'gpuswap-sim COMMAND --help' tells the options of a command.\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* A file by its looks: it may be run without saying `run`, and is told there if it is no scenario. */
static bool is_file(const char *arg)
{
    return strcmp(arg, "-") == 0 || (arg[0] != '-' && strpbrk(arg, "/.") != NULL);
}

static int unknown(const char *name, struct error *err)
{
    const char *near = units_nearest(name, COMMANDS, name_at, NULL);

    if (near != NULL)
        return error_set(err, GS_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
    return error_set(err, GS_USAGE, "unknown command '%s'; 'gpuswap-sim --help' lists them", name);
}

static int dispatch(int argc, char **argv, struct error *err)
{
    static char title[64];
    const struct command *command = find(argv[1]);

    if (command == NULL && !is_file(argv[1]))
        return argv[1][0] == '-'
                   ? error_set(err, GS_USAGE, "a scenario or a command comes first; see 'gpuswap-sim --help'")
                   : unknown(argv[1], err);
    if (command == NULL) {
        snprintf(title, sizeof title, "gpuswap-sim run");
        argv[0] = title;
        return cmd_run(argc, argv, err);
    }
    snprintf(title, sizeof title, "gpuswap-sim %s", command->name);
    argv[1] = title;
    return command->run(argc - 1, argv + 1, err);
}

static void complain(const struct error *err)
{
    const char *line = err->text;

    fflush(stdout); /* what is complained about comes first where both go to one file */
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        fprintf(stderr, "gpuswap-sim: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    if (err->lines > ERROR_LINES_MAX)
        fprintf(stderr, "gpuswap-sim: and %d more\n", err->lines - ERROR_LINES_MAX);
}

static void tell_version(void)
{
    int cuda = cuda_built_with();

    printf("gpuswap-sim %s\n", GPUSWAP_VERSION);
    if (cuda == 0)
        printf("built without the CUDA headers\n");
    else
        printf("built with the headers of CUDA %d.%d\n", cuda / 1000, cuda % 1000 / 10);
}

int main(int argc, char **argv)
{
    static struct error err;
    static char option_help[] = "--help";
    int rc;

    gsl_set_error_handler_off();
    signal(SIGXFSZ, SIG_IGN); /* a file-size limit is an error of that write, not the end */
    bool wants_help = argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0);
    if (wants_help && argc > 2) { /* `help run` is `run --help` */
        argv[1] = argv[2];
        argv[2] = option_help;
        argc = 3;
    } else if (wants_help || argc < 2) {
        help(argc < 2 ? stderr : stdout);
        return argc < 2 ? GS_USAGE : GS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        tell_version();
        return GS_OK;
    }
    rc = dispatch(argc, argv, &err);
    complain(&err);
    if ((fflush(stdout) != 0 || ferror(stdout)) && rc == GS_OK) {
        perror("gpuswap-sim: standard output");
        rc = GS_IO;
    }
    return rc;
}
