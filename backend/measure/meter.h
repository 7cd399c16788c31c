/* meter.h - what the files of this folder measure with: a GPU, host memory that is registered, and some that is not. */
#ifndef GS_MEASURE_METER_H
#define GS_MEASURE_METER_H

#include "backend/cuda/mover.h"
#include "backend/live/clock.h"
#include "backend/measure/rows.h"

enum { METER_CHUNKS = 8, METER_COPIES = 64, METER_TIMES = 5, METER_CALLS = 50, METER_TRIES = 3 };

/* What would take longer by itself is not measured: all of a row is some sixty times as much, when it is measured again. */
#define METER_LONGEST_NS 250e6

struct meter {
    const struct measure_options *options;
    const struct driver *cu;
    struct gpu gpu;
    struct live_clock clock;
    struct slots slots; /* registered host memory; for copies all of it at once */
    CUdeviceptr device;
    unsigned char *plain; /* host memory that is not registered */
    int64_t plain_bytes;
    CUevent start, stop_in, stop_out;
    uint64_t gate_ns; /* how long a kernel holds the stream while work is queued */
    const char *step; /* that is under way */
    struct measured *out;
};

int64_t meter_now(const struct meter *meter);
/* A swap file near the GPU. */
int meter_slots(struct slots *slots, const struct gpu *gpu, uint32_t count, struct error *err);
/* As gpu_try; of what gpu_wait says, CUDA_ERROR_NOT_READY, that it hangs. */
int meter_try(struct meter *meter, CUresult result, const char *call, struct error *err);
/* Before each step, with no row, and before each sample. */
void meter_tell(const struct measure_options *options, const char *step, const struct measure_row *row);

/* So many copies of `bytes` each way at once, queued while a kernel holds them all; the time of each way from the common
 * start.  What comes in and what goes out do not overlap. */
struct meter_way {
    unsigned copies;
    int64_t bytes;
    double ns;
};
int meter_copies(struct meter *meter, struct meter_way *in, struct meter_way *out, struct error *err);

/* Call `once` until `row` has `n` steady samples, three times over at most, and add it up. */
int meter_row(struct meter *meter, struct measure_row *row, unsigned n,
              int (*once)(struct meter *meter, struct measure_row *row, void *context, struct error *err),
              void *context, struct error *err);

/* The steps, in this order. */
int measure_contexts(const struct measure_options *options, struct measured *out,
                     struct error *err); /* no driver open */
int measure_copies(struct meter *meter, struct error *err);
int measure_duplex(struct meter *meter, struct error *err);
int measure_calls(struct meter *meter, struct error *err);
int measure_kernels(struct meter *meter, struct error *err);
int measure_swaps(struct meter *meter, struct error *err);
int measure_others(struct meter *meter, struct error *err);

#endif
