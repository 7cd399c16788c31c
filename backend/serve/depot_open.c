/* depot_open.c - what the daemon needs to copy programs itself: a driver that lets it, contexts, and a swap file that the GPUs
 * reach. */
#include "backend/cuda/host.h"
#include "backend/serve/depot.h"

#include <stdio.h>
#include <string.h>

static void name_of(const CUuuid *uuid, char out[48])
{
    int n = snprintf(out, 48, "GPU-");

    for (int i = 0; i < 16; i++)
        n += snprintf(out + n, 48 - (size_t)n, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                      (unsigned)(unsigned char)uuid->bytes[i]);
}

static bool is_wanted(const struct depot_options *options, const char *name)
{
    for (unsigned i = 0; i < options->gpus; i++)
        if (strcmp(options->uuid[i], name) == 0)
            return true;
    return false;
}

/* The two libraries count GPUs in orders of their own: they are told by their names. */
static CUresult retain(struct depot *s, const struct depot_options *options, CUcontext *first)
{
    int count = 0;
    CUresult result = s->driver->device_count(&count);

    for (int i = 0; i < count && result == CUDA_SUCCESS; i++) {
        CUdevice device = 0;
        CUcontext context;
        CUuuid uuid;
        char name[48];

        if ((result = s->driver->device_get(&device, i)) != CUDA_SUCCESS ||
            (result = s->driver->device_uuid(&uuid, device)) != CUDA_SUCCESS)
            break;
        name_of(&uuid, name);
        if (!is_wanted(options, name) || (result = s->driver->primary_retain(&context, device)) != CUDA_SUCCESS)
            continue;
        if (s->devices == 0)
            *first = context;
        s->device[s->devices++] = device;
    }
    return result;
}

static uint64_t near_gpus(const struct depot *s)
{
    uint64_t nodes = 0;

    for (unsigned i = 0; i < s->devices && host_numa_nodes("") > 1; i++) {
        char pci[16] = "";
        int node = -1;

        if (s->driver->device_pci(pci, sizeof pci, s->device[i]) == CUDA_SUCCESS)
            node = host_numa_of("", pci);
        if (node < 0 || node >= 64)
            return 0;
        nodes |= UINT64_C(1) << node;
    }
    return nodes;
}

int depot_open(struct depot *s, const struct depot_options *options, struct error *err)
{
    CUcontext first = NULL;
    CUresult result;
    uint64_t bytes;
    void *memory;
    int rc = storage_probe(s->driver, &s->complete, err);

    if (rc != GS_OK)
        return rc;
    if ((result = retain(s, options, &first)) != CUDA_SUCCESS)
        return driver_fail(s->driver, result, "cuDevicePrimaryCtxRetain", err);
    if (s->devices != options->gpus)
        return error_set(err, GS_NO_DEVICE,
                         "the driver shows %u of the node's %u GPUs to the daemon, and all are needed "
                         "for a swap file; what does CUDA_VISIBLE_DEVICES say?",
                         s->devices, options->gpus);
    if ((rc = swapfile_open(&s->file, options->path, options->bytes, near_gpus(s), &s->fresh, err)) != GS_OK)
        return rc;
    memory = swapfile_memory(s->file, &bytes);
    if ((result = s->driver->context_set(first)) == CUDA_SUCCESS)
        result = s->driver->host_register(memory, bytes, CU_MEMHOSTREGISTER_PORTABLE);
    s->registered = result == CUDA_SUCCESS;
    return s->registered ? GS_OK
                         : driver_fail(s->driver, result,
                                       "registering the swap file ('ulimit -l' or the container's "
                                       "memory may be too low)",
                                       err);
}

void depot_close(struct depot *s)
{
    uint64_t bytes;

    if (s->registered)
        s->driver->host_unregister(swapfile_memory(s->file, &bytes));
    swapfile_close(s->file);
    for (unsigned i = 0; i < s->devices; i++)
        s->driver->primary_release(s->device[i]);
    memset(s, 0, sizeof *s);
}
