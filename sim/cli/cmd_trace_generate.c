/* cmd_trace_generate.c - `gpuswap-sim trace generate SCENARIO.ini -o OUT.gst`: a synthetic trace of any length. */
#include "sim/cli/cmd_trace.h"
#include "sim/base/units.h"
#include "sim/run/generate.h"
#include <argp.h>
#include <stdio.h>

enum { KEY_DURATION = 256, KEY_SEED, KEY_SET, SETS_MAX = 64 };

struct arguments {
    const char *file, *output;
    const char *set[SETS_MAX];
    size_t sets;
    struct arena arena;
};

static void add_set(struct arguments *a, const char *set, struct argp_state *state)
{
    if (a->sets == SETS_MAX)
        argp_error(state, "at most %d settings", SETS_MAX);
    else
        a->set[a->sets++] = set ? set : ""; /* what has no memory is refused later */
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = arg;
        break;
    case KEY_DURATION:
        add_set(a, arena_printf(&a->arena, "scenario.duration=%s", arg), state);
        break;
    case KEY_SEED:
        add_set(a, arena_printf(&a->arena, "scenario.seed=%s", arg), state);
        break;
    case KEY_SET:
        add_set(a, arg, state);
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "one scenario at a time; '%s' is too many", arg);
        a->file = arg;
        break;
    case ARGP_KEY_END:
        if (!a->file)
            argp_error(state, "no scenario given; '-' is standard input");
        if (!a->output)
            argp_error(state, "no output given; say it with '-o OUT.gst', '-' is standard output");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"output", 'o', "OUT.gst", 0, "native file to write; .gz and .zst compress, '-' is standard output", 0},
    {"duration", KEY_DURATION, "TIME", 0, "length of the trace, instead of the scenario's", 0},
    {"seed", KEY_SEED, "N", 0, "seed, instead of the scenario's", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "override a key, as node.swap=no; may be given several times", 0},
    {0}};

static const struct argp argp = {
    options, parse_option, "SCENARIO.ini", "Write the load of a scenario as a trace.", NULL, NULL, NULL};

static int generate(struct arguments *a, struct error *err)
{
    struct scenario scenario;
    struct overrides overrides = {a->set, a->sets};
    struct generated made;
    char bursts[UNITS_TEXT], end[UNITS_TEXT];
    int code = scenario_read(&scenario, a->file, &overrides, &a->arena, err);
    if (!code)
        code = generate_trace(&made, &scenario, a->output, err);
    if (!code)
        fprintf(stderr, "%s: %u workloads, %s bursts and requests, %s\n", a->output, (unsigned)made.workloads,
                units_show_count(bursts, (double)made.bursts), units_show_time(end, (double)made.end_ns));
    return code;
}

int trace_generate_command(int argc, char **argv, struct error *err)
{
    static char title[] = "gpuswap-sim trace generate";
    struct arguments a = {0};
    argv[0] = title; /* argp shows it as the name of the program */
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = generate(&a, err);
    arena_fini(&a.arena);
    return code;
}
