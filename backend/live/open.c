/* open.c - begin and end live mode: the GPUs of the scenario's one node, a swap file for all of them, the processes. */
#include "backend/device.h"
#include "backend/live/state.h"
#include "backend/live/timing.h"

#include <stdio.h>

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for live mode; use fewer workloads");
}

static int check_setup(const struct gs_setup *setup, struct error *err)
{
    enum { PARTS = 64 };

    if (setup->nodes != 1)
        return error_set(err, GS_UNSATISFIABLE,
                         "live mode runs on this machine: the scenario has %u nodes; leave one [node] with 'count = 1'",
                         setup->nodes);
    if (setup->node[0].gpus > PARTS)
        return error_set(err, GS_UNSATISFIABLE, "live mode knows nodes of at most %d GPUs, and 'gpus' is %u", PARTS,
                         setup->node[0].gpus);
    return GS_OK;
}

/* Chunks that a workload may have in the swap file, in all of its parts. */
static int64_t chunks_of(const struct backend *be, uint32_t workload)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[workload];
    const struct process *p = &be->process[workload];
    int64_t chunk = be->gpu[0].chunk_bytes, most = (be->node->gpu_memory - be->node->gpu_reserved + chunk - 1) / chunk;
    const struct workload_group *group = &be->setup->scenario->workload[spec->group];
    double grown = (double)spec->bytes + (group->class == GS_NOTEBOOK ? dist_highest(&group->grow) : 0);
    bool known = group->trace < 0 && grown < (double)be->node->gpu_memory * p->parts;
    int64_t chunks = known ? (live_share(p, (int64_t)grown) + chunk - 1) / chunk : most;

    return p->parts * (chunks < most ? chunks : most);
}

/* As many slots as the file has, one more for each part that does not fill its last, and those by which workloads change
 * places; but no more than could ever be used. */
static uint32_t slots_wanted(const struct backend *be)
{
    int64_t chunk = be->gpu[0].chunk_bytes, cap = be->node->swap ? be->node->swap_file : 0;
    int64_t wanted = cap / chunk, all = 0, rounded = 0;

    for (uint32_t i = 0; i < be->workloads; i++) {
        all += chunks_of(be, i);
        rounded += be->process[i].parts;
    }
    wanted += rounded < wanted ? rounded : wanted;
    wanted = (wanted < all ? wanted : all) + (int64_t)LIVE_DEPTH * be->gpus;
    return wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX - 1;
}

static int open_slots(struct backend *be, struct error *err)
{
    struct slots_options options = {.count = slots_wanted(be)};
    bool known = true;

    for (uint32_t i = 0; i < be->gpus; i++) {
        known = known && be->gpu[i].numa >= 0 && be->gpu[i].numa < 64;
        options.numa |= known ? UINT64_C(1) << be->gpu[i].numa : 0;
    }
    if (!known)
        options.numa = 0;
    return slots_open(&be->slots, &be->gpu[0], &options, err);
}

/* What the scenario gives to workloads; what whole chunks take beyond that comes from the rest. */
static int open_gpu(struct backend *be, uint32_t i, struct error *err)
{
    const struct live_device *device = be->setup->device;
    unsigned ordinal = device != NULL ? device->ordinal[i] : i;
    int64_t needed = be->node->gpu_memory - be->node->gpu_reserved;
    struct gpu_options options = {
        .ordinal = (int)ordinal,
        .chunk_bytes = i == 0 ? be->node->chunk : be->gpu[0].chunk_bytes,
        .most_bytes = needed,
        .time_scale = be->time.scale,
        .nap = live_clock_nap,
        .clock = &be->time,
    };
    int rc = gpu_open(&be->gpu[i], &be->driver, &options, err);

    if (rc != GS_OK)
        return rc;
    if (be->gpu[i].free_bytes < needed)
        return error_set(err, GS_UNSATISFIABLE,
                         "GPU %u has %lld MiB free, and the scenario asks for %lld MiB; lower 'gpu_memory', or end who "
                         "else uses the GPU (see 'nvidia-smi')",
                         i, (long long)(be->gpu[i].free_bytes >> 20), (long long)(needed >> 20));
    if (be->gpu[i].chunk_bytes != be->gpu[0].chunk_bytes)
        return error_set(err, GS_UNSATISFIABLE,
                         "GPU %u maps memory in pieces of %lld KiB, others in less: make 'chunk' a multiple of it", i,
                         (long long)(be->gpu[i].chunk_bytes >> 10));
    return GS_OK;
}

static int open_gpus(struct backend *be, struct error *err)
{
    int count = 0, rc = driver_open(&be->driver, err);

    if (rc != GS_OK)
        return rc;
    timing_begin(&be->driver, &be->time, be->setup->device);
    if (be->driver.device_count(&count) != CUDA_SUCCESS || (uint32_t)count < be->gpus)
        return error_set(err, GS_UNSATISFIABLE,
                         "the scenario's node has %u GPUs, and the driver shows %d; lower 'gpus', or see what "
                         "CUDA_VISIBLE_DEVICES says",
                         be->gpus, count);
    for (uint32_t i = 0; i < be->gpus && rc == GS_OK; i++)
        rc = open_gpu(be, i, err);
    return rc == GS_OK ? open_slots(be, err) : rc;
}

static bool open_process(struct backend *be, uint32_t workload)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[workload];
    struct process *p = &be->process[workload];
    struct arena *arena = be->setup->arena;

    p->gpu = GS_NONE;
    p->parts = spec->gpus > 1 ? spec->gpus : 1;
    p->slots = spec->slots > 1 ? spec->slots : 1;
    p->start_at_ns = p->idle_at_ns = p->move_at_ns = p->short_ns = p->ready_at_ns = GS_NEVER;
    p->base_bytes = spec->bytes;
    p->part = arena_array(arena, p->parts, sizeof *p->part);
    p->run = arena_array(arena, p->slots, sizeof *p->run);
    for (unsigned k = 0; k < LIVE_QUANTA; k++)
        if ((p->quantum[k].ended = arena_array(arena, p->parts, sizeof *p->quantum[k].ended)) == NULL)
            return false;
    return p->part != NULL && p->run != NULL;
}

static int open_arrays(struct backend *be, struct error *err)
{
    struct arena *arena = be->setup->arena;
    uint32_t timers = be->gpus + be->workloads;

    be->process = arena_array(arena, be->workloads, sizeof *be->process);
    be->gpu = arena_array(arena, be->gpus, sizeof *be->gpu);
    be->device = arena_array(arena, be->gpus, sizeof *be->device);
    be->timer_ns = arena_array(arena, timers, sizeof *be->timer_ns);
    if (be->process == NULL || be->gpu == NULL || be->device == NULL || be->timer_ns == NULL ||
        !mailbox_open(&be->mail, 5 * be->workloads + 16, arena))
        return no_memory(err);
    for (be->timers = 0; be->timers < timers; be->timers++)
        be->timer_ns[be->timers] = GS_NEVER;
    for (uint32_t i = 0; i < be->gpus; i++)
        be->device[i] = (struct device){.lead = i, .width = 1};
    for (uint32_t i = 0; i < be->workloads; i++)
        if (!open_process(be, i))
            return no_memory(err);
    return GS_OK;
}

/* For the controller it was a swap that failed, and for the report somebody who waited: what the driver said is told here. */
static void tell_refusals(const struct backend *be)
{
    const struct live_device *device = be->setup->device;

    for (uint32_t i = 0; device != NULL && device->note != NULL && i < be->gpus; i++) {
        const struct gpu *gpu = &be->gpu[i];
        char why[GPU_REFUSAL], text[GPU_REFUSAL + 240];

        if (gpu->refusals == 0)
            continue;
        snprintf(text, sizeof text,
                 "GPU %d (%s): %u swap%s had no effect, as the driver gave no memory: %s; who else uses it (see "
                 "'nvidia-smi')? raise 'gpu_reserved'",
                 gpu->device, gpu->pci, gpu->refusals, gpu->refusals == 1 ? "" : "s", gpu_refusal(gpu, why));
        device->note(device->context, text);
    }
}

static int drain_stream(struct gpu *gpu, CUstream stream, const char *what, struct error *err)
{
    CUresult result = gpu_wait(gpu, stream);

    return result == CUDA_ERROR_NOT_READY ? gpu_give_up(gpu, what, err) : gpu_try(gpu, result, what, err);
}

/* Bursts may wait for copies that come in, copies that leave for bursts: in that order, so that the first is told. */
int live_drain(struct backend *be, struct error *err)
{
    int rc = live_failure(be, err);

    tell_refusals(be);
    for (uint32_t i = 0; i < be->gpus && rc == GS_OK; i++)
        rc = drain_stream(&be->gpu[i], be->gpu[i].in, "a copy to the GPU", err);
    for (uint32_t i = 0; i < be->workloads && rc == GS_OK; i++) {
        struct process *p = &be->process[i];

        for (uint32_t k = 0; k < p->parts && p->gpu != GS_NONE && rc == GS_OK; k++)
            rc = drain_stream(p->part[k].gpu, p->part[k].work, "a burst", err);
    }
    for (uint32_t i = 0; i < be->gpus && rc == GS_OK; i++)
        rc = drain_stream(&be->gpu[i], be->gpu[i].out, "a copy to the host", err);
    return rc;
}

void live_close(struct backend *be)
{
    bool hangs = false;

    if (be == NULL)
        return;
    for (uint32_t i = 0; i < be->gpus && be->gpu != NULL; i++)
        hangs = hangs || be->gpu[i].hangs;
    for (uint32_t i = 0; i < be->gpus && be->gpu != NULL; i++)
        be->gpu[i].hangs = hangs; /* which may yet write into the swap file: then the program's end is to clean up */
    for (uint32_t i = 0; i < be->workloads && be->process != NULL; i++)
        live_leave(be, &be->process[i]);
    slots_close(&be->slots);
    for (uint32_t i = 0; i < be->gpus && be->gpu != NULL; i++)
        gpu_close(&be->gpu[i]);
    driver_close(&be->driver);
}

int live_open(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    struct backend *be = arena_alloc(setup->arena, sizeof *be);
    int rc;

    *out = NULL;
    if (be == NULL)
        return no_memory(err);
    if ((rc = check_setup(setup->setup, err)) != GS_OK)
        return rc;
    be->setup = setup;
    be->node = &setup->scenario->node[0];
    be->workloads = setup->setup->workloads;
    be->gpus = setup->setup->node[0].gpus;
    be->time.scale = setup->device != NULL ? setup->device->time_scale : 1;
    if ((rc = open_arrays(be, err)) != GS_OK || (rc = open_gpus(be, err)) != GS_OK) {
        live_close(be);
        return rc;
    }
    mover_init(&be->mover, be->gpu, be->gpus, &be->slots, LIVE_DEPTH, (gs_ns)(1e9 * be->time.scale));
    be->mover.fcfs = be->node->link_discipline == LINK_FCFS;
    live_clock_start(&be->time, &be->driver, be->time.scale);
    be->clock.next_ns = 0;
    *out = be;
    return GS_OK;
}
