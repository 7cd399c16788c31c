/* prediction.h - a live run beside a simulation of it: how far off is each number? */
#ifndef GS_PREDICTION_H
#define GS_PREDICTION_H

#include "sim/results/calibration.h"
#include "sim/results/report.h"

/* A live run of the database, as far as it takes to simulate it. */
struct live_run {
    int64_t number;
    const char *provenance, *device, *started; /* "cuda"; what its driver said */
    double time_scale;                         /* how much faster than the device's its time ran */
    const int64_t *const *ready_ns;            /* of each burst of each workload, -1: not recorded; NULL: none was */
    const uint32_t *bursts;                    /* of ready_ns[workload][] */
};

/* Run `wanted`, 0: the last one that was live.  GS_BAD_INPUT: there is none, or it was simulated, or is incomplete. */
int live_run_find(struct live_run *run, const char *path, int64_t wanted, struct arena *arena, struct error *err);

/* Read ready_ns, where the run recorded its bursts. */
int live_run_read_bursts(struct live_run *run, const char *path, struct arena *arena, struct error *err);

struct prediction {
    const struct live_run *run;
    const struct calibration *calibration;
    const struct report *live, *simulated; /* of the same scenario: the same groups and GPUs in the same order */
    const char *note[4];
    size_t notes;
};

struct prediction_row {
    const char *scope, *name, *metric; /* "group", "NB", "response_mean_s" */
    double live, simulated;
    double error; /* simulated over live, less 1; 0: both are 0; NAN: one of them is not there */
};

/* Every number that is held against the live one, in order; the i-th, false past the last. */
bool prediction_row_at(const struct prediction *prediction, size_t i, struct prediction_row *row);

void prediction_text(struct text *out, const struct prediction *prediction);
void prediction_json(struct text *out, const struct prediction *prediction);

#endif
