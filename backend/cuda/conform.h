/* conform.h - what this program relies on a driver and a GPU for, as checks that anybody with a GPU can run.
 *
 * `selftest --gpu` runs them on hardware, tests run the same on the driver double, which so is held to what GPUs do.  A
 * check opens the GPU anew, takes no more of its memory than it is allowed, touches nobody else's, and gives all back. */
#ifndef GS_CUDA_CONFORM_H
#define GS_CUDA_CONFORM_H

#include "backend/cuda/gpu.h"
#include "sim/base/arena.h"

enum { CONFORM_FIGURES = 16, CONFORM_TEXT = 400 };

struct conform_result {
    bool ok;
    char text[CONFORM_TEXT]; /* why not */
    struct {
        const char *name; /* with its unit */
        double value;
    } figure[CONFORM_FIGURES];
    unsigned figures;
};

struct conform {
    const struct driver *cu;
    int ordinal;
    int64_t budget_bytes;    /* of GPU memory, at most */
    int64_t (*now_ns)(void); /* the host's clock */
    /* of the check under way */
    struct gpu gpu;
    struct arena arena;
    struct conform_result *result;
};

struct conform_check {
    const char *name, *proves;
    bool (*run)(struct conform *conform);
};

/* The i-th, NULL past the end. */
const struct conform_check *conform_at(unsigned i);

/* Run one.  After an error that costs the context, the GPU cannot be opened again by this process, and the others fail. */
void conform_run(struct conform *conform, const struct conform_check *check, struct conform_result *result);

/* --- for the checks; each is false where the check has failed -------------------------------------------------------- */

/* It has, for this reason, unless it had before. */
bool conform_fail(struct conform *conform, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool conform_try(struct conform *conform, CUresult result, const char *call);
bool conform_done(struct conform *conform, int rc, const struct error *err);
void conform_figure(struct conform *conform, const char *name, double value);

bool conform_kernels(struct conform *conform);
bool conform_ptx(struct conform *conform);
bool conform_busy(struct conform *conform);
bool conform_events(struct conform *conform);
bool conform_priorities(struct conform *conform);
bool conform_granularity(struct conform *conform);
bool conform_remap(struct conform *conform);
bool conform_free(struct conform *conform);
bool conform_out_of_memory(struct conform *conform);
bool conform_swap(struct conform *conform);
bool conform_exchange(struct conform *conform);
bool conform_duplex(struct conform *conform);

#endif
