/* cmd_advise.c - `gpuswap-sim advise SCENARIO|DB`: recommended settings, found by running the scenario. */
#include "sim/cli/advice_pools.h"
#include "sim/cli/commands.h"
#include "sim/cli/simulate.h"
#include "sim/base/units.h"
#include "sim/results/event_log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int64_t room_bytes = (int64_t)1 << 50; /* more than any load: nobody waits for room */
static const int64_t gib = INT64_C(1) << 30;
/* Swap files are looked for in steps of a 64th of the peak; counts up to so many times those of the scenario. */
enum { STEPS = 64, TIMES = 4 };

struct arguments {
    struct simulate simulate;
    const char *file;
    int64_t run;               /* of a database; 0: the last one */
    const char *text, *folder; /* of a database: the scenario of that run; NULL */
    struct scenario scenario;  /* as given, with arrays of nodes and workloads that may be changed */
    struct advice advice;
    double *present; /* workloads of each group, those of traces too */
};

/* For a count. */
struct search {
    struct arguments *of;
    struct vary vary;
    struct capacity_plan plan;
};

/* --- runs ------------------------------------------------------------------------------------------------------------ */

static int run(struct arguments *a, const char *label, struct simulated *done, struct error *err)
{
    a->simulate.label = label;
    a->advice.runs++;
    int rc = simulate_one(&a->simulate, &a->scenario, done, err);
    return rc == GS_OK ? simulate_stopped(&a->simulate, done, err) : rc;
}

/* Nobody waited for room in a swap file, or was refused for want of it. */
static bool nobody_waited(const struct report *r)
{
    bool fine = true;
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        fine = fine && !(g->stall[STALL_CAP].value > 0) && !(g->unended_stall[STALL_CAP].value > 0) &&
               !(g->waiting[STALL_CAP].value > 0) && !(g->refused_by[REFUSED_CAP].value > 0);
    }
    return fine;
}

static void files_set(struct arguments *a, int64_t steps)
{
    for (size_t i = 0, k = 0; i < a->scenario.nodes; i++)
        if (a->scenario.node[i].swap) {
            const struct advice_node *n = &a->advice.node[k++];
            a->scenario.node[i].swap_file = (int64_t)((double)n->most / STEPS * (double)steps);
        }
}

/* With so many steps, as a point of the search: kept where nobody waited. */
static int try_files(void *context, struct capacity_point *point, double error, struct error *err)
{
    struct arguments *a = context;
    struct simulated done = {0};
    (void)error; /* it is a fact about these replications */
    files_set(a, point->place);
    int rc = run(a, "swap file: ", &done, err);
    if (rc == GS_OK)
        point->state = nobody_waited(&done.report) ? CAPACITY_KEPT : CAPACITY_MISSED;
    simulated_fini(&done);
    return rc;
}

/* --- what there is ----------------------------------------------------------------------------------------------------- */

/* The peaks of the nodes of group `i`, the fullest of each replication. */
static int peaks(struct arguments *a, const struct simulated *done, size_t i, struct advice_node *n, struct error *err)
{
    size_t first = 0, count = (size_t)a->scenario.node[i].count, of = done->outcome.completed;
    double *peak = arena_array(&a->simulate.arena, of, sizeof *peak);
    if (peak == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    for (size_t k = 0; k < i; k++)
        first += (size_t)a->scenario.node[k].count;
    for (size_t r = 0; r < of; r++) {
        for (size_t k = first; k < first + count; k++)
            peak[r] = fmax(peak[r], (double)done->outcome.tally[r]->node[k].peak_bytes);
        n->most = (int64_t)fmax((double)n->most, peak[r]);
    }
    n->peak = interval_mean(peak, of, INTERVAL_CONFIDENCE);
    return GS_OK;
}

static int look_at(struct arguments *a, const struct simulated *done, struct error *err)
{
    const struct scenario *s = &a->scenario;
    int64_t context = 0;
    for (size_t i = 0; i < s->workloads; i++) {
        a->present[i] = done->report.group[i].workloads.value;
        context = s->workload[i].context > context ? s->workload[i].context : context;
        a->advice.group[i] =
            (struct advice_group){s->workload[i].name, advice_apart(s, &s->workload[i], &done->report.group[i]),
                                  done->report.group[i].response[STAT_P95].value, NAN};
    }
    for (size_t i = 0; i < s->nodes; i++) {
        if (!s->node[i].swap)
            continue;
        struct advice_node *n = &a->advice.node[a->advice.nodes++];
        *n = (struct advice_node){
            .name = s->node[i].name, .a_gpu = advice_a_gpu(s, a->present, i, NULL, 0), .context = context};
        int rc = peaks(a, done, i, n, err);
        if (rc != GS_OK)
            return rc;
        n->file = (n->most + gib - 1) / gib * gib;
    }
    return GS_OK;
}

/* --- searches ------------------------------------------------------------------------------------------------------------ */

/* The least that still has room for all, from the peak down. */
static int find_least(struct arguments *a, struct error *err)
{
    static const struct vary steps = {
        .key = "swap file", .way = VARY_EASIER, .low = 1, .high = STEPS, .max = STEPS, .step = 1};
    struct capacity found;
    int rc = capacity_search(&found, &steps, STEPS, CAPACITY_CONFIDENCE, try_files, a, &a->simulate.arena, err);
    for (size_t i = 0; i < a->advice.nodes && rc == GS_OK && found.answer != NULL; i++) {
        struct advice_node *n = &a->advice.node[i];
        n->least = (int64_t)((double)n->most / STEPS * found.answer->value);
    }
    return rc;
}

/* With nodes without swap for those who should be apart, the files as large as before. */
static int try_split(struct arguments *a, struct error *err)
{
    struct simulated done = {0};
    struct scenario with;
    if (!advice_split_size(&a->advice, &a->scenario, a->present))
        return GS_OK;
    int rc = advice_split_scenario(&with, &a->scenario, &a->advice, &a->simulate.arena, err);
    a->simulate.label = "node pools: ";
    a->advice.runs++;
    if (rc == GS_OK)
        rc = simulate_one(&a->simulate, &with, &done, err);
    if (rc == GS_OK)
        rc = simulate_stopped(&a->simulate, &done, err);
    for (size_t i = 0; rc == GS_OK && i < a->advice.groups; i++) {
        a->advice.group[i].after = done.report.group[i].response[STAT_P95].value;
        a->advice.split.refused += done.report.group[i].refused.value;
    }
    a->advice.split.tried = rc == GS_OK;
    simulated_fini(&done);
    return rc;
}

static int find_files(struct arguments *a, struct error *err)
{
    struct simulated done = {0};
    int64_t most = 0;
    for (size_t i = 0; i < a->scenario.nodes; i++)
        a->scenario.node[i].swap_file = room_bytes;
    int rc = run(a, "room for all: ", &done, err);
    if (rc == GS_OK)
        rc = look_at(a, &done, err);
    if (rc == GS_OK)
        rc = try_split(a, err);
    simulated_fini(&done);
    for (size_t i = 0; i < a->advice.nodes; i++)
        most = a->advice.node[i].most > most ? a->advice.node[i].most : most;
    return rc == GS_OK && most > 0 ? find_least(a, err) : rc;
}

/* The group with the most members that are there for good and drawn. */
static const struct workload_group *countable(const struct scenario *s)
{
    const struct workload_group *best = NULL;
    for (size_t i = 0; i < s->workloads; i++) {
        const struct workload_group *w = &s->workload[i];
        if (w->trace < 0 && w->class != GS_TRAINING && (best == NULL || w->count > best->count))
            best = w;
    }
    return best;
}

/* What the bar of progress stands for. */
static void tell(void *context, const char *setting, uint64_t from, uint64_t to)
{
    struct search *search = context;
    struct simulate *simulate = &search->of->simulate;
    struct error unused = {0};
    (void)to;
    search->of->advice.runs++;
    simulate->label = arena_printf(&simulate->arena, "%s%s: ", setting, from > 0 ? ", looking closer" : "");
    if (simulate->label == NULL)
        simulate->label = "";
    simulate_watch(simulate, &search->plan.run, &unused);
}

static int try_count(void *context, struct capacity_point *point, double error, struct error *err)
{
    const struct search *search = context;
    return capacity_try(&search->plan, &search->vary, point, error, &search->of->simulate.arena, err);
}

/* From now on every swap file has room for all. */
static int give_room(struct simulate *simulate, const struct scenario *s, struct error *err)
{
    for (size_t i = 0; i < s->nodes; i++) {
        bool is_plain = strcmp(s->node[i].name, "node") == 0;
        if (!s->node[i].swap)
            continue;
        const char *set = arena_printf(&simulate->arena, "node%s%s.swap_file=%lldGiB", is_plain ? "" : ".",
                                       is_plain ? "" : s->node[i].name, (long long)(room_bytes / gib));
        if (set == NULL || simulate->sets == SETS_MAX)
            return error_set(err, GS_SYSTEM, "out of memory for the settings of '%s'", s->name);
        simulate->set[simulate->sets++] = set;
    }
    return GS_OK;
}

/* How many keep the promises.  The recommended swap files hold for the count of the scenario; more need more, so they get
 * room. */
static int find_count(struct arguments *a, struct error *err)
{
    const struct workload_group *w = countable(&a->scenario);
    struct arena *arena = &a->simulate.arena;
    struct search search = {.of = a};
    struct capacity_report r = {.scenario = &a->scenario, .vary = &search.vary};
    struct text says = {0};
    if (a->scenario.slas == 0 || w == NULL)
        return GS_OK;
    const char *key = arena_printf(arena, "workload.%s.count=1..%lld", w->name, (long long)w->count * TIMES);
    search.plan = (struct capacity_plan){.file = a->file,
                                         .text = a->text,
                                         .folder = a->folder,
                                         .indifference = CAPACITY_INDIFFERENCE,
                                         .first = a->scenario.replications,
                                         .tell = tell,
                                         .context = &search};
    int rc = key == NULL ? error_set(err, GS_SYSTEM, "out of memory") : give_room(&a->simulate, &a->scenario, err);
    search.plan.set = a->simulate.set;
    search.plan.sets = a->simulate.sets;
    if (rc == GS_OK)
        rc = simulate_watch(&a->simulate, &search.plan.run, err);
    if (rc == GS_OK)
        rc = vary_read(&search.vary, key, NULL, false, &a->scenario, arena, err);
    if (rc == GS_OK)
        rc = capacity_search(&a->advice.found, &search.vary, capacity_start(&search.vary, &a->scenario),
                             CAPACITY_CONFIDENCE, try_count, &search, arena, err);
    if (rc != GS_OK)
        return rc;
    capacity_answer(&says, &r, &a->advice.found);
    a->advice.found_says = says.failed ? NULL : arena_strdup(arena, says.data);
    text_fini(&says);
    a->advice.counted = w->name;
    if (a->advice.found.answer != NULL)
        a->advice.count_a_gpu = advice_a_gpu(&a->scenario, a->present, advice_node_for(&a->scenario, w), w,
                                             (int64_t)a->advice.found.answer->value);
    return a->advice.found_says == NULL ? error_set(err, GS_SYSTEM, "out of memory") : GS_OK;
}

/* --- the command ------------------------------------------------------------------------------------------------------------ */

/* By its first bytes; what cannot be opened is told by the reader of scenarios. */
static bool is_database(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char first[16] = "";
    FILE *in = strcmp(path, "-") == 0 ? NULL : fopen(path, "rbe");
    bool found = in != NULL && fread(first, 1, sizeof first, in) == sizeof first && memcmp(first, magic, 16) == 0;
    if (in != NULL)
        fclose(in);
    return found;
}

/* Of the last run of a database: its scenario, as it was run. */
static int read_run(struct arguments *a, const struct overrides *with, struct error *err)
{
    struct arena *arena = &a->simulate.arena;
    const char *file;
    int rc = event_log_read_scenario(&a->text, &file, a->file, a->run, arena, err);
    if (rc != GS_OK)
        return rc;
    const char *slash = strrchr(file, '/');
    a->folder = slash == NULL ? NULL : arena_printf(arena, "%.*s", (int)(slash - file), file);
    a->file = file;
    return scenario_parse(&a->scenario, a->text, strlen(a->text), file, a->folder, with, arena, err);
}

static int prepare(struct arguments *a, struct error *err)
{
    struct scenario *s = &a->scenario;
    struct overrides with = {a->simulate.set, a->simulate.sets};
    int rc = is_database(a->file) ? read_run(a, &with, err) : scenario_read(s, a->file, &with, &a->simulate.arena, err);
    if (rc != GS_OK)
        return rc;
    simulate_replicate(&a->simulate, s, "each run takes");
    a->advice.scenario = s;
    a->advice.replications = s->replications;
    a->advice.node = arena_array(&a->simulate.arena, s->nodes, sizeof *a->advice.node);
    a->advice.group = arena_array(&a->simulate.arena, s->workloads, sizeof *a->advice.group);
    a->present = arena_array(&a->simulate.arena, s->workloads, sizeof *a->present);
    a->advice.groups = s->workloads;
    if (a->present == NULL || a->advice.node == NULL || a->advice.group == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    return GS_OK;
}

static int advise(struct arguments *a, struct error *err)
{
    struct text json = {0}, words = {0};
    struct output file = {0};
    int rc = prepare(a, err);
    if (rc == GS_OK)
        rc = output_open(&file, a->simulate.json, err);
    if (rc == GS_OK)
        rc = find_files(a, err);
    if (rc == GS_OK)
        rc = find_count(a, err);
    if (rc == GS_OK) {
        advice_json(&json, &a->advice);
        advice_text(&words, &a->advice);
        rc = simulate_print(&a->simulate, &file, &json, &words, err);
    }
    output_close(&file);
    return rc;
}

enum { OPTION_RUN = 512 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->simulate;
        break;
    case OPTION_RUN:
        if (units_integer(arg, &a->run, why) != GS_OK || a->run < 1)
            argp_error(state, "--run: '%s' is not the number of a run", arg);
        break;
    case ARGP_KEY_ARG:
        if (a->file != NULL)
            argp_error(state, "one scenario or database at a time");
        a->file = arg;
        break;
    case ARGP_KEY_END:
        if (a->file == NULL)
            argp_error(state, "which scenario, or database?");
        if (strcmp(a->file, "-") == 0)
            argp_error(state, "the scenario is read anew for each value; give it as a file, not by '-'");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int cmd_advise(int argc, char **argv, struct error *err)
{
    static const struct argp_child children[] = {{&simulate_unkept_argp, 0, NULL, 0}, {0}};
    static const char doc[] =
        "Recommend settings: size of the swap file, reserve, workloads a GPU, what deserves nodes of its own, each "
        "with its "
        "reason and how sure it is, and a patch for the cluster.  The scenario is run some thirty times.";
    static const struct argp_option options[] = {
        {"run", OPTION_RUN, "N", 0, "which run of the database; without it, the last one", 0}, {0}};
    static const struct argp argp = {options, parse, "SCENARIO|DB", doc, children, NULL, NULL};
    struct arguments a = {0};

    simulate_init(&a.simulate);
    a.simulate.db = NULL;
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? advise(&a, err) : GS_USAGE;
    simulate_fini(&a.simulate);
    return rc;
}
