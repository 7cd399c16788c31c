/* verify.c - are the words on the GPU those that were written there? */
#include "backend/device.h"
#include "backend/live/node.h"
#include "backend/live/state.h"

/* `*first`: of the wrong ones, as its GPU counts. */
static int check(struct process *p, uint64_t *wrong, uint64_t *first, struct error *err)
{
    int rc = GS_OK;

    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++) {
        struct mix_found found = {0};

        rc = memory_check(&p->part[i], &found, err);
        if (*wrong == 0)
            *first = found.first;
        *wrong += found.bad;
    }
    return rc;
}

int live_verify(struct backend *be, uint64_t *wrong, struct error *err)
{
    uint64_t first = 0;
    int rc = GS_OK;

    *wrong = 0;
    for (uint32_t i = 0; i < be->workloads && rc == GS_OK; i++) {
        struct process *p = &be->process[i];

        if (p->gpu != GS_NONE && !p->moving && memory_is_resident(&p->part[0]))
            rc = check(p, wrong, &first, err);
    }
    return rc;
}

int live_verify_arrived(struct backend *be, struct process *p, struct error *err)
{
    const struct live_device *device = be->setup->device;
    uint64_t wrong = 0, first = 0;
    int rc;

    if (device == NULL || !device->verify)
        return GS_OK;
    if ((rc = check(p, &wrong, &first, err)) != GS_OK || wrong == 0)
        return rc;
    return error_set(err, GS_IO, "after a swap-in %llu words of workload %u are wrong, the first is number %llu",
                     (unsigned long long)wrong, live_id(be, p), (unsigned long long)first);
}
