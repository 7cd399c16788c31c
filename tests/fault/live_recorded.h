/* live_recorded.h - runs of live mode on the driver double that are recorded in a database, as those of users are. */
#ifndef GS_LIVE_RECORDED_H
#define GS_LIVE_RECORDED_H

#include "tests/unit/live_fixture.h"
#include "backend/device.h"
#include "sim/results/results.h"

#include <sqlite3.h>
#include <unistd.h>

#define DOUBLE "memory=4MiB context=1MiB granularity=64KiB in=31MB/s out=31MB/s "
#define NODE(further)                                                                                                  \
    "[scenario]\nduration = 60s\nwarmup = 0s\nrecord = bursts\n[node]\ngpu_memory = 2MiB\ngpu_reserved = 0B\n"         \
    "chunk = 64KiB\nh2d = 31MB/s\nd2h = 31MB/s\nswap_overhead = 0s\ntransfer = overlapped\n" further "\n"
#define NOTEBOOKS(count, memory, further)                                                                              \
    "[workload.NB]\nclass = notebook\ncount = " count "\nmemory = " memory                                             \
    "\ncontext = 0B\nthink = exp(2s)\nburst = exp(500ms)\n" further "\n"

static const char one[] = NODE("swap_file = 10MiB") NOTEBOOKS("4", "960KiB", "");
static const char two[] = NODE("gpus = 2\nswap_file = 10MiB") NOTEBOOKS("8", "960KiB", "");
static const char sets[] = NODE("gpus = 2\nswap_file = 10MiB") NOTEBOOKS("3", "3MiB", "gpus_per_workload = 2");

static char folder[64], path[128];

static inline int64_t ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static char noted[1000]; /* what the run had to say at its end */

static inline void note(void *unused, const char *text)
{
    (void)unused;
    snprintf(noted, sizeof noted, "%s", text);
}

static const struct live_device device = {.ordinal = {0, 1}, .ordinals = 2, .time_scale = 1, .note = note};

static inline int run_recorded(const char *text, const struct backend_ops *ops, struct error *err)
{
    struct arena arena = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct run_options options = {.backend = ops, .device = &device};
    struct load_traces *traces = NULL;
    struct run_outcome outcome = {0};
    struct gs_workload_spec *spec = NULL;
    uint32_t workloads = 0;
    int rc = scenario_parse(&scenario, text, strlen(text), "fault.ini", NULL, &none, &arena, err);

    unlink(path);
    noted[0] = '\0';
    scenario.threads = 1;
    if (rc == GS_OK)
        rc = load_read_traces(&traces, &scenario, &arena, err);
    if (rc == GS_OK)
        rc = load_specs(&scenario, traces, 0, &spec, &workloads, &arena, err);
    if (rc == GS_OK)
        rc = results_open(&options.results, path, &scenario, spec, workloads, "0", "double", err);
    if (rc == GS_OK)
        rc = run_scenario(&scenario, &options, traces, &outcome, &arena, err);
    results_close(options.results);
    run_fini(&outcome);
    load_close_traces(traces);
    arena_fini(&arena);
    return rc;
}

static inline int recorded_setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_live_recorded.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/results.db", folder);
    return 0;
}

static inline int recorded_teardown(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

#endif
