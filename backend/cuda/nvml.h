/* nvml.h - the management library of the NVIDIA driver, as far as this program calls it.
 *
 * The CUDA toolkit has no header for it everywhere, so what is called is declared here, layout for layout (API 13).  It
 * is looked for as `libnvidia-ml.so.1`, or where the environment's GPUSWAP_LIBNVML says.  It makes no CUDA context and
 * so costs no GPU memory.
 */
#ifndef GS_NVML_H
#define GS_NVML_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nvml_result {
    NVML_SUCCESS = 0,
    NVML_UNINITIALIZED = 1,
    NVML_INVALID_ARGUMENT = 2,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_INSUFFICIENT_SIZE = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_TIMEOUT = 10,
    NVML_GPU_IS_LOST = 15,
    NVML_ARGUMENT_VERSION_MISMATCH = 25,
};

struct nvml_memory { /* nvmlMemory_v2_t */
    unsigned version;
    uint64_t total, reserved, free, used;
};
_Static_assert(sizeof(struct nvml_memory) == 40, "nvmlMemory_v2_t");
enum { NVML_MEMORY_VERSION = 0x02000028 };

struct nvml_process { /* nvmlProcessInfo_t */
    unsigned pid;
    uint64_t used; /* bytes; all ones: not known */
    unsigned gpu_instance, compute_instance;
};
_Static_assert(sizeof(struct nvml_process) == 24, "nvmlProcessInfo_t");

struct nvml_pci { /* nvmlPciInfo_t */
    char legacy[16];
    unsigned domain, bus, device, pci_device, pci_subsystem;
    char bus_id[32]; /* 00000000:3B:00.0 */
};
_Static_assert(sizeof(struct nvml_pci) == 68, "nvmlPciInfo_t");

struct nvml_use { /* nvmlProcessUtilizationSample_t */
    unsigned pid;
    uint64_t stamp_us;                             /* when the period ended that it is of */
    unsigned sm, memory_traffic, encoder, decoder; /* percent */
};
_Static_assert(sizeof(struct nvml_use) == 32, "nvmlProcessUtilizationSample_t");

struct nvml_sample { /* nvmlSample_t */
    uint64_t stamp_us;
    union {
        unsigned percent;
        uint64_t room;
    } value;
};
_Static_assert(sizeof(struct nvml_sample) == 16, "nvmlSample_t");
enum { NVML_GPU_UTILIZATION_SAMPLES = 1, NVML_VALUE_UNSIGNED = 1 };

typedef struct nvml_gpu *nvml_device;

/* X(field, symbol, arguments) */
#define NVML_ENTRIES(X)                                                                                                \
    X(init, nvmlInit_v2, (void))                                                                                       \
    X(shutdown, nvmlShutdown, (void))                                                                                  \
    X(driver_version, nvmlSystemGetDriverVersion, (char *text, unsigned length))                                       \
    X(count, nvmlDeviceGetCount_v2, (unsigned *count))                                                                 \
    X(device, nvmlDeviceGetHandleByIndex_v2, (unsigned index, nvml_device *device))                                    \
    X(name, nvmlDeviceGetName, (nvml_device device, char *text, unsigned length))                                      \
    X(uuid, nvmlDeviceGetUUID, (nvml_device device, char *text, unsigned length))                                      \
    X(pci, nvmlDeviceGetPciInfo_v3, (nvml_device device, struct nvml_pci * pci))                                       \
    X(memory, nvmlDeviceGetMemoryInfo_v2, (nvml_device device, struct nvml_memory * memory))                           \
    X(processes, nvmlDeviceGetComputeRunningProcesses_v3,                                                              \
      (nvml_device device, unsigned *count, struct nvml_process *process))                                             \
    X(mig, nvmlDeviceGetMigMode, (nvml_device device, unsigned *current, unsigned *pending))
/* What some GPUs and drivers lack: the field is NULL then. */
#define NVML_OPTIONAL_ENTRIES(X)                                                                                       \
    X(persistence, nvmlDeviceGetPersistenceMode, (nvml_device device, unsigned *mode))                                 \
    X(use, nvmlDeviceGetProcessUtilization,                                                                            \
      (nvml_device device, struct nvml_use * use, unsigned *count, unsigned long long since_us))                       \
    X(samples, nvmlDeviceGetSamples,                                                                                   \
      (nvml_device device, int kind, unsigned long long since_us, int *type, unsigned *count,                          \
       struct nvml_sample *sample))

/* In C a function type cannot be an array's or a macro's by itself; each entry gets a name for its own. */
#define NVML_TYPE(field, symbol, arguments) typedef int nvml_##field##_function arguments;
NVML_ENTRIES(NVML_TYPE)
NVML_OPTIONAL_ENTRIES(NVML_TYPE)
#undef NVML_TYPE

struct nvml {
    void *library;
    const char *path;
#define NVML_FIELD(field, symbol, arguments) nvml_##field##_function *field;
    NVML_ENTRIES(NVML_FIELD)
    NVML_OPTIONAL_ENTRIES(NVML_FIELD)
#undef NVML_FIELD
};

/* The i-th symbol of the table, NULL past the end. */
const char *nvml_symbol_at(unsigned i);

/* Load it, fill the table and initialise it: GS_NO_DEVICE with what is missing.  All entries are there since driver 510,
 * but for the optional ones. */
int nvml_open(struct nvml *nvml, struct error *err);
void nvml_close(struct nvml *nvml);

/* A process that holds memory of a GPU. */
struct nvml_holder {
    unsigned pid;
    uint64_t used_bytes; /* all ones: not known */
};

/* The processes on a GPU, up to `capacity` of them: their count, or less than 0 if the driver does not tell: minus the
 * enum nvml_result, or NVML_NONSENSE for what cannot be right. */
enum { NVML_NONSENSE = -1000 };
int nvml_holders(const struct nvml *nvml, nvml_device device, struct nvml_holder *holder, int capacity);

/* What a process has on a GPU, by these books; 0: it is not listed; all ones: not known.  NVML_SUCCESS, or why they cannot be
 * read (for nvml_why). */
int nvml_used(const struct nvml *nvml, nvml_device device, int pid, uint64_t *used);

/* The GPU with the PCI address that the driver writes as "0000:3B:00.0"; false: it does not show it. */
bool nvml_find(const struct nvml *nvml, const char *pci, nvml_device *device);
/* How many processes besides this one are on it; less than 0: not known. */
int nvml_others(const struct nvml *nvml, nvml_device device);

/* Why NVML did not do as it was asked, in words. */
const char *nvml_why(int result);

#endif
