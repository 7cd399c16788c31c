/* watch.c - look who is on a GPU, and close the driver's periods as they end. */
#include "backend/cuda/watch.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOLDERS = 256,
    SAMPLES = 256,
    PERIOD_MOST_US = 1000000, /* no driver's is longer (NVML's manual: 1/6 s to 1 s) */
    OTHER_CLOCK_US = 10000000,
    PERCENT = 100,
};
#define NOT_ASKED (UINT64_MAX - 1)

/* --- which GPUs --------------------------------------------------------------------------------------------------- */

static int add(struct watch *watch, unsigned index, struct error *err)
{
    const struct nvml *nvml = watch->nvml;
    struct watch_gpu *gpu = &watch->gpu[watch->gpus];
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
    struct nvml_holder holder[HOLDERS];
    unsigned mig = 0, pending;
    int result;

    if (watch->gpus == WATCH_GPUS)
        return error_set(err, GS_UNSATISFIABLE, "more than %d GPUs at a time are not watched; name some of them",
                         WATCH_GPUS);
    *gpu = (struct watch_gpu){.index = index, .has_periods = nvml->samples != NULL, .has_use = nvml->use != NULL};
    if ((result = nvml->device(index, &gpu->device)) != NVML_SUCCESS ||
        (result = nvml->name(gpu->device, gpu->name, sizeof gpu->name)) != NVML_SUCCESS ||
        (result = nvml->uuid(gpu->device, gpu->uuid, sizeof gpu->uuid)) != NVML_SUCCESS ||
        (result = nvml->memory(gpu->device, &memory)) != NVML_SUCCESS)
        return error_set(err, result == NVML_NO_PERMISSION ? GS_NOT_PERMITTED : GS_NO_DEVICE, "GPU %u: %s", index,
                         nvml_why(result));
    if ((result = nvml_holders(nvml, gpu->device, holder, HOLDERS)) < 0)
        return error_set(err, result == -NVML_NO_PERMISSION ? GS_NOT_PERMITTED : GS_NO_DEVICE,
                         "GPU %u: its processes: %s%s", index, nvml_why(-result),
                         result == -NVML_NO_PERMISSION ? "; ask as root, or have it permitted" : "");
    gpu->total_bytes = (int64_t)memory.total;
    gpu->mig = nvml->mig(gpu->device, &mig, &pending) == NVML_SUCCESS && mig != 0;
    watch->gpus++;
    return GS_OK;
}

static bool is_meant(const struct watch *watch, unsigned index, const char *which)
{
    char why[UNITS_WHY], uuid[96] = "";
    nvml_device device;
    int64_t number;

    if (units_integer(which, &number, why) == 0)
        return number == (int64_t)index;
    return watch->nvml->device(index, &device) == NVML_SUCCESS &&
           watch->nvml->uuid(device, uuid, sizeof uuid) == NVML_SUCCESS && strcmp(uuid, which) == 0;
}

int watch_add(struct watch *watch, const char *which, struct error *err)
{
    unsigned count = 0, before = watch->gpus;
    int rc = GS_OK;

    if (watch->nvml->count(&count) != NVML_SUCCESS || count == 0)
        return error_set(err, GS_NO_DEVICE, "the NVIDIA driver finds no GPU");
    for (unsigned i = 0; i < count && rc == GS_OK; i++)
        if (which == NULL || is_meant(watch, i, which))
            rc = add(watch, i, err);
    if (rc == GS_OK && watch->gpus == before)
        return error_set(err, GS_NO_DEVICE,
                         "there is no GPU '%s'; there are %u, from 0 on ('nvidia-smi -L' lists them)", which, count);
    return rc;
}

/* --- who is there ------------------------------------------------------------------------------------------------- */

static void tell(struct watch *watch, const struct watch_gpu *gpu, const struct watched *w, int64_t at_us,
                 int64_t used_bytes, double use)
{
    const struct watch_row row = {at_us, w->id, gpu->index, w->pid, w->started, used_bytes, use};

    watch->row(watch->context, &row);
}

static struct watched *find(struct watch_gpu *gpu, unsigned pid, const uint64_t *started)
{
    for (size_t i = 0; i < gpu->count; i++)
        if (gpu->watched[i].pid == pid && (started == NULL || gpu->watched[i].started == *started))
            return &gpu->watched[i];
    return NULL;
}

/* A new one.  Its id has the time of its start, as numbers of processes are used again. */
static struct watched *meet(struct watch *watch, struct watch_gpu *gpu, unsigned pid, const struct process *process)
{
    struct watched *grown =
        arena_grow(watch->arena, gpu->watched, &gpu->capacity, gpu->count + 1, sizeof *gpu->watched);
    struct watched *w;

    if (grown == NULL)
        return NULL;
    gpu->watched = grown;
    w = &grown[gpu->count++];
    *w = (struct watched){.pid = pid, .started = process->started, .used_bytes = NOT_ASKED};
    snprintf(w->id, sizeof w->id, "%s-%u-%llu.gpu%u", process->name, pid, (unsigned long long)process->started,
             gpu->index);
    watch->met.processes++;
    watch->met.unseen += process->started == 0;
    return w;
}

static int see(struct watch *watch, struct watch_gpu *gpu, const struct nvml_holder *holder, int64_t now_us,
               struct error *err)
{
    struct process process = {.name = "process"};
    struct watched *w;

    process_find(watch->root, holder->pid, &process);
    if (process.serves) {
        gpu->daemon = holder->pid;
        return GS_OK;
    }
    if ((w = find(gpu, holder->pid, &process.started)) == NULL && (w = meet(watch, gpu, holder->pid, &process)) == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    w->here = true;
    if (w->used_bytes == holder->used_bytes)
        return GS_OK;
    watch->met.no_memory += holder->used_bytes == UINT64_MAX && w->used_bytes == NOT_ASKED;
    w->used_bytes = holder->used_bytes;
    tell(watch, gpu, w, now_us, w->used_bytes == UINT64_MAX ? -1 : (int64_t)w->used_bytes, -1);
    return GS_OK;
}

static int look_who(struct watch *watch, struct watch_gpu *gpu, int64_t now_us, struct error *err)
{
    struct nvml_holder holder[HOLDERS];
    int count = nvml_holders(watch->nvml, gpu->device, holder, HOLDERS), rc = GS_OK;

    if (count == -NVML_GPU_IS_LOST)
        return error_set(err, GS_NO_DEVICE, "GPU %u is lost", gpu->index);
    if (count < 0) { /* who was there is taken to be there still */
        watch->met.refused++;
        watch->met.refusal = -count;
        return GS_OK;
    }
    for (size_t i = 0; i < gpu->count; i++)
        gpu->watched[i].here = false;
    for (int i = 0; i < count && rc == GS_OK; i++)
        rc = see(watch, gpu, &holder[i], now_us, err);
    return rc;
}

/* --- periods ------------------------------------------------------------------------------------------------------ */

struct period {
    uint64_t stamp_us; /* its end, by the driver */
    double use;        /* of the whole GPU; -1: not told */
    struct nvml_use process[SAMPLES];
    unsigned processes;
};

/* The use of each process since the last period's end.  Entries that lie before it, and shares that cannot be, are met in
 * some drivers. */
static void ask_processes(const struct watch *watch, struct watch_gpu *gpu, struct period *period)
{
    unsigned count = SAMPLES, kept = 0;
    int result = NVML_NOT_SUPPORTED;

    if (gpu->has_use)
        result = watch->nvml->use(gpu->device, period->process, &count, gpu->stamp_us);
    if (result == NVML_NOT_SUPPORTED || result == NVML_NO_PERMISSION)
        gpu->has_use = false;
    for (unsigned i = 0; result == NVML_SUCCESS && i < count && i < SAMPLES; i++)
        if (period->process[i].stamp_us > gpu->stamp_us && period->process[i].sm <= PERCENT)
            period->process[kept++] = period->process[i];
    period->processes = kept;
    for (unsigned i = 0; i < kept; i++) /* another period may have ended since the GPU was asked */
        if (period->process[i].stamp_us > period->stamp_us)
            period->stamp_us = period->process[i].stamp_us;
}

/* By the samples of the whole GPU, each of which ends a period. */
static bool ended_by_samples(const struct watch *watch, struct watch_gpu *gpu, struct period *period)
{
    static _Thread_local struct nvml_sample sample[SAMPLES];
    unsigned count = SAMPLES;
    int type = 0, result;
    double sum = 0;

    result = watch->nvml->samples(gpu->device, NVML_GPU_UTILIZATION_SAMPLES, gpu->stamp_us, &type, &count, sample);
    if (result == NVML_NOT_SUPPORTED || result == NVML_NO_PERMISSION)
        gpu->has_periods = false;
    if (result != NVML_SUCCESS || count == 0 || count > SAMPLES)
        return false;
    for (unsigned i = 0; i < count; i++) {
        period->stamp_us = sample[i].stamp_us > period->stamp_us ? sample[i].stamp_us : period->stamp_us;
        sum += sample[i].value.percent;
    }
    period->use = type == NVML_VALUE_UNSIGNED ? sum / count / PERCENT : -1;
    if (period->stamp_us <= gpu->stamp_us)
        return false;
    ask_processes(watch, gpu, period);
    return true;
}

/* Where the driver has none: by what it tells of processes, and where that is nothing, in the longest period that there is. */
static bool ended_by_processes(const struct watch *watch, struct watch_gpu *gpu, int64_t now_us, struct period *period)
{
    ask_processes(watch, gpu, period);
    if (period->processes > 0)
        return true;
    period->stamp_us = (uint64_t)(now_us - gpu->shift_us);
    return now_us - gpu->since_us >= PERIOD_MOST_US;
}

/* The driver's time is that of day, in whatever is known; where it is not, it is moved there. */
static int64_t time_of(struct watch_gpu *gpu, uint64_t stamp_us, int64_t now_us)
{
    int64_t at_us = (int64_t)stamp_us + gpu->shift_us;

    if (llabs(now_us - at_us) > OTHER_CLOCK_US)
        gpu->shift_us = now_us - (int64_t)stamp_us;
    return (int64_t)stamp_us + gpu->shift_us;
}

static double use_of(const struct watch_gpu *gpu, const struct period *period, const struct watched *w)
{
    double use = 0;

    if (!gpu->has_use)
        return gpu->count == 1 ? period->use : -1;
    for (unsigned i = 0; i < period->processes; i++)
        if (period->process[i].pid == w->pid)
            use = (double)period->process[i].sm / PERCENT;
    return use;
}

/* All who were there in the period, also who has left; who came in it is taken to have been there from its beginning, so
 * that no work is lost. */
static void close_period(struct watch *watch, struct watch_gpu *gpu, const struct period *period, int64_t end_us)
{
    size_t kept = 0;

    watch->met.periods++;
    watch->met.periods_us += end_us - gpu->since_us;
    if (end_us - gpu->since_us > watch->met.longest_us)
        watch->met.longest_us = end_us - gpu->since_us;
    watch->met.shared += !gpu->has_use && gpu->count > 1;
    for (unsigned i = 0; i < period->processes; i++)
        watch->met.strangers += period->process[i].sm > 0 && period->process[i].pid != gpu->daemon &&
                                find(gpu, period->process[i].pid, NULL) == NULL;
    for (size_t i = 0; i < gpu->count; i++) {
        const struct watched *w = &gpu->watched[i];

        tell(watch, gpu, w, gpu->since_us, -1, use_of(gpu, period, w));
        if (w->here)
            gpu->watched[kept++] = *w;
    }
    gpu->count = kept;
    gpu->stamp_us = period->stamp_us;
    gpu->since_us = end_us;
}

/* Where a period has ended, close it; the first end that is seen is but the next one's beginning. */
static void look_how_busy(struct watch *watch, struct watch_gpu *gpu, int64_t now_us)
{
    static _Thread_local struct period period;
    bool first = gpu->stamp_us == 0;

    period = (struct period){.use = -1};
    if (first && !gpu->has_periods)
        gpu->stamp_us = (uint64_t)now_us;
    else if (gpu->has_periods ? !ended_by_samples(watch, gpu, &period)
                              : !ended_by_processes(watch, gpu, now_us, &period))
        return;
    else if (first)
        gpu->since_us = time_of(gpu, gpu->stamp_us = period.stamp_us, now_us);
    else
        close_period(watch, gpu, &period, time_of(gpu, period.stamp_us, now_us));
}

static int look(struct watch *watch, struct watch_gpu *gpu, int64_t now_us, struct error *err)
{
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
    int rc;

    if (watch->nvml->memory(gpu->device, &memory) == NVML_SUCCESS)
        gpu->used_bytes = (int64_t)memory.used;
    if (gpu->since_us == 0)
        gpu->since_us = now_us;
    if ((rc = look_who(watch, gpu, now_us, err)) == GS_OK)
        look_how_busy(watch, gpu, now_us);
    return rc;
}

int watch_look(struct watch *watch, int64_t now_us, struct error *err)
{
    int rc = GS_OK;

    for (unsigned i = 0; i < watch->gpus && rc == GS_OK; i++)
        rc = look(watch, &watch->gpu[i], now_us, err);
    return rc;
}
