/* guard.c - ask the management library who is on the GPU. */
#include "backend/measure/guard.h"
#include "backend/cuda/nvml.h"
#include "backend/measure/rows.h"

#include <stdio.h>
#include <string.h>

int guard_others(const char *pci, uint64_t *used_bytes)
{
    static struct error unheard;
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
    nvml_device device;
    struct nvml nvml;
    int others = -1;

    unheard = (struct error){0};
    if (nvml_open(&nvml, &unheard) != GS_OK)
        return -1;
    if (nvml_find(&nvml, pci, &device)) {
        others = nvml_others(&nvml, device);
        if (used_bytes != NULL && nvml.memory(device, &memory) == NVML_SUCCESS)
            *used_bytes = memory.used;
    }
    nvml_close(&nvml);
    return others;
}

static void read_driver(struct measured *out)
{
    static struct error unheard;
    struct nvml nvml;

    unheard = (struct error){0};
    if (nvml_open(&nvml, &unheard) != GS_OK)
        return;
    if (nvml.driver_version(out->driver, sizeof out->driver) != NVML_SUCCESS)
        out->driver[0] = '\0';
    nvml_close(&nvml);
}

int guard_check(const struct measure_options *options, struct measured *out, struct error *err)
{
    int others = guard_others(out->pci, NULL);

    read_driver(out);
    if (others < 0)
        rows_note(out, "whether others used the GPU meanwhile is not known: the management library does not tell");
    if (others <= 0)
        return GS_OK;
    if (!options->force)
        return error_set(err, GS_BUSY,
                         "%d other process%s GPU %d, so that what is measured would not be the GPU's; end %s, or say "
                         "--force",
                         others, others > 1 ? "es use" : " uses", options->ordinal, others > 1 ? "them" : "it");
    rows_note(out, "%d other process%s used the GPU meanwhile", others, others > 1 ? "es" : "");
    return GS_OK;
}
