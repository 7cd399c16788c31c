/* trouble.c - what it means when a GPU does not do what it was told, and what to do then. */
#include "backend/cuda/gpu.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What helps. */
static const char *advice(CUresult result)
{
    static const struct {
        CUresult result;
        const char *text;
    } known[] = {
        {CUDA_ERROR_OUT_OF_MEMORY, "who else uses it (see 'nvidia-smi')? or it may be the host that has none left"},
        {CUDA_ERROR_ECC_UNCORRECTABLE,
         "its memory is damaged: see 'nvidia-smi -q -d ECC', and reset the GPU or leave it out with "
         "CUDA_VISIBLE_DEVICES"},
        {CUDA_ERROR_ILLEGAL_ADDRESS, "what lay on it is lost; please report it, with what 'dmesg' says of 'Xid'"},
        {CUDA_ERROR_LAUNCH_FAILED, "what lay on it is lost; see what 'dmesg' says of 'Xid', and run again"},
        {CUDA_ERROR_LAUNCH_TIMEOUT, "a kernel did not end: see what 'dmesg' says of 'Xid', and reset the GPU"},
        {CUDA_ERROR_CONTEXT_IS_DESTROYED, "what lay on it is lost: an earlier error ended its context; run again"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].result == result)
            return known[i].text;
    if (driver_judge(result) == DRIVER_GONE)
        return "it cannot be reached: see 'nvidia-smi', and what 'dmesg' says of 'Xid'; it may need a reset or a "
               "reboot";
    return "what lay on it is lost; see what 'dmesg' says of 'Xid', and run again";
}

int gpu_try(const struct gpu *gpu, CUresult result, const char *call, struct error *err)
{
    enum driver_verdict verdict = driver_judge(result);
    struct error of_driver;

    if (result == CUDA_SUCCESS)
        return GS_OK;
    if (verdict != DRIVER_BROKEN && verdict != DRIVER_GONE && result != CUDA_ERROR_OUT_OF_MEMORY)
        return driver_fail(gpu->cu, result, call, err);
    of_driver.code = GS_OK;
    of_driver.lines = 0;
    driver_fail(gpu->cu, result, call, &of_driver);
    return error_set(err, of_driver.code, "GPU %d (%s): %s; %s", gpu->device, gpu->pci[0] != '\0' ? gpu->pci : "?",
                     of_driver.text, advice(result));
}

bool gpu_refuses(const struct gpu *gpu, CUresult result)
{
    CUresult alive;

    if (result == CUDA_SUCCESS || driver_judge(result) == DRIVER_OURS || driver_judge(result) == DRIVER_GONE)
        return false;
    if (result == CUDA_ERROR_OUT_OF_MEMORY)
        return true;
    alive = gpu->cu->stream_query(gpu->in); /* every call fails once the context is lost */
    return alive == CUDA_SUCCESS || alive == CUDA_ERROR_NOT_READY;
}

CUresult gpu_refused(struct gpu *gpu, const char *call, CUresult result)
{
    gpu->refused = result;
    gpu->refused_call = call;
    return result;
}

const char *gpu_refusal(const struct gpu *gpu, char out[GPU_REFUSAL])
{
    struct error of_driver;

    of_driver.code = GS_OK;
    of_driver.lines = 0;
    driver_fail(gpu->cu, gpu->refused, gpu->refused_call, &of_driver);
    snprintf(out, GPU_REFUSAL, "%.250s, for a chunk of %lld KiB", of_driver.text, (long long)(gpu->chunk_bytes >> 10));
    return out;
}

int gpu_give_up(struct gpu *gpu, const char *what, struct error *err)
{
    gpu->hangs = true;
    return error_set(err, GS_IO,
                     "GPU %d (%s): %s has not ended for %g s: it hangs; see what 'dmesg' says of 'Xid', and reset it",
                     gpu->device, gpu->pci, what, (double)gpu->patience_ns / 1e9);
}

static CUresult ask(const struct gpu *gpu, CUstream stream, CUevent event)
{
    return event != NULL ? gpu->cu->event_query(event) : gpu->cu->stream_query(stream);
}

/* By asking, as a wait of the driver's would never return if it hangs; for its patience at least. */
static CUresult wait_for(const struct gpu *gpu, CUstream stream, CUevent event)
{
    enum { QUICK = 20000 };
    int64_t naps = gpu->patience_ns / GPU_NAP_NS;
    CUresult result = gpu_use(gpu);

    if (result == CUDA_SUCCESS)
        result = ask(gpu, stream, event);
    for (int64_t asked = 1; result == CUDA_ERROR_NOT_READY && asked < QUICK + naps; asked++) {
        if (asked >= QUICK)
            gpu->nap(gpu->clock);
        result = ask(gpu, stream, event);
    }
    return result;
}

CUresult gpu_wait(const struct gpu *gpu, CUstream stream)
{
    return wait_for(gpu, stream, NULL);
}

CUresult gpu_wait_event(const struct gpu *gpu, CUevent event)
{
    return wait_for(gpu, NULL, event);
}
