/* nvml_use.c - how busy GPUs are, as the management library tells it: whole percent, averaged over periods of `sample`, which
 * end at multiples of it; what happens within a period cannot be told. */
#include "backend/double/ledger.h"
#include "backend/double/nvml.h"

#include <stddef.h>
#include <time.h>

enum { REMEMBERED = 100, PERCENT = 100 };

/* The end of the last period that is over. */
static uint64_t last_end_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return ns - ns % nvml_like()->sample_ns;
}

/* The first period that ends after `since_us`, but not too long ago: its beginning. */
static uint64_t first_begin_ns(uint64_t since_us, uint64_t end_ns)
{
    uint64_t sample_ns = nvml_like()->sample_ns, oldest_ns = end_ns - REMEMBERED * sample_ns;
    uint64_t begin_ns = since_us * 1000 / sample_ns * sample_ns;

    if (since_us * 1000 - begin_ns >= sample_ns / 2) /* the stamp of an end is cut to microseconds */
        begin_ns += sample_ns;
    return begin_ns > oldest_ns ? begin_ns : oldest_ns;
}

static unsigned percent(uint64_t busy_ns, uint64_t of_ns)
{
    uint64_t value = (busy_ns * PERCENT + of_ns / 2) / of_ns;

    return value < PERCENT ? (unsigned)value : PERCENT;
}

static int refused(void)
{
    return nvml_like()->mig || nvml_like()->no_use ? NVML_NOT_SUPPORTED : NVML_SUCCESS;
}

int nvmlDeviceGetProcessUtilization(nvml_device device, struct nvml_use *use, unsigned *count,
                                    unsigned long long since_us)
{
    uint64_t end_ns = last_end_ns(), begin_ns = since_us == 0 ? end_ns - nvml_like()->sample_ns : 0, bytes;
    unsigned gpu, room = *count;
    int result = nvml_gpu_of(__func__, device, &gpu), pid;

    if (result != NVML_SUCCESS || (result = refused()) != NVML_SUCCESS)
        return result;
    begin_ns = begin_ns > 0 ? begin_ns : first_begin_ns(since_us, end_ns);
    *count = 0;
    for (unsigned i = 0; begin_ns < end_ns && (pid = ledger_holder(gpu, i, &bytes)) != 0; i++) {
        unsigned busy = percent(ledger_busy_within(gpu, pid, begin_ns, end_ns), end_ns - begin_ns);

        if (busy == 0)
            continue;
        if (use != NULL && *count < room)
            use[*count] = (struct nvml_use){.pid = (unsigned)pid, .stamp_us = end_ns / 1000, .sm = busy};
        ++*count;
    }
    if (*count == 0)
        return NVML_NOT_FOUND;
    return use != NULL && *count <= room ? NVML_SUCCESS : NVML_INSUFFICIENT_SIZE;
}

int nvmlDeviceGetSamples(nvml_device device, int kind, unsigned long long since_us, int *type, unsigned *count,
                         struct nvml_sample *sample)
{
    uint64_t end_ns = last_end_ns(), sample_ns = nvml_like()->sample_ns, bytes;
    unsigned gpu, room = *count;
    int result = nvml_gpu_of(__func__, device, &gpu), pid;

    if (result != NVML_SUCCESS || (!nvml_like()->no_use && (result = refused()) != NVML_SUCCESS))
        return result;
    if (kind != NVML_GPU_UTILIZATION_SAMPLES || nvml_like()->mig)
        return NVML_NOT_SUPPORTED;
    *type = NVML_VALUE_UNSIGNED;
    *count = 0;
    for (uint64_t at = first_begin_ns(since_us, end_ns); at < end_ns; at += sample_ns) {
        uint64_t busy_ns = 0;

        for (unsigned i = 0; (pid = ledger_holder(gpu, i, &bytes)) != 0; i++)
            busy_ns += ledger_busy_within(gpu, pid, at, at + sample_ns);
        if (sample != NULL && *count < room)
            sample[*count] = (struct nvml_sample){(at + sample_ns) / 1000, {percent(busy_ns, sample_ns)}};
        ++*count;
    }
    if (*count == 0)
        return NVML_NOT_FOUND;
    return sample == NULL || *count <= room ? NVML_SUCCESS : NVML_INSUFFICIENT_SIZE;
}
