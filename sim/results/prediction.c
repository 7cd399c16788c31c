/* prediction.c - find a live run, and the numbers that tell how well it is simulated. */
#include "sim/results/prediction.h"
#include "sim/base/units.h"
#include "sim/results/schema.h"

#include <math.h>
#include <string.h>

static const char *copy(sqlite3_stmt *s, int column, struct arena *arena)
{
    const unsigned char *value = sqlite3_column_text(s, column);

    return arena_strdup(arena, value != NULL ? (const char *)value : "");
}

/* "..., time scale 10" in what is recorded of the device. */
static double scale_of(const char *device)
{
    static const char words[] = "time scale ";
    const char *at = strstr(device, words);
    char why[UNITS_WHY];
    double scale = 1;

    return at != NULL && units_number(at + sizeof words - 1, &scale, why) == GS_OK && scale > 0 ? scale : 1;
}

static int read_run(struct live_run *run, sqlite3_stmt *s, const char *path, struct arena *arena, struct error *err)
{
    const char *status = copy(s, 1, arena);

    run->number = sqlite3_column_int64(s, 0);
    run->provenance = copy(s, 2, arena);
    run->device = copy(s, 3, arena);
    run->started = copy(s, 4, arena);
    if (status == NULL || run->provenance == NULL || run->device == NULL || run->started == NULL)
        return error_set(err, GS_SYSTEM, "no memory for run %lld of '%s'", (long long)run->number, path);
    if (strcmp(run->provenance, "sim") == 0)
        return error_set(err, GS_BAD_INPUT, "run %lld of '%s' was simulated; there is nothing to predict",
                         (long long)run->number, path);
    if (strcmp(status, "incomplete") == 0)
        return error_set(err, GS_BAD_INPUT, "run %lld of '%s' did not come to its end", (long long)run->number, path);
    run->time_scale = scale_of(run->device);
    return GS_OK;
}

int live_run_find(struct live_run *run, const char *path, int64_t wanted, struct arena *arena, struct error *err)
{
    sqlite3_stmt *s = NULL;
    sqlite3 *db;
    int rc = schema_open_read(&db, path, err), step;

    *run = (struct live_run){0};
    if (rc != GS_OK)
        return rc;
    if (sqlite3_prepare_v2(db,
                           "SELECT run, status, provenance, device, started FROM run WHERE run = ?1 OR"
                           " (?1 = 0 AND provenance <> 'sim' AND status <> 'incomplete') ORDER BY run DESC LIMIT 1",
                           -1, &s, NULL) != SQLITE_OK) {
        rc = schema_error(db, path, err);
        sqlite3_close(db);
        return rc;
    }
    sqlite3_bind_int64(s, 1, wanted);
    step = sqlite3_step(s);
    if (step == SQLITE_ROW)
        rc = read_run(run, s, path, arena, err);
    else if (step != SQLITE_DONE)
        rc = schema_error(db, path, err);
    else if (wanted > 0)
        rc = error_set(err, GS_BAD_INPUT, "'%s' has no run %lld", path, (long long)wanted);
    else
        rc = error_set(err, GS_BAD_INPUT, "'%s' holds no live run; make one with 'gpuswap-sim live SCENARIO'", path);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return rc;
}

/* --- when its bursts became ready --- */

/* Rows come by workload, and in each by number, which is the place that a time takes; those of the warm-up may lack. */
static int read_bursts(struct live_run *run, sqlite3_stmt *s, uint32_t workloads, struct arena *arena)
{
    int64_t **ready_ns = arena_array(arena, workloads, sizeof *ready_ns);
    uint32_t *bursts = arena_array(arena, workloads, sizeof *bursts);
    size_t capacity = 0;
    int64_t last = -1;

    while (ready_ns != NULL && bursts != NULL && sqlite3_step(s) == SQLITE_ROW) {
        int64_t workload = sqlite3_column_int64(s, 0), nth = sqlite3_column_int64(s, 1), *grown;

        if (workload < 0 || workload >= workloads || nth < bursts[workload] || nth >= UINT32_MAX)
            continue; /* of nobody, or twice */
        capacity = workload == last ? capacity : 0;
        last = workload;
        grown = arena_grow(arena, ready_ns[workload], &capacity, (size_t)nth + 1, sizeof *grown);
        if (grown == NULL)
            return GS_SYSTEM;
        ready_ns[workload] = grown;
        while (bursts[workload] < nth)
            grown[bursts[workload]++] = -1;
        grown[bursts[workload]++] = sqlite3_column_int64(s, 2);
    }
    if (ready_ns == NULL || bursts == NULL)
        return GS_SYSTEM;
    run->ready_ns = (const int64_t *const *)ready_ns;
    run->bursts = bursts;
    return GS_OK;
}

static int query(sqlite3 *db, sqlite3_stmt **s, const char *path, const char *sql, int64_t run, struct error *err)
{
    if (sqlite3_prepare_v2(db, sql, -1, s, NULL) != SQLITE_OK)
        return schema_error(db, path, err);
    sqlite3_bind_int64(*s, 1, run);
    return GS_OK;
}

int live_run_read_bursts(struct live_run *run, const char *path, struct arena *arena, struct error *err)
{
    sqlite3_stmt *head = NULL, *rows = NULL;
    sqlite3 *db;
    int rc = schema_open_read(&db, path, err);

    if (rc != GS_OK)
        return rc;
    if ((rc =
             query(db, &head, path,
                   "SELECT (SELECT count(*) FROM workload WHERE run = ?1), record <> 'summary' FROM run WHERE run = ?1",
                   run->number, err)) == GS_OK &&
        (rc = query(
             db, &rows, path,
             "SELECT workload, nth, ready_ns FROM burst WHERE run = ?1 AND replication = 0 ORDER BY workload, nth",
             run->number, err)) == GS_OK &&
        sqlite3_step(head) == SQLITE_ROW && sqlite3_column_int(head, 1) != 0 &&
        read_bursts(run, rows, (uint32_t)sqlite3_column_int64(head, 0), arena) != GS_OK)
        rc = error_set(err, GS_SYSTEM, "no memory for the bursts of '%s'", path);
    sqlite3_finalize(head);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return rc;
}

/* --- numbers --- */

static const char *const group_metric[] = {"completed",      "alone_s",        "response_mean_s",
                                           "response_p50_s", "response_p95_s", "response_p99_s",
                                           "swap_out_s",     "swap_in_s",      "makespan_s"};
static const char *const gpu_metric[] = {"swaps", "swap_in_bytes", "swap_out_bytes", "useful"};
enum {
    GROUP_METRICS = sizeof group_metric / sizeof *group_metric,
    GPU_METRICS = sizeof gpu_metric / sizeof *gpu_metric
};

static double group_value(const struct report_group *g, size_t metric)
{
    const double value[GROUP_METRICS] = {g->completed.value,
                                         g->alone.value,
                                         g->response[STAT_MEAN].value,
                                         g->response[STAT_P50].value,
                                         g->response[STAT_P95].value,
                                         g->response[STAT_P99].value,
                                         g->stall[STALL_SWAP_OUT].value,
                                         g->stall[STALL_SWAP_IN].value,
                                         g->makespan.value};
    return value[metric];
}

static double gpu_value(const struct report_gpu *gpu, size_t metric)
{
    const double value[GPU_METRICS] = {gpu->swaps.value, gpu->swap_in_bytes.value, gpu->swap_out_bytes.value,
                                       gpu->useful.value};
    return value[metric];
}

static double error_of(double live, double simulated)
{
    if (isnan(live) || isnan(simulated))
        return NAN;
    if (!(fabs(live) > 0))
        return fabs(simulated) > 0 ? NAN : 0;
    return simulated / live - 1;
}

bool prediction_row_at(const struct prediction *p, size_t i, struct prediction_row *row)
{
    size_t groups = p->live->groups * GROUP_METRICS, metric;

    if (i < groups) {
        const struct report_group *live = &p->live->group[i / GROUP_METRICS];
        metric = i % GROUP_METRICS;
        *row = (struct prediction_row){"group",
                                       live->name,
                                       group_metric[metric],
                                       group_value(live, metric),
                                       group_value(&p->simulated->group[i / GROUP_METRICS], metric),
                                       0};
    } else if (i - groups < p->live->gpus * GPU_METRICS) {
        const struct report_gpu *live = &p->live->gpu[(i - groups) / GPU_METRICS];
        metric = (i - groups) % GPU_METRICS;
        *row = (struct prediction_row){"gpu",
                                       live->id,
                                       gpu_metric[metric],
                                       gpu_value(live, metric),
                                       gpu_value(&p->simulated->gpu[(i - groups) / GPU_METRICS], metric),
                                       0};
    } else if (i - groups == p->live->gpus * GPU_METRICS) {
        *row = (struct prediction_row){
            "run", "", "makespan_s", p->live->run.makespan.value, p->simulated->run.makespan.value, 0};
    } else {
        return false;
    }
    row->error = error_of(row->live, row->simulated);
    return true;
}
