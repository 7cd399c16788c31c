/* benefit.c - room in the swap file for those to whom a byte of it saves the most waiting.  The price of a byte is
 * the best offer that was refused lately and that would find no room beside the newcomer: who offers less goes to
 * disk, and leaves the room to that one (own variant). */
#include "policies/policy.h"

enum { LATELY, DISK_RATE, COLD_START };

static const struct gs_param params[] = {
    {"lately", GS_TIME, "10m", 0, 1e18, NULL, "a refused offer counts this long"},
    {"disk_rate", GS_SIZE, "2GB", 1, 0x1p60, NULL, "bytes that the disk gives in a second"},
    {"cold_start", GS_TIME, "0s", 0, 1e18, NULL, "what coming back from disk takes besides"},
    GS_PARAM_END,
};

struct refused {
    double offer; /* 0: none */
    gs_ns at_ns;
};

/* Bursts a second so far, times the seconds that each of them waits less for a warm workload than for a cold one, by
 * byte. */
static double offer(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double cold_ns = (double)self->param[COLD_START].i + (double)w->bytes / (double)self->param[DISK_RATE].i * 1e9;
    double present_ns = (double)(self->view->now_ns - w->attached_ns) + 1.0;

    return (double)w->turns / present_ns * (cold_ns - gs_swap_in_ns(self->view, workload)) / (double)w->bytes;
}

/* Where `left` bytes are left. */
static double price(const struct gs_self *self, uint32_t workload, int64_t left)
{
    const struct refused *refused = self->workload_state;
    double best = 0.0;

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        const struct gs_workload *w = &self->view->workload[i];
        if (i != workload && w->state != GS_ABSENT && w->node == self->view->workload[workload].node &&
            w->bytes > left && self->view->now_ns - refused[i].at_ns <= self->param[LATELY].i &&
            refused[i].offer > best)
            best = refused[i].offer;
    }
    return best;
}

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    struct refused *refused = (struct refused *)self->workload_state + workload;
    int64_t left = gs_swap_room(self->view, workload) - bytes;
    double is = offer(self, workload);

    *refused = (struct refused){0};
    if (left >= 0 && is >= price(self, workload, left))
        return GS_ROOM_OR_DISK;
    *refused = (struct refused){.offer = is, .at_ns = self->view->now_ns};
    return GS_ROOM_ON_DISK;
}

const struct gs_cap_policy cap_benefit = {
    .abi = GS_POLICY_ABI,
    .name = "benefit",
    .help = "room for those to whom a byte of it saves the most waiting; the others go to disk",
    .source = "the dual of the knapsack bound, Dantzig, Operations Research 5(2), 1957; own variant",
    .when =
        "Where the file is too small for all and some come back far more often than others: the rare ones go to disk "
        "even before it is full. Learns from the bursts since a workload came, so it is slow to notice a change of "
        "habits. A decision looks at each workload.",
    .param = params,
    .workload_state_size = sizeof(struct refused),
    .admit = admit,
};
