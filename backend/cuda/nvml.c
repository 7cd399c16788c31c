/* nvml.c - find the management library, fill its table. */
#include "backend/cuda/nvml.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct entry {
    const char *symbol;
    size_t offset;
    bool optional;
};

#define ROW(field, symbol, arguments) {#symbol, offsetof(struct nvml, field), false},
#define OPTIONAL_ROW(field, symbol, arguments) {#symbol, offsetof(struct nvml, field), true},
static const struct entry entries[] = {NVML_ENTRIES(ROW) NVML_OPTIONAL_ENTRIES(OPTIONAL_ROW)};
enum { ENTRIES = sizeof entries / sizeof *entries };

const char *nvml_symbol_at(unsigned i)
{
    return i < ENTRIES ? entries[i].symbol : NULL;
}

static int load(struct nvml *nvml, struct error *err)
{
    const char *named = getenv("GPUSWAP_LIBNVML");

    nvml->path = named != NULL && *named != '\0' ? named : "libnvidia-ml.so.1";
    nvml->library = dlopen(nvml->path, RTLD_NOW | RTLD_LOCAL);
    if (nvml->library == NULL)
        return error_set(err, GS_NO_DEVICE,
                         "'%s' cannot be loaded; it comes with the NVIDIA driver, or set GPUSWAP_LIBNVML to where it "
                         "lies",
                         nvml->path);
    for (unsigned i = 0; i < ENTRIES; i++) {
        void *address = dlsym(nvml->library, entries[i].symbol);
        if (address == NULL && !entries[i].optional)
            return error_set(err, GS_NO_DEVICE, "'%s' lacks '%s'; install driver 510 or newer", nvml->path,
                             entries[i].symbol);
        memcpy((char *)nvml + entries[i].offset, &address, sizeof address);
    }
    return GS_OK;
}

static int initialise(struct nvml *nvml, struct error *err)
{
    int result = nvml->init();

    if (result == NVML_SUCCESS)
        return GS_OK;
    if (result == NVML_DRIVER_NOT_LOADED)
        return error_set(err, GS_NO_DEVICE,
                         "the kernel module of the NVIDIA driver is not loaded, or no GPU is passed into this "
                         "container ('%s' says so)",
                         nvml->path);
    return error_set(err, GS_NO_DEVICE, "'%s' cannot be initialised: error %d", nvml->path, result);
}

int nvml_open(struct nvml *nvml, struct error *err)
{
    int rc;

    memset(nvml, 0, sizeof *nvml);
    if ((rc = load(nvml, err)) == GS_OK && (rc = initialise(nvml, err)) == GS_OK)
        return GS_OK;
    if (nvml->library != NULL)
        dlclose(nvml->library);
    nvml->library = NULL;
    return rc;
}

void nvml_close(struct nvml *nvml)
{
    if (nvml->library == NULL)
        return;
    nvml->shutdown();
    dlclose(nvml->library);
    nvml->library = NULL;
}

const char *nvml_why(int result)
{
    switch (result) {
    case NVML_NOT_SUPPORTED:
        return "this GPU does not tell";
    case NVML_NO_PERMISSION:
        return "not permitted to this user";
    case NVML_INSUFFICIENT_SIZE:
        return "there are too many";
    case NVML_GPU_IS_LOST:
        return "the GPU is lost";
    case -NVML_NONSENSE:
        return "the driver tells what cannot be";
    default:
        return "the driver does not tell";
    }
}

/* Drivers 535.43 to 535.86 fill entries of 32 bytes instead of 24 (nvitop, issues 79 and 89): there is room for those,
 * and they are told by process ids that none can have, or two have.  Whether a process is to be seen in /proc says
 * nothing: in a container it may not be. */
enum { PROCESSES = 256, LARGER = 32, PID_MOST = 1 << 22 };

static int read_with(const unsigned char *bytes, unsigned count, size_t stride, struct nvml_holder *holder,
                     int capacity, uint64_t total)
{
    int found = 0;

    for (unsigned i = 0; i < count && found < capacity; i++) {
        struct nvml_process one;

        memcpy(&one, bytes + i * stride, sizeof one);
        if ((one.used != UINT64_MAX && one.used > total) || one.pid == 0 || one.pid > PID_MOST)
            return NVML_NONSENSE;
        for (int k = 0; k < found; k++)
            if (holder[k].pid == one.pid)
                return NVML_NONSENSE;
        holder[found++] = (struct nvml_holder){one.pid, one.used};
    }
    return found;
}

int nvml_holders(const struct nvml *nvml, nvml_device device, struct nvml_holder *holder, int capacity)
{
    static _Thread_local _Alignas(8) unsigned char bytes[PROCESSES * LARGER];
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
    unsigned count = PROCESSES;
    int result, found;

    memset(bytes, 0, sizeof bytes);
    if ((result = nvml->memory(device, &memory)) != NVML_SUCCESS ||
        (result = nvml->processes(device, &count, (struct nvml_process *)(void *)bytes)) != NVML_SUCCESS)
        return -result;
    if (count > PROCESSES)
        return -NVML_INSUFFICIENT_SIZE;
    if ((found = read_with(bytes, count, sizeof(struct nvml_process), holder, capacity, memory.total)) < 0)
        found = read_with(bytes, count, LARGER, holder, capacity, memory.total);
    return found;
}

int nvml_used(const struct nvml *nvml, nvml_device device, int pid, uint64_t *used)
{
    struct nvml_holder holder[PROCESSES];
    int count = nvml_holders(nvml, device, holder, PROCESSES);

    *used = count < 0 ? UINT64_MAX : 0;
    for (int i = 0; i < count; i++)
        if (holder[i].pid == (unsigned)pid)
            *used = holder[i].used_bytes;
    return count < 0 ? -count : NVML_SUCCESS;
}

/* The library writes the PCI domain with eight digits, the driver with four. */
bool nvml_find(const struct nvml *nvml, const char *pci, nvml_device *device)
{
    unsigned count = 0;

    if (nvml->count(&count) != NVML_SUCCESS)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct nvml_pci found;
        size_t length;

        memset(&found, 0, sizeof found);
        if (nvml->device(i, device) != NVML_SUCCESS || nvml->pci(*device, &found) != NVML_SUCCESS)
            continue;
        length = strlen(found.bus_id);
        if (length >= strlen(pci) && strcasecmp(found.bus_id + length - strlen(pci), pci) == 0)
            return true;
    }
    return false;
}

int nvml_others(const struct nvml *nvml, nvml_device device)
{
    struct nvml_holder holder[PROCESSES];
    int others = nvml_holders(nvml, device, holder, PROCESSES), mine = 0;

    for (int i = 0; i < others; i++)
        mine += holder[i].pid == (unsigned)getpid();
    return others - mine;
}
