/* others.c - all GPUs of the node copying at once: what they share besides their own links. */
#include "backend/cuda/host.h"
#include "backend/measure/guard.h"
#include "backend/measure/meter.h"
#include "backend/measure/words.h"

#include <string.h>

enum { OTHERS = 16, COPIES = 16 };

struct other {
    struct gpu gpu;
    struct slots slots;
    CUdeviceptr device;
    CUevent start, stop;
    double alone_per_s, together_per_s;
};

struct others {
    struct meter *meter;
    struct other gpu[OTHERS];
    unsigned gpus, at; /* at: whose turn it is */
    bool in;
    uint64_t seed; /* of what is copied */
};

static int open_other(struct meter *meter, struct other *other, int ordinal, struct error *err)
{
    struct gpu_options options = {
        .ordinal = ordinal, .chunk_bytes = meter->gpu.chunk_bytes, .nap = live_clock_nap, .clock = &meter->clock};
    const struct driver *cu = meter->cu;
    CUresult result;
    int rc;

    if ((rc = gpu_open(&other->gpu, cu, &options, err)) != GS_OK ||
        (rc = meter_slots(&other->slots, &other->gpu, 1, err)) != GS_OK)
        return rc;
    result = cu->memory_alloc(&other->device, (size_t)other->gpu.chunk_bytes);
    if (result == CUDA_SUCCESS)
        result = cu->event_create(&other->start, CU_EVENT_BLOCKING_SYNC);
    if (result == CUDA_SUCCESS)
        result = cu->event_create(&other->stop, CU_EVENT_BLOCKING_SYNC);
    return meter_try(meter, result, "cuMemAlloc", err);
}

static void close_other(const struct driver *cu, struct other *other)
{
    if (other->gpu.context == NULL)
        return;
    if (!other->gpu.hangs) {
        gpu_use(&other->gpu);
        if (other->device != 0)
            cu->memory_free(other->device);
        if (other->start != NULL)
            cu->event_destroy(other->start);
        if (other->stop != NULL)
            cu->event_destroy(other->stop);
    }
    slots_close(&other->slots);
    gpu_close(&other->gpu);
}

/* Queue the copies of one GPU, all behind `gate`, which the first of them records after a kernel. */
static CUresult queue(struct others *others, struct other *other, CUevent gate, bool first)
{
    const struct driver *cu = others->meter->cu;
    size_t bytes = (size_t)other->gpu.chunk_bytes;
    CUstream stream = other->gpu.in;
    CUresult result = gpu_use(&other->gpu);

    if (result == CUDA_SUCCESS && first)
        result = gpu_launch(&other->gpu, other->gpu.busy, stream, &others->meter->gate_ns, 1);
    else if (result == CUDA_SUCCESS)
        result = cu->stream_after(stream, gate, CU_EVENT_WAIT_DEFAULT);
    if (result == CUDA_SUCCESS)
        result = cu->event_record(other->start, stream);
    for (unsigned i = 0; i < COPIES && result == CUDA_SUCCESS; i++)
        result = others->in ? cu->copy_in(other->device, other->slots.base, bytes, stream)
                            : cu->copy_out(other->slots.base, other->device, bytes, stream);
    return result == CUDA_SUCCESS ? cu->event_record(other->stop, stream) : result;
}

/* Copies of GPUs `from` to `to` at once; their rates. */
static CUresult copy_once(struct others *others, unsigned from, unsigned to, double per_s[OTHERS])
{
    const struct driver *cu = others->meter->cu;
    CUresult result = CUDA_SUCCESS;

    for (unsigned i = from; i < to && result == CUDA_SUCCESS; i++) {
        others->at = i;
        result = queue(others, &others->gpu[i], others->gpu[from].start, i == from);
    }
    for (unsigned i = from; i < to && result == CUDA_SUCCESS; i++) {
        struct other *other = &others->gpu[i];
        float ms = 0;

        others->at = i;
        result = gpu_wait(&other->gpu, other->gpu.in);
        if (result == CUDA_SUCCESS)
            result = cu->event_elapsed(&ms, other->start, other->stop);
        per_s[i] = (double)other->gpu.chunk_bytes * COPIES / ((double)ms / 1e3);
    }
    return result;
}

/* Of the GPU whose turn it was.  Where one hangs, others wait for it. */
static int tell(struct others *others, CUresult result, struct error *err)
{
    struct gpu *gpu = &others->gpu[others->at].gpu;
    int rc = result == CUDA_ERROR_NOT_READY ? gpu_give_up(gpu, "a copy", err) : gpu_try(gpu, result, "a copy", err);

    for (unsigned i = 0; gpu->hangs && i < others->gpus; i++)
        others->gpu[i].gpu.hangs = true;
    others->meter->gpu.hangs |= gpu->hangs;
    return rc;
}

/* Medians of the sum of their rates: one after the other, and together. */
static int measure_way(struct others *others, bool in, double *together_per_s, double *alone_per_s, struct error *err)
{
    struct measured *out = others->meter->out;
    struct measure_row *all = rows_add(out, in ? "all_in" : "all_out", out->chunk_bytes, "bytes/s");
    struct measure_row *alone = rows_add(out, in ? "each_in" : "each_out", out->chunk_bytes, "bytes/s");
    CUresult result = CUDA_SUCCESS;

    others->in = in;
    for (int k = 0; k < METER_TIMES && result == CUDA_SUCCESS; k++) {
        double per_s[OTHERS] = {0}, sum = 0;

        meter_tell(others->meter->options, others->meter->step, all);
        for (unsigned i = 0; i < others->gpus && result == CUDA_SUCCESS; i++) {
            result = copy_once(others, i, i + 1, per_s);
            sum += per_s[i];
        }
        rows_sample(alone, sum);
        if (result == CUDA_SUCCESS)
            result = copy_once(others, 0, others->gpus, per_s);
        sum = 0;
        for (unsigned i = 0; i < others->gpus; i++)
            sum += per_s[i];
        rows_sample(all, sum);
    }
    rows_summarise(all);
    rows_summarise(alone);
    *together_per_s = all->p50;
    *alone_per_s = alone->p50;
    return tell(others, result, err);
}

/* What came back of what had gone there. */
static int check_words(const struct others *others, struct error *err)
{
    int rc = GS_OK;

    for (unsigned i = 0; i < others->gpus && rc == GS_OK; i++)
        rc = words_check(others->gpu[i].slots.base, others->gpu[i].gpu.chunk_bytes, others->seed, 0, err);
    return rc;
}

static int measure_all(struct others *others, struct error *err)
{
    struct measured *out = others->meter->out;
    double in = 0, in_alone = 1, way_out = 0, out_alone = 1;
    int rc;

    for (unsigned i = 0; i < others->gpus; i++)
        words_fill(others->gpu[i].slots.base, others->gpu[i].gpu.chunk_bytes, others->seed, 0);
    if ((rc = measure_way(others, true, &in, &in_alone, err)) != GS_OK)
        return rc;
    for (unsigned i = 0; i < others->gpus; i++)
        memset(others->gpu[i].slots.base, 0, (size_t)others->gpu[i].gpu.chunk_bytes);
    if ((rc = measure_way(others, false, &way_out, &out_alone, err)) != GS_OK ||
        (rc = check_words(others, err)) != GS_OK)
        return rc;
    out->all_in_per_s = in;
    out->all_out_per_s = way_out;
    out->all_share = in / in_alone < way_out / out_alone ? in / in_alone : way_out / out_alone;
    return GS_OK;
}

static bool is_ours(struct meter *meter, int ordinal)
{
    CUdevice device;
    char pci[16] = "";

    return meter->options->force ||
           (meter->cu->device_get(&device, ordinal) == CUDA_SUCCESS &&
            meter->cu->device_pci(pci, sizeof pci, device) == CUDA_SUCCESS && guard_others(pci, NULL) <= 0);
}

int measure_others(struct meter *meter, struct error *err)
{
    static struct others others;
    int rc = GS_OK;

    others = (struct others){.meter = meter, .seed = mix_seed((uint64_t)meter->out->chunk_bytes, 3, 1)};
    if (meter->out->gpus < 2)
        return GS_OK;
    for (int i = 0; i < meter->out->gpus && i < OTHERS; i++)
        if (i != meter->options->ordinal && !is_ours(meter, i)) {
            rows_note(meter->out, "all GPUs at once were not measured: others use GPU %d", i);
            return GS_OK;
        }
    for (int i = 0; i < meter->out->gpus && i < OTHERS && rc == GS_OK; i++)
        rc = open_other(meter, &others.gpu[others.gpus++], i, err);
    if (rc == GS_OK)
        rc = measure_all(&others, err);
    for (unsigned i = 0; i < others.gpus; i++)
        close_other(meter->cu, &others.gpu[i]);
    gpu_use(&meter->gpu);
    return rc;
}
