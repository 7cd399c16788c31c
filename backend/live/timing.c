/* timing.c - the table of entry points, each with a look at the clock. */
#include "backend/live/timing.h"
#include "backend/device.h"

#include <string.h>

/* Copies of less are the program's own, and no transfers. */
enum { SPANS = 256, LEAST_BYTES = 4096, TOGETHER_NS = 50000000, BURSTS = 16, KERNELS = 8 };

struct span { /* queued work between two events */
    CUevent begin, end;
    struct device_operation operation;
    CUstream stream;
};

struct timed_gpu {
    CUdevice device;
    CUcontext context;
    struct span span[SPANS]; /* a ring, in order of issue */
    unsigned first, count;
    struct burst { /* not told yet: more of it may follow */
        struct device_operation operation;
        CUstream stream;
        int64_t last_ns;
    } burst[BURSTS];
};

struct kernel {
    CUfunction function;
    const char *kind;
};

static struct {
    struct driver cu; /* as it was */
    const struct live_clock *clock;
    const struct live_device *device;
    struct timed_gpu gpu[DEVICE_GPUS];
    unsigned gpus, current;
    struct kernel kernel[DEVICE_GPUS * KERNELS];
    unsigned kernels;
} timing;

static void tell(const struct device_operation *operation)
{
    timing.device->take(timing.device->context, operation);
}

static struct device_operation operation_of(const char *kind, size_t bytes)
{
    return (struct device_operation){.kind = kind,
                                     .at_ns = live_clock_now(timing.clock),
                                     .bytes = (int64_t)bytes,
                                     .gpu = timing.current,
                                     .pieces = 1};
}

/* --- calls --- */

static CUresult timed(struct device_operation operation, int64_t began_ns, CUresult result)
{
    operation.took_ns = live_clock_device(timing.clock) - began_ns;
    if (result == CUDA_SUCCESS)
        tell(&operation);
    return result;
}

#define TIMED(kind, bytes, call)                                                                                       \
    do {                                                                                                               \
        struct device_operation operation = operation_of(kind, bytes);                                                 \
        int64_t began_ns = live_clock_device(timing.clock);                                                            \
        return timed(operation, began_ns, timing.cu.call);                                                             \
    } while (0)

static CUresult chunk_create(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *prop,
                             unsigned long long flags)
{
    TIMED("create", size, chunk_create(handle, size, prop, flags));
}

static CUresult chunk_release(CUmemGenericAllocationHandle handle)
{
    TIMED("release", 0, chunk_release(handle));
}

static CUresult chunk_map(CUdeviceptr at, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                          unsigned long long flags)
{
    TIMED("map", size, chunk_map(at, size, offset, handle, flags));
}

static CUresult chunk_unmap(CUdeviceptr at, size_t size)
{
    TIMED("unmap", size, chunk_unmap(at, size));
}

static CUresult chunk_access(CUdeviceptr at, size_t size, const CUmemAccessDesc *access, size_t count)
{
    TIMED("access", size, chunk_access(at, size, access, count));
}

/* --- queued work --- */

static void tell_burst(struct burst *burst)
{
    if (burst->operation.pieces > 0)
        tell(&burst->operation);
    burst->operation.pieces = 0;
}

/* Where the next quantum of a stream belongs to: its burst; else a free place, or that of the one longest ago. */
static struct burst *burst_of(struct timed_gpu *gpu, CUstream stream, int64_t at_ns)
{
    struct burst *oldest = &gpu->burst[0];

    for (unsigned i = 0; i < BURSTS; i++) {
        struct burst *b = &gpu->burst[i];

        if (b->operation.pieces > 0 && (double)(at_ns - b->last_ns) > TOGETHER_NS * timing.clock->scale)
            tell_burst(b);
        if (b->operation.pieces > 0 && b->stream == stream)
            return b;
        if (b->operation.pieces == 0 || (oldest->operation.pieces > 0 && b->last_ns < oldest->last_ns))
            oldest = b;
    }
    tell_burst(oldest);
    return oldest;
}

static void take(struct timed_gpu *gpu, const struct span *span)
{
    const struct device_operation *o = &span->operation;
    struct burst *burst;

    if (strcmp(o->kind, "burst") != 0) {
        tell(o);
        return;
    }
    burst = burst_of(gpu, span->stream, o->at_ns);
    if (burst->operation.pieces == 0) {
        burst->operation = *o;
        burst->stream = span->stream;
    } else {
        burst->operation.took_ns += o->took_ns;
        burst->operation.pieces++;
    }
    burst->last_ns = o->at_ns;
}

/* What has ended, in the order in which it was issued. */
static void collect(struct timed_gpu *gpu)
{
    while (gpu->count > 0) {
        struct span *span = &gpu->span[gpu->first];
        CUresult result = timing.cu.event_query(span->end);
        float ms = 0;

        if (result == CUDA_ERROR_NOT_READY)
            return;
        if (result == CUDA_SUCCESS && timing.cu.event_elapsed(&ms, span->begin, span->end) == CUDA_SUCCESS) {
            span->operation.took_ns = (int64_t)((double)ms * 1e6);
            take(gpu, span);
        }
        gpu->first = (gpu->first + 1) % SPANS;
        gpu->count--;
    }
}

/* An event before the work; NULL: too much is under way, it is not timed. */
static struct span *begin(const char *kind, size_t bytes, CUstream stream)
{
    struct timed_gpu *gpu = &timing.gpu[timing.current];
    struct span *span;

    collect(gpu);
    if (gpu->count == SPANS)
        return NULL;
    span = &gpu->span[(gpu->first + gpu->count) % SPANS];
    if ((span->begin == NULL && timing.cu.event_create(&span->begin, CU_EVENT_DEFAULT) != CUDA_SUCCESS) ||
        (span->end == NULL && timing.cu.event_create(&span->end, CU_EVENT_DEFAULT) != CUDA_SUCCESS) ||
        timing.cu.event_record(span->begin, stream) != CUDA_SUCCESS)
        return NULL;
    span->operation = operation_of(kind, bytes);
    span->stream = stream;
    return span;
}

static CUresult end(struct span *span, CUresult result)
{
    if (span != NULL && result == CUDA_SUCCESS && timing.cu.event_record(span->end, span->stream) == CUDA_SUCCESS)
        timing.gpu[timing.current].count++;
    return result;
}

static CUresult copy_in(CUdeviceptr to, const void *from, size_t bytes, CUstream stream)
{
    struct span *span = bytes >= LEAST_BYTES ? begin("h2d", bytes, stream) : NULL;

    return end(span, timing.cu.copy_in(to, from, bytes, stream));
}

static CUresult copy_out(void *to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    struct span *span = bytes >= LEAST_BYTES ? begin("d2h", bytes, stream) : NULL;

    return end(span, timing.cu.copy_out(to, from, bytes, stream));
}

static CUresult module_function(CUfunction *function, CUmodule module, const char *name)
{
    CUresult result = timing.cu.module_function(function, module, name);
    const char *kind = strcmp(name, "kernel_busy") == 0 ? "burst" : strcmp(name, "kernel_check") == 0 ? "verify" : NULL;

    if (result == CUDA_SUCCESS && kind != NULL && timing.kernels < DEVICE_GPUS * KERNELS)
        timing.kernel[timing.kernels++] = (struct kernel){*function, kind};
    return result;
}

static CUresult launch(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                       unsigned block_y, unsigned block_z, unsigned shared, CUstream stream, void **parameters,
                       void **extra)
{
    struct span *span = NULL;

    for (unsigned i = 0; i < timing.kernels; i++)
        if (timing.kernel[i].function == function) {
            span = begin(timing.kernel[i].kind, 0, stream);
            break;
        }
    return end(span, timing.cu.launch(function, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared, stream,
                                      parameters, extra));
}

/* --- whose turn it is --- */

static CUresult primary_retain(CUcontext *context, CUdevice device)
{
    CUresult result = timing.cu.primary_retain(context, device);

    if (result == CUDA_SUCCESS && timing.gpus < DEVICE_GPUS)
        timing.gpu[timing.gpus++] = (struct timed_gpu){.device = device, .context = *context};
    return result;
}

static CUresult context_set(CUcontext context)
{
    for (unsigned i = 0; i < timing.gpus; i++)
        if (timing.gpu[i].context == context)
            timing.current = i;
    return timing.cu.context_set(context);
}

/* Its context is current no more; it is made so, for its events. */
static void forget(struct timed_gpu *gpu)
{
    timing.cu.context_set(gpu->context);
    collect(gpu);
    for (unsigned i = 0; i < BURSTS; i++)
        tell_burst(&gpu->burst[i]);
    for (unsigned i = 0; i < SPANS; i++) {
        if (gpu->span[i].begin != NULL)
            timing.cu.event_destroy(gpu->span[i].begin);
        if (gpu->span[i].end != NULL)
            timing.cu.event_destroy(gpu->span[i].end);
    }
    timing.cu.context_set(NULL);
}

static CUresult primary_release(CUdevice device)
{
    for (unsigned i = 0; i < timing.gpus; i++)
        if (timing.gpu[i].device == device && timing.gpu[i].context != NULL) {
            forget(&timing.gpu[i]);
            timing.gpu[i].context = NULL;
        }
    return timing.cu.primary_release(device);
}

void timing_begin(struct driver *driver, const struct live_clock *clock, const struct live_device *device)
{
    if (device == NULL || device->take == NULL)
        return;
    memset(&timing, 0, sizeof timing);
    timing.cu = *driver;
    timing.clock = clock;
    timing.device = device;
    driver->primary_retain = primary_retain;
    driver->primary_release = primary_release;
    driver->context_set = context_set;
    driver->chunk_create = chunk_create;
    driver->chunk_release = chunk_release;
    driver->chunk_map = chunk_map;
    driver->chunk_unmap = chunk_unmap;
    driver->chunk_access = chunk_access;
    driver->copy_in = copy_in;
    driver->copy_out = copy_out;
    driver->module_function = module_function;
    driver->launch = launch;
}
