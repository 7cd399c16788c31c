/* double.h - a CUDA driver without a GPU, for tests: `libcuda.so.1` and `libnvidia-ml.so.1` of our own.
 *
 * It keeps the driver's promises and no others.  Device addresses fault when the host touches them; what lies there are
 * pages elsewhere.  Work is queued in streams and done as late as an observer allows, by a virtual clock (or the real
 * one) and a model of the links.  What a real driver leaves undefined is a violation, written down: tests ask for none.
 *
 *   stale      a handle, event, stream or mapping that is gone, or was never there
 *   in-flight  memory taken away under work of which the host has not yet seen the end
 *   race       two pieces of work touch the same bytes, one writes, and nothing orders them
 *   illegal    work on device memory that is not mapped, or may not be accessed
 *   pageable   an asynchronous copy with host memory that is not registered
 *   argument   sizes, alignments, flags or fields that the header forbids
 *   context    a call in a thread without a current context, or before cuInit, or in a forked child
 *   leak       something still there at the end
 *
 * It may be stricter than a driver, and never laxer but in these points:
 *   - all threads of the host count as one: what one has waited for, all have;
 *   - kernels are those of backend/cuda/kernels.cu, and host memory is not visible to them;
 *   - priorities of streams mean nothing, and kernels never run side by side;
 *   - GPUs do not copy to each other;
 *   - times are those of the model, and prove nothing about a GPU.
 *
 * Options come from the environment's GPUSWAP_DOUBLE, or from reset(), as words `key=value`; docs/driver-double.md.
 */
#ifndef GS_DOUBLE_H
#define GS_DOUBLE_H

#include <stddef.h>
#include <stdint.h>

enum { DOUBLE_WHY = 200, DOUBLE_GPUS = 8 };

struct double_control {
    /* Begin anew, with these options: everything that was made is gone.  0, or not with why. */
    int (*reset)(const char *options, char why[DOUBLE_WHY]);
    uint64_t (*now_ns)(void);
    /* By the virtual clock: let time pass until something has ended, at most until `until_ns`.  By the real one: 0. */
    int (*rest)(uint64_t until_ns);
    unsigned (*violations)(void);
    /* The violations, a line each, "kind: text"; cut to `size`. */
    void (*log)(char *out, size_t size);
    /* Complain about everything that is still there; returns how much. */
    unsigned (*leaks)(void);
    /* How often `call` was made since the reset. */
    uint64_t (*calls)(const char *call);
    /* Device memory as it is now, past all checks; not 0 where nothing is mapped. */
    int (*peek)(uint64_t address, void *out, size_t bytes);
    int (*poke)(uint64_t address, const void *bytes, size_t count);
    /* Physical bytes of a GPU in use by this process, its context included. */
    uint64_t (*used_bytes)(unsigned gpu);
};

/* The symbol of libcuda.so.1 that is a struct double_control; no driver has it. */
#define DOUBLE_CONTROL "gpuswap_double_control"

#endif
