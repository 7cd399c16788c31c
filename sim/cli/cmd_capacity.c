/* cmd_capacity.c - `gpuswap-sim capacity SCENARIO --vary KEY`: how far the key may go until a promise is broken. */
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/run/capacity.h"
#include "version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_VARY = 512, OPTION_STEP, OPTION_CONFIDENCE, OPTION_INDIFFERENCE, OPTION_SENSITIVITY };
enum { FRONTIER = 5 };

struct arguments {
    struct simulate simulate;
    const char *file, *key[2], *step;
    size_t keys;
    double confidence, indifference;
    bool sensitivity;
    struct scenario scenario;
    struct vary vary, second;
    struct capacity_plan plan;
    const struct vary *tried; /* by probe() */
    const char *label;        /* of what is looked at besides the key */
};

static double read_share(struct argp_state *state, const char *option, const char *text, double low, double high)
{
    char why[UNITS_WHY];
    double share = 0;

    if (units_share(text, &share, why) != GS_OK)
        argp_error(state, "%s '%s': %s", option, text, why);
    if (!(share > low && share < high))
        argp_error(state, "%s '%s': it must be greater than %g and less than %g", option, text, low, high);
    return share;
}

static void check(const struct arguments *a, struct argp_state *state)
{
    if (a->file == NULL)
        argp_error(state, "which scenario?");
    if (strcmp(a->file, "-") == 0)
        argp_error(state, "the scenario is read anew for each value; give it as a file, not by '-'");
    if (a->keys == 0)
        argp_error(state, "vary what? Add --vary workload.NB.count, --vary node.swap_file or another key");
    if (a->keys == 2 && a->sensitivity)
        argp_error(state, "--sensitivity is about one answer; leave one --vary out");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        break;
    case OPTION_VARY:
        if (a->keys == 2)
            argp_error(state, "no more than two keys can be varied");
        a->key[a->keys++] = arg;
        break;
    case OPTION_STEP:
        a->step = arg;
        break;
    case OPTION_CONFIDENCE:
        a->confidence = read_share(state, "--confidence", arg, 0.5, 1);
        break;
    case OPTION_INDIFFERENCE:
        a->indifference = read_share(state, "--indifference", arg, 0, 0.5);
        break;
    case OPTION_SENSITIVITY:
        a->sensitivity = true;
        break;
    case ARGP_KEY_ARG:
        if (a->file != NULL)
            argp_error(state, "one scenario at a time");
        a->file = arg;
        break;
    case ARGP_KEY_END:
        check(a, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* What the bar of progress stands for. */
static void tell(void *context, const char *setting, uint64_t from, uint64_t to)
{
    struct arguments *a = context;
    struct error unused = {0};
    (void)to;

    a->simulate.label =
        arena_printf(&a->simulate.arena, "%s%s%s: ", a->label, setting, from > 0 ? ", looking closer" : "");
    if (a->simulate.label == NULL)
        a->simulate.label = "";
    simulate_watch(&a->simulate, &a->plan.run, &unused);
}

static int probe(void *context, struct capacity_point *point, double error, struct error *err)
{
    struct arguments *a = context;

    return capacity_try(&a->plan, a->tried, point, error, &a->simulate.arena, err);
}

/* A search of the first key with `sets` more settings. */
static int search(struct arguments *a, struct capacity *found, int64_t start, double confidence,
                  const char *const *more, size_t sets, struct error *err)
{
    const char **set = arena_array(&a->simulate.arena, a->simulate.sets + sets + 1, sizeof *set);

    if (set == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    memcpy(set, a->simulate.set, a->simulate.sets * sizeof *set);
    for (size_t i = 0; i < sets; i++)
        set[a->simulate.sets + i] = more[i];
    a->plan.set = set;
    a->plan.sets = a->simulate.sets + sets;
    return capacity_search(found, a->tried = &a->vary, start, confidence, probe, a, &a->simulate.arena, err);
}

/* The values of the second key: as listed, or some of its range, or from half to twice of what it is. */
static int list_second(struct arguments *a, struct error *err)
{
    static const double times[FRONTIER] = {0.5, 0.75, 1, 1.5, 2};
    struct vary *v = &a->second;
    int64_t low = vary_place(v, v->low), high = vary_place(v, v->high), last = INT64_MIN;

    if (v->listed > 0)
        return GS_OK;
    for (int i = 0; i < FRONTIER; i++) {
        int64_t place = v->given ? low + (high - low) * i / (FRONTIER - 1) : vary_place(v, v->now * times[i]);
        double value = vary_at(v, place);
        if (place != last && value >= v->min && value <= v->max)
            v->list[v->listed++] = value;
        last = place;
    }
    return v->listed > 0 ? GS_OK : error_set(err, GS_USAGE, "--vary '%s': list values, as in 'KEY=V1,V2'", v->key);
}

/* A search a value; together they keep the confidence. */
static int find_frontier(struct arguments *a, struct capacity_report *r, int64_t start, struct error *err)
{
    int rc = list_second(a, err);
    struct capacity_case *cases = arena_array(&a->simulate.arena, a->second.listed + 1, sizeof *cases);

    if (cases == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    for (size_t i = 0; rc == GS_OK && i < a->second.listed; i++) {
        const char *setting = vary_setting(&a->simulate.arena, &a->second, a->second.list[i]);
        if (setting == NULL || (a->label = arena_printf(&a->simulate.arena, "%s, ", setting)) == NULL)
            return error_set(err, GS_SYSTEM, "out of memory");
        cases[i].name = setting;
        cases[i].value = a->second.list[i];
        rc = search(a, &cases[i].found, start, 1 - (1 - a->confidence) / (double)a->second.listed, &setting, 1, err);
        if (cases[i].found.answer != NULL)
            start = cases[i].found.answer->place;
    }
    r->second = &a->second;
    r->frontier = cases;
    r->frontiers = a->second.listed;
    return rc;
}

/* The same search under other circumstances, from the answer on. */
static int find_sensitivity(struct arguments *a, struct capacity_report *r, struct error *err)
{
    struct capacity_change change[CAPACITY_CHANGES];
    struct capacity_case *cases = arena_array(&a->simulate.arena, CAPACITY_CHANGES, sizeof *cases);
    int rc = GS_OK;

    if (cases == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    if (r->found->answer == NULL)
        return GS_OK;
    size_t changes = capacity_changes(&a->vary, &a->scenario, change, &a->simulate.arena, err);
    for (size_t i = 0; rc == GS_OK && i < changes; i++) {
        cases[i].name = change[i].name;
        if ((a->label = arena_printf(&a->simulate.arena, "%s, ", change[i].name)) == NULL)
            return error_set(err, GS_SYSTEM, "out of memory");
        rc = search(a, &cases[i].found, r->found->answer->place, a->confidence, change[i].set, change[i].sets, err);
    }
    r->what_if = cases;
    r->what_ifs = changes;
    return rc == GS_OK ? err->code : rc;
}

/* Does the value that the scenario has keep all promises?  Without an edge, all that was tried must. */
static bool holds_now(const struct arguments *a, const struct capacity *found)
{
    bool all = found->way == 0;

    for (size_t i = 0; i < found->points; i++)
        all = all && found->point[i].state == CAPACITY_KEPT;
    if (all || isnan(a->vary.now))
        return all;
    return found->answer != NULL &&
           (found->answer->place - vary_place(&a->vary, a->vary.now)) * (found->way < 0 ? -1 : 1) >= 0;
}

static int report(struct arguments *a, const struct capacity_report *r, struct output *file, struct error *err)
{
    struct text json = {0}, words = {0};

    capacity_json(&json, r);
    capacity_text(&words, r);
    int rc = simulate_print(&a->simulate, file, &json, &words, err);
    bool met = r->found == NULL || holds_now(a, r->found);
    return rc == GS_OK && a->simulate.assert_sla && !met ? GS_MISSED : rc;
}

static int read_all(struct arguments *a, struct error *err)
{
    struct overrides with = {a->simulate.set, a->simulate.sets};
    struct arena *arena = &a->simulate.arena;
    struct scenario *s = &a->scenario;
    int rc = scenario_read(s, a->file, &with, arena, err);

    if (rc == GS_OK && s->slas == 0)
        rc = error_set(err, GS_BAD_INPUT, "%s: it promises nothing that a value could break; add an [sla.NAME] section",
                       a->file);
    if (rc == GS_OK)
        rc = vary_read(&a->vary, a->key[0], a->step, false, s, arena, err);
    if (rc == GS_OK && a->keys == 2)
        rc = vary_read(&a->second, a->key[1], NULL, true, s, arena, err);
    if (rc == GS_OK && a->keys == 2 && strcmp(a->vary.key, a->second.key) == 0)
        rc = error_set(err, GS_USAGE, "--vary '%s': it is varied twice", a->vary.key);
    a->plan = (struct capacity_plan){.file = a->file, .indifference = a->indifference, .tell = tell, .context = a};
    a->plan.first = s->replications < 2 ? CAPACITY_FIRST_LOOK : s->replications;
    a->label = "";
    return rc == GS_OK ? simulate_watch(&a->simulate, &a->plan.run, err) : rc;
}

static int find_capacity(struct arguments *a, struct error *err)
{
    struct output file = {0};
    struct capacity found = {0};
    struct capacity_report r = {.scenario = &a->scenario,
                                .version = GPUSWAP_VERSION,
                                .vary = &a->vary,
                                .confidence = a->confidence,
                                .indifference = a->indifference};
    int rc = read_all(a, err);

    if (rc == GS_OK)
        rc = output_open(&file, a->simulate.json, err);
    if (rc == GS_OK) {
        int64_t start = capacity_start(&a->vary, &a->scenario);
        simulate_catch();
        r.found = a->keys == 1 ? &found : NULL;
        rc = a->keys == 2 ? find_frontier(a, &r, start, err) : search(a, &found, start, a->confidence, NULL, 0, err);
    }
    if (rc == GS_OK && a->sensitivity)
        rc = find_sensitivity(a, &r, err);
    if (rc == GS_OK)
        rc = report(a, &r, &file, err);
    output_close(&file);
    return rc;
}

int cmd_capacity(int argc, char **argv, struct error *err)
{
    static const struct argp_option options[] = {
        {"vary", OPTION_VARY, "KEY[=LO..HI]", 0,
         "what to search for: --vary workload.NB.count; a second one gives the answers for some of its values, as in "
         "node.swap_file=64GiB,128GiB",
         0},
        {"step", OPTION_STEP, "VALUE", 0, "try multiples of this; without it counts go by 1, else by 1 %", 0},
        {"confidence", OPTION_CONFIDENCE, "SHARE", 0, "that the answer is right; 95% without it", 0},
        {"indifference", OPTION_INDIFFERENCE, "SHARE", 0,
         "what is closer to its target need not be decided; 1% without it", 0},
        {"sensitivity", OPTION_SENSITIVITY, NULL, 0,
         "also what faster GPUs and links, more memory, or longer think times would make of it", 0},
        {0}};
    static const struct argp_child children[] = {{&simulate_unkept_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Find how far a key of the scenario may go until an SLA is missed: the greatest count, or the smallest swap "
        "file, that keeps all of them.  Replications are added at each value until that is sure; the first look takes "
        "those of the scenario, each further one twice as many.  With --assert it ends with 1 unless the scenario as "
        "it is keeps its SLAs.";
    static const struct argp argp = {options, parse, "SCENARIO", doc, children, NULL, NULL};
    struct arguments a = {.confidence = CAPACITY_CONFIDENCE, .indifference = CAPACITY_INDIFFERENCE};

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? find_capacity(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
