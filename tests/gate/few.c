/* few.c - a driver of few calls, each of which notes that it was made: what the gate passes on, and what it does not.
 *
 * It is newer than the gate: for CUDA 14.0 it has another ABI of cuLaunchKernel. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* What was called last, and with what. */
EXPORT extern const char *few_called;
EXPORT extern uint64_t few_word[11];
const char *few_called = "";
uint64_t few_word[11];

/* X(symbol, the name and version by which it is asked for, 2: for the thread's default stream) */
#define FEW(X)                                                                                                         \
    X(cuInit, cuInit, 2000, 0)                                                                                         \
    X(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync, 2000, 0)                                                                   \
    X(cuMemcpyHtoDAsync_v2, cuMemcpyHtoDAsync, 3020, 0)                                                                \
    X(cuMemcpyHtoDAsync_v2_ptsz, cuMemcpyHtoDAsync, 7000, 2)                                                           \
    X(cuCtxGetLimit, cuCtxGetLimit, 3010, 0)

#define NOTE(symbol, name, version, flags)                                                                             \
    EXPORT unsigned symbol(uint64_t a1, uint64_t a2);                                                                  \
    unsigned symbol(uint64_t a1, uint64_t a2)                                                                          \
    {                                                                                                                  \
        few_called = #symbol;                                                                                          \
        few_word[0] = a1;                                                                                              \
        few_word[1] = a2;                                                                                              \
        return 0;                                                                                                      \
    }
FEW(NOTE)

#define LAUNCH(symbol)                                                                                                 \
    unsigned symbol(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h,    \
                    uint64_t i, uint64_t j, uint64_t k)                                                                \
    {                                                                                                                  \
        few_called = #symbol;                                                                                          \
        few_word[0] = a, few_word[1] = b, few_word[2] = c, few_word[3] = d, few_word[4] = e, few_word[5] = f,          \
        few_word[6] = g, few_word[7] = h, few_word[8] = i, few_word[9] = j, few_word[10] = k;                          \
        return 0;                                                                                                      \
    }
#define DECLARE_LAUNCH(symbol)                                                                                         \
    unsigned symbol(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h,    \
                    uint64_t i, uint64_t j, uint64_t k);
EXPORT DECLARE_LAUNCH(cuLaunchKernel)
EXPORT DECLARE_LAUNCH(cuLaunchKernel_ptsz) static DECLARE_LAUNCH(newer) LAUNCH(cuLaunchKernel)
    LAUNCH(cuLaunchKernel_ptsz) static LAUNCH(newer)

        EXPORT unsigned cuCtxGetCurrent(uint64_t *context);
unsigned cuCtxGetCurrent(uint64_t *context)
{
    *context = 0x77;
    return 0;
}

static unsigned nothing(void)
{
    return 999;
}

struct known {
    const char *name;
    int version;
    uint64_t flags;
    void (*function)(void);
};

EXPORT unsigned cuGetProcAddress(const char *name, void **out, int version, uint64_t flags);
EXPORT unsigned cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status);

unsigned cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status)
{
#define ROW(symbol, name, version, flags) {#name, version, flags, (void (*)(void))symbol},
    static const struct known known[] = {
        FEW(ROW){"cuLaunchKernel", 4000, 0, (void (*)(void))cuLaunchKernel},
        {"cuLaunchKernel", 7000, 2, (void (*)(void))cuLaunchKernel_ptsz},
        {"cuLaunchKernel", 14000, 0, (void (*)(void))newer},
        {"cuGetProcAddress", 11030, 0, (void (*)(void))cuGetProcAddress},
        {"cuGetProcAddress", 12000, 0, (void (*)(void))cuGetProcAddress_v2},
    };
    const struct known *best = NULL;

    few_called = "cuGetProcAddress_v2";
    if (getenv("FEW_LOG") != NULL)
        dprintf(2, "asked '%s' %d %d\n", name, version, (int)flags);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0 && known[i].version <= version && known[i].flags == (flags & 2) &&
            (best == NULL || known[i].version > best->version))
            best = &known[i];
    *out = NULL;
    if (best != NULL)
        memcpy(out, &best->function, sizeof *out);
    else if (getenv("FEW_LOG") != NULL) /* whoever asks goes on asking */
        memcpy(out, &(void (*)(void)){(void (*)(void))nothing}, sizeof *out);
    if (status != NULL)
        *status = best == NULL;
    return best != NULL || *out != NULL ? 0 : 500;
}

unsigned cuGetProcAddress(const char *name, void **out, int version, uint64_t flags)
{
    int status;

    return cuGetProcAddress_v2(name, out, version, flags, &status);
}
