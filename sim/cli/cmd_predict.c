/* cmd_predict.c - `gpuswap-sim predict DB`: simulate a live run with what was measured of its GPU, and tell how far off
 * each number is. */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/load/load.h"
#include "sim/results/event_log.h"
#include "sim/results/prediction.h"
#include "sim/results/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_RUN = 256, OPTION_CALIBRATION, OPTION_JSON };

struct arguments {
    struct simulate simulate;
    const char *db;
    int64_t run, calibration;
    bool on_double;
    const char *other_link; /* how the link of a node differs from that which was calibrated; NULL: it does not much */
};

static const struct argp_option options[] = {
    {"run", OPTION_RUN, "N", 0, "the live run of that number (default: the last one)", 0},
    {"calibration", OPTION_CALIBRATION, "N", 0, "the calibration of that number (default: the last one of its GPU)", 0},
    {"json", OPTION_JSON, "FILE", 0, "write it as JSON; '-' is standard output, instead of the text", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];

    switch (key) {
    case OPTION_RUN:
    case OPTION_CALIBRATION: {
        int64_t *number = key == OPTION_RUN ? &a->run : &a->calibration;
        if (units_integer(arg, number, why) != GS_OK || *number < 1)
            argp_error(state, "'%s': runs and calibrations are numbered from 1", arg);
        return 0;
    }
    case OPTION_JSON:
        a->simulate.json = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->db != NULL)
            argp_error(state, "one database at a time");
        a->db = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which database?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the scenario, on the node that was measured --- */

static int set(struct arguments *a, const char *text, struct error *err)
{
    if (text == NULL || a->simulate.sets == SETS_MAX)
        return error_set(err, GS_SYSTEM, "out of memory for the keys of '%s'", a->db);
    a->simulate.set[a->simulate.sets++] = text;
    return GS_OK;
}

/* What a live run pays per swap: its scenario's own overhead, which it waits for, and what the device takes. */
static const char *overhead(struct arguments *a, const struct node_group *node, const char *value, double scale)
{
    char why[UNITS_WHY], time[UNITS_TEXT];
    int64_t measured_ns = 0;

    if (units_time(value, &measured_ns, why) != GS_OK)
        return NULL;
    return arena_strdup(&a->simulate.arena,
                        units_write_time(time, node->swap_overhead + llround((double)measured_ns * scale)));
}

static const char *rate(struct arguments *a, const char *value, double scale)
{
    char why[UNITS_WHY];
    double per_s = 0;

    if (units_rate(value, &per_s, why) != GS_OK)
        return NULL;
    return arena_printf(&a->simulate.arena, "%.0fB/s", per_s / scale);
}

/* A live run on the double makes its links after the scenario, `calibrate` does not know the scenario. */
static void compare_link(struct arguments *a, const struct node_group *node, const char *key, const char *value)
{
    double wanted = strcmp(key, "h2d") == 0 ? node->h2d : node->d2h, measured;
    char why[UNITS_WHY];

    if (units_rate(value, &measured, why) == GS_OK && (measured > 2 * wanted || 2 * measured < wanted))
        a->other_link =
            arena_printf(&a->simulate.arena,
                         "the double's '%s' was calibrated as %s, the run's scenario says %.6gMB/s: calibrate "
                         "takes links from the environment's GPUSWAP_DOUBLE ('in', 'out')",
                         key, value, wanted / 1e6);
}

/* A line of the calibration's [node], for a node of the scenario.  Its memory is the scenario's. */
static int take_key(struct arguments *a, const struct node_group *node, const char *section, const char *key,
                    const char *value, double scale, struct error *err)
{
    static const char *const rates[] = {"h2d", "d2h", "host_bandwidth"};

    if (a->on_double && (strcmp(key, "h2d") == 0 || strcmp(key, "d2h") == 0))
        compare_link(a, node, key, value);
    if (strcmp(key, "swap_overhead") == 0)
        value = overhead(a, node, value, scale);
    else if (strcmp(key, "duplex") != 0 && strcmp(key, "calibrated") != 0) {
        size_t i = 0;
        while (i < sizeof rates / sizeof *rates && strcmp(rates[i], key) != 0)
            i++;
        if (i == sizeof rates / sizeof *rates)
            return GS_OK;
        value = rate(a, value, scale);
    }
    if (value == NULL)
        return error_set(err, GS_BAD_INPUT, "the calibration has a key '%s' that cannot be read", key);
    return set(a, arena_printf(&a->simulate.arena, "%s.%s=%s", section, key, value), err);
}

static int take_node(struct arguments *a, const struct node_group *node, const char *text, double scale,
                     struct error *err)
{
    const char *section =
        strcmp(node->name, "node") == 0 ? "node" : arena_printf(&a->simulate.arena, "node.%s", node->name);
    char line[256], *rest;
    int rc = section != NULL ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");

    for (size_t length; *text != '\0' && rc == GS_OK; text += length + (text[length] == '\n')) {
        char *key, *value;

        length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1), text);
        line[strcspn(line, ";")] = '\0';
        key = strtok_r(line, " =", &rest);
        value = strtok_r(NULL, " =", &rest);
        if (key != NULL && value != NULL)
            rc = take_key(a, node, section, key, value, scale, err);
    }
    if (rc == GS_OK) /* live mode registers all of the swap file before it begins */
        rc = set(a, arena_printf(&a->simulate.arena, "%s.pinned=all", section), err);
    return rc;
}

static int read_text(struct scenario *scenario, struct arguments *a, const char *text, const char *file,
                     struct error *err)
{
    struct overrides with = {a->simulate.set, a->simulate.sets};
    const char *slash = strrchr(file, '/');
    const char *folder = slash == NULL ? NULL : arena_printf(&a->simulate.arena, "%.*s", (int)(slash - file), file);

    return scenario_parse(scenario, text, strlen(text), file, folder, &with, &a->simulate.arena, err);
}

static int read_scenario(struct scenario *scenario, struct arguments *a, const struct live_run *run,
                         const struct calibration *calibration, const struct report *live, struct error *err)
{
    const char *text, *file;
    int rc = event_log_read_scenario(&text, &file, a->db, run->number, &a->simulate.arena, err);

    a->on_double = strcmp(run->provenance, "double") == 0;
    if (rc == GS_OK && a->on_double)
        rc = set(a, "scenario.allow_synthetic=yes", err);
    if (rc == GS_OK && live->interrupted)
        rc = set(a, arena_printf(&a->simulate.arena, "scenario.duration=%.0fns", live->run.elapsed.value * 1e9), err);
    if (rc == GS_OK)
        rc = read_text(scenario, a, text, file, err);
    for (size_t i = 0; rc == GS_OK && i < scenario->nodes; i++)
        rc = take_node(a, &scenario->node[i], calibration->node, run->time_scale, err);
    return rc == GS_OK ? read_text(scenario, a, text, file, err) : rc;
}

/* --- what to know about it --- */

static void add_note(struct prediction *p, const char *note)
{
    if (note != NULL && p->notes < sizeof p->note / sizeof *p->note)
        p->note[p->notes++] = note;
}

static void add_notes(struct arguments *a, struct prediction *p, const struct scenario *scenario)
{
    struct arena *arena = &a->simulate.arena;
    char calibrated[UNITS_TEXT], chunk[UNITS_TEXT];

    add_note(p, a->other_link);
    for (size_t i = 0; i < scenario->nodes; i++)
        if (scenario->node[i].chunk != p->calibration->chunk_bytes) {
            add_note(p, arena_printf(arena, "it was calibrated with chunks of %s, and ran with chunks of %s",
                                     units_write_size(calibrated, p->calibration->chunk_bytes),
                                     units_write_size(chunk, scenario->node[i].chunk)));
            break;
        }
    for (size_t i = 0; i < p->live->groups; i++) {
        double live = p->live->group[i].alone.value, simulated = p->simulated->group[i].alone.value;

        if (fabs(simulated / live - 1) > 0.01)
            add_note(p, arena_printf(arena, "%s did other work in the two: %.3g s a burst live, %.3g s simulated",
                                     p->live->group[i].name, live, simulated));
    }
    if (p->live->interrupted)
        add_note(p, "the live run was interrupted; it is simulated up to there");
}

static int print(struct arguments *a, struct prediction *p, const struct scenario *scenario, struct output *file,
                 struct error *err)
{
    struct text json = {0}, words = {0};

    add_notes(a, p, scenario);
    prediction_json(&json, p);
    prediction_text(&words, p);
    a->simulate.quiet = false;
    return simulate_print(&a->simulate, file, &json, &words, err);
}

static int predict(struct arguments *a, struct output *file, struct error *err)
{
    struct arena *arena = &a->simulate.arena;
    struct calibration calibration;
    struct simulated done = {0};
    struct scenario scenario;
    struct load_wishes wishes;
    struct live_run run;
    struct report live;
    struct prediction p = {.run = &run, .calibration = &calibration, .live = &live, .simulated = &done.report};
    int rc;

    if ((rc = live_run_find(&run, a->db, a->run, arena, err)) != GS_OK ||
        (rc = results_load_report(&live, a->db, run.number, arena, err)) != GS_OK ||
        (rc = live_run_read_bursts(&run, a->db, arena, err)) != GS_OK ||
        (rc = calibration_load(&calibration, a->db, a->calibration, run.provenance, run.device, arena, err)) != GS_OK ||
        (rc = read_scenario(&scenario, a, &run, &calibration, &live, err)) != GS_OK)
        return rc;
    wishes = (struct load_wishes){run.ready_ns, run.bursts};
    a->simulate.wishes = run.ready_ns != NULL ? &wishes : NULL;
    a->simulate.quiet = true;
    if ((rc = simulate_one(&a->simulate, &scenario, &done, err)) == GS_OK)
        rc = simulate_stopped(&a->simulate, &done, err);
    if (rc == GS_OK && (done.report.groups != live.groups || done.report.gpus != live.gpus))
        rc = error_set(err, GS_BAD_INPUT, "run %lld of '%s' has other groups or GPUs than its scenario",
                       (long long)run.number, a->db);
    if (rc == GS_OK)
        rc = print(a, &p, &scenario, file, err);
    simulated_fini(&done);
    return rc;
}

int cmd_predict(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {options,
                                     parse,
                                     "DB",
                                     "Simulate a live run of the database with what 'calibrate' measured of its GPU, "
                                     "the same load and policies, and tell how far off each number is.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct arguments a = {0};
    struct output file = {0};
    int rc;

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? output_open(&file, a.simulate.json, err) : GS_USAGE;
    if (rc == GS_OK)
        rc = predict(&a, &file, err);
    output_close(&file);
    simulate_fini(&a.simulate);
    return rc;
}
