/* simulate.c - run a scenario, report, keep the rows; progress and interruption. */
#include "sim/cli/simulate.h"
#include "sim/base/machine.h"
#include "sim/cli/live.h"
#include "sim/load/load.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_DB = 256,
    OPTION_JSON,
    OPTION_SET,
    OPTION_SEED,
    OPTION_REPLICATIONS,
    OPTION_THREADS,
    OPTION_QUIET,
    OPTION_ASSERT,
    OPTION_SYNTHETIC,
    OPTION_BACKEND
};

static const struct argp_option options[] = {
    {"db", OPTION_DB, "FILE", 0, "database that runs are added to (of run and replay: results.db)", 0},
    {"json", OPTION_JSON, "FILE", 0, "write the report as JSON; '-' is standard output, instead of the text", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0, "set a key of the scenario: --set node.gpu_memory=40GiB", 0},
    {"seed", OPTION_SEED, "N", 0, "set scenario.seed", 0},
    {"replications", OPTION_REPLICATIONS, "N", 0, "set scenario.replications", 0},
    {"threads", OPTION_THREADS, "N", 0, "set scenario.threads; the result does not depend on it", 0},
    {"quiet", OPTION_QUIET, NULL, 0, "no text report and no progress", 0},
    {"assert", OPTION_ASSERT, NULL, 0, "exit with 1 if an SLA is missed or a plug-in gave invalid answers", 0},
    {"allow-synthetic", OPTION_SYNTHETIC, NULL, 0, "set scenario.allow_synthetic: figures of the driver double will do",
     0},
    {"backend", OPTION_BACKEND, "NAME", OPTION_HIDDEN, "backend, for tests of the tool itself", 0},
    {0},
};

static void add_set(struct simulate *s, struct argp_state *state, const char *key, const char *value)
{
    const char *text = key == NULL ? value : arena_printf(&s->arena, "scenario.%s=%s", key, value);

    if (text == NULL || s->sets == SETS_MAX)
        argp_error(state, "too many --set options");
    else
        s->set[s->sets++] = text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct simulate *s = state->input;

    switch (key) {
    case OPTION_DB:
        if (*arg == 0)
            argp_error(state, "--db needs the name of a file");
        s->db = arg;
        break;
    case OPTION_JSON:
        s->json = arg;
        break;
    case OPTION_SET:
        add_set(s, state, NULL, arg);
        break;
    case OPTION_SEED:
        add_set(s, state, "seed", arg);
        break;
    case OPTION_REPLICATIONS:
        add_set(s, state, "replications", arg);
        break;
    case OPTION_THREADS:
        add_set(s, state, "threads", arg);
        break;
    case OPTION_QUIET:
        s->quiet = true;
        break;
    case OPTION_ASSERT:
        s->assert_sla = true;
        break;
    case OPTION_SYNTHETIC:
        add_set(s, state, "allow_synthetic", "yes");
        break;
    case OPTION_BACKEND:
        s->backend = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp simulate_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

/* Who gives --db all the same is told why not. */
static error_t parse_unkept(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = state->input;
    else if (key == OPTION_DB)
        argp_error(state, "the runs of this command are not kept; leave --db out");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option no_db[] = {{"db", OPTION_DB, "FILE", OPTION_HIDDEN, NULL, 0}, {0}};
static const struct argp without_db = {options + 1, parse, NULL, NULL, NULL, NULL, NULL};
static const struct argp_child unkept_children[] = {{&without_db, 0, NULL, 0}, {0}};
const struct argp simulate_unkept_argp = {no_db, parse_unkept, NULL, NULL, unkept_children, NULL, NULL};

void simulate_init(struct simulate *s)
{
    memset(s, 0, sizeof *s);
    s->db = "results.db";
    s->backend = "sim";
    s->label = "";
}

void simulate_fini(struct simulate *s)
{
    arena_fini(&s->arena);
}

static volatile int interrupted;

static void on_interrupt(int signal_number)
{
    interrupted = signal_number;
}

const volatile int *simulate_catch(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &interrupted;
}

static double seconds_since(int64_t start_ns)
{
    return 1e-9 * (double)(machine_ns() - start_ns);
}

void simulate_bar(const struct simulate *s, struct bar *bar)
{
    *bar = (struct bar){.start_ns = machine_ns(), .label = s->label, .wanted = !s->quiet && isatty(STDERR_FILENO)};
}

void simulate_progress(void *context, uint32_t done, uint32_t of)
{
    enum { WIDTH = 30 };
    const struct bar *bar = context;
    double spent = seconds_since(bar->start_ns);
    int full = (int)(WIDTH * (uint64_t)done / of);

    if (!bar->wanted || spent < 1.0)
        return;
    fprintf(stderr, "\r%s[%.*s%*s] %u of %u, about %.0f s left ", bar->label, full, "##############################",
            WIDTH - full, "", done, of, spent / done * (of - done));
    if (done == of)
        fprintf(stderr, "\r%*s\r", (int)strlen(bar->label) + WIDTH + 40, "");
}

int simulate_print(const struct simulate *s, struct output *file, struct text *json, struct text *words,
                   struct error *err)
{
    bool json_on_stdout = s->json != NULL && strcmp(s->json, "-") == 0;
    int rc = json->failed || words->failed ? error_set(err, GS_SYSTEM, "out of memory for the report") : GS_OK;

    if (rc == GS_OK && s->json != NULL)
        rc = output_write(file, json->data, json->length, err);
    if (rc == GS_OK && !s->quiet && !json_on_stdout)
        rc = write_text("-", words->data, words->length, err);
    text_fini(json);
    text_fini(words);
    return rc;
}

int simulate_backend(const struct simulate *s, const struct backend_ops **backend, struct error *err)
{
    char why[BACKEND_WHY];

    for (size_t i = 0; (*backend = backend_at(i)) != NULL; i++)
        if (strcmp((*backend)->name, s->backend) == 0)
            return (*backend)->probe(why)
                       ? GS_OK
                       : error_set(err, GS_NO_DEVICE, "the backend '%s' does not run here: %s", s->backend, why);
    return error_set(err, GS_USAGE, "unknown backend '%s'; 'gpuswap-sim backends' lists them", s->backend);
}

int simulate_watch(struct simulate *s, struct run_options *run, struct error *err)
{
    *run = (struct run_options){
        .stop = &interrupted, .wishes = s->wishes, .progress = simulate_progress, .context = &s->bar};
    simulate_bar(s, &s->bar);
    return simulate_backend(s, &run->backend, err);
}

static void talk(const struct simulate *s, const struct run_outcome *outcome, const struct load_traces *traces)
{
    uint64_t left_out = load_traces_left_out(traces);

    if (s->quiet)
        return;
    if (left_out > 0)
        fprintf(stderr, "note: %s%llu workloads of several GPUs were left out of the trace ('single')\n", s->label,
                (unsigned long long)left_out);
    if (outcome->warmup_unsettled)
        fprintf(stderr, "note: %sthe responses had not settled when the run ended; give it a longer 'duration'\n",
                s->label);
}

/* The report of what is complete, also for the database. */
static int finish(struct simulate *s, const struct scenario *scenario, struct simulated *done, struct results *results,
                  double wall_s, struct error *err)
{
    struct report_about about = {
        .version = GPUSWAP_VERSION, .provenance = "sim", .command = s->command, .wall_s = wall_s};
    if (s->live != NULL) {
        about.provenance = live_provenance(s->live);
        about.device = s->live->device.text;
    }
    struct scenario run = *scenario;
    int rc;

    if (done->outcome.completed == 0)
        return simulate_stopped(s, done, err);
    run.replications = done->outcome.completed;
    run.warmup = done->outcome.warmup_ns;
    rc = report_build(&done->report, &run, done->outcome.tally, done->outcome.completed, &about, &s->arena, err);
    if (rc == GS_OK && *s->label != '\0' && !s->quiet && report_faults(&done->report) > 0)
        fprintf(stderr, "note: %sits policies gave answers that were none; 'run' says which\n", s->label);
    if (rc == GS_OK && (interrupted == 0 || s->live != NULL) && results != NULL)
        rc = results_finish(results, &done->report, err);
    return rc;
}

int simulate_stopped(const struct simulate *s, const struct simulated *done, struct error *err)
{
    uint32_t completed = done->outcome.completed, of = done->outcome.replications;

    if (interrupted == 0)
        return GS_OK;
    if (s->live != NULL && completed > 0)
        return error_set(err, 128 + interrupted, "interrupted; the report and '%s' hold what there was until then",
                         s->db);
    if (s->db == NULL)
        return error_set(err, 128 + interrupted, "%sinterrupted after %u of %u replications", s->label, completed, of);
    if (completed == 0)
        return error_set(err, 128 + interrupted,
                         "%sinterrupted before a replication was complete; '%s' says 'incomplete'", s->label, s->db);
    return error_set(err, 128 + interrupted,
                     "%sinterrupted after %u of %u replications; '%s' holds them and says 'incomplete'", s->label,
                     completed, of, s->db);
}

/* A live run: its device first, so that nothing is written where there is none. */
static int begin_live(struct simulate *s, const struct scenario *scenario, const struct gs_workload_spec *spec,
                      uint32_t workloads, struct run_options *run, struct error *err)
{
    run->backend = s->live->backend;
    run->device = &s->live->device;
    run->watch = &s->live->watch;
    run->progress = NULL;
    return live_begin(s->live, scenario, spec, workloads, &s->arena, err);
}

int simulate_one(struct simulate *s, const struct scenario *scenario, struct simulated *done, struct error *err)
{
    struct run_options run;
    struct load_traces *traces = NULL;
    struct gs_workload_spec *spec;
    uint32_t workloads;
    int rc;

    *done = (struct simulated){0};
    if ((rc = simulate_watch(s, &run, err)) == GS_OK &&
        (rc = load_read_traces(&traces, scenario, &s->arena, err)) == GS_OK &&
        (rc = load_specs(scenario, traces, 0, &spec, &workloads, &s->arena, err)) == GS_OK && s->live != NULL)
        rc = begin_live(s, scenario, spec, workloads, &run, err);
    if (rc == GS_OK && s->db != NULL)
        rc = results_open(&run.results, s->db, scenario, spec, workloads, GPUSWAP_VERSION,
                          s->live != NULL ? live_provenance(s->live) : "sim", err);
    if (rc == GS_OK && run.results != NULL && s->live != NULL)
        rc = results_device(run.results, s->live->device.text, err);
    if (rc == GS_OK && s->live != NULL)
        rc = live_watch(s->live, scenario, spec, workloads, run.results, &s->arena, err);
    if (rc == GS_OK) {
        simulate_catch();
        rc = run_scenario(scenario, &run, traces, &done->outcome, &s->arena, err);
        if (s->live != NULL) {
            int ended = live_end(s->live, err);
            rc = rc != GS_OK ? rc : ended;
        }
        talk(s, &done->outcome, traces);
        if (run.results != NULL && s->live == NULL && !s->quiet && results_is_full(run.results))
            fprintf(stderr, "note: %s'%s' is as large as record_limit says; its rows of this run end early\n", s->label,
                    s->db);
    }
    if (rc == GS_OK)
        rc = finish(s, scenario, done, run.results, seconds_since(s->bar.start_ns), err);
    results_close(run.results);
    load_close_traces(traces);
    return rc;
}

void simulated_fini(struct simulated *done)
{
    run_fini(&done->outcome);
}

void simulate_replicate(const struct simulate *s, struct scenario *scenario, const char *each)
{
    enum { REPLICATIONS = 10 };

    if (scenario->precision > 0 && !s->quiet)
        fprintf(stderr, "note: all have the same number of replications; 'precision' is left out\n");
    scenario->precision = 0;
    if (scenario->replications >= 2)
        return;
    scenario->replications = REPLICATIONS;
    if (!s->quiet)
        fprintf(stderr, "note: one replication tells no chance from a difference; %s %d\n", each, REPLICATIONS);
}

int simulate_run(struct simulate *s, const struct scenario *scenario, struct error *err)
{
    struct output file = {0};
    struct text json = {0}, words = {0};
    struct simulated done = {0};
    int rc = output_open(&file, s->json, err);

    if (rc == GS_OK)
        rc = simulate_one(s, scenario, &done, err);
    if (rc == GS_OK) {
        report_json(&json, &done.report);
        report_text(&words, &done.report);
        rc = simulate_print(s, &file, &json, &words, err);
    }
    if (rc == GS_OK)
        rc = simulate_stopped(s, &done, err);
    if (rc == GS_OK && s->assert_sla && (!report_sla_met(&done.report) || report_faults(&done.report) > 0))
        rc = GS_MISSED;
    output_close(&file);
    simulated_fini(&done);
    return rc;
}
