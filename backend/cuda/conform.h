/* conform.h - what this program relies on a driver and a GPU for, as checks that anybody with a GPU can run.
 *
 * `selftest --gpu` runs them on hardware, tests run the same on the driver double, which so is held to what GPUs do.  A
 * check opens the GPU anew, takes no more of its memory than it is allowed, touches nobody else's, and gives all back. */
#ifndef GS_CUDA_CONFORM_H
#define GS_CUDA_CONFORM_H

#include "sim/base/error.h"

#include <stdint.h>

enum { CONFORM_FIGURES = 16, CONFORM_TEXT = 400, CONFORM_NAME = 96 };

struct conform_result {
    bool ok;
    char text[CONFORM_TEXT]; /* why not */
    struct {
        const char *name; /* with its unit */
        double value;
    } figure[CONFORM_FIGURES];
    unsigned figures;
};

struct conform_check;

/* The i-th, NULL past the end. */
const struct conform_check *conform_at(unsigned i);
const char *conform_name(const struct conform_check *check);
const char *conform_proves(const struct conform_check *check);

struct conform_options {
    unsigned ordinal;
    double share;            /* of the GPU's free memory that may be taken */
    int64_t most_bytes;      /* and no more than so much */
    int64_t (*now_ns)(void); /* the host's clock */
};

struct conform_gpu {
    char name[CONFORM_NAME], pci[16];
    int cuda_version, compute; /* as 13000, and 90 for 9.0 */
    int copy_engines, processors;
    int64_t total_bytes, free_bytes, budget_bytes;
};

/* GS_NO_DEVICE, or GS_UNSATISFIABLE if the GPU has too little free. */
struct conform;
int conform_open(struct conform **conform, const struct conform_options *options, struct conform_gpu *gpu,
                 struct error *err);
void conform_close(struct conform *conform);

/* Run one.  After an error that costs the context, the GPU cannot be opened again by this process, and the others fail. */
void conform_run(struct conform *conform, const struct conform_check *check, struct conform_result *result);

#endif
