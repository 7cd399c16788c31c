/* record.h - a recording of what happens on GPUs: rows as they come into a file of samples, a trace of it at the end. */
#ifndef GS_RECORD_H
#define GS_RECORD_H

#include "backend/cuda/watch.h"

#include <stdio.h>

struct recording {
    const char *path;    /* of the trace */
    const char *samples; /* of the rows: beside it */
    FILE *file;
    struct watch watch;
    const char *driver; /* its version */
    int64_t period_us;  /* how often is looked */
    int64_t first_us;   /* row; 0: none yet */
    int64_t began_us;   /* first look */
    int64_t now_us;     /* last look */
    const char *import; /* further options of the importer, "KEY=VALUE, ..."; NULL: none */
    bool keep;          /* the samples stay */
    uint64_t bursts;    /* of the trace */
    uint64_t workloads; /* of the trace */
};

/* Create the file of samples; GS_CANT_CREATE, also where one of an earlier recording is left. */
int recording_open(struct recording *recording, struct error *err);

/* A row of the watch. */
void recording_row(void *context, const struct watch_row *row);
/* All rows so far to the file: what happens to this program later does not touch them. */
int recording_flush(struct recording *recording, struct error *err);

/* The trace; the samples go, unless they are to stay.  GS_NO_INPUT: there was nothing. */
int recording_finish(struct recording *recording, struct error *err);

/* How long the driver's periods were, on average; 0: none ended. */
int64_t recording_resolution_us(const struct recording *recording);

#endif
