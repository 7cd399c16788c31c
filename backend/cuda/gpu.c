/* gpu.c - open a GPU: context, streams, kernels; compiled ones first, and where the driver is too old for those, PTX. */
#include "backend/cuda/gpu.h"
#include "backend/cuda/host.h"
#include "backend/cuda/kernels.h"
#include "sim/base/arena.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, BLOCKS = 128, THREADS = 256, PARAMETERS = 8, LOG = 400 };

/* Asking the driver which context is current costs as much as making one current. */
static _Thread_local const struct gpu *in_use;

CUresult gpu_use(const struct gpu *gpu)
{
    CUresult result = in_use == gpu ? CUDA_SUCCESS : gpu->cu->context_set(gpu->context);

    in_use = result == CUDA_SUCCESS ? gpu : NULL;
    return result;
}

static CUmemAllocationProp properties(const struct gpu *gpu)
{
    CUmemAllocationProp prop;

    memset(&prop, 0, sizeof prop); /* what is reserved must be 0 */
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    prop.location.id = gpu->device;
    return prop;
}

static int check_device(struct gpu *gpu, struct error *err)
{
    int chunks = 0;
    CUresult result =
        gpu->cu->device_attribute(&chunks, CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, gpu->device);

    if (result != CUDA_SUCCESS)
        return gpu_try(gpu, result, "cuDeviceGetAttribute", err);
    if (chunks == 0)
        return error_set(err, GS_NO_DEVICE,
                         "GPU %d cannot map memory piece by piece, which swapping needs (virtual GPUs and WSL may not)",
                         gpu->device);
    return gpu_try(gpu, gpu->cu->device_pci(gpu->pci, sizeof gpu->pci, gpu->device), "cuDeviceGetPCIBusId", err);
}

/* The driver knows, or the kernel does; where all memory is alike it makes no difference. */
static void find_numa(struct gpu *gpu)
{
    gpu->numa = -1;
    if (host_numa_nodes("") < 2)
        return;
    if (gpu->cu->device_attribute(&gpu->numa, CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID, gpu->device) != CUDA_SUCCESS ||
        gpu->numa < 0)
        gpu->numa = host_numa_of("", gpu->pci);
}

/* Chunks are a multiple of what the GPU maps; the account begins with what is free, less the reserve, or with what is wanted
 * of that. */
static int open_account(struct gpu *gpu, const struct gpu_options *options, struct error *err)
{
    CUmemAllocationProp prop = properties(gpu);
    size_t grain = 0, free_bytes = 0, total_bytes = 0;
    CUresult result = gpu->cu->chunk_granularity(&grain, &prop, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED);

    if (result != CUDA_SUCCESS || grain == 0)
        return gpu_try(gpu, result, "cuMemGetAllocationGranularity", err);
    gpu->chunk_bytes = (options->chunk_bytes + (int64_t)grain - 1) / (int64_t)grain * (int64_t)grain;
    if ((result = gpu->cu->memory_info(&free_bytes, &total_bytes)) != CUDA_SUCCESS)
        return gpu_try(gpu, result, "cuMemGetInfo", err);
    gpu->free_bytes = (int64_t)free_bytes - options->reserve_bytes;
    if (gpu->free_bytes >=
        gpu->chunk_bytes) /* the account counts bytes: there may be more chunks than it has room for */
        gpu->spare = heap_resize(NULL, total_bytes / (size_t)gpu->chunk_bytes * sizeof *gpu->spare);
    else
        return error_set(err, GS_UNSATISFIABLE, "GPU %d has %zu MiB free, not even one chunk above the reserve",
                         gpu->device, free_bytes >> 20);
    if (options->most_bytes > 0 && gpu->free_bytes > options->most_bytes)
        gpu->free_bytes = options->most_bytes;
    return gpu->spare != NULL ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");
}

static bool image_is_refused(CUresult result)
{
    return result == CUDA_ERROR_INVALID_IMAGE || result == CUDA_ERROR_NO_BINARY_FOR_GPU ||
           result == CUDA_ERROR_INVALID_PTX || result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
}

static int load_kernels(struct gpu *gpu, struct error *err)
{
    char log[LOG] = "";
    CUjit_option option[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *value[] = {log, (void *)(uintptr_t)sizeof log};
    const struct {
        CUfunction *function;
        const char *name;
    } kernels[] = {{&gpu->fill, "kernel_fill"},
                   {&gpu->touch, "kernel_touch"},
                   {&gpu->check, "kernel_check"},
                   {&gpu->busy, "kernel_busy"}};
    CUresult result = CUDA_ERROR_NO_BINARY_FOR_GPU;

    if (kernels_fatbin[0] != 0)
        result = gpu->cu->module_load(&gpu->module, kernels_fatbin, 0, NULL, NULL);
    if (image_is_refused(result))
        result = gpu->cu->module_load(&gpu->module, kernels_ptx, 2, option, value);
    if (image_is_refused(result))
        return error_set(err, GS_NO_DEVICE, "GPU %d: the driver does not take the kernels: %s", gpu->device, log);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels && result == CUDA_SUCCESS; i++)
        result = gpu->cu->module_function(kernels[i].function, gpu->module, kernels[i].name);
    return gpu_try(gpu, result, "cuModuleLoadDataEx", err);
}

/* What kernel_check finds, and the page of host memory that it comes to. */
static int open_found(struct gpu *gpu, struct error *err)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CUresult result;

    if (page == MAP_FAILED)
        return error_set(err, GS_SYSTEM, "out of memory");
    if ((result = gpu->cu->host_register(page, PAGE, CU_MEMHOSTREGISTER_PORTABLE)) != CUDA_SUCCESS) {
        munmap(page, PAGE);
        return gpu_try(gpu, result, "cuMemHostRegister", err);
    }
    gpu->found_host = page;
    return gpu_try(gpu, gpu->cu->memory_alloc(&gpu->found, sizeof *gpu->found_host), "cuMemAlloc", err);
}

static int open_streams(struct gpu *gpu, struct error *err)
{
    CUresult result = gpu->cu->stream_create(&gpu->in, CU_STREAM_NON_BLOCKING, 0);

    if (result == CUDA_SUCCESS)
        result = gpu->cu->stream_create(&gpu->out, CU_STREAM_NON_BLOCKING, 0);
    return gpu_try(gpu, result, "cuStreamCreateWithPriority", err);
}

static int open_context(struct gpu *gpu, const struct gpu_options *options, struct error *err)
{
    CUresult result = gpu->cu->device_get(&gpu->device, options->ordinal);

    if (result != CUDA_SUCCESS)
        return gpu_try(gpu, result, "cuDeviceGet", err);
    /* Whoever waits sleeps: processors are for copying, not for spinning. */
    if ((result = gpu->cu->primary_flags(gpu->device, CU_CTX_SCHED_BLOCKING_SYNC)) != CUDA_SUCCESS)
        return gpu_try(gpu, result, "cuDevicePrimaryCtxSetFlags", err);
    if ((result = gpu->cu->primary_retain(&gpu->context, gpu->device)) != CUDA_SUCCESS) {
        gpu->context = NULL;
        return gpu_try(gpu, result, "cuDevicePrimaryCtxRetain", err);
    }
    in_use = NULL; /* one that stood here before may have been in use */
    return gpu_try(gpu, gpu_use(gpu), "cuCtxSetCurrent", err);
}

static void sleep_for_a_nap(const void *clock)
{
    const struct timespec nap = {.tv_nsec = GPU_NAP_NS};

    (void)clock;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
}

int gpu_open(struct gpu *gpu, const struct driver *driver, const struct gpu_options *options, struct error *err)
{
    int rc;

    memset(gpu, 0, sizeof *gpu);
    gpu->cu = driver;
    gpu->nap = options->nap != NULL ? options->nap : sleep_for_a_nap;
    gpu->clock = options->clock;
    gpu->patience_ns = options->patience_ns > 0 ? options->patience_ns : GPU_PATIENCE_NS;
    gpu->limit_ns = (int64_t)((double)gpu->patience_ns * (options->time_scale > 0 ? options->time_scale : 1));
    if ((rc = open_context(gpu, options, err)) == GS_OK && (rc = check_device(gpu, err)) == GS_OK &&
        (rc = open_streams(gpu, err)) == GS_OK && (rc = load_kernels(gpu, err)) == GS_OK &&
        (rc = open_found(gpu, err)) == GS_OK)
        rc = open_account(gpu, options, err);
    if (rc == GS_OK)
        find_numa(gpu);
    else
        gpu_close(gpu);
    return rc;
}

static void close_stream(const struct gpu *gpu, CUstream stream)
{
    if (stream == NULL)
        return;
    gpu_wait(gpu, stream);
    gpu->cu->stream_destroy(stream);
}

/* Best effort: after an error of the context nothing of this can work, and nothing needs to. */
void gpu_close(struct gpu *gpu)
{
    if (gpu->context != NULL && !gpu->hangs) {
        gpu_use(gpu);
        gpu->moves = 0;
        gpu_release_spares(gpu);
        if (gpu->found != 0)
            gpu->cu->memory_free(gpu->found);
        if (gpu->found_host != NULL) {
            gpu->cu->host_unregister(gpu->found_host);
            munmap(gpu->found_host, PAGE);
        }
        if (gpu->module != NULL)
            gpu->cu->module_unload(gpu->module);
        close_stream(gpu, gpu->in);
        close_stream(gpu, gpu->out);
        gpu->cu->context_set(NULL);
        gpu->cu->primary_release(gpu->device);
    }
    in_use = NULL;
    heap_free(gpu->spare);
    memset(gpu, 0, sizeof *gpu);
}

CUresult gpu_take_chunk(struct gpu *gpu, bool fresh, CUmemGenericAllocationHandle *handle)
{
    CUmemAllocationProp prop = properties(gpu);
    CUresult result = gpu_use(gpu);

    if (result != CUDA_SUCCESS)
        return result;
    if (gpu->spares == 0 || fresh)
        return gpu->cu->chunk_create(handle, (size_t)gpu->chunk_bytes, &prop, 0);
    *handle = gpu->spare[--gpu->spares];
    return CUDA_SUCCESS;
}

void gpu_spare_chunk(struct gpu *gpu, CUmemGenericAllocationHandle handle)
{
    gpu->spare[gpu->spares++] = handle;
}

CUresult gpu_release_spares(struct gpu *gpu)
{
    CUresult result = gpu->spares > 0 ? gpu_use(gpu) : CUDA_SUCCESS;

    while (gpu->moves == 0 && gpu->spares > 0 && result == CUDA_SUCCESS)
        result = gpu->cu->chunk_release(gpu->spare[--gpu->spares]);
    return result;
}

CUresult gpu_launch(const struct gpu *gpu, CUfunction kernel, CUstream stream, const uint64_t *parameter,
                    unsigned parameters)
{
    uint64_t packed[PARAMETERS];
    size_t bytes = parameters * sizeof *packed;
    void *extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};

    memcpy(packed, parameter, bytes);
    return gpu->cu->launch(kernel, BLOCKS, 1, 1, THREADS, 1, 1, 0, stream, NULL, extra);
}
