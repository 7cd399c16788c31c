/* nvml.c - the double of the management library, `libnvidia-ml.so.1`: what the ledger tells of the GPUs.
 *
 * The ledger is a file, as this library asks no driver: without `ledger=` or `folder=` in GPUSWAP_DOUBLE there is no
 * GPU. */
#include "backend/cuda/nvml.h"
#include "backend/double/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(field, symbol, arguments) __attribute__((visibility("default"))) int symbol arguments;
NVML_ENTRIES(EXPORT)

static bool begun;

static bool find_ledger(char *name, size_t size)
{
    static const char *const key[] = {"ledger=", "folder="}, *const rest[] = {"", "/ledger"};
    const char *options = getenv("GPUSWAP_DOUBLE"), *path = NULL;

    for (int i = 0; i < 2 && options != NULL && path == NULL; i++)
        if ((path = strstr(options, key[i])) != NULL) {
            path += strlen(key[i]);
            snprintf(name, size, "%.*s%s", (int)strcspn(path, " \t\n"), path, rest[i]);
        }
    return path != NULL;
}

int nvmlInit_v2(void)
{
    char name[256];

    if (!find_ledger(name, sizeof name))
        return NVML_DRIVER_NOT_LOADED;
    begun = ledger_open(name, 0, 0);
    return begun ? NVML_SUCCESS : NVML_DRIVER_NOT_LOADED;
}

int nvmlShutdown(void)
{
    if (!begun)
        return NVML_UNINITIALIZED;
    ledger_close();
    begun = false;
    return NVML_SUCCESS;
}

int nvmlSystemGetDriverVersion(char *text, unsigned length)
{
    if (!begun)
        return NVML_UNINITIALIZED;
    return (unsigned)snprintf(text, length, "0.0-double") < length ? NVML_SUCCESS : NVML_INSUFFICIENT_SIZE;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    if (!begun)
        return NVML_UNINITIALIZED;
    *count = ledger_gpus();
    return NVML_SUCCESS;
}

/* Handles are the GPU's number plus one, as an address that nobody can use. */
static int gpu_of(nvml_device device, unsigned *gpu)
{
    uintptr_t number = (uintptr_t)device;

    if (!begun)
        return NVML_UNINITIALIZED;
    if (number < 1 || number > ledger_gpus())
        return NVML_INVALID_ARGUMENT;
    *gpu = (unsigned)number - 1;
    return ledger_lost() ? NVML_GPU_IS_LOST : NVML_SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, nvml_device *device)
{
    unsigned gpu;

    *device = (nvml_device)((uintptr_t)index + 1);
    return gpu_of(*device, &gpu);
}

int nvmlDeviceGetName(nvml_device device, char *text, unsigned length)
{
    unsigned gpu;
    int result = gpu_of(device, &gpu);

    if (result == NVML_SUCCESS)
        snprintf(text, length, "gpuswap driver double (no GPU)");
    return result;
}

int nvmlDeviceGetUUID(nvml_device device, char *text, unsigned length)
{
    unsigned gpu;
    int result = gpu_of(device, &gpu);

    if (result == NVML_SUCCESS)
        snprintf(text, length, "GPU-67707573-7761-702d-646f-75626c652d%02x", gpu);
    return result;
}

int nvmlDeviceGetPciInfo_v3(nvml_device device, struct nvml_pci *pci)
{
    unsigned gpu;
    int result = gpu_of(device, &gpu);

    if (result != NVML_SUCCESS)
        return result;
    memset(pci, 0, sizeof *pci);
    pci->domain = 0xFFFF;
    pci->bus = gpu;
    snprintf(pci->legacy, sizeof pci->legacy, "FFFF:%02X:00.0", gpu);
    snprintf(pci->bus_id, sizeof pci->bus_id, "0000FFFF:%02X:00.0", gpu);
    return NVML_SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(nvml_device device, struct nvml_memory *memory)
{
    unsigned gpu;
    int result = gpu_of(device, &gpu);

    if (result != NVML_SUCCESS)
        return result;
    if (memory->version != NVML_MEMORY_VERSION)
        return NVML_ARGUMENT_VERSION_MISMATCH;
    memory->total = ledger_total();
    memory->reserved = 0;
    memory->free = ledger_free(gpu);
    memory->used = memory->total - memory->free;
    return NVML_SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(nvml_device device, unsigned *count, struct nvml_process *process)
{
    unsigned gpu, room = *count;
    uint64_t bytes;
    int result = gpu_of(device, &gpu), pid;

    if (result != NVML_SUCCESS)
        return result;
    for (*count = 0; (pid = ledger_holder(gpu, *count, &bytes)) != 0; ++*count)
        if (*count < room)
            process[*count] = (struct nvml_process){(unsigned)pid, bytes, UINT32_MAX, UINT32_MAX};
    return *count <= room ? NVML_SUCCESS : NVML_INSUFFICIENT_SIZE;
}

int nvmlDeviceGetMigMode(nvml_device device, unsigned *current, unsigned *pending)
{
    unsigned gpu;
    int result = gpu_of(device, &gpu);

    *current = *pending = 0;
    return result;
}
