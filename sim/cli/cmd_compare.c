/* cmd_compare.c - `gpuswap-sim compare SCENARIO`: alternatives under the same random numbers, and how they differ. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/results/compare.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_POLICY = 512, OPTION_VARIANT, ALTERNATIVES_MAX = 64 };

/* What the command line asks for: scenarios, or settings to be laid over one of them. */
struct wish {
    const char *name, *file;
    const char *set[SETS_MAX]; /* --set for all, then those of this one */
    size_t sets;
    struct scenario scenario;
    struct simulated done;
};

struct arguments {
    struct simulate simulate;
    const char *file[ALTERNATIVES_MAX];
    size_t files;
    const char *setting[ALTERNATIVES_MAX];
    bool is_policy[ALTERNATIVES_MAX];
    size_t settings;
    struct wish *wish;
    size_t wishes;
};

static void add_setting(struct arguments *a, struct argp_state *state, const char *text, bool is_policy)
{
    if (a->settings == ALTERNATIVES_MAX)
        argp_error(state, "no more than %d alternatives", ALTERNATIVES_MAX);
    a->is_policy[a->settings] = is_policy;
    a->setting[a->settings++] = text;
}

static void add_file(struct arguments *a, struct argp_state *state, const char *path)
{
    if (strcmp(path, "-") == 0)
        argp_error(state, "each alternative reads the scenario anew; give it as a file, not by '-'");
    if (a->files == ALTERNATIVES_MAX)
        argp_error(state, "no more than %d alternatives", ALTERNATIVES_MAX);
    a->file[a->files++] = path;
}

static void check(const struct arguments *a, struct argp_state *state)
{
    if (a->files == 0)
        argp_error(state, "which scenario?");
    if (a->files == 1 && a->settings == 0)
        argp_error(state, "compare '%s' with what? Add --policy \"victim=cost\", --variant or another scenario",
                   a->file[0]);
    if (a->files > 1 && a->settings > 0)
        argp_error(state,
                   "several scenarios, or --policy and --variant for one; what all have in common is set by --set");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        break;
    case OPTION_POLICY:
    case OPTION_VARIANT:
        add_setting(a, state, arg, key == OPTION_POLICY);
        break;
    case ARGP_KEY_ARG:
        add_file(a, state, arg);
        break;
    case ARGP_KEY_END:
        check(a, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Where the next setting ends: at a blank, of policies also at a comma, that no bracket encloses. */
static size_t setting_length(const char *text, bool is_policy)
{
    size_t i = 0;

    for (int depth = 0; text[i] != '\0'; i++) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (depth <= 0 && strchr(is_policy ? " \t," : " \t", text[i]) != NULL)
            break;
    }
    return i;
}

/* "victim=cost, slicer.quantum=10s" to --set policy.victim=cost --set policy.slicer.quantum=10s. */
static int read_settings(struct wish *wish, const char *text, bool is_policy, struct arena *arena, struct error *err)
{
    const char *option = is_policy ? "--policy" : "--variant";
    size_t before = wish->sets;

    for (const char *at = text; *at != '\0';) {
        size_t length = setting_length(at, is_policy);
        if (length == 0) {
            at++;
            continue;
        }
        if (memchr(at, '=', length) == NULL)
            return error_set(err, GS_USAGE, "%s '%s': '%.*s' has no value; write it without blanks, as in '%s'", option,
                             text, (int)length, at, is_policy ? "victim=cost" : "node.swap_file=64GiB");
        if (wish->sets == SETS_MAX)
            return error_set(err, GS_USAGE, "%s '%s': too many settings", option, text);
        wish->set[wish->sets] = arena_printf(arena, "%s%.*s", is_policy ? "policy." : "", (int)length, at);
        if (wish->set[wish->sets++] == NULL)
            return error_set(err, GS_SYSTEM, "out of memory");
        at += length;
    }
    if (wish->sets == before)
        return error_set(err, GS_USAGE, "%s needs a setting, such as '%s'", option,
                         is_policy ? "victim=cost" : "node.swap_file=64GiB");
    return GS_OK;
}

/* A line of a message without the "--set " that nobody typed, and where there is one setting only, without that, too: it
 * is the name of the wish. */
static const char *without_set(const struct wish *wish, size_t first, const char *line)
{
    static const char option[] = "--set ";

    if (strncmp(line, option, strlen(option)) != 0)
        return line;
    for (size_t i = first; i < wish->sets; i++) {
        const char *at = line + strlen(option);
        size_t length = strlen(wish->set[i]);
        if (strncmp(at, wish->set[i], length) == 0 && strncmp(at + length, ": ", 2) == 0)
            return wish->sets > first + 1 ? at : at + length + 2;
    }
    return line;
}

/* Read the scenario as it is wished for.  What is wrong because of this wish names it; what is wrong with the scenario
 * anyway does not. */
static int read_scenario(struct arguments *a, struct wish *wish, struct error *err)
{
    struct overrides with = {wish->set, wish->sets}, plain = {a->simulate.set, a->simulate.sets};
    struct error own = {0}, anyway = {0};
    struct scenario unused;
    int rc = scenario_read(&wish->scenario, wish->file, &with, &a->simulate.arena, &own);

    if (rc == GS_OK)
        return rc;
    if (wish->sets == plain.sets || scenario_read(&unused, wish->file, &plain, &a->simulate.arena, &anyway) != GS_OK) {
        *err = own;
        return rc;
    }
    for (const char *line = own.text; *line != '\0';) {
        line = without_set(wish, plain.sets, line);
        size_t length = strcspn(line, "\n");
        error_add(err, rc, "alternative '%s': %.*s", wish->name, (int)length, line);
        line += length + (line[length] == '\n');
    }
    return rc;
}

/* Scenarios go by their names where these tell them apart, else by their files. */
static void name_scenarios(struct arguments *a)
{
    for (size_t i = 0; i < a->wishes; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(a->wish[i].scenario.name, a->wish[k].scenario.name) == 0)
                return;
    for (size_t i = 0; i < a->wishes; i++)
        a->wish[i].name = a->wish[i].scenario.name;
}

static int make_wishes(struct arguments *a, struct error *err)
{
    struct arena *arena = &a->simulate.arena;
    /* A single alternative is held against the scenario as it is. */
    size_t as_is = a->settings == 1;
    int rc = GS_OK;

    a->wishes = a->settings > 0 ? a->settings + as_is : a->files;
    a->wish = arena_array(arena, a->wishes, sizeof *a->wish);
    if (a->wish == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    for (size_t i = 0; i < a->wishes && rc == GS_OK; i++) {
        struct wish *wish = &a->wish[i];
        size_t setting = i - as_is;
        memcpy(wish->set, a->simulate.set, sizeof a->simulate.set);
        wish->sets = a->simulate.sets;
        wish->file = a->settings > 0 ? a->file[0] : a->file[i];
        wish->name = a->settings == 0 ? wish->file : i < as_is ? "as it is" : a->setting[setting];
        if (a->settings > 0 && i >= as_is)
            rc = read_settings(wish, a->setting[setting], a->is_policy[setting], arena, err);
        if (rc == GS_OK)
            rc = read_scenario(a, wish, err);
    }
    if (rc == GS_OK && a->settings == 0)
        name_scenarios(a);
    return rc;
}

/* The same random numbers for all: those of the first. */
static int pair_up(struct arguments *a, struct error *err)
{
    struct scenario *first = &a->wish[0].scenario;

    simulate_replicate(&a->simulate, first, "each alternative runs");
    for (size_t i = 0; i < a->wishes; i++) {
        struct wish *wish = &a->wish[i];
        struct scenario *scenario = &wish->scenario;
        bool other = scenario->seed != first->seed ||
                     (scenario->replications > 1 && scenario->replications != first->replications);
        if (other && !a->simulate.quiet)
            fprintf(stderr, "note: '%s' runs with seed %llu and %lld replications, as the baseline does\n", wish->name,
                    (unsigned long long)first->seed, (long long)first->replications);
        scenario->seed = first->seed;
        scenario->replications = first->replications;
        scenario->precision = 0;
        if (a->settings > 0)
            scenario->name = arena_printf(&a->simulate.arena, "%s [%s]", scenario->name, wish->name);
        if (scenario->name == NULL)
            return error_set(err, GS_SYSTEM, "out of memory");
    }
    return GS_OK;
}

static int run_wish(struct arguments *a, struct wish *wish, struct error *err)
{
    struct error own = {0};
    int rc;

    a->simulate.label = arena_printf(&a->simulate.arena, "%s: ", wish->name);
    if (a->simulate.label == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    rc = simulate_one(&a->simulate, &wish->scenario, &wish->done, &own);
    if (rc == GS_OK)
        rc = simulate_stopped(&a->simulate, &wish->done, &own);
    if (rc != GS_OK)
        *err = own;
    return rc;
}

static int show(struct arguments *a, const char *title, struct output *file, struct error *err)
{
    struct arena *arena = &a->simulate.arena;
    struct alternative *alternative = arena_array(arena, a->wishes, sizeof *alternative);
    struct text json = {0}, words = {0};
    struct comparison comparison;
    bool met = true;
    int rc;

    if (alternative == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    for (size_t i = 0; i < a->wishes; i++) {
        struct wish *wish = &a->wish[i];
        alternative[i] = (struct alternative){wish->name, &wish->scenario, wish->done.outcome.tally,
                                              wish->done.outcome.completed, &wish->done.report};
        met = met && report_sla_met(&wish->done.report) && report_faults(&wish->done.report) == 0;
    }
    rc = compare_build(&comparison, title, alternative, a->wishes, arena, err);
    if (rc == GS_OK) {
        comparison.against_itself = a->settings == 1;
        compare_json(&json, &comparison);
        compare_text(&words, &comparison);
        rc = simulate_print(&a->simulate, file, &json, &words, err);
    }
    return rc == GS_OK && a->simulate.assert_sla && !met ? GS_MISSED : rc;
}

static int compare(struct arguments *a, struct error *err)
{
    struct output file = {0};
    const char *title;
    int rc = make_wishes(a, err);

    if (rc != GS_OK)
        return rc;
    title = a->settings > 0 ? a->wish[0].scenario.name : arena_printf(&a->simulate.arena, "%zu scenarios", a->files);
    if (title == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    rc = pair_up(a, err);
    if (rc == GS_OK)
        rc = output_open(&file, a->simulate.json, err);
    for (size_t i = 0; rc == GS_OK && i < a->wishes; i++)
        rc = run_wish(a, &a->wish[i], err);
    if (rc == GS_OK)
        rc = show(a, title, &file, err);
    output_close(&file);
    for (size_t i = 0; i < a->wishes; i++)
        simulated_fini(&a->wish[i].done);
    return rc;
}

int cmd_compare(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"policy", OPTION_POLICY, "SLOT=NAME...", 0,
         "an alternative: policies and their parameters, --policy \"victim=cost slicer.quantum=10s\"", 0},
        {"variant", OPTION_VARIANT, "KEY=VALUE...", 0,
         "an alternative: any keys, --variant \"node.swap_file=64GiB workload.NB.count=5\"", 0},
        {0}};
    static const struct argp_child children[] = {{&simulate_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Run alternatives with the same random numbers and tell how they differ, with 95 % intervals of the paired "
        "differences.  The first alternative is the baseline; a single --policy or --variant is held against the "
        "scenario as it is.  Several scenarios are alternatives, too.  Rows are kept where --db says so.";
    static const struct argp argp = {options, parse, "SCENARIO...", doc, children, NULL, NULL};
    struct arguments a = {0};

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? compare(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
