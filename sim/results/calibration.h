/* calibration.h - what `calibrate` measured of a GPU, in the database. */
#ifndef GS_CALIBRATION_H
#define GS_CALIBRATION_H

#include "sim/base/arena.h"
#include "sim/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct calibration_meas {
    const char *kind, *unit;
    int64_t size;
    bool steady;
    unsigned n;
    double p50, p95, min, max;
    const double *sample; /* n of them */
};

struct calibration_fit {
    const char *kind;
    double fixed_ns, per_s, worst;
    unsigned n;
    int64_t from, to;
};

struct calibration {
    int64_t number; /* from 1 */
    const char *made, *host, *device, *gpu, *uuid, *pci, *driver, *version, *provenance;
    int64_t cuda, memory_bytes, chunk_bytes;
    double duplex;
    const char *node; /* a [node] for scenarios */
    const struct calibration_meas *meas;
    const struct calibration_fit *fit;
    unsigned meases, fits; /* 0 when it was loaded */
};

/* Could one be added there?  Codes as of results_open; where there is no file, none is made. */
int calibration_check(const char *path, struct error *err);

/* Add it, in one transaction; its number goes into it.  Codes as of results_open. */
int calibration_store(struct calibration *calibration, const char *path, struct error *err);

/* Read number `wanted`; 0: the last one of a GPU whose uuid stands in `device`, measured as `provenance` says.  What was
 * measured in detail is not read.  GS_NO_INPUT: there is no such file; GS_BAD_INPUT: no such calibration. */
int calibration_load(struct calibration *calibration, const char *path, int64_t wanted, const char *provenance,
                     const char *device, struct arena *arena, struct error *err);

#endif
