/* kernels.c - does a kernel that is to hold the GPU for so long hold it for so long? */
#include "backend/measure/meter.h"

static int sample_busy(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    const struct driver *cu = meter->cu;
    uint64_t asked_ns = *(const uint64_t *)context;
    float ms = 0;
    CUresult result = gpu_launch(&meter->gpu, meter->gpu.busy, meter->gpu.in, &meter->gate_ns, 1);

    if (result == CUDA_SUCCESS)
        result = cu->event_record(meter->start, meter->gpu.in);
    if (result == CUDA_SUCCESS)
        result = gpu_launch(&meter->gpu, meter->gpu.busy, meter->gpu.in, &asked_ns, 1);
    if (result == CUDA_SUCCESS)
        result = cu->event_record(meter->stop_in, meter->gpu.in);
    if (result == CUDA_SUCCESS)
        result = gpu_wait(&meter->gpu, meter->gpu.in);
    if (result == CUDA_SUCCESS)
        result = cu->event_elapsed(&ms, meter->start, meter->stop_in);
    rows_sample(row, (double)ms * 1e6);
    return meter_try(meter, result, "a kernel", err);
}

int measure_kernels(struct meter *meter, struct error *err)
{
    enum { SHORTEST_NS = 1000000, LONGEST_NS = 16000000 };
    int rc = GS_OK;

    for (uint64_t asked_ns = SHORTEST_NS; asked_ns <= LONGEST_NS && rc == GS_OK; asked_ns *= 2)
        rc = meter_row(meter, rows_add(meter->out, "busy", (int64_t)asked_ns, "ns"), METER_TIMES, sample_busy,
                       &asked_ns, err);
    rows_fit(meter->out, "busy");
    return rc;
}
