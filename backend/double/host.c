/* host.c - host memory that copies may use asynchronously: registered ranges. */
#include "backend/double/state.h"

bool host_registered(const void *address, size_t bytes)
{
    uint64_t start = (uintptr_t)address;

    for (size_t i = 0; i < the.registrations; i++)
        if (the.registered[i].address <= start && start + bytes <= the.registered[i].address + the.registered[i].bytes)
            return true;
    return false;
}

CUresult cuMemHostRegister(void *p, size_t bytesize, unsigned int Flags)
{
    uint64_t start = (uintptr_t)p;
    CUresult result;
    void *grown;

    if ((result = enter("cuMemHostRegister", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (p == NULL || bytesize == 0 || (Flags & ~(unsigned)CU_MEMHOSTREGISTER_PORTABLE) != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuMemHostRegister: size or flags"));
    for (size_t i = 0; i < the.registrations; i++)
        if (ranges_meet(the.registered[i].address, the.registered[i].bytes, start, bytesize))
            return leave(WRONG(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "argument", "cuMemHostRegister: twice"));
    grown = memory_grow(the.registered, &the.registered_capacity, the.registrations + 1, sizeof *the.registered);
    if (grown == NULL)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    the.registered = grown;
    the.registered[the.registrations++] = (struct range){start, bytesize};
    return leave(CUDA_SUCCESS);
}

CUresult cuMemHostUnregister(void *p)
{
    uint64_t start = (uintptr_t)p;
    CUresult result;

    if ((result = enter("cuMemHostUnregister", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    for (size_t i = 0; i < the.registrations; i++) {
        if (the.registered[i].address != start)
            continue;
        if (order_inflight(start, the.registered[i].bytes))
            violation("in-flight", "cuMemHostUnregister of memory that copies under way may still touch");
        the.registered[i] = the.registered[--the.registrations];
        return leave(CUDA_SUCCESS);
    }
    return leave(WRONG(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "stale", "cuMemHostUnregister: not registered"));
}
