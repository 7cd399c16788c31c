/* activity.c - who uses a GPU, as the management library tells: a process without a gate says nothing itself.
 *
 * The driver averages over periods of its own, 1/6 s to 1 s: what is shorter may be seen late, or as longer. */
#include "backend/serve/state.h"

enum { PERIOD_NS = 250000000, USES = 256 };

static bool concerns(const struct backend *be, uint32_t gpu)
{
    bool any = false;

    for (uint32_t i = 0; i < be->guests; i++)
        any |= be->guest[i].state == GUEST_TAKEN && be->guest[i].gpu == gpu && turns_ungated(&be->guest[i]);
    return any;
}

static void is_busy(struct backend *be, uint32_t gpu, int pid)
{
    for (uint32_t i = 0; i < be->guests; i++) {
        struct guest *p = &be->guest[i];

        for (int m = 0; p->state == GUEST_TAKEN && p->gpu == gpu && m < p->members; m++)
            if (pid < 0 || p->member[m].pid == pid)
                p->active_ns = be->clock.now_ns;
    }
}

static void look_at(struct backend *be, uint32_t gpu)
{
    struct nvml_use use[USES];
    unsigned count = USES;
    int rc = NVML_NOT_SUPPORTED;
    uint64_t since_us = be->stamp_us[gpu];

    if (be->nvml.use != NULL)
        rc = be->nvml.use(be->device[gpu], use, &count, since_us);
    if (rc == NVML_NOT_FOUND) /* nobody */
        return;
    if (rc != NVML_SUCCESS) { /* it does not tell: they may all be at work, all the time */
        is_busy(be, gpu, -1);
        return;
    }
    for (unsigned i = 0; i < count && i < USES; i++) {
        if (use[i].stamp_us > be->stamp_us[gpu])
            be->stamp_us[gpu] = use[i].stamp_us;
        if (use[i].stamp_us > since_us && use[i].sm > 0)
            is_busy(be, gpu, (int)use[i].pid);
    }
}

void activity_look(struct backend *be)
{
    if (be->clock.now_ns < be->sample_ns)
        return;
    be->sample_ns = be->clock.now_ns + PERIOD_NS;
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        if (concerns(be, gpu))
            look_at(be, gpu);
}
