/* hooks.h - the calls, besides those that submit work, for which the gate has a function of its own. */
#ifndef GS_HOOKS_H
#define GS_HOOKS_H

/* X(symbol, name that cuGetProcAddress is asked for, first CUDA version with this ABI, 0, number of arguments) */
#define GATE_HOOKS(X)                                                                                                  \
    X(cuInit, cuInit, 2000, 0, 1)                                                                                      \
    X(cuGetProcAddress, cuGetProcAddress, 11030, 0, 4)                                                                 \
    X(cuGetProcAddress_v2, cuGetProcAddress, 12000, 0, 5)                                                              \
    X(cuStreamDestroy, cuStreamDestroy, 2000, 0, 1)                                                                    \
    X(cuStreamDestroy_v2, cuStreamDestroy, 4000, 0, 1)                                                                 \
    X(cuCtxDestroy, cuCtxDestroy, 2000, 0, 1)                                                                          \
    X(cuCtxDestroy_v2, cuCtxDestroy, 4000, 0, 1)                                                                       \
    X(cuCtxDetach, cuCtxDetach, 2000, 0, 1)                                                                            \
    X(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease, 7000, 0, 1)                                                \
    X(cuDevicePrimaryCtxRelease_v2, cuDevicePrimaryCtxRelease, 11000, 0, 1)                                            \
    X(cuDevicePrimaryCtxReset, cuDevicePrimaryCtxReset, 7000, 0, 1)                                                    \
    X(cuDevicePrimaryCtxReset_v2, cuDevicePrimaryCtxReset, 11000, 0, 1)

#endif
