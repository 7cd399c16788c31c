/* measure.h - what swapping costs on a GPU of this machine: links by direction and size, calls that map memory, whole swaps,
 * kernels, contexts.
 *
 * Copies are timed by the GPU's own events: a kernel holds the stream while start event, copies and stop event are queued
 * behind it, so that queueing is not in it.  Calls are timed by the host's clock.  On the driver double all times are those
 * of its model.  Needs no CUDA headers; a program that was built without them measures nothing and says so. */
#ifndef GS_MEASURE_H
#define GS_MEASURE_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { MEASURE_ROWS = 160, MEASURE_SAMPLES = 64, MEASURE_FITS = 8, MEASURE_NOTES = 24, MEASURE_NOTE = 200 };

struct measure_row;
struct measure_options {
    bool is_double; /* the driver must be the double; else it must not */
    int ordinal;
    int64_t chunk_bytes; /* of swaps; 0: 64 MiB, or less where the GPU is small */
    bool force;          /* though others use the GPU */
    /* Told before each step, with no row, and before each sample of a row; may be NULL. */
    void (*progress)(void *context, const char *step, const struct measure_row *row);
    void *context;
};

/* One thing, done `n` times. */
struct measure_row {
    const char *kind; /* docs/calibration.md has the list */
    int64_t size;     /* bytes; of `busy` the ns that were asked for */
    const char *unit; /* of what follows: "ns", "bytes" */
    bool unsteady;    /* p95 above 1.2 of p50, also when done again */
    unsigned n;
    double p50, p95, min, max, sample[MEASURE_SAMPLES];
};

/* The line through the medians of a kind: fixed_ns + size / per_s. */
struct measure_fit {
    const char *kind;
    double fixed_ns, per_s;
    double worst; /* greatest relative distance of a median from it */
    unsigned n;
    int64_t from, to; /* sizes */
};

struct measured {
    char name[96], uuid[64], pci[16], driver[96];
    int cuda; /* the driver's version, as 13000 */
    int gpus, copy_engines;
    int64_t total_bytes, chunk_bytes, largest_bytes;
    double duplex;                      /* rate of both directions together, as a share of their sum alone */
    double all_in_per_s, all_out_per_s; /* of all GPUs at once; 0: there is one, or others use them */
    double all_share;                   /* of the sum of theirs alone, in the worse direction */
    struct measure_row row[MEASURE_ROWS];
    unsigned rows;
    struct measure_fit fit[MEASURE_FITS];
    unsigned fits;
    char note[MEASURE_NOTES][MEASURE_NOTE]; /* what a reader should know */
    unsigned notes;
};

/* GS_NO_DEVICE with what is missing; GS_BUSY: others use the GPU; GS_IO: what was copied did not arrive
 * as it was, or the GPU hangs, and then the program's end is to clean up. */
int measure_gpu(const struct measure_options *options, struct measured *out, struct error *err);

const struct measure_row *measure_find(const struct measured *measured, const char *kind, int64_t size); /* -1: any */
const struct measure_fit *measure_line(const struct measured *measured, const char *kind);

#endif
