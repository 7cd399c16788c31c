/* static.c - the swap file has a fixed size; when it is full, the burst that needs the room waits or is refused, what does
 * not fit goes to disk, or somebody's process ends (policies/kill.c). */
#include "policies/policy.h"

enum { WHEN_FULL };
enum { BLOCK, REJECT, SPILL, OOM, MIGRATE };

static const char *const outcomes[] = {"block", "reject", "spill", "oom", "migrate", NULL};

static const struct gs_param params[] = {
    {"when_full", GS_CHOICE, "block", 0, 0, outcomes,
     "the burst that needs the room waits, or is refused; its victim goes to disk; who holds more than his request is "
     "killed for one that does not; an idle notebook moves to another GPU, which needs node_level_scheduler = yes"},
    GS_PARAM_END,
};

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    (void)workload, (void)bytes;
    return self->param[WHEN_FULL].i == SPILL ? GS_ROOM_OR_DISK : GS_ROOM_YES;
}

static enum gs_when_full when_full(const struct gs_self *self, uint32_t requester)
{
    (void)requester;
    int64_t outcome = self->param[WHEN_FULL].i;

    return outcome == REJECT ? GS_FULL_REJECT : outcome == OOM ? GS_FULL_KILL : GS_FULL_BLOCK;
}

const struct gs_cap_policy cap_static = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "static",
    .help = "a swap file of fixed size for all GPUs of the node",
    .source = "Run:ai documentation, memory swap, `limits.cpuRam`",
    .when = "The right one where the file is large enough for all that does not fit the GPUs. "
            "Where it is not, `block` can wait for ever; `spill` never does, but who comes back from disk waits about "
            "ten times as long. `oom` is what the product does where fractions may grow beyond their requests, after "
            "it has "
            "tried to move a notebook where node_level_scheduler = yes. A decision costs nothing.",
    .param = params,
    .admit = admit,
    .when_full = when_full,
};
