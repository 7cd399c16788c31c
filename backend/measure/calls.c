/* calls.c - what the driver's calls cost that give and take memory: chunks of some sizes, and host memory registered. */
#include "backend/measure/meter.h"

#include <string.h>
#include <sys/mman.h>

static CUmemAllocationProp properties(const struct meter *meter)
{
    CUmemAllocationProp prop;

    memset(&prop, 0, sizeof prop);
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    prop.location.id = meter->gpu.device;
    return prop;
}

/* Between the calls of a life of a chunk; `at_ns` moves on. */
static void lap(struct meter *meter, struct measure_row *row, int64_t *at_ns)
{
    int64_t now_ns = meter_now(meter);

    rows_sample(row, (double)(now_ns - *at_ns));
    *at_ns = meter_now(meter);
}

enum { CREATE, MAP, ACCESS, UNMAP, RELEASE, CALLS };

static CUresult live_once(struct meter *meter, CUdeviceptr at, size_t bytes, struct measure_row *row[CALLS])
{
    const struct driver *cu = meter->cu;
    CUmemAllocationProp prop = properties(meter);
    CUmemAccessDesc access;
    CUmemGenericAllocationHandle handle;
    int64_t at_ns = meter_now(meter);
    CUresult result, ended;

    memset(&access, 0, sizeof access);
    access.location = prop.location;
    access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    if ((result = cu->chunk_create(&handle, bytes, &prop, 0)) != CUDA_SUCCESS)
        return result;
    lap(meter, row[CREATE], &at_ns);
    if ((result = cu->chunk_map(at, bytes, 0, handle, 0)) != CUDA_SUCCESS) {
        cu->chunk_release(handle);
        return result;
    }
    lap(meter, row[MAP], &at_ns);
    if ((result = cu->chunk_access(at, bytes, &access, 1)) == CUDA_SUCCESS)
        lap(meter, row[ACCESS], &at_ns);
    if ((ended = cu->chunk_unmap(at, bytes)) == CUDA_SUCCESS)
        lap(meter, row[UNMAP], &at_ns);
    result = result == CUDA_SUCCESS ? ended : result;
    if ((ended = cu->chunk_release(handle)) == CUDA_SUCCESS)
        lap(meter, row[RELEASE], &at_ns);
    return result == CUDA_SUCCESS ? ended : result;
}

static int measure_chunk(struct meter *meter, size_t bytes, struct error *err)
{
    static const char *const kind[CALLS] = {"create", "map", "access", "unmap", "release"};
    const struct driver *cu = meter->cu;
    struct measure_row *row[CALLS];
    CUdeviceptr at = 0;
    CUresult result = cu->address_reserve(&at, bytes, bytes, 0, 0);

    if (result != CUDA_SUCCESS)
        return meter_try(meter, result, "cuMemAddressReserve", err);
    for (int i = 0; i < CALLS; i++)
        row[i] = rows_add(meter->out, kind[i], (int64_t)bytes, "ns");
    meter_tell(meter->options, meter->step, row[CREATE]);
    for (int i = 0; i < METER_CALLS && result == CUDA_SUCCESS; i++)
        result = live_once(meter, at, bytes, row);
    cu->address_free(at, bytes);
    if (result != CUDA_SUCCESS)
        return meter_try(meter, result, "cuMemCreate", err);
    for (int i = 0; i < CALLS; i++)
        rows_summarise(row[i]);
    return GS_OK;
}

static int measure_chunks(struct meter *meter, struct error *err)
{
    static const size_t times[] = {1, 4, 16, 32, 128}; /* of the granularity: 2 to 256 MiB where that is 2 MiB */
    CUmemAllocationProp prop = properties(meter);
    size_t grain = 0;
    int rc = meter_try(meter, meter->cu->chunk_granularity(&grain, &prop, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED),
                       "cuMemGetAllocationGranularity", err);

    for (size_t i = 0; i < sizeof times / sizeof *times && rc == GS_OK; i++)
        if ((int64_t)(times[i] * grain) <= meter->gpu.free_bytes / 2)
            rc = measure_chunk(meter, times[i] * grain, err);
    return rc;
}

/* The swap file is registered already, so it is unregistered first. */
static int sample_pin(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    struct measure_row *unpin = context;
    int64_t at_ns = meter_now(meter);
    CUresult result = meter->cu->host_unregister(meter->slots.base);

    if (result != CUDA_SUCCESS)
        return meter_try(meter, result, "cuMemHostUnregister", err);
    lap(meter, unpin, &at_ns);
    result = meter->cu->host_register(meter->slots.base, (size_t)meter->slots.bytes, CU_MEMHOSTREGISTER_PORTABLE);
    if (result == CUDA_SUCCESS) {
        lap(meter, row, &at_ns);
        return GS_OK;
    }
    munmap(meter->slots.base, (size_t)meter->slots.bytes); /* which slots_close would unregister first */
    meter->slots.base = NULL;
    return meter_try(meter, result, "cuMemHostRegister", err);
}

int measure_calls(struct meter *meter, struct error *err)
{
    struct measure_row *pin, *unpin;
    int rc = measure_chunks(meter, err);

    if (rc != GS_OK)
        return rc;
    unpin = rows_add(meter->out, "unpin", meter->slots.bytes, "ns");
    pin = rows_add(meter->out, "pin", meter->slots.bytes, "ns");
    if ((rc = meter_row(meter, pin, METER_TIMES, sample_pin, unpin, err)) == GS_OK)
        rows_summarise(unpin);
    return rc;
}
