/* devices.c - the driver itself, its GPUs, and their primary contexts. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

CUresult cuInit(unsigned int Flags)
{
    CUresult result;

    if ((result = enter("cuInit", ENTER_ANYHOW, NULL)) != CUDA_SUCCESS)
        return result;
    if (Flags != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuInit: flags"));
    if (!the.begun)
        return leave(CUDA_ERROR_UNKNOWN); /* its options are wrong */
    if (the.init_pid != 0 && the.init_pid != getpid())
        return leave(WRONG(CUDA_ERROR_NOT_INITIALIZED, "context", "cuInit in a forked child of a process that did"));
    the.init_pid = getpid();
    ledger_show(true, the.options.unseen);
    serve_begin();
    return leave(CUDA_SUCCESS);
}

CUresult cuDriverGetVersion(int *driverVersion)
{
    CUresult result;

    if ((result = enter("cuDriverGetVersion", ENTER_ANYHOW, NULL)) != CUDA_SUCCESS)
        return result;
    *driverVersion = the.options.driver_version;
    return leave(CUDA_SUCCESS);
}

static const struct {
    CUresult result;
    const char *name, *text;
} errors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "not initialized"},
    {CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA_ERROR_DEVICE_UNAVAILABLE", "the GPU is busy or gone"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no GPU"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "no image of kernels"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "no context is current"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "the image has nothing for this GPU"},
    {CUDA_ERROR_ECC_UNCORRECTABLE, "CUDA_ERROR_ECC_UNCORRECTABLE", "memory of the GPU is damaged"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "PTX that does not compile"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "PTX newer than the driver"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "a handle that is no more"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "work touched memory that is not mapped"},
    {CUDA_ERROR_LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT", "a kernel did not end"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "a kernel failed"},
};

static CUresult tell(CUresult error, const char **out, bool name)
{
    if (error == CUDA_ERROR_UNKNOWN && !the.begun) { /* what cuInit says then */
        *out = name ? "CUDA_ERROR_UNKNOWN" : the.why;
        return CUDA_SUCCESS;
    }
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].result == error) {
            *out = name ? errors[i].name : errors[i].text;
            return CUDA_SUCCESS;
        }
    *out = NULL;
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorName(CUresult error, const char **pStr)
{
    return tell(error, pStr, true);
}

CUresult cuGetErrorString(CUresult error, const char **pStr)
{
    return tell(error, pStr, false);
}

CUresult cuDeviceGetCount(int *count)
{
    CUresult result;

    if ((result = enter("cuDeviceGetCount", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    *count = (int)the.options.gpus;
    return leave(CUDA_SUCCESS);
}

static bool is_gpu(CUdevice device)
{
    return device >= 0 && (unsigned)device < the.options.gpus;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    CUresult result;

    if ((result = enter("cuDeviceGet", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    *device = ordinal;
    return leave(is_gpu(ordinal) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetName(char *name, int len, CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDeviceGetName", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev) || len < 1)
        return leave(CUDA_ERROR_INVALID_DEVICE);
    snprintf(name, (size_t)len, "gpuswap driver double (no GPU)");
    return leave(CUDA_SUCCESS);
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDeviceTotalMem", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    *bytes = the.options.gpu_bytes;
    return leave(is_gpu(dev) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDeviceGetUuid", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    memcpy(uuid->bytes, "gpuswap-double-", 15);
    uuid->bytes[15] = (char)dev;
    return leave(is_gpu(dev) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetPCIBusId(char *pciBusId, int len, CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDeviceGetPCIBusId", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev) || len < 13)
        return leave(CUDA_ERROR_INVALID_VALUE);
    snprintf(pciBusId, (size_t)len, "FFFF:%02X:00.0", (unsigned)dev);
    return leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetAttribute(int *pi, CUdevice_attribute attrib, CUdevice dev)
{
    static const struct {
        CUdevice_attribute attribute;
        int value;
    } known[] = {
        {CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1},
        {CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT, 2},
        {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
        {CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED, 1},
        {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 4},
        {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9},
        {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0},
        {CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT, 0},
        {CU_DEVICE_ATTRIBUTE_INTEGRATED, 0},
        {CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID, -1},
    };
    CUresult result;

    if ((result = enter("cuDeviceGetAttribute", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    for (size_t i = 0; i < sizeof known / sizeof *known && is_gpu(dev); i++)
        if (known[i].attribute == attrib) {
            *pi = known[i].value;
            return leave(CUDA_SUCCESS);
        }
    return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuDeviceGetAttribute: %d of GPU %d", (int)attrib, dev));
}

CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags)
{
    CUresult result;

    if ((result = enter("cuDevicePrimaryCtxSetFlags", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev) || (flags & ~(unsigned)CU_CTX_SCHED_MASK) != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuDevicePrimaryCtxSetFlags"));
    the.gpu[dev].flags = flags;
    return leave(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *pctx, CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDevicePrimaryCtxRetain", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev))
        return leave(CUDA_ERROR_INVALID_DEVICE);
    if (the.gpu[dev].broken != CUDA_SUCCESS)
        return leave(the.gpu[dev].broken);
    if (the.gpu[dev].retained == 0 && !ledger_take((unsigned)dev, the.options.context_bytes))
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    the.gpu[dev].retained++;
    *pctx = enter_context((unsigned)dev);
    return leave(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxRelease(CUdevice dev)
{
    CUresult result;

    if ((result = enter("cuDevicePrimaryCtxRelease", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev) || the.gpu[dev].retained == 0)
        return leave(WRONG(CUDA_ERROR_INVALID_CONTEXT, "stale", "cuDevicePrimaryCtxRelease more often than retained"));
    if (--the.gpu[dev].retained == 0)
        ledger_give((unsigned)dev, the.options.context_bytes);
    return leave(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int *flags, int *active)
{
    CUresult result;

    if ((result = enter("cuDevicePrimaryCtxGetState", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!is_gpu(dev))
        return leave(CUDA_ERROR_INVALID_DEVICE);
    *flags = the.gpu[dev].flags;
    *active = the.gpu[dev].retained > 0;
    return leave(CUDA_SUCCESS);
}

CUresult cuCtxGetDevice(CUdevice *device)
{
    CUresult result;
    unsigned gpu = 0;

    if ((result = enter("cuCtxGetDevice", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    *device = (CUdevice)gpu;
    return leave(CUDA_SUCCESS);
}

CUresult cuCtxSetCurrent(CUcontext ctx)
{
    CUresult result;
    unsigned gpu = 0;

    if ((result = enter("cuCtxSetCurrent", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (ctx != NULL && !enter_find_context(ctx, &gpu))
        return leave(WRONG(CUDA_ERROR_INVALID_CONTEXT, "stale", "cuCtxSetCurrent of a context that is no more"));
    enter_set_current(gpu, ctx == NULL);
    return leave(CUDA_SUCCESS);
}

CUresult cuCtxGetCurrent(CUcontext *pctx)
{
    CUresult result;
    unsigned gpu = 0;

    if ((result = enter("cuCtxGetCurrent", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    *pctx = enter_current(&gpu) ? enter_context(gpu) : NULL;
    return leave(CUDA_SUCCESS);
}

CUresult cuCtxGetStreamPriorityRange(int *leastPriority, int *greatestPriority)
{
    CUresult result;

    if ((result = enter("cuCtxGetStreamPriorityRange", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    *leastPriority = 0;
    *greatestPriority = -5;
    return leave(CUDA_SUCCESS);
}
