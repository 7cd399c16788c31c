/* samples.h - what the files of the "samples" importer share: series of samples, and how their values are written. */
#ifndef GS_TRACES_SAMPLES_H
#define GS_TRACES_SAMPLES_H

#include "traces/import.h"
#include "traces/names.h"

/* The options, in order of the importer's table. */
enum samples_option {
    SAMPLES_CLASS,
    SAMPLES_LOOP,
    SAMPLES_IDLE,
    SAMPLES_RUN,
    SAMPLES_MEM_CHANGE,
    SAMPLES_GAP,
    SAMPLES_STEP,
    SAMPLES_LENGTH,
    SAMPLES_PACE,
    SAMPLES_TIME,
    SAMPLES_ID,
    SAMPLES_MEM,
    SAMPLES_UTIL,
    SAMPLES_TIME_UNIT,
    SAMPLES_MEM_UNIT,
    SAMPLES_UTIL_UNIT,
};

struct sample {
    int64_t us;       /* of the recording's own clock */
    double mem, util; /* bytes; share of the GPU; NAN: not sampled */
};

struct series { /* of one workload to be, all the times it was there */
    const char *show, *group;
    struct sample *sample;
    size_t samples, capacity;
};

struct samples {
    struct import *in;
    struct series *series; /* in order of their first sample in the file */
    size_t count, capacity;
    struct names keys;
    size_t no_memory, no_util; /* values that the recording gives as not known */
};

/* One sample of the series `key`, whose id is `show` or close to it.  GS_BAD_INPUT, GS_SYSTEM. */
struct samples_at {
    const char *key, *show, *group;
};
int samples_add(struct samples *samples, const struct samples_at *at, const struct sample *sample, struct error *err);

/* All series into workloads of the trace; says what was assumed. */
int samples_finish(struct samples *samples, struct error *err);

/* Values as text.  `unit` is that of the option unless the text has its own; "", "N/A", "[...]" and "nan" are no value,
 * NAN.  False: the text is none of this, or it is negative. */
bool samples_mem(const char *text, double unit, double *bytes);
bool samples_util(const char *text, double unit, double *share);
double samples_mem_unit(const struct import *in);
double samples_util_unit(const struct import *in);

/* A date and time, or a number of `unit_us`. */
bool samples_time(const char *text, double unit_us, int64_t *us);
double samples_time_unit(const struct import *in);

/* Prometheus: the answer to a range query, or the text that an exporter gives. */
int samples_read_json(struct samples *samples, struct error *err);
int samples_read_text(struct samples *samples, struct error *err);

/* The metric's place: 0 memory, 1 utilisation, -1 neither. */
int samples_metric(const struct import *in, const char *name);

#endif
