/* cmd_trace.c - `gpuswap-sim trace import | check | info | formats`: convert, validate and describe recorded loads. */
#include "sim/cli/cmd_trace.h"
#include "sim/cli/commands.h"
#include "sim/base/units.h"
#include "sim/base/dist.h"
#include "traces/import.h"
#include "traces/info.h"
#include "traces/replay.h"
#include <argp.h>
#include <stdio.h>
#include <string.h>

enum { KEY_FROM = 256, KEY_TO, KEY_SCALE, KEY_SAMPLE, KEY_MEM, KEY_SINGLE, KEY_SEED, KEY_PLOTS, KEY_JSON };

struct arguments {
    const char *command; /* "import", "check", "info", "formats" */
    const char *output, *plots;
    bool json;
    int64_t seed;
    struct trace_options options;
    struct dist memory;
    struct arena arena;
    struct error *err;
};

/* An option's value that does not fit is a usage error like those of argp itself. */
static void refuse(struct argp_state *state, const char *option, const char *arg, const char *why)
{
    argp_error(state, "--%s '%s': %s", option, arg, why);
}

static void parse_mem(struct arguments *a, const char *arg, struct argp_state *state)
{
    struct error err = {0};
    if (dist_parse(&a->memory, arg, DIST_SIZE, NULL, &a->arena, &err))
        refuse(state, "mem", arg, err.text);
    a->options.memory = &a->memory;
    a->options.memory_text = arg;
}

static void parse_seed(struct arguments *a, const char *arg, struct argp_state *state)
{
    char why[UNITS_WHY];
    if (units_integer(arg, &a->seed, why))
        refuse(state, "seed", arg, why);
    else if (a->seed < 0)
        refuse(state, "seed", arg, "must not be negative");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct trace_options *options = &a->options;
    char why[UNITS_WHY];
    switch (key) {
    case 'o':
        a->output = arg;
        break;
    case 'f':
        options->format = arg;
        break;
    case KEY_PLOTS:
        a->plots = arg;
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case KEY_SEED:
        parse_seed(a, arg, state);
        break;
    case KEY_FROM:
    case KEY_TO:
        if (units_time(arg, key == KEY_FROM ? &options->from_ns : &options->to_ns, why))
            refuse(state, key == KEY_FROM ? "from" : "to", arg, why);
        break;
    case KEY_SCALE:
        if (units_number(arg, &options->scale_time, why))
            refuse(state, "scale-time", arg, why);
        break;
    case KEY_SAMPLE:
        if (units_integer(arg, &options->sample, why))
            refuse(state, "sample", arg, why);
        else if (options->sample < 1)
            refuse(state, "sample", arg, "must be at least 1");
        break;
    case KEY_MEM:
        parse_mem(a, arg, state);
        break;
    case KEY_SINGLE:
        options->single = true;
        break;
    case 'O':
        options->import = options->import ? arena_printf(&a->arena, "%s, %s", options->import, arg)
                                          : arena_printf(&a->arena, "%s", arg);
        break;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_error(state, "one file at a time; '%s' is too many", arg);
        options->file = arg;
        break;
    case ARGP_KEY_END:
        if (!options->file && strcmp(a->command, "formats") != 0)
            argp_error(state, "no file given; '-' is standard input");
        if (!strcmp(a->command, "import") && !a->output)
            argp_error(state, "no output given; say it with '-o OUT.gst', '-' is standard output");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

#define SELECTION                                                                                                      \
    {"format", 'f', "FORMAT", 0, "one of 'gpuswap-sim trace formats' (default: told by its beginning)", 0},            \
        {"option", 'O', "KEY=VALUE", 0, "an option of that format; may be given several times", 0},                    \
        {"seed", KEY_SEED, "N", 0, "seed of all that the recording lacks (default 1)", 0},                             \
        {"from", KEY_FROM, "TIME", 0, "start of the window, as 14d", 0},                                               \
        {"to", KEY_TO, "TIME", 0, "end of the window", 0},                                                             \
        {"scale-time", KEY_SCALE, "X", 0, "recorded times, thinks and gaps times X; GPU work stays", 0},               \
        {"sample", KEY_SAMPLE, "N", 0, "keep N workloads, drawn by the seed", 0},                                      \
        {"mem", KEY_MEM, "DIST", 0, "memory of workloads whose recording has none", 0},                                \
    {                                                                                                                  \
        "single", KEY_SINGLE, NULL, 0, "only workloads of one GPU", 0                                                  \
    }

static const struct argp_option import_options[] = {
    {"output", 'o', "OUT.gst", 0, "native file to write; .gz and .zst compress, '-' is standard output", 0},
    SELECTION,
    {0}};
static const struct argp_option info_options[] = {
    {"json", KEY_JSON, NULL, 0, "as JSON", 0},
    {"plots", KEY_PLOTS, "DIR", 0, "draw it: SVG and PNG of each picture, with the data beside them", 0},
    SELECTION,
    {0}};
static const struct argp_option fit_options[] = {
    {"output", 'o', "OUT.ini", 0, "scenario to write; '-' is standard output, and the report then goes to stderr", 0},
    SELECTION,
    {0}};

/* --- the commands ------------------------------------------------------------------------------------------------ */

static int do_import(struct arguments *a)
{
    struct trace trace;
    char bursts[UNITS_TEXT], span[UNITS_TEXT];
    uint64_t count = 0;
    int code = trace_load(&trace, &a->options, (uint64_t)a->seed, &a->arena, a->err);
    if (!code)
        code = trace_write(&trace, a->output, a->err);
    if (code)
        return code;
    for (size_t i = 0; i < trace.workloads; i++)
        count += trace.workload[i].bursts + trace.workload[i].requests + trace.workload[i].runs;
    for (size_t i = 0; i < trace.notes; i++)
        if (trace.note[i].assume)
            fprintf(stderr, "assumed %-11s %s\n", trace.note[i].key, trace.note[i].value);
    fprintf(stderr, "%s: %zu workloads, %s bursts and requests, %s\n", a->output, trace.workloads,
            units_show_count(bursts, (double)count), units_show_time(span, (double)trace_end_ns(&trace)));
    if (trace.multi_gpu)
        fprintf(stderr, "note: %llu workloads use several GPUs; '--single' leaves them out\n",
                (unsigned long long)trace.multi_gpu);
    if (trace.extensions)
        fprintf(stderr, "note: %llu extension records were left out\n", (unsigned long long)trace.extensions);
    return GS_OK;
}

static int do_check(struct arguments *a)
{
    struct trace_counts counts;
    const char *file = a->options.file;
    int code = trace_check(&counts, file, &a->arena, a->err);
    if (code)
        return code;
    printf("%s: valid, %llu lines: W %llu, B %llu, T %llu, M %llu, S %llu, R %llu, U %llu, D %llu, extensions %llu\n",
           file, (unsigned long long)counts.lines, (unsigned long long)counts.records[GST_WORKLOAD],
           (unsigned long long)counts.records[GST_BURST], (unsigned long long)counts.records[GST_ITERATE],
           (unsigned long long)counts.records[GST_MEMORY], (unsigned long long)counts.records[GST_SERVICE],
           (unsigned long long)counts.records[GST_REQUEST], (unsigned long long)counts.records[GST_UPDATE],
           (unsigned long long)counts.records[GST_DEPART], (unsigned long long)counts.extensions);
    if (counts.too_large)
        fprintf(stderr,
                "note: %llu workloads hold more than their limit of the reference GPU and cannot run on it, the "
                "first at line %u\n",
                (unsigned long long)counts.too_large, counts.first_too_large);
    return GS_OK;
}

static int do_info(struct arguments *a)
{
    return trace_info_command(&a->options, (uint64_t)a->seed, a->json, a->plots, &a->arena, a->err);
}

static int do_fit(struct arguments *a)
{
    return trace_fit_command(&a->options, (uint64_t)a->seed, a->output, &a->arena, a->err);
}

static void print_option(const struct import_option *o)
{
    printf("  %s%s%s", o->key, o->fallback ? " = " : "", o->fallback ? o->fallback : "   (must be given)");
    for (size_t i = 0; o->choice && o->choice[i]; i++)
        printf("%s%s", i == 0 ? "   (" : " | ", o->choice[i]);
    printf("%s\n      %s\n", o->choice ? ")" : "", o->help);
}

/* The formats, or one in full. */
static int do_formats(struct arguments *a)
{
    if (!a->options.file) {
        for (size_t i = 0; importer_at(i); i++)
            printf("%-20s %s\n", importer_at(i)->name, importer_at(i)->help);
        return GS_OK;
    }
    const struct importer *importer = importer_find(a->options.file, a->err);
    if (!importer)
        return a->err->code;
    printf("%s\n  %s\n  %s\n", importer->name, importer->help,
           importer->guess ? "told by the beginning of a file" : "not told by content: say --format");
    if (importer->memory)
        printf("  memory, where not said otherwise: %s\n", importer->memory);
    for (const struct import_option *o = importer->option; o && o->key; o++)
        print_option(o);
    return GS_OK;
}

static const struct {
    const char *name, *title;
    const struct argp argp;
    int (*run)(struct arguments *a);
} commands[] = {
    {"import",
     "gpuswap-sim trace import",
     {import_options, parse_option, "FILE", "Convert a recorded load to the native format.", NULL, NULL, NULL},
     do_import},
    {"check",
     "gpuswap-sim trace check",
     {NULL, parse_option, "FILE", "Hold a native file against every rule of the format.", NULL, NULL, NULL},
     do_check},
    {"info",
     "gpuswap-sim trace info",
     {info_options, parse_option, "FILE", "Counts and percentiles of a trace.", NULL, NULL, NULL},
     do_info},
    {"fit",
     "gpuswap-sim trace fit",
     {fit_options, parse_option, "FILE",
      "Fit a scenario to a trace: tells how well the laws fit; -o writes the scenario.", NULL, NULL, NULL},
     do_fit},
    {"formats",
     "gpuswap-sim trace formats",
     {NULL, parse_option, "[NAME]", "List the formats that can be read, or tell one in full.", NULL, NULL, NULL},
     do_formats},
};

int cmd_trace(int argc, char **argv, struct error *err)
{
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name))
            continue;
        struct arguments a = {.command = name, .seed = 1, .err = err};
        trace_options_init(&a.options);
        argv[1] = (char *)commands[i].title; /* argp shows it as the name of the program */
        argp_parse(&commands[i].argp, argc - 1, argv + 1, 0, NULL, &a);
        int code = commands[i].run(&a);
        arena_fini(&a.arena);
        if (!code && fflush(stdout))
            code = error_set(err, GS_IO, "cannot write standard output");
        return code;
    }
    if (!strcmp(name, "generate"))
        return trace_generate_command(argc - 1, argv + 1, err);
    if (!strcmp(name, "--help") || !strcmp(name, "-?")) {
        printf("Usage: gpuswap-sim trace COMMAND [OPTION...] FILE\n\n");
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            printf("  %-9s %s\n", commands[i].name, commands[i].argp.doc);
        printf("  generate  Write the load of a scenario as a trace.\n");
        return GS_OK;
    }
    if (*name)
        return error_set(
            err, GS_USAGE,
            "unknown trace command '%s'; there are 'import', 'check', 'info', 'fit', 'generate' and 'formats'", name);
    return error_set(err, GS_USAGE, "trace does what? 'import', 'check', 'info', 'fit', 'generate' or 'formats'");
}
