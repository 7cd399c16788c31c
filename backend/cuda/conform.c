/* conform.c - the table of checks, and how one is run. */
#include "backend/cuda/conform_parts.h"
#include "sim/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct conform_check checks[] = {
    {"granularity", "memory is mapped in pieces of a size that divides chunks", conform_granularity},
    {"remap", "physical memory keeps its words while it is unmapped and mapped elsewhere", conform_remap},
    {"free", "memory that is released is free again", conform_free},
    {"out-of-memory", "too large a request is refused as such, and leaves nothing behind", conform_out_of_memory},
    {"kernels", "words are written, moved on and checked; a single wrong one is found", conform_kernels},
    {"ptx", "the kernels as text do what the compiled ones do", conform_ptx},
    {"busy", "the GPU is busy for as long as it is asked, by its own events", conform_busy},
    {"events", "events end when the work before them has, and order streams", conform_events},
    {"priorities", "streams of the least and the greatest priority can be made", conform_priorities},
    {"swap", "every word survives the way out and back", conform_swap},
    {"exchange", "two workloads change places chunk by chunk, with little room to spare", conform_exchange},
    {"duplex", "copies both ways at once are not slower than one after the other", conform_duplex},
};

const struct conform_check *conform_at(unsigned i)
{
    return i < sizeof checks / sizeof *checks ? &checks[i] : NULL;
}

const char *conform_name(const struct conform_check *check)
{
    return check->name;
}

const char *conform_proves(const struct conform_check *check)
{
    return check->proves;
}

bool conform_fail(struct conform *conform, const char *format, ...)
{
    va_list args;

    if (!conform->result->ok)
        return false;
    conform->result->ok = false;
    va_start(args, format);
    vsnprintf(conform->result->text, sizeof conform->result->text, format, args);
    va_end(args);
    return false;
}

bool conform_done(struct conform *conform, int rc, const struct error *err)
{
    return rc == GS_OK || conform_fail(conform, "%s", err->text);
}

bool conform_try(struct conform *conform, CUresult result, const char *call)
{
    static struct error err;

    if (result == CUDA_SUCCESS)
        return true;
    memset(&err, 0, sizeof err);
    return conform_done(conform, driver_fail(conform->cu, result, call, &err), &err);
}

bool conform_wait(struct conform *conform, CUstream stream, CUevent event)
{
    static struct error err;
    CUresult result = event != NULL ? gpu_wait_event(&conform->gpu, event) : gpu_wait(&conform->gpu, stream);

    memset(&err, 0, sizeof err);
    if (result == CUDA_ERROR_NOT_READY)
        return conform_done(conform, gpu_give_up(&conform->gpu, "what the check began", &err), &err);
    return conform_try(conform, result, event != NULL ? "cuEventQuery" : "cuStreamQuery");
}

void conform_figure(struct conform *conform, const char *name, double value)
{
    struct conform_result *result = conform->result;

    if (result->figures == CONFORM_FIGURES)
        return;
    result->figure[result->figures].name = name;
    result->figure[result->figures++].value = value;
}

static int attribute(const struct conform *conform, CUdevice_attribute which)
{
    int value = 0;

    return conform->cu->device_attribute(&value, which, conform->gpu.device) == CUDA_SUCCESS ? value : 0;
}

static int describe(struct conform *conform, struct conform_gpu *gpu, struct error *err)
{
    size_t total_bytes = 0;
    CUresult result = conform->cu->device_name(gpu->name, sizeof gpu->name, conform->gpu.device);

    if (result == CUDA_SUCCESS)
        result = conform->cu->device_total(&total_bytes, conform->gpu.device);
    memcpy(gpu->pci, conform->gpu.pci, sizeof gpu->pci);
    gpu->cuda_version = conform->driver.version;
    gpu->total_bytes = (int64_t)total_bytes;
    gpu->free_bytes = conform->gpu.free_bytes;
    gpu->compute = 10 * attribute(conform, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) +
                   attribute(conform, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    gpu->copy_engines = attribute(conform, CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT);
    gpu->processors = attribute(conform, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    return gpu_try(&conform->gpu, result, "cuDeviceGetName", err);
}

int conform_open(struct conform **out, const struct conform_options *options, struct conform_gpu *gpu,
                 struct error *err)
{
    const struct gpu_options first = {.ordinal = (int)options->ordinal, .chunk_bytes = 1};
    struct conform *conform = heap_resize(NULL, sizeof *conform);
    int rc;

    *out = NULL;
    memset(gpu, 0, sizeof *gpu);
    if (conform == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    memset(conform, 0, sizeof *conform);
    conform->cu = &conform->driver;
    conform->ordinal = (int)options->ordinal;
    conform->now_ns = options->now_ns;
    if ((rc = driver_open(&conform->driver, err)) == GS_OK &&
        (rc = gpu_open(&conform->gpu, conform->cu, &first, err)) == GS_OK) {
        rc = describe(conform, gpu, err);
        gpu_close(&conform->gpu);
    }
    conform->budget_bytes = (int64_t)(options->share * (double)gpu->free_bytes);
    if (conform->budget_bytes > options->most_bytes)
        conform->budget_bytes = options->most_bytes;
    gpu->budget_bytes = conform->budget_bytes;
    if (rc == GS_OK)
        *out = conform;
    else
        conform_close(conform);
    return rc;
}

void conform_close(struct conform *conform)
{
    if (conform == NULL)
        return;
    driver_close(&conform->driver);
    heap_free(conform);
}

void conform_run(struct conform *conform, const struct conform_check *check, struct conform_result *result)
{
    enum { PIECES = 24 };
    const struct gpu_options options = {
        .ordinal = conform->ordinal, .chunk_bytes = conform->budget_bytes / PIECES + 1, .nap = conform->nap};
    static struct error err;

    memset(&err, 0, sizeof err);
    *result = (struct conform_result){.ok = true};
    conform->result = result;
    if (conform->hangs) {
        conform_fail(conform, "not tried: the GPU hangs");
    } else if (conform_done(conform, gpu_open(&conform->gpu, conform->cu, &options, &err), &err)) {
        if (conform->gpu.chunk_bytes * 4 > conform->budget_bytes)
            conform_fail(conform, "%lld MiB are too little for it", (long long)(conform->budget_bytes >> 20));
        else if (!check->run(conform))
            conform_fail(conform, "failed");
        conform->hangs = conform->gpu.hangs;
        gpu_close(&conform->gpu);
    }
}
