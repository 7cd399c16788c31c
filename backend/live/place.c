/* place.c - where a workload lives: its parts on the GPUs that it is placed on, and the end of its process. */
#include "backend/live/state.h"

/* What lay there before is never taken for what lies there now. */
static uint64_t run_of(const struct backend *be, const struct process *p)
{
    return be->setup->setup->seed + ((uint64_t)p->lives << 32);
}

static int open_part(struct backend *be, struct process *p, uint32_t i, struct error *err)
{
    struct gpu *gpu = &be->gpu[p->gpu + i];
    int rc = memory_open(&p->part[i], gpu, &be->slots, be->node->gpu_memory - be->node->gpu_reserved, run_of(be, p),
                         (uint64_t)live_id(be, p) * be->gpus + i, err);

    for (unsigned k = 0; k < LIVE_QUANTA && rc == GS_OK; k++)
        rc = gpu_try(gpu,
                     be->driver.event_create(&p->quantum[k].ended[i], CU_EVENT_DISABLE_TIMING | CU_EVENT_BLOCKING_SYNC),
                     "cuEventCreate", err);
    p->part[i].keeps_copy = be->setup->setup->workload[live_id(be, p)].keeps_host_copy;
    return rc;
}

void live_leave(struct backend *be, struct process *p)
{
    for (uint32_t i = 0; i < p->parts && p->gpu != GS_NONE; i++) {
        struct gpu *gpu = &be->gpu[p->gpu + i];

        memory_close(&p->part[i]);
        if (be->device[p->gpu + i].last == p)
            be->device[p->gpu + i].last = NULL;
        for (unsigned k = 0; k < LIVE_QUANTA && p->quantum[k].ended[i] != NULL; k++) {
            if (!gpu->hangs && gpu_use(gpu) == CUDA_SUCCESS)
                be->driver.event_destroy(p->quantum[k].ended[i]);
            p->quantum[k].ended[i] = NULL;
        }
    }
    p->gpu = GS_NONE;
}

/* It begins there.  To write its words takes the host a while; for those who are there from the start, time begins after it. */
static int place_in_swap_file(struct backend *be, struct process *p, struct error *err)
{
    int rc = live_hold(p, be->setup->setup->workload[live_id(be, p)].bytes, err);

    p->gpu_bytes = 0;
    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++)
        rc = memory_write_copies(&p->part[i], err);
    if (be->clock.now_ns == 0)
        live_clock_start(&be->time, &be->driver, be->time.scale);
    return rc;
}

int live_place(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];
    bool begins = p->gpu == GS_NONE && p->lives == 0;
    int rc = GS_OK;

    live_gather(be, command->gpu, p->parts);
    p->detect_ns = be->node->idle_detect;
    if (p->gpu == command->gpu)
        return GS_OK;
    live_leave(be, p); /* its process ended elsewhere before */
    p->gpu = command->gpu;
    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++)
        rc = open_part(be, p, i, err);
    if (rc == GS_OK && begins && be->setup->setup->workload[command->workload].initial == GS_HOST)
        rc = place_in_swap_file(be, p, err);
    return rc;
}

static int die(struct backend *be, struct process *p, struct error *err)
{
    int rc = GS_OK;

    p->dying = false;
    p->lives++;
    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++) {
        rc = memory_empty(&p->part[i], err);
        p->part[i].run = run_of(be, p);
    }
    p->gpu_bytes = 0;
    live_post(be, GS_DONE, live_id(be, p))->event.command = GS_KILL;
    return rc;
}

int live_settle(struct backend *be, struct process *p, struct error *err)
{
    if (p->in_flight > 0 || p->moving)
        return GS_OK;
    if (p->dying)
        return die(be, p, err);
    if (p->gone)
        live_leave(be, p);
    return GS_OK;
}

int live_kill(struct backend *be, uint32_t workload, struct error *err)
{
    struct process *p = &be->process[workload];

    p->dying = true; /* its bursts were forgotten before; what of them is on the GPU ends there */
    return live_settle(be, p, err);
}
