/* nvml.c - the double of the management library, `libnvidia-ml.so.1`: what the ledger tells of the GPUs.
 *
 * The ledger is a file, as this library asks no driver: without `ledger=` or `folder=` in GPUSWAP_DOUBLE there is no
 * GPU.  Faults of the script are those that return a number. */
#include "backend/double/nvml.h"
#include "backend/double/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begun;
static struct options like;
static uint64_t made[FAULTS]; /* calls that the script's faults are about, since the beginning */

int nvmlInit_v2(void)
{
    const char *options = getenv("GPUSWAP_DOUBLE");
    char why[DOUBLE_WHY], name[sizeof like.folder + 8];

    if (options == NULL || options_parse(&like, options, why) != 0 ||
        (like.ledger[0] == '\0' && like.folder[0] == '\0'))
        return NVML_DRIVER_NOT_LOADED;
    memset(made, 0, sizeof made);
    snprintf(name, sizeof name, "%s%s", like.ledger[0] != '\0' ? like.ledger : like.folder,
             like.ledger[0] != '\0' ? "" : "/ledger");
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

const struct options *nvml_like(void)
{
    return &like;
}

static int script(const char *call)
{
    enum { UNKNOWN = 999 };

    if (!call_exists(call))
        return UNKNOWN; /* a row of calls.c is missing: nobody uses a library that fails so */
    for (unsigned i = 0; i < like.faults; i++) {
        const struct fault *fault = &like.fault[i];

        if (strcmp(fault->call, call) == 0 && fault->effect == FAULT_RETURN &&
            (++made[i] == fault->nth || (fault->onwards && made[i] > fault->nth)))
            return (int)fault->code;
    }
    return NVML_SUCCESS;
}

int nvml_gpu_of(const char *call, nvml_device device, unsigned *gpu)
{
    uintptr_t number = (uintptr_t)device;
    int result;

    if (!begun)
        return NVML_UNINITIALIZED;
    if (number < 1 || number > ledger_gpus())
        return NVML_INVALID_ARGUMENT;
    *gpu = (unsigned)number - 1;
    result = script(call);
    return ledger_lost() ? NVML_GPU_IS_LOST : result;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, nvml_device *device)
{
    unsigned gpu;

    *device = (nvml_device)((uintptr_t)index + 1);
    return nvml_gpu_of(__func__, *device, &gpu);
}

int nvmlDeviceGetName(nvml_device device, char *text, unsigned length)
{
    unsigned gpu;
    int result = nvml_gpu_of(__func__, device, &gpu);

    if (result == NVML_SUCCESS)
        snprintf(text, length, "gpuswap driver double (no GPU)");
    return result;
}

int nvmlDeviceGetUUID(nvml_device device, char *text, unsigned length)
{
    unsigned gpu;
    int result = nvml_gpu_of(__func__, device, &gpu);

    if (result == NVML_SUCCESS)
        snprintf(text, length, "GPU-67707573-7761-702d-646f-75626c652d%02x", gpu);
    return result;
}

int nvmlDeviceGetPciInfo_v3(nvml_device device, struct nvml_pci *pci)
{
    unsigned gpu;
    int result = nvml_gpu_of(__func__, device, &gpu);

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
    int result = nvml_gpu_of(__func__, device, &gpu);

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

/* With a stride of 32 there is one more field behind each entry, as from drivers 535.43 to 535.86. */
static void put(struct nvml_process *process, unsigned i, const struct nvml_process *entry)
{
    char *at = (char *)process + (size_t)i * like.stride;

    memset(at, 0, like.stride);
    memcpy(at, entry, sizeof *entry);
}

int nvmlDeviceGetComputeRunningProcesses_v3(nvml_device device, unsigned *count, struct nvml_process *process)
{
    unsigned gpu, room = *count;
    uint64_t bytes;
    int result = nvml_gpu_of(__func__, device, &gpu), pid;

    if (result != NVML_SUCCESS)
        return result;
    for (*count = 0; (pid = ledger_holder(gpu, *count, &bytes)) != 0; ++*count)
        if (*count < room)
            put(process, *count, &(struct nvml_process){(unsigned)pid, bytes, UINT32_MAX, UINT32_MAX});
    return *count <= room ? NVML_SUCCESS : NVML_INSUFFICIENT_SIZE;
}

int nvmlDeviceGetMigMode(nvml_device device, unsigned *current, unsigned *pending)
{
    unsigned gpu;
    int result = nvml_gpu_of(__func__, device, &gpu);

    *current = *pending = like.mig;
    return result;
}

int nvmlDeviceGetPersistenceMode(nvml_device device, unsigned *mode)
{
    unsigned gpu;
    int result = nvml_gpu_of(__func__, device, &gpu);

    *mode = like.persistence;
    return result;
}
