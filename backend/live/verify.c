/* verify.c - are the words on the GPU those that were written there? */
#include "backend/device.h"
#include "backend/live/node.h"
#include "backend/live/state.h"

int live_verify(struct backend *be, uint64_t *wrong, struct error *err)
{
    int rc = GS_OK;

    *wrong = 0;
    for (uint32_t i = 0; i < be->workloads && rc == GS_OK; i++) {
        struct memory *memory = &be->process[i].memory;
        struct mix_found found = {0};

        if (memory->gpu == NULL || !memory_is_resident(memory) || be->process[i].moving)
            continue;
        rc = memory_check(memory, &found, err);
        *wrong += found.bad;
    }
    return rc;
}

int live_verify_arrived(struct backend *be, struct process *p, struct error *err)
{
    const struct live_device *device = be->setup->device;
    struct mix_found found = {0};
    int rc;

    if (device == NULL || !device->verify)
        return GS_OK;
    if ((rc = memory_check(&p->memory, &found, err)) != GS_OK || found.bad == 0)
        return rc;
    return error_set(err, GS_IO, "after a swap-in %llu words of workload %u are wrong, the first is number %llu",
                     (unsigned long long)found.bad, live_id(be, p), (unsigned long long)found.first);
}
