/* random.c - evict any; the draw is a hash of seed, decision and workload, so it replays exactly. */
#include "policies/policy.h"

struct draw {
    uint64_t decided;    /* the decision that `base` is of, plus 1; 0: there was none yet */
    uint64_t base, seed; /* as of gs_draw_base(); the run's, mixed: it stays the same */
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    struct draw *draw = self->state;

    if (draw->decided != self->view->decision + 1) {
        draw->seed = draw->decided == 0 ? gs_mix(self->view->seed) : draw->seed;
        draw->base = gs_mix(draw->seed + self->view->decision);
        draw->decided = self->view->decision + 1;
    }
    return gs_draw_from(draw->base, workload);
}

const struct gs_victim_policy victim_random = {
    .abi = GS_POLICY_ABI,
    .name = "random",
    .help = "evict any workload, all equally likely",
    .source = "Belady, IBM Systems Journal 5(2), 1966",
    .when = "Of use for comparison, and where workloads take turns in a circle: it is never as bad there as lru. Each "
            "workload is hit alike, whatever it does. A decision costs next to nothing.",
    .state_size = sizeof(struct draw),
    .keep = keep,
};
