/* cmd_report.c - `gpuswap-sim report DB`: print a run of the database again, in any form, draw it, make a page of it. */
#include "plots/plots.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/results/report.h"
#include "sim/results/results.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_RUN = 256, OPTION_JSON, OPTION_CSV, OPTION_PLOTS, OPTION_HTML, OPTION_WITH };
enum { RUNS = 16, FILES = 16 };

static const struct argp_option options[] = {
    {"run", OPTION_RUN, "N", 0,
     "the run of that number (default: the last one); with --html as often as you like, to compare", 0},
    {"json", OPTION_JSON, "FILE", 0, "write the report as JSON instead of text; '-' is standard output", 0},
    {"csv", OPTION_CSV, "FILE", 0, "write its numbers as comma-separated values; '-' is standard output", 0},
    {"plots", OPTION_PLOTS, "DIR", 0, "draw it: SVG and PNG of each picture, with the data beside them", 0},
    {"html", OPTION_HTML, "DIR", 0, "write DIR/index.html: all of it on one page that needs nothing else", 0},
    {"with", OPTION_WITH, "FILE", 0,
     "on that page, too: what capacity, compare or regret wrote with --json; as often as you like", 0},
    {0},
};

struct arguments {
    const char *db, *json, *csv, *plots, *html;
    int64_t run[RUNS]; /* 0: the last one */
    size_t runs;
    const char *file[FILES];
    size_t files;
};

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static void parse_run(struct arguments *a, const char *arg, struct argp_state *state)
{
    char why[UNITS_WHY];
    int64_t run = 0;
    if (units_integer(arg, &run, why) != GS_OK)
        argp_error(state, "--run '%s': %s", arg, why);
    else if (run < 1)
        argp_error(state, "--run '%s': runs are numbered from 1", arg);
    else if (a->runs == RUNS)
        argp_error(state, "--run '%s': %d runs are as many as a page holds", arg, RUNS);
    for (size_t i = 0; i < a->runs; i++)
        if (a->run[i] == run)
            argp_error(state, "--run '%s' is there twice", arg);
    a->run[a->runs++] = run;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case OPTION_RUN:
        parse_run(a, arg, state);
        break;
    case OPTION_JSON:
        a->json = arg;
        break;
    case OPTION_CSV:
        a->csv = arg;
        break;
    case OPTION_PLOTS:
        a->plots = arg;
        break;
    case OPTION_HTML:
        a->html = arg;
        break;
    case OPTION_WITH:
        if (a->files == FILES)
            argp_error(state, "--with '%s': %d files are as many as a page holds", arg, FILES);
        a->file[a->files++] = arg;
        break;
    case ARGP_KEY_ARG:
        if (a->db)
            argp_error(state, "one database at a time; '%s' is a second one", arg);
        a->db = arg;
        break;
    case ARGP_KEY_END:
        if (!a->db)
            argp_error(state, "which database? a run writes 'results.db' unless --db names another");
        if (is_stdout(a->json) && is_stdout(a->csv))
            argp_error(state, "--json and --csv cannot both go to standard output");
        if (a->files > 0 && !a->html)
            argp_error(state, "--with is for the page; add --html DIR");
        if (a->runs > 1 && (!a->html || a->json || a->csv || a->plots))
            argp_error(state, "several runs at a time are for --html alone");
        a->runs = a->runs ? a->runs : 1;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int print(void (*form)(struct text *out, const struct report *report), const char *path,
                 const struct report *report, struct error *err)
{
    struct text text = {0};
    form(&text, report);
    int rc = text.failed ? error_set(err, GS_SYSTEM, "out of memory for the report")
                         : write_text(path, text.data, text.length, err);
    text_fini(&text);
    return rc;
}

int cmd_report(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options, parse, "DB", "Print a run of a database again, draw it, or make a page of it.", NULL, NULL, NULL};
    struct arguments a = {0};
    struct arena arena = {0};
    struct report report[RUNS];
    int rc = GS_OK;

    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    for (size_t i = 0; i < a.runs && rc == GS_OK; i++)
        rc = results_load_report(&report[i], a.db, a.run[i], &arena, err);
    if (rc == GS_OK && !a.json && !a.csv && !a.plots && !a.html)
        rc = print(report_text, "-", report, err);
    if (rc == GS_OK && a.json)
        rc = print(report_json, a.json, report, err);
    if (rc == GS_OK && a.csv)
        rc = print(report_csv, a.csv, report, err);
    if (rc == GS_OK && a.plots)
        rc = plots_write(a.db, report, a.plots, stderr, err);
    if (rc == GS_OK && a.html)
        rc = plots_write_html(a.db, report, a.runs, a.file, a.files, a.html, stderr, err);
    arena_fini(&arena);
    return rc;
}
