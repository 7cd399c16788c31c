/* calibrate.h - what a calibration says, in its two forms. */
#ifndef GS_CALIBRATE_H
#define GS_CALIBRATE_H

#include "backend/measure/measure.h"
#include "sim/results/text.h"

struct calibrated {
    const struct measured *measured;
    const char *made, *host, *device, *provenance; /* when, where, "cuda:0", "cuda" */
};

/* A [node] that scenarios include: comments that say where it comes from, and the keys that were measured. */
void calibrate_node(struct text *out, const struct calibrated *c);

/* For people. */
void calibrate_text(struct text *out, const struct calibrated *c);

#endif
