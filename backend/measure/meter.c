/* meter.c - open a GPU to measure on, time what is queued on it, and take the steps one after the other. */
#include "backend/measure/meter.h"
#include "backend/cuda/host.h"
#include "backend/measure/guard.h"
#include "sim/base/arena.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 64 << 20, PLAIN = 256 << 20, GATE_NS = 300000, GATE_MAX_NS = 2000000000, GROWTH = 4 };

int64_t meter_now(const struct meter *meter)
{
    return live_clock_now(&meter->clock);
}

void meter_tell(const struct measure_options *options, const char *step, const struct measure_row *row)
{
    if (options->progress != NULL)
        options->progress(options->context, step, row);
}

int meter_try(struct meter *meter, CUresult result, const char *call, struct error *err)
{
    if (result == CUDA_ERROR_NOT_READY)
        return gpu_give_up(&meter->gpu, call, err);
    return gpu_try(&meter->gpu, result, call, err);
}

/* --- copies behind a kernel that holds them --- */

static CUresult queue(struct meter *meter, const struct meter_way *in, const struct meter_way *out)
{
    const struct driver *cu = meter->cu;
    int64_t apart = in->copies > 0 ? meter->out->largest_bytes / 2 : 0;
    CUresult result = gpu_launch(&meter->gpu, meter->gpu.busy, meter->gpu.in, &meter->gate_ns, 1);

    if (result == CUDA_SUCCESS)
        result = cu->event_record(meter->start, meter->gpu.in);
    if (result == CUDA_SUCCESS)
        result = cu->stream_after(meter->gpu.out, meter->start, CU_EVENT_WAIT_DEFAULT);
    for (unsigned i = 0; (i < in->copies || i < out->copies) && result == CUDA_SUCCESS; i++) {
        if (i < in->copies)
            result = cu->copy_in(meter->device, meter->slots.base, (size_t)in->bytes, meter->gpu.in);
        if (i < out->copies && result == CUDA_SUCCESS)
            result = cu->copy_out(meter->slots.base + apart, meter->device + (CUdeviceptr)apart, (size_t)out->bytes,
                                  meter->gpu.out);
        if (i + 1 == in->copies && result == CUDA_SUCCESS)
            result = cu->event_record(meter->stop_in, meter->gpu.in);
        if (i + 1 == out->copies && result == CUDA_SUCCESS)
            result = cu->event_record(meter->stop_out, meter->gpu.out);
    }
    return result;
}

static CUresult read_way(struct meter *meter, struct meter_way *way, CUevent stop)
{
    float ms = 0;
    CUresult result = way->copies > 0 ? meter->cu->event_elapsed(&ms, meter->start, stop) : CUDA_SUCCESS;

    way->ns = (double)ms * 1e6;
    return result;
}

int meter_copies(struct meter *meter, struct meter_way *in, struct meter_way *out, struct error *err)
{
    const struct driver *cu = meter->cu;

    for (;;) {
        CUresult result = queue(meter, in, out), held = CUDA_ERROR_NOT_READY;

        if (result == CUDA_SUCCESS)
            held = cu->event_query(meter->start);
        if (result == CUDA_SUCCESS)
            result = gpu_wait(&meter->gpu, meter->gpu.in);
        if (result == CUDA_SUCCESS)
            result = gpu_wait(&meter->gpu, meter->gpu.out);
        if (result == CUDA_SUCCESS && (held == CUDA_ERROR_NOT_READY || meter->gate_ns > GATE_MAX_NS / GROWTH)) {
            if ((result = read_way(meter, in, meter->stop_in)) == CUDA_SUCCESS)
                result = read_way(meter, out, meter->stop_out);
            return meter_try(meter, result, "cuEventElapsedTime", err);
        }
        if (result != CUDA_SUCCESS)
            return meter_try(meter, result, "a copy", err);
        meter->gate_ns *= GROWTH; /* the kernel was over before all was queued */
    }
}

int meter_row(struct meter *meter, struct measure_row *row, unsigned n,
              int (*once)(struct meter *meter, struct measure_row *row, void *context, struct error *err),
              void *context, struct error *err)
{
    struct measure_row best = *row;

    for (int k = 0; k < METER_TRIES; k++) {
        struct measure_row try = *row;
        int rc = GS_OK;

        while (try.n < n && rc == GS_OK) {
            meter_tell(meter->options, meter->step, &try);
            rc = once(meter, &try, context, err);
        }
        if (rc != GS_OK)
            return rc;
        rows_summarise(&try);
        if (k == 0 || try.p95 * best.p50 < best.p95 * try.p50)
            best = try;
        if (!best.unsteady)
            break;
    }
    *row = best;
    return GS_OK;
}

/* --- the GPU --- */

static int describe(struct meter *meter, struct error *err)
{
    struct measured *out = meter->out;
    const struct driver *cu = meter->cu;
    CUdevice device;
    CUuuid uuid;
    size_t total = 0;
    CUresult result = cu->device_get(&device, meter->options->ordinal);

    if (result == CUDA_SUCCESS)
        result = cu->device_name(out->name, sizeof out->name, device);
    if (result == CUDA_SUCCESS)
        result = cu->device_uuid(&uuid, device);
    if (result == CUDA_SUCCESS)
        result = cu->device_pci(out->pci, sizeof out->pci, device);
    if (result == CUDA_SUCCESS)
        result = cu->device_total(&total, device);
    if (result == CUDA_SUCCESS)
        result = cu->device_attribute(&out->copy_engines, CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT, device);
    if (result != CUDA_SUCCESS)
        return driver_fail(cu, result, "asking for the GPU", err);
    out->total_bytes = (int64_t)total;
    out->cuda = cu->version;
    snprintf(out->uuid, sizeof out->uuid, "GPU-");
    for (size_t i = 0; i < sizeof uuid.bytes; i++)
        snprintf(out->uuid + strlen(out->uuid), sizeof out->uuid - strlen(out->uuid), "%s%02x",
                 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned)(unsigned char)uuid.bytes[i]);
    return GS_OK;
}

static int check_driver(struct meter *meter, struct error *err)
{
    bool is_double = meter->clock.control != NULL;
    CUresult result = meter->cu->device_count(&meter->out->gpus);

    if (result != CUDA_SUCCESS)
        return driver_fail(meter->cu, result, "asking for the GPUs", err);
    if (is_double && !meter->options->is_double)
        return error_set(err, GS_NO_DEVICE, "'%s' is the driver double and no GPU; say '--device double'",
                         meter->cu->path);
    if (!is_double && meter->options->is_double)
        return error_set(err, GS_NO_DEVICE, "'%s' is no driver double; say '--device cuda:0'", meter->cu->path);
    if (meter->options->ordinal >= meter->out->gpus)
        return error_set(err, GS_NO_DEVICE, "there is no GPU %d; the driver shows %d, counted from 0",
                         meter->options->ordinal, meter->out->gpus);
    return GS_OK;
}

/* A power of two, a 32nd of the GPU at most, unless it was said. */
static int64_t choose_chunk(const struct meter *meter)
{
    int64_t chunk = CHUNK;

    while (chunk > meter->out->total_bytes / 32)
        chunk /= 2;
    return meter->options->chunk_bytes > 0 ? meter->options->chunk_bytes : chunk;
}

/* The largest copy: a power of four of KiB, up to 1 GiB, half the GPU and an eighth of what the host has left. */
static int64_t choose_largest(const struct meter *meter)
{
    struct host_memory memory = host_memory("", 0);
    int64_t left = host_memory_left(&memory), largest = INT64_C(1) << 30;

    while (largest > meter->gpu.free_bytes / 2 || (left >= 0 && largest > left / 8))
        largest /= GROWTH;
    return largest;
}

int meter_slots(struct slots *slots, const struct gpu *gpu, uint32_t count, struct error *err)
{
    struct slots_options options = {.count = count,
                                    .numa = gpu->numa >= 0 && gpu->numa < 64 ? UINT64_C(1) << gpu->numa : 0};

    return slots_open(slots, gpu, &options, err);
}

static int open_host(struct meter *meter, struct error *err)
{
    struct gpu *gpu = &meter->gpu;
    int64_t largest = meter->out->largest_bytes = choose_largest(meter);
    int64_t slots = (largest + gpu->chunk_bytes - 1) / gpu->chunk_bytes, swapped = gpu->free_bytes / gpu->chunk_bytes;
    int rc;

    if (largest < 1 << 20)
        return error_set(err, GS_UNSATISFIABLE, "GPU %d has too little free memory to measure anything",
                         meter->options->ordinal);
    swapped = swapped < 2 * METER_CHUNKS ? swapped : 2 * METER_CHUNKS;
    slots = slots > swapped ? slots : swapped;
    if ((rc = meter_slots(&meter->slots, gpu, (uint32_t)slots, err)) != GS_OK)
        return rc;
    meter->plain_bytes = largest < PLAIN ? largest : PLAIN;
    meter->plain = heap_resize(NULL, (size_t)meter->plain_bytes);
    return meter->plain != NULL ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");
}

static int open_meter(struct meter *meter, struct error *err)
{
    struct gpu_options options = {.ordinal = meter->options->ordinal, .nap = live_clock_nap, .clock = &meter->clock};
    const struct driver *cu = meter->cu;
    CUresult result;
    int rc;

    live_clock_start(&meter->clock, cu, 1);
    if ((rc = check_driver(meter, err)) != GS_OK || (rc = describe(meter, err)) != GS_OK ||
        (rc = guard_check(meter->options, meter->out, err)) != GS_OK)
        return rc;
    options.chunk_bytes = choose_chunk(meter);
    if ((rc = gpu_open(&meter->gpu, cu, &options, err)) != GS_OK)
        return rc;
    meter->out->chunk_bytes = meter->gpu.chunk_bytes;
    if (meter->gpu.chunk_bytes > meter->gpu.free_bytes / 4)
        return error_set(err, GS_UNSATISFIABLE, "chunks of %lld MiB are too large for a GPU with %lld MiB free",
                         (long long)(meter->gpu.chunk_bytes >> 20), (long long)(meter->gpu.free_bytes >> 20));
    if ((rc = open_host(meter, err)) != GS_OK)
        return rc;
    result = cu->event_create(&meter->start, CU_EVENT_BLOCKING_SYNC);
    if (result == CUDA_SUCCESS)
        result = cu->event_create(&meter->stop_in, CU_EVENT_BLOCKING_SYNC);
    if (result == CUDA_SUCCESS)
        result = cu->event_create(&meter->stop_out, CU_EVENT_BLOCKING_SYNC);
    return meter_try(meter, result, "cuEventCreate", err);
}

static void close_meter(struct meter *meter)
{
    CUevent events[] = {meter->start, meter->stop_in, meter->stop_out};

    if (meter->device != 0 && !meter->gpu.hangs)
        meter->cu->memory_free(meter->device);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL && !meter->gpu.hangs)
            meter->cu->event_destroy(events[i]);
    heap_free(meter->plain);
    slots_close(&meter->slots);
    gpu_close(&meter->gpu);
}

static int take_steps(struct meter *meter, struct error *err)
{
    static const struct {
        const char *name;
        int (*take)(struct meter *meter, struct error *err);
    } steps[] = {
        {"copies", measure_copies},     {"copies both ways at once", measure_duplex},
        {"calls", measure_calls},       {"kernels", measure_kernels},
        {"whole swaps", measure_swaps}, {"all GPUs at once", measure_others},
    };
    int rc = GS_OK;

    for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == GS_OK; i++) {
        meter->step = steps[i].name;
        meter_tell(meter->options, meter->step, NULL);
        rc = steps[i].take(meter, err);
    }
    return rc;
}

int measure_gpu(const struct measure_options *options, struct measured *out, struct error *err)
{
    struct meter meter = {.options = options, .gate_ns = GATE_NS, .out = out};
    struct driver driver;
    int rc;

    memset(out, 0, sizeof *out);
    /* in children, and so before this process has one */
    if ((rc = measure_contexts(options, out, err)) != GS_OK || (rc = driver_open(&driver, err)) != GS_OK)
        return rc;
    meter.cu = &driver;
    if ((rc = open_meter(&meter, err)) == GS_OK)
        rc = take_steps(&meter, err);
    close_meter(&meter);
    driver_close(&driver);
    return rc;
}
