/* stream.h - feed a reference string through the real controller: one workload at a time wants the GPU, has it for an
 * instant and gives it back, as in a cache.  All start in the swap file, and a copy there is given up by a swap-in, so that
 * each miss moves the bytes of the workload in and those of its victims out. */
#ifndef GS_TRUTH_STREAM_H
#define GS_TRUTH_STREAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policies/table.h"

enum { FEED_MOST = 32 }; /* workloads */

struct feed {
    const char *victim;     /* policy */
    const char *const *set; /* its parameters, "key=value", NULL ends; NULL: all as they are by themselves */
    uint64_t seed;
    int64_t capacity;     /* bytes of the GPU */
    const int64_t *bytes; /* of each workload; NULL: 1 */
    uint32_t workloads;
    const uint8_t *request; /* whom each request is for */
    size_t requests;
    size_t from;      /* first one to count */
    uint8_t *evicted; /* takes the victims in order, FEED_MOST a request at most; may be NULL */
};

struct feed_result {
    uint64_t misses, victims; /* of the requests counted; of all of them */
    int64_t in, out;          /* bytes of the requests counted */
    double held;              /* bytes on the GPU after a request, on the mean of those counted */
};

/* The test fails if the controller does not serve each request at once, or its books do not balance. */
struct feed_result feed_run(const struct feed *feed);

/* Fill `request` with draws, workload i with chance `share[i]` of their sum. */
void feed_draw(uint8_t *request, size_t requests, const double *share, uint32_t workloads, uint64_t seed);

#endif
