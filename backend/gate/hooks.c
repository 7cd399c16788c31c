/* hooks.c - the calls that the gate has to know of: with cuInit the daemon hears of the process, and what ends streams
 * and contexts ends what is remembered of them. */
#include "backend/gate/hooks.h"
#include "backend/gate/gate.h"

#define DECLARE(symbol, base, since, thread, words) EXPORT unsigned symbol(WORDS_##words);
GATE_HOOKS(DECLARE)

unsigned cuInit(uint64_t a1)
{
    unsigned result;

    real_begin();
    result = REAL(cuInit, 1)(a1);
    if (result == CU_OK)
        service_begin();
    return result;
}

static void end_stream(uint64_t stream)
{
    lanes_end_stream(stream);
    service_renew();
}

/* Before the call, as the stream must still be there; or after it. */
#define BEFORE(symbol, forget)                                                                                         \
    unsigned symbol(uint64_t a1)                                                                                       \
    {                                                                                                                  \
        unsigned result;                                                                                               \
                                                                                                                       \
        real_begin();                                                                                                  \
        service_notice();                                                                                              \
        lanes_lock();                                                                                                  \
        forget(a1);                                                                                                    \
        result = REAL(symbol, 1)(a1);                                                                                  \
        lanes_unlock();                                                                                                \
        return result;                                                                                                 \
    }
#define AFTER(symbol, forget)                                                                                          \
    unsigned symbol(uint64_t a1)                                                                                       \
    {                                                                                                                  \
        unsigned result;                                                                                               \
                                                                                                                       \
        real_begin();                                                                                                  \
        service_notice();                                                                                              \
        lanes_lock();                                                                                                  \
        result = REAL(symbol, 1)(a1);                                                                                  \
        if (result == CU_OK)                                                                                           \
            forget(a1);                                                                                                \
        lanes_unlock();                                                                                                \
        return result;                                                                                                 \
    }

/* The primary context of a GPU, unless others still hold it. */
static void end_primary(uint64_t device)
{
    uint32_t flags = 0, active = 0;

    if (REAL(cuDevicePrimaryCtxGetState, 3)(device, (uintptr_t)&flags, (uintptr_t)&active) != CU_OK || active == 0)
        lanes_end_device((uint32_t)device);
}

BEFORE(cuStreamDestroy, end_stream)
BEFORE(cuStreamDestroy_v2, end_stream)
AFTER(cuCtxDestroy, lanes_end_context)
AFTER(cuCtxDestroy_v2, lanes_end_context)
AFTER(cuCtxDetach, lanes_end_context)
AFTER(cuDevicePrimaryCtxRelease, end_primary)
AFTER(cuDevicePrimaryCtxRelease_v2, end_primary)
AFTER(cuDevicePrimaryCtxReset, end_primary)
AFTER(cuDevicePrimaryCtxReset_v2, end_primary)
