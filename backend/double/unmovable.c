/* unmovable.c - memory that keeps a process on the GPU: managed, and, for drivers before 610, shared with other processes
 * (README of NVIDIA/cuda-checkpoint; its issue 56).  It is memory like any other here, but the process that has it cannot be
 * saved: that call answers 801, as it does where a driver cannot (the same, issue 51). */
#include "backend/double/state.h"

#include <string.h>

CUresult cuMemAllocManaged(CUdeviceptr *dptr, size_t bytesize, unsigned int flags)
{
    unsigned index = 0;
    CUresult result;

    if (flags != CU_MEM_ATTACH_GLOBAL)
        return WRONG(CUDA_ERROR_INVALID_VALUE, "argument",
                     "cuMemAllocManaged: only memory of all streams is known here");
    if ((result = mapping_alloc("cuMemAllocManaged", dptr, bytesize, &index)) == CUDA_SUCCESS) {
        enter_lock();
        the.chunk[index].managed = true;
        leave(CUDA_SUCCESS);
    }
    return result;
}

/* Nobody opens such handles here. */
CUresult cuIpcGetMemHandle(CUipcMemHandle *pHandle, CUdeviceptr dptr)
{
    struct chunk *chunk;
    CUresult result;

    if ((result = enter("cuIpcGetMemHandle", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if (pHandle == NULL || (chunk = mapping_chunk(dptr)) == NULL)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuIpcGetMemHandle: nothing was allocated there"));
    chunk->shared = true;
    memset(pHandle, 0, sizeof *pHandle);
    memcpy(pHandle, &dptr, sizeof dptr);
    return leave(CUDA_SUCCESS);
}
