/* cmd_bench.c - `gpuswap-sim bench`: how fast the event core and whole runs are on this machine, medians of interleaved rounds. */
#include "policies/table.h"
#include "sim/cli/bench.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/engine/models.h"
#include "sim/results/text.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5 };

static double hold_10(void)
{
    return model_hold(10, 1000000, 1);
}
static double hold_1000(void)
{
    return model_hold(1000, 1000000, 1);
}
static double hold_100000(void)
{
    return model_hold(100000, 1000000, 1);
}
static double hold_1000000(void)
{
    return model_hold(1000000, 1000000, 1);
}
static double repairman(void)
{
    double check;
    return model_repairman(1000000, 1, &check);
}
static double mm1(void)
{
    double check;
    return model_mm1(1000000, 1, &check);
}
static double two_threads(void)
{
    return bench_speedup(2);
}
static double decision_8(void)
{
    return bench_decision("lru", 8);
}
static double decision_64(void)
{
    return bench_decision("lru", 64);
}
static double decision_1000(void)
{
    return bench_decision("lru", 1000);
}

/* One row a figure, in the order of the JSON; figures of one object stand together. */
static struct figure {
    const char *object, *name; /* object NULL: on its own */
    double (*measure)(void);
    const char *unit;
    double value[ROUNDS];
} figures[] = {
    {"hold_ns", "10", hold_10, "ns", {0}},
    {"hold_ns", "1000", hold_1000, "ns", {0}},
    {"hold_ns", "100000", hold_100000, "ns", {0}},
    {"hold_ns", "1000000", hold_1000000, "ns", {0}},
    {NULL, "repairman_events_per_s", repairman, "events/s", {0}},
    {NULL, "mm1_events_per_s", mm1, "events/s", {0}},
    {"run_events_per_s", "no_swap", bench_run_no_swap, "events/s", {0}},
    {"run_events_per_s", "lru", bench_run_lru, "events/s", {0}},
    {"threads_speedup", "2", two_threads, "times one thread", {0}},
    {NULL, "burst_rows_per_s", bench_burst_rows, "rows/s", {0}},
    {"decision_ns", "8", decision_8, "ns", {0}},
    {"decision_ns", "64", decision_64, "ns", {0}},
    {"decision_ns", "1000", decision_1000, "ns", {0}},
    {NULL, "trace_lines_per_s", bench_trace_lines, "lines/s", {0}},
};
enum { FIGURES = sizeof figures / sizeof *figures };

/* The same decision under each victim policy. */
enum { CROWDS = 3, VICTIMS_MAX = 64 };
static const uint32_t crowd[CROWDS] = {8, 64, 1000};
static double victim_ns[VICTIMS_MAX][CROWDS][ROUNDS];

static const struct gs_policy_head *victim_at(size_t i)
{
    return i < VICTIMS_MAX ? gs_policy_at(GS_SLOT_VICTIM, i) : NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* All figures once a round, so that a slow spell of the machine does not hit one figure alone. */
static void measure_all(bool talk)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (talk)
            fprintf(stderr, "\rround %d of %d ", round + 1, ROUNDS);
        for (int i = 0; i < FIGURES; i++)
            figures[i].value[round] = figures[i].measure();
        for (size_t i = 0; victim_at(i) != NULL; i++)
            for (int c = 0; c < CROWDS; c++)
                victim_ns[i][c][round] = bench_decision(victim_at(i)->name, crowd[c]);
    }
    if (talk)
        fprintf(stderr, "\r                \r");
    for (int i = 0; i < FIGURES; i++)
        qsort(figures[i].value, ROUNDS, sizeof(double), by_value);
    for (size_t i = 0; victim_at(i) != NULL; i++)
        for (int c = 0; c < CROWDS; c++)
            qsort(victim_ns[i][c], ROUNDS, sizeof(double), by_value);
}

static void processor(char name[128])
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];

    snprintf(name, 128, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        snprintf(name, 128, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file != NULL)
        fclose(file);
}

#ifdef NDEBUG
static const char build[] = "release";
#else
static const char build[] = "debug";
#endif

static void print_json(struct text *out)
{
    char cpu[128];

    processor(cpu);
    text_add(out, "{\"machine\":{\"cpu\":");
    text_json_string(out, cpu);
    text_printf(out, ",\"cores\":%ld,\"compiler\":", sysconf(_SC_NPROCESSORS_ONLN));
    text_json_string(out, __VERSION__);
    text_printf(out, ",\"build\":\"%s\"}", build);
    for (int i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        bool first = f->object != NULL &&
                     (i == 0 || figures[i - 1].object == NULL || strcmp(figures[i - 1].object, f->object) != 0);
        bool last = f->object != NULL && (i + 1 == FIGURES || figures[i + 1].object == NULL ||
                                          strcmp(figures[i + 1].object, f->object) != 0);
        text_add(out, ","); /* before an object, a figure on its own, or between the members of an object */
        if (first)
            text_printf(out, "\"%s\":{", f->object);
        text_printf(out, "\"%s\":", f->name);
        text_number(out, f->value[ROUNDS / 2]);
        if (last)
            text_add(out, "}");
    }
    text_add(out, ",\"victim_ns\":{");
    for (size_t i = 0; victim_at(i) != NULL; i++) {
        text_printf(out, "%s\"%s\":{", i > 0 ? "," : "", victim_at(i)->name);
        for (int c = 0; c < CROWDS; c++) {
            text_printf(out, "%s\"%u\":", c > 0 ? "," : "", crowd[c]);
            text_number(out, victim_ns[i][c][ROUNDS / 2]);
        }
        text_add(out, "}");
    }
    text_add(out, "}}\n");
}

static void print_table(struct text *out)
{
#ifdef __clang__
    static const char compiler[] = ""; /* its version begins with its name */
#else
    static const char compiler[] = "gcc ";
#endif
    char cpu[128];

    processor(cpu);
    text_printf(out, "%s, %ld cores, %s build by %s%s; medians (least, greatest) of %d rounds\n\n", cpu,
                sysconf(_SC_NPROCESSORS_ONLN), build, compiler, __VERSION__, ROUNDS);
    for (int i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", f->object == NULL ? "" : f->object, f->object == NULL ? "" : " ",
                 f->name);
        text_printf(out, "%-26s %14.4g %-17s (%.4g, %.4g)\n", name, f->value[ROUNDS / 2], f->unit, f->value[0],
                    f->value[ROUNDS - 1]);
    }
    text_printf(out, "\nns to choose one of:       %8u %8u %8u\n", crowd[0], crowd[1], crowd[2]);
    for (size_t i = 0; victim_at(i) != NULL; i++)
        if (victim_ns[i][0][0] > 0.0) /* those that know the future are not asked */
            text_printf(out, "  %-24s %8.0f %8.0f %8.0f\n", victim_at(i)->name, victim_ns[i][0][ROUNDS / 2],
                        victim_ns[i][1][ROUNDS / 2], victim_ns[i][2][ROUNDS / 2]);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **json = state->input;

    if (key == 'j')
        *json = arg == NULL ? "-" : arg;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected '%s'", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

int cmd_bench(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"json", 'j', "FILE", OPTION_ARG_OPTIONAL, "print JSON, to standard output or FILE", 0}, {0}};
    static const struct argp argp = {
        options, parse, NULL, "Measure the event core and whole runs on this machine (half a minute).",
        NULL,    NULL,  NULL};
    const char *json = NULL;
    struct text text = {0};
    int rc;

    if (argp_parse(&argp, argc, argv, 0, NULL, &json) != 0)
        return GS_USAGE;
    measure_all(isatty(STDERR_FILENO));
    if (json != NULL)
        print_json(&text);
    else
        print_table(&text);
    rc = text.failed ? error_set(err, GS_SYSTEM, "out of memory")
                     : write_text(json == NULL ? "-" : json, text.data, text.length, err);
    text_fini(&text);
    return rc;
}
