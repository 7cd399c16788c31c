/* doctor_record.c - what recording a node needs: the driver's management library, GPUs that tell, processes to be seen. */
#include "backend/cuda/nvml.h"
#include "backend/cuda/process.h"
#include "sim/base/units.h"
#include "sim/cli/doctor.h"

#include <stdio.h>
#include <unistd.h>

enum { HOLDERS = 64, SHOWN = 4 };

static void check_settings(struct findings *findings, const struct nvml *nvml, nvml_device device, const char *subject)
{
    unsigned mig = 0, pending = 0, persistence = 1;

    if (nvml->mig(device, &mig, &pending) == NVML_SUCCESS && (mig != 0 || pending != 0))
        doctor_add(findings, DOCTOR_NOTE, subject,
                   "%s: recorded is memory, not use; a part serves live mode as a GPU of its own "
                   "(CUDA_VISIBLE_DEVICES=MIG-...; 'nvidia-smi -L' lists them)",
                   mig != 0 ? "parted (MIG)" : "will be parted (MIG) after a reset");
    else if (nvml->use == NULL || nvml->samples == NULL)
        doctor_add(findings, DOCTOR_NOTE, subject,
                   "this driver does not tell processes' use: recorded is memory; install a newer driver");
    if (nvml->persistence != NULL && nvml->persistence(device, &persistence) == NVML_SUCCESS && persistence == 0)
        doctor_add(findings, DOCTOR_NOTE, subject,
                   "persistence mode is off: the driver forgets the GPU when nobody uses it, and the next start takes "
                   "seconds; 'nvidia-smi -pm 1' as root, or nvidia-persistenced");
}

/* Others than this program itself, which has asked the driver a moment ago; less than 0: not told. */
static int others(const struct nvml *nvml, nvml_device device, struct nvml_holder holder[HOLDERS])
{
    int count = nvml_holders(nvml, device, holder, HOLDERS), kept = 0;

    for (int i = 0; i < count; i++)
        if (holder[i].pid != (unsigned)getpid())
            holder[kept++] = holder[i];
    return count < 0 ? count : kept;
}

/* Who is there, by name as far as /proc tells. */
static void check_processes(struct findings *findings, const struct nvml *nvml, nvml_device device, const char *subject,
                            const char *root)
{
    struct nvml_holder holder[HOLDERS];
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
    char who[300] = "", used[UNITS_TEXT];
    int count = others(nvml, device, holder), unseen = 0, n = 0;

    if (count < 0) {
        doctor_add(findings, DOCTOR_NOTE, subject, "its processes: %s", nvml_why(-count));
        return;
    }
    for (int i = 0; i < count; i++) {
        struct process process;
        bool seen = process_find(root, holder[i].pid, &process);

        unseen += !seen;
        if (i < SHOWN)
            n += snprintf(who + n, sizeof who - (size_t)n, "%s%s %u", i > 0 ? ", " : "",
                          seen ? process.name : "process", holder[i].pid);
    }
    if (nvml->memory(device, &memory) != NVML_SUCCESS)
        return;
    if (count == 0)
        doctor_add(findings, DOCTOR_OK, subject, "nobody is on it; %s in use",
                   units_show_size(used, (double)memory.used));
    else
        doctor_add(findings, DOCTOR_NOTE, subject, "%d process%s on it, %s in use: %s%s; live runs want it alone",
                   count, count > 1 ? "es" : "", units_show_size(used, (double)memory.used), who,
                   count > SHOWN ? " and others" : "");
    if (unseen > 0)
        doctor_add(findings, DOCTOR_NOTE, subject,
                   "%d of them %s not to be seen in /proc: to record, run on the host, outside of containers", unseen,
                   unseen > 1 ? "are" : "is");
}

void doctor_record(struct findings *findings, const char *root)
{
    static struct error err;
    char version[96] = "", subject[16];
    nvml_device device;
    struct nvml nvml;
    unsigned gpus = 0;

    if (nvml_open(&nvml, &err) != GS_OK) {
        doctor_add(findings, DOCTOR_MISSING, "NVML", "%s", err.text);
        return;
    }
    if (nvml.driver_version(version, sizeof version) == NVML_SUCCESS)
        doctor_add(findings, DOCTOR_OK, "NVML", "driver %s", version);
    if (nvml.count(&gpus) != NVML_SUCCESS || gpus == 0)
        doctor_add(findings, DOCTOR_MISSING, "NVML", "it finds no GPU");
    for (unsigned i = 0; i < gpus; i++) {
        snprintf(subject, sizeof subject, "GPU %u", i);
        int result = nvml.device(i, &device);

        if (result != NVML_SUCCESS) {
            doctor_add(findings, DOCTOR_MISSING, subject, "%s", nvml_why(result));
            continue;
        }
        check_settings(findings, &nvml, device, subject);
        check_processes(findings, &nvml, device, subject, root);
    }
    nvml_close(&nvml);
}
