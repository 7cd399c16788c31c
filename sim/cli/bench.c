/* bench.c - the measures of `gpuswap-sim bench`, through the same functions that the program runs by. */
#include "sim/cli/bench.h"
#include "sim/base/machine.h"
#include "sim/results/results.h"
#include "sim/run/run.h"
#include "traces/gst.h"
#include "version.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char no_swap_text[] =
    "[scenario]\nduration = 60d\nthreads = 1\n[node]\ngpu_memory = 80GiB\n"
    "[workload.NB]\nclass = notebook\ncount = 50\nmemory = 1GiB\nthink = exp(60s)\nburst = exp(1s)\n";
static const char lru_text[] =
    "[scenario]\nduration = 120d\nthreads = 1\n[node]\ngpu_memory = 80GiB\nswap_file = 1TiB\n"
    "[workload.NB]\nclass = notebook\ncount = 50\nmemory = 10GiB\nthink = exp(600s)\nburst = exp(1s)\n";
static const char rows_text[] =
    "[scenario]\nduration = 4d\nthreads = 1\nrecord = bursts\n[node]\ngpu_memory = 80GiB\n"
    "[workload.NB]\nclass = notebook\ncount = 50\nmemory = 1GiB\nthink = exp(60s)\nburst = exp(1s)\n";

double bench_now_s(void)
{
    return 1e-9 * (double)machine_ns();
}

struct timed {
    double seconds;
    uint64_t events, bursts;
};

static bool run_text(const char *text, const struct overrides *overrides, const char *db, struct timed *timed)
{
    struct arena arena = {0};
    struct error err = {0};
    struct scenario scenario;
    struct run_options options = {.backend = &backend_sim};
    struct run_outcome outcome = {0};
    struct load_traces *traces;
    struct gs_workload_spec *spec;
    uint32_t workloads;

    bool ok = scenario_parse(&scenario, text, strlen(text), "bench", NULL, overrides, &arena, &err) == GS_OK &&
              load_read_traces(&traces, &scenario, &arena, &err) == GS_OK &&
              load_specs(&scenario, traces, 0, &spec, &workloads, &arena, &err) == GS_OK &&
              (db == NULL ||
               results_open(&options.results, db, &scenario, spec, workloads, GPUSWAP_VERSION, "sim", &err) == GS_OK);
    double start = bench_now_s();
    ok = ok && run_scenario(&scenario, &options, traces, &outcome, &arena, &err) == GS_OK;
    timed->seconds = bench_now_s() - start;
    timed->events = timed->bursts = 0;
    for (uint32_t i = 0; ok && i < outcome.completed; i++) {
        timed->events += outcome.tally[i]->events;
        timed->bursts += outcome.tally[i]->group[0].completed + outcome.tally[i]->group[0].censored;
    }
    results_close(options.results);
    run_fini(&outcome);
    arena_fini(&arena);
    return ok;
}

static double events_per_s(const char *text)
{
    struct timed timed;

    return run_text(text, NULL, NULL, &timed) ? (double)timed.events / timed.seconds : NAN;
}

double bench_run_no_swap(void)
{
    return events_per_s(no_swap_text);
}

double bench_run_lru(void)
{
    return events_per_s(lru_text);
}

double bench_speedup(int threads)
{
    char several[48];
    const char *set[] = {"scenario.replications=8", "scenario.duration=3d", "scenario.threads=1"};
    const char *more[] = {set[0], set[1], several};
    struct timed one, many;

    snprintf(several, sizeof several, "scenario.threads=%d", threads);
    if (!run_text(no_swap_text, &(struct overrides){set, 3}, NULL, &one) ||
        !run_text(no_swap_text, &(struct overrides){more, 3}, NULL, &many))
        return NAN;
    return one.seconds / many.seconds;
}

/* A file name in the temporary folder; false if none can be made. */
static bool temporary(char path[64], const char *suffix)
{
    snprintf(path, 64, "/tmp/gpuswap-bench-XXXXXX%s", suffix);
    int fd = mkstemps(path, (int)strlen(suffix));

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static void remove_database(const char *path)
{
    char other[80];

    unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
}

double bench_burst_rows(void)
{
    const char *set[] = {"scenario.record=summary"};
    struct timed with, without;
    char path[64];

    if (!temporary(path, ".db"))
        return NAN;
    bool ok =
        run_text(rows_text, NULL, path, &with) && run_text(rows_text, &(struct overrides){set, 1}, NULL, &without);
    remove_database(path);
    return ok && with.seconds > without.seconds ? (double)with.bursts / (with.seconds - without.seconds) : NAN;
}

static bool write_trace(const char *path, int lines)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return false;
    fprintf(file, "#gpuswap-trace,1\n");
    for (int i = 0; i < 100; i++)
        fprintf(file, "0,W,nb%d,n,1,6442450944,536870912,250000,1000000,5,1,c\n", i);
    for (int i = 0; i < lines; i++)
        fprintf(file, "%d,B,nb%d,%d,%d\n", 1000 * i, i % 100, 120000000 + i, 60000000 + i);
    return fclose(file) == 0;
}

double bench_trace_lines(void)
{
    enum { LINES = 1000000 };
    struct arena arena = {0};
    struct error err = {0};
    struct gst_record record;
    struct gst *gst = NULL;
    char path[64];
    int records = 0, rc = GS_BUG;

    if (!temporary(path, ".gst"))
        return NAN;
    double start = 0.0, seconds = 0.0;
    if (write_trace(path, LINES)) {
        start = bench_now_s();
        rc = gst_open(&gst, path, &err);
        while (rc == GS_OK && (rc = gst_next(gst, &record, &err)) == GS_OK && record.kind != GST_END)
            records++;
        seconds = bench_now_s() - start;
    }
    gst_close(gst);
    unlink(path);
    arena_fini(&arena);
    return rc == GS_OK ? records / seconds : NAN;
}
