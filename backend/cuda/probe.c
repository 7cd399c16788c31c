/* probe.c - ask the driver what there is.  It makes no context and so takes no GPU memory. */
#include "backend/cuda/probe.h"
#include "backend/cuda/driver.h"
#include "backend/cuda/kernels.h"

#include <string.h>

int cuda_built_with(void)
{
    return CUDA_VERSION;
}

bool cuda_has_binaries(void)
{
    return kernels_fatbin[0] != 0;
}

static int attribute(const struct driver *driver, CUdevice_attribute which, CUdevice device)
{
    int value = 0;

    return driver->device_attribute(&value, which, device) == CUDA_SUCCESS ? value : 0;
}

static CUresult ask(const struct driver *driver, int ordinal, struct probe_gpu *gpu)
{
    CUdevice device;
    CUresult result = driver->device_get(&device, ordinal);
    size_t bytes = 0;

    if (result == CUDA_SUCCESS)
        result = driver->device_name(gpu->name, sizeof gpu->name, device);
    if (result == CUDA_SUCCESS)
        result = driver->device_pci(gpu->pci, sizeof gpu->pci, device);
    if (result == CUDA_SUCCESS)
        result = driver->device_total(&bytes, device);
    if (result != CUDA_SUCCESS)
        return result;
    gpu->total_bytes = (int64_t)bytes;
    gpu->processors = attribute(driver, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
    gpu->copy_engines = attribute(driver, CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT, device);
    gpu->chunks = attribute(driver, CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, device) != 0;
    gpu->integrated = attribute(driver, CU_DEVICE_ATTRIBUTE_INTEGRATED, device) != 0;
    gpu->kernel_limit = attribute(driver, CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT, device) != 0;
    return CUDA_SUCCESS;
}

int cuda_probe(struct cuda_probe *probe, struct error *err)
{
    struct driver driver;
    CUresult result;
    int rc, count = 0;

    memset(probe, 0, sizeof *probe);
    if ((rc = driver_open(&driver, err)) != GS_OK)
        return rc;
    probe->cuda_version = driver.version;
    probe->checkpoint = (driver.features & DRIVER_CHECKPOINT) != 0;
    result = driver.device_count(&count);
    for (int i = 0; i < count && i < PROBE_GPUS && result == CUDA_SUCCESS; i++)
        if ((result = ask(&driver, i, &probe->gpu[i])) == CUDA_SUCCESS)
            probe->gpus++;
    if (result != CUDA_SUCCESS) {
        driver_fail(&driver, result, "asking for the GPUs", err);
        rc = GS_NO_DEVICE;
    }
    driver_close(&driver);
    return rc;
}
